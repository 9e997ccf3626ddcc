"""What vendors' documents ask of the generator, and how it names the place where one is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import generate

pytestmark = pytest.mark.slow

HEAD = """\
openapi: 3.0.3
info: {title: Kiln, version: "1"}
paths:
  /firings/{id}:
    get:
      operationId: get_firing
      tags: [firings]
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        RESPONSE
components:
  schemas:
"""
FIRING = '"200": {description: A, content: {application/json: {schema: {$ref: "#/components/schemas/Firing"}}}}'
PLAIN = "    Firing: {type: object, properties: {state: {type: string}}}\n"


def document(response: str = FIRING, schemas: str = PLAIN) -> str:
    """A document with an answer and schemas."""
    return HEAD.replace("RESPONSE", response) + schemas


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project without specs."""
    (tmp_path / "specs").mkdir()
    shutil.copytree(
        generate.ROOT / "scripts" / "regenerate" / "templates", tmp_path / "scripts" / "regenerate" / "templates"
    )
    return tmp_path


def made(root: Path, text: str) -> Path:
    """The client that is generated from a document."""
    (root / "specs" / "kiln.yaml").write_text(text, encoding="utf-8")
    assert generate.main(["--root", str(root)]) == 0
    return root / "generated" / "settled_clients" / "kiln"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(document(FIRING.replace('"200"', "default")), id="default answer"),
        pytest.param(
            document(
                schemas="    Firing: {type: object, properties: {firing: {type: array, items: {type: string}}}}\n"
            ),
            id="field of the model's own name",
        ),
        pytest.param(
            document(schemas="    Firing: {type: object, properties: {at: {type: string, pattern: '^\\P{Cc}+$'}}}\n"),
            id="pattern of ECMA 262",
        ),
        pytest.param(
            document(schemas="    Firing: {type: object, properties: {every: {type: string, enum: [1h, 5m, '']}}}\n"),
            id="words that begin with no letter",
        ),
    ],
)
def test_what_vendors_write_becomes_typed_code(root: Path, text: str) -> None:
    """Documents that are right become code that passes the strictest type check."""
    strictly_typed(made(root, text))


# What generated code calls its own variables, arguments and methods.
USED = (
    *("d", "field_dict", "cls", "additional_properties", "to_dict", "from_dict", "params", "headers", "self", "prop"),
    *("cookies", "src_dict", "kwargs", "response", "request_kwargs", "client", "body", "isoparse", "UNSET", "Any"),
)


def test_properties_are_called_as_they_like(root: Path) -> None:
    """A property may have the name of anything in generated code: it is renamed there, and its own on the wire."""
    each = ", ".join(f"{name}: {{type: string}}" for name in USED)
    folder = made(root, document(schemas=f"    Firing: {{type: object, properties: {{{each}}}}}\n"))
    program = (
        "import json, sys; from kiln.models import Firing; raw = json.load(sys.stdin);"
        "print(json.dumps(Firing.from_dict(raw).to_dict()))"
    )
    raw = {name: name.upper() for name in (*USED, "unlisted")}
    run = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-c", program],
        input=json.dumps(raw),
        capture_output=True,
        text=True,
        check=True,
        cwd=folder.parent,
    )
    assert json.loads(run.stdout) == raw
    strictly_typed(folder)


@pytest.mark.parametrize(("where", "member"), [("query", "params"), ("header", "headers"), ("cookie", "cookies")])
def test_parameters_are_called_as_they_like(root: Path, where: str, member: str) -> None:
    """So may a parameter of any kind."""
    each = "".join(f", {{name: {name}, in: {where}, required: true, schema: {{type: string}}}}" for name in USED)
    text = document().replace("schema: {type: string}}]", f"schema: {{type: string}}}}{each}]")
    folder = made(root, text)
    program = (
        "import inspect, json; from kiln.api.firings.get_firing import request_kwargs;"
        "names = list(inspect.signature(request_kwargs).parameters);"
        f"print(json.dumps(request_kwargs(**{{name: 'v' for name in names}})[{member!r}]))"
    )
    run = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=folder.parent
    )
    assert json.loads(run.stdout) == dict.fromkeys(USED, "v")
    strictly_typed(folder)


def test_a_parameter_called_body_beside_a_body(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be renamed is refused, with its place: one argument would be both parameter and body."""
    body = "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Firing'}}}}"
    text = document().replace("parameters: [", "parameters: [{name: Body, in: query, schema: {type: string}}, ")
    (root / "specs" / "kiln.yaml").write_text(text.replace("      responses:", f"      {body}\n      responses:"))
    assert generate.main(["--root", str(root)]) == 1
    stderr = capsys.readouterr().err
    assert "has a parameter 'Body' beside a request body, at line 5, /paths/~1firings~1{id}/get" in stderr


def strictly_typed(folder: Path) -> None:
    """Hold generated code against the strictest type check."""
    run = subprocess.run(  # noqa: S603 - the command is ours
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder.parents[1],
    )
    assert (run.stdout, run.returncode) == ("", 0)


def test_members_are_named_by_their_words(root: Path) -> None:
    """A word in front of others changes the name of none of them."""
    schemas = "    Firing: {type: object, properties: {every: {type: string, enum: [WORDS]}}}\n"
    texts = []
    for words in ("1h, 5m", "30s, 1h, 5m"):
        folder = made(root, document(schemas=schemas.replace("WORDS", words)))
        texts.append((folder / "models" / "firing_every.py").read_text(encoding="utf-8"))
    assert 'VALUE_1H = "1h"' in texts[0]
    assert 'VALUE_1H = "1h"' in texts[1]
    assert 'VALUE_30S = "30s"' in texts[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('swagger: "2.0"\npaths: {}\n', "kiln.yaml is Swagger 2.0, at line 1, /swagger: convert it"),
        (
            document(FIRING.replace("#/", "other.yaml#/")),
            "at line 10, /paths/~1firings~1{id}/get/responses/200/content/application~1json/schema/$ref: 'other.yaml",
        ),
        (
            document(schemas="    Firing:\n      type: object\n      properties:\n        a: {type: strin}\n"),
            "at line 13, /components/schemas/Firing: ",
        ),
        (
            document(schemas="    Firing:\n      type: object\n      properties:\n        a: {pattern: '('}\n"),
            "at line 16, /components/schemas/Firing/properties/a/pattern: '('",
        ),
        (
            document(FIRING + "\n  /firing/{id}:\n    get: {operationId: get_firing, tags: [firings], responses: "
                     "{'200': {description: A}}, parameters: [{name: id, in: path, required: true, schema: {}}]}"),
            "with the same Python name: GET /firings/{id} and GET /firing/{id}",
        ),
    ],
)  # fmt: skip
def test_errors_name_the_place(root: Path, capsys: pytest.CaptureFixture[str], text: str, message: str) -> None:
    """What is wrong with a document is told with its line and its pointer."""
    if "same Python name" in message:
        text = text.replace("operationId: get_firing, ", "operationId: getFiring, ")
    (root / "specs" / "kiln.yaml").write_text(text, encoding="utf-8")
    assert generate.main(["--root", str(root)]) == 1
    assert message in capsys.readouterr().err


def test_generator_that_changes_a_template_of_ours(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another version of a template that is overridden here is told, since what it brings has to be carried over."""
    made(root, document())
    path = root / "generated" / "lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    assert "client.py.jinja" in lock["stock_templates"]
    lock["stock_templates"]["client.py.jinja"] = "0" * 64
    path.write_text(json.dumps(lock), encoding="utf-8")
    capsys.readouterr()
    assert generate.main(["--root", str(root), "--check"]) == 1
    assert (
        "the generator's client.py.jinja, which scripts/regenerate/templates/client.py.jinja overrides, has changed"
        in capsys.readouterr().out
    )


def test_patterns_that_no_language_has() -> None:
    """Only patterns that ECMA 262 has and Python has not are forgiven."""
    assert generate.is_regex(generate.python_pattern(r"^(?<day>\p{L}+)\u{1F600}$"))
    assert not generate.is_regex(generate.python_pattern("(unclosed"))
    kept = {"pattern": "^a$", "items": [{"pattern": r"\p{L}"}]}
    assert generate.without_ecma_patterns(kept) == {"pattern": "^a$", "items": [{}]}
