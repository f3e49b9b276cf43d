"""docs/performance.md, made of what a run of all benchmarks wrote into docs/performance.json."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.words import HEAD, HOW, REASONS, SECTIONS, TAIL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_DOCS = Path(__file__).parents[2] / "docs"
FILE = _DOCS / "performance.md"
RESULTS = _DOCS / "performance.json"


def main() -> None:
    FILE.write_text(page_text(results()), encoding="utf-8")


def results() -> dict[str, Any]:
    """What was measured: the machine, and the report of each benchmark."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return found


def page_text(found: Mapping[str, Any]) -> str:
    """The whole page; it has no numbers but those of the results."""
    reports = found["benchmarks"]
    named = [name for name in SECTIONS if name in reports]
    parts = [
        HEAD,
        _aims([reports[name] for name in named]),
        *_missed([reports[name] for name in named]),
        f"## Where it was measured\n\n{_machine(found['machine'])}",
        HOW,
        *(_section(name, reports[name]) for name in named),
        TAIL,
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def missed(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each aim that is not met: the benchmark and the figure's name."""
    return [
        (name, figure["name"])
        for name, report in found["benchmarks"].items()
        for figure in report["figures"]
        if figure["is_met"] is False
    ]


def _aims(reports: Sequence[Mapping[str, Any]]) -> str:
    """Every figure with an aim, and whether it is met."""
    rows = [
        [_thing(figure), figure["setting"], *_held(figure), _is_met(figure)]
        for report in reports
        for figure in report["figures"]
        if figure["aim"]
    ]
    heads = ["what", "where", "ratio", "to", "aim", "met"]
    return _table(heads, rows)


def _missed(reports: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Why aims are not met, once a benchmark."""
    told = [
        f"**{report['title']}.** {REASONS[report['name']]}"
        for report in reports
        if report["name"] in REASONS
        and any(figure["is_met"] is False for figure in report["figures"])
    ]
    if told:
        yield "\n\n".join(["## What is not met, and why", *told])


def _section(name: str, report: Mapping[str, Any]) -> str:
    parts = [SECTIONS[name].strip()]
    for setting, figures in groupby(report["figures"], key=lambda figure: figure["setting"]):
        parts += [f"**{setting[:1].upper()}{setting[1:]}**", _figures([*figures])]
    if report["notes"]:
        parts.append(" ".join(report["notes"]))
    return "\n\n".join(parts)


def _figures(figures: Sequence[Mapping[str, Any]]) -> str:
    """The figures of one setting, without columns that would be empty."""
    more = list(dict.fromkeys(head for figure in figures for head in figure["more"]))
    rows = [
        {
            "what": figure["name"],
            "who": figure["subject"],
            "median": f"{_number(figure['value']['median'])} {figure['unit']}",
            **{head: _number(figure["more"].get(head)) for head in more},
            **dict(zip(("ratio", "to"), _held(figure)[:2], strict=True)),
            "aim": _aim(figure),
        }
        for figure in figures
    ]
    heads = [head for head in rows[0] if any(row[head] for row in rows)]
    return _table(heads, [[row[head] for head in heads] for row in rows])


def _thing(figure: Mapping[str, Any]) -> str:
    return ", ".join(text for text in (figure["name"], figure["subject"]) if text)


def _held(figure: Mapping[str, Any]) -> list[str]:
    """The ratio with its spread, what it is to, and the aim."""
    ratio = figure["ratio"]
    if ratio is None:
        return ["", "", _aim(figure)]
    spread = f"{_ratio(ratio['least'])} to {_ratio(ratio['most'])}"
    return [f"{_ratio(ratio['median'])} ({spread})", figure["base"], _aim(figure)]


def _aim(figure: Mapping[str, Any]) -> str:
    aim = figure["aim"]
    if aim is None:
        return ""
    least, most = aim["at_least"], aim["at_most"]
    return f"at least {least:g}" if least is not None else f"at most {most:g}"


def _is_met(figure: Mapping[str, Any]) -> str:
    return "yes" if figure["is_met"] else "**no**"


def _machine(machine: Mapping[str, Any]) -> str:
    """The machine and every version, a row each."""
    rows = [[_MACHINE.get(name, name), str(value)] for name, value in machine.items() if value]
    return _table(["", ""], rows)


_MACHINE = {"memory_gib": "memory, GiB"}


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.6f}"


if __name__ == "__main__":
    main()
