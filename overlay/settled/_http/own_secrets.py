"""A client's own secrets in texts, found in whatever form somebody quotes them, and hidden.

Servers, proxies and libraries quote a secret as it was sent, encoded, or with line breaks in it. The usual forms of it
can be looked for in any answer, because that costs next to nothing. Texts of errors, which are rare, are also searched
for what is escaped in part, or twice.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from .redact import HIDDEN, SHORTEST_SECRET

# As in a URL, in HTML or in JSON, once or several times; blanks and line breaks are dropped.
_ESCAPE = re.compile(
    r"%(?:25)*(?P<url>[0-9a-f]{2})|&(?:amp;)*(?P<html>#?\w{2,8};)|\\+(?:u00|x)(?P<json>[0-9a-f]{2})"
    r"|(?:\\+[nrt]|\s)+|\\+(?P<other>[^nrt]?)",
    re.IGNORECASE | re.ASCII,
)
# How many letters of BASE64 are not of the secret alone, if so many bytes stand in front of it.
_SHARED_LETTERS = (0, 2, 3)


@functools.lru_cache(maxsize=128)
def forms_of(secrets: frozenset[str]) -> tuple[str, ...]:
    """Secrets in all the forms that texts usually have them in, the longest first."""
    return tuple(sorted({form for secret in secrets for form in _forms(secret)}, key=len, reverse=True))


def without_forms(text: str, forms: Iterable[str]) -> str:
    """A text without what has one of these forms, or becomes it when what is escaped is read."""
    for form in forms:
        text = text.replace(form, HIDDEN)
    read = _read(text)
    for form in forms:
        if (plain := _read(form)) in read and len(plain) >= SHORTEST_SECRET:
            text = _without_escaped(text, plain)
            read = _read(text)
    return text


@functools.lru_cache(maxsize=128)
def _forms(secret: str) -> frozenset[str]:
    import html

    quoted = quote(secret, safe="")
    escaped = json.dumps(secret)[1:-1]
    octets = secret.encode().hex()
    return frozenset(
        {
            *(secret, escaped, escaped.replace("/", "\\/"), html.escape(secret), octets, octets.upper()),
            *(quoted, re.sub("%..", lambda match: match[0].lower(), quoted), quote(quoted)),
            *(quote(secret), quote_plus(secret)),
            *(form.translate(letters) for form in _in_base64(secret) for letters in ({}, {43: "-", 47: "_"})),
        }
    )


def _in_base64(secret: str) -> Iterable[str]:
    """What Base64 has of a secret wherever it stands, as behind a user's name and a colon."""
    for before, shared in enumerate(_SHARED_LETTERS):
        octets = bytes(before) + secret.encode()
        yield base64.b64encode(octets).decode().rstrip("=")[shared : None if len(octets) % 3 == 0 else -1]


def _read(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text).lower()


def _unescaped(escape: re.Match[str]) -> str:
    import html

    if octet := escape["url"] or escape["json"]:
        return chr(int(octet, 16))
    return html.unescape(f"&{escape['html']}") if escape["html"] else escape["other"] or ""


def _without_escaped(text: str, plain: str) -> str:
    """A text without what reads so."""
    read, spans, end = "", list[tuple[int, int]](), 0
    for escape in (*_ESCAPE.finditer(text), None):
        start, end_of_plain = end, len(text) if escape is None else escape.start()
        pieces = [(text[at], at, at + 1) for at in range(start, end_of_plain)]
        if escape is not None:
            end = escape.end()
            pieces.append((_unescaped(escape), escape.start(), end))
        for piece, begins, ends in pieces:
            read += piece.lower()
            spans += [(begins, ends)] * len(piece.lower())
    parts, position, shown = list[str](), 0, 0
    while (found := read.find(plain, position)) >= 0:
        position = found + len(plain)
        parts += text[shown : spans[found][0]], HIDDEN
        shown = spans[position - 1][1]
    return "".join((*parts, text[shown:]))
