"""Finding the human sentence in whatever a server answers with an error.

The body may be JSON in the vendor's form, in a gateway's or in a validation library's, or a proxy's web page. The forms
are not told apart: the names under which messages usually stand are tried, from the outside in, and where there are
none, the objects below. What is found comes from outside, and becomes one printable line. Nothing here raises: it would
hide the error that is to be reported.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

from .._core.text import encodable, printable, truncate
from .limits import MAX_DEPTH

_MESSAGE_KEYS = ("err_msg", "message", "error_message", "msg", "detail", "error", "details", "title")
_CODE_KEYS = ("err_code", "code", "error_code", "errorCode")
_EXTRA_KEYS = ("err_extra", "details", "extra")
_MAX_LENGTH = 500
# So much of a text is searched, of which less than that is shown.
_LONGEST_SEARCHED = 10_000


class ErrorBody(NamedTuple):
    """What an error's body says: the message ("" if there is none), the vendor's code, and what it says besides."""

    message: str
    code: str | None = None
    extra: str | None = None


def error_body(content: bytes) -> ErrorBody:
    """Find the message, the code and the extra in an error's body: JSON of any shape, HTML or text. Never raises."""
    try:
        body = json.loads(content)
        message, code, extra = sentence(body), _field(body, _CODE_KEYS), sentence(_field(body, _EXTRA_KEYS))
        return ErrorBody(
            _short(message or _compact(body)),
            _short(str(code)) if isinstance(code, str | int) else None,
            _short(extra) if extra and extra != message else None,
        )
    except (ValueError, RecursionError):
        return ErrorBody(_plain(content.decode("utf-8", "replace")))


def is_html(content: bytes) -> bool:
    """Whether a body is a page of HTML or XML."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def sentence(value: Any, depth: int = 0) -> str:
    """The human sentence somewhere in a JSON value, "" if there is none."""
    if value is None or isinstance(value, bool) or depth > 8:
        return ""
    if is_object(value):
        if "loc" in value and "msg" in value:
            return f"{_path(value['loc'])}: {sentence(value['msg'], depth + 1)}"
        candidates = [*(value.get(key) for key in (*_MESSAGE_KEYS, "reply")), *_wrapped(value)]
        return next(filter(None, (sentence(candidate, depth + 1) for candidate in candidates)), "")
    if is_list(value):
        return "; ".join(filter(None, (sentence(item, depth + 1) for item in value[:10])))
    text = str(value)[: 2 * _MAX_LENGTH]
    return text if text.strip() else ""


def message_of(value: Any) -> str | None:
    """What a field tells, as text: all of it if it is text, the sentence in it otherwise, or else its JSON, cut.

    None if there is nothing in it.
    """
    if value is None:
        return None
    if is_list(value) and sentence(value):
        # Some of a list may tell it in words, and others not.
        return "; ".join(filter(None, map(message_of, value[:10])))
    return encodable(value if isinstance(value, str) and value.strip() else sentence(value) or _compact(value)) or None


def _compact(value: Any) -> str:
    from .redact import without_secrets

    try:
        if isinstance(value, bool) or _is_blank(value):
            return ""
        text = json.dumps(without_secrets(_beginning(value)), ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        return ""
    return truncate(text, _MAX_LENGTH)


def beginning(content: bytes) -> bytes:
    """The beginning of a large body, with more than an error shows of it; JSON stays JSON."""
    try:
        return json.dumps(_beginning(json.loads(content))).encode()
    except (ValueError, RecursionError):
        return content[: 2 * _LONGEST_SEARCHED]


def _beginning(value: Any) -> Any:
    """The first parts of a JSON value: to search all of a large one for secrets would take seconds."""
    left = _LONGEST_SEARCHED

    def part(value: Any, depth: int) -> Any:
        nonlocal left
        left -= len(value) if isinstance(value, str) else 1
        # What is nested deeper is not shown, and is left as it is: a call for each level could be too many.
        if is_object(value) and depth <= MAX_DEPTH:
            return {name: part(inner, depth + 1) for name, inner in value.items() if left > 0}
        if is_list(value) and depth <= MAX_DEPTH:
            return [part(inner, depth + 1) for inner in value if left > 0]
        return value[:_LONGEST_SEARCHED] if isinstance(value, str) else value

    return part(value, 0)


def _is_blank(value: Any) -> bool:
    """Whether a JSON value holds nothing, however deep: null, an empty text, or objects and lists of these alone."""
    # No call for each level, of which there may be too many.
    inside = [value]
    for each in inside:
        if is_object(each):
            inside += each.values()
        elif is_list(each):
            inside += each
        elif each is not None and not (isinstance(each, str) and not each.strip()):
            return False
    return True


def _wrapped(value: dict[str, Any]) -> Iterator[Any]:
    """The objects under names that say nothing of messages, in which a message may be wrapped."""
    for name, inner in value.items():
        if name in _MESSAGE_KEYS or name == "reply":
            continue
        if is_object(inner):
            yield inner
        elif is_list(inner):
            yield [item for item in inner[:10] if is_object(item)]


def _path(steps: Any) -> str:
    return ".".join(map(str, steps)) if is_list(steps) else str(steps)


def _field(value: Any, keys: tuple[str, ...], depth: int = 0) -> Any:
    if not is_object(value):
        return None
    found = next((value[key] for key in keys if value.get(key) not in (None, "")), None)
    if found is not None or depth > 8:
        return found
    # What stands beside a message belongs to something else.
    wrapped = () if any(value.get(key) for key in _MESSAGE_KEYS) else _wrapped(value)
    inner = (_field(each, keys, depth + 1) for each in (value.get("reply"), *wrapped))
    return next((each for each in inner if each is not None), None)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a JSON value is a list."""
    return isinstance(value, list)


def _plain(text: str) -> str:
    title = re.search(r"<title[^>]*>(.*?)</title>", text[:_LONGEST_SEARCHED], re.IGNORECASE | re.DOTALL)
    return _short(title[1] if title else re.sub(r"<[^>]*>", " ", text[:_LONGEST_SEARCHED]))


def _short(text: str) -> str:
    return printable(" ".join(text.split()), _MAX_LENGTH)
