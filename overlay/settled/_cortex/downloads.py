"""Files that a Cortex tenant holds for a job, brought into a folder.

A tenant answers a link that is good for ten minutes. Only its path counts: it is read from the client's own address, so
that no reply can send the key to another host. An archive is received and unpacked in a hidden folder within the
target, and its files get their names when all of them are there; after an error the folder is as it was before.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Mapping
from email.message import Message
from pathlib import Path, PurePath
from typing import Any, BinaryIO
from urllib.parse import unquote

import attrs

from .._core.job import UNREADABLE, Job
from .._core.text import printable
from .._core.validate import described, number
from .._run import clock as _clock
from .._run.operation import Retries
from .._run.steps import NextPiece, Pause, Steps, Stream
from ..errors import ApiError, MalformedResponse, SettledError, TransportError
from .archives import TOO_LARGE, can_unpack, safe_name, unpack

LINK_SECONDS = 600.0
_API = "/public_api/v1/"
_LINK = re.compile(r"(?:^|/)(download/.+)", re.DOTALL)
_TOKEN = re.compile(r"download/[^\s\"']+")
_SHORTEST_TOKEN = 9
_MAY_PASS = frozenset({408, 425, 429})


def _folder(folder: str | os.PathLike[str]) -> Path:
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise ValueError(f"folder is no folder but a file: {str(path)[-200:]}")
    return path


def _size(max_bytes: int) -> int:
    if not number("max_bytes", max_bytes) >= 1:
        raise ValueError(f"max_bytes must be 1 or more, not {described(max_bytes)}")
    return max_bytes


Ask = Callable[[], Steps[Mapping[str, str]]]
"""What asks for the links of a job, by endpoint."""


@attrs.define
class Download:
    """What one call brings into a folder, until the moment `end` and of `left` bytes at most.

    `ask` asks for the links to a job's files. With `overwrite`, files that are there already are replaced.

    Raises:
        ValueError: If the folder is a file, or no byte may be written.
    """

    job: Job[Any]
    ask: Ask
    folder: Path = attrs.field(converter=_folder)
    end: float
    left: int = attrs.field(converter=_size)
    overwrite: bool

    def of_endpoint(self, endpoint: str) -> Steps[list[Path]]:
        """Bring the files of one endpoint into the folder, and return their paths."""
        asked_at = _clock.clock.now()
        links = yield from self.ask()
        return (yield from self._files(endpoint, links[endpoint], asked_at, self.folder))

    def of_all_endpoints(self) -> Steps[list[Path]]:
        """Bring the files of each endpoint into a folder of its own, and return their paths.

        What one endpoint sends cannot keep the files of the others from coming: such an error is raised in the end.
        """
        asked_at = _clock.clock.now()
        links = yield from self.ask()
        written: list[Path] = []
        failures: list[Exception] = []
        for endpoint, link in links.items():
            try:
                written += yield from self._files(endpoint, link, asked_at, self.folder / safe_name(endpoint))
            except MalformedResponse as error:
                failures.append(error)
            except (SettledError, OSError) as error:
                failures.insert(0, error)
                break
        if failures:
            for note in (*map(str, failures[1:]), f"files of other endpoints that were written: {len(written)}"):
                failures[0].add_note(note)
            raise failures[0]
        return written

    def _files(self, endpoint: str, link: str, asked_at: float, folder: Path) -> Steps[list[Path]]:
        what = f"{self.job.ref}: the files of endpoint {printable(endpoint, 80)}"
        with _staging(folder) as staging:
            received = staging / "received"
            with received.open("wb") as file:
                body = _Body(file, self.left)
                yield from self._receive(endpoint, link, asked_at, body, what)
            unpacked = staging / "unpacked"
            unpacked.mkdir()
            names: dict[PurePath, None] = {}
            if can_unpack(received, what):
                for written in unpack(received, unpacked, self.left, what):
                    names[written] = None
                    if _clock.clock.now() > self.end:
                        raise TransportError(f"{what}: not unpacked in time")
                    # An event loop has a turn.
                    yield Pause(0.0)
            else:
                names[PurePath(safe_name(body.name or endpoint))] = None
                received.rename(unpacked / next(iter(names)))
            self.left -= sum((unpacked / name).stat().st_size for name in names)
            return _publish(unpacked, names, folder, overwrite=self.overwrite)

    def _receive(self, endpoint: str, link: str, asked_at: float, body: _Body, what: str) -> Steps[None]:
        retries, method, is_renewed = Retries(self.end), "get", False
        path = _path(link, what)
        while True:
            request: dict[str, Any] = {"method": method, "url": f"{_API}{path}"}
            try:
                piece = yield Stream(self.job.client, request, end=self.end, begin=body.begin)
                while piece:
                    body.write(piece)
                    piece = yield NextPiece()
                body.check_complete()
            except SettledError as error:
                failure = _without_link(error, what, path)
            else:
                return
            if body.is_too_large:
                raise failure
            # The vendor's page says POST, its own clients say GET.
            if isinstance(failure, ApiError) and failure.status_code == 405 and method == "get":
                method = "post"
                continue
            is_refused = isinstance(failure, ApiError) and _is_refusal(failure.status_code)
            if not is_refused:
                yield retries.pause_after(failure)
            is_old = _clock.clock.now() - asked_at >= LINK_SECONDS
            if is_refused and is_renewed and not is_old:
                raise failure
            if is_refused or is_old:
                asked_at, is_renewed = _clock.clock.now(), True
                links = yield from self.ask()
                if is_refused and links.get(endpoint) == link:
                    raise failure
                link = links.get(endpoint, link)
                path = _path(link, what)


class _Body:
    """What has come of a download so far, in a file."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.name = ""
        self.is_too_large = False
        self._file = file
        self._most = most

    def begin(self, headers: Mapping[str, str], /) -> None:
        """Begin with an empty file."""
        content_type = headers.get("content-type", "").lower()
        if "html" in content_type or "json" in content_type:
            failure = MalformedResponse(f"{'a web page' if 'html' in content_type else 'JSON'} came instead of files")
            failure.is_html = "html" in content_type
            raise failure
        message = Message()
        message["Content-Disposition"] = headers.get("content-disposition", "")
        self.name = ""
        # Some headers are more than the email package can read.
        with contextlib.suppress(*UNREADABLE):
            self.name = re.split(r"[/\\]", message.get_filename() or "")[-1]
        self._file.seek(0)
        self._file.truncate()

    def write(self, piece: bytes, /) -> None:
        """Write the next piece, unless that is too much."""
        if self._file.tell() + len(piece) > self._most:
            self.is_too_large = True
            raise MalformedResponse(TOO_LARGE)
        self._file.write(piece)

    def check_complete(self) -> None:
        """Refuse an answer without content: empty files come within an archive, which is never empty itself."""
        if not self._file.tell():
            raise MalformedResponse("an empty answer came instead of files")


def _path(link: Any, what: str) -> str:
    """The part of a link that is read from the tenant's own address; MalformedResponse if it has none."""
    found = _LINK.search(link.strip()) if isinstance(link, str) else None
    path = found[1].partition("#")[0] if found else ""
    segments = unquote(path.partition("?")[0]).replace("\\", "/").split("/")
    if not path or not path.isprintable() or any(segment in (".", "..") for segment in segments):
        raise MalformedResponse(f"{what}: the link leads to no download")
    return path


def _is_refusal(status_code: int) -> bool:
    return 400 <= status_code < 500 and status_code not in _MAY_PASS


def _without_link(error: SettledError, what: str, path: str) -> SettledError:
    """The error with what it is about, and without what opens the link, which an answer may quote by itself."""
    # Shorter ones open nothing, and would be found everywhere.
    tokens = sorted((each for each in re.split(r"[/?&=]", path) if len(each) >= _SHORTEST_TOKEN), key=len, reverse=True)

    def hidden(text: str) -> str:
        text = _TOKEN.sub("download/…", text)
        for token in tokens:
            text = text.replace(token, "…").replace(unquote(token), "…")
        return text

    error.args = (f"{what}: {hidden(str(error))}", *error.args[1:])
    if isinstance(error, ApiError):
        error.path, error.message = hidden(error.path), hidden(error.message)
        error.extra = error.extra and hidden(error.extra)
    return error


@contextlib.contextmanager
def _staging(folder: Path) -> Generator[Path, None, None]:
    """A folder within a folder, for what is not yet complete; in the end it is gone, and new ones without a file."""
    missing = _missing(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".settled-", dir=folder))
        try:
            yield staging
        finally:
            try:
                shutil.rmtree(staging, ignore_errors=True)
            except BaseException:  # a signal's
                shutil.rmtree(staging, ignore_errors=True)
                raise
    finally:
        _remove_empty(missing)


def _missing(folder: Path) -> list[Path]:
    """The folders that are still to be made, the innermost first."""
    return list(itertools.takewhile(lambda each: not each.exists(), (folder, *folder.parents)))


def _remove_empty(folders: Iterable[Path]) -> None:
    for folder in folders:
        # It stays if there is something in it.
        with contextlib.suppress(OSError):
            folder.rmdir()


def _publish(unpacked: Path, names: Iterable[PurePath], folder: Path, *, overwrite: bool) -> list[Path]:
    """Give files their place in a folder: all, or none, with what was there before brought back, after an error."""
    targets = {name: folder / name for name in names}
    root = folder.resolve()
    for name, target in targets.items():
        if not target.parent.resolve().is_relative_to(root):
            raise ValueError(f"a link in the folder leads out of it: {str(target.parent)[-200:]}")
        if target.is_dir() or (not overwrite and os.path.lexists(target)):
            raise _is_there(target)
        for parent in name.parents:
            if os.path.lexists(folder / parent) and not (folder / parent).is_dir():
                raise _is_there(folder / parent)
    replaced = unpacked.with_name("replaced")
    replaced.mkdir()
    with contextlib.ExitStack() as undo:
        for number, (name, target) in enumerate(targets.items()):
            undo.callback(_remove_empty, _missing(target.parent))
            target.parent.mkdir(parents=True, exist_ok=True)
            is_new = not os.path.lexists(target)
            if not is_new:
                old = replaced / str(number)
                _keep(target, old)
                undo.callback(old.replace, target)
            _place(unpacked / name, target, overwrite=overwrite)
            if is_new:
                undo.callback(target.unlink, missing_ok=True)
        undo.pop_all()
    return list(targets.values())


def _keep(target: Path, old: Path) -> None:
    """Keep a file that is about to be replaced under another name."""
    try:
        os.link(target, old, follow_symlinks=False)
    except (OSError, NotImplementedError):  # of a file system, or a platform, without such links
        target.rename(old)


def _place(source: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        source.replace(target)
        return
    try:
        # Unlike a rename, it fails if somebody else was faster.
        os.link(source, target)
    except FileExistsError:
        raise _is_there(target) from None
    except OSError:  # of a file system without hard links
        if os.path.lexists(target):
            raise _is_there(target) from None
        source.rename(target)


def _is_there(target: Path) -> FileExistsError:
    return FileExistsError(f"{str(target)[-200:]} is there already; overwrite=True replaces files, but no folders")
