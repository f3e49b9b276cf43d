from __future__ import annotations

from pathlib import Path

import pytest

from authctl.errors import InvalidRequest
from authctl.manifest.accounts import GENERATED, PasswordSource, WantedUser, read_password
from authctl.manifest.accounts import wanted_user as read_user
from authctl.manifest.read import read_manifest
from authctl.manifest.wanted import WantedGrant
from authctl.model import Permission, Resource
from tests.manifest.things import role, user, wanted

SECRET = "correct horse battery"
HINT = (
    'Use password_file = "FILE", password = "generate" to have one made up and printed, or'
    ' password = "none" for a service account, which has tokens only.'
)


def test_a_manifest_says_who_is_there_and_who_may_what() -> None:
    found = wanted("""
        [[user]]
        name = "ann"
        admin = true
        password_file = "ann.txt"

        [[user]]
        name = "bob"
        password = "generate"

        [[role]]
        name = "readers"
        members = ["ann", "bob"]
        grants = [
            { experiment_id = [1, "2"], level = "READ" },
            { resource = "prompt:a:b", level = "use", },
        ]

        [[grant]]
        users = ["ann", "bob"]
        experiment = "fraud"
        model = ["churn", "*"]
        level = "EDIT"
    """)
    assert [asked.user for asked in found.users.values()] == [
        WantedUser("ann", True, PasswordSource.of(file=Path("/etc/ann.txt"))),
        WantedUser("bob", None, GENERATED),
    ]
    assert found.roles["readers"].members == ("ann", "bob")
    read, first, second = Permission.READ, "access.toml, role 1, grant 1", "access.toml, grant 1"
    assert found.grants == {
        (role("readers"), Resource("experiment", "1")): WantedGrant(read, first),
        (role("readers"), Resource("experiment", "2")): WantedGrant(read, first),
        (role("readers"), Resource("prompt", "a:b")): WantedGrant(
            Permission.USE, "access.toml, role 1, grant 2"
        ),
        **{
            (user(name), resource): WantedGrant(Permission.EDIT, second)
            for name in ("ann", "bob")
            for resource in (
                Resource("experiment", "42"),
                Resource("registered_model", "churn"),
                Resource("registered_model", "*"),
            )
        },
    }


GRANT = '[[grant]]\nuser = "ann"\nmodel = "m"\nlevel = "READ"\n'

WRONG = {
    "": ("access.toml: it does not say its version.", "Begin it with: version = 1"),
    "version = 2": (
        "access.toml: its version is not known; this authctl reads version 1.",
        "Write version = 1, or upgrade authctl.",
    ),
    "version = 1\n[[users]]\nname = 'a'": (
        "access.toml: there is no key 'users'.",
        "Did you mean 'user'?",
    ),
    "version = 1\n[user]\nname = 'a'": (
        "access.toml: 'user' must be a list of tables.",
        "Head each of them with [[user]].",
    ),
    "version = 1\n[[user]]\nname = 'a'\nadmni = true": (
        "access.toml, user 1: there is no key 'admni'.",
        "Did you mean 'admin'?",
    ),
    "version = 1\n[[user]]\nadmin = true": (
        "access.toml, user 1: the key 'name' is missing.",
        'Write it as name = "...".',
    ),
    "version = 1\n[[user]]\nname = 'a'\nadmin = 'yes'": (
        "access.toml, user 1: 'admin' must be true or false, not a text.",
        None,
    ),
    f"version = 1\n[[user]]\nname = 'a'\npassword = '{SECRET}'": (
        "access.toml, user 1: a password must not be written out in this file.",
        HINT,
    ),
    "version = 1\n[[user]]\nname = 'a'\npassword = ['none']": (
        "access.toml, user 1: a password must not be written out in this file.",
        HINT,
    ),
    "version = 1\n[[user]]\nname = 'a'\npassword = 1234567890123": (
        "access.toml, user 1: a password must not be written out in this file.",
        HINT,
    ),
    "version = 1\n[[user]]\nname = 'a'\npassword = 'generate'\npassword_file = 'f'": (
        "access.toml, user 1: the password can come from one place only.",
        HINT,
    ),
    "version = 1\n[[user]]\nname = 'a'\n[[user]]\nname = 'b'\n[[user]]\nname = 'a'": (
        "access.toml, user 3: the user 'a' stands already in access.toml, user 1.",
        "Make one table of the two.",
    ),
    "version = 1\n[[role]]\nname = 'r'\n[[role]]\nname = 'r'": (
        "access.toml, role 2: the role 'r' stands already in access.toml, role 1.",
        "Make one table of the two.",
    ),
    "version = 1\n[[role]]\nname = '__user_7__'": (
        "access.toml, role 1: no role can be called '__user_7__'.",
        "Such roles hold users' own grants: write those as [[grant]] with a user.",
    ),
    "version = 1\n[[role]]\nname = 'r'\nmembers = ['a', 'a']": (
        "access.toml, role 1: the member 'a' stands twice.",
        None,
    ),
    "version = 1\n[[role]]\nname = 'r'\nmembers = [1]": (
        "access.toml, role 1: 'members' must be a text or a list of texts, not a list.",
        None,
    ),
    "version = 1\n[[role]]\nname = 'r'\ngrants = [{ user = 'a' }]": (
        "access.toml, role 1, grant 1: there is no key 'user'.",
        "The keys are: level, experiment, experiment_id, model, prompt, resource.",
    ),
    "version = 1\n[[role]]\nname = 'r'\ngrants = ['a']": (
        "access.toml, role 1, grant 1: this must be a table, not a text.",
        None,
    ),
    "version = 1\n[[grant]]\nmodel = 'm'\nlevel = 'READ'": (
        "access.toml, grant 1: it does not say whose it is.",
        'Write user = "NAME" or role = "NAME".',
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nrole = 'r'\nmodel = 'm'\nlevel = 'READ'": (
        "access.toml, grant 1: 'user' and 'role' cannot both be given.",
        'Write user = "NAME" or role = "NAME".',
    ),
    "version = 1\n[[grant]]\nuser = []\nmodel = 'm'\nlevel = 'READ'": (
        "access.toml, grant 1: 'user' names nobody.",
        None,
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nlevel = 'READ'": (
        "access.toml, grant 1: it names no resource.",
        "Name it with one of: experiment, experiment_id, model, prompt, resource.",
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nmodel = 'm'": (
        "access.toml, grant 1: the key 'level' is missing.",
        'Write it as level = "...".',
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nmodel = 'm'\nlevel = 'EDTI'": (
        "access.toml, grant 1: there is no level 'EDTI'.",
        "Did you mean 'EDIT'?",
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nresource = 'churn'\nlevel = 'READ'": (
        "access.toml, grant 1: 'churn' is not of the form TYPE:PATTERN.",
        "For example registered_model:churn.",
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nresource = 'promt:x'\nlevel = 'READ'": (
        "access.toml, grant 1: there is no resource type 'promt'.",
        "Did you mean 'prompt'?",
    ),
    "version = 1\n[[grant]]\nuser = 'a'\nexperiment_id = '07'\nlevel = 'READ'": (
        (
            "access.toml, grant 1: Invalid experiment id '07'."
            " An experiment id is a whole number such as 42."
        ),
        None,
    ),
    f"version = 1\n{GRANT}{GRANT}": (
        "access.toml, grant 2: 'ann' on registered_model:m stands already in access.toml, grant 1.",
        "Say it once.",
    ),
    f"version = 1\n{GRANT}{GRANT.replace('READ', 'EDIT')}": (
        (
            "access.toml, grant 2: EDIT for 'ann' on registered_model:m contradicts access.toml,"
            " grant 1, which says READ."
        ),
        "A user or role has one level on a resource: decide for one.",
    ),
    "version = 1\n[[grant]]\nuser = ['a', 'a']\nmodel = 'm'\nlevel = 'READ'": (
        "access.toml, grant 1: 'a' on registered_model:m stands already in the same table.",
        "Say it once.",
    ),
    f"version = 1\npassword = {SECRET}": (
        "access.toml, line 2: this is not valid TOML.",
        "Invalid value (column 12).",
    ),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_by_file_table_and_number(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        wanted_as_it_stands(text)
    assert (caught.value.message, caught.value.hint) == WRONG[text]
    assert SECRET not in f"{caught.value.message}{caught.value.hint}{caught.value.__cause__!r}"


def wanted_as_it_stands(text: str) -> None:
    if text.startswith("version = 1\n"):
        wanted(text.removeprefix("version = 1\n"))
    else:
        read_manifest(text.encode(), name="access.toml", folder=Path())


@pytest.mark.parametrize(
    "content", [b"\xff", b"version = " + b"9" * 5000, b"a = " + b"[" * 100_000], ids=len
)
def test_what_is_no_toml_at_all_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidRequest, match=r"^access\.toml"):
        read_manifest(content, name="access.toml", folder=Path())


def test_an_experiment_by_name_and_by_id_is_the_same() -> None:
    with pytest.raises(InvalidRequest, match="'ann' on experiment:42 stands already in"):
        wanted("""
            [[grant]]
            user = "ann"
            experiment = "fraud"
            experiment_id = "42"
            level = "READ"
        """)


def test_a_source_never_shows_the_password() -> None:
    source = PasswordSource.of(given=SECRET)
    assert read_password(source, where="users.csv, line 2") == SECRET
    assert SECRET not in repr(WantedUser("ann", None, source))


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "ann.txt").write_text(f"{SECRET}\n")
    entry = {"name": "ann", "password_file": "ann.txt"}
    asked = read_user(entry, where="access.toml, user 1", folder=tmp_path)
    assert read_password(asked.password, where="access.toml, user 1") == SECRET


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "The password file {file} cannot be read: No such file or directory."),
        (b"short", "Password must be at least 12 characters."),
        (b"\xff" * 20, "The password in {file} is not UTF-8 text."),
    ],
)
def test_an_unusable_password_names_its_place(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "ann.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InvalidRequest) as caught:
        read_password(PasswordSource.of(file=file), where="access.toml, user 1")
    assert caught.value.message == f"access.toml, user 1: {message.format(file=file)}"


def test_a_generated_password_is_another_each_time() -> None:
    first, second = (read_password(GENERATED, where="here") for _ in range(2))
    assert first != second
    assert first is not None
    assert len(first) == 24
