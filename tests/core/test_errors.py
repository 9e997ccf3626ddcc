"""The error tree, and how the human sentence is found in whatever a server answers."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled import Outcome, Snapshot, cortex_xsiam, errors
from settled._http.error_body import error_body


@pytest.mark.parametrize(
    ("body", "message", "code", "extra"),
    [
        ({"detail": "no such job"}, "no such job", None, None),
        ({"detail": [{"loc": ["path", "job_id"], "msg": "no UUID", "type": "x"}]}, "path.job_id: no UUID", None, None),
        ({"detail": [{"loc": "body", "msg": "a"}, {"loc": [0], "msg": "b"}]}, "body: a; 0: b", None, None),
        ({"reply": {"err_code": 500, "err_msg": "oops", "err_extra": None}}, "oops", "500", None),
        ({"err_code": "401", "err_msg": "who?", "err_extra": "x"}, "who?", "401", "x"),
        ({"reply": {"err_code": 400, "err_msg": {"line": 1, "message": "bad token"}}}, "bad token", "400", None),
        ({"error": "Failed.", "details": "timed out", "code": 500}, "Failed.", "500", "timed out"),
        ({"reply": {"err_msg": "no", "err_extra": {"message": "line 3"}}}, "no", None, "line 3"),
        ({"details": "only these", "code": True}, "only these", "True", None),
        ({"error": {"message": "deep", "code": "E1"}}, "deep", None, None),
        ({"message": "Unauthorized access."}, "Unauthorized access.", None, None),
        ({"errorCode": "scan-12", "message": "no repository"}, "no repository", "scan-12", None),
        ({"message": "", "error": "the real one"}, "the real one", None, None),
        ({"data": {"err_msg": "oops", "err_code": 7}}, "oops", "7", None),
        ({"result": {"rows": [{"n": 1}, {"err_msg": "oops"}]}}, "oops", None, None),
        ({"message": "oops", "job": {"code": "J7"}}, "oops", None, None),
        ({"assets": ["a", "b"], "count": 2}, '{"assets":["a","b"],"count":2}', None, None),
        (
            {"errors": [{"field": "ip", "problem": "no address"}]},
            '{"errors":[{"field":"ip","problem":"no address"}]}',
            None,
            None,
        ),
        ({"problem": {"password": "hunter2"}}, '{"problem":{"password":"[secret]"}}', None, None),
        ({"message": "", "rows": []}, "", None, None),
        ("just text", "just text", None, None),
        (["one", "two"], "one; two", None, None),
        ({}, "", None, None),
        (None, "", None, None),
        (17, "17", None, None),
    ],
)
def test_finds_the_sentence_in_json(body: Any, message: str, code: str | None, extra: str | None) -> None:
    """The sentence, the code and the extra are found in every vendor's form, wrapped or not."""
    assert error_body(json.dumps(body).encode()) == (message, code, extra)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        (b"<h1>Not  here</h1><p>Go away</p>", "Not here Go away"),
        (b"plain text", "plain text"),
        (b"", ""),
        (b"\xff\xfe broken", "\ufffd\ufffd broken"),
        (b'{"detail": "half', '{"detail": "half'),
    ],
)
def test_finds_the_sentence_elsewhere(content: bytes, message: str) -> None:
    """HTML gives its title or its text, and text itself."""
    assert error_body(content).message == message


def test_cuts_long_messages() -> None:
    """A message is never longer than a person would read."""
    assert len(error_body(b"x" * 10_000_000).message) == 501


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["detail", "reply", "err_msg", "error", "loc", "msg", "code"]) | st.text(), inner
        )
    ),
)


@given(_JSON.map(lambda value: json.dumps(value).encode()) | st.binary())
def test_never_raises(content: bytes) -> None:
    """Whatever the body, the reader answers with text."""
    found = error_body(content)
    assert isinstance(found.message, str)
    assert found.code is None or isinstance(found.code, str)


@pytest.mark.parametrize("levels", [50, 500, 900, 990])
@pytest.mark.parametrize("wrap", ['{"reply": %s}', '{"error": %s}', "[%s]", '{"msg": "x", "loc": [%s]}'])
def test_survives_nesting(wrap: str, levels: int) -> None:
    """However deep the reply is wrapped, the reader answers."""
    body = '{"err_msg": "deep down"}'
    for _ in range(levels):
        body = wrap % body
    assert isinstance(error_body(body.encode()).message, str)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"reply":' * 100_000, b"9" * 100_000])
def test_survives_hostile_json(content: bytes) -> None:
    """Deep nesting and huge numbers are text like any other."""
    assert error_body(content).message


def test_tree_is_as_drawn() -> None:
    """The docstring draws every error under its parent, and nothing else."""
    parents: list[str] = []
    drawn: dict[str, str] = {}
    for line in (line.removeprefix("    ") for line in (errors.__doc__ or "").splitlines()):
        indent = len(line) - len(line.lstrip(" │├└─"))
        name = line.strip(" │├└─").split(" ")[0]
        if name in errors.__all__:
            depth = indent // 4
            parents[depth:] = [name]
            drawn[name] = parents[depth - 1] if depth else "Exception"
    real = {name: getattr(errors, name).__bases__[0].__name__ for name in errors.__all__}
    assert drawn == real


def test_every_error_is_exported() -> None:
    """No error of the tree is missing from `__all__`."""
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}
    assert classes == set(errors.__all__)


@pytest.mark.parametrize(
    ("outcome", "error_class"),
    [
        (Outcome.PARTIAL, errors.JobPartial),
        (Outcome.FAILED, errors.JobFailed),
        (Outcome.CANCELLED, errors.JobCancelled),
        (Outcome.TIMED_OUT, errors.JobTimedOut),
        (Outcome.SKIPPED, errors.JobSkipped),
    ],
)
def test_outcomes_have_their_errors(outcome: Outcome, error_class: type[errors.OutcomeError]) -> None:
    """Each outcome but success raises an error of its own, with the snapshot."""
    client = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k")
    job = cortex_xsiam.byos_import(client, "7")
    snapshot = Snapshot(job, status="X", outcome=outcome, detail="why " * 1000)
    with pytest.raises(error_class) as raised:
        snapshot.raise_for_outcome()
    assert (raised.value.snapshot, raised.value.last, raised.value.ref) == (snapshot, snapshot, job.ref)
    assert len(str(raised.value)) <= 300
    succeeded = Snapshot(job, outcome=Outcome.SUCCEEDED)
    assert succeeded.raise_for_outcome() is succeeded


@pytest.mark.parametrize("outcome", [None, Outcome.FAILED])
def test_a_status_word_stays_on_its_line(outcome: Outcome | None) -> None:
    """A vendor's word cannot write lines of its own, nor control the terminal."""
    job = cortex_xsiam.byos_import(cortex_xsiam.connect("tenant.invalid", key_id=7, key="k"), "7")
    with pytest.raises(errors.OutcomeError) as raised:
        Snapshot(job, status="FAILED\nCRITICAL\x1b[2J\u2028\u202e", outcome=outcome).raise_for_outcome()
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("path", ["/public_api/v1/actions", f"/job/{'x' * 900}"])
def test_a_long_text_is_cut_in_its_middle(path: str) -> None:
    """However long its parts are, the text of an error says what was asked, how it ended, and what to do."""
    error = errors.AuthenticationError(
        "no way " * 70, status_code=401, code="E" * 500, extra="x " * 200, method="POST", path=path, request_id="r-17"
    )
    error.args = (f"{error}; an Advanced key needs advanced=True",)
    text = str(error)
    assert len(text) <= 300
    assert text.startswith(f"POST {path[:50]}")
    assert " answered 401 [EEE" in text
    assert text.endswith("(request id r-17); an Advanced key needs advanced=True")
    assert (error.path, len(error.message)) == (path, 490)


@pytest.mark.parametrize("name", errors.__all__)
def test_no_text_is_longer_than_a_line(name: str) -> None:
    """The text of every error has at most 300 characters, and a short one is left as it is."""
    kind: type[errors.SettledError] = getattr(errors, name)
    error = kind.__new__(kind)
    error.args = ("a short text of a word " + "w" * 200,)
    assert str(error) == error.args[0]
    error.args = ("long " * 100,)
    assert (len(str(error)), str(error)[:10], str(error)[-10:]) == (300, "long long ", "long long ")


@pytest.mark.parametrize(
    ("fields", "error_class", "message"),
    [
        ({}, errors.OutcomeError, "has not settled yet"),
        ({"status": "PROCESSING"}, errors.OutcomeError, "has not settled yet; its status is PROCESSING"),
        ({"outcome": Outcome.FAILED}, errors.JobFailed, "ended FAILED"),
        (
            {"outcome": Outcome.SKIPPED, "status": "skipped", "detail": "no\n agent"},
            errors.JobSkipped,
            "ended SKIPPED with status skipped: no agent",
        ),
        (
            {"outcome": Outcome.FAILED, "status": "of a kind " * 9},
            errors.JobFailed,
            f"ended FAILED with status {'of a kind ' * 8}…",
        ),
    ],
)
def test_errors_of_outcomes_tell_the_outcome(
    fields: dict[str, Any], error_class: type[errors.OutcomeError], message: str
) -> None:
    """What `raise_for_outcome` raises names the job, and what is known of its end, on one line."""
    client = cortex_xsiam.connect("tenant.example", key_id=7, key="a-key-of-this-test")
    snapshot = Snapshot(cortex_xsiam.byos_import(client, "7"), **fields)
    with pytest.raises(errors.OutcomeError) as raised:
        snapshot.raise_for_outcome()
    assert type(raised.value) is error_class
    assert str(raised.value) == f"cortex_xsiam.byos_import/7 {message}"
