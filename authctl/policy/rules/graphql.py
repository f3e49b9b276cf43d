"""GraphQL: what each root field requires, and which nested rows are kept; all else is denied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.policy.rule import Selector, each, experiment, read, run, version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from authctl.policy.rule import Need

ROOT_FIELDS: Mapping[str, Need] = {
    "mlflowGetExperiment": read(experiment("experimentId")),
    "mlflowGetRun": read(run("runId", "runUuid")),
    "mlflowListArtifacts": read(run("runId", "runUuid")),
    "mlflowGetMetricHistoryBulkInterval": read(each(run("runIds"))),
    "mlflowSearchRuns": read(each(experiment("experimentIds"))),
    "mlflowSearchDatasets": read(each(experiment("experimentIds"))),
}

# A run's model versions are of any model: those are kept whose model the caller may read.
NESTED_ROWS: Mapping[str, Selector] = {"modelVersions": version("name")}
