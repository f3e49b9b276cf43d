"""A small file that holds secrets: for its owner alone, replaced whole, by one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.errors import AuthctlError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """A text file at `path`; `title` is what errors call it, such as "The credentials file"."""

    path: Path
    title: str

    def read(self) -> str | None:
        """Its text, None where there is no file. InvalidRequest if it cannot be read."""
        try:
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise InvalidRequest(f"{self.title} {self.path} is not a file.")
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InvalidRequest(
                f"{self.title} {self.path} cannot be read: {error.strerror}."
            ) from error
        except UnicodeDecodeError:
            # Its words quote the bytes; so would the chained exception.
            raise InvalidRequest(f"{self.title} {self.path} is not UTF-8 text.") from None

    def change(self, edit: Callable[[str | None], str | None], *, dry_run: bool = False) -> bool:
        """Replace its text by what `edit` makes of it; True if that changed anything.

        `edit` is given None where there is no file, and gives None to have none; it may be called
        again when another writer comes in between. What it raises leaves the file as it was.
        AuthctlError if the file cannot be written. A symbolic link stays one. A dry run writes
        nothing.
        """
        if dry_run:
            found = self.read()
            return edit(found) != found
        target = Path(os.path.realpath(self.path))
        try:
            target.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            with _locked(target.parent):
                while True:
                    before = self.read()
                    after = edit(before)
                    if after != before and self.read() != before:
                        continue  # by a writer who heeds no lock
                    if after is None:
                        target.unlink(missing_ok=True)
                    elif after != before:
                        _replace(target, self._encoded(after))
                    elif target.stat().st_mode & _OTHERS:
                        target.chmod(_FILE_MODE)
                    return after != before
        except OSError as error:
            raise AuthctlError(
                f"{self.title} {self.path} cannot be written: {error.strerror}."
            ) from error

    def _encoded(self, text: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError:
            # Its words quote the text.
            raise InvalidRequest(
                f"What {self.title.lower()} should hold is not valid Unicode."
            ) from None


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other writers of this kind out; the folder itself is the lock, so no file is left."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network file systems lock no folders; there the comparison has to do.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(target: Path, content: bytes) -> None:
    """Write a new file and put it in the place of the old, so that none is ever half written."""
    import tempfile  # noqa: PLC0415 - slow to import, and most commands only read

    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
