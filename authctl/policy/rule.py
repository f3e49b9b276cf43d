"""The words a policy row is written in: who may pass, on what, and what happens to the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

from authctl.model import Action, ResourceType


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
    LOGGED_MODEL_ID = "logged model id"
    TRACE_ID = "trace id"
    NEW_TRACE_ID = "id of a trace that may exist"
    ARTIFACT_PATH = "artifact path"
    STORAGE_URI = "storage location"
    TYPED_ID = "resource type and id"
    ROLE_ID = "role id"
    ROLE_PERMISSION_ID = "role permission id"
    WORKSPACE = "workspace"


class Body(Enum):
    """How a request's body is read: not at all, as one JSON object, as a form, or streamed on.

    GRAPHQL is a JSON object too; what it asks for is in its query (`rules/graphql`).
    """

    NONE = "none"
    JSON = "json"
    GRAPHQL = "graphql"
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

    `optional` needs are those of things a request may refer to, or leave out.
    """

    action: Action
    selector: Selector
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Of a list in the answer, keep the rows the caller may read, and refill the page.

    `rows` is the dotted way to the list in the answer, `row` names the resource inside a row.
    """

    rows: str
    row: Selector
    paged: bool = True


@dataclass(frozen=True, slots=True)
class Narrow:
    """Of a list of ids in the request, pass on those the caller may read."""

    field: str
    selector: Selector


class Effect(Enum):
    """What happens to grants when the upstream has done its work."""

    OWN = "creator gets MANAGE"
    FORGET = "grants are removed"
    RENAME = "grants move along"


@dataclass(frozen=True, slots=True)
class Then:
    """An effect on the grants of a thing that was made, deleted or renamed.

    For OWN of an experiment `field` is the answer's; for all else it is the request's. `new` is
    the request's field with the new name.
    """

    effect: Effect
    type: ResourceType
    field: str
    new: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what one method on one path requires.

    `path` has neither static prefix nor `/api/2.0`; `versions` are the API versions it answers
    under, empty for paths outside the API. `{name}` is one segment, `{name:path}` the rest.
    `many` are the query keys that may repeat, `never` the field values that nobody may send;
    `here` says that authctl itself answers.
    """

    method: str
    path: str
    access: Access
    needs: tuple[Need, ...] = ()
    keep: Keep | None = None
    narrow: Narrow | None = None
    then: Then | None = None
    versions: tuple[str, ...] = ()
    body: Body = Body.NONE
    many: tuple[str, ...] = ()
    never: tuple[tuple[str, str], ...] = ()
    who: str = ""
    here: bool = False
    pattern: re.Pattern[str] | None = None

    @property
    def name(self) -> str:
        """How logs and the decisions table call this row."""
        return f"{self.method} {self.path}"

    @property
    def is_filtered(self) -> bool:
        """Whether who may pass still gets no more than what they may read."""
        return bool(self.keep or self.narrow or self.body is Body.GRAPHQL)


_PLACEHOLDER = re.compile(r"\{([a-z_]+)(:path)?\}")


def rule(  # noqa: PLR0913 - the words of a row, each optional
    route: str,
    demand: Access | Need,
    *more: Need,
    keep: Keep | None = None,
    narrow: Narrow | None = None,
    then: Then | None = None,
    versions: tuple[str, ...] | None = None,
    body: Body | None = None,
    many: tuple[str, ...] = (),
    never: tuple[tuple[str, str], ...] = (),
    who: str = "",
    here: bool = False,
) -> Rule:
    """Write one row; paths under /mlflow are API 2.0 unless said, bodies are JSON but for GET."""
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
        then=then,
        versions=versions,
        body=body,
        many=many,
        never=never,
        who=who,
        here=here,
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


def read(selector: Selector) -> Need:
    """Ask for READ."""
    return Need(Action.READ, selector)


def use(selector: Selector) -> Need:
    """Ask for USE."""
    return Need(Action.USE, selector)


def update(selector: Selector) -> Need:
    """Ask for UPDATE."""
    return Need(Action.UPDATE, selector)


def delete(selector: Selector) -> Need:
    """Ask for DELETE."""
    return Need(Action.DELETE, selector)


def manage(selector: Selector) -> Need:
    """Ask for MANAGE."""
    return Need(Action.MANAGE, selector)


def experiment(*fields: str) -> Selector:
    """Name an experiment by its id."""
    return Selector(Handle.EXPERIMENT_ID, fields or ("experiment_id",))


def experiment_named(*fields: str) -> Selector:
    """Name an experiment by its name."""
    return Selector(Handle.EXPERIMENT_NAME, fields or ("experiment_name",))


def run(*fields: str) -> Selector:
    """Name a run; older clients call its id run_uuid."""
    return Selector(Handle.RUN_ID, fields or ("run_id", "run_uuid"), ResourceType.RUN)


def model(*fields: str) -> Selector:
    """Name a registered model or a prompt."""
    return Selector(Handle.MODEL_NAME, fields or ("name",))


def version(*fields: str) -> Selector:
    """Name the model whose version is meant."""
    return Selector(Handle.MODEL_NAME, fields or ("name",), ResourceType.REGISTERED_MODEL_VERSION)


def logged_model(*fields: str) -> Selector:
    """Name a logged model."""
    return Selector(Handle.LOGGED_MODEL_ID, fields or ("model_id",), ResourceType.LOGGED_MODEL)


def traces_of(*fields: str) -> Selector:
    """Name the experiment whose traces are meant."""
    return Selector(Handle.EXPERIMENT_ID, fields or ("experiment_id",), ResourceType.TRACE)


def trace(*fields: str) -> Selector:
    """Name a trace."""
    return Selector(Handle.TRACE_ID, fields or ("trace_id",), ResourceType.TRACE)


def new_trace(*fields: str) -> Selector:
    """Name a trace that is written whether it exists or not: one that does must be the caller's."""
    return Selector(Handle.NEW_TRACE_ID, fields, ResourceType.TRACE)


def assessment(*fields: str) -> Selector:
    """Name the trace whose assessments are meant."""
    return Selector(Handle.TRACE_ID, fields or ("trace_id",), ResourceType.ASSESSMENT)


def artifact(*fields: str) -> Selector:
    """Name a file by its path below the artifact root, which begins with an experiment id."""
    return Selector(Handle.ARTIFACT_PATH, fields or ("artifact_path",))


def storage(*fields: str) -> Selector:
    """Name stored files by a URI, which must lie in what the caller may act on."""
    return Selector(Handle.STORAGE_URI, fields)


def each(selector: Selector) -> Selector:
    """Judge every item of a list."""
    return replace(selector, each=True)


def every(selector: Selector) -> Selector:
    """Judge every item of a list, each of which must name the thing."""
    return replace(selector, each=True, every=True)


def if_given(need: Need) -> Need:
    """Ask only where the request names the thing."""
    return Need(need.action, need.selector, optional=True)


def own(type_: ResourceType, field: str) -> Then:
    """Give the creator MANAGE."""
    return Then(Effect.OWN, type_, field)


def forget(type_: ResourceType, field: str) -> Then:
    """Remove everyone's grants."""
    return Then(Effect.FORGET, type_, field)


def rename(type_: ResourceType, field: str, new: str) -> Then:
    """Move everyone's grants."""
    return Then(Effect.RENAME, type_, field, new)
