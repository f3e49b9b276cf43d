"""The man pages in man/, written from the command tree and the help topics."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl import __version__
from authctl.cli.command import Group, summaries
from authctl.cli.help import TOPICS, Definitions
from authctl.cli.main import tree
from tests import manual_files, roff

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.cli.help import Topic

FOLDER = Path(__file__).parents[1] / "man"
DATE = "2026-11-27"
"""The day that stands on every page; it changes with a release, not with the calendar."""

_FORMAT_TOPICS = {"manifests": 5, "config": 5}
_TOPIC_SECTION = 7
_RELATED = {
    "export": ("manifests",),
    "plan": ("manifests",),
    "apply": ("manifests",),
    "context": ("config",),
    "login": ("config",),
    "logout": ("config",),
    "doctor": ("recovery",),
    "db": ("recovery",),
    "serve": ("config", "recovery"),
    "help": tuple(TOPICS),
}
_GENERATED = r".\" Written by `python -m tests.regenerate`; changes made here are lost."
_HELP = (".TP", rf"{roff.bold('-h')}, {roff.bold('--help')}", "Show the help of a command.")
_METAVAR = re.compile(r"[A-Z][A-Z:/,]*")


def pages() -> dict[str, str]:
    """Every page by its file below FOLDER, such as "man1/authctl-user-create.1"."""
    root = tree()
    found = {page.file: page.text for page in _command_pages(root, (), root)}
    topics = {topic.name: topic for topic in (*TOPICS.values(), manual_files.TOPIC)}
    for topic in topics.values():
        page = _topic_page(topic)
        found[page.file] = page.text
    return found


def write() -> None:
    """Write all of them, and remove what is none of them."""
    wanted = pages()
    for path in FOLDER.glob("*/*"):
        if str(path.relative_to(FOLDER)) not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")


class _Page:
    def __init__(self, name: str, section: int, summary: str) -> None:
        self.file = f"man{section}/{name}.{section}"
        title = roff.exact(name.upper())
        self._lines = [
            _GENERATED,
            f'.TH {title} {section} {DATE} "authctl {__version__}" "authctl manual"',
            ".nr HY 0",
            ".nh",
            ".ad l",
        ]
        self.add("NAME", roff.phrase(_as_phrase(summary), rf"{roff.exact(name)} \- "))

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def add(self, heading: str, lines: Iterable[str]) -> None:
        written = list(lines)
        if written:
            self._lines += [f".SH {roff.exact(heading)}", *written]

    def see_also(self, names: Iterable[tuple[str, int]]) -> None:
        ordered = sorted({(section, name) for name, section in names})
        lines = [f".BR {roff.exact(name)} ({section})," for section, name in ordered]
        self.add("SEE ALSO", [*lines[:-1], lines[-1].removesuffix(",")])


def _command_pages(command: Any, path: tuple[str, ...], root: Any) -> Iterator[_Page]:
    yield _command_page(command, path, root)
    if isinstance(command, Group):
        for name, below in command.commands.items():
            yield from _command_pages(below, (*path, name), root)


def _command_page(command: Any, path: tuple[str, ...], root: Any) -> _Page:
    lines = inspect.cleandoc(command.help or "")
    summary, _, rest = lines.partition("\n")
    page = _Page("-".join(("authctl", *path)), 1, summary)
    page.add("SYNOPSIS", _synopsis(command, path))
    page.add("DESCRIPTION", [*roff.running(summary), *_more(rest), *_about(path)])
    if isinstance(command, Group):
        page.add("COMMANDS", _commands(command, path))
    else:
        page.add("OPTIONS", _parameters(command.params))
    for heading, parameters in _panels(root.params) if not path else ():
        page.add(heading.upper(), [*_listed(parameters), *(_HELP if heading == "Options" else ())])
    page.add("EXAMPLES", _examples(command))
    page.add("EXIT STATUS", _exit_status(path))
    if not path:
        page.add("FILES", _files())
    page.see_also(_neighbours(command, path))
    return page


def _synopsis(command: Any, path: tuple[str, ...]) -> list[str]:
    words = [_argument(found) for found in command.params if _is_argument(found)]
    options = [_synopsis_option(found) for found in command.params if _is_shown(found)]
    required = [word for word in options if not word.startswith("[")]
    optional = [word for word in options if word.startswith("[")]
    if isinstance(command, Group):
        parts = [*([] if path else [r"[\fIOPTIONS\fR]"]), r"\fICOMMAND\fR\~...\&"]
    else:
        parts = [*words, *required, *optional]
    return [f'.SY "{roff.exact(" ".join(("authctl", *path)))}"', *parts, ".YS"]


def _synopsis_option(parameter: Any) -> str:
    name = max(parameter.opts, key=len)
    word = roff.bold(name)
    if parameter.metavar and not parameter.is_flag:
        word += rf"\~{_metavar(parameter.metavar)}"
    word = word if parameter.required else f"[{word}]"
    return rf"{word}...\&" if parameter.multiple else word


def _argument(parameter: Any) -> str:
    # Three dots do not end a sentence here.
    return re.sub(r"\.\.\.$", r"...\\&", _metavar(parameter.metavar))


def _metavar(text: str) -> str:
    parts = _METAVAR.split(text)
    names = _METAVAR.findall(text)
    joined = [roff.glyphs(parts[0])]
    for name, part in zip(names, parts[1:], strict=True):
        joined += [roff.italic(name), roff.glyphs(part)]
    return "".join(joined)


def _more(text: str) -> Iterator[str]:
    blocks = roff.plain_blocks(text.strip("\n"))
    if blocks:
        yield from (".PP", *roff.blocks(blocks))


def _about(path: tuple[str, ...]) -> list[str]:
    if path:
        return []
    return [
        ".PP",
        *roff.running(
            "It works on a server, MLflow's own or authctl serve, or on the auth database itself."
            " Which of them is said by --server, --db or --auth-config, by the environment, or by"
            " the current context; authctl whoami tells which it is."
        ),
        ".PP",
        *roff.running(
            "Connection and output options may stand before and after the command. Results go to"
            " stdout, all else to stderr."
        ),
    ]


def _commands(group: Group, path: tuple[str, ...]) -> Iterator[str]:
    for name, summary in summaries(group):
        page = "-".join(("authctl", *path, name))
        yield from (".TP", f".BR {roff.exact(page)} (1)", *roff.running(summary))


def _panels(parameters: list[Any]) -> list[tuple[str, list[Any]]]:
    panels: dict[str, list[Any]] = {}
    for found in parameters:
        panels.setdefault(getattr(found, "rich_help_panel", None) or "Options", []).append(found)
    return list(panels.items())


def _parameters(parameters: list[Any]) -> Iterator[str]:
    panels = dict(_panels(parameters))
    own = list(_listed(panels.pop("Options", [])))
    yield from own
    if own:
        yield ".PP"
    yield from roff.running("Connection and output options work here too: see")
    yield ".BR authctl (1)."
    for heading, others in panels.items():
        yield f".SS {roff.exact(heading)}"
        yield from _listed(others)


def _listed(parameters: list[Any]) -> Iterator[str]:
    for found in parameters:
        if _is_argument(found) or _is_shown(found):
            yield from _parameter(found)


def _parameter(parameter: Any) -> Iterator[str]:
    if _is_argument(parameter):
        yield from (".TP", _argument(parameter), *roff.running(parameter.help))
        return
    names = ", ".join(roff.bold(name) for name in sorted(parameter.opts, key=len))
    value = "" if parameter.is_flag or not parameter.metavar else f" {_metavar(parameter.metavar)}"
    yield from (".TP", f"{names}{value}", *roff.running(parameter.help))


def _examples(command: Any) -> Iterator[str]:
    if command.epilog:
        yield ".EX"
        for line in command.epilog.splitlines():
            yield from (roff.exact(part) for part in roff.folded(line))
        yield ".EE"


def _exit_status(path: tuple[str, ...]) -> Iterator[str]:
    codes = TOPICS["exit-codes"].sections[0].blocks
    if path:
        yield from roff.running("0 if it is done, or already so. All other codes are told in")
        yield ".BR authctl\\-exit\\-codes (7)."
    else:
        yield from roff.blocks(tuple(each for each in codes if isinstance(each, Definitions)))


def _files() -> Iterator[str]:
    (section,) = (each for each in manual_files.TOPIC.sections if each.heading == "Files")
    return roff.blocks(section.blocks)


def _neighbours(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    if not path:
        yield from (_name_of(topic) for topic in (*TOPICS, "config"))
        yield from ((f"authctl-{name}", 1) for name, _ in summaries(command))
        return
    yield "authctl", 1
    yield from (_name_of(topic) for topic in ("exit-codes", *_RELATED.get(path[0], ())))
    if len(path) > 1:
        yield f"authctl-{path[0]}", 1


def _name_of(topic: str) -> tuple[str, int]:
    return f"authctl-{topic}", _FORMAT_TOPICS.get(topic, _TOPIC_SECTION)


def _topic_page(topic: Topic) -> _Page:
    name, section = _name_of(topic.name)
    page = _Page(name, section, topic.summary)
    for part in topic.sections:
        page.add(part.heading.upper(), roff.blocks(part.blocks))
    others = (_name_of(each) for each in (*TOPICS, "config") if each != topic.name)
    page.see_also([("authctl", 1), *others])
    return page


def _as_phrase(summary: str) -> str:
    """A summary as it stands behind a name: not a sentence."""
    first, second = summary[:1], summary[1:2]
    return ((first.lower() if second.islower() else first) + summary[1:]).rstrip(".")


def _is_argument(parameter: Any) -> bool:
    return bool(parameter.param_type_name == "argument")


def _is_shown(parameter: Any) -> bool:
    return not _is_argument(parameter) and not parameter.hidden
