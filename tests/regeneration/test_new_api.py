"""A new vendor's API: the scaffold is valid as it stands, and the site's worked example leads to a settled job."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from _scaffold import check, copied, ended, new_api, started
from _specs import ROOT, files, load_generate

generate = load_generate()

# The page maintain/add-a-vendor.md shows these lines. Each takes the place of one that says FILL IN.
EXAMPLE = {
    "specs/kiln.yaml": """\
  title: Kiln
  summary: Firings of pottery
  /v2/firings/{id}:
    get:
        title: Read a firing
        product: Kiln API
                id: "17"
                state: cracked
                reason: It cooled too fast
                message: No such firing
      name: X-Kiln-Token
        id:
        state:
        reason:
      enum: [queued, heating, cooling, fired, cracked, stopped]
        message:
""",
    "overlay/settled/kiln.py": '''\
"""Kiln: firings of pottery.
From the vendor's page "Read a firing".
    FIRED = "fired", Outcome.SUCCEEDED
    CRACKED = "cracked", Outcome.FAILED
    STOPPED = "stopped", Outcome.CANCELLED
    status: str = raw["state"]
    detail: str | None = raw.get("reason")
    running=frozenset({"queued", "heating", "cooling"}),
    auth = HeaderToken("X-Kiln-Token", token)
''',
    "tests/vendors/test_kiln.py": """\
PATH, TOKEN_HEADER = "/v2/firings/17", "x-kiln-token"
RUNNING = {"state": "heating"}
        ({"state": "fired"}, Outcome.SUCCEEDED, None),
        ({"state": "cracked", "reason": "It cooled too fast"}, Outcome.FAILED, "It cooled too fast"),
        ({"state": "stopped"}, Outcome.CANCELLED, None),
""",
}
PAGE = "scripts/docs/pages/reference/kiln.md"
# And this line is new in tests/core/test_kinds.py.
KIND = '    "kiln.job": "JobStatus",\n'

PROGRAM = """
import sys
import settled
from settled import kiln

with kiln.connect(sys.argv[1], token="t1") as client:
    end = settled.wait(kiln.job(client, "17"), timeout=30, schedule=settled.Schedule(first=0.01))
print(end.outcome, end.polls, end.body.reason)
"""


@contextlib.contextmanager
def stub(*replies: dict[str, str]) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A vendor that gives one reply after the other; its address, and the paths and tokens it was asked with."""
    waiting, asked = list(replies), list[tuple[str, str | None]]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["X-Kiln-Token"]))
            content = json.dumps(waiting.pop(0) if len(waiting) > 1 else waiting[0]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@pytest.fixture
def _unchanged_specs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the generator take the clients of the specs there are as they are, which saves most of the time."""
    really_generate = generate.generate_client

    def generate_new(spec: Path, templates: Path, output: Path) -> None:
        known = ROOT / "generated" / "settled_clients" / spec.stem
        if known.exists():
            shutil.copytree(known, output, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            really_generate(spec, templates, output)

    monkeypatch.setattr(generate, "generate_client", generate_new)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        "--auth token",
        "--auth bearer --job operation_run --parts --submit",
        "--auth basic --progress --submit /start/{kind} --by-location",
        "--auth oauth --conclusion --path /teams/{teamId}/tasks/{taskId} --submit",
        "--auth cortex --conclusion --progress --parts --path /a/{b}/c/{d} --submit --by-location",
    ],
)
def test_scaffold_is_valid(tmp_path: Path, options: str) -> None:
    """As it is written, the spec can be generated, and all tests pass that a vendor meets, whatever was chosen."""
    folder = copied(tmp_path)
    assert new_api.main(["oven_works", *options.split(), "--root", str(folder)]) == 0
    check(folder, "oven_works", generate)


@pytest.mark.slow
@pytest.mark.usefixtures("_unchanged_specs")
def test_worked_example(tmp_path: Path) -> None:
    """A fifth vendor takes a scaffold and at most 60 hand-written lines, and its job can be waited on."""
    folder = copied(tmp_path)
    before = files(folder)
    assert new_api.main(["kiln", "--root", str(folder)]) == 0
    assert {name for name in files(folder) if name not in before} == {*EXAMPLE, PAGE}
    for name, text in EXAMPLE.items():
        lines = iter(text.splitlines())
        scaffold = (folder / name).read_text().splitlines()
        written = [next(lines) if "FILL IN" in line else line for line in scaffold]
        assert list(lines) == []
        (folder / name).write_text("\n".join([*written, ""]))
    assert KIND in (folder / "tests" / "core" / "test_kinds.py").read_text()
    assert sum(len(text.splitlines()) for text in (*EXAMPLE.values(), KIND)) <= 60

    assert generate.main(["--root", str(folder)]) == 0
    assert (
        files(folder / "generated").items()
        > {name: content for name, content in files(ROOT / "generated").items() if name != "lock.json"}.items()
    )
    tests = started(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/vendors/test_kiln.py")
    replies = [{"state": "queued"}, {"state": "heating"}, {"state": "cracked", "reason": "It cooled too fast"}]
    with stub(*replies) as (url, asked):
        (printed,) = ended(started(folder, "-c", PROGRAM, url))
    assert printed == "FAILED 3 It cooled too fast\n"
    assert asked == [("/v2/firings/17", "t1")] * 3
    assert " passed" in ended(tests)[0]


def test_page_shows_the_worked_example() -> None:
    """The page has the very lines that are tested here."""
    page = (ROOT / "scripts" / "docs" / "pages" / "maintain" / "add-a-vendor.md").read_text()
    shown = re.findall(r"```\w+\n(.*?)```", page, re.DOTALL)
    for name, text in EXAMPLE.items():
        assert f"# {name}\n{text}" in shown
    assert KIND.strip().rstrip(",") in page


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("osapi", "specs/osapi.yaml exists"),
        ("errors", "overlay/settled/errors.py exists"),
        ("simulator", "overlay/settled/simulator exists"),
        ("agilesec", "specs/agilesec.yaml exists"),
        ("wait", "exports it"),
        ("importlib", "Python, the package or its tests use that name"),
        ("client", "use that name"),
        ("outcome", "use that name"),
        ("2kiln", "is not a module name"),
        ("kiln-works", "is not a module name"),
        ("Kiln", "is not a module name"),
        ("_kiln", "is not a module name"),
        ("class", "is not a module name"),
        ("../kiln", "is not a module name"),
        ("", "is not a module name"),
    ],
)
def test_name_that_cannot_be_used(name: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that exists, or that no module can have, is refused with one sentence."""
    with pytest.raises(new_api.UnusableName, match=reason):
        new_api.targets(name, ROOT)
    assert new_api.main(["--", name]) == 3
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("--job connect", "connect is taken"),
        ("--job submit --submit", "submit is taken"),
        ("--job list", "list is taken"),
        ("--job class", "is not a name for a job"),
        ("--job Run", "is not a name for a job"),
        ("--path /jobs", "has no job id"),
        ("--path jobs/{id}", "is not a path"),
        ("--path /jobs/{id}?all=1", "is not a path"),
        ("--path /jobs/{id}/{id}", "names in braces"),
        ("--path /jobs/{class}", "names in braces"),
        ("--path /{team}/jobs/{id} --submit /jobs", "has no {team}"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, options: str, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A word for a job or a path that would not work is refused with one sentence, and nothing is written."""
    for name in ("overlay/settled/__init__.py", "tests/core/test_kinds.py", "scripts/docs/zensical.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    before = files(tmp_path)
    assert new_api.main(["kiln", *options.split(), "--root", str(tmp_path)]) == 3
    assert reason in capsys.readouterr().err
    assert files(tmp_path) == before


def test_folder_that_is_no_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no project, nothing is written."""
    assert new_api.main(["kiln", "--root", str(tmp_path)]) == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
