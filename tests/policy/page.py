"""Who may do what, in words: the page that is made from the policy for administrators."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from authctl.model import Action, ResourceType
from authctl.policy import rules
from authctl.policy.rule import Access, Handle, Need, Rule, rule
from authctl.policy.rules.graphql import ROOT_FIELDS
from authctl.policy.table import ALL_RULES
from tests.policy.decisions import COLUMNS, cells

FILE = Path(__file__).parents[2] / "docs" / "who-may-do-what.md"

_HEAD = """\
# Who may do what

<!-- Written by `python -m tests.regenerate` from the policy; change the rows, not this page. -->

One line for every route of MLflow 3.4 to 3.18 and of the admin API. Every path is also answered
under `/ajax-api`, behind the static prefix if there is one. What is not listed here is denied to
everyone but administrators, who pass everywhere.

**Who may** is the least that a user needs, where `default_permission` is `NO_PERMISSIONS`: a level
on what the request names, or nothing but to be signed in. **Asked** is what exactly is judged; all
of it must be met. A level on runs, traces and whatever else is in an experiment is the
experiment's, unless a role grants or denies the type as such (`run:*` and the like), which counts
first. **Then** is what happens to the answer, and to grants when MLflow has done its work.

The same as bare verdicts, a column a level: [decisions.txt](../tests/policy/decisions.txt).
"""
_ORDER = (
    "tracking",
    "registry",
    "artifacts",
    "tracing",
    "genai",
    "gateway",
    "graphql",
    "registries",
    "system",
    "admin",
)
_LEVEL = {Action.READ: "READ", Action.USE: "USE", Action.UPDATE: "EDIT"}
_THING = {
    Handle.EXPERIMENT_ID: "the experiment",
    Handle.EXPERIMENT_NAME: "the experiment",
    Handle.RUN_ID: "the run",
    Handle.MODEL_NAME: "the model or prompt",
    Handle.PROMPT_URI: "the prompt",
    Handle.LOGGED_MODEL_ID: "the logged model",
    Handle.TRACE_ID: "the trace",
    Handle.NEW_TRACE_ID: "the trace, if there is one,",
    Handle.ARTIFACT_PATH: "the run, logged model, trace or experiment whose files are",
    Handle.STORAGE_URI: "what has the files at",
    Handle.DATASET_ID: "every experiment of the dataset",
    Handle.SCORER: "the scorer",
    Handle.LABEL_SCHEMA_ID: "the experiment of the label schema",
    Handle.REVIEW_QUEUE_ID: "the review queue",
    Handle.REVIEW_QUEUE_NAME: "the review queue",
    Handle.ISSUE_ID: "the experiment of the issue",
    Handle.OPTIMIZATION_JOB_ID: "the experiment of the job",
    Handle.SECRET_ID: "the gateway secret",
    Handle.MODEL_DEFINITION_ID: "the gateway model definition",
    Handle.ENDPOINT_ID: "the gateway endpoint",
    Handle.ENDPOINT_NAME: "the gateway endpoint",
    Handle.ENDPOINT_URI: "every gateway endpoint in",
    Handle.TYPED_ID: "the resource",
    Handle.ROLE_ID: "the workspace",
    Handle.ROLE_PERMISSION_ID: "the workspace",
    Handle.WORKSPACE: "the workspace",
}
_OF_ITS_OWN = {
    ResourceType.RUN: "run",
    ResourceType.LOGGED_MODEL: "logged model",
    ResourceType.TRACE: "trace",
    ResourceType.REVIEW_QUEUE: "review queue",
}


def page_text() -> str:
    """The page: a section a family of rows, a line a row."""
    found = {info.name for info in pkgutil.iter_modules(rules.__path__)}
    assert found == set(_ORDER), found ^ set(_ORDER)
    listed = 0
    parts = [_HEAD]
    for name in _ORDER:
        module = importlib.import_module(f"authctl.policy.rules.{name}")
        rows = getattr(module, "RULES", ())
        if name == "graphql":
            rows = [rule(f"POST /graphql {field}", need) for field, need in ROOT_FIELDS.items()]
        else:
            listed += len(rows)
        parts.append(f"\n## {(module.__doc__ or '').splitlines()[0].rstrip('.')}\n\n{_table(rows)}")
    assert listed == len(ALL_RULES)
    return "".join(parts)


def _table(rows: tuple[Rule, ...] | list[Rule]) -> str:
    lines = ["| route | who may | asked | then |", "|---|---|---|---|"]
    for row in rows:
        path = "".join(f"/api/{'|'.join(row.versions)}" if row.versions else "") + row.path
        columns = (
            f"`{row.method} {path}`",
            _who(row),
            "; ".join(_all_asked(row)),
            "; ".join(_then(row)),
        )
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in columns)} |")
    return "\n".join(lines) + "\n"


def _who(row: Rule) -> str:
    verdicts = dict(zip(COLUMNS, cells(row), strict=True))
    if verdicts["nobody"] == "yes":
        return "everyone"
    if row.access is Access.SELF:
        self = "whoever started it" if row.who and row.who.handle is Handle.JOB_ID else "the user"
        return f"{self}, or who manages the workspace" if row.needs else self
    least = next(name for name, verdict in verdicts.items() if verdict in ("yes", "part"))
    return {"no grant": "every user", "admin": "administrators"}.get(least, least)


def _all_asked(row: Rule) -> list[str]:
    """Every need once, after the conditions on which it is asked."""
    asked: dict[str, list[str]] = {}
    for need in row.needs:
        asked.setdefault(_asked(need), []).extend(
            [f"with `{need.given}`"] * bool(need.given)
            + [f"without `{need.missing}`"] * bool(need.missing)
        )
    return [f"{' or '.join(when)}: {text}" if when else text for text, when in asked.items()]


def _asked(need: Need) -> str:
    selector = need.selector
    names = " or ".join(f"`{name}`" for name in selector.fields if name)
    if selector.handle is Handle.TRACE_FILES:
        return f"`{selector.fields[0]}` does not say anew where the trace's files are"
    if selector.handle is Handle.ASSESSMENT_IDS:
        return f"`{selector.fields[0]}` is of no other trace's assessment"
    if selector.handle is Handle.QUEUE_MEMBERSHIP:
        return f"to be a member of the review queue {names}"
    if selector.handle is Handle.NEW:
        name = f" (or {names})" if names else ""
        text = f"`{selector.tier}:*`{name} is not denied"
    else:
        text = _level(need, names)
    return f"if given: {text}" if need.optional else text


def _level(need: Need, names: str) -> str:
    selector = need.selector
    thing = _THING[selector.handle]
    if selector.each:
        thing = thing.replace("the ", "every ", 1)
    place = f"{thing} {names}"
    if need.action is Action.CREATE and not selector.tier:
        return f"{place} is not denied"
    if need.action is Action.CREATE and selector.handle is Handle.SCORER:
        return f"EDIT on its experiment; neither {place} nor `{selector.tier}:*` is denied"
    if need.action is Action.CREATE:
        return f"EDIT on {place}, and `{selector.tier}:*` is not denied"
    level = _LEVEL.get(need.action, "MANAGE")
    tier = selector.tier
    if tier and _OF_ITS_OWN.get(tier, "?") not in thing.removeprefix("the ").removeprefix("every "):
        level = f"{level} (`{tier}:*` counts first)"
    if need.inherited:
        level += f" or, with no grant on that type, {_LEVEL[need.inherited]}"
    if need.member:
        level += f" (its members {_LEVEL[need.member]})"
    if need.owner:
        level += f" (its owner {_LEVEL[need.owner]})"
    return f"{level} on {place}"


def _then(row: Rule) -> list[str]:
    words = []
    if row.keep:
        words.append(f"`{row.keep.rows}` has what one may read, pages are refilled")
    if row.narrow:
        words.append(f"`{row.narrow.field}` is narrowed to what one may read")
    if row.path == "/graphql":
        words.append("judged field by field, as below")
    hidden: dict[str, list[str]] = {}
    for hide in row.hide:
        where = f"where `{hide.type}:*` is denied" if hide.type else "for all but administrators"
        hidden.setdefault(where, []).append(f"`{hide.path.split('/')[-1].removeprefix('key=')}`")
    words += [f"no {', '.join(names)} {where}" for where, names in hidden.items()]
    words += [f"`{field}` may not be `{value}`" for field, value in row.never]
    words += [f"`{field}` may only be `{value}`" for field, value in row.only]
    if row.unlike_users:
        words.append(f"`{row.unlike_users}` may not be a user's name")
    if row.then:
        words.append(row.then.effect.value)
    return words
