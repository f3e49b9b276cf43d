"""Whether authctl itself is installed as it should be: Python, its packages, MLflow, drivers."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from authctl import __version__
from authctl.cli.doctor.finding import error, info, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.doctor.finding import Finding

_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[[\w,.-]*\])?\s*>=\s*([\d.]+)")
_NUMBERS = re.compile(r"\d+(?:\.\d+)*")
NEWEST = (3, 18)  # the last release of MLflow whose routes all have a row
_DRIVERS = {
    "postgres": ("psycopg", "postgres"),
    "postgresql": ("psycopg", "postgres"),
    "postgresql+psycopg": ("psycopg", "postgres"),
    "mysql": ("pymysql", "mysql"),
    "mariadb": ("pymysql", "mysql"),
    "mysql+pymysql": ("pymysql", "mysql"),
    "mariadb+pymysql": ("pymysql", "mysql"),
}


def installed(database_url: str | None) -> Iterator[Finding]:
    """Look at the packages, and at the driver of this database."""
    yield ok("python", platform.python_version(), sys.executable)
    yield from _authctl()
    yield from _passlib()
    yield from _mlflow()
    if database_url is not None:
        yield from _driver(database_url.partition("://")[0].lower())


def release(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: 3.17.2rc1 is (3, 17, 2)."""
    numbers = _NUMBERS.match(text)
    return tuple(int(number) for number in numbers[0].split(".")) if numbers else ()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Name, least version and condition of every package that authctl asks for."""
    try:
        lines = metadata.requires("authctl") or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        wanted, _, condition = line.partition(";")
        if match := _REQUIREMENT.match(wanted.strip()):
            yield match[1], match[2], condition.strip()


def _authctl() -> Iterator[Finding]:
    found = _version("authctl")
    if found is None:
        yield warning(
            "authctl",
            __version__,
            "It runs from a folder and is not installed, so what it needs is not checked.",
            "pip install authctl",
        )
        return
    missing = [
        f"{name}>={least}"
        for name, least, condition in _requirements()
        if not condition and release(_version(name) or "") < release(least)
    ]
    if missing:
        yield error(
            "authctl",
            __version__,
            f"Packages that it needs are missing or too old: {', '.join(missing)}.",
            f"pip install --upgrade {' '.join(repr(name) for name in missing)}",
        )
    else:
        yield ok("authctl", __version__, "All packages that it needs are there.")


def _passlib() -> Iterator[Finding]:
    """Find out which of two packages is imported: libpass puts its files where passlib has its."""
    libpass, old = _version("libpass"), _version("passlib")
    again = "pip uninstall -y passlib && pip install --force-reinstall libpass"
    if libpass is None:
        yield error(
            "libpass", "libpass", "It is not installed; passwords cannot be checked.", again
        )
        return
    import passlib  # noqa: PLC0415 - slow to import, and of no use to other commands

    imported = getattr(passlib, "__version__", "of an unknown version")
    if imported != libpass:
        yield error(
            "libpass",
            libpass,
            f"What is imported as passlib is {imported}, not libpass.",
            again,
        )
    elif old is not None:
        yield warning(
            "libpass",
            libpass,
            f"passlib {old} is installed too and shares its files: to upgrade or remove either of"
            " them breaks authctl.",
            again,
        )
    else:
        yield ok("libpass", libpass, "Imported as passlib, which is not installed.")


def _mlflow() -> Iterator[Finding]:
    found = _version("mlflow")
    least = next((least for name, least, _ in _requirements() if name == "mlflow"), "3.4")
    if found is None:
        yield info(
            "mlflow",
            "mlflow",
            "It is not installed; only authctl serve without --upstream needs it.",
            "pip install 'authctl[mlflow]'",
        )
    elif release(found) < release(least):
        yield warning(
            "mlflow",
            found,
            f"authctl serve needs MLflow {least} or later.",
            "pip install --upgrade 'authctl[mlflow]'",
        )
    elif release(found)[:2] > NEWEST:
        yield info(
            "mlflow",
            found,
            "It is newer than this authctl, which may lack rows for its new routes; only admins may"
            " use those.",
            "authctl serve --check",
        )
    else:
        yield ok("mlflow", found, "authctl serve can serve this release.")


def _driver(scheme: str) -> Iterator[Finding]:
    if scheme not in _DRIVERS:
        return
    module, extra = _DRIVERS[scheme]
    if importlib.util.find_spec(module) is None:
        yield error(
            "driver",
            module,
            f"The Python driver for {scheme} is not installed.",
            f"pip install 'authctl[{extra}]'",
        )
    else:
        yield ok("driver", module, _version(module) or "Installed.")
