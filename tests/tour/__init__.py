"""The tours: programs that use the real clients, and what they should come to."""

from __future__ import annotations

from tests.tour.day import (
    PRINTED,
    READS,
    WRITES,
    Work,
    as_user,
    grant,
    look,
    outsider_sees,
    reader_sees,
    train,
)
from tests.tour.journey import Journey

__all__ = [
    "PRINTED",
    "READS",
    "WRITES",
    "Journey",
    "Work",
    "as_user",
    "grant",
    "look",
    "outsider_sees",
    "reader_sees",
    "train",
]
