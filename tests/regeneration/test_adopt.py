"""Drafts of specs from vendors' own documents, and specs held against such documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import adopt
import generate
import pages

VENDOR = """\
openapi: 3.0.3
info: {title: Kiln API, version: "7", x-logo: kiln.svg}
servers: [{url: https://kiln.example/api}]
security: [{token: []}]
paths:
  /firings/{id}:
    parameters: [{$ref: "#/components/parameters/Id"}]
    get:
      operationId: getFiring
      summary: Read a firing
      responses:
        "200": {$ref: "common/answers.yaml#/components/responses/Firing"}
    delete:
      responses: {"204": {description: Gone.}}
  /shelves:
    get: {operationId: getShelves, responses: {"200": {$ref: "#/components/responses/Shelves"}}}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: string}}
  responses:
    Shelves: {description: Shelves.}
  securitySchemes:
    token: {type: http, scheme: bearer}
    other: {type: http, scheme: basic}
  schemas:
    State: {type: string, enum: [heating, fired], x-kiln: 1}
    Unused: {type: object}
"""
ANSWERS = """\
components:
  responses:
    Firing:
      description: The firing.
      content: {application/json: {schema: {$ref: "#/components/schemas/Firing"}}}
  schemas:
    Firing:
      type: object
      properties:
        state: {$ref: "../kiln_api.yaml#/components/schemas/State"}
        before: {$ref: "#/components/schemas/Firing"}
"""


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """A vendor's document, in two files."""
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
    path = tmp_path / "kiln_api.yaml"
    path.write_text(VENDOR, encoding="utf-8")
    return path


def draft_of(vendor: Path, *operations: str) -> tuple[Path, Any]:
    """The draft of a spec, as a file and as data."""
    output = vendor.with_name("kiln.yaml")
    assert adopt.main([str(vendor), "--operations", *operations, "--output", str(output)]) == 0
    return output, YAML(typ="safe").load(output)


def test_draft_has_what_the_operations_use(vendor: Path) -> None:
    """The draft is one valid document, cut to the operations, with its source and the document's digest."""
    output, draft = draft_of(vendor, "getFiring")
    assert generate.read_spec(output)["info"] == {"title": "Kiln API", "version": "7"}
    assert {path: [*item] for path, item in draft["paths"].items()} == {"/firings/{id}": ["get"]}
    assert {kind: [*parts] for kind, parts in draft["components"].items()} == {
        "parameters": ["Id"], "responses": ["Firing"], "schemas": ["Firing", "State"], "securitySchemes": ["token"],
    }  # fmt: skip
    assert draft["components"]["schemas"]["State"] == {"type": "string", "enum": ["heating", "fired"]}
    source = draft["paths"]["/firings/{id}"]["get"]["x-source"]
    assert (source["title"], source["product"], source["document"]) == ("Read a firing", "Kiln API", "kiln_api.yaml")
    assert source["sha256"] == pages.document_digest(vendor)


def test_operation_by_method_and_path(vendor: Path) -> None:
    """An operation without a name is named by method and path, and gets a name."""
    _, draft = draft_of(vendor, "DELETE /firings/{id}", "getShelves")
    assert draft["paths"]["/firings/{id}"]["delete"]["operationId"] == "delete_firings_id"
    assert "get" in draft["paths"]["/shelves"]


def test_draft_is_not_generated_from(vendor: Path, tmp_path: Path) -> None:
    """The generator refuses a draft until somebody has edited it."""
    output, _ = draft_of(vendor, "getFiring")
    with pytest.raises(generate.GenerationError, match=r"kiln\.yaml is a draft of adopt\.py, at line \d, /x-draft"):
        generate.generate_client(output, generate.ROOT / "scripts" / "regenerate" / "templates", tmp_path / "client")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("openapi: 3.0.3", 'swagger: "2.0"', "is Swagger 2.0: convert it with swagger2openapi"),
        ("openapi: 3.0.3", "kind: List", "is not an OpenAPI 3 document"),
        ("getFiring", "readFiring", "has no operation getFiring"),
        ("common/answers", "common/nothing", "nothing.yaml cannot be read"),
        ("common/answers.yaml", "https://kiln.example/answers.yaml", "save that beside it"),
        ("responses/Firing", "responses/None", "which is not there"),
        ("paths:", "paths: [", "cannot be read"),
    ],
)
def test_what_cannot_be_adopted(
    vendor: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    """What stands in the way is told in one line, and nothing is written."""
    vendor.write_text(VENDOR.replace(old, new), encoding="utf-8")
    output = vendor.with_name("kiln.yaml")
    assert adopt.main([str(vendor), "--operations", "getFiring", "--output", str(output)]) == 3
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_draft_replaces_no_spec(vendor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spec that exists was edited by hand; it stays."""
    assert adopt.main([str(vendor), "--operations", "getFiring", "--output", str(vendor)]) == 3
    assert "does not overwrite a spec" in capsys.readouterr().err
    assert vendor.read_text(encoding="utf-8") == VENDOR


def held(spec: Path, document: Path) -> tuple[int, list[str]]:
    """The exit code, and the findings, of a spec held against a vendor's document."""
    told = pages.report(spec, YAML().load(spec), document)
    return pages.main([str(spec), str(document)]), [f"{each.side} {each.kind} {each.word}" for each in told["findings"]]


def test_spec_against_the_vendors_document(vendor: Path, tmp_path: Path) -> None:
    """A spec is held against the document by path, method and field, and a document that changed is told."""
    spec, _ = draft_of(vendor, "getFiring")
    document = tmp_path / "whole" / "kiln_api.yaml"
    document.parent.mkdir()
    document.write_bytes(spec.read_bytes())
    spec.write_text(
        spec.read_text(encoding="utf-8").replace(pages.document_digest(vendor), pages.document_digest(document)),
        encoding="utf-8",
    )
    assert held(spec, document) == (0, [])
    text = document.read_text(encoding="utf-8")
    document.write_text(
        text.replace("before:", "after:").replace("/firings/{id}", "/v2/firings/{key}"), encoding="utf-8"
    )
    assert held(spec, document) == (1, ["spec field before", "page field after"])
    document.write_text(f"{text}x-note: another\n", encoding="utf-8")
    assert held(spec, document) == (1, [])
    document.write_text(text.replace("    get:", "    put:"), encoding="utf-8")
    assert held(spec, document) == (1, ["spec path GET /firings/{id}"])


def test_page_that_is_no_document_of_version_3(vendor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A YAML file that is no OpenAPI document is refused."""
    spec, _ = draft_of(vendor, "getFiring")
    vendor.write_text('swagger: "2.0"\n', encoding="utf-8")
    assert pages.main([str(spec), str(vendor)]) == 3
    assert "is not an OpenAPI 3 document" in capsys.readouterr().err
