"""A GraphQL request taken apart: what each root field asks for, or a refusal.

Aliases, fragments and variables are followed; directives are not believed, so that what @skip
leaves out is judged all the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

from authctl.errors import InvalidRequest, PermissionDenied
from authctl.policy.rules.graphql import NESTED_FIELDS, NESTED_ROWS, ROOT_FIELDS
from authctl.server.request import Reading
from authctl.upstream.subrequest import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from authctl.policy.rule import Need

MAX_LENGTH = 20_000
MAX_TOKENS = 2_000
MAX_DEPTH = 12
MAX_ROOT_FIELDS = 10

_OK = 200
_TYPENAME = "__typename"


@dataclass(frozen=True, slots=True)
class Document:
    """One operation whose every root field has a rule."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    asked: tuple[tuple[Need, Reading], ...]

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Document:
        """Take a request's body apart.

        InvalidRequest for what is no GraphQL request of one operation or exceeds a limit;
        PermissionDenied for a root field without a rule and rows that could not be filtered.
        """
        query, variables = body.get("query"), body.get("variables")
        if not isinstance(query, str) or len(query) > MAX_LENGTH:
            raise InvalidRequest(f"'query' must be a text of at most {MAX_LENGTH} characters.")
        if not isinstance(variables, dict | None):
            raise InvalidRequest("'variables' must be an object.")
        try:
            definitions = parse(query, no_location=True, max_tokens=MAX_TOKENS).definitions
        except (GraphQLSyntaxError, RecursionError) as error:
            raise InvalidRequest("The GraphQL query cannot be read.") from error
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        fragments = {
            node.name.value: node
            for node in definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        if len(operations) != 1 or len(fragments) + 1 != len(definitions):
            raise InvalidRequest(
                "A GraphQL request must have one operation, and may have fragments."
            )
        if any(item.default_value for item in operations[0].variable_definitions or ()):
            raise InvalidRequest("GraphQL variables must not have default values.")
        roots = list(_fields(operations[0].selection_set, fragments))
        if len(roots) > MAX_ROOT_FIELDS:
            raise InvalidRequest(f"A GraphQL request may have {MAX_ROOT_FIELDS} root fields.")
        asked = [_asked(field, variables or {}) for field in roots if field.name.value != _TYPENAME]
        inner = {name for field in roots for name in _check_nested(field, fragments)}
        asked += [(need, Reading()) for name, need in NESTED_FIELDS.items() if name in inner]
        return cls(operations[0], fragments, tuple(asked))

    async def keep(
        self, answer: Answer, allowed: Callable[[Need, Mapping[str, Any]], Awaitable[bool]]
    ) -> Answer:
        """The upstream's answer without the nested rows that the caller may not read."""
        if answer.status != _OK:
            return answer
        content = answer.json()
        data = content.get("data") if isinstance(content, dict) else None
        if not isinstance(data, dict):
            return answer
        await self._prune(data, self.operation.selection_set, allowed)
        body = json.dumps(content).encode()
        return Answer(_OK, [(b"content-type", b"application/json")], body)

    async def _prune(
        self,
        data: dict[str, Any],
        selection: SelectionSetNode,
        allowed: Callable[[Need, Mapping[str, Any]], Awaitable[bool]],
    ) -> None:
        for field in _fields(selection, self.fragments):
            key = _key(field)
            found = data.get(key)
            rows = NESTED_ROWS.get(field.name.value)
            if rows is not None and isinstance(found, list):
                found = [row for row in found if await allowed(rows, row)]
                data[key] = found
            if field.selection_set is None:
                continue
            for item in found if isinstance(found, list) else [found]:
                if isinstance(item, dict):
                    await self._prune(item, field.selection_set, allowed)


def _fields(
    selection: SelectionSetNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    depth: int = 0,
) -> Iterator[FieldNode]:
    """Every field of a selection, those of its fragments too."""
    if depth > MAX_DEPTH:
        raise InvalidRequest(f"A GraphQL query may be {MAX_DEPTH} levels deep.")
    for node in selection.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _fields(node.selection_set, fragments, depth + 1)
        elif isinstance(node, FragmentSpreadNode):
            fragment = fragments.get(node.name.value)
            if fragment is None:
                raise InvalidRequest(f"There is no GraphQL fragment '{node.name.value}'.")
            yield from _fields(fragment.selection_set, fragments, depth + 1)


def _asked(field: FieldNode, variables: Mapping[str, Any]) -> tuple[Need, Reading]:
    need = ROOT_FIELDS.get(field.name.value)
    if need is None:
        raise PermissionDenied("Permission denied")
    if len(field.arguments) != 1 or field.arguments[0].name.value != "input":
        raise InvalidRequest(f"'{field.name.value}' takes one argument, 'input'.")
    value = field.arguments[0].value
    if isinstance(value, ObjectValueNode):
        names = [item.name.value for item in value.fields]
        if len(names) != len(set(names)):
            raise InvalidRequest("A GraphQL input field must be given once.")
    given = value_from_ast_untyped(value, dict(variables))
    if not isinstance(given, dict):
        raise InvalidRequest(f"The input of '{field.name.value}' must be an object.")
    return need, Reading(body=given)


def _check_nested(
    field: FieldNode, fragments: Mapping[str, FragmentDefinitionNode], depth: int = 0
) -> set[str]:
    """The names of all fields below one.

    Refused are nested rows that do not tell under its own name what they are of.
    """
    if depth > MAX_DEPTH:
        raise InvalidRequest(f"A GraphQL query may be {MAX_DEPTH} levels deep.")
    if field.selection_set is None:
        return set()
    inner = list(_fields(field.selection_set, fragments))
    rows = NESTED_ROWS.get(field.name.value)
    if rows is not None and rows.selector.fields[0] not in [_key(child) for child in inner]:
        raise PermissionDenied(f"Permission denied: ask for '{rows.selector.fields[0]}' too.")
    names = {child.name.value for child in inner}
    for child in inner:
        told = {*NESTED_ROWS, *(need.selector.fields[0] for need in NESTED_ROWS.values())}
        if child.alias and child.alias.value in told:
            raise InvalidRequest(f"'{child.alias.value}' cannot be an alias.")
        names |= _check_nested(child, fragments, depth + 1)
    return names


def _key(field: FieldNode) -> str:
    """Under which name a field stands in the answer."""
    return field.alias.value if field.alias else field.name.value
