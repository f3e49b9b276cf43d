"""The way in: `authctl` and `python -m authctl`."""

from __future__ import annotations

import gc
import sys

from authctl import __version__


def main() -> None:
    """Run the command line on the process's own arguments and exit with its code."""
    if sys.argv[1:] == ["--version"]:  # scripts ask often; Typer takes longer than the answer
        sys.stdout.write(f"authctl {__version__}\n")
        return
    if sys.argv[1:2] == ["__complete"]:  # each TAB on a name waits for it
        from authctl.cli.completion.answer import answer  # noqa: PLC0415 - keeps --version fast

        answer(sys.argv[2:])
    # A command is over before garbage matters, and a manifest of many users is a million objects.
    gc.set_threshold(100_000, 50, 100)
    from authctl.cli.main import run  # noqa: PLC0415 - keeps --version fast

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
