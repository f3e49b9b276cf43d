"""Assessments of a trace: feedback and expectations; links of traces to runs and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

SINCE = (3, 4)


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    trace = made["trace"]
    given = mlflow.log_feedback(trace_id=trace, name="ok", value=True, rationale=WORDS)
    made["feedback"] = given.assessment_id
    expected = mlflow.log_expectation(trace_id=trace, name="answer", value={"text": WORDS})
    found = mlflow.get_assessment(trace, made["feedback"])
    yield "feedback", [found.name, found.value, found.rationale], ["ok", True, WORDS]
    found = mlflow.get_assessment(trace, expected.assessment_id)
    yield "expectation", found.value, {"text": WORDS}
    changed = mlflow.entities.Expectation(name="answer", value="shorter")
    mlflow.update_assessment(trace, expected.assessment_id, changed)
    yield "changed", mlflow.get_assessment(trace, expected.assessment_id).value, "shorter"
    override = mlflow.override_feedback(
        trace_id=trace, assessment_id=made["feedback"], value=False, rationale="after all"
    )
    yield "overrides", override.overrides, made["feedback"]
    passing = mlflow.log_feedback(trace_id=trace, name="passing", value=0.5)
    mlflow.delete_assessment(trace, passing.assessment_id)
    listed = sorted(item.name for item in mlflow.get_trace(trace).info.assessments)
    yield "listed", listed, ["answer", "ok", "ok"]
    client.link_traces_to_run([trace], made["run"])
    found = mlflow.search_traces(
        run_id=made["run"], return_type="list", experiment_ids=[made["experiment"]]
    )
    wanted = sorted([trace, made["in a run"]])
    yield "linked", sorted(item.info.trace_id for item in found), wanted
    prompt = client.get_prompt_version(made["prompt"], "1")
    client.link_prompt_versions_to_trace([prompt], trace)


def reads(made: Made) -> dict[str, Any]:
    return {
        "feedback": lambda: mlflow.get_assessment(made["trace"], made["feedback"]).name,
        "listed": lambda: sorted(
            item.name for item in MlflowClient().get_trace(made["trace"]).info.assessments
        ),
    }


def writes(made: Made) -> dict[str, Any]:
    trace, feedback = made["trace"], made["feedback"]
    changed = mlflow.entities.Feedback(name="ok", value="mine")
    return {
        "feedback": lambda: mlflow.log_feedback(trace_id=trace, name="mine", value=1),
        "expectation": lambda: mlflow.log_expectation(trace_id=trace, name="mine", value=1),
        "change": lambda: mlflow.update_assessment(trace, feedback, changed),
        "override": lambda: mlflow.override_feedback(
            trace_id=trace, assessment_id=feedback, value="mine"
        ),
        "delete": lambda: mlflow.delete_assessment(trace, feedback),
        "link": lambda: MlflowClient().link_traces_to_run([trace], made["run"]),
    }


def searches(made: Made) -> dict[str, Any]:
    del made
    return {}
