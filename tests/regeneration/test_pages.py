"""The vendors' pages against the specs: nothing is found where nothing changed, and each change is."""

from __future__ import annotations

import html
import importlib
import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from _specs import ROOT

sys.path.append(str(ROOT / "scripts" / "regenerate"))
pages = importlib.import_module("pages")

SEEDS = ROOT.parent / "shared" / "seeds"
PAGES = {
    "action": ("cortex_xdr", "cortex_xdr_action_status.txt"),
    "script": ("cortex_xdr", "cortex_xdr_script_execution_status.txt"),
    "import": ("cortex_xsiam", "cortex_xsiam_byos_import_job.txt"),
    "scan": ("agilesec", "agilesec_scan_api.txt"),
    "job": ("osapi", "osapi_job_detail.txt"),
}
needs_pages = pytest.mark.skipif(not SEEDS.is_dir(), reason="../shared, which has the vendors' pages, is absent")


class Plant(NamedTuple):
    """A change of a page: what is replaced by what, everywhere or in a section, and what must be found."""

    page: str
    old: str
    new: str
    found: set[str]
    section: str = r"\A.*\Z"


ACTION, SCRIPT = "/public_api/v1/actions/get_action_status", "/public_api/v1/scripts/get_script_execution_status"
IMPORT = "/public_api/vulnerability-management/v1/external-scans/assets/jobs/{job_id}"
PLANTS = [
    Plant("action", "PENDING_ABORT\n", "PENDING_ABORT\nQUEUED\n", {"page word QUEUED"}),
    Plant("action", "EXPIRED\n", "", {"spec word EXPIRED"}),
    Plant("action", "TIMEOUT\n", "TIMED_OUT\n", {"page word TIMED_OUT", "spec word TIMEOUT"}),
    Plant("action", "group_action_id", "group_id", {"page field group_id", "spec field group_action_id"}),
    Plant("action", f"post {ACTION}", f"put {ACTION}", {f"page path PUT {ACTION}"}),
    Plant("action", "Forbidden", "Conflict", {"page response 409", "spec response 403"}),
    Plant("action", '"data":', '"total": 1, "data":', {"page field total"}),
    Plant("action", "Accept:", "x-xdr-tenant:", {"page header x-xdr-tenant"}),
    Plant("action", "agent_id\noptional\n", "", {"ignore word agent_id"}),
    Plant(
        "script",
        SCRIPT,
        "/v2/script",
        {"page path POST /v2/script", "page path /v2/script", f"spec path POST {SCRIPT}"},
    ),
    Plant(
        "script", "endpoints_timeout", "endpoints_late", {"page field endpoints_late", "spec field endpoints_timeout"}
    ),
    Plant("script", "error_message\noptional\n", "", {"spec field error_message"}),
    Plant("script", "reply\n", "run_id\nrequired\nString\nreply\n", {"page field run_id"}),
    Plant("script", '"PENDING"', '"QUEUED"', {"page word QUEUED", "ignore word PENDING"}),
    Plant("script", "“expired”", "“paused”", {"page word paused", "ignore word expired"}),
    Plant("import", "• FAILED", "• CANCELLED — x\n• FAILED", {"page word CANCELLED"}),
    Plant("import", '"PROCESSING"', '"PROCESSING""PAUSED"', {"page word PAUSED"}),
    Plant("import", "INITIATED", "", {"spec word INITIATED"}),
    Plant("import", "last_updated", "changed_at", {"page field changed_at", "spec field last_updated"}),
    Plant("import", "detailstring\n", "detailstring\nhintstring or null\n", {"page field hint"}),
    Plant("import", "404job_id", "410job_id", {"page response 410", "spec response 404"}),
    Plant("import", f"get {IMPORT}", "get /jobs/{job_id}", {"page path GET /jobs/{job_id}"}),
    Plant("import", "x-xdr-auth-id", "x-key-id", {"page header x-key-id", "spec header x-xdr-auth-id"}),
    Plant("scan", "404 Not Found", "", {"spec response 404"}, r"^5\.2 .*^5\.3 "),
    Plant("scan", "high, medium, low", "urgent, high, medium, low", {"page word urgent"}, r"^5\.1 .*^5\.2 "),
    Plant("scan", "high", "top", {"page word top", "spec word high"}, r"^5\.3 .*^6\. "),
    Plant("scan", "ranBy", "startedBy", {"page field startedBy", "spec field ranBy"}),
    Plant("scan", "labels", "", {"spec field labels"}, r"^7\. .*^8\. "),
    Plant("scan", "errorCode", "", {"spec field errorCode"}, r"^6\. .*^7\. "),
    Plant("scan", '  "executionId"', '  "scanKind": "",\n  "executionId"', {"page field scanKind"}, r"^5\.2 .*^5\.3 "),
    Plant("scan", '  "executionId"', '  "labels": [],\n  "executionId"', {"page field labels"}, r"^5\.2 .*^5\.3 "),
    Plant("scan", "/scan/create", "/scans", {"page path POST /v3/scans", "spec path POST /v3/scan/create"}),
    Plant(
        "scan",
        "8. Common",
        "8. Cancel\nDELETE https://host/v3/scan/{executionId}\n8. Common",
        {"page path DELETE /v3/scan/{executionId}"},
    ),
    Plant("scan", "isg-api-token", "x-isg-token", {"page header x-isg-token", "spec header isg-api-token"}),
    Plant("scan", "5.2 Execute Scan", "5.2 Execute Scan DEPRECATED", {"page word deprecated"}),
    Plant("scan", "(?i)deprecated", "", {"spec word deprecated"}),
    Plant("scan", " or failed", ", failed or cancelled", {"page word cancelled"}, r"^7\. .*^8\. "),
    Plant("scan", "7. Scan Status", "9. Scan Status", {"spec section 7"}),
    Plant("job", "failed, retried", "failed, cancelled, retried", {"page word cancelled"}),
    Plant("job", ", retried", "", {"spec word retried"}),
    Plant("job", "- 500\n", "- 429\n- 500\n", {"page response 429"}),
    Plant("job", "- 404\n", "", {"spec response 404"}),
    Plant("job", "/job/:id", "/api/job/:id", {"page path GET /api/job/{id}", "spec path GET /job/{id}"}),
    Plant("job", '"updated_at"', '"updated"', {"page field updated", "spec field updated_at"}),
    Plant("job", '"hostname": "string",\n', "", {"spec field hostname"}),
    Plant("job", '"operation": {},', '"operation": {},\n"result": {},', {"ignore word result"}),
    Plant("job", '"status": "string"', '"status": "cancelled"', {"page word cancelled"}),
    Plant("job", "timeline\nobject", "history\nobject", {"page field history"}),
]


@cache
def document_of(spec: Path) -> Any:
    """A spec, read once."""
    return YAML().load(spec)


def findings(spec: Path, page: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the command finds on a page; the exit code tells whether it found anything."""
    code = pages.main(["--json", str(spec), str(page)])
    (report,) = json.loads(capsys.readouterr().out)["pages"]
    assert code == bool(report["findings"])
    return list(report["findings"])


def names(found: list[dict[str, Any]]) -> set[str]:
    """Findings as side, kind and word."""
    return {f"{finding['side']} {finding['kind']} {finding['word']}" for finding in found}


@needs_pages
@pytest.mark.parametrize("name", PAGES)
def test_page_is_as_it_was_read(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is found on a real page, saved as text or HTML, and the spec knows it by its digest."""
    vendor, page = PAGES[name]
    saved = tmp_path / "page.html"
    saved.write_text(f"<!doctype html><pre>{html.escape((SEEDS / page).read_text())}</pre>")
    assert pages.main([str(ROOT / "specs" / f"{vendor}.yaml"), str(SEEDS / page), str(saved)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all(line.endswith(": 0 differences; unchanged since it was read") for line in lines)


@needs_pages
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant.page}: {' and '.join(sorted(plant.found))}")
def test_change_of_a_page_is_found(plant: Plant, tmp_path: Path) -> None:
    """What a change adds to a page or takes from it is found, nothing else is, and each finding has its line."""
    vendor, name = PAGES[plant.page]
    text = (SEEDS / name).read_text()
    old = plant.old if plant.old.startswith("(?i)") else re.escape(plant.old)
    changed = re.sub(
        plant.section, lambda part: re.sub(old, lambda _: plant.new, part[0]), text, flags=re.DOTALL | re.MULTILINE
    )
    page, spec = tmp_path / name, ROOT / "specs" / f"{vendor}.yaml"
    page.write_text(changed)
    found = pages.report(spec, document_of(spec), page)["findings"]
    assert {f"{finding.side} {finding.kind} {finding.word}" for finding in found} == plant.found
    for finding in found:
        line = Path(finding.file).read_text().split("\n")[finding.line - 1]
        word = finding.word.partition(" ")[0] if finding.kind == "path" else finding.word
        if finding.side == "page":
            assert line not in text.split("\n")
        else:
            assert word.lower() in line.lower()


SPEC = """\
openapi: 3.1.0
info: {title: Kiln, version: "1"}
paths:
  /firings/{id}:
    get:
      operationId: get_firing
      x-source: {title: Read a firing, product: Kiln API}
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: X-Kiln, in: header, schema: {type: string}}
      responses:
        "200":
          description: The firing.
          content:
            application/json:
              schema:
                type: object
                properties:
                  state: {type: string, enum: [HEATING, DONE]}
                  note: {type: string}
        "404": {description: None such.}
"""
TEXT = """\
Read a firing
GET https://kiln.example/firings/:id
X-Kiln required
state
string
One of HEATING or DONE.
note
string
200 OK
404 Not Found
"""
HTML = """\
<html><head><title>Docs</title><script>var SECRET_WORD = "LOST";</script></head><body>
<h1>Read a <b>firing</b></h1>
<p>GET /firings/&#123;id}</p><ul><li><code>X-Kiln</code>
required</li></ul>
<table><tr><td>state</td><td>string</td><td>One of HEATING,
  COOLING or DONE.</td></tr><tr><td>note</td><td>string</td></tr></table>
<h2>200 OK</h2><pre>{
  "state": "DONE",
  "pieces": 3
}</pre><h2>404 Not Found</h2>
"""


class Kiln(NamedTuple):
    """The files of the small spec and the page that it was written from."""

    spec: Path
    page: Path


@pytest.fixture
def kiln(tmp_path: Path) -> Kiln:
    """A small spec and its page."""
    files = Kiln(tmp_path / "kiln.yaml", tmp_path / "page.txt")
    files.spec.write_text(SPEC)
    files.page.write_text(TEXT)
    return files


def test_small_page_is_right(kiln: Kiln, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is found on the page that a spec was written from."""
    assert findings(*kiln, capsys) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("HEATING or", "HEATING, COOLING or", [("page", "word", "COOLING", 6)]),
        ("DONE", "done", [("spec", "word", "DONE", 19), ("page", "word", "done", 6)]),
        ("404 Not", "410 Not", [("spec", "response", "404", 21), ("page", "response", "410", 10)]),
        ("note\n", "remark\n", [("spec", "field", "note", 20), ("page", "field", "remark", 7)]),
        ("note\n", "note: string\nmood (string)\nnote\n", [("page", "field", "mood", 8)]),
        ("note\n", "| mood | string | x |\nnote\n", [("page", "field", "mood", 7)]),
        (":id", "<id>/log", [("spec", "path", "GET /firings/{id}", 5), ("page", "path", "GET /firings/{id}/log", 2)]),
        ("X-Kiln", "X-Oven", [("spec", "header", "x-kiln", 10), ("page", "header", "x-oven", 3)]),
        ("200 OK", 'f = call("NO_NEWS", no_news);\n200 OK', []),
        ("200 OK", "Up to 300 characters\n200 OK", []),
    ],
)
def test_change_of_a_small_page(
    kiln: Kiln, old: str, new: str, expected: list[tuple[str, str, str, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each kind of word is found, on its line, and sample programs and numbers are not."""
    kiln.page.write_text(TEXT.replace(old, new))
    keys = ("side", "kind", "word", "line")
    found = [tuple(finding[key] for key in keys) for finding in findings(*kiln, capsys)]
    assert sorted(found) == sorted(expected)


def test_html(kiln: Kiln, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """HTML is read as a browser shows it, and the lines are those of the file."""
    saved = tmp_path / "page.htm"
    saved.write_text(HTML)
    found = [(finding["word"], finding["line"]) for finding in findings(kiln.spec, saved, capsys)]
    assert sorted(found) == [("COOLING", 5), ("pieces", 9)]


def test_ignored_words(kiln: Kiln, capsys: pytest.CaptureFixture[str]) -> None:
    """A word with a reason is not told, unless it needs none; a kind in front of it makes it that kind's alone."""
    kiln.page.write_text(TEXT.replace("note", "mood"))
    kiln.spec.write_text(f"{SPEC}x-page-ignore: {{mood: seen, field note: seen, word note: seen}}\n")
    assert names(findings(*kiln, capsys)) == {"ignore word word note"}


def test_digest(kiln: Kiln, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest that is printed is the one that says unchanged, whatever becomes of blanks and line breaks."""
    assert pages.main([*map(str, kiln)]) == 0
    digest = re.search(r"sha256 ([\da-f-]{67})\n", capsys.readouterr().out)
    assert digest
    kiln.spec.write_text(SPEC.replace("product: Kiln API", f"product: Kiln API, sha256: {digest[1]}"))
    kiln.page.write_text(TEXT.replace("\n", "\r\n\r\n"))
    assert pages.main([*map(str, kiln)]) == 0
    assert "unchanged" in capsys.readouterr().out
    kiln.page.write_text(f"{TEXT}More.\n")
    assert pages.main([*map(str, kiln)]) == 1
    assert "the text has changed; after --record" in capsys.readouterr().out


def test_words_and_where_they_stand(kiln: Kiln, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of the report names the file and line, the kind, the word, and the side it is missing on."""
    kiln.page.write_text(TEXT.replace("note", "mood"))
    assert pages.main([*map(str, kiln)]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{kiln.spec}:20: field note is not on the page",
        f"{kiln.page}:7: field mood is not in the spec",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Read a firing,", "Another,", "contains no title of a page of"),
        ("info:", "information:", "not a valid OpenAPI document"),
        ("paths:", "x-page-ignore: [state]\npaths:", "x-page-ignore must be"),
        ("paths:", "x-page-ignore: {state: }\npaths:", "x-page-ignore must be"),
    ],
)
def test_spec_that_cannot_be_used(
    kiln: Kiln, old: str, new: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spec that is not fit for a page is refused with one sentence."""
    kiln.spec.write_text(SPEC.replace(old, new))
    assert pages.main([*map(str, kiln)]) == 3
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00"])
def test_page_that_cannot_be_read(kiln: Kiln, content: bytes | None, capsys: pytest.CaptureFixture[str]) -> None:
    """A page that is missing, empty or no text is refused with one sentence."""
    kiln.page.unlink() if content is None else kiln.page.write_bytes(content)
    assert pages.main([*map(str, kiln)]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_reasons_are_given() -> None:
    """Each word that a spec of ours ignores has its reason, and there are few."""
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        document = YAML(typ="safe").load(path)
        operations = [item[method] for item in document["paths"].values() for method in item]
        ignored = [words for holder in (document, *operations) if (words := holder.get("x-page-ignore"))]
        assert all(len(reason) > 10 for words in ignored for reason in words.values())
        assert sum(map(len, ignored)) < 10 * len(operations)
