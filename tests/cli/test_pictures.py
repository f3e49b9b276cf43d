from __future__ import annotations

from tests import pictures


def test_the_pictures_show_what_the_commands_show() -> None:
    kept = {file.name: file.read_text(encoding="utf-8") for file in pictures.FOLDER.glob("*.svg")}
    assert kept == pictures.drawn(), "run `python -m tests.regenerate`"
