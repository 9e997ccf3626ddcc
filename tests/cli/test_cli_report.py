"""The page that shows jobs' lives."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from settled.simulator import Simulator, rate_limited, server_error

from _cli import Command
from conftest import KIND

NO_SUCH_JOB = f"{KIND}/00000000-0000-4000-8000-000000000000"
EVIL = "\"'><script>alert(1)</script><img src=//evil.example onerror=alert(1)>&amp;</style>"


class _Page(HTMLParser):
    """What a browser would make of a page: its elements, and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def titles(self, tag: str) -> list[str | None]:
        """What the elements of a sort say when they are pointed at."""
        return [attributes["title"] for name, attributes in self.elements if name == tag and "title" in attributes]


@pytest.fixture
def run(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, with the simulator's settings."""
    monkeypatch.delenv("SETTLED_CONFIG", raising=False)
    return Command(sim)


def _page(run: Command, path: Path, *refs: str) -> _Page:
    page = path / "page.html"
    run("wait", "--timeout", "1h", "--quiet", "--report", str(page), *refs)
    run.check(page.read_text(encoding="utf-8"))
    return _Page(page)


def test_statuses_polls_faults_and_pauses(run: Command, tmp_path: Path) -> None:
    """The page shows statuses as spans, polls, failed polls, the pause that was asked for, and the outcome."""
    states: list[Any] = [("INITIATED", 60), rate_limited(retry_after=30), server_error(), ("PROCESSING", 600), "FAILED"]
    job_id = run.sim.add(KIND, states=states, error_log="disk full")
    page = _page(run, tmp_path, f"{KIND}/{job_id}")
    spans = [str(title).split(",")[0] for title in page.titles("span")]
    assert spans == ["INITIATED", "PROCESSING", "FAILED"]
    assert page.titles("i") == ["FAILED"]
    assert [str(title).partition(" answered ")[2][:3] for title in page.titles("s")] == ["429", "500"]
    assert page.titles("u") == ["a pause of 30 s was asked for"]
    (ticks,) = (str(attributes["d"]).count("M") for tag, attributes in page.elements if tag == "path")
    # Those that stand a thousandth of the width apart are one.
    assert run.sim.polls(job_id) - 5 <= ticks <= run.sim.polls(job_id) - 2
    for words in ("✘ FAILED", "disk full", f"{run.sim.polls(job_id)} polls, 2 failed", "INITIATED", "1 job: 1 FAILED"):
        assert words in page.text


def test_a_pause_is_the_clients(run: Command, tmp_path: Path) -> None:
    """A pause is marked with every job of the client, and with none of another vendor."""
    refs = [
        f"{KIND}/{run.sim.add(KIND, states=[rate_limited(retry_after=9), 'INITIATED', 'COMPLETED'])}",
        f"{KIND}/{run.sim.add(KIND, states=[('INITIATED', 60), 'COMPLETED'])}",
        f"osapi.job/{run.sim.add('osapi.job', states=[('processing', 60), 'completed'])}",
    ]
    assert len(_page(run, tmp_path, *refs).titles("u")) == 2


def test_parts_and_what_ends_badly(run: Command, tmp_path: Path) -> None:
    """Endpoints have bands of their own; a job that never settled, and one that is not there, say so."""
    states = {"laptop": [("PENDING", 30), "COMPLETED_SUCCESSFULLY"], "van": ["PENDING"]}
    refs = [f"cortex_xdr.action/{run.sim.add('cortex_xdr.action', states=states)}", NO_SUCH_JOB]
    page = _page(run, tmp_path, *refs)
    spans = [str(title).split(",")[0] for title in page.titles("span")]
    assert spans == ["0 of 2 settled", "1 of 2 settled", "PENDING", "COMPLETED_SUCCESSFULLY", "PENDING"]
    for words in ("laptop", "van", "! WaitTimeout", "! NotFound", "2 jobs: 1 WaitTimeout, 1 NotFound"):
        assert words in page.text


def test_nothing_is_from_elsewhere(run: Command, tmp_path: Path) -> None:
    """Whatever vendors say, the page has no script, no handler and no address, and forbids all of them."""
    fields: dict[str, Any] = {"errorReasons": {EVIL: EVIL}}
    refs = [
        f"{KIND}/{run.sim.add(KIND, states=[EVIL, 'FAILED'], error_log=EVIL)}",
        f"cortex_xdr.action/{run.sim.add('cortex_xdr.action', states={EVIL: [(EVIL, 5), 'FAILED']}, **fields)}",
    ]
    page = _page(run, tmp_path, *refs)
    assert EVIL in page.text
    assert EVIL not in page.source
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "a", "base"}
    names = {name for _, attributes in page.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | (names & {"src", "href", "action"})
    assert "url(" not in page.source
    assert "@import" not in page.source
    policies = [attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv")]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_many_polls_and_many_endpoints(run: Command, tmp_path: Path) -> None:
    """A page stays readable: at most a thousand ticks and fifty endpoints a job, and no endless message."""
    states = {f"host-{number}": ["PENDING"] for number in range(200)}
    ref = f"cortex_xdr.action/{run.sim.add('cortex_xdr.action', states=states)}"
    page = _page(run, tmp_path, ref, f"{KIND}/{run.sim.add(KIND, states=['FAILED'], error_log='x' * 100_000)}")
    assert sum(tag == "small" for tag, _ in page.elements) == 50
    assert len(page.source) < 100_000
