"""Runs the tests of a team that uses the test kit, as the README shows one."""

from __future__ import annotations

import pytest


def run_consumers_tests(pytester: pytest.Pytester, text: str, *, passed: int) -> None:
    """Run a test module's text with pytest, in a process of its own that knows nothing but what is installed."""
    pytester.makepyfile(test_consumer=text)
    result = pytester.runpytest_subprocess("-q", "-W", "error", "--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=passed)
