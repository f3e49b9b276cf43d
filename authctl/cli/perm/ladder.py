"""The chain of a level for people: a rung a step, and below them the level."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from authctl.cli.grants import level_style
from authctl.cli.table import write_lines, write_pairs
from authctl.model import Action
from authctl.policy.explanation import Effect, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.table import Pieces
    from authctl.policy.divergence import Theirs
    from authctl.policy.explanation import Explanation, Step

_TITLES = {
    Source.ADMIN: "admin",
    Source.WORKSPACE: "workspace",
    Source.OWN: "own grant",
    Source.OWN_WILDCARD: "own wildcard",
    Source.ROLE: "role",
    Source.DENIAL: "lost denial",
    Source.DEFAULT: "default",
    Source.SERVER: "server",
}
_STYLES = {Effect.DECIDES: "bold", Effect.NOTHING: "dim"}
_ACTIONS = [action.value for action in Action if action is not Action.CREATE]


def draw(
    told: Explanation, because: str, username: str, other: Theirs, to: TextIO, *, color: bool
) -> None:
    """Draw it, with a line on MLflow's own answer where there is something to say about it."""
    write_lines([[(f"{username} on {told.resource}", "bold")], []], to, color=color)
    rungs = [_rung(step, told) for step in told.steps]
    write_pairs([*rungs, ([], []), *_result(told, because, other)], to, color=color)


def _rung(step: Step, told: Explanation) -> tuple[Pieces, Pieces]:
    title = _TITLES[step.source]
    style = _STYLES.get(step.effect, "")
    left = [(f"{title} {step.role}" if step.role else title, style)]
    right: list[tuple[str, str]] = []
    if step.level is not None:
        right.append((step.level, f"{style} {level_style(step.level)}".strip()))
        if step.resource not in (None, told.resource):
            right.append((f" on {step.resource}", style))
        right.append((", ", style))
    if step.level is not None or step.effect is not Effect.NOTHING:
        right.append((f"{step.effect}: ", style))
    right.append((step.reason, style))
    return left, right


def _result(told: Explanation, because: str, other: Theirs) -> Iterator[tuple[Pieces, Pieces]]:
    level = str(told.level)
    yield [(level, f"bold {level_style(level)}")], [(because, "")]
    yield [], [(_allowed(told.allows), "")]
    if other.why:
        why = " ".join(other.why)
        answer = f"answers {other.answer}" if other.answer else "answers no level"
        yield [("MLflow", "")], [(f"{answer}: {why}" if other.differs else why, "")]


def _allowed(actions: list[str]) -> str:
    denied = [action for action in _ACTIONS if action not in actions]
    if not actions:
        return f"may not {_listed(denied, 'or')}"
    may = f"may {_listed(actions, 'and')}"
    return f"{may}, not {_listed(denied, 'or')}" if denied else may


def _listed(words: list[str], last: str) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
