"""Every kind of job, held against the specs."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import inspect
import re
from collections.abc import Callable
from typing import Any

import attrs
import pytest

import settled
import settled.aio
import settled.machine
from settled import JobKind, Outcome

from _specs import SPECS, documents

VENDORS = {path.stem: importlib.import_module(f"settled.{path.stem}") for path in SPECS}
KINDS: list[JobKind[Any]] = [kind for vendor in VENDORS.values() for kind in vendor.KINDS]

# The spec's enums that have a kind's status words; no list is published for script runs.
STATUS_ENUMS = {
    "agilesec.scan": "ScanStatus",
    "cortex_xdr.action": "ActionStatus",
    "cortex_xdr.script_execution": "ActionStatus",
    "cortex_xdr.xql_query": "QueryStatus",
    "cortex_xsiam.byos_import": "ByosImportJobStatus",
    "cortex_xsiam.xql_query": "QueryStatus",
    "osapi.job": "JobStatus",
}


def documented_words(kind: JobKind[Any]) -> list[str]:
    """The words that the spec lists for where a job stands, and how it ended."""
    schemas = documents()[kind.name.partition(".")[0]]["components"]["schemas"]
    return [word for enum in STATUS_ENUMS[kind.name].split() for word in schemas[enum]["enum"]]


each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def test_every_kind_is_checked() -> None:
    """No kind is left out of these tests."""
    assert {kind.name for kind in KINDS} == set(STATUS_ENUMS)


@each_kind
def test_every_documented_word_is_running_or_terminal(kind: JobKind[Any]) -> None:
    """Each status word of the spec is in exactly one of the two sets, in whatever letter case."""
    for word in documented_words(kind):
        assert (kind.terminal.outcome_of(word) is not None) + (word in kind.running) == 1, word
        assert kind.knows(word.swapcase())
    assert kind.knows("nobody-listed-this") == (not kind.running)


@each_kind
def test_running_words_are_documented(kind: JobKind[Any]) -> None:
    """No running word is ours alone; a terminal one may be, where replies have shown it."""
    assert kind.running <= set(documented_words(kind))


@each_kind
def test_terminal_words_have_outcomes(kind: JobKind[Any]) -> None:
    """Each terminal word is a member of the enum and stands for an outcome."""
    for member in kind.terminal:
        assert isinstance(member.outcome, Outcome)
        assert kind.terminal(member.value) is member
        assert kind.terminal.outcome_of(member.value.lower()) is member.outcome
        assert kind.terminal.outcome_of(f" {member.value}\n") is member.outcome
        assert kind.knows(f" {member.value}\n")


@each_kind
def test_jobs_come_back_from_their_refs(kind: JobKind[Any]) -> None:
    """A job function makes the job that its ref names."""
    vendor, name = kind.name.split(".")
    client = kind.client_class("https://nowhere.invalid")  # type: ignore[call-arg]
    job_id = kind.example_id("17")
    job = getattr(VENDORS[vendor], name)(client, *job_id.split("/"))
    assert job.ref == f"{kind.name}/{job_id}"
    assert settled.from_ref(job.ref, client) == job
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.id = "18"


@each_kind
def test_jobs_need_their_own_vendors_client(kind: JobKind[Any]) -> None:
    """A ref with another vendor's client is a TypeError."""
    other = next(other for other in KINDS if other.client_class is not kind.client_class)
    vendor, wrong = (each.name.partition(".")[0] for each in (kind, other))
    with pytest.raises(
        TypeError, match=rf"needs a client of {vendor}, as {vendor}.connect makes it, not one of {wrong}$"
    ):
        settled.from_ref(f"{kind.name}/17", other.client_class("https://nowhere.invalid"))  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=rf"as {vendor}\.connect makes it, not a int$"):
        settled.from_ref(f"{kind.name}/17", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("osapi.jobs/1", "did you mean osapi.job/<id>?"),
        ("OSAPI.JOB/1", "did you mean osapi.job/<id>?"),
        ("agilsec.scan/1", "did you mean agilesec.scan/<id>?"),
        ("cortex_xdr.script/1", "did you mean cortex_xdr.script_execution/<id>?"),
        ("XY/1", "the kinds are agilesec.scan, "),
        ("osapi.job", "did you mean osapi.job/<id>?"),
    ],
)
def test_a_typo_in_a_ref(ref: str, message: str) -> None:
    """A ref of no known kind is answered with the nearest one, or with all."""
    with pytest.raises(ValueError, match=re.escape(message)):
        settled.from_ref(ref, KINDS[0].client_class("https://nowhere.invalid"))  # type: ignore[call-arg]


def _verbs(job: Any, **options: Any) -> dict[str, Callable[[], Any]]:
    """Every waiting verb, to be called with a job and options."""
    return {
        "wait": lambda: settled.wait(job, timeout=1, **options),
        "watch": lambda: next(settled.watch(job, timeout=1, **options)),
        "as_settled": lambda: settled.as_settled([job], timeout=1, **options),
        "begin": lambda: settled.machine.begin(job, timeout=1, **options),
        "aio.wait": lambda: asyncio.run(settled.aio.wait(job, timeout=1, **options)),
    }


@pytest.mark.parametrize("verb", _verbs(None))
def test_what_the_verbs_refuse(verb: str) -> None:
    """What is no job, no option or no schedule is refused with what to give instead."""
    kind = KINDS[0]
    job = settled.from_ref(f"{kind.name}/17", kind.client_class("https://nowhere.invalid"))  # type: ignore[call-arg]
    for value, message in ((job.ref, "from_ref"), (7, "not a job, but a int"), (None, "from_ref")):
        with pytest.raises(TypeError, match=message):
            _verbs(value)[verb]()
    name = verb.removeprefix("aio.")
    with pytest.raises(TypeError, match=f"^{name} has no option 'intervall'; its options are schedule, on_poll, "):
        _verbs(job, intervall=3)[verb]()
    with pytest.raises(TypeError, match=r"schedule must be a settled\.Schedule, or a function of .*, not 3"):
        _verbs(job, schedule=3)[verb]()


USER = {"USERNAME": "u", "PASSWORD": "p"}


def credentials_of(vendor: str) -> dict[str, Any]:
    """Made-up credentials, by the names that a vendor's `connect` has for them."""
    parameters = inspect.signature(VENDORS[vendor].connect).parameters.values()
    needed = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY and each.default is each.empty]
    return {name: 7 if name == "key_id" else "k" for name in needed}


def test_one_job_is_no_iterable_of_jobs() -> None:
    """A job or a ref in place of several is refused by the verbs that take several; a ref may be a pasted secret."""
    kind = KINDS[0]
    job = settled.from_ref(f"{kind.name}/17", kind.client_class("https://nowhere.invalid"))  # type: ignore[call-arg]
    for verb in (settled.as_settled, settled.aio.as_settled):
        for value, message in ((job, f"one job: {job.ref}"), (job.ref, "a str")):
            with pytest.raises(TypeError, match=f"jobs must be an iterable of jobs, not {message}$"):
                verb(value, timeout=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("vendor", VENDORS)
def test_connect_refuses_what_it_does_not_know(vendor: str) -> None:
    """A misspelt option is a TypeError, not ignored."""
    credentials = credentials_of(vendor)
    with pytest.raises(TypeError, match=r"connect has no option 'max_rat'; .* max_rate"):
        VENDORS[vendor].connect("nowhere.invalid", **credentials, max_rat=5)


@pytest.mark.parametrize("vendor", VENDORS)
def test_connect_names_what_is_wrong(vendor: str) -> None:
    """An argument that cannot be right is named in the error."""
    credentials = credentials_of(vendor)
    secret = list(credentials)[-1]
    with pytest.raises(ValueError, match=f"^{secret} "):
        VENDORS[vendor].connect("nowhere.invalid", **credentials | {secret: ""})
    with pytest.raises(TypeError, match=r"^base_url "):
        VENDORS[vendor].connect(7, **credentials)


@pytest.mark.parametrize("vendor", VENDORS)
def test_options_of_clients_from_the_environment(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment does not say can be given: it is for every vendor's `connect_from_env`."""
    secrets = {"KEY_ID": "7", "KEY": "k", "TOKEN": "t", "CLIENT_ID": "c", "CLIENT_SECRET": "s", **USER}
    for name, value in {"URL": "https://nowhere.invalid", **secrets}.items():
        monkeypatch.setenv(f"SETTLED_{vendor.upper()}_{name}", value)
    with VENDORS[vendor].connect_from_env(timeout=3.5) as client:
        assert client.get_httpx_client().timeout.read == 3.5


@pytest.mark.parametrize(
    ("outcomes", "combined"),
    [
        ([], None),
        ([None], None),
        ([Outcome.SUCCEEDED, None], None),
        ([Outcome.SKIPPED, Outcome.SKIPPED], Outcome.SKIPPED),
        ([Outcome.SUCCEEDED, Outcome.SKIPPED], Outcome.PARTIAL),
        ([Outcome.PARTIAL, Outcome.FAILED], Outcome.PARTIAL),
        ([Outcome.CANCELLED, Outcome.TIMED_OUT], Outcome.FAILED),
    ],
)
def test_outcomes_combine(outcomes: list[Outcome | None], combined: Outcome | None) -> None:
    """Many parts have one outcome: theirs, PARTIAL, FAILED, or none yet."""
    assert Outcome.of_all(outcomes) is combined


def test_replies_without_results() -> None:
    """What a job has produced is left out of a reply, wherever the kind says that it is, and nothing else."""
    kind = attrs.evolve(KINDS[0], results_at=("reply", "results", "data"))
    reply = {"status": "SUCCESS", "results": {"data": [{"a": 1}], "stream_id": "s"}}
    assert kind.without_results({"reply": reply, "x": 1}) == {
        "reply": {"status": "SUCCESS", "results": {"stream_id": "s"}},
        "x": 1,
    }
    for raw in (None, 7, "reply", ["reply"], {}, {"reply": 7}, {"reply": {"results": ["data"]}}):
        assert kind.without_results(raw) == raw


def test_ids_of_several_parts() -> None:
    """An id has a part for each name, and a kind of the vendor's own has one."""
    assert KINDS[0].example_id() == "1"
    assert KINDS[0].named_id("a/b/c") == "a/b/c"
    kind = attrs.evolve(KINDS[0], id_parts=("tenant", "scan", "execution"))
    assert (kind.example_id("x"), kind.named_id("a/b/c")) == ("x/x/x", "c")
