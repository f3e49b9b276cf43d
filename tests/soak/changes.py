"""Accounts, grants, roles and tokens that are given and taken while others work."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.server.admin_api import AdminApi
from tests.server.kinds_of_access import KINDS, new_subject
from tests.server.never_stale import Play, Tally, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.live import Server
    from tests.server.kinds_of_access import Subject
    from tests.server.lines import Line
    from tests.server.never_stale import Ways


@dataclass
class Changes:
    """Every kind of access in turn, in every way; the next request to each worker must know it."""

    ways: Ways
    subjects: dict[str, Subject]
    checkers: Sequence[Line]
    before_change: Callable[[], object]
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._names: Iterator[str] = itertools.cycle(self.subjects)

    def make_some(self) -> None:
        """Give and take the next kind of access, once in each way."""
        name = next(self._names)
        kind, subject = KINDS[name], self.subjects[name]
        watch = Watch(kind, self.checkers, ())
        Play(name, kind, subject, watch, self.ways, self.tally, self.before_change).rounds(1)


def subjects(server: Server) -> dict[str, Subject]:
    """Somebody for each kind of access."""
    api = AdminApi(server)
    return {
        name: new_subject(server, kind, f"subject-{number}", api.new_experiment())
        for number, (name, kind) in enumerate(KINDS.items())
    }
