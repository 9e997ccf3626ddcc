"""From JSON to the arguments of a submit, checked against the function's own signature and type hints."""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum, EnumType
from typing import Any, Literal, NamedTuple, NotRequired, Required, Union, Unpack, cast

from ._core.text import printable
from ._core.validate import described
from ._http.redact import text_without_secrets

_MANY = (
    *(collections.abc.Iterable, collections.abc.Iterator, collections.abc.Collection, collections.abc.Sequence),
    *(list, tuple, set, frozenset),
)
_OBJECTS = (collections.abc.Mapping, dict)
# What JSON calls what it can hold; a bool is an int to Python, so it comes first.
_NAMES: Mapping[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_AS_TEXT: Mapping[Any, str] = {datetime: "a time in ISO 8601", timedelta: "a number of seconds"}


class Parameter(NamedTuple):
    """A parameter of a submit: its name, its type, and whether it must be given."""

    name: str
    hint: Any
    is_required: bool

    def __str__(self) -> str:
        return self.name if self.is_required else f"[{self.name}]"


def parameters(submit: Callable[..., Any]) -> list[Parameter]:
    """What a submit takes besides its client, which comes first."""
    hints = typing.get_type_hints(submit, include_extras=True)
    found: list[Parameter] = []
    for parameter in list(inspect.signature(submit).parameters.values())[1:]:
        hint = hints[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD and typing.get_origin(hint) is Unpack:
            found += _fields(typing.get_args(hint)[0])
        else:
            found.append(Parameter(parameter.name, hint, parameter.default is parameter.empty))
    return found


def arguments(submit: Callable[..., Any], value: Any) -> dict[str, Any]:
    """The arguments that a JSON value gives a submit.

    Raises:
        ValueError: Which says what is missing, unknown or of another type, and not what was given: it may be a secret.
    """
    if not isinstance(value, dict):
        raise ValueError(f"the arguments must be a JSON object, as {example(submit)}, not {_called(value)}")  # noqa: TRY004 - as JSON of any other form
    return _object(parameters(submit), cast("dict[str, Any]", value), "")


def example(submit: Callable[..., Any]) -> str:
    """The arguments that a submit needs, as the outline of a JSON object."""
    fields = ", ".join(f'"{each.name}": ...' for each in parameters(submit) if each.is_required)
    return printable(f"{{{fields}}}", 120)


def _fields(typed_dict: Any) -> list[Parameter]:
    found: list[Parameter] = []
    for name, hint in typing.get_type_hints(typed_dict, include_extras=True).items():
        # Of hints that are texts, `__required_keys__` does not know these two.
        is_required = name in typed_dict.__required_keys__
        if (mark := typing.get_origin(hint)) in (Required, NotRequired):
            is_required, hint = mark is Required, typing.get_args(hint)[0]  # noqa: PLW2901 - the hint without its mark
        found.append(Parameter(name, hint, is_required))
    return found


def _object(known: list[Parameter], fields: Mapping[str, Any], place: str) -> dict[str, Any]:
    hints = {parameter.name: parameter.hint for parameter in known}
    listed = printable(", ".join(map(str, known)) or "no arguments", 150)
    within = f"in {place}, " if place else ""
    if unknown := next((name for name in fields if name not in hints), None):
        raise ValueError(f"{within}{printable(text_without_secrets(unknown), 60)!r} is unknown; there are {listed}")
    if missing := [each.name for each in known if each.is_required and each.name not in fields]:
        raise ValueError(f"{within}missing: {printable(', '.join(missing), 80)}; there are {listed}")
    return {name: _value(hints[name], value, f"{place}.{name}" if place else name) for name, value in fields.items()}


def _value(hint: Any, value: Any, place: str) -> Any:
    """A JSON value as the type that a hint asks for."""
    inner = typing.get_args(hint)
    base = typing.get_origin(hint) or hint
    if base in (Union, types.UnionType):
        return _one_of(hint, value, place)
    if base in _MANY and isinstance(value, list | tuple):
        return _list(hint, cast("Sequence[Any]", value), place)
    if typing.is_typeddict(hint) and isinstance(value, dict):
        return _object(_fields(hint), cast("dict[str, Any]", value), place)
    if base in _OBJECTS and isinstance(value, dict):
        of_values, named = inner[1] if inner else Any, cast("dict[str, Any]", value)
        return {name: _value(of_values, each, f"{place}.{printable(name, 40)}") for name, each in named.items()}
    if base is Literal and not any(value == each and type(value) is type(each) for each in inner):
        raise _misfit(hint, value, place)
    return value if base in (Any, object, Literal) else _plain(hint, value, place)


def _one_of(hint: Any, value: Any, place: str) -> Any:
    reasons: list[ValueError] = []
    for member in typing.get_args(hint):
        try:
            return _value(member, value, place)
        except ValueError as error:
            reasons.append(error)
    # If the form is right for one of them, what is wrong lies deeper, and that one can tell.
    deeper = [reason for reason in reasons if not str(reason).startswith(f"{place} must be")]
    raise deeper[0] if len(deeper) == 1 else _misfit(hint, value, place)


def _list(hint: Any, items: Sequence[Any], place: str) -> Any:
    inner = typing.get_args(hint)
    if tuple not in (hint, typing.get_origin(hint)):
        return [_value(inner[0] if inner else Any, item, f"{place}[{number}]") for number, item in enumerate(items)]
    of_items = inner if inner and inner[-1] is not ... else (inner[0] if inner else Any,) * len(items)
    if len(of_items) != len(items):
        raise _misfit(hint, items, place)
    pairs = zip(of_items, items, strict=True)
    return tuple(_value(each, item, f"{place}[{number}]") for number, (each, item) in enumerate(pairs))


def _plain(hint: Any, value: Any, place: str) -> Any:
    if type(value) is hint or (hint is float and type(value) is int):
        return value
    try:
        if hint is datetime and isinstance(value, str):
            return datetime.fromisoformat(value)
        if hint is timedelta and type(value) in (int, float):
            return timedelta(seconds=value)
        if issubclass(hint, Enum):
            return hint(value)
        if isinstance(value, dict):
            return cast("Any", hint).from_dict(value)  # a generated model
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        pass
    raise _misfit(hint, value, place)


def _misfit(hint: Any, value: Any, place: str) -> ValueError:
    return ValueError(f"{place} must be {printable(_in_words(hint), 120)}, not {_called(value)}")


def _called(value: Any) -> str:
    name = _NAMES.get(type(value)) or described(value)
    return f"an empty {name.partition(' ')[2]}" if value in ("", [], {}) else name


def _in_words(hint: Any) -> str:
    """What a hint asks for, in the words of JSON."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        words = [_in_words(member) for member in inner]
        return " or ".join(dict.fromkeys(filter(None, words)))
    if origin is Literal:
        return " or ".join(f'"{each}"' for each in inner)
    if hint in _MANY or origin in _MANY:
        of_items = [_in_words(each) for each in inner if each not in (Any, ...)]
        return f"a list of: {', '.join(of_items)}" if len(of_items) > 1 else ", each ".join(["a list", *of_items])
    if isinstance(hint, EnumType):
        return " or ".join(f'"{member.value}"' for member in cast("type[Enum]", hint))
    # A protocol, for example, is nothing that JSON could hold.
    is_object = hint in _OBJECTS or origin in _OBJECTS or typing.is_typeddict(hint) or hasattr(hint, "from_dict")
    return {**_NAMES, **_AS_TEXT}.get(hint, "an object" if is_object else "")
