"""A configuration file that cannot be right is refused, left as it is, and not quoted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from authctl.cli.context.file import Context, Contexts, ContextsFile
from authctl.errors import InvalidRequest
from tests.cli.commands import Done, Shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SERVER = 'server = "https://mlflow.example.com"\n'


@pytest.fixture
def file(tmp_path: Path) -> ContextsFile:
    return ContextsFile(tmp_path / "config.toml")


BROKEN = {
    '[context.prod]\npassword = "open sesame': "is not valid TOML in line 2.",
    "[context.prod]\npassword = sesame\n": "is not valid TOML in line 2.",
    "sesame": "is not valid TOML in line 1.",
    f"[context.prod]\n{SERVER}{SERVER}": "is not valid TOML in line 3.",
    'curent = "sesame"\n': "has an unknown key 'curent'.",
    f'[context.prod]\n{SERVER}passwort = "sesame"\n': "has an unknown key 'context.prod.passwort'.",
    '[context."a b"]\n': ": A context's name has letters, digits and . _ - in it, unlike 'a b'.",
    "[context.prod]\n": ": The context 'prod' names neither a server nor a database.",
    f'[context.prod]\n{SERVER}db = "sqlite:///sesame"\n': (
        ": The context 'prod' names both a server and a database."
    ),
    f'[context.prod]\n{SERVER}password = "sesame"\ntoken = "sesame"\n': (
        ": The context 'prod' has password and token, of which one can count."
    ),
    f'[context.prod]\n{SERVER}token = "sesame"\nkeyring = true\n': (
        ": The context 'prod' has token and keyring, of which one can count."
    ),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_file_is_refused_left_as_it_is_and_not_quoted(
    text: str, file: ContextsFile
) -> None:
    file.path.write_text(text)
    for attempt in (file.read, lambda: file.change(lambda contexts: contexts.using("x"))):
        with pytest.raises(InvalidRequest) as raised:
            attempt()
        error = raised.value
        expected = f"The configuration file {file.path} {BROKEN[text]}".replace(" :", ":")
        assert error.message == expected
        assert "sesame" not in f"{error.message} {error.hint}"
        assert error.__context__ is None or error.__suppress_context__
    assert file.path.read_text() == text


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("current = 5\n", "'current' in {path} must be text."),
        ("context = 5\n", "'context' in {path} must be a table of contexts."),
        ("context.prod = 5\n", "'context.prod' in {path} must be a table."),
        ("context.prod.server = 5\n", "'context.prod.server' in {path} must be text."),
        ('context.prod.server = ""\n', "'context.prod.server' in {path} must be text, not empty."),
        ("context.prod.password = ['x']\n", "'context.prod.password' in {path} must be text."),
        ("context.prod.token = 5\n", "'context.prod.token' in {path} must be text."),
        ("context.prod.keyring = 1\n", "'context.prod.keyring' in {path} must be true or false."),
        (
            "context.prod.insecure = 'yes'\n",
            "'context.prod.insecure' in {path} must be true or false.",
        ),
        ("context.prod.insecure = 1\n", "'context.prod.insecure' in {path} must be true or false."),
        ("context.prod.timeout = '5'\n", "'context.prod.timeout' in {path} must be a number."),
        ("context.prod.timeout = true\n", "'context.prod.timeout' in {path} must be a number."),
        ("context.prod.timeout = 0\n", "'context.prod.timeout' in {path} must be at least 0.1."),
        ("context.prod.timeout = nan\n", "'context.prod.timeout' in {path} must be at least 0.1."),
        ("context.prod.timeout = inf\n", "'context.prod.timeout' in {path} must be at least 0.1."),
        (
            "context.prod.retries = 1.5\n",
            "'context.prod.retries' in {path} must be a whole number.",
        ),
        ("context.prod.retries = -1\n", "'context.prod.retries' in {path} must be at least 0."),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused(line: str, wanted: str, file: ContextsFile) -> None:
    file.path.write_text(line)
    with pytest.raises(InvalidRequest) as raised:
        file.read()
    assert raised.value.message == wanted.format(path=file.path)


def test_a_misspelt_key_is_answered_with_the_right_one(file: ContextsFile) -> None:
    file.path.write_text(f"[context.prod]\n{SERVER}ca_crt = 'x'\n")
    with pytest.raises(InvalidRequest) as raised:
        file.read()
    assert raised.value.hint == "Did you mean 'ca_cert'?"


def test_everything_that_is_kept_is_read_back(file: ContextsFile) -> None:
    everything = Context(
        "a.b-c_1",
        server="https://mlflow.example.com",
        username='a "b" \\ ü',
        password="% [x] = 'y' # \t 🔑",
        ca_cert="/ca.pem",
        client_cert="/me.pem",
        insecure=True,
        allow_http=True,
        timeout=2.5,
        retries=0,
    )
    database = Context("db", db="postgresql://u:p@h/d", auth_config="/a.ini")
    contexts = Contexts().keeping(everything).keeping(database).using("db")
    assert file.change(lambda _: contexts) == (Contexts(), contexts)
    assert file.read() == contexts


def test_no_secret_is_in_the_repr_of_a_context() -> None:
    shown = repr(Context("a", db="postgresql://u:opensesame@h/d", password="opensesame"))
    assert "opensesame" not in shown


def test_text_that_is_not_unicode_is_refused_without_being_quoted(file: ContextsFile) -> None:
    bad = Context("a", server="https://x", username="open\udcffsesame")
    with pytest.raises(InvalidRequest, match="not valid Unicode") as raised:
        file.change(lambda contexts: contexts.keeping(bad))
    assert "sesame" not in raised.value.message
    assert not file.path.exists()


def _folder(path: Path) -> None:
    path.mkdir()


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


def _bytes(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_folder, "is not a file"),
        (_link_to_itself, "cannot be read: Too many levels of symbolic links"),
        (_bytes, "is not UTF-8 text"),
    ],
)
def test_what_is_no_text_file_is_refused_by_every_command_that_needs_it(
    make: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    path = tmp_path / ".config" / "authctl" / "config.toml"
    path.parent.mkdir(parents=True)
    make(path)
    refused = Done("", f"error: The configuration file {path} {why}.\n", 2)
    shell = Shell(tmp_path)
    for command in (
        ("context", "list"),
        ("context", "set", "x", "--server", "https://x"),
        ("user", "list", "--context", "prod"),
        ("login", "--server", "http://127.0.0.1:1", "--context", "x", "--no-interactive"),
        ("logout", "--context", "prod"),
    ):
        assert shell.run(*command) == refused
    # Who names a place does not need it.
    assert shell.run("user", "list", "--db", "sqlite:///no.db").code == 7


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(file: ContextsFile) -> None:
    file.path.write_text(f"[context.prod]\n{SERVER}")
    file.path.chmod(0)
    with pytest.raises(InvalidRequest) as raised:
        file.read()
    assert raised.value.message == (
        f"The configuration file {file.path} cannot be read: Permission denied."
    )
