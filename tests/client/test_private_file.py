from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from authctl.client.private_file import PrivateFile
from authctl.errors import AuthctlError, InvalidRequest
from tests.processes import wait_until_asleep


def private(path: Path) -> PrivateFile:
    return PrivateFile(path, "The file")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_and_its_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    assert private(path).change(lambda text: "new" if text is None else "old") is True
    assert path.read_text() == "new"
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("text", ["old", "new"])
def test_a_file_open_to_others_is_closed_whether_or_not_its_text_changes(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    assert private(path).change(lambda _: text) is (text == "new")
    assert mode(path) == 0o600


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private(tmp_path / "file").change(lambda _: "new")
    assert mode(tmp_path) == 0o755


def test_no_text_means_no_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    assert private(path).change(lambda _: None) is True
    assert private(path).change(lambda _: None) is False
    assert private(path).read() is None
    assert list(tmp_path.iterdir()) == []


def test_a_symbolic_link_stays_one_and_what_it_leads_to_is_changed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "real"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(target)
    private(link).change(lambda text: f"{text} and new")
    assert link.is_symlink()
    assert target.read_text() == "old and new"
    assert mode(target) == 0o600


def test_a_link_to_nothing_makes_what_it_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "later" / "real")
    private(link).change(lambda _: "new")
    assert (tmp_path / "later" / "real").read_text() == "new"


def test_a_dry_run_says_what_would_change_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    assert private(path).change(lambda _: "new", dry_run=True) is True
    assert private(path).change(lambda _: None, dry_run=True) is False
    assert list(tmp_path.iterdir()) == []


def test_what_goes_wrong_in_the_edit_leaves_the_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def refuse(_: str | None) -> str:
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest, match="no"):
        private(path).change(refuse)
    with pytest.raises(InvalidRequest, match="What the file should hold is not valid Unicode"):
        private(path).change(lambda _: "open\udcffsesame")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "bytes").write_bytes(b"\xff sesame")
    for name, message in (
        (".", "is not a file."),
        ("pipe", "is not a file."),
        ("loop", "cannot be read: Too many levels of symbolic links."),
        ("bytes/below", "cannot be read: Not a directory."),
        ("bytes", "is not UTF-8 text."),
    ):
        with pytest.raises(InvalidRequest) as raised:
            private(tmp_path / name).read()
        assert raised.value.message == f"The file {tmp_path / name} {message}"
        assert "sesame" not in repr(raised.value.__cause__)


def test_a_file_that_cannot_be_written_is_left_as_it_was() -> None:
    with pytest.raises(AuthctlError, match="The file /proc/version cannot be written"):
        private(Path("/proc/version")).change(lambda _: "new")


def test_of_many_writers_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    threads = [
        threading.Thread(
            target=lambda: [private(path).change(lambda text: f"{text}x") for _ in range(20)]
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() == "x" * 160


def test_a_writer_that_heeds_no_lock_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("a")
    seen: list[str | None] = []

    def edit(text: str | None) -> str:
        if not seen:
            path.write_text("ab")  # as an editor would
        seen.append(text)
        return f"{text}c"

    private(path).change(edit)
    assert seen == ["a", "ab"]
    assert path.read_text() == "abc"


_KILLED = """
import sys
from pathlib import Path
from authctl.client.private_file import PrivateFile
PrivateFile(Path(sys.argv[1]), "The file").change(lambda text: input() or "new")
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_writer_leaves_the_old_file_and_no_lock(
    number: signal.Signals, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(path)], stdin=subprocess.PIPE
    ) as process:
        wait_until_asleep(process.pid)
        process.send_signal(number)
    assert path.read_text() == "old"
    assert private(path).change(lambda _: "new") is True
