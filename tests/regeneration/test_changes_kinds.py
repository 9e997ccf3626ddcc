"""How scripts/regenerate/changes.py judges each kind of change, on documents of a few lines."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import changes
from findings import Finding, grouped_by_cause
from generate import MEMBERS, member_names
from spec_changes import Side, compare, status_words, unchecked
from terminal_tables import read_tables

Json = dict[str, Any]
Edit = Callable[[Json], object]
MODULE = """
class KilnTerminal(TerminalStatus):
    FIRED = "fired", Outcome.SUCCEEDED
    BROKEN = "broken", Outcome.FAILED

def _read(raw):
    state = raw.get("kiln") or {}
    status: str = state["status"]
    return Reading(status, KilnTerminal.outcome_of(status))

FIRING = JobKind(name="kiln.firing", read=_read, decode=Firing.from_dict, terminal=KilnTerminal,
                 running=frozenset({"heating"}))
"""


def ref(name: str) -> Json:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(schema: Json) -> Json:
    """A body of JSON."""
    return {"description": "A body.", "content": {"application/json": {"schema": schema}}}


ORDER, DONE = content(ref("Order")), {"204": {"description": "It is in."}}


def kiln() -> Json:
    """A vendor with a read, a submit, and another object with a state of its own."""
    headers = {"Retry-After": {"schema": {"type": "integer"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kiln", "version": "1"},
        "servers": [{"url": "https://{host}/api/v1", "variables": {"host": {"default": "kiln.example"}}}],
        "paths": {
            "/v1/firings/{id}": {
                "get": {
                    "operationId": "get_firing",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "status", "in": "query", "schema": {"enum": ["heating", "fired", "broken"]}},
                    ],
                    "responses": {
                        "200": content(ref("Firing")) | {"headers": headers},
                        "400": content(ref("Refusal")),
                        "404": content(ref("Refusal")),
                        "401": {"description": "Who are you?"},
                    },
                }
            },
            "/v1/firings": {
                "post": {"operationId": "fire", "requestBody": ORDER, "responses": DONE},
                "get": {"operationId": "shelves", "responses": {"200": content(ref("Shelf"))}},
            },
        },
        "components": {
            "schemas": {
                "Firing": {"type": "object", "properties": {"kiln": ref("State"), "heat": {"type": "integer"}}},
                "State": {"type": "object", "properties": {"status": {"type": "string"}}},
                "Shelf": {"type": "object", "properties": {"state": {"enum": ["heating", "dusty"]}}},
                "Order": {"type": "object", "properties": {"heat": {"type": "integer", "maximum": 900}}},
                "Refusal": {"type": "object", "properties": {"why": {"type": "string"}}},
            }
        },
    }


def found(edit: Edit, before: Edit = lambda _: None, numbered: bool = True) -> list[str]:
    """The classes and places of what is found after an edit."""
    return [f"{finding.kind} {finding.where}" for finding in findings(edit, before, numbered)]


def findings(edit: Edit, before: Edit = lambda _: None, numbered: bool = True) -> list[Finding]:
    """What is found after an edit."""
    old = kiln()
    before(old)
    new = copy.deepcopy(old)
    edit(new)
    jobs = read_tables(MODULE, "overlay/settled/kiln.py")
    return compare(Side({"kiln": old}, jobs, numbered=numbered), Side({"kiln": new}, jobs))


def schema(name: str, **changed: Any) -> Edit:
    """An edit of a named schema."""
    return lambda document: document["components"]["schemas"][name].update(changed)


def heat(name: str, **changed: Any) -> Edit:
    """An edit of the field `heat` of a named schema."""
    return lambda document: document["components"]["schemas"][name]["properties"]["heat"].update(changed)


def firing(document: Json) -> Any:
    """The operation that reads a firing."""
    return document["paths"]["/v1/firings/{id}"]["get"]


def test_constructor_that_gains_a_required_argument_breaks() -> None:
    """A model's constructor demands what is required, whether the model is sent or read; a default spares it."""
    assert found(schema("Firing", required=["heat"])) == ["breaking Firing.heat required"]
    assert found(schema("Firing", required=["heat"]), heat("Firing", default=1)) == ["additive Firing.heat required"]

    def new_field(document: Json) -> None:
        document["components"]["schemas"]["Firing"]["properties"]["glaze"] = {"type": "string"}
        document["components"]["schemas"]["Firing"]["required"] = ["glaze"]

    assert found(new_field) == ["breaking Firing.glaze"]


@pytest.mark.parametrize(
    ("old", "new", "sent"),
    [
        ({"maximum": 10}, {"maximum": 20}, "additive"),
        ({"maximum": 20}, {"maximum": 10}, "breaking"),
        ({"exclusiveMaximum": 20}, {"exclusiveMaximum": 10}, "breaking"),
        ({"exclusiveMinimum": 5}, {"exclusiveMinimum": 1}, "additive"),
        ({}, {"exclusiveMinimum": 1}, "breaking"),
        ({"exclusiveMinimum": 1}, {}, "additive"),
        ({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9, "exclusiveMaximum": True}, "breaking"),
        ({"maximum": 9, "exclusiveMaximum": True}, {"maximum": 9}, "additive"),
        ({"multipleOf": 10}, {"multipleOf": 5}, "additive"),
        ({"multipleOf": 0.5}, {"multipleOf": 0.2}, "breaking"),
        ({"pattern": "a|b"}, {"pattern": "a|b|c"}, "breaking"),
    ],
)
def test_limits(old: Json, new: Json, sent: str) -> None:
    """A limit that tightens breaks those who send; what loosens, or is only read, breaks nobody."""
    for name, expected in (("Order", sent), ("Firing", "additive")):
        (one,) = found(limited(name, new), limited(name, old))
        assert one.startswith(f"{expected} {name}.heat ")


def limited(name: str, limits: Json) -> Edit:
    """Give a field limits, and no others."""
    limited = {"heat": {"type": "integer"} | limits}
    return lambda document: document["components"]["schemas"][name]["properties"].update(copy.deepcopy(limited))


def test_nullable_of_openapi_3_0() -> None:
    """`nullable` is one type more: those who send may send null, those who read have to expect it."""
    assert found(heat("Order", nullable=True)) == ["additive Order.heat"]
    assert found(heat("Firing", nullable=True)) == ["breaking Firing.heat"]
    assert found(heat("Order", nullable=False)) == []
    assert found(heat("Order", type=["integer", "null"], nullable=False), heat("Order", nullable=True)) == []


def test_headers_are_compared_by_type() -> None:
    """A header of an answer has a type, whatever its letter case; its description is prose."""

    def header(document: Json) -> Any:
        return firing(document)["responses"]["200"]["headers"]

    where = "response 200 header retry-after"
    assert found(lambda spec: header(spec)["Retry-After"].update(schema={"type": "string"})) == [f"breaking {where}"]
    assert found(lambda spec: header(spec)["Retry-After"].update(description="S")) == [f"additive {where} description"]
    assert found(lambda spec: header(spec).update({"retry-after": header(spec).pop("Retry-After")})) == []
    assert found(lambda spec: header(spec).clear()) == [f"breaking {where}"]
    assert found(lambda spec: header(spec).update(ETag={"schema": {"type": "string"}})) == [
        "additive response 200 header etag"
    ]


def test_servers_are_compared_by_path() -> None:
    """Another host is prose; another path is another address for every call."""

    def server(url: str) -> Edit:
        return lambda document: document.update(servers=[{"url": url}])

    assert found(server("https://kiln.example/api/v2")) == ["breaking servers"]
    assert found(server("https://elsewhere.example/api/v1/")) == ["additive servers"]
    assert found(lambda spec: spec["servers"].append({"url": "https://b.example/v9"})) == ["additive servers"]
    assert found(lambda spec: firing(spec).update(servers=[{"url": "/other"}])) == ["breaking servers"]


def test_response_codes() -> None:
    """A code whose answer stands under another code too, or that has no body, may go; no other."""

    def drop(code: str) -> Edit:
        return lambda document: firing(document)["responses"].pop(code)

    assert [found(drop(code)) for code in ("400", "401", "200")] == [
        ["additive response 400"], ["additive response 401"], ["breaking response 200"],
    ]  # fmt: skip


def test_callbacks_are_no_break() -> None:
    """A section of callbacks is nothing that the client has."""
    assert found(lambda spec: firing(spec).update(callbacks={"done": {}})) == ["additive callbacks"]


def test_references_with_escapes_and_list_indexes() -> None:
    """Pointers may hold `%7B`, and indexes of lists."""

    def refer(document: Json) -> None:
        there = "#/paths/~1v1~1firings~1%7Bid%7D/get"
        document["paths"]["/v1/firings"]["get"]["parameters"] = [{"$ref": f"{there}/parameters/1"}]
        document["paths"]["/v1/firings"]["get"]["responses"]["200"] = {"$ref": f"{there}/responses/200"}

    assert found(lambda spec: firing(spec)["parameters"][1].update(required=True), refer) == [
        "breaking parameter status required"
    ]


def test_one_cause_is_told_once() -> None:
    """A prefix that moved, or one answer more for all, is one finding that counts the operations."""

    def move(document: Json) -> None:
        document["paths"] = {path.replace("/v1", "/v2"): item for path, item in document["paths"].items()}

    (moved,) = findings(move)
    assert moved.message.startswith("3 operations have moved from /v1 to /v2: ")
    assert moved.operation == "fire, get_firing, shelves"

    def nameless(document: Json) -> None:
        for item in document["paths"].values():
            for operation in item.values():
                del operation["operationId"]

    assert [finding.where for finding in findings(move, nameless)] == ["call"]

    def throttle(document: Json) -> None:
        for item in document["paths"].values():
            for operation in item.values():
                operation["responses"]["429"] = {"description": "Slower."}

    assert found(throttle) == ["additive response 429"]
    assert grouped_by_cause([]) == []


def test_status_word_where_the_kind_reads_it() -> None:
    """A new word is undecided where the kind reads its status, or where a field of that name lists the words."""

    def status(*words: str) -> Edit:
        return lambda spec: spec["components"]["schemas"]["State"]["properties"]["status"].update(enum=list(words))

    def shelf(document: Json) -> None:
        document["components"]["schemas"]["Shelf"]["properties"]["state"]["enum"].append("broken_off")

    def query(document: Json) -> None:
        firing(document)["parameters"][1]["schema"]["enum"].append("cracked")

    def described(document: Json) -> None:
        field = document["components"]["schemas"]["State"]["properties"]["status"]
        field["description"] = "heating, fired, broken or cracked"

    assert "undecided State.status.cracked" in found(status("fired", "cracked"), status("fired"))
    assert found(shelf) == ["additive Shelf.state.broken_off"]
    assert found(query) == ["undecided parameter status.cracked"]
    assert "undecided State.status.cracked" in found(described)


def test_check_for_status_words_says_when_it_is_off() -> None:
    """A kind whose status has no enum in the spec is named, if the spec has changed."""
    jobs = read_tables(MODULE, "overlay/settled/kiln.py")
    old, new = Side({"kiln": kiln()}, jobs), Side({"kiln": kiln()}, jobs)
    assert unchecked(old, new) == []
    new.specs["kiln"]["info"]["version"] = "2"
    (note,) = unchecked(old, new)
    assert "is off for kiln.firing: Firing.kiln.status lists none in specs/kiln.yaml" in note
    assert not status_words(new, jobs["kiln.firing"]).is_listed


def test_fields_that_a_reader_takes_the_status_from() -> None:
    """A reader's source tells them, through names, alternatives, lists and calls; or tells nothing."""

    def reads(*lines: str) -> tuple[tuple[str, ...], ...]:
        before, _, after = MODULE.partition("    state = ")
        body = "".join(f"    {line}\n" for line in lines) + "\nFIRING" + after.partition("\nFIRING")[2]
        return read_tables(before + body, "kiln")["kiln.firing"].reads

    assert reads('return Reading(raw.get("end") or raw["state"], None)') == (("end",), ("state",))
    assert reads('first = raw["jobs"][0]', 'return Reading(str(first["state"]), None)') == (("jobs", "state"),)
    assert reads("return elsewhere(raw)") == ()


def test_members_have_the_names_of_their_words() -> None:
    """A member's name depends on its word; two that would be the same are spelled out."""
    assert member_names(["1h", "5m", "1.4", "in-progress", "", ">=", "30s"]) == {
        "1h": "VALUE_1H", "5m": "VALUE_5M", "1.4": "VALUE_1_4", "in-progress": "IN_PROGRESS", "": "VALUE_EMPTY",
        ">=": "VALUE_GREATER_THAN_SIGN_EQUALS_SIGN", "30s": "VALUE_30S",
    }  # fmt: skip
    twice = member_names(["a-b", "a b", "Failed", "failed"])
    assert len(set(twice.values())) == 4
    assert all(name.isidentifier() for name in twice.values())


def test_members_that_were_numbered() -> None:
    """Members that an old client numbers by position change their meaning when a word comes in between."""
    words = schema("Shelf", enum=["1h", "5m"], type="string")
    more = schema("Shelf", enum=["30s", "1h", "5m"])
    assert found(more, words) == ["breaking Shelf members", "additive Shelf.30s"]
    assert found(more, words, numbered=False) == ["additive Shelf.30s"]
    behind = schema("Shelf", enum=["1h", "5m", "30s"])
    assert found(behind, words) == ["additive Shelf.30s"]
    clash = schema("Shelf", enum=["a-b", "a b"])
    assert "breaking Shelf members" in found(clash, schema("Shelf", enum=["a-b"]), numbered=False)


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same spec and module."""
    for side in ("old", "new"):
        (tmp_path / side / "specs").mkdir(parents=True)
        (tmp_path / side / "overlay" / "settled").mkdir(parents=True)
        (tmp_path / side / "overlay" / "settled" / "kiln.py").write_text(MODULE, encoding="utf-8")
        (tmp_path / side / "specs" / "kiln.yaml").write_text(json.dumps(kiln(), indent=1), encoding="utf-8")
    return tmp_path / "old", tmp_path / "new"


def test_lines_in_the_spec(sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding names the line of the spec that it is about."""
    path = sides[1] / "specs" / "kiln.yaml"
    text = (
        path.read_text(encoding="utf-8").replace('"maximum": 900', '"maximum": 800').replace('"Who are', '"So who are')
    )
    path.write_text(text, encoding="utf-8")
    changes.main([*map(str, sides), "--format=json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    lines = [text.splitlines()[finding["line"] - 1].strip() for finding in findings]
    assert lines == ['"maximum": 800', '"description": "So who are you?"']


def test_accepted_changes(sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A finding that was accepted with a reason is told apart, and the exit code leaves it out; the bump does not."""
    document = kiln()
    heat("Order", maximum=800)(document)
    path = sides[1] / "specs" / "kiln.yaml"

    def report() -> tuple[int, Json]:
        path.write_text(json.dumps(document), encoding="utf-8")
        code = changes.main([*map(str, sides), "--format=json"])
        return code, json.loads(capsys.readouterr().out)

    code, findings = report()
    ((finding,), accepted) = findings["findings"], findings["accepted"]
    assert (code, accepted) == (1, [])
    document["x-accepted-changes"] = {finding["id"]: "Nobody fires that hot."}
    code, findings = report()
    assert (code, findings["findings"], findings["bump"]) == (0, [], "major")
    assert findings["accepted"][0]["reason"] == "Nobody fires that hot."
    heat("Order", maximum=700)(document)
    assert report()[0] == 1
    document["x-accepted-changes"] = {finding["id"]: ""}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert changes.main([*map(str, sides)]) == 3
    assert "must be a mapping of findings' ids to reasons" in capsys.readouterr().err


def test_changelog_names_waits_first(sides: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """The draft of the changelog begins with terminal sets and kinds of job, since programs wait by them."""
    module = sides[1] / "overlay" / "settled" / "kiln.py"
    module.write_text(MODULE.replace("Outcome.FAILED", "Outcome.CANCELLED"), encoding="utf-8")
    spec = sides[1] / "specs" / "kiln.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace('"why"', '"reason"'), encoding="utf-8")
    changes.main([*map(str, sides), "--format=markdown"])
    headings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("### ")]
    assert headings == ["### Terminal sets and waiters", "### Changed"]


def test_lock_says_how_members_are_named(sides: tuple[Path, Path]) -> None:
    """A side whose lock says that members have their words' names was not numbered."""
    (sides[0] / "generated").mkdir()
    (sides[0] / "generated" / "lock.json").write_text(json.dumps({"enum_members": MEMBERS}), encoding="utf-8")
    assert [changes.read_side(side).numbered for side in sides] == [False, True]


def test_what_says_the_same_as_nothing() -> None:
    """Defaults that are written out, and the character set of a media type, change nothing."""

    def written_out(document: Json) -> None:
        firing(document)["parameters"][1] |= {"style": "form", "explode": True, "deprecated": False}
        body = firing(document)["responses"]["200"]["content"]
        body["application/json; charset=utf-8"] = body.pop("application/json")

    assert found(written_out) == []


@pytest.mark.parametrize("ways", [[], [{}, {"token": []}]])
def test_sign_in_that_is_no_longer_needed(ways: list[Json]) -> None:
    """An operation that asks for no credentials any more breaks nobody."""
    edit: Edit = lambda document: firing(document).update(security=ways)  # noqa: E731 - an edit
    before: Edit = lambda document: firing(document).update(security=[{"token": []}])  # noqa: E731
    assert found(edit, before) == ["additive security"]
