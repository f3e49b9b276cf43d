"""A login to Databricks, kept where mlflow looks for one: found or asked for, checked and saved."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.cli.batch import RESULT, result, unchanged
from authctl.cli.field import Field
from authctl.cli.location import Location, Mode
from authctl.cli.login.sign_in import NOTHING_SAVED, TYPED
from authctl.cli.session import Session
from authctl.errors import InvalidRequest, NotAuthenticated

if TYPE_CHECKING:
    from authctl.cli.login.options import SignInOptions
    from authctl.client.address import Address
    from authctl.client.credentials import Credentials
    from authctl.client.databricks import Known
    from authctl.client.databricks_file import DatabricksFile

_WAYS = (
    "Give --server with --token-stdin or --token-file FILE, or with --username and"
    " --password-stdin or --password-file FILE, or set DATABRICKS_HOST and DATABRICKS_TOKEN; at a"
    " terminal you are asked."
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A login to try: one that is `new`, or one that is kept somewhere already."""

    address: Address
    credentials: Credentials
    new: bool

    @property
    def origin(self) -> str:
        secret = self.credentials.password or self.credentials.token
        return secret.origin if secret else ""

    def values(self) -> dict[str, str]:
        """What is saved of it, by the keys of the file."""
        known = self.credentials
        found = {"token": known.token, "username": known.username, "password": known.password}
        kept = {key: secret.value for key, secret in found.items() if secret}
        return {"host": self.address.url, **kept}


@dataclass(frozen=True, slots=True)
class Databricks:
    """The file of Databricks' profiles, and one profile in it."""

    session: Session
    file: DatabricksFile
    profile: str
    named: bool = field(default=False)

    @classmethod
    def find(cls, session: Session, profile: str | None) -> Databricks:
        """Find the file and the profile: --profile, else the one the Databricks SDK would take."""
        from authctl.client.databricks_file import (  # noqa: PLC0415 - keeps start-up fast
            DatabricksFile,
            checked_profile,
        )

        file = DatabricksFile.find(session.env, Path.home())
        name = checked_profile(profile or file.profile_in_use(session.env))
        return cls(session, file, name, named=profile is not None)

    def login(self, options: SignInOptions, *, dry_run: bool) -> None:
        """Check a login with the workspace, and save one that is new."""
        sheet = self.session.output.sheet(
            (
                Field("server"),
                Field("profile"),
                Field("username", "user"),
                Field("saved_in", "saved in"),
                *RESULT,
            ),
            name="username",
        )
        attempt, username = self._accepted(options)
        changed = attempt.new and self.file.write(self.profile, attempt.values(), dry_run=dry_run)
        given = attempt.credentials.username
        sheet.show_one(
            {
                "server": attempt.address.url,
                "profile": self.profile,
                "username": username or (given.value if given else None),
                "saved_in": str(self.file.path) if attempt.new else None,
                **(
                    result("logged in", changed=True, dry_run=dry_run)
                    if changed
                    else unchanged(dry_run=dry_run)
                ),
            }
        )
        if not dry_run:
            self._say_where(attempt)

    def logout(self, *, dry_run: bool) -> None:
        """Take the login out of the profile, and say what is left."""
        sheet = self.session.output.sheet(
            (Field("profile"), Field("removed_from", "removed from"), *RESULT), name="profile"
        )
        changed = self.file.remove(self.profile, dry_run=dry_run)
        sheet.show_one(
            {
                "profile": self.profile,
                "removed_from": str(self.file.path) if changed else None,
                **(
                    result("logged out", changed=True, dry_run=dry_run)
                    if changed
                    else unchanged(dry_run=dry_run)
                ),
            }
        )
        if not dry_run:
            self._say_what_is_left(changed=changed)

    def _accepted(self, options: SignInOptions) -> tuple[_Attempt, str | None]:
        known = self._known()
        may_ask = self.session.prompts.possible
        if not self._is_new(options, known):
            if known.complete and known.host:
                there = self._workspace(known.host.value)
                attempt = _Attempt(there, known.credentials, new=False)
                try:
                    return attempt, self._ask_who(attempt)
                except NotAuthenticated as error:
                    if not may_ask:
                        raise
                    self.session.output.note(f"{error.message} It is from {attempt.origin}.")
            elif not may_ask:
                raise InvalidRequest("No login to Databricks is known.", hint=_WAYS)
        self.file.refuse_other_ways(self.profile)
        attempt = self._new(options, known, may_ask=may_ask)
        attempt.credentials.authorization()  # refuses what cannot be sent
        self.file.write(self.profile, attempt.values(), dry_run=True)  # and what cannot be kept
        return attempt, self._ask_who(attempt)

    def _known(self) -> Known:
        from authctl.client.databricks import find_known  # noqa: PLC0415 - keeps start-up fast

        return find_known(self.session.env, self.file, self.profile, named=self.named)

    def _is_new(self, options: SignInOptions, known: Known) -> bool:
        if options.gives_password or options.gives_token or options.username is not None:
            return True
        server = self.session.options.server
        if server is None:
            return False
        return known.host is None or self._workspace(server) != self._workspace(known.host.value)

    def _new(self, options: SignInOptions, known: Known, *, may_ask: bool) -> _Attempt:
        """Gather a login, asking for what is not given. InvalidRequest for what is missing."""
        from authctl.client.credentials import Credentials, Secret  # noqa: PLC0415 - start-up
        from authctl.client.databricks import is_community  # noqa: PLC0415 - as above

        prompts = self.session.prompts
        host = self.session.options.server or (known.host.value if known.host else None)
        if host is None or (not options.gives_password and not options.gives_token and may_ask):
            host = self._ask_host(host, may_ask=may_ask)
        address = self._workspace(host)
        if token := options.given_token():
            return _Attempt(address, Credentials(token=token), new=True)
        if not may_ask and not options.gives_password:
            raise InvalidRequest(f"No login to {address.url} is known.", hint=_WAYS)
        by_password = options.gives_password or options.username is not None
        if not by_password and not is_community(address):
            token = Secret(prompts.password(f"Token for {address.url}"), TYPED)
            return _Attempt(address, Credentials(token=token), new=True)
        username = options.username
        if username is None:
            if not may_ask:
                raise InvalidRequest("The password is given, but not whose it is.", hint=_WAYS)
            username = prompts.text(f"Username for {address.url}")
        password = options.given_password()
        if password is None:
            password = prompts.password(f"Password for {username}")
        login = Credentials(Secret(username, TYPED), Secret(password, TYPED))
        return _Attempt(address, login, new=True)

    def _ask_host(self, known: str | None, *, may_ask: bool) -> str:
        if self.session.options.server:
            return self.session.options.server
        if not may_ask:
            raise InvalidRequest(
                "No Databricks workspace is known.",
                hint="Name it with --server or DATABRICKS_HOST.",
            )
        return self.session.prompts.text("Databricks host, beginning with https://", default=known)

    def _ask_who(self, attempt: _Attempt) -> str | None:
        from authctl.client.databricks import who_is  # noqa: PLC0415 - keeps start-up fast
        from authctl.client.tls import BUNDLES  # noqa: PLC0415 - as above

        there = Session(self.session.options)
        # What MLflow's variables say of certificates is for another server than this one.
        there.env = {name: self.session.env[name] for name in BUNDLES if name in self.session.env}
        there.location = Location(Mode.REMOTE, attempt.address.url, attempt.origin)
        with closing(there.connected_as(attempt.credentials)) as server:
            try:
                return who_is(server, attempt.address)
            except NotAuthenticated as error:
                hint = NOTHING_SAVED if attempt.new else f"It is from {attempt.origin}."
                raise NotAuthenticated(error.message, hint=hint) from error

    def _workspace(self, host: str) -> Address:
        from authctl.client.databricks import workspace  # noqa: PLC0415 - keeps start-up fast

        return workspace(host, allow_http=self.session.options.allow_http)

    def _say_where(self, attempt: _Attempt) -> None:
        from authctl.client.databricks import VARIABLES  # noqa: PLC0415 - keeps start-up fast

        note, env = self.session.output.note, self.session.env
        if attempt.new:
            note(f"The login is kept in {self.file.path}, which only you can read.")
        else:
            note(f"The login is from {attempt.origin}; nothing had to be saved.")
        note(f"mlflow uses it with MLFLOW_TRACKING_URI={self._uri()}.")
        if attempt.new and (set_there := [name for name in VARIABLES.values() if env.get(name)]):
            self.session.output.warn(
                f"{' and '.join(set_there)} in the environment beats what was saved."
            )

    def _uri(self) -> str:
        from authctl.client.databricks_file import DEFAULT_PROFILE  # noqa: PLC0415 - start-up

        plain = self.profile == DEFAULT_PROFILE == self.file.profile_in_use(self.session.env)
        return "databricks" if plain else f"databricks://{self.profile}"

    def _say_what_is_left(self, *, changed: bool) -> None:
        from authctl.client.databricks import VARIABLES  # noqa: PLC0415 - keeps start-up fast

        if changed and (left := list(self.file.read(self.profile))):
            self.session.output.note(
                f"The profile keeps {', '.join(left)}: authctl login does not write that."
            )
        env = self.session.env
        if secrets := [VARIABLES[key] for key in ("token", "password") if env.get(VARIABLES[key])]:
            self.session.output.warn(f"{' and '.join(secrets)} still signs you in.")
