"""Write again what is generated from the code: `python -m tests.regenerate`."""

from __future__ import annotations

from tests import architecture, commands_table, completions, manual, pictures
from tests.policy import decisions, page


def main() -> None:
    decisions.FILE.write_text(decisions.decisions_text(), encoding="utf-8")
    page.FILE.write_text(page.page_text(), encoding="utf-8")
    readme = commands_table.FILE.read_text(encoding="utf-8")
    commands_table.FILE.write_text(commands_table.with_commands(readme), encoding="utf-8")
    pictures.write()
    completions.write()
    manual.write()
    text = architecture.FILE.read_text(encoding="utf-8")
    architecture.FILE.write_text(architecture.with_files(text), encoding="utf-8")


if __name__ == "__main__":
    main()
