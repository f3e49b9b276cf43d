"""GraphQL requests: root fields in the ways in which their input can be written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authctl.policy.rule import Handle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from tests.fuzz.bodies import Names

# The fields of the input that name something, and what is asked of the answer.
_EXPERIMENTS = (("experimentIds", Handle.EXPERIMENT_ID),)
_RUN = (("runId", Handle.RUN_ID), ("runUuid", Handle.RUN_ID))
_ROOTS: dict[str, tuple[Sequence[tuple[str, Handle]], str]] = {
    "mlflowGetExperiment": (
        (("experimentId", Handle.EXPERIMENT_ID),),
        "{ experiment { experimentId } }",
    ),
    "mlflowGetRun": (_RUN, "{ run { info { runId } modelVersions { name } } apiError { code } }"),
    "mlflowListArtifacts": (_RUN, "{ files { path } }"),
    "mlflowGetMetricHistoryBulkInterval": ((("runIds", Handle.RUN_ID),), "{ metrics { key } }"),
    "mlflowSearchRuns": (_EXPERIMENTS, "{ runs { info { runId } } }"),
    "mlflowSearchModelVersions": ((), "{ modelVersions { name } }"),
}
_MUTATIONS: dict[str, tuple[Sequence[tuple[str, Handle]], str]] = {
    "mlflowSearchDatasets": (_EXPERIMENTS, "{ datasetSummaries { name } }"),
    "mlflowSearchRuns": (_EXPERIMENTS, "{ runs { info { runId } } }"),
}


@dataclass
class Question:
    """One operation in the making."""

    random: Random
    names: Names
    spoiled: bool
    variables: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)

    def root(self, index: int, roots: dict[str, Any]) -> str:
        root = self.random.choice(tuple(roots))
        fields, selection = roots[root]
        given = self._input(root, fields)
        alias = self.random.choice((f"a{index}: ", ""))
        directive = self.random.choice(("", "", "", " @skip(if: true)", " @include(if: true)"))
        if self.random.randrange(2):
            kind = f"Mlflow{root.removeprefix('mlflow')}Input"
            written = self._variable(f"v{index}", kind, given)
        else:
            written = self._object(index, given)
        return f"{alias}{root}(input: {written}){directive} {selection}"

    def _input(self, root: str, fields: Sequence[tuple[str, Handle]]) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, handle in fields:
            value = self.random.choice(self.names[handle])
            if name == "runUuid":
                if self.random.randrange(4):
                    continue
                given = {} if not self.random.randrange(3) else {"runId": value}
            given[name] = [value] if name.endswith("s") else value
        if root == "mlflowGetMetricHistoryBulkInterval":
            given["metricKey"] = "loss"
        if self.spoiled and fields:
            self._change(given, *self.random.choice(fields))
        return given

    def _object(self, index: int, given: dict[str, Any]) -> str:
        members = []
        for name, value in given.items():
            written = _literal(self.random, value)
            if not self.random.randrange(3):
                kind = "[String]" if name.endswith("Ids") else "String"
                written = self._variable(f"{name}{index}", kind, value)
            members.append(f"{name}: {written}")
        if self.spoiled and members and not self.random.randrange(4):
            members.append(members[0])
        return "{" + self.random.choice((", ", " ", "\n")).join(members) + "}"

    def _variable(self, name: str, kind: str, value: Any) -> str:
        self.variables[name] = value
        self.declared.append(f"${name}: {kind}")
        return f"${name}"

    def _change(self, given: dict[str, Any], name: str, handle: Handle) -> None:
        other = self.random.choice(self.names[handle])
        another = self.random.choice(self.names[handle])
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        values = (
            *(other, [other], [other, another], [[other]], [None, other], f"0{other}"),
            *(None, 1, True, "", [], {"a": other}),
        )
        added = ({snake: other}, {"filter": f"run_id = '{other}'"}, {f"{name}\u0000": other})
        given.update(self.random.choice((*({name: value} for value in values), *added)))


def body(random: Random, names: Names, *, spoiled: bool) -> bytes:
    """A request of one to three root fields."""
    is_mutation = not random.randrange(4)
    asked = Question(random, names, spoiled)
    roots = _MUTATIONS if is_mutation else _ROOTS
    selection = " ".join(asked.root(index, roots) for index in range(1 + random.randrange(3)))
    kind = "mutation" if is_mutation else "query"
    name = random.choice(("", " Q"))
    head = f"{kind} Q({', '.join(asked.declared)})" if asked.declared else f"{kind}{name}"
    on = kind.capitalize()
    whole = random.choice(
        (
            f"{head} {{ {selection} }}",
            f"{head} {{ ...F }} fragment F on {on} {{ {selection} }}",
            f"{head} {{ ... {{ {selection} }} }}",
            f"{head} {{ ... on {on} {{ {selection} }} }}",
        )
    )
    data: dict[str, Any] = {"query": whole}
    if asked.variables or not random.randrange(3):
        data["variables"] = asked.variables
    if not random.randrange(3):
        data["operationName"] = random.choice(("Q", None, "", "R"))
    if spoiled and not random.randrange(3):
        return _spoiled(random, data)
    return json.dumps(data, ensure_ascii=bool(random.randrange(2))).encode()


def _literal(random: Random, value: Any) -> str:
    if isinstance(value, str) and not random.randrange(5):
        return f'"""{value}"""'
    if isinstance(value, str) and value and not random.randrange(5):
        return f'"\\u{ord(value[0]):04x}{value[1:]}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_literal(random, v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(random, item) for item in value) + "]"
    return json.dumps(value)


def _spoiled(random: Random, data: dict[str, Any]) -> bytes:
    query = data["query"]
    data["query"] = random.choice(
        (
            query + query,
            query + " query Second { __typename }",
            query.replace("{", "{ __typename ", 1),
            query.replace("}", "", 1),
            query.replace("(input", "(Input", 1),
            query.replace("$v0:", '$v0: MlflowGetRunInput = {runId: "r2"} $w:', 1),
            "# " + query,
            "\ufeff" + query,
            query + "\n# end",
            [query],
            None,
            query.replace("mlflow", "Mlflow", 1),
        )
    )
    text = json.dumps(data)
    return random.choice(
        (
            text,
            text.replace('{"query"', '{"query": "{ __typename }", "query"', 1),
            f"[{text}]",
            text.replace('"variables"', '"Variables"'),
            text.replace('"variables": {', '"variables": {"v0": {"runId": "r1"}, ', 1),
            json.dumps(text),
        )
    ).encode()
