"""What pages.py makes of the pages that sites serve: frames, lists, prose, Markdown, encodings, records."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import pages

SPEC = """\
openapi: 3.1.0
info: {title: Kiln, version: "1"}
paths:
  /firings/{id}:
    get:
      operationId: get_firing
      x-source: {title: Read a firing, product: Kiln API}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: The firing.
          content:
            application/json:
              schema:
                type: object
                properties:
                  firing_state: {type: string, enum: [heating, fired, cracked]}
"""
LINES = ["GET /firings/{id}", "200", "firing_state string", "Possible values: [heating, fired, cracked]"]
TEXT = "\n".join(["Read a firing", *LINES, ""])
MAIN = "".join(f"<p>{line}</p>\n" for line in LINES)
FRAME = "<nav><a>getAllThings</a> <a>NGFW</a></nav>{}<footer>FAQ GDPR</footer><button>ACCEPT ALL</button>"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A small spec."""
    path = tmp_path / "kiln.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def findings_of(spec: Path, text: str, name: str = "page.txt", *more: str) -> tuple[int, list[str]]:
    """The exit code, and the words of the findings."""
    page = spec.with_name(name)
    page.write_text(text, encoding="utf-8")
    report = pages.report(spec, YAML().load(spec), page)
    return pages.main([str(spec), str(page), *more]), [f"{each.kind} {each.word}" for each in report["findings"]]


@pytest.mark.parametrize(
    "body",
    [
        f"<main><h1>Read a firing</h1>{MAIN}</main>",
        f"<div role='main'><h1>Read a firing</h1>{MAIN}</div>",
        f"<article><h1>Read a firing</h1>{MAIN}</article><article>More: OTHER_THING</article>",
        f"<div><h1>Read a firing</h1>{MAIN}</div>",
    ],
)
def test_a_sites_frame_is_left_out(spec: Path, body: str) -> None:
    """Only the main content counts, for the words and for the digest."""
    html = f"<!doctype html><html><head><title>Read a firing</title></head><body>{FRAME.format(body)}</body></html>"
    assert findings_of(spec, TEXT, "page.txt", "--record") == (0, [])
    assert findings_of(spec, html, "page.html") == (0, [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT.replace(LINES[3], "- heating\n- fired\n- cracked\n- stopped"), "word stopped"),
        (
            TEXT.replace(LINES[3], "* `heating`: on its way\n* `fired`\n* `cracked`\n* `stopped`: by hand"),
            "word stopped",
        ),
        (f"{TEXT}A firing that nobody watches ends as stopped.\n", "word stopped"),
        (f"{TEXT}The status changes to “stopped” then.\n", "word stopped"),
        (f"{TEXT}You get Too Many Requests beyond ten a minute.\n", "mentioned response 429"),
        (f"{TEXT}End of life: 2031-01-01.\n", "word deprecated"),
    ],
)
def test_new_words_in_lists_and_prose(spec: Path, text: str, found: str) -> None:
    """A lower-case word is found in lists and in what prose says of a status; so are limits and an end of life."""
    assert findings_of(spec, text) == (1, [found])


@pytest.mark.parametrize(
    "prose",
    [
        "If nobody collects it, the firing is `chipped`.",
        "Returns `chipped` when the id is too old.",
        "It is over, or `chipped` if it was moved.",
        "`firing_state` can also be `chipped`.",
        "A firing whose state is chipped cannot be read.",
        "The firing_state will be chipped after 7 days.",
        "The status changes from fired to chipped.",
        "It moves to the chipped state.",
    ],
)
@pytest.mark.parametrize("name", ["page.txt", "page.md", "page.html"])
def test_a_status_in_prose(spec: Path, prose: str, name: str) -> None:
    """A lower-case word is found in prose near the status field, whether it is marked as code or not."""
    page = f"# {TEXT}{prose}\n" if name == "page.md" else f"{TEXT}{prose}\n"
    if name == "page.html":
        shown = re.sub("`([^`]*)`", r"<code>\1</code>", prose)
        page = f"<html><h1>Read a firing</h1>{MAIN}<p>{shown}</p></html>"
    assert findings_of(spec, page, name) == (1, ["word chipped"])


@pytest.mark.parametrize("name", ["page.txt", "page.md"])
def test_prose_is_no_list_of_words(spec: Path, name: str) -> None:
    """What only resembles a list of words, or an end, is not told."""
    prose = "- apples\n- pears\nIt ends as it began. Move to the next page. It is listed as one of many.\n"
    prose += "The status is optional. The state is kept for a day. The state changes to reflect the heat.\n"
    assert findings_of(spec, f"# {TEXT}{prose}" if name == "page.md" else TEXT + prose, name) == (0, [])


def test_code_far_from_a_status(spec: Path) -> None:
    """Code in prose counts near the status field alone: elsewhere it is of tools and formats."""
    prose = "\n\nRun this.\n\nThen that.\n\nAnd more.\n\nThe format is `csv`, read by `curl` or `jq`.\n"
    assert findings_of(spec, f"# {TEXT}{prose}", "page.md") == (0, [])


@pytest.mark.parametrize("glued", ["firing_stateString", "firing_stateStringrequired", "firing_stateArray of strings"])
def test_glued_types_with_capitals(spec: Path, glued: str) -> None:
    """A field's type may stick to its name, with a capital too."""
    assert findings_of(spec, TEXT.replace("firing_state string", glued)) == (0, [])


def test_markdown(spec: Path) -> None:
    """Marks of Markdown are no text: the digest is that of the plain page."""
    assert findings_of(spec, TEXT, "page.txt", "--record") == (0, [])
    marked = TEXT.replace("Read a firing", "## Read a **firing**").replace("firing_state", "`firing_state`")
    assert findings_of(spec, marked, "page.md") == (0, [])


def test_lines_that_are_new(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once a page is recorded, a later run names the lines that are new, and never exits 0; no prose is kept."""
    assert findings_of(spec, TEXT, "page.txt", "--record")[0] == 0
    record = json.loads(spec.with_suffix(".pages.json").read_text(encoding="utf-8"))
    assert list(record) == ["Read a firing"]
    assert "Possible" not in json.dumps(record)
    assert findings_of(spec, f"{TEXT}Ten calls a minute.\n") == (1, [])
    assert "page.txt:6: the line is new or changed\n" in capsys.readouterr().out
    assert findings_of(spec, TEXT.replace("200\n", ""))[0] == 1
    assert "1 recorded lines are gone" in capsys.readouterr().out
    assert findings_of(spec, f"{TEXT}Ten calls a minute.\n", "page.txt", "--record") == (0, [])
    assert findings_of(spec, f"{TEXT}Ten calls a minute.\n") == (0, [])


def test_record_renews_the_digest_in_the_spec(spec: Path) -> None:
    """The digest that the spec has is renewed with the record, and anything else that is not the page's is told."""
    spec.write_text(SPEC.replace("Kiln API}", "Kiln API, sha256: 0-1-2-3}"), encoding="utf-8")
    assert findings_of(spec, TEXT)[0] == 1
    assert findings_of(spec, TEXT, "page.txt", "--record")[0] == 0
    assert "0-1-2-3" not in spec.read_text(encoding="utf-8")
    assert findings_of(spec, TEXT)[0] == 0


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (TEXT.encode("utf-16"), "UTF-16 LE"),
        (f"<meta charset='iso-8859-1'>é{TEXT}".encode("latin-1"), "iso-8859-1"),
        (f"é{TEXT}".encode("cp1252"), "windows-1252"),
    ],
)
def test_other_encodings_are_named(spec: Path, capsys: pytest.CaptureFixture[str], content: bytes, named: str) -> None:
    """A page in another encoding is refused by that name."""
    spec.with_name("page.html").write_bytes(content)
    assert pages.main([str(spec), str(spec.with_name("page.html"))]) == 3
    assert f"is not UTF-8 but {named}" in capsys.readouterr().err


WORDS = ["heating", "fired", "cracked", "chipped"]


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        (
            "page.html",
            "<table><tr><th>Status</th></tr>{}</table>|<tr><td>{}</td><td>It is so.</td></tr>",
        ),
        ("page.html", "<table>{}</table>|<tr><td><code>{}</code></td><td>It is so.</td><td>Always</td></tr>"),
        ("page.html", "<dl>{}</dl>|<dt>{}</dt><dd>It is so.</dd>"),
        ("page.html", "<ol>{}</ol>|<li><code>{}</code>: it is so.</li>"),
        ("page.html", "<p>{}</p>|{}<br>"),
        ("page.md", "\n\n{}|1. {}\n"),
        ("page.md", "\n\n{}|* `{}` - It is so.\n"),
    ],
)
def test_lists_of_every_form(spec: Path, name: str, listed: str) -> None:
    """A new word among known ones is found in tables, lists of definitions, numbered lists, and lines."""
    around, _, item = listed.partition("|")
    text = around.format("".join(item.format(word) for word in WORDS))
    page = f"# Read a firing\n{TEXT}{text}" if name.endswith(".md") else f"<html><h1>Read a firing</h1>{MAIN}{text}"
    assert findings_of(spec, page, name) == (1, ["word chipped"])


def test_markdown_table(spec: Path) -> None:
    """Of a Markdown table the first cells count, but no head, and no other cells."""
    rows = "".join(f"| {word} | {word.capitalize()} |\n" for word in WORDS)
    page = f"# Read a firing\n{TEXT}\n| Status | Meaning |\n| --- | --- |\n{rows}"
    assert findings_of(spec, page, "page.md") == (1, ["word chipped"])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("page.html", gzip.compress(TEXT.encode()), "is compressed: unpack it"),
        ("page.txt", TEXT.encode("utf-16-le"), "is not UTF-8 but UTF-16"),
        ("page.json", b'{"openapi": ', "is not YAML or JSON: "),
        ("page.html", b"", "contains no title of a page"),
    ],
)
def test_pages_that_cannot_be_read(
    spec: Path, name: str, content: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what a page is that cannot be read."""
    spec.with_name(name).write_bytes(content)
    assert pages.main([str(spec), str(spec.with_name(name))]) == 3
    (message,) = capsys.readouterr().err.splitlines()
    assert f"{name} {reason}" in message
