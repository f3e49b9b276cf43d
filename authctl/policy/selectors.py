"""The nouns of policy rows: each says where a request names a thing of one kind."""

from __future__ import annotations

from dataclasses import replace

from authctl.model import ResourceType
from authctl.policy.rule import Handle, Selector


def experiment(*fields: str) -> Selector:
    """Name an experiment by its id."""
    return Selector(Handle.EXPERIMENT_ID, fields or ("experiment_id",))


def experiment_named(*fields: str) -> Selector:
    """Name an experiment by its name."""
    return Selector(Handle.EXPERIMENT_NAME, fields or ("experiment_name",))


def inside(tier: ResourceType, *fields: str) -> Selector:
    """Name the experiment whose runs, traces or other things of a tier are meant."""
    return Selector(Handle.EXPERIMENT_ID, fields or ("experiment_id",), tier)


def run(*fields: str) -> Selector:
    """Name a run; older clients call its id run_uuid."""
    return Selector(Handle.RUN_ID, fields or ("run_id", "run_uuid"), ResourceType.RUN)


def logged_model(*fields: str) -> Selector:
    """Name a logged model."""
    return Selector(Handle.LOGGED_MODEL_ID, fields or ("model_id",), ResourceType.LOGGED_MODEL)


def trace(*fields: str) -> Selector:
    """Name a trace."""
    return Selector(Handle.TRACE_ID, fields or ("trace_id",), ResourceType.TRACE)


def new_trace(*fields: str) -> Selector:
    """Name a trace that is written whether it exists or not: one that does must be the caller's."""
    return Selector(Handle.NEW_TRACE_ID, fields, ResourceType.TRACE)


def assessment(*fields: str) -> Selector:
    """Name the trace whose assessments are meant."""
    return Selector(Handle.TRACE_ID, fields or ("trace_id",), ResourceType.ASSESSMENT)


def files_of_trace(tags: str, trace_id: str) -> Selector:
    """Name, in tags, where a trace has its files: nowhere but where MLflow has put them."""
    return Selector(Handle.TRACE_FILES, (tags, trace_id))


def assessments_of_trace(ids: str, trace_id: str) -> Selector:
    """Name assessments by ids that only a trace's own may have."""
    return Selector(Handle.ASSESSMENT_IDS, (ids, trace_id))


def model(*fields: str) -> Selector:
    """Name a registered model or a prompt."""
    return Selector(Handle.MODEL_NAME, fields or ("name",))


def version(*fields: str) -> Selector:
    """Name the model whose version is meant."""
    return Selector(Handle.MODEL_NAME, fields or ("name",), ResourceType.REGISTERED_MODEL_VERSION)


def prompt_uri(*fields: str) -> Selector:
    """Name a prompt by a URI such as prompts:/greeting@best."""
    return Selector(Handle.PROMPT_URI, fields)


def artifact(*fields: str) -> Selector:
    """Name a file by its path below the artifact root, which begins with an experiment id."""
    return Selector(Handle.ARTIFACT_PATH, fields or ("artifact_path",))


def storage(*fields: str) -> Selector:
    """Name stored files by a URI, which must lie in what the caller may act on."""
    return Selector(Handle.STORAGE_URI, fields)


def dataset(*fields: str) -> Selector:
    """Name an evaluation dataset, which hangs on every experiment it is linked to."""
    return Selector(Handle.DATASET_ID, fields or ("dataset_id",))


def scorer(experiment: str = "experiment_id", name: str = "name") -> Selector:
    """Name a scorer by the experiment it is in and its own name."""
    return Selector(Handle.SCORER, (experiment, name))


def scorer_version(experiment: str = "experiment_id", name: str = "name") -> Selector:
    """Name the scorer whose versions are meant."""
    return Selector(Handle.SCORER, (experiment, name), ResourceType.SCORER_VERSION)


def label_schema(*fields: str) -> Selector:
    """Name a label schema."""
    return Selector(Handle.LABEL_SCHEMA_ID, fields or ("schema_id",))


def review_queue(*fields: str) -> Selector:
    """Name a review queue."""
    return Selector(Handle.REVIEW_QUEUE_ID, fields or ("queue_id",), ResourceType.REVIEW_QUEUE)


def membership_of_queue() -> Selector:
    """Name a review queue that the caller must be a member of, whatever their level."""
    return Selector(Handle.QUEUE_MEMBERSHIP, ("queue_id",))


def review_queue_named() -> Selector:
    """Name a review queue by the experiment it is in and its own name."""
    return Selector(Handle.REVIEW_QUEUE_NAME, ("experiment_id", "name"), ResourceType.REVIEW_QUEUE)


def issue(*fields: str) -> Selector:
    """Name an issue."""
    return Selector(Handle.ISSUE_ID, fields or ("issue_id",))


def optimization_job(*fields: str) -> Selector:
    """Name a prompt optimisation job."""
    return Selector(Handle.OPTIMIZATION_JOB_ID, fields or ("job_id",))


def secret(*fields: str) -> Selector:
    """Name a secret of the gateway."""
    return Selector(Handle.SECRET_ID, fields or ("secret_id",))


def model_definition(*fields: str) -> Selector:
    """Name a model definition of the gateway."""
    return Selector(Handle.MODEL_DEFINITION_ID, fields or ("model_definition_id",))


def endpoint(*fields: str) -> Selector:
    """Name an endpoint of the gateway by its id."""
    return Selector(Handle.ENDPOINT_ID, fields or ("endpoint_id",))


def endpoint_named(*fields: str) -> Selector:
    """Name an endpoint of the gateway by its name."""
    return Selector(Handle.ENDPOINT_NAME, fields)


def endpoint_uri(*fields: str) -> Selector:
    """Name the gateway's endpoints that a text, or JSON in a text, has as gateway:/name."""
    return Selector(Handle.ENDPOINT_URI, fields)


def workspace() -> Selector:
    """Name the workspace: there is the default one alone, whether a request names it or not."""
    return Selector(Handle.WORKSPACE, ("workspace",))


def user(*fields: str) -> Selector:
    """Name a user by their username."""
    return Selector(Handle.USERNAME, fields or ("username",))


def creator_of_job(*fields: str) -> Selector:
    """Name the user whose request started a job."""
    return Selector(Handle.JOB_ID, fields or ("job_id",))


def each(selector: Selector) -> Selector:
    """Judge every item of a list."""
    return replace(selector, each=True)


def every(selector: Selector) -> Selector:
    """Judge every item of a list, each of which must name the thing."""
    return replace(selector, each=True, every=True)
