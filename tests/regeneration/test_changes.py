"""What scripts/regenerate/changes.py reports, in which form, with which exit code; what it cannot compare."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

import changes
import generate
from _planted import only, planted, real
from _specs import ROOT, SPECS, documents
from findings import Finding, Place
from python_changes import compare_python
from spec_changes import Side, compare, compare_part, compare_specs
from spec_tree import schema_node
from terminal_tables import read_tables

Json = dict[str, Any]
JOB = "specs/osapi.yaml"
ENUM_END = "        - skipped\n"
LINES = (ROOT / JOB).read_text(encoding="utf-8").splitlines()
HOSTNAME_LINE = LINES.index("        hostname:", LINES.index("    AgentResponse:")) + 1


def run(capsys: pytest.CaptureFixture[str], *arguments: Path | str) -> tuple[int, str, str]:
    """The script's exit code, and what it prints."""
    code = changes.main([str(argument) for argument in arguments])
    return code, *capsys.readouterr()


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace text in a file."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")


def git(folder: Path, *arguments: str) -> None:
    """Run a git command."""
    who = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.com",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "tag.gpgsign=false",
    ]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)  # noqa: S603, S607


@pytest.fixture(scope="module", autouse=True)
def memory() -> Iterator[None]:
    """Lets the script read each text of a spec once, and hold none against OpenAPI, which takes most of the time."""
    known: dict[tuple[str, bytes], Json] = {(path.name, path.read_bytes()): documents()[path.stem] for path in SPECS}
    read_spec = generate.read_spec

    def read(path: Path) -> Json:
        key = path.name, path.read_bytes()
        if key not in known:
            known[key] = read_spec(path)
        return copy.deepcopy(known[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "read_spec", read)
        patch.setattr(generate, "validate", lambda document: None if "openapi" in document else validate(document))
        yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest spec and its module, which no test changes."""
    folder = tmp_path_factory.mktemp("base")
    for name in (JOB, "overlay/settled/__init__.py", "overlay/settled/osapi.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def changed(base: Path, tmp_path: Path) -> Path:
    """A copy of the base, to be changed."""
    return Path(shutil.copytree(base, tmp_path / "changed"))


def test_unchanged_copy(base: Path, changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing changed: nothing is reported, and the exit code is 0."""
    assert run(capsys, base, changed) == (0, "Nothing changed. Version bump: none\n", "")


def test_json(base: Path, changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON has the findings with all that is known of them, and the bump that they ask for."""
    response = re.search(r"(?s)    AgentResponse:\n.*?\n    \w", (changed / JOB).read_text(encoding="utf-8"))
    assert response is not None
    field = "        hostname:\n          type: string\n          description: The agent's host.\n"
    edit(changed, JOB, response[0], response[0].replace(field, ""))
    code, out, _ = run(capsys, base, changed, "--format", "json")
    report = json.loads(out)
    assert code == 1
    assert report["bump"] == "major"
    (finding,) = report["findings"]
    assert re.fullmatch(r"[0-9a-f]{10}", finding.pop("id"))
    assert finding == {
        "class": "breaking",
        "vendor": "osapi",
        "operation": "get_job, list_jobs",
        "where": "AgentResponse.hostname",
        "old": "hostname",
        "new": None,
        "message": "The field AgentResponse.hostname is gone: neither passing nor reading it works.",
        "bump": "major",
        "file": "specs/osapi.yaml (old)",
        "line": HOSTNAME_LINE,
    }


def test_text(base: Path, changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The text is grouped by class, worst first, and ends with the bump."""
    edit(changed, JOB, "Read where a job stands", "Read a job")
    edit(changed, JOB, ENUM_END, f"{ENUM_END}        - paused\n")
    edit(changed, JOB, "        duration:\n          type: string", "        duration:\n          type: integer")
    edit(changed, "overlay/settled/osapi.py", "Outcome.SKIPPED", "Outcome.FAILED")
    code, out, _ = run(capsys, base, changed)
    assert code == 2
    headings = [line.split(":")[0] for line in out.splitlines() if line.endswith(" (1)")]
    assert headings == ["Breaking", "Terminal sets", "Undecided", "Additive"]
    assert "osapi  get_job, list_jobs  AgentState.duration\n" in out
    assert "string -> integer\n" in out
    assert out.endswith("\nVersion bump: major\n")


def test_markdown(base: Path, changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The Markdown is a draft for the changelog, in its sections; documentation is one line for each operation."""
    edit(changed, JOB, "Read where a job stands", "Read a job")
    edit(changed, JOB, "Where the job stands.", "The job.")
    edit(changed, JOB, ENUM_END, f"{ENUM_END}        - paused\n")
    edit(changed, JOB, "\n        duration:", "\n        took:")
    edit(changed, JOB, "      tags: [jobs]\n", "      tags: [jobs]\n      deprecated: true\n")
    _, out, _ = run(capsys, base, changed, "--format", "markdown")
    assert re.findall(r"^## .*|^### .*", out, re.MULTILINE) == [
        "## [Unreleased]", "### To decide", "### Changed", "### Deprecated",
    ]  # fmt: skip
    assert "- **Breaking.** osapi, `get_job, list_jobs`: The field AgentState.duration is now called took" in out
    assert out.count("documentation of `get_job`") == 1


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        (("Read where a job stands", "Read a job"), (0, "patch")),
        (("    AgentState:\n", "    Extra:\n      type: object\n    AgentState:\n"), (0, "minor")),
        ((ENUM_END, ""), (1, "major")),
        ((ENUM_END, f"{ENUM_END}        - paused\n"), (2, "minor")),
        (("read: 20", "read: 21"), (2, "none")),
    ],
    ids=["documentation", "additive", "breaking", "undecided word", "page read again"],
)
def test_exit_code_and_bump(
    base: Path, changed: Path, capsys: pytest.CaptureFixture[str], edited: tuple[str, str], expected: tuple[int, str]
) -> None:
    """The exit code tells the class, and the bump how the version has to go up."""
    edit(changed, JOB, *edited)
    code, out, _ = run(capsys, base, changed, "--format=json")
    assert (code, json.loads(out)["bump"]) == expected


def test_undecided_wins_over_breaking(base: Path, changed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code is the highest that applies, the bump the largest that is asked for."""
    edit(changed, JOB, ENUM_END, "        - paused\n")
    code, out, _ = run(capsys, base, changed, "--format=json")
    assert (code, json.loads(out)["bump"]) == (2, "major")


def test_undecided_word_names_what_to_edit() -> None:
    """The message about a new status word names the module and the enum that have to say what it means."""
    found = planted("cortex_xdr", lambda spec: spec["components"]["schemas"]["ActionStatus"]["enum"].append("PAUSED"))
    messages = [finding.message for finding in found]
    assert all("overlay/settled/cortex_xdr.py" in message for message in messages)
    assert [enum in message for enum, message in zip(("ActionTerminal", "ScriptTerminal"), messages, strict=True)]


def test_word_that_the_tables_decide_at_once() -> None:
    """A status word that comes together with its place in the tables is another terminal set, not undecided."""
    old, new = only("osapi"), only("osapi")
    new.specs["osapi"]["components"]["schemas"]["JobStatus"]["enum"].append("lost")
    source = (ROOT / "overlay/settled/osapi.py").read_text(encoding="utf-8")
    skipped = '    SKIPPED = "skipped", Outcome.SKIPPED\n'
    source = source.replace(skipped, f'{skipped}    LOST = "lost", Outcome.FAILED\n')
    tables = read_tables(source, "overlay/settled/osapi.py")
    found = compare(old, Side(new.specs, tables))
    assert [finding.kind for finding in found] == ["terminal-set", "additive"]


@pytest.mark.parametrize("vendor", ["cortex_xdr", "cortex_xsiam"])
def test_words_that_two_modules_share(vendor: str) -> None:
    """A new word of a kind whose enum is imported is undecided, and the message names the enum."""
    found = planted(vendor, lambda spec: spec["components"]["schemas"]["QueryStatus"]["enum"].append("PAUSED"))
    assert [(finding.kind, "XqlTerminal" in finding.message) for finding in found] == [("undecided", True)]


def test_ids_are_stable_and_tell_findings_apart() -> None:
    """Ids are the same from run to run, whatever else changes, and no two findings share one."""

    def drop(spec: Json) -> object:
        return spec["components"]["schemas"]["Job"]["properties"].pop("error")

    def more(spec: Json) -> object:
        spec["info"]["title"] = "Another"
        spec["components"]["schemas"]["JobStatus"]["enum"].pop()
        return drop(spec)

    (alone,), among = planted("osapi", drop), planted("osapi", more)
    assert alone.id in {finding.id for finding in among}
    assert len({finding.id for finding in among}) == len(among) == 3


def test_order_of_keys_is_no_change() -> None:
    """What is said in another order is not said otherwise."""
    spec = real().specs["osapi"]
    reordered = copy.deepcopy(spec)
    fields = reordered["components"]["schemas"]["Job"]["properties"]
    reordered["components"]["schemas"]["Job"]["properties"] = dict(reversed(fields.items()))
    assert list(compare_specs("osapi", spec, reordered)) == []


def test_vendor_added_and_removed() -> None:
    """A spec that comes or goes is one finding, and so is each of its kinds of job."""
    every, one = real(), only("osapi")
    coming, going = compare(one, every), compare(every, one)
    assert {finding.kind for finding in coming} == {"additive"}
    assert {finding.kind for finding in going} == {"breaking", "terminal-set"}
    assert [finding.where for finding in going if finding.kind == "breaking"] == [
        f"specs/{path.name}" for path in SPECS if path.stem != "osapi"
    ]
    assert len(coming) == len(going) == len(SPECS) - 1 + len(every.jobs) - len(one.jobs)


def test_models_that_hold_themselves() -> None:
    """A model within itself ends no comparison in a loop."""

    def nest(spec: Json) -> None:
        spec["components"]["schemas"]["Job"]["properties"]["parent"] = {"$ref": "#/components/schemas/Job"}

    old, new = only("osapi").specs["osapi"], only("osapi").specs["osapi"]
    nest(old)
    nest(new)
    new["components"]["schemas"]["Job"]["properties"].pop("error")
    assert [finding.where for finding in compare_specs("osapi", old, new)] == ["Job.error"]


@pytest.mark.parametrize(("sent", "classes"), [(True, ["additive", "breaking"]), (False, ["breaking", "breaking"])])
def test_direction(sent: bool, classes: list[str]) -> None:
    """Widening suits those who send and breaks those who read; narrowing breaks both."""
    place = Place("v", "o", sent=sent)
    few, many = (schema_node({}, {"type": types}, "field") for types in ("string", ["string", "null"]))
    found = [*compare_part(place, "M.f", few, many), *compare_part(place, "M.f", many, few)]
    assert [finding.kind for finding in found] == classes


@pytest.mark.parametrize(
    ("old", "new", "sent", "read"),
    [
        ({"type": "integer"}, {"type": "number"}, "additive", "breaking"),
        ({"type": "string"}, {"enum": ["a"]}, "breaking", "breaking"),
        ({"type": "string"}, {"type": "string", "format": "date"}, "breaking", "breaking"),
        ({"type": "string"}, {}, "additive", "breaking"),
        ({"type": "string"}, {"$ref": "#/components/schemas/Alias"}, None, None),
        ({"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}, "breaking", "breaking"),
        ({"$ref": "#/components/schemas/A"}, {"allOf": [{"$ref": "#/components/schemas/A"}]}, None, None),
        ({"$ref": "#/components/schemas/A"}, {"type": "object"}, "breaking", "breaking"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"type": ["null", "string"]}, None, None),
        ({"type": "array", "items": {"type": "string"}}, {"type": "array"}, "additive", "breaking"),
        ({"type": "object", "not": {}}, {"type": "object"}, "additive", "additive"),
        ({"type": "object"}, {"type": "object", "not": {}}, "breaking", "additive"),
        ({"type": "string", "maxLength": 9}, {"$ref": "#/components/schemas/Short"}, None, None),
        ({"type": "string", "readOnly": False}, {"type": "string"}, None, None),
        ({"type": "string"}, {"type": "string", "readOnly": True}, "breaking", "additive"),
        ({"type": "string"}, {"type": "string", "writeOnly": True}, "additive", "breaking"),
        ({"type": "object"}, {"type": "object", "title": "Another"}, "breaking", "breaking"),
        ({"type": "string"}, {"type": "string", "title": "Another"}, "additive", "additive"),
        ({"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}, None, None),
        (
            {"type": ["integer", "null"], "maximum": 9},
            {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "null"}]},
            None,
            None,
        ),
    ],
)
def test_types(old: Json, new: Json, sent: str | None, read: str | None) -> None:
    """Two schemas are compared by the values that they let through and by the Python types that they become."""
    schemas = {
        "Alias": {"type": "string"},
        "Short": {"type": "string", "maxLength": 9},
        "A": {"type": "object"},
        "B": {"type": "object"},
    }
    nodes = [schema_node({"components": {"schemas": schemas}}, schema, "field") for schema in (old, new)]
    for way, expected in ((True, sent), (False, read)):
        found = list(compare_part(Place("v", "o", sent=way), "M.f", *nodes))
        assert {finding.kind for finding in found} == ({expected} if expected else set())


def test_revisions_and_defaults(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """OLD is the last tag, or HEAD where there is none, and NEW the working tree, unless revisions are given."""
    repository = Path(shutil.copytree(base, tmp_path / "repository"))
    git(repository, "init", "--quiet")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=1")
    root = f"--root={repository}"
    assert run(capsys, root)[0] == 0
    edit(repository, JOB, "\n        duration:", "\n        took:")
    assert run(capsys, root)[0] == 1
    git(repository, "commit", "--quiet", "--all", "--message=2")
    assert run(capsys, root)[0] == 0
    git(repository, "tag", "v1", "HEAD~1")
    assert run(capsys, root)[0] == 1
    assert run(capsys, root, "HEAD")[0] == 0
    assert "AgentState.took is now called duration" in run(capsys, root, "HEAD", "v1")[1]
    assert run(capsys, root, "v1", base)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-thing"], "no such folder, and no such revision"),
        (["empty"], "there is no specs/"),
        (["no-overlay"], "there is no overlay/"),
        (["broken-spec"], "osapi.yaml is not an OpenAPI document"),
        (["broken-table"], "the terminal tables of overlay/settled/osapi.py cannot be read from its source"),
        (["base", "base", "base"], "unrecognized arguments"),
        (["--format=xml"], "invalid choice: 'xml'"),
    ],
)
def test_what_cannot_be_compared(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """Bad input ends in one message on stderr and the exit code 3."""
    (tmp_path / "empty").mkdir()
    shutil.copytree(base / "specs", tmp_path / "no-overlay" / "specs")
    for name in ("base", "broken-spec", "broken-table"):
        shutil.copytree(base, tmp_path / name)
    (tmp_path / "broken-spec" / JOB).write_text("paths: {}\n", encoding="utf-8")
    edit(tmp_path / "broken-table", "overlay/settled/osapi.py", "running=frozenset({", "running=words_of({")
    argv = [str(tmp_path / name) if (tmp_path / name).exists() else name for name in arguments]
    try:
        code, out, err = run(capsys, *argv)
    except SystemExit as end:
        code, (out, err) = int(str(end.code)), capsys.readouterr()
    assert (code, out) == (3, "")
    assert message in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


def python_side(tmp_path: Path, *edits: tuple[str, str, str]) -> list[Finding]:
    """What is found in the Python of a changed copy of the whole project, apart from specs and tables."""
    folder = tmp_path / "python"
    for name in ("specs", "overlay", "generated"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in edits:
        edit(folder, file, old, new)
    known = compare(real(), changes.read_side(folder))
    return list(compare_python(ROOT, folder, known))


def test_python_breakages(tmp_path: Path) -> None:
    """What breaks in the public Python API is found, under the names that users import it by."""
    found = python_side(
        tmp_path,
        ("overlay/settled/errors.py", "class RateLimited(", "class TooFast("),
        ("overlay/settled/_core/job.py", "    def fetch(", "    def poll("),
        ("overlay/settled/osapi.py", "expected_agents: int | None = None", "agents: int | None = None"),
        ("overlay/settled/_http/connect.py", "def ", "def _"),
        ("generated/settled_clients/osapi/api/jobs/get_job.py", "def sync(", "def synchronous("),
    )
    assert {(finding.kind, finding.vendor, finding.bump) for finding in found} == {("breaking", "python", "major")}
    assert {(finding.operation, finding.where) for finding in found} == {
        ("settled.Job", "fetch object removed"),
        ("settled.errors", "RateLimited object removed"),
        ("settled.osapi", "job(expected_agents) parameter removed"),
        ("settled_clients.osapi.api.jobs.get_job", "sync object removed"),
    }


@pytest.mark.slow
def test_python_does_not_repeat_the_specs(tmp_path: Path) -> None:
    """What the specs and tables tell already is not told a second time, and private modules are not told of."""
    description = "The user or the system account that started the scan."
    field = f"        ranBy:\n          type: string\n          description: {description}\n"
    found = python_side(
        tmp_path,
        ("specs/agilesec.yaml", field, ""),
        ("generated/settled_clients/agilesec/models/scan.py", "ran_by", "_ran_by"),
        ("overlay/settled/osapi.py", '    SKIPPED = "skipped", Outcome.SKIPPED\n', ""),
        ("overlay/settled/_http/retry_after.py", "def ", "def old_"),
    )
    assert found == []


@pytest.mark.slow
def test_python_unchanged(tmp_path: Path) -> None:
    """An unchanged copy of the whole project has no findings."""
    assert python_side(tmp_path) == []


def test_command() -> None:
    """The script runs as a command, and says on stderr what it cannot compare."""
    command = [sys.executable, str(ROOT / "scripts" / "regenerate" / "changes.py"), "no-such-revision"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the command is ours
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("no-such-revision cannot be compared: ")
