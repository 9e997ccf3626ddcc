"""Every operation of a vendor is there twice, for threads and for asyncio, with the same arguments and result."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from settled import Job
from settled._run.operation import is_submit
from settled._vendors import module_of, vendors


def _operations(vendor: str) -> dict[str, Callable[..., Any]]:
    """What `operation` has made of a module, by name, but for what is the module's own."""
    module = module_of(vendor)
    found = {
        name: value
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        if inspect.isfunction(value) and inspect.isgeneratorfunction(inspect.unwrap(value)) and not _is_async(value)
    }
    return {name: value for name, value in found.items() if value is not inspect.unwrap(value) and name[0] != "_"}


def _is_async(function: Callable[..., Any]) -> bool:
    return function.__name__.endswith("_async")


OPERATIONS = [(vendor, name) for vendor in vendors() for name in _operations(vendor)]


@pytest.mark.parametrize(("vendor", "name"), OPERATIONS, ids=".".join)
def test_every_operation_has_a_twin(vendor: str, name: str) -> None:
    """Both are public, take the same arguments under the same names, promise the same, and only one is awaited."""
    module = module_of(vendor)
    assert {name, f"{name}_async"} <= set(module.__all__)
    function, twin = getattr(module, name), getattr(module, f"{name}_async")
    assert twin.__name__ == f"{name}_async"
    assert inspect.signature(function).parameters == inspect.signature(twin).parameters
    hints, twins_hints = typing.get_type_hints(function), typing.get_type_hints(twin)
    result, twins_result = hints.pop("return"), twins_hints.pop("return")
    assert hints == twins_hints
    if typing.get_origin(result) is Iterator:
        assert typing.get_origin(twins_result) is AsyncIterator
        assert typing.get_args(result) == typing.get_args(twins_result)
    else:
        assert result == twins_result
    assert inspect.unwrap(function) is inspect.unwrap(twin)
    assert getattr(function, "__deprecated__", None) == getattr(twin, "__deprecated__", None)
    assert function.__doc__
    assert f"`{name}`" in twin.__doc__


@pytest.mark.parametrize(("vendor", "name"), OPERATIONS, ids=".".join)
def test_help_tells_what_an_operation_returns(vendor: str, name: str) -> None:
    """`help` and `inspect.signature` show the result that a caller gets, not the steps of the definition."""
    for each in (name, f"{name}_async"):
        shown = str(inspect.signature(getattr(module_of(vendor), each)))
        assert "Steps" not in shown
        assert "Items" not in shown


@pytest.mark.parametrize("vendor", vendors())
def test_no_twin_without_its_operation(vendor: str) -> None:
    """Whatever is public for asyncio is public for threads, too."""
    names = set(module_of(vendor).__all__)
    assert {name.removesuffix("_async") for name in names if name.endswith("_async")} <= names


def test_which_operations_are_submits() -> None:
    """A submit is an operation that returns a job: neither its twin is one, nor what makes a job of an id."""
    module = module_of("agilesec")
    submits = {name for name in module.__all__ if is_submit(getattr(module, name))}
    assert {"create_scan", "execute_scan", "submit_scan"} == submits
    for vendor, name in OPERATIONS:
        function = getattr(module_of(vendor), name)
        returns = typing.get_type_hints(function)["return"]
        assert is_submit(function) == (typing.get_origin(returns) is Job)
