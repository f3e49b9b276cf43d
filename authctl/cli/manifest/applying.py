"""Changes on their way: what became of each, in one transaction or through a server."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

from authctl.cli.batch import PartlyDone, result, unchanged
from authctl.cli.grants import level_word
from authctl.cli.location import Mode
from authctl.cli.manifest.lines import row_of, tell
from authctl.cli.progress import progress
from authctl.errors import AuthctlError, NotAuthenticated, Refused, Unavailable
from authctl.manifest.accounts import From, read_password
from authctl.manifest.apply import apply_together, change_on_server, role_ids
from authctl.manifest.change import Act
from authctl.manifest.plan import DEMOTION, stage
from authctl.manifest.state import Kind
from authctl.model import Permission

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from authctl.cli.field import Row
    from authctl.cli.manifest.draft import Draft
    from authctl.cli.session import Session
    from authctl.manifest.change import Change
    from authctl.store.rest import RestStore

_LOST_AFTER = 5
"""After so many failures to reach the server nothing more is begun."""


@dataclass(frozen=True, slots=True)
class Options:
    """How changes are made."""

    force: bool
    parallel: int


@dataclass(slots=True)
class Outcomes:
    """What became of each change so far, by its number."""

    passwords: Mapping[int, str] = field(repr=False)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    failures: dict[int, AuthctlError] = field(default_factory=dict)

    def done(self, number: int, change: Change, *, changed: bool = True) -> None:
        """Note that a change is made, or was."""
        became = (
            result(word_of(change), changed=True, dry_run=False)
            if changed
            else unchanged(dry_run=False)
        )
        self._note(number, change, became, self._printed(number, change))

    def failed(self, number: int, change: Change, error: AuthctlError) -> None:
        """Note that a change failed; a server that is lost may have made the user all the same."""
        self.failures[number] = error
        may_be_made = isinstance(error, Unavailable | _NotPromoted)
        became = {
            **result(f"failed: {error.message}", changed=False, dry_run=False),
            "error": error.error_code,
        }
        password = self._printed(number, change) if may_be_made else None
        self._note(number, change, became, password)

    def _note(
        self, number: int, change: Change, became: dict[str, Any], password: str | None
    ) -> None:
        self.rows[number] = {**row_of(change), "error": None, **became, "password": password}

    def _printed(self, number: int, change: Change) -> str | None:
        return self.passwords.get(number) if change.password.kind is From.GENERATE else None


class _NotPromoted(AuthctlError):
    """The user is there, but no admin."""


def planned(changes: Sequence[Change]) -> list[Row]:
    """Give the rows of a dry run."""
    return [
        {**row_of(change), **result(word_of(change), changed=True, dry_run=True)}
        for change in changes
    ]


def read_passwords(changes: Sequence[Change]) -> dict[int, str]:
    """Get the passwords of new users, by the numbers of their changes. InvalidRequest."""
    found = {}
    for number, change in enumerate(changes):
        password = read_password(change.password, where=f"The user '{change.username}'")
        if password is not None:
            found[number] = password
    return found


def carry_out(session: Session, drafted: Draft, outcomes: Outcomes, options: Options) -> None:
    """Make the changes, and note in `outcomes` what became of each, whatever happens.

    In an auth database all are made or none. Through a server, what fails does not stop the rest:
    PartlyDone, or an error of the first failure's class if nothing succeeded.
    """
    changes = drafted.changes
    with progress() as report:
        if session.location.mode is Mode.DIRECT:
            _in_the_database(session, drafted, outcomes, options, report)
            return
        from authctl.store.rest import RestStore  # noqa: PLC0415 - keeps start-up fast

        assert isinstance(session.store, RestStore)  # noqa: S101 - for the type checker
        remote = _Remote(session.store, drafted, outcomes, options)
        try:
            remote.run(lambda done: report("Applying", done, len(changes)))
        except (KeyboardInterrupt, SystemExit):
            tell(
                f"Interrupted: {len(outcomes.rows)} of {len(changes)} changes were begun, and are"
                " listed. To make the rest, apply it again."
            )
            raise
    failures = [outcomes.failures[number] for number in sorted(outcomes.failures)]
    if not failures:
        return
    if len(failures) < len(changes):
        raise PartlyDone(
            f"{len(failures)} of {len(changes)} changes failed; the results say which and why.",
            hint="What was done stays done: apply the manifest again to do the rest.",
        )
    if len(failures) == 1:
        raise failures[0]
    raise type(failures[0])(f"All {len(failures)} changes failed; the results say why.")


def word_of(change: Change) -> str:
    """Say in a word what becomes of the thing."""
    match change.kind, change.act:
        case Kind.USER, Act.CHANGE:
            return "promoted" if change.is_admin else "demoted"
        case Kind.GRANT, Act.CHANGE:
            return level_word(str(change.before), Permission(change.level or ""))
    return _WORDS[change.kind, change.act]


_WORDS = {
    (Kind.USER, Act.ADD): "created",
    (Kind.USER, Act.REMOVE): "deleted",
    (Kind.ROLE, Act.ADD): "created",
    (Kind.ROLE, Act.CHANGE): "changed",
    (Kind.ROLE, Act.REMOVE): "deleted",
    (Kind.MEMBER, Act.ADD): "assigned",
    (Kind.MEMBER, Act.REMOVE): "unassigned",
    (Kind.GRANT, Act.ADD): "granted",
    (Kind.GRANT, Act.REMOVE): "revoked",
}


def _in_the_database(
    session: Session,
    drafted: Draft,
    outcomes: Outcomes,
    options: Options,
    report: Callable[[str, int, int], None],
) -> None:
    changes, store = drafted.changes, session.database
    try:
        # Hashing takes long: not while others wait for the transaction.
        hashes = _hashed(outcomes.passwords, store.hashed, report)
        apply_together(
            store,
            changes,
            drafted.digest,
            {changes[number].username or "": found for number, found in hashes.items()},
            force=options.force,
            tell=lambda done: report("Applying", done, len(changes)),
        )
    except (KeyboardInterrupt, SystemExit):
        tell("Interrupted: nothing was changed.")
        raise
    except Unavailable:
        raise
    except AuthctlError as error:
        raise type(error)(f"{error.message} Nothing was changed.", hint=error.hint) from error
    for number, change in enumerate(changes):
        outcomes.done(number, change)


def _hashed(
    passwords: Mapping[int, str],
    hash_password: Callable[[str], str],
    report: Callable[[str, int, int], None],
) -> dict[int, str]:
    from authctl.cli.threads import in_threads  # noqa: PLC0415 - slow to import

    found: dict[int, str] = {}

    def settle(number: int, finish: Callable[[], str]) -> None:
        found[number] = finish()
        report("Hashing passwords", len(found), len(passwords))

    def work(number: int) -> str:
        return hash_password(passwords[number])

    in_threads(os.cpu_count() or 1, iter(passwords), work, settle)
    return found


class _Remote:
    """Changes made through a server, several at a time."""

    def __init__(
        self, store: RestStore, drafted: Draft, outcomes: Outcomes, options: Options
    ) -> None:
        self._store = store
        self._changes = drafted.changes
        self._outcomes = outcomes
        self._options = options
        self._ids = role_ids(drafted.state)
        self._locks: dict[object, threading.Lock] = defaultdict(threading.Lock)
        self._lost = 0

    def run(self, tell_done: Callable[[int], None]) -> None:
        """Make all changes, stage by stage."""
        from authctl.cli.threads import in_threads  # noqa: PLC0415 - slow to import

        def settle(number: int, finish: Callable[[], bool]) -> None:
            change = self._changes[number]
            try:
                self._outcomes.done(number, change, changed=finish())
            except AuthctlError as error:
                hopeless = isinstance(error, Unavailable | NotAuthenticated)
                if hopeless and not self._outcomes.rows and not self._outcomes.passwords:
                    raise
                self._lost += hopeless
                self._outcomes.failed(number, change, error)
            tell_done(len(self._outcomes.rows))

        numbers = range(len(self._changes))
        for _, of_stage in groupby(numbers, key=lambda number: stage(self._changes[number])):
            ordered = self._in_turn(list(of_stage))
            in_threads(self._options.parallel, ordered, self._make, settle)

    def _in_turn(self, numbers: list[int]) -> Iterator[int]:
        """One change of each user or role after another, so that threads do not wait for locks."""
        turns: dict[object, int] = defaultdict(int)
        placed = []
        for number in numbers:
            who = self._who(number)
            placed.append((turns[who], number))
            turns[who] += 1
        return iter([number for _, number in sorted(placed)])

    def _who(self, number: int) -> object:
        change = self._changes[number]
        return change.username or change.role

    def _make(self, number: int) -> bool:
        change = self._changes[number]
        self._refuse_to_go_on(change)
        # A server makes a user's own role with the first grant: not twice at a time.
        with self._locks[self._who(number)]:
            return self._change(number, change)

    def _change(self, number: int, change: Change) -> bool:
        password = self._outcomes.passwords.get(number)
        try:
            return change_on_server(
                self._store, change, self._ids, password, force=self._options.force
            )
        except Unavailable:
            raise
        except AuthctlError as error:
            if change.kind is Kind.USER and change.act is Act.ADD and change.is_admin:
                with suppress(AuthctlError):
                    self._store.get_user(change.username or "")
                    raise _NotPromoted(
                        f"The user was made, but no admin: {error.message}"
                    ) from error
            raise

    def _refuse_to_go_on(self, change: Change) -> None:
        if self._lost >= _LOST_AFTER:
            raise Unavailable("not tried, since the server does not answer.")
        fewer_admins = stage(change) >= DEMOTION and change.before is True
        if fewer_admins and any(
            self._changes[number].is_admin for number in self._outcomes.failures
        ):
            raise Refused("not tried, since another could not be made an admin.")
