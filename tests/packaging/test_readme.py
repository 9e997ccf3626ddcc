"""The snippets of the README and of the site run: page by page, from top to bottom, each in a folder of its own.

The README goes section by section. A page of the site is one section.

- `python`: runs as it stands, `await` included, in virtual time. The first argument of every `connect` becomes the
  simulator's address. `client` is of the vendor whose function the block gives it to; other names are `preamble`'s.
  A block with `def test_` in it is a test file, and pytest runs it.
- `sh`, `console`: runs in bash, with the simulator's credentials in the environment. `settled` is the real command. Of
  `make`, `pip install` and our scripts, only what is asked for is checked. A simulator in the foreground is interrupted
  when it serves. In `console` the commands are the lines after `$ `.
- `toml`, `json`: must be such. If the first line of a block is a comment with a file's name, it is also written there.
- `yaml`, and whatever begins with a path of ours as a comment: is one of the parts that test_new_api.py puts together.
- `text` and indented lines: nothing to run.

- A block that includes a recipe: another test runs it.

Comments before a block: `<!-- setup: job = offline -->` runs that line first, `<!-- exits with 3 -->` tells a shell
block's exit code, `<!-- run by tests/test_x.py -->` leaves the block to another test. Any other block fails.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from markdown_it import MarkdownIt
from test_new_api import EXAMPLE

import settled
from settled import agilesec, cortex_xdr, cortex_xsiam, osapi, simulator
from settled.simulator._server import Server

from _specs import ROOT

pytestmark = pytest.mark.slow

README = ROOT / "README.md"
PAGES = ROOT / "scripts" / "docs" / "pages"
SECRET = "callback-s3cret"
VENDORS = {vendor.__name__.rpartition(".")[2]: vendor for vendor in (cortex_xsiam, cortex_xdr, agilesec, osapi)}
JOB_ID = "1b671a64-40d5-491e-99b0-da01ff1f3341"
NUMBER = "4711"
# How a job of each kind goes.
COURSES = {
    "cortex_xsiam.byos_import": ["INITIATED", "PROCESSING", "COMPLETED"],
    "cortex_xdr.action": ["PENDING", "IN_PROGRESS", "COMPLETED_SUCCESSFULLY"],
    "cortex_xdr.script_execution": ["PENDING", "IN_PROGRESS", "COMPLETED_SUCCESSFULLY"],
    "agilesec.scan": ["queued", "running", "successful"],
    "osapi.job": ["submitted", "processing", "completed"],
}
A_REF = re.compile(rf"\b({'|'.join(map(re.escape, COURSES))})/([\w-]+)")
MARK = re.compile(r"<!-- (setup: |exits with |run by )(.*?) -->", re.DOTALL)


@attrs.frozen
class Block:
    """A fenced block: where it stands, what it is, and what the comments before it say."""

    page: Path
    section: str
    line: int
    language: str
    text: str
    marks: dict[str, str]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: a block of {self.language or 'no language'}"

    @property
    def file(self) -> str | None:
        """The file that the first line names in a comment."""
        found = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return found and found[1]


def blocks(markdown: str, page: Path = README) -> list[Block]:
    """All blocks of a page, in order."""
    found, section, marks = list[Block](), "the top", dict[str, str]()
    tokens = MarkdownIt().parse(markdown)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before is not None and before.type == "heading_open" and before.tag in ("h1", "h2"):
            section = token.content
        if token.type == "html_block":
            marks |= {kind.strip(" :"): argument for kind, argument in MARK.findall(token.content)}
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            language = token.info.strip() if token.type == "fence" else "text"
            found.append(Block(page, section, token.map[0] + 1, language, token.content, marks))
            marks = {}
        elif token.type == "inline":
            marks = {}
    return found


SITE = {path: path.read_text(encoding="utf-8") for path in sorted(PAGES.rglob("*.md"))}
TEXTS = {README: README.read_text(encoding="utf-8"), **SITE}
ALL = blocks(TEXTS[README])


def add_jobs(sim: simulator.Simulator, seconds: float) -> None:
    """Have the simulator know all jobs that a page names; a state lasts so many seconds."""
    named = {(kind, NUMBER if kind.startswith("cortex_xdr") else JOB_ID) for kind in COURSES}
    for kind, job_id in named | {found for text in TEXTS.values() for found in A_REF.findall(text)}:
        states = [(word, seconds) for word in COURSES[kind]]
        sim.add(kind, states={"laptop": states} if kind == "cortex_xdr.action" else states, job_id=job_id)
    sim.add("cortex_xdr.action", states={"laptop": ["COMPLETED_SUCCESSFULLY"], "van": ["PENDING"]}, job_id="4712")


def client_of(vendor: str, sim: simulator.Simulator) -> Any:
    """A client of the simulated vendor."""
    credentials = {"key_id": sim.key_id, "key": sim.key} if vendor.startswith("cortex") else {"token": sim.token}
    return VENDORS[vendor].connect(sim.url, max_rate=None, **credentials)


def preamble(sim: simulator.Simulator, callback_url: str) -> dict[str, Any]:
    """The names that snippets may use without more ado."""
    clients = {vendor: client_of(vendor, sim) for vendor in VENDORS}
    job = cortex_xsiam.byos_import(clients["cortex_xsiam"], JOB_ID)
    return {
        **VENDORS,
        "__name__": "readme",
        "settled": settled,
        "clients": clients,
        "KEY_ID": sim.key_id,
        "KEY": sim.key,
        "TOKEN": sim.token,
        "SECRET": SECRET,
        "CALLBACK_ID": sim.register_callback(callback_url, ("bearer", SECRET)),
        "ENDPOINT_IDS": ["laptop", "desk"],
        "SCRIPT_UID": "f1a2b3",
        "job_id": JOB_ID,
        "job_ids": [JOB_ID],
        "execution_id": JOB_ID,
        "action_id": NUMBER,
        "group_action_id": NUMBER,
        "job": job,
        "offline": cortex_xdr.action(clients["cortex_xdr"], "4712"),
        "jobs": [
            job,
            cortex_xdr.action(clients["cortex_xdr"], NUMBER),
            cortex_xdr.script_execution(clients["cortex_xdr"], NUMBER),
            agilesec.scan(clients["agilesec"], JOB_ID),
            osapi.job(clients["osapi"], JOB_ID),
        ],
    }


@attrs.define
class Section:
    """Where the blocks of a section run: the simulator, a folder, and the names so far."""

    sim: simulator.Simulator
    folder: Path
    names: dict[str, Any]
    runner: asyncio.Runner
    used: dict[int, Any]

    def run(self, block: Block) -> None:
        """Run a block, or fail if there is no rule for it."""
        if "run by" in block.marks:
            text = (ROOT / block.marks["run by"]).read_text(encoding="utf-8")
            assert "_shown import" in text or f"{block.page.parent.name}/{block.page.name}" in text, block
        elif recipe := re.fullmatch(r'--8<-- "(scripts/docs/recipes/\w+\.py)"\n', block.text):
            assert (ROOT / recipe[1]).is_file(), block
            name = Path(recipe[1]).stem
            tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
            assert any("recipes" in text and name in text for text in tests), f"{block}, which no test runs"
        elif block.language == "yaml" or (block.file is not None and "/" in block.file):
            assert block.text in {f"# {name}\n{text}" for name, text in EXAMPLE.items()}, block
        elif block.language == "python" and "def test_" in block.text:
            self.run_tests(block)
        elif block.language == "python":
            self.run_python(block)
        elif block.language in ("sh", "console"):
            self.run_shell(block)
        elif block.language == "toml":
            self.write(block, tomllib.loads(block.text))
        elif block.language == "json":
            self.write(block, json.loads(block.text))
        else:
            assert block.language == "text", f"{block}, for which there is no rule"

    def write(self, block: Block, _: Any) -> None:
        """Write a block into the file that it names, if any, for our eyes only."""
        if block.file is not None:
            path = self.folder / block.file
            path.touch(mode=0o600)
            path.write_text(block.text, encoding="utf-8")

    def run_python(self, block: Block) -> None:
        """Run a block in the section's namespace, so that a traceback shows the page's line."""
        self.write(block, None)
        add_jobs(self.sim, seconds=40)
        match = re.search(r"\b(\w+)\.\w+\(\s*client\b", block.text)
        if not re.search(r"\bclient = |\bas client\b", block.text):
            vendor = match[1] if match and match[1] in VENDORS else "cortex_xsiam"
            self.names["client"] = self.names["clients"][vendor]
        exec(block.marks.get("setup", ""), self.names)  # noqa: S102 - the page is ours
        text = re.sub(r'(\bconnect\(\s*)"[^"]*"', rf'\g<1>"{self.sim.url}"', block.text)
        code = compile("\n" * block.line + text, block.page, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        try:
            if code.co_flags & inspect.CO_COROUTINE:
                self.runner.run(eval(code, self.names))  # noqa: S307 - the page is ours
            else:
                exec(code, self.names)  # noqa: S102 - the page is ours
        finally:
            clients = [value for value in self.names.values() if hasattr(value, "get_async_httpx_client")]
            self.used |= {id(client): client for client in (*clients, *self.names["clients"].values())}

    def run_tests(self, block: Block) -> None:
        """Run a block as a file of tests, as its reader would."""
        (self.folder / "test_of_readme.py").write_text(block.text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "test_of_readme.py"]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)  # noqa: S603
        assert run.returncode == 0, f"{block}\n{run.stdout}{run.stderr}"

    def run_shell(self, block: Block) -> None:
        """Run a block in bash, each command of which must succeed."""
        lines = block.text.splitlines()
        if block.language == "console":
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        script = "\n".join(lines)
        with self.in_real_time():
            add_jobs(self.sim, seconds=0)
            process = subprocess.Popen(  # noqa: S603 - the page is ours
                [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", script],
                cwd=self.folder,
                env=os.environ | self.sim.environ | {"PATH": f"{shims(self.folder)}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            assert process.stdout is not None
            is_serving = re.search(r"^settled simulate\b[^&]*$", script, re.MULTILINE) is not None
            with process, process.stdout:
                try:
                    output = process.stdout.readline() if is_serving else ""
                    if is_serving:
                        os.killpg(process.pid, signal.SIGINT)
                    output += process.communicate(timeout=60)[0]
                finally:
                    with contextlib.suppress(ProcessLookupError):  # what it left in the background, or hangs
                        os.killpg(process.pid, signal.SIGKILL)
            code = process.returncode
        expected = block.marks.get("exits with", "130" if is_serving else "0")
        assert str(code) == expected, f"{block} exits with {code}\n{output}"

    @contextlib.contextmanager
    def in_real_time(self) -> Iterator[None]:
        """Let the simulator go by the time that other processes go by."""
        virtual, self.sim.clock = self.sim.clock, time.monotonic
        try:
            yield
        finally:
            self.sim.clock = virtual

    def close(self) -> None:
        """Close the clients that were used."""
        for client in self.used.values():
            client.get_httpx_client().close()
            self.runner.run(client.get_async_httpx_client().aclose())


def shims(folder: Path) -> Path:
    """A folder of commands that take the place of those which a test must not run, or not as they are installed."""
    here = folder / ".bin"
    here.mkdir(exist_ok=True)
    ours = f'exec "{sys.executable}"'
    commands = {
        "settled": f'if [ "$1" = demo ]; then set -- demo --help; fi\n{ours} -m settled "$@"',
        "make": f'exec "{shutil.which("make")}" --dry-run --directory="{ROOT}" "$@" >/dev/null',
        "pip": f'{ours} "{ROOT / "tests" / "_installs.py"}" "$@"',
        "python": f'case "$1" in scripts/*) set -- "{ROOT}/$1" --help ;; esac\n{ours} "$@"',
    }
    for name, script in commands.items():
        (here / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (here / name).chmod(0o755)
    return here


@pytest.fixture
def section(sim: simulator.Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Section]:
    """A place for a section to run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in sim.environ.items():
        monkeypatch.setenv(name, value)
    # A simulator that a snippet starts is to go by the same time as its waits.
    defaults = simulator.Simulator.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "clock", sim.clock)
    names = dict[str, Any]()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await names["app"](scope, receive, send)

    with Server(app) as receiver, asyncio.Runner() as runner:
        names |= preamble(sim, f"{receiver.url}/scans")
        place = Section(sim, tmp_path, names, runner, {})
        yield place
        place.close()


@pytest.mark.parametrize("title", dict.fromkeys(block.section for block in ALL))
def test_snippets(title: str, section: Section) -> None:
    """Every block of the section does what the top of this file says of its kind."""
    for block in ALL:
        if block.section == title:
            section.run(block)


@pytest.mark.parametrize("page", [path for path, text in SITE.items() if "```" in text], ids=lambda path: path.stem)
def test_snippets_of_the_site(page: Path, section: Section) -> None:
    """Every block of a page does so, too."""
    for block in blocks(SITE[page], page):
        section.run(block)


WRONG = [
    "```ruby\nputs 1\n```",
    "```python\nsettled.wait(job)\n```",
    "```python\nassert False\n```",
    "```python\ndef test_it():\n    assert False\n```",
    "```sh\nmake no-such-target\n```",
    "```sh\npip install 'settled[nothing]'\n```",
    "```sh\nsettled wait --no-such-option\n```",
    "<!-- exits with 3 -->\n```sh\nsettled kinds\n```",
    "```console\n$ python scripts/no_such.py\n```",
    "```toml\n[\n```",
    "```yaml\na: 1\n```",
    "<!-- run by tests/http/test_retry_after.py -->\n```python\n1\n```",
    "```\nno language\n```",
]
RIGHT = [
    "<!-- setup: other = offline -->\n```python\nassert other.id == '4712'\n```",
    "```python\nend = await settled.aio.wait(job, timeout=900)\n```\n```python\nassert end.is_settled\n```",
    f"```console\n$ settled status cortex_xsiam.byos_import/{JOB_ID}\nsome output\n```",
    "```sh\nmake demo  # what is not run\npip install 'settled[cli,simulator]' httpx\n```",
    "```sh\nsettled simulate --port 0\n```",
    "```python\ndef test_it(settled_simulator, settled_clock):\n    assert settled_simulator.url\n```",
    "```toml\n# settled.toml\n[osapi]\n```\n```sh\ntest $(stat -c %a settled.toml) = 600\n```",
    "<!-- run by tests/run/test_celery.py -->\n```python\nnothing that could run\n```",
]


@pytest.mark.parametrize("markdown", WRONG)
def test_what_is_wrong(markdown: str, section: Section) -> None:
    """A block that has no rule or does not run is noticed, and so is an extra or a target that is not there."""
    (block,) = blocks(markdown)
    with pytest.raises((AssertionError, TypeError, ValueError)):
        section.run(block)


@pytest.mark.parametrize("markdown", RIGHT)
def test_what_is_right(markdown: str, section: Section) -> None:
    """Blocks that belong together run one after the other, and the comments before them are heeded."""
    for block in blocks(markdown):
        section.run(block)
