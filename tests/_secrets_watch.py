"""A pytest plugin: a test fails in which a key, a token or a signature was logged, printed or raised.

It learns the secrets where credentials are made of them, and what goes over the wire where requests are signed.
"""

from __future__ import annotations

import functools
import logging
import threading
import traceback
from collections.abc import Callable, Generator
from typing import Any

import attrs
import pytest

from settled import errors
from settled._core import wait as _wait
from settled._cortex.credentials import CortexKey
from settled._http import credentials
from settled._http.oauth import OAuthClientCredentials
from settled.agilesec import _callbacks as _callback

# A shorter one is no secret, but may well be part of an ordinary word.
_SHORTEST = 6
_CREDENTIALS = {_callback.BearerToken: "token", _callback.ApiToken: "token"}
_SIGNED_HEADERS = ("authorization", "isg-api-token", "x-xdr-nonce")

_patch = pytest.MonkeyPatch()


@attrs.define(eq=False)
class Watch:
    """The secrets that are known, those of the present test alone, and where one was seen."""

    lasting: set[str] = attrs.field(factory=set[str])
    passing: set[str] = attrs.field(factory=set[str])
    found: list[str] = attrs.field(factory=list[str])
    lock: Any = attrs.field(factory=threading.Lock)

    def keep(self, secrets: set[str], text: str) -> None:
        """Know a secret from now on."""
        with self.lock:
            secrets.update(word for word in text.removeprefix("Bearer ").split() if len(word) >= _SHORTEST)

    def look(self, where: str, text: str) -> None:
        """Look for secrets in what can be read somewhere."""
        with self.lock:
            secrets = [secret for secret in self.lasting | self.passing if secret in text]
        if secrets:
            at = text.index(secrets[0])
            for secret in secrets:
                text = text.replace(secret, "[secret]")
            self.found.append(f"{where} shows a secret: …{text[max(at - 200, 0) : at + 100]}…")

    def look_at_error(self, error: BaseException | None) -> None:
        """Look for secrets in an error, its notes and its causes."""
        seen: set[int] = set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            text = "".join(traceback.format_exception_only(error)) + repr(error)
            if isinstance(error, errors.SettledError):
                text += str(vars(error))
            self.look(f"an error ({type(error).__name__})", text)
            error = error.__cause__ or error.__context__

    def reckon(self) -> list[str]:
        """What was found in a test; the next one begins anew."""
        with self.lock:
            found, self.found = self.found, []
            self.passing.clear()
        return found


class _Handler(logging.Handler):
    """Looks at every log record."""

    def emit(self, record: logging.LogRecord) -> None:
        watch.look(f"a log record ({record.name})", record.getMessage() + str(vars(record)))


@attrs.frozen
class _Raises:
    """What `pytest.raises` makes, with a look at the error."""

    inner: Any

    def __enter__(self) -> Any:
        return self.inner.__enter__()

    def __exit__(self, error_class: Any, error: BaseException | None, trace: Any) -> Any:
        __tracebackhide__ = True
        watch.look_at_error(error)
        return self.inner.__exit__(error_class, error, trace)


watch = Watch()
_handler = _Handler()


def _keeping_sent(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def init_and_keep(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for secret in self.secrets():
            watch.keep(watch.lasting, secret)

    return init_and_keep


def _keeping(init: Callable[..., None], name: str) -> Callable[..., None]:
    @functools.wraps(init)
    def init_and_keep(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        watch.keep(watch.lasting, getattr(self, name))

    return init_and_keep


def _signing(sign: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(sign)
    def sign_and_keep(self: Any, request: Any, secret: str) -> None:
        watch.keep(watch.lasting, secret)
        sign(self, request, secret)
        for header in _SIGNED_HEADERS:
            watch.keep(watch.passing, request.headers.get(header, ""))

    return sign_and_keep


def _looking(learnt: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(learnt)
    def learn_and_look(*args: Any) -> Any:
        error = learnt(*args)
        watch.look_at_error(error)
        return error

    return learn_and_look


def pytest_configure() -> None:
    """Begin to watch."""
    for callback_auth, name in _CREDENTIALS.items():
        _patch.setattr(callback_auth, "__init__", _keeping(vars(callback_auth)["__init__"], name))
    _patch.setattr(credentials.Credentials, "__init__", _keeping_sent(credentials.Credentials.__init__))
    for auth in (CortexKey, credentials.HeaderToken, credentials.Basic, OAuthClientCredentials):
        _patch.setattr(auth, "sign", _signing(auth.sign))
    # Every error that ends a wait comes through here, also those that `as_settled` hands out.
    _patch.setattr(_wait.Wait, "_fail", _looking(_wait.Wait._fail))
    raises = pytest.raises

    @functools.wraps(raises)
    def watched_raises(*args: Any, **kwargs: Any) -> Any:
        return _Raises(raises(*args, **kwargs))

    _patch.setattr(pytest, "raises", watched_raises)
    logging.getLogger().addHandler(_handler)
    logging.getLogger("settled").setLevel(logging.DEBUG)


def pytest_unconfigure() -> None:
    """Watch no longer."""
    logging.getLogger().removeHandler(_handler)
    logging.getLogger("settled").setLevel(logging.NOTSET)
    _patch.undo()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at what a test printed and raised, and let it fail if a secret was seen."""
    report = yield
    if call.excinfo is not None:
        watch.look_at_error(call.excinfo.value)
    for title, text in report.sections:
        # A report has those of the phases before, too.
        if title.endswith(report.when or ""):
            watch.look(title, text)
    if call.when != "teardown" and not watch.found:
        return report
    found = watch.reckon()
    if found and report.passed:
        report.outcome = "failed"
        report.longrepr = "\n".join(found)
    return report
