"""What texts in requests refer to: endpoints, prompts, files of traces and of experiments."""

from __future__ import annotations

import json

import pytest

from authctl.model import Action, Resource, ResourceType
from authctl.policy.decision import Demand
from authctl.server.files import demands_on_path, model_of_uri
from authctl.server.references import endpoints_in, places_of_files, prompt_of, scorer_resource

RUN, TRACE, LOGGED_MODEL = ResourceType.RUN, ResourceType.TRACE, ResourceType.LOGGED_MODEL
RUN_ID = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("gateway:/chat", ["chat"]),
        ("gateway://chat", ["chat"]),
        ("Gateway:/chat", ["chat"]),
        ("gateway:/", [""]),
        ("openai:/gpt-4o", []),
        ("Ask the gateway: is it up?", []),
        (json.dumps({"model": "gateway:/a", "more": [{"x": "gateway:/b"}]}), ["b", "a"]),
        (json.dumps({"inner": json.dumps({"model": "gateway:/deep"})}), ["deep"]),
        ('{"model": "gateway\\u003a/escaped"}', ["escaped"]),
        ("{not JSON gateway:/x", []),
    ],
)
def test_every_endpoint_of_the_gateway_is_found(text: str, names: list[str]) -> None:
    assert sorted(endpoints_in(text)) == sorted(names)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("prompts:/greeting/3", "greeting"),
        ("prompts:/greeting@best", "greeting"),
        ("prompts:/a@b@c", "a@b"),
        ("prompts:/a/b/3", "a/b"),
        ("greeting", "greeting"),
        ("greeting@best", None),
        ("a/3", None),
        ("prompts:/greeting", None),
        ("prompts:/", None),
        ("prompts:/@best", None),
    ],
)
def test_a_prompt_is_named_in_one_way_or_not_at_all(uri: str, name: str | None) -> None:
    assert prompt_of(uri) == name


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("models:/churn/1", "churn"),
        ("models:/churn@best", "churn"),
        ("models://churn/1", None),
        ("models:/../churn", None),
        ("models:/m-" + RUN_ID, None),
        ("runs:/churn/1", None),
    ],
)
def test_a_model_is_named_by_its_uri(uri: str, name: str | None) -> None:
    assert model_of_uri(uri) == name


def test_a_scorer_s_id_cannot_be_another_s() -> None:
    assert scorer_resource("1", "a/b c%").id == "1/a%2Fb%20c%25"


@pytest.mark.parametrize(
    "tags",
    [
        {"mlflow.artifactLocation": "x", "mine": "y"},
        [{"key": "mlflow.artifactLocation", "value": "x"}, {"key": "mine", "value": "y"}, 7],
        {"MLflow.ArtifactLocation ": "x"},  # the same to MySQL
    ],
)
def test_tags_are_read_as_a_map_and_as_keys_and_values(tags: object) -> None:
    assert places_of_files(tags) == {"mlflow.artifactLocation": "x"}


@pytest.mark.parametrize("tags", [None, "text", [], {}, 7])
def test_without_tags_nothing_is_said(tags: object) -> None:
    assert places_of_files(tags) == {}


@pytest.mark.parametrize(
    ("path", "tiers"),
    [
        ("1/notes.txt", [None]),
        (f"1/{RUN_ID}/artifacts/x.txt", [RUN]),
        (f"1/{RUN_ID}", [RUN]),
        ("1/any-name/artifacts", [RUN]),
        ("1/models/m-1/artifacts/x", [LOGGED_MODEL]),
        ("1/traces/tr-1/artifacts/traces.json", [TRACE]),
        ("1", [RUN]),
        ("1/", [RUN]),
    ],
)
def test_a_file_is_judged_by_what_its_folder_belongs_to(
    path: str, tiers: list[ResourceType | None]
) -> None:
    experiment = Resource("experiment", "1")
    assert demands_on_path(Action.READ, path) == [
        Demand(Action.READ, experiment, tier) for tier in tiers
    ]


@pytest.mark.parametrize(
    ("path", "tiers"),
    [
        ("1", [RUN, TRACE, LOGGED_MODEL]),
        ("1/", [RUN, TRACE, LOGGED_MODEL]),
        ("1/anything", [RUN]),
        ("1/models", [LOGGED_MODEL]),
        ("1/traces/tr-1", [TRACE]),
    ],
)
def test_what_is_deleted_is_judged_by_all_that_is_in_it(
    path: str, tiers: list[ResourceType]
) -> None:
    asked = demands_on_path(Action.DELETE, path)
    assert [demand.tier for demand in asked] == tiers


@pytest.mark.parametrize(
    "path", ["", "/", "01/x", "a/x", "./1/x", "1/../2", "1//x", "1/%2e%2e/2", "1\\2", "x/1"]
)
def test_a_path_in_no_experiment_is_nobody_s(path: str) -> None:
    assert demands_on_path(Action.READ, path) == [Demand(Action.READ, None)]
