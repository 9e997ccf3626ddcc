"""The generator: the same bytes every time, and nothing but what specs/ and templates say."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pytest

from _specs import ROOT, SPECS, files, load_generate

generate = load_generate()

GENERATED = ROOT / "generated"
TEMPLATES = ROOT / "scripts" / "regenerate" / "templates"
SPEC = """\
openapi: 3.1.0
info: {title: Small, version: "1"}
paths:
  /things/{id}:
    get:
      operationId: get_thing
      tags: [things]
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
      responses:
        "200":
          description: The thing.
          content:
            application/json:
              schema:
                $ref: "#/components/schemas/Thing"
components:
  schemas:
    Thing:
      type: object
      description: A thing.
      properties:
        state: {type: string, enum: [new, old]}
"""


def run(root: Path, *arguments: str) -> int:
    """The exit code of the script for the project in `root`."""
    code: int = generate.main(["--root", str(root), *arguments])
    return code


Generate = Callable[[Path, Path, Path], None]


@pytest.fixture(scope="module", autouse=True)
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generate]:
    """Lets the script run the generator once for each pair of spec and templates; answers what does so."""
    really_generate = generate.generate_client
    known: dict[tuple[bytes, ...], Path] = {}

    def generate_once(spec: Path, templates: Path, output: Path) -> None:
        key = (spec.read_bytes(), *files(templates).values())
        if key not in known:
            kept = tmp_path_factory.mktemp("kept") / "client"
            really_generate(spec, templates, kept)
            known[key] = kept
        shutil.copytree(known[key], output)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "generate_client", generate_once)
        yield generate_once


@pytest.fixture(scope="module")
def small_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one small spec, generated."""
    root = tmp_path_factory.mktemp("small")
    (root / "specs").mkdir()
    (root / "specs" / "small.yaml").write_text(SPEC)
    shutil.copytree(TEMPLATES, root / "scripts" / "regenerate" / "templates")
    assert run(root) == 0
    return root


@pytest.fixture
def project(small_project: Path, tmp_path: Path) -> Path:
    """A copy of the small project, to do with as one likes."""
    return shutil.copytree(small_project, tmp_path / "project")


@pytest.mark.slow
def test_check_passes_on_this_project(memory: Generate, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The committed clients are what the committed specs and templates generate."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda spec: memory(spec, TEMPLATES, tmp_path / spec.stem), SPECS))
    assert (generate.main(["--check"]), capsys.readouterr().out) == (0, "generated/ is up to date\n")


def edit(name: str, addition: str = "# edited\n") -> Callable[[Path], None]:
    """Add a line to a file of a project, or make the file with that line."""

    def change(root: Path) -> None:
        with (root / name).open("a") as file:
            file.write(addition)

    return change


def delete(name: str) -> Callable[[Path], None]:
    """Remove a file of a project."""
    return lambda root: (root / name).unlink()


def edit_lock(root: Path) -> None:
    """Let the lock name another generator."""
    lock = root / "generated" / "lock.json"
    lock.write_text(json.dumps(json.loads(lock.read_text()) | {"generator": "another"}))


def add_spec(root: Path) -> None:
    """Give the project one more vendor."""
    shutil.copy(root / "specs" / "small.yaml", root / "specs" / "other.yaml")


def rename_spec(root: Path) -> None:
    """Let the project's vendor go by another name."""
    (root / "specs" / "small.yaml").rename(root / "specs" / "other.yaml")


CLIENT = "settled_clients/small"
tamperings = pytest.mark.parametrize(
    ("tamper", "named"),
    [
        pytest.param(edit(f"generated/{CLIENT}/types.py"), f"{CLIENT}/types.py", id="edited output"),
        pytest.param(delete(f"generated/{CLIENT}/models/thing.py"), f"{CLIENT}/models/thing.py", id="deleted output"),
        pytest.param(edit(f"generated/{CLIENT}/extra.py"), f"{CLIENT}/extra.py", id="extra output"),
        pytest.param(edit("generated/settled_clients/extra.py"), "settled_clients/extra.py", id="extra module"),
        pytest.param(edit("specs/small.yaml"), "specs/small.yaml", id="changed spec"),
        pytest.param(add_spec, "specs/other.yaml", id="new spec"),
        pytest.param(rename_spec, f"{CLIENT}/types.py", id="renamed spec"),
        pytest.param(
            edit("scripts/regenerate/templates/errors.py.jinja"),
            "templates/errors.py.jinja",
            id="changed template, named",
        ),
        pytest.param(
            edit("scripts/regenerate/templates/errors.py.jinja"), f"{CLIENT}/errors.py", id="changed template, followed"
        ),
        pytest.param(edit_lock, "lock.json: generator was another", id="changed lock"),
        pytest.param(edit("generated/lock.json", "nonsense"), "lock.json", id="unreadable lock"),
        pytest.param(delete("generated/lock.json"), "lock.json", id="deleted lock"),
    ],
)


@pytest.mark.slow
def test_two_runs_give_the_same_bytes(project: Path) -> None:
    """A comment in the spec takes another run of the generator, which gives the same client."""
    client = project / "generated" / "settled_clients"
    before = files(client)
    edit("specs/small.yaml")(project)
    assert run(project) == 0
    assert files(client) == before


@tamperings
def test_check_fails_and_names_what_differs(
    project: Path, tamper: Callable[[Path], None], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was changed by hand or not generated anew, the check says which file it is."""
    tamper(project)
    assert run(project, "--check") == 1
    assert named in capsys.readouterr().out


@tamperings
def test_check_changes_nothing(project: Path, tamper: Callable[[Path], None], named: str) -> None:
    """The check leaves every file of the project as it found it."""
    tamper(project)
    before = files(project)
    run(project, "--check")
    assert files(project) == before, named


@tamperings
def test_generating_repairs(project: Path, tamper: Callable[[Path], None], named: str) -> None:
    """After generating, the check has nothing left to say."""
    tamper(project)
    assert [run(project), run(project, "--check")] == [0, 0], named


def test_check_passes_on_a_fresh_project(project: Path) -> None:
    """What was just generated needs no generating."""
    assert run(project, "--check") == 0


def test_the_swap_leaves_nothing_behind(project: Path) -> None:
    """A generation cleans up after itself, and after one that was interrupted."""
    (project / "generated" / ".new").mkdir()
    (project / "generated" / ".old").mkdir()
    run(project)
    assert {path.name for path in (project / "generated").iterdir()} == {"lock.json", "settled_clients"}


def test_check_fails_on_a_lock_that_holds_no_mapping(project: Path) -> None:
    """JSON of the wrong form is a changed lock as well."""
    (project / "generated" / "lock.json").write_text("[]")
    assert run(project, "--check") == 1


def test_check_notices_a_rewritten_lock(project: Path) -> None:
    """The lock is generated too, so another layout of it is an edit."""
    lock = project / "generated" / "lock.json"
    lock.write_text(json.dumps(json.loads(lock.read_text())))
    assert run(project, "--check") == 1


def test_no_specs_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is no project is not taken for one without vendors."""
    assert run(tmp_path) == 1
    assert "specs/ must contain only" in capsys.readouterr().err


def instead(old: str, new: str) -> str:
    """The small spec with something else in one place."""
    assert old in SPEC
    return SPEC.replace(old, new, 1)


broken_specs = pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("openapi: [3.1.0\n", "not YAML", id="invalid YAML"),
        pytest.param(SPEC + "paths: {}\n", 'duplicate key "paths"', id="duplicate key"),
        pytest.param(SPEC + "---\nopenapi: 3.1.0\n", "not YAML", id="two documents"),
        pytest.param(SPEC + "x-other: *nowhere\n", "nowhere", id="unknown alias"),
        pytest.param("- openapi\n- 3.1.0\n", "is not a mapping", id="sequence"),
        pytest.param("", "is not a mapping", id="empty"),
        pytest.param(instead("title: Small, ", ""), "'title' is a required property", id="invalid OpenAPI"),
        pytest.param(instead("3.1.0", "9.9.9"), "known version", id="unknown version"),
        pytest.param(
            instead("parameters:\n", "parameters:\n        - {name: id, in: path, required: true, schema: {}}\n"),
            "has the parameter 'id' in path twice, at line",
            id="duplicated parameter",
        ),
        pytest.param(
            instead("application/json", "application/xml"), "application/xml", id="response the generator cannot parse"
        ),
    ],
)


@dataclass(frozen=True)
class Attempt:
    """What came of generating a project with a broken spec."""

    code: int
    out: str
    error: str
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="module")
def attempt(small_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Attempt]:
    """Generates the small project with another text as its spec, once for each text."""

    @cache
    def generate_with(text: str) -> Attempt:
        root = shutil.copytree(small_project, tmp_path_factory.mktemp("broken") / "project")
        (root / "specs" / "small.yaml").write_text(text)
        before = files(root)
        out, error = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(error):
            code = run(root)
        return Attempt(code, out.getvalue(), error.getvalue(), before, files(root))

    return generate_with


@broken_specs
def test_a_broken_spec_is_one_clear_message(attempt: Callable[[str], Attempt], text: str, why: str) -> None:
    """Standard error holds a message that begins with the spec's name and says why; the exit code is 1."""
    tried = attempt(text)
    assert (tried.code, tried.out) == (1, "")
    assert tried.error.startswith("small.yaml ")
    assert why in tried.error
    assert "Traceback" not in tried.error
    assert len(tried.error.splitlines()) == 1


@broken_specs
def test_a_broken_spec_leaves_the_project_alone(attempt: Callable[[str], Attempt], text: str, why: str) -> None:
    """As long as one spec cannot be generated, nothing is replaced."""
    tried = attempt(text)
    assert tried.after == tried.before, why


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(instead("schemas/Thing", "schemas/Nothing"), id="reference to nothing"),
        pytest.param(instead("#/components", "other.yaml#/components"), id="reference to another file"),
        pytest.param(instead("3.1.0", "3.1"), id="version as a number"),
        pytest.param(instead("state:", "2026-03-02:"), id="date as a key"),
        pytest.param(SPEC + "x-loop: &loop [*loop]\n", id="endless alias"),
        pytest.param(instead("paths:\n", "paths:\n  x-note: forget it\n"), id="extension among the paths"),
    ],
)
def test_a_mistaken_spec_is_one_clear_message(attempt: Callable[[str], Attempt], text: str) -> None:
    """Standard error holds a message that begins with the spec's name; the exit code is 1."""
    tried = attempt(text)
    assert (tried.code, tried.out) == (1, "")
    assert tried.error.startswith("small.yaml ")


def test_two_operations_of_one_python_name_are_an_error(attempt: Callable[[str], Attempt]) -> None:
    """An operation that would be lost is worth a message."""
    tried = attempt(
        instead(
            "paths:\n",
            "paths:\n"
            "  /all:\n"
            '    get: {operationId: getThing, tags: [things], responses: {"204": {description: None.}}}\n',
        )
    )
    assert tried.code == 1
    assert tried.error.startswith("small.yaml ")


LOCK = json.loads((GENERATED / "lock.json").read_text())


def sha256(content: bytes) -> str:
    """A SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def test_the_lock_names_the_generator() -> None:
    """The committed output is the installed generator's."""
    assert LOCK["generator"] == f"openapi-python-client {version('openapi-python-client')}"


def test_the_lock_has_every_spec() -> None:
    """Each spec is there with its SHA-256."""
    assert LOCK["specs"] == {name: sha256(content) for name, content in files(ROOT / "specs").items()}


def test_the_lock_has_every_template() -> None:
    """Each template is there with its SHA-256, by its path."""
    assert LOCK["templates"] == {name: sha256(content) for name, content in files(TEMPLATES).items()}


def test_the_lock_has_the_output() -> None:
    """One SHA-256 stands for the names and SHA-256s of all generated files."""
    output = files(GENERATED / "settled_clients")
    lines = "".join(f"{name}\0{sha256(content)}\n" for name, content in output.items())
    assert LOCK["output"] == sha256(lines.encode())
