"""Replies of the vendors' servers for Hypothesis: near what the specs say, and far from it."""

from __future__ import annotations

import functools
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import attrs
import httpx
from hypothesis import strategies as st

from settled import JobKind
from settled.testing import strategies

# JSON that json.dumps cannot write stands as a word between these.
_MARK = "\ue000"


@attrs.frozen
class Answer:
    """What a server answers: any bytes at all, in pieces, or an error of the connection."""

    status_code: int = 200
    headers: list[tuple[bytes, bytes]] = attrs.field(factory=list[tuple[bytes, bytes]])
    pieces: list[bytes] = attrs.field(factory=list[bytes])
    breaks_with: type[httpx.TransportError] | None = None

    def response(self, request: httpx.Request) -> httpx.Response:
        """The response, its body not yet read."""
        if self.breaks_with is not None and not self.pieces:
            raise self.breaks_with("broken off", request=request)
        return httpx.Response(self.status_code, headers=self.headers, stream=_Pieces(self, request), request=request)


@attrs.frozen
class _Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    answer: Answer
    request: httpx.Request

    def __iter__(self) -> Iterator[bytes]:
        yield from self.answer.pieces
        if self.answer.breaks_with is not None:
            raise self.answer.breaks_with("broken off", request=self.request)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def transport(answers: list[Answer]) -> httpx.MockTransport:
    """Answers one request after the other, the last answer again and again."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        return (left.pop(0) if len(left) > 1 else left[0]).response(request)

    return httpx.MockTransport(answer)


def _leaves() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from([None, True, False, 0, 1, -1, "", "7", "a", [], {}]),
        # Lone surrogates, which JSON can write and UTF-8 cannot.
        st.sampled_from(["\ud800", "a\udfff", "\udc80\ud800x"]),
        st.sampled_from(
            [
                "word " * 2000,
                "é" * 5000,
                "<title>x</title>",
                "2026-13-45T99:99:99Z",
                "\x1b[31m\0",
                "\u017fucce\u017f\u017fful",
            ]
        ),
        st.sampled_from([("[", "]"), ('{"a":', "}"), ('{"reply":', "}"), ('{"detail":[', "]}")]).flatmap(
            # Just below a thousand it depends on the caller's stack whether Python can read it.
            lambda ends: st.sampled_from([20, 150, 300, 600, 5000, 100_000]).map(
                lambda depth: f"{_MARK}{ends[0] * depth}{'' if ends[0][-1] == '[' else '0'}{ends[1] * depth}{_MARK}"
            )
        ),
        st.sampled_from(["9" * 4300, "9" * 4301, "-" + "1" * 9000, "1e999", "-1e999", "1e-999", "9" * 400 + ".5"]).map(
            lambda number: f"{_MARK}{number}{_MARK}"
        ),
    )


@functools.cache
def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, written by `text_of`."""
    names = st.sampled_from(["status", "reply", "error", "message", "detail", "loc", "msg", "code"]) | st.text(
        max_size=4
    )
    values = _leaves()
    # Half as costly as st.recursive; deeper nesting is among the leaves.
    for _ in range(2):
        values = values | st.lists(values, max_size=2) | st.dictionaries(names, values, max_size=2)
    return values


_YES_OR_NO = st.booleans()


@st.composite
def _bent(draw: st.DrawFn, near: st.SearchStrategy[Any]) -> Any:
    """JSON with a few things changed, anywhere in it."""
    value = [draw(near)]
    for _ in range(draw(st.integers(1, 3))):
        place: Any = value
        key: Any = 0
        while isinstance(place[key], dict | list) and place[key] and draw(_YES_OR_NO):
            place = place[key]
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        match draw(st.integers(0, 3)):
            case 0 if isinstance(place, dict):
                del place[key]
            case 1 if isinstance(place, dict):
                place[draw(st.text(max_size=4))] = place[key]
            case _:
                place[key] = draw(json_values())
    return value[0]


def text_of(value: Any, **options: Any) -> str:
    """Write JSON, also what json.dumps does not."""
    text = json.dumps(value, **options)
    mark = _MARK if not options.get("ensure_ascii", True) else json.dumps(_MARK)[1:-1]
    parts = text.split(f'"{mark}')
    # What stands between the marks is JSON in a string, so it is written twice.
    return parts[0] + "".join(
        (json.loads(f'"{inner}"') if end else inner) + rest
        for inner, end, rest in (part.partition(f'{mark}"') for part in parts[1:])
    )


@st.composite
def _written(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> bytes:
    """JSON as bytes, in some encoding, now and then spoilt."""
    text = text_of(draw(values), ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 4)) == 0 and text.startswith("{") and len(text) > 2:
        again = f"{json.dumps(draw(st.sampled_from(['status', 'job_status', 'reply', 'responses'])))}:"
        text = f"{{{again}{text_of(draw(json_values()))},{text[1:]}"
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7"]))
    content = text.encode(
        encoding, "surrogatepass" if encoding.startswith("utf") and encoding != "utf-7" else "replace"
    )
    match draw(st.integers(0, 11)):
        case 0:
            return content[: draw(st.integers(0, len(content)))]
        case 1:
            place = draw(st.integers(0, len(content)))
            return content[:place] + draw(st.binary(max_size=4)) + content[place:]
        case _:
            return content


_PAGES = st.sampled_from(
    [b"", b"<html><title>Sign in</title>", b"<title", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"NaN", b"{" * 9000]
)


@functools.cache
def bodies(kind: JobKind[Any]) -> st.SearchStrategy[bytes]:
    """Bodies: what the spec allows, the same somewhat changed, other JSON, and no JSON at all."""
    near = strategies.replies(kind)
    as_documented, bent, other = _written(near), _written(_bent(near)), _written(json_values())
    return st.one_of(as_documented, as_documented, bent, bent, bent, other, _PAGES, st.binary(max_size=40))


def _number(**bounds: Any) -> st.SearchStrategy[str]:
    return st.integers(**bounds).map(str) | st.floats(**bounds).map(str)


_RETRY_AFTER = st.one_of(
    _number(min_value=-5, max_value=10**6),
    _number(),
    st.datetimes().map(lambda moment: moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    st.sampled_from(
        ["", "soon", "1e999", "-0", "nan", "٣", "1_0", "9" * 5000, "Fri, 31 Dec 9999 23:59:59 -2359", "1 Jan 1 0:0:0"]
    ),
    st.from_regex(
        r"(Mon, )?\d{1,3}[ -][A-Z][a-z]{2}[ -]\d{1,5} \d{1,2}:\d{1,3}(:\d\d)?( [+-]\d{1,9}| [A-Z]{1,4})?",
        fullmatch=True,
    ),
)
_TYPES = st.sampled_from(
    [
        "application/json",
        "text/html; charset=utf-8",
        "application/json; charset=utf-16",
        "text/plain; charset=no-such",
        'application/json; charset="',
        "x; charset=base64",
        "; ; =",
        "multipart/form-data",
    ]
)
_COOKIES = st.sampled_from(
    ["a=b", "a=ü", "=", ";;;", "a=b; domain=.com; path=/", "a=b; expires=Fri, 99 Foo 99999 99:99:99 GMT",
     "a=b; max-age=x", "a=\"b; version=9", "a=b; version=1; port=\"80,x\""]
)  # fmt: skip
_LOCATIONS = st.sampled_from(
    ["", "/", "//", "http://", "https://login.invalid/?next=1", "http://xn--/", "http://xn--a", "http://[::1", "http://a:99999999",
     "http://\u00fc\u00fc/", "javascript:1", "/" + "a" * 70_000, "http://a..b/", "http://" + "a" * 300, "?", "#", "::"]
)  # fmt: skip
_ENCODINGS = st.sampled_from(["gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "no-such", ""])


@functools.cache
def _header() -> st.SearchStrategy[tuple[bytes, bytes]]:
    anything = st.binary(max_size=12).map(lambda value: bytes(byte for byte in value if byte >= 0x20 and byte != 0x7F))

    def named(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[bytes, bytes]]:
        return st.tuples(st.just(name.encode()), values.map(lambda value: value.encode("utf-8")) | anything)

    return st.one_of(
        named("Retry-After", _RETRY_AFTER),
        named("Content-Type", _TYPES),
        named("Set-Cookie", _COOKIES),
        named("Location", _LOCATIONS),
        named("Content-Encoding", _ENCODINGS),
        named("Content-Length", _number()),
        st.tuples(st.from_regex(rb"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True), anything),
    )


_PACKERS: list[tuple[bytes, Callable[[bytes], bytes]]] = [(b"gzip", gzip.compress), (b"deflate", zlib.compress)]
_BREAKS = st.sampled_from([httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError])


_STATUS_CODES = st.sampled_from([200] * 8 + [401, 404, 429, 500, 503, 302]) | st.integers(100, 999)
_HEADERS = st.lists(_header(), max_size=3)


@st.composite
def answers(draw: st.DrawFn, kind: JobKind[Any]) -> Answer:
    """What a server, or whatever stands before it, may answer when it is asked for a job of a kind."""
    status_code = draw(_STATUS_CODES)
    headers = draw(_HEADERS)
    body = draw(bodies(kind))
    if draw(st.integers(0, 7)) == 0:
        name, pack = draw(st.sampled_from(_PACKERS))
        body, headers = pack(body), [*headers, (b"Content-Encoding", name)]
        if draw(st.booleans()):
            body = body[: draw(st.integers(0, len(body)))]
    cut = draw(st.integers(0, len(body)))
    breaks_with = draw(_BREAKS) if draw(st.integers(0, 11)) == 0 else None
    return Answer(status_code, headers, [piece for piece in (body[:cut], body[cut:]) if piece], breaks_with)
