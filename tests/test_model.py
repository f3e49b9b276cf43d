"""The words everything else is said in."""

from __future__ import annotations

import pytest

from authctl.errors import InvalidRequest
from authctl.model import (
    WILDCARD_ONLY,
    Account,
    Action,
    Permission,
    Resource,
    ResourceType,
    User,
    checked_name,
    checked_password,
    checked_username,
    experiment_id,
)

READ, USE, UPDATE, DELETE, MANAGE, CREATE = Action

ALLOWED = {
    Permission.NO_PERMISSIONS: set(),
    Permission.DENY: set(),
    Permission.READ: {READ},
    Permission.USE: {READ, USE},
    Permission.EDIT: {READ, USE, UPDATE},
    Permission.MANAGE: {READ, USE, UPDATE, DELETE, MANAGE},
}


def test_each_level_allows_what_the_table_says_and_nothing_else() -> None:
    assert set(ALLOWED) == set(Permission)
    for level, actions in ALLOWED.items():
        assert not level.allows(CREATE)
        assert {action for action in Action if level.allows(action)} == actions
        assert level.denies is (not actions)


def test_levels_contain_each_other() -> None:
    ladder = [Permission.READ, Permission.USE, Permission.EDIT, Permission.MANAGE]
    for index, level in enumerate(ladder):
        assert all(level.at_least(lower) for lower in ladder[: index + 1])
        assert not any(level.at_least(higher) for higher in ladder[index + 1 :])
        assert not Permission.DENY.at_least(level)


@pytest.mark.parametrize("word", ["", "read", " READ", "OWNER", "Permission.READ", "NONE"])
def test_another_word_is_no_level_and_the_levels_are_named(word: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Permission.parse(word)
    assert caught.value.message == (
        f"Invalid permission '{word}'. Valid permissions are:"
        " ('NO_PERMISSIONS', 'READ', 'USE', 'EDIT', 'MANAGE', 'DENY')"
    )


@pytest.mark.parametrize("text", ["0", "1", "42", "9223372036854775807"])
def test_an_experiment_id_is_a_canonical_number(text: str) -> None:
    assert experiment_id(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01",
        "00",
        " 1",
        "1 ",
        "+1",
        "-1",
        "1_0",
        "1\n",
        "1.0",
        "1e3",
        "\u0661",
        "*",
        "1/2",
        "9" * 20,
    ],
)
def test_nothing_else_is_an_experiment_id(text: str) -> None:
    with pytest.raises(InvalidRequest):
        experiment_id(text)


@pytest.mark.parametrize("name", ["a", "a b", "Größe/50%", "例え 😀", "x" * 255, "a:b", "*"])
def test_a_name_is_kept_as_it_is(name: str) -> None:
    assert checked_name(name, "name") == name


@pytest.mark.parametrize(
    "name", ["", " ", "\t", "x" * 256, "a\0b", "a\nb", "a\x1b[31m", "a\x7f", "a\x9b", "a\ud800"]
)
def test_a_name_that_no_grant_can_have_is_refused_without_quoting_it(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_name(name, "model name")
    assert caught.value.message.startswith("Invalid model name: it ")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", ["alice", "jörg@example.com", "Alice B.", "_user_1", "a*b"])
def test_a_username_is_kept_as_it_is(name: str) -> None:
    assert checked_username(name) == name


@pytest.mark.parametrize(
    "name", ["", "a:b", ":", "*", "__user_1__", "__user_", " a", "a ", "a\u00a0", "x" * 256, "a\rb"]
)
def test_a_username_that_cannot_log_in_or_means_something_else_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        checked_username(name)


@pytest.mark.parametrize("password", ["twelve chars", "pässwörter 12", "😀" * 12, "x" * 1000])
def test_a_password_of_twelve_characters_will_do(password: str) -> None:
    assert checked_password(password) == password


@pytest.mark.parametrize("password", ["", "x", "elevenchars", "with a\nbreak", "NUL\0" * 4])
def test_a_password_that_will_not_do_is_refused_without_quoting_it(password: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked_password(password)
    assert len(password) < 4 or password not in caught.value.message


def test_half_a_character_in_a_password_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        checked_password("x" * 12 + "\ud800")


def test_a_resource_reads_as_type_and_id() -> None:
    assert str(Resource.checked("experiment", "42")) == "experiment:42"
    assert Resource.checked("registered_model", "a:b/*") == Resource("registered_model", "a:b/*")


@pytest.mark.parametrize("kind", sorted(ResourceType))
def test_every_type_has_a_wildcard(kind: str) -> None:
    assert Resource.checked(kind, "*") == Resource(kind, "*")


@pytest.mark.parametrize("kind", sorted(WILDCARD_ONLY))
def test_some_types_have_nothing_else(kind: str) -> None:
    with pytest.raises(InvalidRequest, match="supports only wildcard"):
        Resource.checked(kind, "1")


@pytest.mark.parametrize(
    ("kind", "name"),
    [("", "1"), ("experiments", "1"), ("Experiment", "1"), ("experiment", "01"), ("prompt", "")],
)
def test_a_resource_that_no_grant_can_name_is_refused(kind: str, name: str) -> None:
    with pytest.raises(InvalidRequest):
        Resource.checked(kind, name)


def test_an_account_never_shows_its_hash() -> None:
    assert "scrypt" not in repr(Account(User(1, "alice", False), "scrypt:32768:8:1$salt$hash"))
