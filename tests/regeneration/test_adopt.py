"""Drafts of specs from vendors' own documents, and specs held against such documents."""

from __future__ import annotations

import json
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


def test_operations_of_one_name(vendor: Path) -> None:
    """Of two operations with one name, named by method and path, the second gets a name of its own."""
    vendor.write_text(VENDOR.replace("getShelves", "getFiring"), encoding="utf-8")
    output, draft = draft_of(vendor, "GET /firings/{id}", "GET /shelves")
    assert generate.read_spec(output)
    assert draft["paths"]["/shelves"]["get"]["operationId"] == "get_shelves"
    vendor.write_text(VENDOR.replace("getFiring", "getShelves"), encoding="utf-8")
    output.unlink()
    _, draft = draft_of(vendor, "GET /firings/{id}", "GET /shelves")
    assert draft["paths"]["/shelves"]["get"]["operationId"] == "get_shelves2"


def test_draft_is_not_generated_from(vendor: Path, tmp_path: Path) -> None:
    """The generator refuses a draft until somebody has edited it."""
    output, _ = draft_of(vendor, "getFiring")
    with pytest.raises(generate.GenerationError, match=r"kiln\.yaml is a draft of adopt\.py, at line \d, /x-draft"):
        generate.generate_client(output, generate.ROOT / "scripts" / "regenerate" / "templates", tmp_path / "client")


def test_names_that_are_keywords(vendor: Path) -> None:
    """A default answer, and fields called as keywords or extensions are, refer into the draft like all others."""
    kept = ANSWERS.replace(
        "before:", 'default: {$ref: "#/components/schemas/Kind"}\n        x-mark: {type: string}\n        before:'
    )
    kept += "    Kind: {type: string, example: 2024-01-01}\n"
    (vendor.parent / "common" / "answers.yaml").write_text(kept, encoding="utf-8")
    answer = '        default: {$ref: "#/components/responses/Shelves"}\n    delete:'
    vendor.write_text(VENDOR.replace("    delete:", answer), encoding="utf-8")
    output, draft = draft_of(vendor, "getFiring")
    assert generate.read_spec(output)["components"]["responses"]["Shelves"] == {"description": "Shelves."}
    fields = draft["components"]["schemas"]["Firing"]["properties"]
    assert (fields["default"], fields["x-mark"]) == ({"$ref": "#/components/schemas/Kind"}, {"type": "string"})
    assert draft["components"]["schemas"]["Kind"]["example"] == "2024-01-01"


def test_what_a_path_gives_its_operations(vendor: Path) -> None:
    """Servers and parameters of a path go along; where an operation has the parameter itself, its own counts."""
    own = "      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]\n      summary: Read"
    above = "    servers: [{url: https://two.example}]\n    parameters: [{name: page, in: query, schema: {}}, "
    text = VENDOR.replace("    parameters: [", above).replace("      summary: Read", own)
    vendor.write_text(text, encoding="utf-8")
    output, draft = draft_of(vendor, "get /firings/{id}")
    operation = draft["paths"]["/firings/{id}"]["get"]
    assert [(each["name"], each["schema"]) for each in operation["parameters"]] == [
        ("page", {}),
        ("id", {"type": "integer"}),
    ]
    assert operation["servers"] == [{"url": "https://two.example"}]
    assert "parameters" not in generate.read_spec(output)["components"]


@pytest.mark.parametrize(("version", "kept"), [("3.0.3", {}), ("3.1.0", {"description": "The last."})])
def test_beside_a_reference(vendor: Path, version: str, kept: dict[str, str]) -> None:
    """What stands beside a reference counts since OpenAPI 3.1."""
    vendor.write_text(VENDOR.replace("3.0.3", version), encoding="utf-8")
    text = ANSWERS.replace('Firing"}\n"""', "").replace("before: {", "before: {description: The last., ")
    (vendor.parent / "common" / "answers.yaml").write_text(text, encoding="utf-8")
    _, draft = draft_of(vendor, "getFiring")
    before = draft["components"]["schemas"]["Firing"]["properties"]["before"]
    assert before == {"$ref": "#/components/schemas/Firing", **kept}


def test_names_of_components(vendor: Path) -> None:
    """Odd signs, percent signs, other files of the same name: each part has a name of its own in Python, too."""
    (vendor.parent / "common" / "answers.yaml").write_text(
        ANSWERS.replace("schemas/State", "schemas/Odd%20n%C3%A4me<T>").replace(
            "before:", "pet: {$ref: 'my%20pet.yaml'}\n        before:"
        ),
        encoding="utf-8",
    )
    (vendor.parent / "common" / "my pet.yaml").write_text(
        "discriminator: {propertyName: a, mapping: {cat: 'answers.yaml#/components/schemas/Firing'}}\n"
        "oneOf: [{$ref: '../kiln_api.yaml#/components/schemas/firing'}]\n"
    )
    vendor.write_text(VENDOR.replace("    State:", "    firing: {type: object}\n    Odd näme<T>:"), encoding="utf-8")
    output, draft = draft_of(vendor, "getFiring")
    assert generate.read_spec(output)
    assert [*draft["components"]["schemas"]] == ["Firing", "Odd_n_me_T_", "my_pet", "firing2"]
    assert draft["components"]["schemas"]["my_pet"]["discriminator"]["mapping"] == {
        "cat": "#/components/schemas/Firing"
    }


def test_json_with_tabs(vendor: Path) -> None:
    """JSON may be indented with tabs, which YAML refuses."""
    document = vendor.with_suffix(".json")
    document.write_text(json.dumps(YAML(typ="safe").load(VENDOR), indent="\t"), encoding="utf-8")
    (vendor.parent / "common" / "answers.yaml").write_text(ANSWERS.replace("api.yaml", "api.json"), encoding="utf-8")
    assert "State" in draft_of(document, "getFiring")[1]["components"]["schemas"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("openapi: 3.0.3", 'swagger: "2.0"', "is Swagger 2.0: convert it with swagger2openapi"),
        ("openapi: 3.0.3", "kind: List", "is not an OpenAPI 3 document"),
        ("getFiring", "readFiring", "has no operation getFiring"),
        ("common/answers", "common/nothing", "nothing.yaml cannot be read"),
        ("common/answers.yaml", "https://kiln.example/answers.yaml", "save that beside it"),
        ("responses/Firing", "responses/None", "which is not there"),
        ("paths:", "paths: [", "cannot be read"),
        ("/shelves:", "/é:".encode().decode("latin-1") + "\x07:", "special characters are not allowed"),
        ("getShelves", "getFiring", "has the operationId getFiring twice, GET /firings/{id} and GET /shelves"),
        ("/components/responses/Firing", "Firing", "an anchor: refer to it by its path"),
        ("info: {title: Kiln API", "info: {name: Kiln API", "has a part that cannot be followed: KeyError: 'title'"),
        ("paths:", "x-loop: &a [*a]\npaths:", "cannot be read: Circular reference detected"),
        ("paths:", "a: 1\na: 2\npaths:", 'found duplicate key "a"'),
    ],
)
def test_what_cannot_be_adopted(
    vendor: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    """What stands in the way is told in one line, and nothing is written."""
    vendor.write_text(VENDOR.replace(old, new), encoding="utf-8")
    output = vendor.with_name("kiln.yaml")
    assert adopt.main([str(vendor), "--operations", "getFiring", "--output", str(output)]) == 3
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not output.exists()


def test_draft_replaces_no_spec(vendor: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A spec that exists was edited by hand; it stays."""
    assert adopt.main([str(vendor), "--operations", "getFiring", "--output", str(vendor)]) == 3
    assert "does not overwrite a spec" in capsys.readouterr().err
    assert vendor.read_text(encoding="utf-8") == VENDOR


def held(spec: Path, document: Path) -> tuple[int, list[str]]:
    """The exit code, and the findings, of a spec held against a vendor's document."""
    report = pages.report(spec, YAML().load(spec), document)
    return pages.main([str(spec), str(document)]), [
        f"{each.side} {each.kind} {each.word}" for each in report["findings"]
    ]


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
