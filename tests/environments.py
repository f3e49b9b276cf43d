"""Environments of their own, each with one release of MLflow: made on first use, then kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_VENVS = _ROOT / ".venvs"

# What a release needs besides itself: later ones of these broke it. In 2.22 there is also
# OpenTelemetry's own exporter, as programs use it that know nothing of MLflow.
_BESIDES = {
    "2.22.5": (
        "opentelemetry-sdk<1.34",
        "opentelemetry-exporter-otlp-proto-http<1.34",
        "sqlalchemy<2.1",
    ),
    # It is asked how it signs in, which it does for AWS with a plugin.
    "3.4.0": ("sqlalchemy<2.1", "protobuf<7", "boto3", "requests-auth-aws-sigv4"),
}


def python_with_mlflow(version: str) -> str:
    """The interpreter of an environment with this release; it is made on first use."""
    folder = _VENVS / f"mlflow-{version}"
    # The exporter is what `--expose-prometheus` needs, which adds a route; psycopg is for the
    # auth database on PostgreSQL.
    wanted = [
        f"mlflow[auth]=={version}",
        "prometheus-flask-exporter",
        "psycopg[binary]",
        *_BESIDES.get(version, ()),
    ]
    complete = folder / "complete"
    if not complete.exists() or complete.read_text().split() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        _install(folder / "bin" / "python", *wanted)
        complete.write_text("\n".join(wanted) + "\n")
    return str(folder / "bin" / "python")


def python_with_authctl(version: str) -> str:
    """The same environment, with this checkout of authctl in it."""
    python = python_with_mlflow(version)
    _install(python, "--editable", _ROOT)
    return python


def _install(python: str | Path, *wanted: str | Path) -> None:
    subprocess.run([python, "-m", "pip", "install", "--quiet", *wanted], check=True)
