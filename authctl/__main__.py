"""The way in: `authctl` and `python -m authctl`."""

from __future__ import annotations

import sys

from authctl import __version__


def main() -> None:
    """Run the command line on the process's own arguments and exit with its code."""
    if sys.argv[1:] == ["--version"]:  # scripts ask often; Typer takes longer than the answer
        sys.stdout.write(f"authctl {__version__}\n")
        return
    from authctl.cli.main import run  # noqa: PLC0415 - keeps --version fast

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
