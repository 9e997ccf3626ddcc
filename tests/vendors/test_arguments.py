"""What JSON becomes of as an argument of a submit, by the function's type hints alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NotRequired, Required, TypedDict, Unpack

import pytest

from settled import Outcome
from settled._arguments import arguments, example, parameters
from settled._vendors import submits
from settled_clients.agilesec.models import Label

import _submits


class _Base(TypedDict):
    name: str
    note: NotRequired[str]


class _Fields(_Base, total=False):
    size: Required[int]
    labels: Mapping[str, str]


def _submit(
    client: object,
    ids: Iterable[str],
    *,
    span: timedelta | tuple[datetime, datetime] | None = None,
    ratio: float = 1.0,
    count: int | None = None,
    word: Literal["low", "high"] = "low",
    outcome: Outcome | None = None,
    models: Sequence[Label | Mapping[str, Any]] = (),
    anything: Any = None,
) -> None:
    """Take arguments of every form that a submit may have."""


def _with_fields(client: object, **fields: Unpack[_Fields]) -> None:
    """Take what a typed dict lists."""


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("span", 90, timedelta(seconds=90)),
        ("span", 0.5, timedelta(milliseconds=500)),
        (
            "span",
            ["2026-11-26T08:00:00Z", "2026-11-26T09:00:00+00:00"],
            (datetime(2026, 11, 26, 8, tzinfo=UTC), datetime(2026, 11, 26, 9, tzinfo=UTC)),
        ),
        ("span", None, None),
        ("ratio", 2, 2),
        ("count", 7, 7),
        ("word", "high", "high"),
        ("outcome", "FAILED", Outcome.FAILED),
        ("models", [{"team": "blue"}], [Label.from_dict({"team": "blue"})]),
        ("anything", {"a": [1, None]}, {"a": [1, None]}),
    ],
)
def test_what_json_becomes(name: str, value: Any, expected: Any) -> None:
    """Times, durations, pairs, enums and models are made of what JSON has in their place."""
    assert arguments(_submit, {"ids": ["a"], name: value}) == {"ids": ["a"], name: expected}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"ids": "secret-id"}, "ids must be a list, each a string, not a string"),
        ({"ids": []}, None),
        ({"ids": ["a"], "span": True}, "span must be a number of seconds or a list"),
        ({"ids": ["a"], "span": ["2026-11-26T08:00:00Z"]}, "span must be a number of seconds or a list"),
        ({"ids": ["a"], "span": ["yesterday", "today"]}, r"span\[0\] must be a time in ISO 8601, not a string"),
        ({"ids": ["a"], "span": float("inf")}, "span must be"),
        ({"ids": ["a"], "ratio": "1"}, "ratio must be a number, not a string"),
        ({"ids": ["a"], "count": 1.5}, "count must be a whole number or null, not a number"),
        ({"ids": ["a"], "word": None}, 'word must be "low" or "high", not null'),
        ({"ids": ["a"], "outcome": "LOST"}, "outcome must be .*SUCCEEDED.* not a string"),
        ({"ids": ["a"], "models": [1]}, r"models\[0\] must be an object, not a whole number"),
        ({"ids": ["a"], "client": 1}, "'client' is unknown; there are ids"),
        ({"password=hunter2": 1}, r"'password=\[secret\]' is unknown"),
        ({}, r"missing: ids; there are ids, \[span\]"),
        (None, r'must be a JSON object, as \{"ids": ...\}, not null'),
    ],
)
def test_what_cannot_be_an_argument(value: Any, message: str | None) -> None:
    """Each error says which argument, what it must be and what it is, and shows no value."""
    if message is None:
        assert arguments(_submit, value) == value
        return
    with pytest.raises(ValueError, match=message) as raised:
        arguments(_submit, value)
    assert "secret-id" not in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert len(str(raised.value)) <= 300


def test_fields_of_a_typed_dict() -> None:
    """A typed dict's fields are arguments, required or not as it says, with those of its base."""
    assert {each.name: each.is_required for each in parameters(_with_fields)} == {
        "name": True,
        "note": False,
        "size": True,
        "labels": False,
    }
    with pytest.raises(ValueError, match=r"missing: size; there are name, \[note\], size, \[labels\]"):
        arguments(_with_fields, {"name": "n"})
    with pytest.raises(ValueError, match=r"labels\.team must be a string, not null"):
        arguments(_with_fields, {"name": "n", "size": 1, "labels": {"team": None}})


@pytest.mark.parametrize("name", submits())
def test_every_submit_takes_json(name: str) -> None:
    """Each parameter of each public submit can be given as JSON: its type has a name in it."""
    submit = submits()[name]
    passed = _submits.arguments_of(name)
    assert arguments(submit, passed).keys() == passed.keys()
    assert example(submit).startswith("{")
    for parameter in parameters(submit):
        with pytest.raises(ValueError, match=f"{parameter.name}(?! must be , )") as raised:
            arguments(submit, {**passed, parameter.name: object()})
        assert " must be , not" not in str(raised.value)
