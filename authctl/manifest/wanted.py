"""What a manifest asks for once every experiment has its id and nothing is said twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from authctl.errors import InvalidRequest, NotFound
from authctl.manifest.state import Kind
from authctl.model import Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.manifest.read import Asked, AskedGrant, AskedRole, AskedUser, ExperimentName
    from authctl.manifest.state import Holder
    from authctl.model import Permission


class Names(Protocol):
    """What knows how resources are called where the manifest is applied."""

    def experiment_id(self, name: str) -> str:
        """The id of an experiment. NotFound; InvalidRequest where nobody can be asked."""

    def stored(self, resource: Resource) -> Resource:
        """The resource under which users' own grants on this one are kept. InvalidRequest."""


@dataclass(frozen=True, slots=True)
class WantedGrant:
    """A level that somebody should have, and where that stands."""

    level: Permission
    where: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who should be there, and who should have which level on what."""

    users: Mapping[str, AskedUser] = field(default_factory=dict)
    roles: Mapping[str, AskedRole] = field(default_factory=dict)
    grants: Mapping[tuple[Holder, Resource], WantedGrant] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Asked, names: Names) -> Wanted:
        """Settle what is asked. InvalidRequest for what stands twice or contradicts itself.

        Every experiment is asked for once.
        """
        users: dict[str, AskedUser] = {}
        for one in asked.users:
            _refuse_twice(users.get(one.user.name), f"the user '{one.user.name}'", one.where)
            users[one.user.name] = one
        roles: dict[str, AskedRole] = {}
        for role in asked.roles:
            _refuse_twice(roles.get(role.name), f"the role '{role.name}'", role.where)
            members = role.members or ()
            for member, times in Counter(members).items():
                if times > 1:
                    raise InvalidRequest(f"{role.where}: the member '{member}' stands twice.")
            roles[role.name] = role
        return cls(users, roles, _grants(asked, names))

    def usernames(self) -> set[str]:
        """Everybody who is named."""
        return {
            *self.users,
            *(member for role in self.roles.values() for member in role.members or ()),
            *(holder.name for holder, _ in self.grants if holder.kind is Kind.USER),
        }

    def role_names(self) -> set[str]:
        """Every role that is named."""
        return {*self.roles, *(who.name for who, _ in self.grants if who.kind is Kind.ROLE)}


def _grants(asked: Asked, names: Names) -> dict[tuple[Holder, Resource], WantedGrant]:
    found: dict[tuple[Holder, Resource], WantedGrant] = {}
    known: dict[str, Resource] = {}
    for grant in asked.grants:
        for target in grant.targets:
            resource = _resource(target, grant.where, names, known)
            for holder in grant.holders:
                stored = _stored(holder, resource, grant.where, names)
                one = WantedGrant(grant.level, grant.where)
                other = found.setdefault((holder, stored), one)
                if other is not one:
                    raise _twice(other, holder, stored, grant)
    return found


def _resource(
    target: Resource | ExperimentName, where: str, names: Names, known: dict[str, Resource]
) -> Resource:
    if isinstance(target, Resource):
        return target
    if target.name not in known:
        try:
            found = names.experiment_id(target.name)
        except NotFound as error:
            raise InvalidRequest(f"{where}: {error.message}", hint=error.hint) from error
        except InvalidRequest as error:
            raise InvalidRequest(
                f"{where}: {error.message}",
                hint='Write experiment_id = "ID", or set MLFLOW_TRACKING_URI to the server that'
                " has it.",
            ) from error
        known[target.name] = Resource(ResourceType.EXPERIMENT, found)
    return known[target.name]


def _stored(holder: Holder, resource: Resource, where: str, names: Names) -> Resource:
    if holder.kind is Kind.ROLE:
        return resource
    try:
        return names.stored(resource)
    except InvalidRequest as error:
        raise InvalidRequest(f"{where}: {error.message}", hint=error.hint) from error


def _refuse_twice(other: AskedUser | AskedRole | None, what: str, where: str) -> None:
    if other is not None:
        raise InvalidRequest(
            f"{where}: {what} stands already in {other.where}.",
            hint="Make one table of the two.",
        )


def _twice(
    other: WantedGrant, holder: Holder, resource: Resource, grant: AskedGrant
) -> InvalidRequest:
    place = "the same table" if other.where == grant.where else other.where
    if other.level is grant.level:
        return InvalidRequest(
            f"{grant.where}: {holder} on {resource} stands already in {place}.",
            hint="Say it once.",
        )
    return InvalidRequest(
        f"{grant.where}: {grant.level} for {holder} on {resource} contradicts {place}, which says"
        f" {other.level}.",
        hint="A user or role has one level on a resource: decide for one.",
    )
