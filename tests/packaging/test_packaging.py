"""The distributions: what is in them, and that the wheel alone does what the README begins with, on every Python."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import settled
from settled import simulator

from _dist import PROJECT, ROOT, RUNNING, SUPPORTED, Dist, build, run

pytestmark = pytest.mark.slow

SOURCES = ("generated", "overlay", "scripts", "specs", "tests")

# What a user of the wheel alone gets besides the two packages: these, and what they require themselves.
REQUIRED = {"attrs", "httpx", "python-dateutil", "typing-extensions"}

# What needs an extra, and its name.
NEED_EXTRAS = {
    "from settled.simulator import Simulator": "simulator",
    "import settled; c = settled.osapi.connect('http://x', token='t', fast=True); c.get_async_httpx_client()": "fast",
    "from settled.airflow import SettledHook": "airflow",
    "from settled.testing import strategies": "testing",
    "import settled.cli; settled.cli.main()": "cli",
}

REPORT = """
import importlib.metadata
import json
import sys

import settled_clients

print(json.dumps({
    "outcome": end.outcome.name,
    "version": settled.__version__,
    "metadata": importlib.metadata.version("settled"),
    "homes": [settled.__file__, settled_clients.__file__],
    "installed": [found.name for found in importlib.metadata.distributions()],
    "imported": sorted({name.partition(".")[0] for name in sys.modules}),
}))
"""


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        name = path.relative_to(ROOT)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in name.parts):
            yield name.as_posix()


def _metadata(dist: Dist) -> Metadata:
    with zipfile.ZipFile(dist.wheel) as wheel:
        return Metadata.from_email(wheel.read(f"settled-{settled.__version__}.dist-info/METADATA"), validate=True)


def _not_for_users() -> set[str]:
    """The packages that extras bring, and those that the project is made with."""
    wanted = {
        line
        for line in (ROOT / "scripts" / "requirements" / "constraints.in").read_text().splitlines()
        if line[:1].isalpha()
    }
    wanted.update(*PROJECT["optional-dependencies"].values())
    return {str(canonicalize_name(Requirement(line).name)) for line in wanted} - REQUIRED


def _quickstart(url: str, key: str) -> str:
    """The README's first Python block with a tenant: one that is there, and so are its key and endpoints."""
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    block = next(block for block in blocks if "acme.xdr.eu.paloaltonetworks.com" in block)
    return f"KEY, ENDPOINT_IDS = {key!r}, ['laptop', 'desk']\n" + block.replace("acme.xdr.eu.paloaltonetworks.com", url)


def test_wheel_holds_the_two_packages_only(dist: Dist) -> None:
    """Their sources, typed both, and the licence: no templates, specs, scripts, tests or caches."""
    with zipfile.ZipFile(dist.wheel) as wheel:
        names = set(wheel.namelist())
    about = f"settled-{settled.__version__}.dist-info/"
    packages = {name for name in names if not name.startswith(about)}
    expected = {*_files(ROOT / "overlay"), *_files(ROOT / "generated" / "settled_clients")}
    assert packages == {name.partition("/")[2] for name in expected}
    assert packages >= {"settled/py.typed", "settled_clients/py.typed"}
    assert {name.removeprefix(about) for name in names - packages} - {"entry_points.txt"} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "licenses/LICENSE",
    }


def test_sdist_holds_what_it_takes_to_build_and_test(dist: Dist) -> None:
    """All sources with their specs, scripts and tests, and no caches."""
    with tarfile.open(dist.sdist) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert names == {
        *(name for folder in SOURCES for name in _files(ROOT / folder)),
        *(
            ".gitignore",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "LICENSE",
            "Makefile",
            "PKG-INFO",
            "README.md",
            "SECURITY.md",
        ),
        "pyproject.toml",
    }


def test_builds_can_be_reproduced(dist: Dist, tmp_path: Path) -> None:
    """The sources, and the sdist, build the same sdist and the same wheel, to the byte."""
    with tarfile.open(dist.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    unpacked = tmp_path / dist.sdist.name.removesuffix(".tar.gz")
    for source, folder in ((ROOT, "from-tree"), (unpacked, "from-sdist")):
        again = build(source, tmp_path / folder)
        assert again.wheel.read_bytes() == dist.wheel.read_bytes()
        assert again.sdist.read_bytes() == dist.sdist.read_bytes()


def test_metadata_is_complete_and_valid(dist: Dist) -> None:
    """An index would take it, and a reader finds what it is, for which Pythons, under which licence."""
    about = _metadata(dist)
    assert about.name == "settled"
    assert str(about.version) == settled.__version__
    assert about.summary == PROJECT["description"]
    assert about.license_expression == "MIT"
    assert about.license_files == ["LICENSE"]
    assert about.requires_python == f">={SUPPORTED[0]}"
    assert about.author
    assert about.keywords
    assert {"Typing :: Typed", *(f"Programming Language :: Python :: {each}" for each in SUPPORTED)} <= {
        *(about.classifiers or [])
    }
    assert about.description_content_type == "text/markdown"
    assert about.description == (ROOT / "README.md").read_text()
    assert sorted(about.provides_extra or []) == sorted(PROJECT["optional-dependencies"])


def test_dependencies_are_pinned(dist: Dist) -> None:
    """Without extras nobody gets more than these four, by accident."""
    without_extras = [each for each in _metadata(dist).requires_dist or [] if "extra" not in str(each.marker)]
    assert {canonicalize_name(each.name) for each in without_extras} == REQUIRED


def test_version_is_written_once() -> None:
    """Only the package says its version; pyproject.toml points there."""
    written = re.compile(rf"""["']{re.escape(settled.__version__)}["']""")
    sources = (ROOT / name for folder in ("overlay", "scripts") for name in _files(ROOT / folder))
    found = [path for path in sources if path.suffix in {".py", ".toml"} and written.search(path.read_text())]
    assert found == [ROOT / "overlay" / "settled" / "_version.py"]
    assert "version" in PROJECT["dynamic"]


@pytest.mark.parametrize("version", SUPPORTED)
def test_quickstart_runs_with_the_wheel_alone(version: str, installed: Callable[[str], Path], tmp_path: Path) -> None:
    """The README's first lines follow a job of a simulator elsewhere, and nothing is there that they do not need."""
    python = installed(version)
    program = tmp_path / "quickstart.py"
    with simulator.Simulator() as elsewhere:
        program.write_text(_quickstart(elsewhere.url, elsewhere.key) + REPORT)
        printed = run(python, "-I", "-W", "error", program, cwd=tmp_path).splitlines()
    assert elsewhere.polls(printed[0].partition("/")[2]) >= 1
    assert "SUCCEEDED" in printed[1]
    report = json.loads(printed[-1])
    assert report["outcome"] == "SUCCEEDED"
    assert report["version"] == report["metadata"] == settled.__version__
    assert all(Path(home).is_relative_to(python.parents[1]) for home in report["homes"])
    names = {canonicalize_name(name) for name in report["installed"]}
    assert names >= {"settled", "attrs", "httpx", "python-dateutil"}
    assert not names & _not_for_users()
    modules = {name.replace("-", "_") for name in _not_for_users()} | {"aiohttp", "_pytest", "jinja2", "pydantic"}
    assert not {*report["imported"]} & modules


@pytest.mark.parametrize("code", NEED_EXTRAS, ids=NEED_EXTRAS.get)
def test_what_needs_an_extra_names_it(code: str, installed: Callable[[str], Path], tmp_path: Path) -> None:
    """Without the extra there is one error, which tells how to install it."""
    program = tmp_path / "without.py"
    program.write_text(
        "import sys\nsys.stderr = sys.stdout\n"
        f"try:\n    {code}\nexcept ModuleNotFoundError as error:\n    print(error)\nexcept SystemExit:\n    pass"
    )
    assert f"pip install 'settled[{NEED_EXTRAS[code]}]'" in run(installed(RUNNING), "-I", program, cwd=tmp_path)
