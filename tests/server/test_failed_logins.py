"""Wrong passwords are limited, and nobody is locked out of where they work by somebody else."""

from __future__ import annotations

import logging

import pytest

from authctl.errors import TooManyRequests
from authctl.server.failed_logins import NO_ADDRESS, FailedLogins, Origin
from tests.exchanges import scope_of
from tests.server.logins import START, Clock, Ledger

HOME, OFFICE = "192.0.2.1", "198.51.100.1"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def failed(ledger: Ledger, clock: Clock) -> FailedLogins:
    return worker(ledger, clock)


def worker(ledger: Ledger, clock: Clock, *, user: int = 3, address: int = 5) -> FailedLogins:
    return FailedLogins(ledger, per_user=user, per_address=address, clock=clock)


def guess(failed: FailedLogins, username: str = "alice", address: str = HOME) -> bool:
    """Whether a wrong password gets as far as to be verified."""
    origin = Origin(username, address)
    try:
        failed.check_again(origin)
        failed.check(origin)
    except TooManyRequests:
        return False
    failed.count(origin)
    failed.save()
    return True


def guesses(failed: FailedLogins, number: int, username: str = "alice", address: str = HOME) -> int:
    """How many of so many wrong passwords get as far as that."""
    return sum(guess(failed, username, address) for _ in range(number))


def log_in(failed: FailedLogins, username: str = "alice", address: str = HOME) -> None:
    """The right password, which has to get as far as that too."""
    origin = Origin(username, address)
    failed.check(origin)
    failed.prove(origin)
    failed.save()


def test_a_user_is_limited_wherever_the_guesses_come_from(failed: FailedLogins) -> None:
    assert [guess(failed, address=f"192.0.2.{number}") for number in range(5)] == [
        *(True, True, True, False, False)
    ]
    assert guess(failed, "bob", "192.0.2.4")


def test_an_address_is_limited_whomever_the_guesses_are_for(failed: FailedLogins) -> None:
    assert (
        guesses(failed, 2, "alice") + guesses(failed, 2, "bob") + guesses(failed, 2, "carol") == 5
    )
    assert not guess(failed, "nobody-at-all")
    assert guess(failed, "carol", OFFICE)


def test_all_workers_count_together(ledger: Ledger, clock: Clock) -> None:
    workers = [worker(ledger, clock) for _ in range(4)]
    assert sum(guesses(one, 2) for one in workers) == 3


def test_it_may_be_tried_again_in_the_next_minute_and_not_before(
    failed: FailedLogins, clock: Clock
) -> None:
    clock.now = START + 17.5
    assert guesses(failed, 4) == 3
    with pytest.raises(TooManyRequests, match=r"Try again in 43 seconds\.") as told:
        failed.check(Origin("alice", HOME))
    assert told.value.retry_after == 43
    clock.now = START + 59.9
    with pytest.raises(TooManyRequests) as told:
        failed.check_again(Origin("alice", HOME))
    assert told.value.retry_after == 1
    clock.now = START + 60
    assert guesses(failed, 4) == 3


def test_the_answer_is_the_same_for_a_user_who_does_not_exist(failed: FailedLogins) -> None:
    told = []
    for name in ("alice", "nobody"):
        guesses(failed, 4, name, f"of {name}")
        with pytest.raises(TooManyRequests) as refusal:
            failed.check(Origin(name, f"of {name}"))
        told.append((refusal.value.message, refusal.value.retry_after))
    assert told[0] == told[1]


def test_a_refusal_is_repeated_without_asking_the_database(
    failed: FailedLogins, ledger: Ledger
) -> None:
    guesses(failed, 4)
    asked = ledger.asked
    assert guesses(failed, 100) == 0
    assert ledger.asked == asked


def test_a_known_place_is_not_shut_by_guesses_from_elsewhere(
    failed: FailedLogins, ledger: Ledger, clock: Clock
) -> None:
    log_in(failed, "alice", OFFICE)
    guesses(failed, 4, "alice", HOME)
    assert not guess(failed, "alice", HOME)
    for one in (failed, worker(ledger, clock)):  # that one has just been started
        log_in(one, "alice", OFFICE)


def test_a_known_place_is_not_shut_by_guesses_at_others_from_there(failed: FailedLogins) -> None:
    log_in(failed, "alice", OFFICE)
    for name in ("bob", "carol", "dave"):
        guesses(failed, 2, name, OFFICE)
    assert not guess(failed, "dave", OFFICE)
    log_in(failed, "alice", OFFICE)


def test_a_known_place_has_a_limit_of_its_own(
    failed: FailedLogins, ledger: Ledger, clock: Clock
) -> None:
    log_in(failed)
    assert guesses(failed, 5) == 3
    assert not guess(worker(ledger, clock))


def test_a_known_place_is_held_against_nobody_else(failed: FailedLogins) -> None:
    """Such as a program that goes on trying a password of yesterday."""
    log_in(failed, "alice", OFFICE)
    guesses(failed, 5, "alice", OFFICE)
    assert guesses(failed, 4, "alice", HOME) == 3
    assert guesses(failed, 4, "bob", OFFICE) == 3


def test_a_known_place_is_one_users_at_one_address(failed: FailedLogins) -> None:
    log_in(failed, "alice", OFFICE)
    guesses(failed, 4, "alice", HOME)
    assert not guess(failed, "alice", "192.0.2.77")
    guesses(failed, 4, "bob", "192.0.2.78")
    assert not guess(failed, "bob", OFFICE)


def test_a_known_place_is_known_for_a_day(
    failed: FailedLogins, ledger: Ledger, clock: Clock
) -> None:
    log_in(failed, "alice", OFFICE)
    day = 24 * 60 * 60
    for later, still in ((day - 1, True), (day + 1, False)):
        clock.now = START + later
        guesses(failed, 4, "alice", HOME)
        for one in (failed, worker(ledger, clock)):
            assert guess(one, "alice", OFFICE) is still


def test_a_known_place_opens_at_once_for_whoever_was_waiting_to_be_verified(
    failed: FailedLogins,
) -> None:
    guesses(failed, 4, "bob", OFFICE)
    guesses(failed, 4, "alice", OFFICE)
    assert not guess(failed, "alice", OFFICE)
    failed.prove(Origin("alice", OFFICE))  # it was checked before that
    log_in(failed, "alice", OFFICE)


def test_a_right_password_takes_nothing_back(failed: FailedLogins) -> None:
    """Whoever has an account cannot go on guessing at others by logging in between guesses."""
    done = 0
    for number in range(20):
        log_in(failed, "mallory")
        done += guess(failed, f"victim-{number}")
    assert done == 5
    done = 0
    for number in range(20):
        address = f"203.0.113.{number}"
        log_in(failed, "mallory", address)
        done += guess(failed, "alice", address)
    assert done == 3


@pytest.mark.parametrize(("user", "address", "passed"), [(0, 5, 5), (3, 0, 3), (0, 0, 100)])
def test_0_is_no_limit(user: int, address: int, passed: int, ledger: Ledger, clock: Clock) -> None:
    assert guesses(worker(ledger, clock, user=user, address=address), 100) == passed


def test_without_any_limit_nothing_is_asked_or_written(ledger: Ledger, clock: Clock) -> None:
    failed = worker(ledger, clock, user=0, address=0)
    guesses(failed, 10)
    log_in(failed)
    assert (ledger.asked, ledger.writes) == (0, 0)


@pytest.fixture(params=["fails", "has no tables"])
def without(request: pytest.FixtureRequest, ledger: Ledger) -> Ledger:
    """A ledger that cannot be written to."""
    ledger.fails = request.param == "fails"
    ledger.has_tables = request.param != "has no tables"
    return ledger


@pytest.mark.usefixtures("without")
def test_without_a_database_the_limits_hold_in_each_process(
    failed: FailedLogins, clock: Clock
) -> None:
    log_in(failed, "carol")
    assert guesses(failed, 10) == 3
    assert guesses(failed, 10, "bob") == 2
    log_in(failed, "carol")
    clock.now += 60
    assert guesses(failed, 10) == 3


@pytest.mark.usefixtures("without")
def test_it_is_told_once_that_each_process_counts_for_itself(
    failed: FailedLogins, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "authctl.door")
    guesses(failed, 3)
    [told] = caplog.messages
    assert told.startswith("wrong passwords are counted by each process for itself: ")


def test_what_was_counted_is_written_down_once_it_can_be(
    failed: FailedLogins, without: Ledger, clock: Clock
) -> None:
    log_in(failed, "carol")
    guesses(failed, 2)
    without.fails, without.has_tables = False, True
    assert guesses(failed, 10) == 1
    assert sum(without.counts.values()) == 2 * 3
    other = worker(without, clock)
    assert guesses(other, 10) == 0
    guesses(other, 10, "bob")
    log_in(other, "carol")


def test_what_is_written_down_is_not_counted_twice(failed: FailedLogins, ledger: Ledger) -> None:
    guess(failed)
    failed.save()
    failed.save()
    assert ledger.writes == 1
    assert sorted(ledger.counts.values()) == [1, 1]


def test_neither_names_nor_addresses_are_written_down(failed: FailedLogins, ledger: Ledger) -> None:
    """People type passwords where the username belongs."""
    guess(failed, "hunter2")
    log_in(failed, "hunter2")
    written = repr((ledger.counts, ledger.places))
    assert "hunter2" not in written
    assert HOME not in written


def test_it_is_told_when_a_limit_begins_to_bite_once_a_minute(
    failed: FailedLogins, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "authctl.door")
    name = "eve\n" + "x" * 1000
    guesses(failed, 3, name, OFFICE)
    assert caplog.messages == []
    guesses(failed, 20, name, OFFICE)
    guesses(failed, 20, name, HOME)
    shown = repr(name[:80])
    assert caplog.messages == [
        f"too many wrong passwords for a user: now for {shown} from {OFFICE}"
    ]
    for number in range(20):
        guess(failed, f"invented-{number}", OFFICE)
    assert caplog.messages[1:] == [
        f"too many wrong passwords from an address: now for 'invented-2' from {OFFICE}"
    ]
    clock.now += 60
    guesses(failed, 20, name, OFFICE)
    assert len(caplog.messages) == 3


@pytest.mark.parametrize(
    ("client", "address"),
    [
        (("192.0.2.1", 50000), "192.0.2.1"),
        (("::ffff:192.0.2.1", 50000), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 50000), "2001:db8:1:2::/64"),
        (("2001:db8:1:2::99", 50000), "2001:db8:1:2::/64"),
        (("2001:db8:1:3::99", 50000), "2001:db8:1:3::/64"),
        (("fe80::1%eth0", 50000), "fe80::/64"),
        (("a socket", 0), "a socket"),
        (("", 0), ""),
        (None, NO_ADDRESS),
    ],
)
def test_an_address_is_one_host_or_the_network_of_one(
    client: tuple[str, int] | None, address: str
) -> None:
    scope = {**scope_of("GET", "/"), "client": client}
    assert Origin.of("alice", scope) == Origin("alice", address)
    del scope["client"]
    assert Origin.of("alice", scope) == Origin("alice", NO_ADDRESS)


def test_no_two_origins_are_counted_as_one() -> None:
    digests = {
        digest
        for name in ("a", "b", "192.0.2.1")
        for address in ("a", "b", "192.0.2.1")
        for origin in (Origin(name, address),)
        for digest in (origin.user_digest, origin.address_digest, origin.place.place)
    }
    assert len(digests) == 3 + 3 + 9
