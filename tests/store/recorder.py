"""Write down what releases of MLflow make: `python -m tests.store.recorder [recording ...]`."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from tests.environments import python_with_mlflow
from tests.store.installed_mlflow import let_mlflow_upgrade, run_with_mlflow
from tests.store.recordings import PASSWORD, RECORDINGS, Recording

_THEIRS = Path(__file__).with_name("their_database.py")


def make(recording: Recording, url: str) -> None:
    """Let the release of a recording make its database anew."""
    run_with_mlflow(str(_THEIRS), url, PASSWORD, python=python_of(recording.release))
    if recording.upgraded_by is not None:
        let_mlflow_upgrade(url, python=python_of(recording.upgraded_by))


def python_of(release: str) -> str:
    """The interpreter that has a release: this one, or that of an environment of its own."""
    return sys.executable if version("mlflow") == release else python_with_mlflow(release)


def main() -> None:
    wanted = set(sys.argv[1:] or map(str, RECORDINGS))
    with tempfile.TemporaryDirectory() as folder:
        for recording in RECORDINGS:
            if str(recording) in wanted:
                file = Path(folder) / f"{recording}.db"
                make(recording, f"sqlite:///{file}")
                with closing(sqlite3.connect(file)) as connection:
                    text = "\n".join(connection.iterdump()) + "\n"
                recording.file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
