"""Scorers: judges that are registered in an experiment, version by version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow.genai import make_judge
from mlflow.genai import scorers as api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

SINCE = (3, 4)


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    within = {"experiment_id": made["experiment"]}
    for words in ("good", "very good"):
        judge("polite", words).register(name="polite", **within)
    judge("passing", "by").register(name="passing", **within)
    api.delete_scorer(name="passing", version="all", **within)
    yield "listed", listed(made), ["polite"]
    found = api.get_scorer(name="polite", **within)
    yield "latest", "very good" in found.instructions, True
    found = api.get_scorer(name="polite", version=1, **within)
    yield "first", "very good" in found.instructions, False


def judge(name: str, words: str) -> Any:
    return make_judge(
        name=name, instructions=f"Is {{{{ outputs }}}} {words}?", model="openai:/gpt-4o"
    )


def listed(made: Made) -> list[str]:
    return sorted(item.name for item in api.list_scorers(experiment_id=made["experiment"]))


def reads(made: Made) -> dict[str, Any]:
    within = {"experiment_id": made["experiment"]}
    return {
        "latest": lambda: api.get_scorer(name="polite", **within).instructions,
        "first": lambda: api.get_scorer(name="polite", version=1, **within).instructions,
    }


def writes(made: Made) -> dict[str, Any]:
    within = {"experiment_id": made["experiment"]}
    return {
        "register": lambda: judge("mine", "mine").register(name="mine", **within),
        "new version": lambda: judge("polite", "mine").register(name="polite", **within),
        "delete version": lambda: api.delete_scorer(name="polite", version=1, **within),
        "delete": lambda: api.delete_scorer(name="polite", version="all", **within),
    }


def searches(made: Made) -> dict[str, Any]:
    return {"scorers": lambda: listed(made)}
