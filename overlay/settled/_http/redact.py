"""What was sent or answered, without its secrets.

A secret stands under a name that calls it one: as a member of an object, beside the name in a pair such as
`{"name": "password", "value": "x"}`, or behind it in a text, as in `--password=x`, `?token=x` or a connection string.
Others are known by their form: the user and password of a URL, a private key, a JWT. If in doubt, a value is hidden:
whoever sent it knows it anyway.

Prose is no doubt. People choose passwords, and any word may be one; keys and tokens are made by machines. So a plain
word behind a colon stays, as in "the token: expired" or "key: value store", but not in "password: swordfish".
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from .limits import MAX_DEPTH

HIDDEN = "[secret]"

# A sensor's settings may hold the credentials that it scans with.
_WORDS = (
    "auth|connection|conn_?str|cookie|cred|dsn|jwt|key|nonce|pass|private|pwd|secret|session|signature|token"
    # Short ones are parts of ordinary words (path, design), unless they stand alone.
    r"|(?<![a-z])(?:bearer|mfa|otp|pat|pin|psk|sas|sig)(?![a-z])"
)
_SECRET_NAME = re.compile(_WORDS, re.IGNORECASE)
# As in githubPat.
_LAST_WORD = re.compile("(?<=[a-z0-9])(?:P[Aa][Tt]|S[Aa][Ss]|S[Ii][Gg]|O[Tt][Pp])(?![a-z])")
_LONGEST_NAME = 60
_NAMES_OF_PAIRS = frozenset({"name", "key", "field", "header", "variable", "option", "property", "param", "parameter"})
_VALUES_OF_PAIRS = frozenset({"value", "values", "val", "default", "content", "data", "text"})

# Lengths are bounded, so that no text takes long.
_USER_INFO = (
    re.compile(r"(?<=://)[^/?#\s]{0,300}@"),
    # A password may have characters that should be encoded; digits behind a colon are a port.
    re.compile(r"(?<=://)[^\[/?#\s:]{1,100}:(?!\d+(?:[/?#]|$))\S{0,300}@"),
    # Without a scheme: user:password@tcp(host).
    re.compile(r"(?:(?<=[\s'=,;(\"])|\A)(?!mailto:)[^\s:/@\"'=,;]{1,100}:(?!//)[^\s@]{1,300}@(?=[\w\[(])"),
)
_FORMS = (
    re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[\w-]{5,}\.[\w.-]+"),
    re.compile(r"(?<=\bbearer )[\w.~+/=-]{6,}", re.IGNORECASE),
    re.compile(r"(?<=\bbasic )(?=\S{0,300}[A-Z0-9=])[\w+/=-]{6,}", re.IGNORECASE),
    re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AKIA|ASIA)[\w-]{10,}"),
    re.compile(r"(?:(?<=\s-u )|(?<=\A-u )|(?<=--user )|(?<=--user=))[^\s:]{1,100}:\S+"),
)
_NAME = r"(?<![\w.%\[\]-])(?P<name>[\w.%\[\]-]{1,80})(?![\w.%\[\]-])"
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^{}]*\}+|(?:(?:basic|bearer|digest|token)\s+)?[^\s&;]+)"""
_ASSIGNED = re.compile(rf"""{_NAME}["']?\s{{0,5}}(?P<sign>=|:(?!//))\s{{0,5}}""")
_CHOSEN_BY_PEOPLE = re.compile("pass|pwd|secret", re.IGNORECASE)
# Longer ones could be made by a machine of letters alone.
_PLAIN_WORD = re.compile(r"[A-Za-z][a-z]{0,13}[.,:!?)]{0,3}")
_FLAG = re.compile(r"(?<!\S)--?(?P<name>[A-Za-z][\w-]{0,80})\s{1,5}(?=[^\s-])")
# The beginning of an element of XML, whose end goes with the value.
_ELEMENT = re.compile(r"<(?P<name>[A-Za-z_][\w.:-]{0,80})(?:\s[^<>]{0,300})?>(?=[^<\s])")
_ONE_VALUE = re.compile(_VALUE, re.IGNORECASE)
# A connection string, whose values may have blanks.
_SETTINGS = re.compile(r"\s*[\w .-]{1,80}=[^;]*;[^=]*(?:=|\Z)")

# Not within braces, which hold values with semicolons.
_END_OF_SETTING = re.compile(r";(?![^{}]{0,200}\})")

# Shorter ones are found in too many words.
SHORTEST_SECRET = 5


def without_secrets(value: Any, depth: int = 0) -> Any:
    """A copy of a JSON value without what its names or its form call a secret."""
    if depth > MAX_DEPTH:
        return "[too deep]"
    if _is_object(value):
        is_pair = _is_secret_pair(value)
        return {
            text_without_secrets(str(name)): HIDDEN
            if _is_something(inner)
            and (_is_secret_name(str(name)) or (is_pair and str(name).casefold() in _VALUES_OF_PAIRS))
            else without_secrets(inner, depth + 1)
            for name, inner in value.items()
        }
    if _is_list(value):
        return list(_items(value, depth))
    return _string_without_secrets(value, depth) if isinstance(value, str) else value


def text_without_secrets(text: str) -> str:
    """A text without what it calls a secret, or what has the form of one."""
    for pattern in _USER_INFO:
        text = pattern.sub(f"{HIDDEN}@", text)
    for pattern in _FORMS:
        text = pattern.sub(HIDDEN, text)
    if _SETTINGS.match(text):
        return ";".join(map(_setting_without_secrets, _END_OF_SETTING.split(text)))
    return _without_values(_without_values(_without_values(text, _ELEMENT), _FLAG), _ASSIGNED)


def secrets_in(value: Any) -> frozenset[str]:
    """The texts that `without_secrets` hides in a JSON value, but for very short ones."""
    return frozenset(text for text in _hidden(value, without_secrets(value)) if len(text) >= SHORTEST_SECRET)


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    """The texts in a value that are hidden in what is shown of it."""
    if value == shown:
        return
    if shown == HIDDEN:
        yield from _texts(value)
    elif _is_object(value) and len(value) == len(shown):
        for inner, shown_inner in zip(value.values(), shown.values(), strict=True):
            yield from _hidden(inner, shown_inner)
    elif _is_list(value):
        for inner, shown_inner in zip(value, shown, strict=True):
            yield from _hidden(inner, shown_inner)
    elif isinstance(value, str):
        yield from _hidden_in_text(value, shown)


def _hidden_in_text(text: str, shown: str) -> Iterator[str]:
    first, *others = shown.split(HIDDEN)
    position = len(first)
    if not text.startswith(first):  # JSON, which is shown with other blanks
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(text)
            yield from _hidden(value, without_secrets(value))
        return
    for other in others:
        end = text.find(other, position) if other else len(text)
        if end > position:
            yield text[position:end].strip("\"'")
            position = end + len(other)


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if _is_object(value) or _is_list(value):
        for inner in value.values() if _is_object(value) else value:
            if depth < MAX_DEPTH:
                yield from _texts(inner, depth + 1)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)


def _string_without_secrets(text: str, depth: int) -> str:
    """A text, which may be JSON itself."""
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            return json.dumps(without_secrets(json.loads(text), depth + 1), ensure_ascii=False)
        except (ValueError, RecursionError):
            return text_without_secrets(text)
    return text_without_secrets(text)


def _without_values(text: str, named: re.Pattern[str]) -> str:
    """A text without the values that stand behind the names of secrets, which `named` finds."""
    parts: list[str] = []
    position = 0
    for match in named.finditer(text):
        if match.end() < position or not _is_secret_name(match["name"]):
            continue
        value = _ONE_VALUE.match(text, match.end())
        if value is not None and not _is_prose(match, value[0]):
            parts += text[position : match.end()], HIDDEN
            position = value.end()
    return "".join((*parts, text[position:]))


def _is_prose(named: re.Match[str], value: str) -> bool:
    is_colon = named.groupdict().get("sign") == ":"
    return is_colon and not _CHOSEN_BY_PEOPLE.search(named["name"]) and _PLAIN_WORD.fullmatch(value) is not None


def _setting_without_secrets(setting: str) -> str:
    name, equals, value = setting.partition("=")
    if equals and _is_secret_name(name):
        return f"{name}={HIDDEN}" if value.strip() else setting
    return _without_values(setting, _ASSIGNED)


def _items(items: Sequence[Any], depth: int) -> Iterator[Any]:
    """The items of a list; hidden behind a flag such as `--password`, or beside a name where there are two."""
    is_hidden, flag = False, ""
    for number, item in enumerate(items):
        # As a shell would join them: what stands behind `-u` is a secret if it has a colon.
        is_shown = not isinstance(item, str) or text_without_secrets(f"{flag} {item}") != f"{flag} {HIDDEN}"
        yield without_secrets(item, depth + 1) if is_shown and not (is_hidden and _is_something(item)) else HIDDEN
        flag = item if item in ("-u", "--user") else ""
        is_flag = isinstance(item, str) and item.startswith("-") and "=" not in item
        is_hidden = (is_flag or (len(items) == 2 and number == 0)) and _is_secret_name(item)


def _is_secret_pair(value: Mapping[str, Any]) -> bool:
    return any(_is_secret_name(inner) for name, inner in value.items() if str(name).casefold() in _NAMES_OF_PAIRS)


def _is_secret_name(name: Any) -> bool:
    return (
        isinstance(name, str)
        and len(name) <= _LONGEST_NAME
        and bool(_SECRET_NAME.search(name) or _LAST_WORD.search(name))
    )


def _is_something(value: Any) -> bool:
    return value is not None and value != "" and not isinstance(value, bool)


def _is_object(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: Any) -> TypeGuard[list[Any] | tuple[Any, ...]]:
    return isinstance(value, list | tuple)
