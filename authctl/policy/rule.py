"""What a policy row is made of: who may pass, on what, and what happens to the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from authctl.model import Action, ResourceType

Way: TypeAlias = tuple[str, ...]
"""The names that lead to a field of a body."""

_PAGE = frozenset({"max_results", "page_token"})


class Access(Enum):
    """Who may pass at all, before any resource is looked at."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    SELF = "self or admin"
    ADMIN = "admin"


class Handle(Enum):
    """The ways in which a request names a thing."""

    EXPERIMENT_ID = "experiment id"
    EXPERIMENT_NAME = "experiment name"
    RUN_ID = "run id"
    MODEL_NAME = "registered model or prompt name"
    PROMPT_URI = "prompt URI"
    LOGGED_MODEL_ID = "logged model id"
    TRACE_ID = "trace id"
    NEW_TRACE_ID = "id of a trace that may exist"
    ARTIFACT_PATH = "artifact path"
    STORAGE_URI = "storage location"
    DATASET_ID = "evaluation dataset id"
    SCORER = "experiment id and scorer name"
    LABEL_SCHEMA_ID = "label schema id"
    REVIEW_QUEUE_ID = "review queue id"
    QUEUE_MEMBERSHIP = "review queue the caller is a member of"
    REVIEW_QUEUE_NAME = "experiment id and review queue name"
    ISSUE_ID = "issue id"
    OPTIMIZATION_JOB_ID = "prompt optimisation job id"
    SECRET_ID = "gateway secret id"  # noqa: S105 - a handle's name, not a secret
    MODEL_DEFINITION_ID = "gateway model definition id"
    ENDPOINT_ID = "gateway endpoint id"
    ENDPOINT_NAME = "gateway endpoint name"
    ENDPOINT_URI = "gateway endpoint in a model's URI"
    TRACE_FILES = "where a trace's files are"
    ASSESSMENT_IDS = "ids of a trace's assessments"
    NEW = "what is about to be made"
    TYPED_ID = "resource type and id"
    ROLE_ID = "role id"
    ROLE_PERMISSION_ID = "role permission id"
    WORKSPACE = "workspace"
    USERNAME = "username"
    JOB_ID = "job id"


class Body(Enum):
    """How a request's body is read: not at all, as one JSON object, as a form, or streamed on.

    GRAPHQL is a JSON object too; what it asks for is in its query (`rules/graphql`). OTLP is an
    OpenTelemetry export, of which a row sees the `spans`.
    """

    NONE = "none"
    JSON = "json"
    GRAPHQL = "graphql"
    OTLP = "otlp"
    FORM = "form"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Selector:
    """Where a request names a thing: the fields, tried in order, and what they hold.

    A dotted field looks inside objects and lists; `header:` stands before a header's name. `tier`
    is the sub-resource type whose wildcard grants decide before the resource's own (contract 1.7);
    `each` says that there may be many values, of which every one is judged, and `every` that each
    item of the outermost list must have one.
    """

    handle: Handle
    fields: tuple[str, ...]
    tier: ResourceType | None = None
    each: bool = False
    every: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """That the caller may perform an action on what the selector names.

    `optional` needs are those of things a request may refer to, or leave out; `given` names
    another field without which nothing is asked, `missing` one with which. `inherited` is the
    action where no grant speaks of the selector's tier and its parent decides. `member` and
    `owner` are the actions that are enough for whoever the thing itself names as such.
    """

    action: Action
    selector: Selector
    optional: bool = False
    given: str = ""
    missing: str = ""
    inherited: Action | None = None
    member: Action | None = None
    owner: Action | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """Of a list in the answer, keep the rows on which the need is met, and refill the page.

    `rows` is the dotted way to the list in the answer; the need's selector names the resource
    inside a row.
    """

    rows: str
    need: Need


@dataclass(frozen=True, slots=True)
class Narrow:
    """Of a list of ids in the request, pass on those on which the need is met."""

    field: str
    need: Need


@dataclass(frozen=True, slots=True)
class Hide:
    """What of an answer is left out where the type is denied; without a type, for all but admins.

    `by` names a field beside it with the id of one of the type, which may be denied by itself.

    `path` is the way to it through objects and lists, parted by `/`; at its end `key=` stands
    before the key of an item in a list of keys and values.
    """

    path: str
    type: ResourceType | None = None
    by: str = ""


class Effect(Enum):
    """What happens to grants when the upstream has done its work."""

    OWN = "creator gets MANAGE"
    FORGET = "grants are removed"
    RENAME = "grants move along"


@dataclass(frozen=True, slots=True)
class Then:
    """An effect on the grants of a thing that was made, deleted or renamed.

    `fields` name it, dotted, in the request, or in the answer after `answer:`; `new` is the
    request's field with the new name. `unless` names a field of the request with which there is
    no effect, and `first` one of the answer that must be 1.
    """

    effect: Effect
    type: ResourceType
    fields: tuple[str, ...]
    new: str = ""
    unless: str = ""
    first: str = ""


@dataclass(frozen=True)
class Rule:
    """One row: what one method on one path requires.

    `path` has neither static prefix nor `/api/2.0`; `versions` are the API versions it answers
    under, empty for paths outside the API. `{name}` is one segment, `{name:path}` the rest.
    `many` are the query keys that may repeat, `never` the field values that nobody may send and
    `only` those that all but administrators are held to; `unlike_users` is a field that must not
    be a user's name; `who` names the user a request is about. `here` says that authctl itself
    answers, `reads` that nothing is changed, so that a token which may only read passes.
    """

    method: str
    path: str
    access: Access
    needs: tuple[Need, ...] = ()
    keep: Keep | None = None
    narrow: Narrow | None = None
    hide: tuple[Hide, ...] = ()
    then: Then | None = None
    versions: tuple[str, ...] = ()
    body: Body = Body.NONE
    many: tuple[str, ...] = ()
    never: tuple[tuple[str, str], ...] = ()
    only: tuple[tuple[str, str], ...] = ()
    unlike_users: str = ""
    who: Selector | None = None
    here: bool = False
    reads: bool = False
    pattern: re.Pattern[str] | None = None

    @cached_property
    def name(self) -> str:
        """How logs and the decisions table call this row."""
        return f"{self.method} {self.path}"

    @cached_property
    def fields(self) -> frozenset[str]:
        """Every field of a request that this row looks at, however deep."""
        named = {
            name
            for need in self.needs
            for name in (*need.selector.fields, need.given, need.missing)
        }
        if self.narrow:
            named.add(self.narrow.field)
        if self.keep:
            named |= _PAGE
        if self.then:
            named |= {*self.then.fields, self.then.new, self.then.unless}
        named |= {name for name, _ in (*self.never, *self.only)} | {self.unlike_users}
        return frozenset(name for name in named if name)

    @cached_property
    def identifying(self) -> frozenset[str]:
        """The fields by which a request names what it is judged by."""
        named = {
            name
            for need in self.needs
            if need.selector.handle not in (Handle.TRACE_FILES, Handle.ASSESSMENT_IDS)
            for name in need.selector.fields
        }
        if self.narrow:
            named.add(self.narrow.field)
        if self.then:
            named |= {*self.then.fields, self.then.new}
        return frozenset(name for name in named if name)

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The fields, each as the names that lead to it."""
        return _ways(self.fields)

    @cached_property
    def in_front(self) -> tuple[tuple[Way, ...], ...]:
        """What is to be put in front of a body, the last foremost.

        What names something, then the page, then what is only looked at.
        """
        return tuple(
            dict.fromkeys(map(_ways, (self.fields, self.fields & _PAGE, self.identifying)))
        )

    @cached_property
    def is_filtered(self) -> bool:
        """Whether who may pass still gets no more than what they may read."""
        return bool(self.keep or self.narrow or self.body is Body.GRAPHQL)

    @cached_property
    def needs_levels(self) -> bool:
        """Whether the caller's levels matter even where nothing is needed to pass."""
        return self.is_filtered or bool(self.hide)


def _ways(fields: frozenset[str]) -> tuple[Way, ...]:
    return tuple(tuple(name.split(".")) for name in sorted(fields))


_PLACEHOLDER = re.compile(r"\{([a-z_]+)(:path)?\}")


def rule(  # noqa: PLR0913 - the words of a row, each optional
    route: str,
    demand: Access | Need,
    *more: Need,
    keep: Keep | None = None,
    narrow: Narrow | None = None,
    hide: tuple[Hide, ...] = (),
    then: Then | None = None,
    versions: tuple[str, ...] | None = None,
    body: Body | None = None,
    many: tuple[str, ...] = (),
    never: tuple[tuple[str, str], ...] = (),
    only: tuple[tuple[str, str], ...] = (),
    unlike_users: str = "",
    who: Selector | None = None,
    here: bool = False,
    reads: bool = False,
) -> Rule:
    """Write one row; paths under /mlflow are API 2.0 unless said, bodies are JSON but for GET.

    GET and HEAD read; of the others a row must say so.
    """
    method, path = route.split(" ", 1)
    needs = (demand, *more) if isinstance(demand, Need) else more
    access = Access.SIGNED_IN if isinstance(demand, Need) else demand
    if versions is None:
        versions = ("2.0",) if path.startswith("/mlflow") else ()
    if body is None:
        body = Body.NONE if method in ("GET", "HEAD") else Body.JSON
    return Rule(
        method=method,
        path=path,
        access=access,
        needs=needs,
        keep=keep,
        narrow=narrow,
        hide=hide,
        then=then,
        versions=versions,
        body=body,
        many=many,
        never=never,
        only=only,
        unlike_users=unlike_users,
        who=who,
        here=here,
        reads=reads or method in ("GET", "HEAD"),
        pattern=_compile(path),
    )


def closed(*routes: str, versions: tuple[str, ...] | None = None) -> tuple[Rule, ...]:
    """Rows that only administrators pass: nothing in them can be granted."""
    return tuple(rule(route, Access.ADMIN, versions=versions, body=Body.STREAM) for route in routes)


def _compile(path: str) -> re.Pattern[str] | None:
    if "{" not in path:
        return None
    parts: list[str] = []
    end = 0
    for match in _PLACEHOLDER.finditer(path):
        parts.append(re.escape(path[end : match.start()]))
        parts.append(f"(?P<{match[1]}>{'.+' if match[2] else '[^/]+'})")
        end = match.end()
    parts.append(re.escape(path[end:]))
    return re.compile("".join(parts), re.DOTALL)
