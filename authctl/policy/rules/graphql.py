"""GraphQL: what each root field requires, and which nested rows are kept; all else is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import ResourceType
from authctl.policy.needs import read, unless_denied
from authctl.policy.selectors import each, experiment, inside, run, version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.policy.rule import Need

ROOT_FIELDS: Mapping[str, Need] = {
    "mlflowGetExperiment": read(experiment("experimentId")),
    "mlflowGetRun": read(run("runId", "runUuid")),
    "mlflowListArtifacts": read(run("runId", "runUuid")),
    "mlflowGetMetricHistoryBulkInterval": read(each(run("runIds"))),
    "mlflowSearchRuns": read(each(inside(ResourceType.RUN, "experimentIds"))),
    "mlflowSearchDatasets": read(each(experiment("experimentIds"))),
}

# What may stand anywhere below a root field, and what it asks for besides.
NESTED_FIELDS: Mapping[str, Need] = dict.fromkeys(
    ("modelInputs", "modelOutputs", "modelId"), unless_denied(ResourceType.LOGGED_MODEL)
)

# A run's model versions are of any model: those are kept whose model the caller may read.
NESTED_ROWS: Mapping[str, Need] = {"modelVersions": read(version("name"))}
