"""A job of a vendor, and the kinds of job there are.

A kind is data: which generated request asks for a job, how a reply is read, which words are terminal. Nothing else in
the core knows a vendor, so a new kind of job is a new `JobKind`, and no code elsewhere. A job is a kind, an id, its
options and the client that reaches it. Its `ref` says all of that but the client in one line, so that another process
can go on with it. The core sends nothing by itself: `fetch` goes through the `fetcher` that a kind is given.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, Protocol, Self, TypeVar, cast

import attrs

from .. import errors
from ..errors import MalformedResponse, NotFound, SettledError
from . import snapshot as _snapshot
from .outcome import TerminalStatus
from .snapshot import Reading, Snapshot
from .validate import described

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)

MAX_ID_LENGTH = 1000

_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

# What reading or decoding a reply of an unexpected shape can raise.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Client(Protocol):
    """The client of any vendor, as its `connect` returns it."""

    extensions: dict[str, Any]

    def get_httpx_client(self) -> Any:
        """The sync HTTP client."""
        ...

    def get_async_httpx_client(self) -> Any:
        """The async HTTP client."""
        ...

    def close(self) -> None:
        """Close the sync HTTP client, as `with client:` does."""
        ...

    async def aclose(self) -> None:
        """Close the async HTTP clients, as `async with client:` does."""
        ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: Any) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *error: Any) -> None: ...


class Fetcher(Protocol):
    """What sends the single request of `Job.fetch`; the core itself sends nothing."""

    def fetch(self, job: Job[B], /) -> Snapshot[B]:
        """Poll a job once."""
        ...

    async def fetch_async(self, job: Job[B], /) -> Snapshot[B]:
        """Poll a job once, in an event loop."""
        ...


# Every look-up of a job hashes its kind.
@attrs.frozen(cache_hash=True)
class JobKind(Generic[B_co]):
    """One kind of job, as data: which request asks for it, how a reply is read, which of its words are terminal.

    Attributes:
        name: The vendor's module and the kind, as in `osapi.job`: what refs and messages say.
        client_class: The vendor's generated client.
        request: Makes the arguments of the request that asks for a job of an id; ValueError if the id cannot be one.
        decode: Makes the typed model of a reply's JSON.
        read: Reads a reply's JSON, and takes a job's `options` by name.
        terminal: The words that end a job.
        running: The documented words of a job that goes on. If there are none, because the vendor lists terminal words
            only, every other word is known to be running.
        fetcher: Sends the request of `Job.fetch`.
        not_found_grace: For how many seconds, from the first one on, a 404 may only mean that the job cannot be found
            at present.
        not_found_words: What the API's own 404 says. Before any status was read, one that says something else, or a
            web page, comes from a wrong address.
        address_hint: What to tell the caller then.
        no_parts_hint: Explains a job that never has any parts.
        reply_id: Finds the id by which a reply names its job, so that no job is told another one's answer.
        progress_words: What so many of the job's parts have done, in messages.
        results_at: The way to what the job has produced, if a reply holds that, too.
        id_parts: The names of an id's parts, if it has several: they stand in it with `/` between, and a reply names
            the last one.
        options: What a wait needs to know of a job besides its id. A ref has them behind `?`, and each one's function
            makes its value of a ref's text (which has no `?`, `&` or `=` in it) or raises ValueError.
        results: Yields what a settled job has produced, JSON values and the paths of files, given its snapshot, the
            folder for files or None, how many seconds each request may take, and whether files that are there are
            replaced. None where there is nothing besides the reply.
    """

    name: str
    client_class: type[Client]
    request: Callable[[str], dict[str, Any]] = attrs.field(repr=False)
    decode: Callable[[Mapping[str, Any]], B_co] = attrs.field(repr=False)
    read: Callable[..., Reading] = attrs.field(repr=False)
    terminal: type[TerminalStatus]
    running: frozenset[str]
    fetcher: Fetcher = attrs.field(repr=False, eq=False)
    not_found_grace: float = 0.0
    not_found_words: str = ""
    address_hint: str | None = None
    no_parts_hint: str | None = None
    reply_id: Callable[[Any], Any] | None = attrs.field(default=None, repr=False)
    progress_words: str = "parts settled"
    results_at: tuple[str, ...] = ()
    id_parts: tuple[str, ...] = ()
    options: Mapping[str, Callable[[str], Any]] = attrs.field(default=_NO_OPTIONS, repr=False, eq=False)
    results: Callable[[Snapshot[Any], Path | None, float | None, bool], Iterable[Any]] | None = attrs.field(
        default=None, repr=False
    )

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, ...]:
        # The vendor's module, which the kind's name begins with, keeps the kind.
        module = f"settled.{self.name.partition('.')[0]}"
        base = _kind_in(sys.modules.get(module), self.name)
        if base is None:
            raise TypeError(f"{self.name} cannot be pickled: it is not among the KINDS of {module}")
        names = [field.name for field in attrs.fields(JobKind) if field.init]
        differing = {name: value for name in names if (value := getattr(self, name)) != getattr(base, name)}
        return _kind_like, (module, self.name, differing)

    def knows(self, word: str) -> bool:
        """Whether a word, read as by `outcome_of`, is documented; all are where terminal ones alone are listed."""
        folded = word.strip().casefold()
        return (
            not self.running
            or self.terminal.outcome_of(word) is not None
            or any(folded == known.casefold() for known in self.running)
        )

    def is_wrong_address(self, error: SettledError) -> bool:
        """Whether an error, before any status was read, says that something else than the API is at the address."""
        if self.address_hint is None:
            return False
        if isinstance(error, NotFound):
            # A 404 without a body may be a proxy's or the API's own, so the grace holds for it.
            return not error.is_empty and self.not_found_words.casefold() not in error.message.casefold()
        return isinstance(error, MalformedResponse) and error.is_html

    def add_address_hint(self, error: SettledError) -> None:
        """Let an error, before any status was read, ask for the address if something else may have answered there."""
        is_bare = isinstance(error, NotFound) and error.is_empty
        if self.address_hint is not None and (is_bare or self.is_wrong_address(error)):
            error.args = (f"{error}; {self.address_hint}", *error.args[1:])

    def id_in(self, raw: Any) -> Any:
        """The id by which a reply names its job; None if it names none."""
        try:
            return None if self.reply_id is None else self.reply_id(raw)
        except UNREADABLE:
            return None

    def without_results(self, raw: Any) -> Any:
        """A reply's JSON without what the job has produced, for places that are not meant for that."""
        return _without(raw, self.results_at)

    def named_id(self, job_id: str) -> str:
        """What a reply calls the job of an id."""
        return job_id.rpartition("/")[2] if self.id_parts else job_id

    def example_id(self, part: str = "1") -> str:
        """An id of the right form, of a job that need not be there."""
        return "/".join(part for _ in self.id_parts or ("id",))

    def unlisted(self, reading: Reading) -> str | None:
        """The first status word of a reading that nobody listed, of the job or of a part; None if there is none."""
        words = (reading.status, *(part.status for part in reading.parts.values()))
        return next((word for word in words if word is not None and not self.knows(word)), None)

    def reading(self, raw: Any, options: Mapping[str, Any] = _NO_OPTIONS) -> Reading:
        """Read a reply's JSON; raises MalformedResponse if it is not what the API documents."""
        try:
            reading = self.read(raw, **options)
        except UNREADABLE as error:
            raise MalformedResponse(
                f"{self.name}: the reply has no status that can be read: {_brief(error)}"
            ) from error
        # A word of nothing but blanks is no status that nobody has documented, but none.
        is_blank = reading.status is not None and not reading.status.strip()
        return attrs.evolve(reading, status=None) if is_blank else reading

    def body(self, raw: Any) -> B_co:
        """Decode a reply's JSON into the typed model; raises MalformedResponse if it does not fit."""
        try:
            return self.decode(raw)
        except UNREADABLE as error:
            raise MalformedResponse(f"{self.name}: the reply does not fit the model: {_brief(error)}") from error


def model_of(kind: JobKind[Any]) -> Any:
    """The generated model that a kind decodes replies into: `decode` is its method, or says that it returns one."""
    return getattr(kind.decode, "__self__", None) or typing.get_type_hints(kind.decode).get("return")


def _without(value: Any, path: tuple[str, ...]) -> Any:
    """A JSON value without what a path of names leads to."""
    fields: Any = value
    if not path or not isinstance(value, dict) or path[0] not in fields:
        return fields
    inner = {path[0]: _without(fields[path[0]], path[1:])} if path[1:] else {}
    return {name: each for name, each in fields.items() if name != path[0]} | inner


def _check_client(kind: JobKind[Any], client: Any) -> None:
    if not isinstance(client, kind.client_class):
        vendor = kind.name.partition(".")[0]
        raise TypeError(
            f"{kind.name} needs a client of {vendor}, as {vendor}.connect makes it, not {_origin_of(client)}"
        )


def _origin_of(client: Any) -> str:
    package, _, rest = type(client).__module__.partition(".")
    if package == "settled_clients":
        return f"one of {rest.partition('.')[0]}"
    return f"a {type(client).__qualname__}"


def _check_id(kind: JobKind[Any], value: Any) -> None:
    fault = _fault_of_id(value)
    if fault is None and value.startswith(f"{kind.name}/"):
        fault = "it is a whole ref, which settled.from_ref(ref, client) takes"
    if fault is not None:
        raise ValueError(f"not an id of a {kind.name} job: {fault}")
    kind.request(value)


def id_of(*parts: str | int) -> str:
    """The id of a job, from what callers and answers call it: one text or number, or several parts.

    Raises:
        TypeError: If a part is neither.
    """
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, str | int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"an id is a str or an int, not {described(part)}")
    return "/".join(map(str, parts))


def split_id(job_id: str, names: Sequence[str]) -> list[str]:
    """The parts of an id that has several.

    Raises:
        ValueError: If they are not as many as their names, or one of them cannot be a part of a path.
    """
    parts = job_id.split("/")
    if len(parts) != len(names):
        raise ValueError(f"the id must be {'/'.join(names)}, with {len(names)} parts, and has {len(parts)}")
    for name, part in zip(names, parts, strict=True):
        if (fault := _fault_of_id(part)) is not None:
            raise ValueError(f"the id must be {'/'.join(names)}: of {name}, {fault}")
    return parts


def _fault_of_id(value: Any) -> str | None:
    """Why a value cannot be an id, without the value: it may be a secret, in the wrong place."""
    if not isinstance(value, str):
        return f"{described(value)}, not a str"
    faults = {
        "it is empty": not value,
        "it has nothing but blanks": not value.strip(),
        "it has characters that cannot be printed": not value.isprintable(),
        # A list of refs would lead to another job.
        "it has blanks around it, or one before a #, where a comment begins in a list of refs": (
            value != value.strip() or " #" in value
        ),
        f"{value!r} would lead to another path": value in {".", ".."},
        f"it has {len(value):,} characters, and {MAX_ID_LENGTH:,} are the most": len(value) > MAX_ID_LENGTH,
    }
    return next((fault for fault, is_so in faults.items() if is_so), None)


class Detached:
    """What stands for the client of a job that was pickled, as a client holds connections and secrets."""

    def __reduce__(self) -> str:
        return "DETACHED"

    @property
    def extensions(self) -> dict[str, Any]:
        """There are none, nor is there an HTTP client."""
        raise ValueError(_DETACHED)

    get_httpx_client = get_async_httpx_client = extensions


_DETACHED = "a job that was pickled has no client: settled.from_ref(job.ref, client) gives it one"
# To type checkers it is a client; using it raises a ValueError that says otherwise.
DETACHED: Any = Detached()


# No attrs class: attrs.asdict(snapshot) would go on into the client and its secrets.
@dataclasses.dataclass(frozen=True, slots=True, weakref_slot=True, repr=False)
class Job(Generic[B_co]):
    """A vendor's job: its kind, its id, its options, and the client that reaches it.

    `options` are what a wait needs to know besides, by name. A job is immutable. A copy is the job itself. A pickle
    holds only kind, id and options; a job that was unpickled has no client, and `settled.from_ref(job.ref, client)`
    gives it one.
    """

    kind: JobKind[B_co]
    client: Client
    id: str
    options: Mapping[str, Any] = dataclasses.field(default_factory=lambda: _NO_OPTIONS, hash=False)

    def __post_init__(self) -> None:
        _check_client(self.kind, self.client)
        _check_id(self.kind, self.id)
        if self.options:
            object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _detached, (self.kind, self.id, dict(self.options))

    def __repr__(self) -> str:
        return f"<Job {self.ref}>"

    @property
    def ref(self) -> str:
        """The job in one line: no host, no secret, all that `from_ref` needs in another process.

        It is `<kind>/<id>`, and `?name=value` behind it for an option.
        """
        ref = f"{self.kind.name}/{self.id}"
        if not self.kind.options:
            return ref
        options = "&".join(f"{name}={value}" for name, value in self.options.items())
        # Behind the last question mark are options, and never a part of an id.
        return f"{ref}?{options}" if options or "?" in self.id else ref

    def reading(self, raw: Any) -> Reading:
        """Read a reply's JSON about this job; raises MalformedResponse if it is not what the API documents."""
        return self.kind.reading(raw, self.options)

    def fetch(self) -> Snapshot[B_co]:
        """Poll the job once.

        Raises:
            SettledError: ApiError, TransportError or MalformedResponse if there is no reading.
        """
        return self.kind.fetcher.fetch(self)

    async def fetch_async(self) -> Snapshot[B_co]:
        """Poll the job once, as `fetch` does."""
        return await self.kind.fetcher.fetch_async(self)


def _detached(kind: JobKind[B_co], job_id: str, options: Mapping[str, Any]) -> Job[B_co]:
    job = cast("Job[B_co]", object.__new__(Job))
    for name, value in (("kind", kind), ("client", DETACHED), ("id", job_id), ("options", MappingProxyType(options))):
        object.__setattr__(job, name, value)
    return job


def check_job(job: Any) -> None:
    """Refuse what is no job, with a TypeError that says how to make one, or lacks its client, with a ValueError."""
    if isinstance(job, str):
        raise TypeError("not a job, but a str: settled.from_ref(ref, client) makes a job of a ref")
    if not isinstance(job, Job):
        remedy = (
            "await it first"
            if inspect.iscoroutine(job)
            else "a vendor's module makes one, or settled.from_ref(ref, client)"
        )
        raise TypeError(f"not a job, but a {type(job).__qualname__}: {remedy}")
    if job.client is DETACHED:
        raise ValueError(f"{job.ref}: {_DETACHED}")


def snapshot(
    job: Job[B_co],
    reading: Reading,
    raw: Any,
    *,
    polls: int = 1,
    elapsed: float = 0.0,
    polled_at: float | None = None,
    callback: Any = None,
) -> Snapshot[B_co]:
    """The snapshot that a reading of a job makes; `polled_at` is in seconds since 1970."""
    return Snapshot(
        job,
        status=reading.status,
        outcome=reading.outcome,
        is_known=job.kind.unlisted(reading) is None,
        progress=reading.progress,
        parts=reading.parts,
        detail=reading.detail,
        raw=raw,
        polls=polls,
        elapsed=elapsed,
        callback=callback,
        polled_at=None if polled_at is None else _moment(polled_at),
    )


def _moment(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ArithmeticError, OSError, ValueError):  # of a clock that has no calendar
        return None


def _kind_in(module: Any, name: str) -> JobKind[Any] | None:
    return next((kind for kind in getattr(module, "KINDS", ()) if kind.name == name), None)


def _kind_like(module: str, name: str, differing: dict[str, Any]) -> JobKind[Any]:
    kind = _kind_in(importlib.import_module(module), name)
    if kind is None:
        raise ValueError(f"{module} has no kind of job {name!r:.80}")
    return attrs.evolve(kind, **differing) if differing else kind


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]


# typing.get_type_hints looks names up in the module of a class; these two cannot import what imports them.
setattr(_snapshot, "Job", Job)  # noqa: B010 - type checkers know it already
setattr(errors, "Snapshot", Snapshot)  # noqa: B010
