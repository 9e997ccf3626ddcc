"""Ids: one text or number, or several parts as in `owner/repo/17`, none of which leads to another job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs
import pytest
from starlette.responses import JSONResponse, Response

from settled import Job, JobKind, osapi
from settled._core.job import id_of, split_id
from settled._run.operation import asynchronous, operation, submit
from settled._run.steps import Steps
from settled.errors import BadRequest, MalformedResponse, SubmitUnclear
from settled_clients.osapi import AuthenticatedClient
from settled_clients.osapi.api.jobs import get_job

from conftest import Answering, CallFunction

PARTS = ("team", "job_id")
KIND: JobKind[Any] = attrs.evolve(
    osapi.KINDS[0], request=lambda job_id: get_job.request_kwargs(split_id(job_id, PARTS)[1]), id_parts=PARTS
)


@operation
def start(client: AuthenticatedClient, *, by_location: bool = False) -> Steps[Job[Any]]:
    """Start a job of two parts."""
    request = {"method": "post", "url": "/jobs", "json": {}}
    return (
        yield from submit(
            client,
            request,
            lambda answer: Job(KIND, client, id_of("red", answer if by_location else answer["id"])),
            by_location=by_location,
        )
    )


start_async: Final = asynchronous(start)


@pytest.fixture
def client(answering: Answering) -> Iterator[AuthenticatedClient]:
    """A client of a vendor whose answers a test writes out."""
    with osapi.connect(answering.url, token="not-a-real-token") as connected:
        yield connected


@pytest.mark.parametrize("parts", [("17",), (17,), ("red", "17"), ("red", 17)])
def test_parts_make_an_id(parts: tuple[str | int, ...]) -> None:
    """Texts and numbers stand in an id with a slash between."""
    assert id_of(*parts) == ("17" if len(parts) == 1 else "red/17")


@pytest.mark.parametrize(
    ("part", "described"), [(None, "None"), (True, "True"), (1.5, "1.5"), (["17"], "a list"), (b"17", "a bytes")]
)
def test_what_is_no_part(part: Any, described: str) -> None:
    """Anything else is refused, and not shown."""
    with pytest.raises(TypeError, match=f"an id is a str or an int, not {described}$"):
        id_of("red", part)


@pytest.mark.parametrize("job_id", ["17", "red/17/x", "red/", "/17", "red/..", "./17", "red/ ", "red/1\n7"])
def test_ids_of_several_parts_are_checked(client: AuthenticatedClient, job_id: str) -> None:
    """There are as many as there should be, and each of them can be a part of a path."""
    with pytest.raises(ValueError, match="id"):
        Job(KIND, client, job_id)


@pytest.mark.parametrize(
    ("job_id", "message"),
    [
        ("17", "the id must be team/job_id, with 2 parts, and has 1"),
        ("../17", r"the id must be team/job_id: of team, '\.\.' would lead to another path"),
    ],
)
def test_what_is_said_of_a_wrong_id(client: AuthenticatedClient, job_id: str, message: str) -> None:
    """The error says what an id is made of."""
    with pytest.raises(ValueError, match=message):
        Job(KIND, client, job_id)


def test_a_reply_names_the_last_part(answering: Answering, client: AuthenticatedClient) -> None:
    """A reply about another job is refused; one that names the last part of the id is this job's."""
    job = Job(KIND, client, KIND.example_id("17"))
    assert job.ref == "osapi.job/17/17"
    answering({"id": "17", "status": "completed"})
    assert job.fetch().is_settled
    answering({"id": "18", "status": "completed"})
    with pytest.raises(MalformedResponse, match="another job's, '18'"):
        job.fetch()


@pytest.mark.parametrize("location", ["/jobs/18", "https://host.invalid/jobs/18/?x=1", "/jobs/%318", "18"])
def test_location(answering: Answering, client: AuthenticatedClient, call: CallFunction, location: str) -> None:
    """The id of a job that was started stands at the end of the answer's Location, which may have no body."""
    answering(Response(status_code=201, headers={"Location": location}))
    assert call(start, client, by_location=True).id == "red/18"


@pytest.mark.parametrize("answer", [Response(status_code=201), Response(status_code=201, headers={"Location": "/"})])
def test_no_location(answering: Answering, client: AuthenticatedClient, call: CallFunction, answer: Response) -> None:
    """Without one, the job may exist all the same."""
    answering(answer)
    with pytest.raises(SubmitUnclear, match="without a Location"):
        call(start, client, by_location=True)


def test_refused_with_a_location(answering: Answering, client: AuthenticatedClient, call: CallFunction) -> None:
    """A refusal is one, wherever it leads."""
    answering(JSONResponse({"message": "no"}, 400, {"Location": "/jobs/18"}))
    with pytest.raises(BadRequest):
        call(start, client, by_location=True)


@pytest.mark.parametrize("answer", [{}, [], {"id": None}, {"id": ""}, {"id": "a/b", "token": "hidden-0123456789"}])
def test_an_answer_that_names_no_job(
    answering: Answering, client: AuthenticatedClient, call: CallFunction, answer: Any
) -> None:
    """What cannot be read of an answer is told without its secrets, and the job may exist all the same."""
    answering(answer)
    with pytest.raises(SubmitUnclear, match="the answer names no job: ") as raised:
        call(start, client)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("job_id", ["17 ", " 17", "17 #2", "17 # a comment"])
def test_ids_that_a_list_of_refs_would_cut(answering: Answering, job_id: str) -> None:
    """What leads to another job when it goes through a pipe is no id, and not taken from an answer either."""
    with osapi.connect(answering({"job_id": job_id}), token="not-a-real-token") as client:
        with pytest.raises(ValueError, match="blanks around it, or one before a #"):
            osapi.job(client, job_id)
        with pytest.raises(SubmitUnclear):
            osapi.run_command(client, "_any", "ls")
