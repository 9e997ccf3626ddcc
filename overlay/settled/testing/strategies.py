"""Vendors' replies for Hypothesis: in the documented shape, near it, and far from it.

    from hypothesis import given
    from settled import cortex_xsiam
    from settled.testing import strategies

    @given(strategies.replies(cortex_xsiam.KINDS[0]) | strategies.json_values())
    def test_my_reader(reply): ...

Needs the extra `testing` (hypothesis).
"""

from __future__ import annotations

import datetime
import enum
import sys
import types
import typing
from typing import Any

import attrs

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        f"settled.testing.strategies needs its extra: pip install 'settled[testing]' ({_error})", name=_error.name
    ) from _error

from .._core.job import JobKind, model_of

__all__ = ["json_values", "replies", "statuses"]


def statuses(kind: JobKind[Any]) -> st.SearchStrategy[str]:
    """Status words: those of a kind, in any letter case, and undocumented ones."""
    documented = st.sampled_from(sorted({*(word.value for word in kind.terminal), *kind.running}))
    unlisted = st.sampled_from(["", "REINDEXING", "COMPLETED_WITH_DOUBTS"]) | st.text(max_size=8)
    return documented | documented.map(str.swapcase) | documented.map(str.title) | unlisted


def replies(kind: JobKind[Any]) -> st.SearchStrategy[Any]:
    """JSON in, or near, the shape that a vendor's page documents for a kind of job.

    Each reply has the documented shape, with any of `statuses` and a few endpoints or agents; some lack a field or two,
    or have others besides.

    Raises:
        ValueError: If a kind's `decode` neither is a generated model's nor says that it returns one.
    """
    model = model_of(kind)
    if not isinstance(model, type) or not attrs.has(model):
        raise ValueError(f"{kind.name}: no model tells the shape of a reply")
    documented = _of_model(model, kind).map(_to_dict)
    return documented | _malformed(documented)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, as a vendor or a proxy may send by mistake."""
    names = st.sampled_from(["status", "reply", "data", "error", "message", "responses"]) | st.text(max_size=4)
    leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts()
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
    )


def _texts() -> st.SearchStrategy[str]:
    return st.text(max_size=8)


def _names() -> st.SearchStrategy[str]:
    return st.sampled_from(["web-01", "web-02", "laptop"]) | st.text(min_size=1, max_size=8)


def _of_model(model: type[Any], kind: JobKind[Any]) -> st.SearchStrategy[Any]:
    models = sys.modules[model.__module__.rpartition(".")[0]]
    hints = typing.get_type_hints(model, localns={name: getattr(models, name) for name in models.__all__})
    fields = [field.name for field in attrs.fields(model) if field.init]
    made = st.builds(model, **{name: _of_type(hints[name], kind) for name in fields})
    _, more = typing.get_args(hints.get("additional_properties", dict[str, Any]))
    # Additional properties of type Any are undocumented fields; of another type, they are endpoints or agents by name.
    return made if more is Any else st.builds(_with, made, st.dictionaries(_names(), _of_type(more, kind), max_size=3))


def _of_type(hint: Any, kind: JobKind[Any]) -> st.SearchStrategy[Any]:
    choices = typing.get_args(hint)
    if choices and typing.get_origin(hint) is list:
        return st.lists(_of_type(choices[0], kind), max_size=3)
    if choices:
        # Mostly the documented type, seldom null or absent; where a number may come as text, the text holds digits.
        each = [
            st.integers(-1, 5).map(str) if choice is str and int in choices else _of_type(choice, kind)
            for choice in sorted(choices, key=_is_blank)
        ]
        return _mostly_first(each)
    if hint is Any or hint is object:
        return json_values()
    return _of_class(hint, kind)


@st.composite
def _mostly_first(draw: st.DrawFn, strategies: list[st.SearchStrategy[Any]]) -> Any:
    return draw(strategies[max(draw(st.integers(0, len(strategies) + 3)) - 4, 0)])


def _is_blank(hint: Any) -> bool:
    return hint is types.NoneType or getattr(hint, "__name__", "") == "Unset"


def _of_class(hint: type[Any], kind: JobKind[Any]) -> st.SearchStrategy[Any]:
    if issubclass(hint, enum.Enum):
        has_statuses = any(kind.knows(word.value) for word in hint)
        return statuses(kind).map(hint) if has_statuses else st.sampled_from(list(hint))
    if attrs.has(hint):
        return _of_model(hint, kind)
    if _is_blank(hint):
        return st.sampled_from([None if hint is types.NoneType else vars(sys.modules[hint.__module__])["UNSET"]])
    plain: dict[type[Any], st.SearchStrategy[Any]] = {
        str: statuses(kind),
        int: st.integers(-1, 5),
        datetime.datetime: st.datetimes(timezones=st.just(datetime.UTC)),
    }
    return plain[hint] if hint in plain else st.from_type(hint)


def _with(made: Any, more: dict[str, Any]) -> Any:
    made.additional_properties = more
    return made


def _to_dict(made: Any) -> Any:
    return made.to_dict()


@st.composite
def _malformed(draw: st.DrawFn, documented: st.SearchStrategy[Any]) -> Any:
    """A reply with a field too few or too many, in one or two places."""
    reply = draw(documented)
    for _ in range(draw(st.integers(1, 2))):
        fields = draw(st.sampled_from([*_objects(reply)]))
        if fields and draw(st.booleans()):
            del fields[draw(st.sampled_from(sorted(fields)))]
        else:
            fields[draw(_names())] = draw(json_values())
    return reply


def _objects(value: Any) -> list[dict[str, Any]]:
    """All objects in a JSON value, the outermost first."""
    found: list[dict[str, Any]] = []
    inner: list[Any] = []
    if isinstance(value, dict):
        found.append(typing.cast("dict[str, Any]", value))
        inner = [*found[0].values()]
    elif isinstance(value, list):
        inner = [*value]
    return found + [each for part in inner for each in _objects(part)]
