"""ZIP archives from endpoints, unpacked so that nothing they say leads out of a folder.

Whoever controls an endpoint may have written its files' names, and perhaps the archive. So a name is only ever a
relative path below the folder: leading slashes and drive letters go, what a file system could take for something else
becomes `_`, and names that differ in nothing but case get numbers. What no honest archive has, such as `..`, a link
or a device, is refused with the whole archive; what it unpacks to is counted while it is written, not believed.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path, PurePath

from .._core.text import printable
from ..errors import MalformedResponse

TOO_LARGE = "more bytes than max_bytes allows"

_MOST_ENTRIES = 10_000
_DEEPEST = 32
_LONGEST_PATH = 1000
_LONGEST_NAME = 200
_LONGEST_SUFFIX = 20
# Entries of the largest number, each with a name of some hundred characters.
_LONGEST_LIST = 4 * 2**20
_PIECE = 256 * 1024
_BEGINNINGS = (b"PK\x03\x04", b"PK\x05\x06")
# The others can make very much of a few bytes before anybody can count it.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)

_SEPARATORS = re.compile(r"[/\\]+")
_DRIVE = re.compile("[A-Za-z]:")
_DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$)\s*(?:\.|$)", re.IGNORECASE)


class _Archive(io.FileIO):
    """The file of an archive, of which no more is read at once than the list of an honest one's entries takes."""

    def read(self, size: int | None = -1, /) -> bytes:
        most = _LONGEST_LIST + 1
        data = super().read(most if size is None or size < 0 else min(size, most)) or b""
        if len(data) == most:
            raise zipfile.BadZipFile("its list of entries is too long")
        return data


def unpack(packed: Path, folder: Path, most: int, what: str) -> Iterator[PurePath]:
    """Unpack an archive into an empty folder, piece by piece: yields the path below it that a piece was written to.

    `most` is how many bytes it may unpack to, `what` names it in errors.

    Raises:
        MalformedResponse: If it is larger, cannot be read, or has an entry that no honest archive has.
    """
    with _opened(packed, what) as archive:
        taken: Counter[str] = Counter()
        for entry in archive.infolist():
            path = _path_of(entry, what)
            if path is None:
                continue
            name = _untaken(path, taken)
            with _readable(what):
                source = archive.open(entry)
            with source, _created(folder / name, what) as target:
                yield name
                while True:
                    with _readable(what):
                        piece = source.read(_PIECE)
                    if not piece:
                        break
                    most -= len(piece)
                    if most < 0:
                        raise MalformedResponse(f"{what}: {TOO_LARGE}")
                    target.write(piece)
                    yield name


def can_unpack(path: Path, what: str) -> bool:
    """Whether a file is an archive that can be unpacked here: one that is encrypted cannot.

    Raises:
        MalformedResponse: If it is an archive that cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) not in _BEGINNINGS:
            return False
    with _opened(path, what) as archive:
        entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise MalformedResponse(f"{what}: the archive has {len(entries):,} entries, and {_MOST_ENTRIES:,} are the most")
    return not any(entry.flag_bits & _ENCRYPTED or entry.compress_type not in _METHODS for entry in entries)


def safe_name(text: str) -> str:
    """A text as the name of one file, whatever is in it: no path, no device, not too long."""
    name = "".join(char if char.isprintable() and char not in '<>:"|?*/\\' else "_" for char in text).rstrip(". ")
    if _DEVICE.match(name):
        name = f"_{name}"
    return _shortened(name).rstrip(". ") or "_"


def _path_of(entry: zipfile.ZipInfo, what: str) -> PurePath | None:
    """The path of an entry, as safe names; None if it is a folder."""
    # Not `filename`, which ends where a NUL is.
    name = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(what, "an entry that is no file but a link or a device", name)
    parts = [part for part in _SEPARATORS.split(name) if part not in ("", ".")]
    if "\0" in name or any(not part.rstrip(". ") for part in parts):
        raise _refused(what, "an entry whose name leads elsewhere", name)
    if kind == stat.S_IFDIR or name.endswith(("/", "\\")):
        return None
    if parts and _DRIVE.fullmatch(parts[0]):
        parts[0] = parts[0][0]
    path = PurePath(*map(safe_name, parts or ["_"]))
    if len(parts) > _DEEPEST or len(str(path).encode()) > _LONGEST_PATH:
        raise _refused(what, "an entry whose name is too long", name)
    return path


def _untaken(path: PurePath, taken: Counter[str]) -> PurePath:
    """The path, with a number behind its name if it is among those that are taken, and take it."""
    free = path
    # Some file systems know no case, and take letters with accents for the same however they are written.
    while (key := unicodedata.normalize("NFC", str(free)).casefold()) in taken:
        taken[key] += 1
        free = path.with_name(f"{path.stem} ({taken[key]}){path.suffix}")
    taken[key] = 1
    return free


def _refused(what: str, why: str, name: str) -> MalformedResponse:
    return MalformedResponse(f"{what}: the archive has {why}, and was not unpacked: {f'{name[:80]!a}'[:80]}")


def _shortened(name: str) -> str:
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    suffix = PurePath(name).suffix
    if len(suffix.encode()) > _LONGEST_SUFFIX:
        suffix = ""
    stem = name.removesuffix(suffix).encode()[: _LONGEST_NAME - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix


@contextlib.contextmanager
def _opened(path: Path, what: str) -> Generator[zipfile.ZipFile, None, None]:
    with _Archive(path) as file:
        with _readable(what):
            archive = zipfile.ZipFile(file)
        with archive:
            yield archive


@contextlib.contextmanager
def _readable(what: str) -> Generator[None, None, None]:
    try:
        yield
    except _UNREADABLE as error:
        reason = printable(f"{type(error).__name__}: {error}", 100)[:100]
        raise MalformedResponse(f"{what}: the archive cannot be read: {reason}") from error


@contextlib.contextmanager
def _created(path: Path, what: str) -> Generator[io.BufferedWriter, None, None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    except (FileExistsError, NotADirectoryError) as error:
        raise MalformedResponse(f"{what}: the archive has a file and a folder of the same name") from error
    with file:
        yield file
