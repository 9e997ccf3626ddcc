"""What is refused in a vendor's document before anything is generated: in one sentence, with line and pointer."""

from __future__ import annotations

from pathlib import Path

import pytest

import generate

HEAD = """\
openapi: 3.1.0
info: {title: Kiln, version: "1"}
paths:
  /firings/{id}:
    get:
      operationId: get_firing
      parameters: [{name: id, in: path, required: true, schema: {type: string}}PARAMETER]
      responses:
        "200": {description: A, content: {application/json: {schema: {$ref: "#/components/schemas/Firing"}}}}
components:
  schemas:
    Firing: """
LAUGHS = "".join(f"x-{at}: &a{at} [{', '.join([f'*a{at - 1}' if at else 'ha'] * 10)}]\n" for at in range(10))
SELF, OTHER = "{$ref: '#/components/schemas/Firing'}", "{$ref: '#/components/schemas/Other'}"


@pytest.mark.parametrize(
    ("schema", "parameter", "reason"),
    [
        ("{enum: []}", "", "an enum without words, at line 12, /components/schemas/Firing/enum"),
        ("{enum: [a, 1]}", "", "an enum of several types, or of fractions, at line 12"),
        ("{enum: [1.5]}", "", "an enum of several types, or of fractions, at line 12"),
        (f"{{allOf: [{SELF}]}}", "", "a schema that is made of itself, at line 12, /components/schemas/Firing"),
        (f"{OTHER}\n    Other: {SELF}", "", "a schema that is made of itself, at line 12"),
        (OTHER, "", "a $ref to #/components/schemas/Other, which is not there, at line 12"),
        ("{}\n    firing: {}", "", "'Firing' and 'firing', whose modules in Python would be one, at line 13"),
        ("{properties: {'+': {}, '-': {}}}", "", "fields '+' and '-', whose names in Python would be one, at line 12"),
        ("{}", ", {name: id, in: path, required: true, schema: {}}", "the parameter 'id' in path twice, at line 7"),
        ("{a: 1, a: 2}", "", 'found duplicate key "a" with value "2" (original value: "1"), at line 12'),
        ("\n\t{}", "", "cannot start any token, at line 13"),
        ("{}\n" + LAUGHS, "", "its aliases stand for more than a million values"),
        ("&a {properties: *a}", "", "Circular reference detected"),
        ("{a: " * 900 + "}" * 900, "", "nested too deeply"),
    ],
)
def test_refused(tmp_path: Path, schema: str, parameter: str, reason: str) -> None:
    """The sentence says what is wrong with the document, and where."""
    spec = tmp_path / "kiln.yaml"
    spec.write_text(HEAD.replace("PARAMETER", parameter) + schema + "\n", encoding="utf-8")
    with pytest.raises(generate.GenerationError) as raised:
        generate.read_spec(spec)
    assert reason in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not a valid OpenAPI document: it has no paths"),
        (
            "paths:\n  /a/{id}:\n    get: {responses: {'200': {description: A}}}\n",
            ", at line 5, /paths/~1a~1{id}/get: Path",
        ),
        (
            "paths: {}\ncomponents:\n  schemas:\n    A: {type: string, default: 5}\n",
            ", at line 6, /components/schemas/A/default: 5 is not of type 'string'",
        ),
    ],
)
def test_places_of_what_is_not_valid(tmp_path: Path, text: str, reason: str) -> None:
    """An error is told with the place it is about, and with none where it is about the whole document."""
    spec = tmp_path / "kiln.yaml"
    spec.write_text(HEAD.partition("paths:")[0] + text, encoding="utf-8")
    with pytest.raises(generate.GenerationError) as raised:
        generate.read_spec(spec)
    assert reason in str(raised.value)


def test_operation_ids_that_are_not_unique(tmp_path: Path) -> None:
    """The second operation of the two is named."""
    spec = tmp_path / "kiln.yaml"
    operation = "{get: {operationId: a, responses: {'200': {description: A}}}}"
    head = HEAD.partition("paths:")[0]
    spec.write_text(f"{head}paths:\n  /a: {operation}\n  /b: {operation}\n")
    with pytest.raises(generate.GenerationError, match=r"at line 5, /paths/~1b/get: Operation ID"):
        generate.read_spec(spec)


@pytest.mark.parametrize(
    "schema",
    [
        "{type: string, enum: [a, a, b]}",
        "{type: string, format: date-time, default: 2024-01-01T00:00:00Z}",
        "{type: object, properties: {enum: {type: string}, parameters: {type: array, items: {}}}}",
        "{type: object, example: {enum: [], parameters: [{name: a}, {name: a}]}}",
        f"{{type: object, properties: {{child: {SELF}}}}}",
        "&a {type: object}\n    Other: *a",
    ],
)
def test_taken(tmp_path: Path, schema: str) -> None:
    """What only looks odd is taken: words told twice, dates, fields with the names of keywords, recursion, aliases."""
    spec = tmp_path / "kiln.yaml"
    spec.write_text(HEAD.replace("PARAMETER", "") + schema + "\n", encoding="utf-8")
    assert generate.read_spec(spec)["openapi"] == "3.1.0"
