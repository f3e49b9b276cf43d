"""The words everything else is said in: permissions, actions, resources, users, grants, roles."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from authctl.errors import InvalidRequest

WILDCARD = "*"
MAX_NAME_LENGTH = 255
MIN_PASSWORD_LENGTH = 12
SYNTHETIC_ROLE_PREFIX = "__user_"
PROMPT_TAG = "mlflow.prompt.is_prompt"
# They say where the files of a trace are, and whoever sets them reads what lies there.
TAGS_OF_TRACE_FILES = ("mlflow.artifactLocation", "mlflow.trace.archiveLocation")
DEFAULT_WORKSPACE = "default"

_CANONICAL_ID = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Action(Enum):
    """What a request wants to do with a resource; no level on it lets make one (CREATE)."""

    READ = "read"
    USE = "use"
    UPDATE = "update"
    DELETE = "delete"
    MANAGE = "manage"
    CREATE = "create"


class Permission(StrEnum):
    """A level a grant can give (contract 1.5); NO_PERMISSIONS and DENY allow nothing."""

    NO_PERMISSIONS = "NO_PERMISSIONS"
    READ = "READ"
    USE = "USE"
    EDIT = "EDIT"
    MANAGE = "MANAGE"
    DENY = "DENY"

    def allows(self, action: Action) -> bool:
        """Whether a holder of this level may perform the action."""
        return action in _ALLOWED[self]

    @property
    def denies(self) -> bool:
        """Whether this level shuts its holder out."""
        return not _ALLOWED[self]

    def at_least(self, other: Permission) -> bool:
        """Whether this level allows everything that the other allows."""
        return _ALLOWED[self] >= _ALLOWED[other]

    @classmethod
    def parse(cls, text: str) -> Permission:
        """Read a level as a person or a request spells it; InvalidRequest for any other word."""
        try:
            return cls(text)
        except ValueError:
            valid = ", ".join(repr(str(level)) for level in cls)
            raise InvalidRequest(
                f"Invalid permission '{text}'. Valid permissions are: ({valid})"
            ) from None


_ALLOWED: dict[Permission, frozenset[Action]] = {
    Permission.NO_PERMISSIONS: frozenset(),
    Permission.DENY: frozenset(),
    Permission.READ: frozenset({Action.READ}),
    Permission.USE: frozenset({Action.READ, Action.USE}),
    Permission.EDIT: frozenset({Action.READ, Action.USE, Action.UPDATE}),
    Permission.MANAGE: frozenset(set(Action) - {Action.CREATE}),
}


class Generation(StrEnum):
    """How an auth database or an admin API lays grants out: before MLflow 3.13, or since."""

    LEGACY = "legacy"
    ROLES = "roles"


class ResourceType(StrEnum):
    """What a grant can name (contract 1.7)."""

    EXPERIMENT = "experiment"
    REGISTERED_MODEL = "registered_model"
    PROMPT = "prompt"
    SCORER = "scorer"
    GATEWAY_SECRET = "gateway_secret"  # noqa: S105 - a type's name, not a secret
    GATEWAY_ENDPOINT = "gateway_endpoint"
    GATEWAY_MODEL_DEFINITION = "gateway_model_definition"
    MCP_SERVER = "mcp_server"
    SKILL = "skill"
    WORKSPACE = "workspace"
    RUN = "run"
    TRACE = "trace"
    ASSESSMENT = "assessment"
    LOGGED_MODEL = "logged_model"
    REVIEW_QUEUE = "review_queue"
    REGISTERED_MODEL_VERSION = "registered_model_version"
    PROMPT_VERSION = "prompt_version"
    SCORER_VERSION = "scorer_version"
    MCP_SERVER_VERSION = "mcp_server_version"


WILDCARD_ONLY = frozenset(
    {
        ResourceType.WORKSPACE,
        ResourceType.RUN,
        ResourceType.TRACE,
        ResourceType.ASSESSMENT,
        ResourceType.LOGGED_MODEL,
        ResourceType.REVIEW_QUEUE,
        ResourceType.REGISTERED_MODEL_VERSION,
        ResourceType.PROMPT_VERSION,
        ResourceType.SCORER_VERSION,
        ResourceType.MCP_SERVER_VERSION,
    }
)


@dataclass(frozen=True, order=True, slots=True)
class Resource:
    """One thing a grant names, such as experiment:42 or registered_model:churn."""

    type: str
    id: str

    def __str__(self) -> str:
        return f"{self.type}:{self.id}"

    @classmethod
    def checked(cls, resource_type: str, resource_id: str) -> Resource:
        """Check what somebody typed; InvalidRequest for a type or an id that no grant can have."""
        if resource_type not in ResourceType.__members__.values():
            valid = ", ".join(repr(str(known)) for known in sorted(ResourceType))
            raise InvalidRequest(
                f"Invalid resource type '{resource_type}'. Valid resource types are: ({valid})"
            )
        if resource_id == WILDCARD:
            return cls(resource_type, WILDCARD)
        if resource_type in WILDCARD_ONLY:
            raise InvalidRequest(
                f"Invalid resource_pattern '{resource_id}' for resource_type='{resource_type}'."
                f" This resource type supports only wildcard ('*') grants."
            )
        if resource_type == ResourceType.EXPERIMENT:
            return cls(resource_type, experiment_id(resource_id))
        return cls(resource_type, checked_name(resource_id, "resource_id"))


def experiment_id(text: str) -> str:
    """Check an experiment id, a canonical decimal such as '0' or '42' (contract 1.8)."""
    if not _CANONICAL_ID.fullmatch(text):
        raise InvalidRequest(
            f"Invalid experiment id '{text}'. An experiment id is a whole number such as 42."
        )
    return text


def synthetic_role(user_id: int) -> str:
    """The name of the role in which a user's own grants sit (contract 1.6)."""
    return f"{SYNTHETIC_ROLE_PREFIX}{user_id}__"


def checked_name(text: str, what: str) -> str:
    """Check a name a grant or an account is kept under: 1 to 255 characters, none a control."""
    if not text.strip():
        raise InvalidRequest(f"Invalid {what}: it cannot be empty.")
    if len(text) > MAX_NAME_LENGTH:
        raise InvalidRequest(
            f"Invalid {what}: it has {len(text)} characters, at most {MAX_NAME_LENGTH} are allowed."
        )
    if _CONTROL.search(text):
        raise InvalidRequest(f"Invalid {what}: it contains a control character.")
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidRequest(f"Invalid {what}: it is not valid Unicode.")
    return text


def checked_username(text: str) -> str:
    """Check a new account's name; ':' cannot be sent by HTTP basic authentication."""
    checked_name(text, "username")
    if ":" in text:
        raise InvalidRequest("Invalid username: it contains ':', which no client can send.")
    if text == WILDCARD or text.startswith(SYNTHETIC_ROLE_PREFIX):
        raise InvalidRequest(f"Invalid username: '{text}' is reserved.")
    if text != text.strip():
        raise InvalidRequest("Invalid username: it begins or ends with white space.")
    return text


def checked_password(text: str) -> str:
    """Check a new password: at least 12 characters, no control characters."""
    if len(text) < MIN_PASSWORD_LENGTH:
        raise InvalidRequest(f"Password must be at least {MIN_PASSWORD_LENGTH} characters.")
    if _CONTROL.search(text) or any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidRequest("Password must not contain control characters.")
    return text


@dataclass(frozen=True, slots=True)
class User:
    """An account."""

    id: int
    username: str
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Account:
    """An account with the password hash that proves it; None is a hash that never verifies."""

    user: User
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service token may do at most, whatever its user may: read, and on these resources.

    `resources` None means all; a token for some is no administrator's, whoever's it is.
    """

    read_only: bool = False
    resources: frozenset[Resource] | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever was proven to ask; made once a request.

    `token` is the name of the service token that proved it, if one did, and `limits` are its own.
    """

    user: User
    scheme: str = "basic"
    token: str | None = None
    limits: Limits | None = None

    @property
    def username(self) -> str:
        """The account's name."""
        return self.user.username

    @property
    def is_admin(self) -> bool:
        """Whether whoever asks passes everywhere."""
        return self.user.is_admin and (self.limits is None or self.limits.resources is None)


@dataclass(frozen=True, order=True, slots=True)
class Grant:
    """One level on one resource, held by a user; `role` names the role it comes through, if any.

    `permission` is the text of the row: a word this release does not know denies.
    """

    username: str
    resource: Resource
    permission: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class RolePermission:
    """One row of a role; `resource` may have the wildcard id."""

    id: int
    role_id: int
    resource: Resource
    permission: str

    @property
    def resource_type(self) -> str:
        """What MLflow calls the resource's type."""
        return self.resource.type

    @property
    def resource_pattern(self) -> str:
        """What MLflow calls the resource's id."""
        return self.resource.id


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions that users are assigned to (MLflow 3.12 on)."""

    id: int
    name: str
    workspace: str
    description: str | None
    permissions: tuple[RolePermission, ...] = ()

    @property
    def is_synthetic(self) -> bool:
        """Whether a user's own grants are in it (contract 1.6)."""
        return self.name.startswith(SYNTHETIC_ROLE_PREFIX)


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a user holds a role."""

    id: int
    role_id: int
    user_id: int
