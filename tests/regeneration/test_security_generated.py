"""A spec's text never becomes code: clients generated from hostile specs are what harmless ones would be."""

from __future__ import annotations

import ast
import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from _specs import ROOT, files, load_generate
from conftest import Answering

generate = load_generate()
TEMPLATES = ROOT / "scripts" / "regenerate" / "templates"

# What each would like to do is to leave a folder behind, in whatever way a text could get out of where it stands.
ATTACK = "__import__('os').mkdir('canary')"
PAYLOADS = [
    ATTACK,
    f"'); {ATTACK} #",
    f'"); {ATTACK} #',
    f'"""\n{ATTACK}\n"""',
    f"'''\n{ATTACK}\n'''",
    f'\\"""\n{ATTACK}\n#\\',
    f'\\\\" + {ATTACK} + "\\\\',
    f"\n{ATTACK}\n",
    f"\r{ATTACK}\r",
    f"\x0c\u2028\u0085{ATTACK}\u2029",
    f"{{{{ {ATTACK} }}}}",
    f"{{% set x = {ATTACK} %}}{{# #}}",
    f"{{{ATTACK}}}",
    f"#}}\n{ATTACK}\n{{#",
    f"% ({ATTACK}) s",
    f"\\N{{DIGIT ONE}}\\x41\\u0041\\U00000041\\101 {ATTACK}",
    f"../../../{ATTACK}",
    f"x: int = {ATTACK}",
    f"x]: {ATTACK}\ny: list[str",
    f"x\ndef y(z={ATTACK}): pass\n",
    "$(mkdir canary) `mkdir canary` ; mkdir canary",
]

# Imports all modules, and makes each operation's request, the defaults in it.
IMPORTING = """
import importlib, pkgutil
import client

modules = [importlib.import_module(module.name) for module in pkgutil.walk_packages(client.__path__, "client.")]
operations = [module for module in modules if hasattr(module, "request_kwargs")]
for operation in operations:
    body = operation.request_kwargs.__annotations__["body"]
    request = operation.request_kwargs("an id", body=body("needed"))
    assert request["url"].endswith("/an%20id") and request["json"]
print(len(operations))
"""

Text = Callable[[str], str]


def hostile(payload: str) -> Text:
    """Puts a payload wherever a spec has a text; each place's is another, where names must differ."""
    return lambda place: f"{payload} {place}"


def harmless(payload: str) -> Text:
    """Puts a word there."""
    return lambda place: f"word {place}"


def _operation(text: Text, number: int) -> dict[str, Any]:
    def schema(name: str) -> dict[str, Any]:
        return {"$ref": f"#/components/schemas/{name}{number}"}

    media = {"application/json": {"schema": schema("Thing"), "example": text("example")}}
    return {
        "operationId": text(f"operation {number}"),
        "summary": text("summary"),
        "description": text("description"),
        "tags": [text(f"tag {number}")],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "description": text("path"), "schema": {"type": "string"}},
            *(
                {
                    "name": text(f"{where} parameter"),
                    "in": where,
                    "description": text("parameter"),
                    "schema": {"type": "string", "default": text("default"), "title": text("title")},
                    "example": text("example"),
                }
                for where in ("query", "cookie", "header")
            ),
            {"name": text("choice"), "in": "query", "schema": {"type": "string", "enum": ["a", text("choice")]}},
        ],
        "requestBody": {"description": text("body"), "required": True, "content": media},
        "responses": {
            "200": {"description": text("answer"), "content": media},
            "404": {"description": text("refusal"), "content": {"text/plain": {"schema": {"type": "string"}}}},
        },
        "externalDocs": {"url": "https://x.invalid", "description": text("documents")},
    }


def _schemas(text: Text, number: int) -> dict[str, Any]:
    return {
        f"Thing{number}": {
            "type": "object",
            "title": text(f"thing {number}"),
            "description": text("thing"),
            "example": {text("key"): text("example")},
            "required": [text("needed")],
            "properties": {
                text("needed"): {"type": "string", "description": text("needed"), "default": text("default")},
                text("moment"): {"type": "string", "format": "date-time", "description": text("moment")},
                text("word"): {"type": "string", "enum": [text("one"), "plain"], "default": "plain"},
                text("constant"): {"const": text("constant")},
                text("format"): {"type": "string", "format": text("format"), "pattern": re.escape(text("pattern"))},
                text("inner"): {
                    "type": "object",
                    "title": text(f"inner {number}"),
                    "properties": {text("list"): {"type": "array", "items": {"type": "string"}}},
                },
                text("union"): {"oneOf": [{"type": "integer"}, {"const": text("either")}], "default": text("either")},
                text("map"): {"type": "object", "additionalProperties": {"type": "string", "enum": [text("a"), "b"]}},
                text("number"): {"type": "integer", "description": text("number"), "default": 7},
            },
        },
    }


def spec(text_of: Callable[[str], Text]) -> dict[str, Any]:
    """A spec with a payload, or a word instead, in every place that takes a text; each payload has its operation."""
    text = text_of(PAYLOADS[1])
    texts = [text_of(payload) for payload in PAYLOADS]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "".join(each("title") for each in texts),
            "description": "".join(each("description") for each in texts),
            "version": text("version"),
            "contact": {"name": text("contact")},
            "license": {"name": text("license")},
        },
        "servers": [{"url": f"https://{text('server')}", "description": text("server")}],
        "tags": [{"name": text("tag"), "description": text("tag")}],
        "paths": {
            # Braces make a parameter of it, which nobody declares: see below.
            f"/{re.sub('[{}]', '', each(f'path {number}'))}/{{id}}": {"post": _operation(each, number)}
            for number, each in enumerate(texts)
        },
        "components": {
            "schemas": {
                name: schema for number, each in enumerate(texts) for name, schema in _schemas(each, number).items()
            },
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": text("scheme")}},
        },
    }


def _generated(folder: Path, document: dict[str, Any]) -> Path:
    source = folder / "hostile.yaml"
    source.write_text(json.dumps(document))
    generate.generate_client(source, TEMPLATES, folder / "client")
    return folder / "client"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client of the hostile spec."""
    return _generated(tmp_path_factory.mktemp("hostile"), spec(hostile))


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client of a spec of the same form, and harmless words."""
    return _generated(tmp_path_factory.mktemp("harmless"), spec(harmless))


def _modules(folder: Path) -> list[ast.Module]:
    return [ast.parse(source) for name, source in files(folder).items() if name.endswith(".py")]


def test_same_code(client: Path, twin: Path) -> None:
    """As many statements, calls and constants of each sort as with harmless words: no text has become any of them."""
    of_client, of_twin = (
        Counter(type(node).__name__ for module in _modules(folder) for node in ast.walk(module))
        for folder in (client, twin)
    )
    assert of_client == of_twin
    assert of_client["Call"] > 1000


def test_text_is_text(client: Path) -> None:
    """The attack stands nowhere but in constants, and many do have it."""
    nodes = [node for module in _modules(client) for node in ast.walk(module)]
    names = {name for node in nodes for field, name in ast.iter_fields(node) if field in ("id", "attr", "name", "arg")}
    assert not names & {"__import__", "mkdir", "canary"}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert sum(ATTACK in text for text in texts) > 20 * len(PAYLOADS)


def test_nothing_is_run(client: Path, tmp_path: Path) -> None:
    """Neither generating the client nor importing all of it, nor making a request, does what the texts ask for."""
    assert not [path for folder in (client.parent, Path.cwd()) for path in folder.rglob("canary*")]
    run = subprocess.run(  # noqa: S603 - the program is ours
        [sys.executable, "-W", "error", "-c", IMPORTING],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(client.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert int(run.stdout) == len(PAYLOADS)
    assert list(tmp_path.iterdir()) == []


def test_names_are_no_paths(client: Path, twin: Path) -> None:
    """Every file is where a harmless name would have put it."""
    assert len(files(client)) == len(files(twin))
    assert {path.name for path in client.parent.iterdir()} == {"client", "hostile.yaml"}


def _small(path: str = "/things/{id}", parameter: str = "id", schema: Any = None, more: Any = None) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Small", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "operationId": "get_thing",
                    "parameters": [{"name": parameter, "in": "path", "required": True, "schema": {"type": "string"}}],
                    "responses": {
                        "200": {
                            "description": "The thing.",
                            "content": {"application/json": {"schema": schema or {"type": "string"}}},
                        }
                    },
                }
            },
            **({} if more is None else {"/more": more}),
        },
    }


@pytest.mark.parametrize(
    "path",
    ["{id.__class__}", "{id!r}", "{id:>9999999999}", "{id[0]}", "{{id}}", "{id}/{", "{id}/}", "{id}/{}", "{id}/{0}"],
)
def test_paths_are_no_format_strings(tmp_path: Path, path: str) -> None:
    """What braces could make Python's `format` do, they do not: such a path is refused."""
    parameter = path[1:-1] if path.count("{") == 1 else "id"
    with pytest.raises(generate.GenerationError, match=r"hostile\.yaml"):
        _generated(tmp_path, _small(f"/things/{path}", parameter))


@pytest.mark.parametrize("payload", [payload for payload in PAYLOADS if "{" in payload])
def test_braces_in_a_path(tmp_path: Path, payload: str) -> None:
    """Nor are they the templates' own."""
    with pytest.raises(generate.GenerationError, match=r"hostile\.yaml"):
        _generated(tmp_path, _small(f"/{payload}/{{id}}"))


@pytest.mark.parametrize("payload", ['a"; canary', "a\\", "a\nb"])
def test_default_of_an_enum(tmp_path: Path, payload: str) -> None:
    """A default that is a listed word, but would have to be escaped, is refused."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "enum": ["b", payload], "default": payload}}}
    with pytest.raises(generate.GenerationError, match="not valid for enum"):
        _generated(tmp_path, _small(schema=schema))


@pytest.mark.parametrize(
    "schema", [{"type": "integer", "default": ATTACK}, {"type": "string", "format": "uuid", "default": ATTACK}]
)
def test_default_of_another_type(tmp_path: Path, schema: Any) -> None:
    """A default that is not of its type is refused, not written down as it stands."""
    with pytest.raises(generate.GenerationError, match=r"hostile\.yaml"):
        _generated(tmp_path, _small(schema={"type": "object", "properties": {"a": schema}}))


@pytest.mark.parametrize("reference", ["{url}/thing.json", "file:///etc/hostname", "/etc/hostname", "../thing.yaml#/a"])
def test_nothing_is_fetched(tmp_path: Path, answering: Answering, reference: str) -> None:
    """A spec that refers to another document, on the network or the disk, is refused before anybody looks there."""
    url = answering({"type": "string"})
    foreign = {"$ref": reference.format(url=url)}
    for document in (_small(schema=foreign), _small(more=foreign)):
        with pytest.raises(generate.GenerationError, match=r"has a \$ref to another document") as raised:
            _generated(tmp_path, document)
        assert socket.gethostname() not in str(raised.value).replace(reference, "")
    assert answering.requests == []


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.mkdir [canary]", "!!python/name:os.mkdir", "&a [*a]", "a: &a {b: *a}"]
)
def test_yaml_is_data(tmp_path: Path, text: str) -> None:
    """YAML that would make objects, or have no end, is refused."""
    source = tmp_path / "hostile.yaml"
    source.write_text(text)
    with pytest.raises(generate.GenerationError, match="not YAML that JSON can represent"):
        generate.read_spec(source)
    assert [path.name for path in tmp_path.iterdir()] == ["hostile.yaml"]
