"""Traces of programs that know OpenTelemetry alone, whose exporter posts them to /v1/traces."""

from __future__ import annotations

import base64
import logging
import os
from typing import TYPE_CHECKING, Any

import mlflow
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from steps.part import WORDS
from steps.traces import infos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    yield "plain", export(made, f"plain {WORDS}"), "done"
    yield "compressed", export(made, "compressed", Compression.Gzip), "done"
    yield "search", named(made), sorted([f"plain {WORDS}", "compressed"])


def named(made: Made) -> list[str]:
    """The exported traces; 2.22 knows no way to their spans, which are not in files."""
    found = infos(made)
    names = {info.tags.get("service.name") for info in found}
    return sorted(names & {f"plain {WORDS}", "compressed", "mine"})


def export(made: Made, name: str, compression: Compression = Compression.NoCompression) -> str:
    """Send one span; the exporter only logs how the server answered."""
    user = f"{os.environ['MLFLOW_TRACKING_USERNAME']}:{os.environ['MLFLOW_TRACKING_PASSWORD']}"
    exporter = OTLPSpanExporter(
        f"{mlflow.get_tracking_uri()}/v1/traces",
        headers={
            "x-mlflow-experiment-id": made["experiment"],
            "Authorization": f"Basic {base64.b64encode(user.encode()).decode()}",
        },
        compression=compression,
    )
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("opentelemetry")
    logger.addHandler(handler)
    provider = TracerProvider(resource=Resource({"service.name": name}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("a program").start_as_current_span(name):
        pass
    provider.shutdown()
    logger.removeHandler(handler)
    if any("403" in words for words in heard):
        return "403"
    return str(heard) if heard else "done"


def reads(made: Made) -> dict[str, Any]:
    del made
    return {}


def writes(made: Made) -> dict[str, Any]:
    return {"export": lambda: export(made, "mine")}


def searches(made: Made) -> dict[str, Any]:
    return {"exported": lambda: named(made)}
