"""Traces: made by decorators and by hand, read, searched, tagged and deleted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import RELEASE, WORDS, paged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    mlflow.set_experiment(experiment_id=made["experiment"])
    made["trace"] = _decorated()
    made["by hand"] = _by_hand(made["experiment"])
    passing = _by_hand(made["experiment"])
    with mlflow.start_run(made["run"]), mlflow.start_span("in a run"):
        pass
    made["in a run"] = mlflow.get_last_active_trace_id()
    mlflow.flush_trace_async_logging()
    found = mlflow.get_trace(made["trace"])
    yield "spans", [span.name for span in found.data.spans], ["outer", "inner"]
    yield "inputs", found.data.spans[0].inputs, {"number": 20}
    yield "outputs", found.data.spans[0].outputs, [WORDS, 42]
    yield "tag of its own", found.info.tags.get("made"), "inside"
    found = mlflow.get_trace(made["by hand"])
    yield "by hand", sorted(span.name for span in found.data.spans), ["child", "root"]
    yield "its tags", found.info.tags.get("begun"), "by hand"
    client.set_trace_tag(made["trace"], "stage", "dev")
    client.set_trace_tag(made["trace"], "passing", "by")
    client.delete_trace_tag(made["trace"], "passing")
    tags = mlflow.get_trace(made["trace"]).info.tags
    yield "tags", [tags.get("stage"), tags.get("passing")], ["dev", None]
    wanted = sorted([made["trace"], made["by hand"], made["in a run"]])
    yield "of a run", searched(made, run_id=made["run"]), [made["in a run"]]
    yield "by tag", searched(made, filter_string="tags.stage = 'dev'"), [made["trace"]]
    which = {"trace_ids" if RELEASE >= (3, 0) else "request_ids": [passing]}
    yield "deleted", client.delete_traces(made["experiment"], **which), 1
    yield "search", searched(made), wanted
    yield "pages", [len(page) for page in pages(made)], [2, 1]


def _decorated() -> str:
    @mlflow.trace
    def inner(number: int) -> int:
        return number + 1

    @mlflow.trace
    def outer(number: int) -> list[Any]:
        mlflow.update_current_trace(tags={"made": "inside"})
        return [WORDS, inner(number) * 2]

    outer(20)
    return mlflow.get_last_active_trace_id()


def _by_hand(experiment: str) -> str:
    """In 2.22 the end of a trace sends its tags back to the server."""
    client = MlflowClient()
    root = client.start_trace(
        "root", inputs={"a": 1}, tags={"begun": "by hand"}, experiment_id=experiment
    )
    trace = root.trace_id if RELEASE >= (3, 0) else root.request_id
    child = client.start_span("child", trace, parent_id=root.span_id, inputs={"b": WORDS})
    client.end_span(trace, child.span_id, outputs={"c": 3})
    client.end_trace(trace, outputs={"d": 4}, attributes={"e": "f"})
    return trace


def searched(made: Made, **query: Any) -> list[str]:
    found = mlflow.search_traces(return_type="list", **_within(made), **query)
    return sorted(
        trace.info.trace_id if RELEASE >= (3, 0) else trace.info.request_id for trace in found
    )


def pages(made: Made) -> list[list[str]]:
    return paged(
        MlflowClient().search_traces,
        lambda trace: trace.info.tags["mlflow.traceName"],
        include_spans=False,
        max_results=2,
        **_within(made),
    )


def infos(made: Made) -> list[Any]:
    """All that is known of the traces but for their spans."""
    found = MlflowClient().search_traces(**_within(made), include_spans=False)
    return [trace.info for trace in found]


def _within(made: Made) -> dict[str, list[str]]:
    """Where to search, as this release wants it said."""
    return {"locations" if RELEASE >= (3, 5) else "experiment_ids": [made["experiment"]]}


def reads(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    return {
        "trace": lambda: [span.name for span in client.get_trace(made["trace"]).data.spans],
        "by hand": lambda: client.get_trace(made["by hand"]).info.tags.get("begun"),
    }


def writes(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    which = {"trace_ids" if RELEASE >= (3, 0) else "request_ids": [made["trace"]]}
    return {
        "start": lambda: _refused_in_the_log(lambda: _by_hand(made["experiment"])),
        "tag": lambda: client.set_trace_tag(made["trace"], "stage", "mine"),
        "delete tag": lambda: client.delete_trace_tag(made["trace"], "stage"),
        "delete": lambda: client.delete_traces(made["experiment"], **which),
    }


def searches(made: Made) -> dict[str, Any]:
    return {
        "traces": lambda: searched(made),
        "pages": lambda: pages(made),
        "of a tag": lambda: searched(made, filter_string="tags.stage = 'dev'"),
        "without spans": lambda: sorted(sorted(info.tags.items()) for info in infos(made)),
    }


def _refused_in_the_log(action: Any) -> Any:
    """Tracing never raises in a user's program: it is the log that tells of a refusal."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("mlflow")
    logger.addHandler(handler)
    try:
        action()
        mlflow.flush_trace_async_logging()
    finally:
        logger.removeHandler(handler)
    refusals = [words for words in heard if "PERMISSION_DENIED" in words]
    if refusals:
        return "PERMISSION_DENIED"
    return heard or "done"
