"""What is said of a wait that ends without its job."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settled import Job, agilesec, cortex_xdr, cortex_xsiam, errors, osapi
from settled._core.options import WaitConfig
from settled._core.reply import Reply
from settled._core.tally import MAX_LABELS, OTHER
from settled._core.wait import Sleep, Wait
from settled._core.wait_json import Now, wait_to_json

XDR = cortex_xdr.connect("tenant.invalid", key_id=7, key="k" * 12, max_rate=None)
XSIAM = cortex_xsiam.connect("tenant.invalid", key_id=7, key="k" * 12, max_rate=None)
OSAPI = osapi.connect("server.invalid", token="t" * 12)
AGILESEC = agilesec.connect("platform.invalid", token="t" * 12)
JOB_ID = "550e8400-e29b-41d4-a716-446655440000"
ENDPOINTS = {f"web-{number:02}": "COMPLETED_SUCCESSFULLY" for number in range(12)}


def waited(job: Job[Any], timeout: float, *replies: Any) -> Wait[Any]:
    """A wait that was answered with these, one after the other; errors are failures."""
    wait = Wait(job, WaitConfig[Any](start=0.0, timeout=timeout))
    now = 0.0
    for reply in replies:
        while isinstance(step := wait.next(now), Sleep):
            now += step.seconds
        if isinstance(reply, errors.SettledError):
            wait.failed(reply, now)
        else:
            wait.received(Reply(job.reading(reply), reply, json.dumps(reply).encode(), None), now)
    return wait


def deadline_text(job: Job[Any], timeout: float, *replies: Any) -> str:
    """The text of the deadline's error."""
    return str(waited(job, timeout, *replies).give_up(timeout))


def action(words: dict[str, str]) -> dict[str, Any]:
    """What Cortex XDR answers about an action."""
    return {"reply": {"data": words}}


def test_who_is_still_open() -> None:
    """The text of a deadline says how many of a job's parts have settled, and which have not."""
    job = cortex_xdr.action(XDR, 4711)
    text = deadline_text(job, 900, action({**ENDPOINTS, "van": "PENDING"}), action({**ENDPOINTS, "van": "PENDING"}))
    assert text == "cortex_xdr.action/4711: 12 of 13 endpoints settled after 900 s; still PENDING: van (2 polls)"
    many = {f"pc-{number}": "PENDING" if number % 2 else "IN_PROGRESS" for number in range(100)}
    assert deadline_text(job, 60, action(many)) == (
        "cortex_xdr.action/4711: 0 of 100 endpoints settled after 60 s; "
        "still IN_PROGRESS: pc-0, pc-2; PENDING: pc-1, pc-3 and 96 more (1 poll)"
    )
    assert (
        deadline_text(job, 60, action({}))
        == "cortex_xdr.action/4711: no status of any part was read after 60 s (1 poll)"
    )
    # A job that has no parts is not said to have any.
    scan = agilesec.scan(AGILESEC, "7")
    for word in (None, "", " "):
        assert deadline_text(scan, 60, {"status": word}) == "agilesec.scan/7: no status was read after 60 s (1 poll)"


def test_agents_that_have_not_answered() -> None:
    """Agents that were expected, and that nobody has heard of, are counted."""
    job = osapi.job(OSAPI, JOB_ID, expected_agents=2)
    answer = {"status": "processing", "responses": {"a": {"status": "completed", "hostname": "web-01"}}}
    assert deadline_text(job, 60, answer) == f"{job.ref}: 1 of 2 agents answered after 60 s; still processing (1 poll)"


def test_one_status() -> None:
    """A job of one status is still what it was when it was polled last."""
    job = cortex_xsiam.byos_import(XSIAM, "7")
    assert deadline_text(job, 0.5, {"job_status": "PROCESSING"}) == (
        "cortex_xsiam.byos_import/7: still PROCESSING after 0.5 s (1 poll)"
    )
    assert "still PROCESSING after 1209600 s" in deadline_text(job, 14 * 86_400, {"job_status": "PROCESSING"})


def test_why_the_last_poll_failed() -> None:
    """The last failure is named, without the ref once more; so is that nothing was read at all."""
    job = cortex_xsiam.byos_import(XSIAM, "7")
    refused = errors.TransportError(f"{job.ref}: connection refused by 127.0.0.1:9")
    assert deadline_text(job, 4, refused, refused, refused, refused) == (
        "cortex_xsiam.byos_import/7: no status was read (4 polls); last failure: connection refused by 127.0.0.1:9"
    )
    text = deadline_text(job, 60, {"job_status": "PROCESSING"}, refused)
    assert text.endswith("still PROCESSING after 60 s (2 polls); last failure: connection refused by 127.0.0.1:9")


def test_a_code_that_is_the_status_is_not_said_twice() -> None:
    """A vendor's error code is told unless it is the HTTP status once more."""
    assert str(errors.AuthenticationError("no", status_code=401, code="401", method="GET", path="/")) == (
        "GET / answered 401: no"
    )
    assert "401 [17]" in str(errors.AuthenticationError("no", status_code=401, code="17", method="GET", path="/"))


def test_the_ref_is_said_once() -> None:
    """An error that is raised names its job; one in a snapshot does not, because the snapshot does."""
    wait = waited(cortex_xsiam.byos_import(XSIAM, "7"), 5, {"job_status": "PROCESSING"})
    error = wait.give_up(5)
    assert str(error).startswith(wait.job.ref)
    end = wait.ended_by(error, 5)
    assert f"{end.job.ref} {end.error}" == "cortex_xsiam.byos_import/7 still PROCESSING after 5 s (1 poll)"
    assert (error.ref, error.__notes__) == (wait.job.ref, [wait.job.ref])


@given(
    job_id=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=1000),
    words=st.dictionaries(st.text(max_size=300), st.text(max_size=300), max_size=30),
    reason=st.text(max_size=1000),
)
def test_a_line_of_300_characters(job_id: str, words: dict[str, str], reason: str) -> None:
    """However long ids, names, words and reasons are, the text is one line of 300 characters at most."""
    job = cortex_xdr.script_execution(XDR, job_id)
    assert len(deadline_text(job, 1, errors.ServerError(reason, status_code=500))) <= 300
    text = deadline_text(cortex_xdr.action(XDR, 4711), 1, action(words), errors.ServerError(reason, status_code=500))
    assert len(text) <= 300
    assert "\n" not in text


def test_the_tally_has_a_bound() -> None:
    """Of more than twenty labels the others are counted together; the status is the latest one nevertheless."""
    job = cortex_xsiam.byos_import(XSIAM, "7")
    wait = waited(job, 1e6, *({"job_status": f"RUNNING {number}%"} for number in range(100)))
    assert len(wait.seen) == MAX_LABELS + 1
    assert wait.seen[OTHER] == 100 - MAX_LABELS
    assert sum(wait.seen.values()) == 100
    assert wait.status == "RUNNING 99%"
    assert len(json.dumps(wait_to_json(wait, Now(0, 0)))) < 2000


def test_many_parts_are_counted_by_progress() -> None:
    """A job of many parts is counted by how many have settled, whatever words they have on the way."""
    words = [{"a": "PENDING", "b": word} for word in ("PENDING", "IN_PROGRESS", "COMPLETED_SUCCESSFULLY")]
    wait = waited(cortex_xdr.action(XDR, 4711), 1e6, *map(action, words))
    assert wait.seen == {"0 of 2 settled": 2, "1 of 2 settled": 1}
    assert wait.status == "1 COMPLETED_SUCCESSFULLY, 1 PENDING"


def test_words_stay_on_their_line() -> None:
    """Line breaks and escape sequences in a status are shown, and not obeyed."""
    wait = waited(cortex_xsiam.byos_import(XSIAM, "7"), 5, {"job_status": "RUNNING\nCRITICAL\x1b[2J"})
    assert wait.status == "RUNNING\\nCRITICAL\\x1b[2J"


def unknown_host() -> errors.TransportError:
    """The failure that a name nobody knows is."""
    error = errors.TransportError("no such host")
    error.is_unknown_host = True
    return error


def test_a_host_that_nobody_knows() -> None:
    """A host name that no server knows ends a wait after five tries, unless the host was reached before."""
    job = cortex_xsiam.byos_import(XSIAM, "7")
    waited(job, 1e6, *[unknown_host()] * 4)
    with pytest.raises(errors.TransportError) as raised:
        waited(job, 1e6, *[unknown_host()] * 5)
    assert raised.value.is_unknown_host
    waited(job, 1e6, {"job_status": "PROCESSING"}, *[unknown_host()] * 20)
    waited(job, 1e6, errors.ServerError("down", status_code=503), *[unknown_host()] * 6)


def test_a_store_that_is_away_for_a_moment() -> None:
    """Where a kind has a grace for it, a 404 is borne at any time of a wait, from the first of a run of them on."""
    job = osapi.job(OSAPI, JOB_ID)
    gone = errors.NotFound("job not found", status_code=404)
    waited(job, 1e6, {"status": "processing"}, *[gone] * 4, {"status": "processing"}, *[gone] * 4)
    with pytest.raises(errors.NotFound):
        waited(job, 1e6, {"status": "processing"}, *[gone] * 9)
