"""Words of a command line, read without the validation library that Typer loads to read them."""

from __future__ import annotations

from typing import Any

_TEXT: tuple[Any, ...] = (str, list[str])


class AsTyped:
    """Stands in for a parameter's own reader, which takes as long to load as all of Typer.

    Text stays as it was typed and what is left out stays out; anything else, such as a number, is
    read by Typer after all. Typer keeps the reader of a parameter in `_runtime_param` since 0.29;
    older releases read without a library and do not look there.
    """

    def __init__(self, parameter: Any) -> None:
        kind = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        self._text = kind in _TEXT
        self._several = parameter.multiple or parameter.nargs == -1

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Give the value as the command's function gets it."""
        if self._several and (value is None or self._text):
            return list(value) if value else ()
        if value is None or (self._text and isinstance(value, str)):
            return value
        param._runtime_param = None  # noqa: SLF001 - no public way to choose how a value is read
        return param.get_runtime_param().coerce(value, param=param, ctx=ctx)


def read_as_typed(parameters: list[Any]) -> list[Any]:
    """Let parameters be read without more imports wherever that gives the same; gives them back."""
    for parameter in parameters:
        if getattr(parameter, "_runtime_param", None) is None:
            parameter._runtime_param = AsTyped(parameter)  # noqa: SLF001 - as above
    return parameters
