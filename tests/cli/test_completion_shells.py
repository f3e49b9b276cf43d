"""TAB in real shells; `tests.cli.shells` is the person who presses it."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from authctl.cli.output import FORMS
from authctl.model import Permission
from tests.cli.shells import SHELLS, Typist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = [
    "$(touch x)",
    "`touch x`",
    "*",
    "?",
    "a b",
    "; touch x",
    "-rf",
    "al\x1b[31m",
    "~",
    "'",
    '"',
]
FRIENDLY = ["admin", "alice", "bob-2", "carol@example.com"]
STUB = """
cat <<'end'
$(touch x)
`touch x`
${HOME}
*
a b
-rf
--help
;touch x
al'"ice
good-name
[a-z]*
e:e[$(touch x)]
end"""
COMPLAINTS = ("error", "not found", "no matches", "bad ", "unexpected", "Traceback", "usage:")


@pytest.fixture(params=SHELLS, scope="module")
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def typist(
    shell: str, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Typist]:
    """Somebody in a folder with an auth database that has friendly and hostile users."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(template, folder)
    database = sqlite3.connect(folder / "auth.db")
    with database:
        database.executemany(
            "INSERT INTO users (username, password_hash, is_admin) VALUES (?, '!', 0)",
            [(name,) for name in [*HOSTILE, *FRIENDLY[1:]]],
        )
    database.close()
    (folder / "conf.ini").touch()
    found = Typist(shell, folder, {"AUTHCTL_DB": f"sqlite:///{folder}/auth.db"})
    yield found
    found.close()


@pytest.fixture(scope="module")
def deceived(shell: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Typist]:
    """Somebody whose `authctl` prints what no honest one would."""
    found = Typist(shell, tmp_path_factory.mktemp("home"), program=STUB)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def nothing_amiss(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever was typed: nothing was run, and nothing was said."""
    yield
    for name in {"typist", "deceived"}.intersection(request.fixturenames):
        found: Typist = request.getfixturevalue(name)
        assert not (found.folder / "x").exists()
        assert not [word for word in COMPLAINTS if word in found.screen]


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("authctl us", "authctl user "),
        ("authctl perm gr", "authctl perm grant "),
        (
            "authctl --server http://x.example user cre",
            "authctl --server http://x.example user create ",
        ),
        ("authctl -o json user li", "authctl -o json user list "),
        ("authctl --output=json user li", "authctl --output=json user list "),
        ("authctl user --quiet li", "authctl user --quiet list "),
        ("authctl user list --out", "authctl user list --output "),
        ("authctl perm grant --lev", "authctl perm grant --level "),
        ("authctl user list -o js", "authctl user list -o json"),
        ("authctl user list -qo js", "authctl user list -qo json"),
        ("authctl user list -oc", "authctl user list -ocsv"),
        ("authctl user list --output=ta", "authctl user list --output=table"),
        ("authctl perm grant alice --level RE", "authctl perm grant alice --level READ"),
        ("authctl perm list --resource exp", "authctl perm list --resource experiment:"),
        ("authctl perm list --resource=exp", "authctl perm list --resource=experiment:"),
        ("authctl completion z", "authctl completion zsh"),
        ("authctl help perm gr", "authctl help perm grant"),
        ("authctl help exit", "authctl help exit-codes"),
        ("authctl user list --auth-config con", "authctl user list --auth-config conf.ini"),
        ("authctl user list --auth-config=con", "authctl user list --auth-config=conf.ini"),
        ("authctl user list --db con", "authctl user list --db con"),
        ("authctl user nonsense li", "authctl user nonsense li"),
        ("authctl user list -- --out", "authctl user list -- --out"),
    ],
)
def test_tab_completes_what_the_script_knows_and_starts_nothing(
    typist: Typist, line: str, after: str
) -> None:
    started = typist.log.read_text()
    # The blank after the word, or zsh's = that the next blank replaces, is the shell's own affair.
    told = typist.tab(line).rstrip(" =")
    assert told == after.rstrip()
    assert typist.log.read_text() == started


def test_commands_options_levels_and_forms_are_offered(typist: Typist) -> None:
    assert {"admin", "completion", "perm", "serve", "user", "whoami"} <= set(
        typist.offered("authctl ")
    )
    assert {"create", "delete", "list", "passwd", "show"} <= set(typist.offered("authctl user "))
    assert {"--level", "--model", "--dry-run", "--server", "--output"} <= set(
        typist.offered("authctl perm grant -")
    )
    assert typist.offered("authctl perm grant alice --level ") == sorted(Permission)
    assert typist.offered("authctl user list -o ") == sorted(FORMS)
    assert typist.offered("authctl --color=") == ["always", "auto", "never"]
    assert "create" not in typist.offered("authctl admin ")
    assert "--generate" not in typist.offered("authctl user delete -")


def test_usernames_are_offered_but_none_that_a_shell_could_obey(typist: Typist) -> None:
    assert typist.offered("authctl user show ") == FRIENDLY
    assert typist.offered("authctl perm grant alice ") == FRIENDLY
    assert typist.offered("authctl perm list --user ") == FRIENDLY


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("authctl user show al", "authctl user show alice "),
        ("authctl user show 'al", "authctl user show 'alice' "),
        ("authctl perm grant bo", "authctl perm grant bob-2 "),
        ("authctl perm list --user=bo", "authctl perm list --user=bob-2 "),
        ("authctl user show carol@", "authctl user show carol@example.com "),
        ("authctl perm list --user=carol@ex", "authctl perm list --user=carol@example.com "),
        ("authctl user delete alice al", "authctl user delete alice alice "),
        ("authctl user create al", "authctl user create al"),
        ("authctl user show -- al", "authctl user show -- al"),
        ("authctl --server http://127.0.0.1:1 user show al",) * 2,
        ('authctl --db "$(touch x)" user show al',) * 2,
        ("authctl --db '`touch x`' user show al",) * 2,
    ],
)
def test_a_username_is_completed(typist: Typist, line: str, after: str) -> None:
    assert typist.tab(line) == after


def test_a_place_named_on_the_line_is_the_one_that_is_asked(typist: Typist) -> None:
    other = typist.folder / "other.db"
    shutil.copy(typist.folder / "auth.db", other)
    database = sqlite3.connect(other)
    with database:
        database.execute("UPDATE users SET username = 'zoe' WHERE username = 'alice'")
    database.close()
    here = f"sqlite:///{typist.folder}"
    assert typist.tab(f"authctl --db {here}/other.db user show z").endswith(" zoe ")
    assert typist.tab("authctl user show z") == "authctl user show z"


def test_whatever_authctl_prints_nothing_of_it_is_run_or_taken_for_a_pattern(
    deceived: Typist,
) -> None:
    assert deceived.offered("authctl user show ") == ["good-name"]
    assert deceived.tab("authctl user show ") == "authctl user show good-name "
    assert deceived.offered("authctl perm list --user=") == ["good-name"]
    assert deceived.tab("authctl user delete zz") == "authctl user delete zz"
