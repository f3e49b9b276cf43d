"""Databricks' ~/.databrickscfg: the login of one profile read, written and taken out."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.client.ini_text import IniSection, sections, why_unfit
from authctl.client.private_file import PrivateFile
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_FILE = "DATABRICKS_CONFIG_FILE"
CONFIG_PROFILE = "DATABRICKS_CONFIG_PROFILE"
DEFAULT_PROFILE = "DEFAULT"
KEYS = ("host", "token", "username", "password")
"""What a login is made of; all other keys of a profile are somebody else's."""

_SETTINGS = "__settings__"  # a section of the Databricks CLI's own, which is no profile
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_WAY = "auth_type"
_OWN_WAYS = ("pat", "basic")
# The Databricks SDK refuses a profile with two ways to sign in, unless auth_type chooses one.
_OTHER_WAYS = (
    "client_id",
    "client_secret",
    "oidc_token_env",
    "oidc_token_filepath",
    "google_service_account",
    "google_credentials",
    "azure_workspace_resource_id",
    "azure_use_msi",
    "azure_client_secret",
    "azure_client_id",
    "azure_tenant_id",
    "metadata_service_url",
)


class DatabricksFile:
    """The file from which the Databricks SDK, and mlflow with it, takes the logins of profiles.

    InvalidRequest, everywhere, for a file that cannot be read; it is left as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = PrivateFile(path, "The Databricks configuration file")

    @classmethod
    def find(cls, env: Mapping[str, str], home: Path) -> DatabricksFile:
        """Find the one that DATABRICKS_CONFIG_FILE names, else ~/.databrickscfg."""
        named = env.get(CONFIG_FILE)
        return cls(Path(named).expanduser() if named else home / ".databrickscfg")

    def read(self, profile: str) -> dict[str, str]:
        """All that a profile says, nothing where there is none; a percent sign is only itself."""
        return self._sections(self._file.read()).get(profile, {})

    def profile_in_use(self, env: Mapping[str, str]) -> str:
        """The profile that the Databricks SDK takes where none is named for it."""
        chosen = self.read(_SETTINGS).get("default_profile", "").strip()
        return env.get(CONFIG_PROFILE) or chosen or DEFAULT_PROFILE

    def refuse_other_ways(self, profile: str, ways: tuple[str, ...] = _OWN_WAYS) -> None:
        """Refuse a profile that signs in otherwise, which a login could not change. InvalidRequest.

        With what was saved there besides, the SDK would sign in the other way, or not at all.
        `ways` are the values of auth_type that go with the login.
        """
        found = self.read(profile)
        chosen = found.get(_WAY)
        others = [key for key in _OTHER_WAYS if key in found]
        if chosen not in ways and (chosen or others):
            raise InvalidRequest(
                f"The profile '{profile}' in {self.path} signs in another way:"
                f" {', '.join([_WAY] if chosen else others)}.",
                hint="mlflow uses it as it is; keep a login beside it with --profile NAME.",
            )

    def write(self, profile: str, login: Mapping[str, str], *, dry_run: bool = False) -> bool:
        """Save a login, of KEYS, in a profile in place of any other; True if that changed anything.

        InvalidRequest for what could not be read back and for a profile that signs in another way.
        The file is nobody else's to read from then on. A dry run writes nothing.
        """
        self._check(login)
        self.refuse_other_ways(profile, ("pat" if "token" in login else "basic",))
        section = IniSection(profile, KEYS)

        def edit(text: str | None) -> str:
            before = text or ""
            found = self._sections(before)
            if _login_of(found, profile) == dict(login):
                return before
            after = section.with_values(before, login)
            now = self._sections(after)
            same = _others(now, profile) == _others(found, profile)
            if not same or _login_of(now, profile) != dict(login):
                raise InvalidRequest(
                    f"The Databricks configuration file {self.path} is written in a way that"
                    " authctl cannot change without harm.",
                    hint=f"Write {' and '.join(login)} into its section [{profile}] yourself.",
                )
            return after

        return self._file.change(edit, dry_run=dry_run)

    def remove(self, profile: str, *, dry_run: bool = False) -> bool:
        """Take the login out of a profile; True if there was one.

        A profile goes when nothing else is in it, and the file when that leaves it empty.
        """
        section = IniSection(profile, KEYS)

        def edit(text: str | None) -> str | None:
            if text is None or not _login_of(self._sections(text), profile):
                return text
            return section.without_empty(section.with_values(text, {})) or None

        return self._file.change(edit, dry_run=dry_run or not self.path.exists())

    def _check(self, login: Mapping[str, str]) -> None:
        for key, value in login.items():
            reason = why_unfit(value)
            if not reason and "%" in value:
                reason = "has a percent sign in it, which mlflow and the Databricks SDK read apart"
            if reason:
                raise InvalidRequest(
                    f"The {key} {reason}: {self.path} cannot hold it.",
                    hint="Set DATABRICKS_HOST, and DATABRICKS_TOKEN, or DATABRICKS_USERNAME and"
                    " DATABRICKS_PASSWORD.",
                )

    def _sections(self, text: str | None) -> dict[str, dict[str, str]]:
        try:
            return sections(text or "")
        except configparser.Error:
            # The parser's words quote the line, which may be a secret; so does its exception.
            raise InvalidRequest(
                f"The Databricks configuration file {self.path} cannot be read.",
                hint="It is an ini file with a section for each profile.",
            ) from None


def checked_profile(name: str) -> str:
    """Check a profile's name, which has to stand in databricks://NAME too. InvalidRequest."""
    if not _NAME.fullmatch(name) or name == _SETTINGS:
        raise InvalidRequest(
            f"A profile's name has letters, digits and . _ - in it, unlike '{name}'.",
            hint="For example: DEFAULT, or prod.",
        )
    return name


def _login_of(found: Mapping[str, Mapping[str, str]], profile: str) -> dict[str, str]:
    return {key: value for key, value in found.get(profile, {}).items() if key in KEYS}


def _others(found: Mapping[str, Mapping[str, str]], profile: str) -> dict[str, Mapping[str, str]]:
    mine = {key: value for key, value in found.get(profile, {}).items() if key not in KEYS}
    return {**found, profile: mine}
