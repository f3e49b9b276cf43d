"""The text of other programs' ini files: some keys of a section changed, all else left alone."""

from __future__ import annotations

import configparser
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# As configparser reads them, with which MLflow and others read such a file.
_HEADER = re.compile(r"\[(.+)\]")
_KEY = re.compile(r"(.*?)\s*[=:]")
_COMMENT = ("#", ";")


@dataclass(frozen=True, slots=True)
class IniSection:
    """Some keys of a section; whatever else is in the file is somebody else's."""

    name: str
    keys: tuple[str, ...]

    def present_in(self, text: str) -> bool:
        """Whether the file has one of the keys. configparser.Error, as for all that reads it."""
        return bool(sections(text).get(self.name, {}).keys() & set(self.keys))

    def others_in(self, text: str) -> dict[str, dict[str, str]]:
        """All that is somebody else's."""
        found = sections(text)
        kept = {k: v for k, v in found.get(self.name, {}).items() if k not in self.keys}
        return {**found, self.name: kept}

    def with_values(self, text: str, values: Mapping[str, str]) -> str:
        """Put these in the place of the values of the keys; a key without a value is taken out."""
        lines: list[str] = []
        missing = dict(values)
        end = None  # of the section, after the last line that is neither blank nor a comment
        for line, section, key in _read(text):
            if section == self.name and key in self.keys:
                if key not in missing:
                    continue  # also where it goes on for several lines
                indentation = line[: len(line) - len(line.lstrip())]
                lines.append(f"{indentation}{key} = {missing.pop(key)}\n")
            else:
                lines.append(line)
            if section == self.name and (key or end is None):
                end = len(lines)
        if missing:
            if lines and not lines[-1].endswith("\n"):
                lines[-1] += "\n"
            if end is None:
                lines.append(f"[{self.name}]\n")
                end = len(lines)
            lines[end:end] = [f"{key} = {value}\n" for key, value in missing.items()]
        return "".join(lines)

    def without_empty(self, text: str) -> str:
        """Take out the section's header, and blank lines, where nothing else is below it."""
        lines = list(_read(text))
        own = [line for line, section, _ in lines if section == self.name]
        if any(line.strip() for line in own[1:]):
            return text
        rest = "".join(line for line, section, _ in lines if section != self.name)
        return rest if rest.strip() else ""


def sections(text: str) -> dict[str, dict[str, str]]:
    """All that stands in the file, as it stands there; what is lent by DEFAULT is not.

    configparser.Error, whose words may quote a secret.
    """
    parser = configparser.RawConfigParser(default_section="")
    parser.read_string(text)
    return {name: dict(parser.items(name)) for name in parser.sections()}


def why_unfit(value: str) -> str | None:
    """Say why configparser would not give this value back as it is, if it would not."""
    if not value:
        return "is empty"
    if value != value.strip():
        return "begins or ends with white space"
    if re.search(r"[\r\n]", value):
        return "has a line end in it"
    if re.search(r"[\ud800-\udfff]", value):
        return "is not valid Unicode"
    return None


def _read(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """Each line with the section and key it belongs to; comments and blank lines have no key."""
    section, key, indentation = None, None, 0
    for line in io.StringIO(text):
        content = line.strip()
        if not content or content.startswith(_COMMENT):
            yield line, section, None
            continue
        indented = len(line) - len(line.lstrip())
        if key is None or indented <= indentation:  # it does not go on with the key before
            if header := _HEADER.match(content):
                section, key = header[1], None
            else:
                found = _KEY.match(content)
                key, indentation = (found[1] if found else content).lower(), indented
        yield line, section, key
