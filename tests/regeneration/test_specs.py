"""The specs: complete, with examples that are true and that the generated models take without loss."""

import datetime
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker

from _specs import ROOT, SPECS, Body, bodies, documents, load_generate, operations, resolved

GENERATED = ROOT / "generated" / "settled_clients"
DOCUMENTS = documents()

each_spec = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
each_operation = pytest.mark.parametrize(
    "operation",
    [
        pytest.param(operation, id=f"{vendor}: {where}")
        for vendor, document in DOCUMENTS.items()
        for where, operation in operations(document)
    ],
)
each_body = pytest.mark.parametrize(
    "body",
    [
        pytest.param(body, id=f"{vendor}: {body.where}")
        for vendor, document in DOCUMENTS.items()
        for body in bodies(document)
    ],
)
each_example = pytest.mark.parametrize(
    ("vendor", "schema", "example"),
    [
        pytest.param(vendor, body.schema, example, id=f"{vendor}: {body.where} {name}".strip())
        for vendor, document in DOCUMENTS.items()
        for body in bodies(document)
        for name, example in body.examples.items()
    ],
)


# What the queries of both Cortex products are worded with.
QUERY_SCHEMAS = frozenset(
    {
        *("ActiveQueries", "ActiveQuery", "LatestTime", "NewQuery", "Period", "QueryCost", "QueryResults"),
        *("QueryResultsQuery", "QueryResultsReply", "QueryResultsRequest", "QueryRow", "QueryRows", "QueryStatus"),
        *("QueryStreamQuery", "QueryStreamRequest", "Quota", "QuotaQuery", "QuotaReply", "QuotaRequest", "RowFormat"),
        *("StartQueryReply", "StartQueryRequest", "StartedQuery"),
        *("VendorError", "VendorErrorDetails", "VendorErrorPosition"),
    }
)


def test_every_spec_has_its_client_and_the_reverse() -> None:
    """A vendor's name is that of a spec and of a generated package."""
    assert {path.parent.name for path in GENERATED.glob("*/__init__.py")} == DOCUMENTS.keys()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_spec_is_valid(path: Path) -> None:
    """The generator finds nothing wrong with a spec, and reads what these tests read."""
    assert load_generate().read_spec(path) == DOCUMENTS[path.stem]


@each_operation
def test_operation_has_a_name(operation: dict[str, Any]) -> None:
    """The generated function is called what the spec says, in Python's own spelling."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])


@each_operation
def test_operation_has_one_tag(operation: dict[str, Any]) -> None:
    """The tag says which module of the client an operation is in."""
    assert len(operation["tags"]) == 1


@each_operation
def test_operation_has_a_summary(operation: dict[str, Any]) -> None:
    """One line tells what it is for."""
    assert re.fullmatch(r"[A-Z].*[^.]", operation["summary"])


@each_operation
def test_operation_names_its_source(operation: dict[str, Any]) -> None:
    """The vendor's page can be found again by its title and product."""
    assert operation["x-source"]["title"]
    assert operation["x-source"]["product"]


@each_operation
def test_operation_says_when_its_source_was_read(operation: dict[str, Any]) -> None:
    """The day is a date in ISO form."""
    read = operation["x-source"]["read"]
    assert datetime.date.fromisoformat(read).isoformat() == read


@each_operation
def test_operation_says_what_is_known_of_it(operation: dict[str, Any]) -> None:
    """A spec is written from a page that can be known again, or tells what it was written from."""
    source = operation["x-source"]
    assert "sha256" in source or source["evidence"].strip()


@each_spec
def test_links_lead_to_the_spec_s_own_operations(document: dict[str, Any]) -> None:
    """A link names an operation that there is, fills its request, and takes what the response holds."""
    by_name = {operation["operationId"]: operation for _, operation in operations(document)}
    for _, operation in operations(document):
        for response in operation.get("responses", {}).values():
            properties: set[str] = set()
            for media in resolved(document, response).get("content", {}).values():
                properties |= set(names_in(document, media["schema"]))
            for link in response.get("links", {}).values():
                target = by_name[link["operationId"]]
                known = {parameter["name"] for parameter in target.get("parameters", [])}
                if "requestBody" in link:
                    known |= set(names_in(document, target["requestBody"]["content"]["application/json"]["schema"]))
                filled = json.dumps([link.get("requestBody", {}), link.get("parameters", {})])
                assert {*names_in(document, link.get("requestBody", {})), *link.get("parameters", {})} <= known
                assert re.findall(r"\$response\.body#(?:/(\w+))+", filled)
                for pointer in re.findall(r"\$response\.body#([\w/]+)", filled):
                    assert set(pointer.split("/")[1:]) <= properties


def names_in(document: dict[str, Any], part: Any) -> Iterator[str]:
    """The names of the fields of a schema, at any depth, or those of a value."""
    schema = resolved(document, part)
    for name, inner in schema.get("properties", schema if "type" not in schema else {}).items():
        yield name
        if isinstance(inner, dict):
            yield from names_in(document, inner)
    for choice in (*schema.get("anyOf", []), *schema.get("allOf", [])):
        yield from names_in(document, choice)


@each_body
def test_body_has_an_example(body: Body) -> None:
    """Whatever goes over the wire can be seen."""
    assert body.examples


@each_body
def test_body_is_a_named_schema(body: Body) -> None:
    """The class that a body becomes has the spec's own name for it."""
    assert body.schema.keys() == {"$ref"}


@each_example
def test_example_is_valid(vendor: str, schema: dict[str, Any], example: Any) -> None:
    """An example is what its schema says, the formats of its text included."""
    whole = schema | {"components": DOCUMENTS[vendor]["components"]}
    validator = OAS31Validator(whole, format_checker=oas31_format_checker)
    assert [error.message for error in validator.iter_errors(example)] == []


def model_of(vendor: str, schema: dict[str, Any]) -> Any:
    """The generated class of a named schema."""
    models = importlib.import_module(f"settled_clients.{vendor}.models")
    return getattr(models, schema["$ref"].rpartition("/")[2])


@each_example
def test_example_survives_its_model(vendor: str, schema: dict[str, Any], example: Any) -> None:
    """The generated model decodes an example and encodes it again as it was, timestamps to the letter."""
    back = model_of(vendor, schema).from_dict(example).to_dict()
    assert json.dumps(back, sort_keys=True) == json.dumps(example, sort_keys=True)


def unlisted(value: Any) -> Iterator[str]:
    """The fields within a model, at any depth, that a schema with fields of its own does not list."""
    if isinstance(value, list):
        for item in value:
            yield from unlisted(item)
    if attrs.has(type(value)):
        fields = attrs.asdict(value, recurse=False)
        others = fields.pop("additional_properties", {})
        yield from (f"{type(value).__name__}.{name}" for name in others if fields)
        yield from unlisted([*fields.values(), *others.values()])


@each_example
def test_example_has_listed_fields_alone(vendor: str, schema: dict[str, Any], example: Any) -> None:
    """Nothing in an example is news to its schema, unless the schema leaves the names open."""
    assert list(unlisted(model_of(vendor, schema).from_dict(example))) == []


def described(schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether a schema has a description, of its own or where it refers to."""
    target = schema.get("$ref", "").rpartition("/")[2]
    return "description" in (document["components"]["schemas"][target] if target else schema)


def undescribed(schema: Any, where: str, document: dict[str, Any]) -> Iterator[str]:
    """The properties at any depth of a schema that have no description."""
    if isinstance(schema, list):
        for item in schema:
            yield from undescribed(item, where, document)
    if isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if not described(value, document):
                yield f"{where}.{name}"
        for key, value in schema.items():
            yield from undescribed(value, f"{where}.{key}", document)


@each_spec
def test_every_property_is_described(document: dict[str, Any]) -> None:
    """Each field of each schema says what it holds."""
    schemas = document["components"]["schemas"]
    assert [found for name, schema in schemas.items() for found in undescribed(schema, name, document)] == []


@each_spec
def test_every_schema_is_described(document: dict[str, Any]) -> None:
    """Each schema says what it is."""
    assert [name for name, schema in document["components"]["schemas"].items() if "description" not in schema] == []


FORBIDDEN = {
    "long random text": r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z0-9]{40,}",
    "signed token": r"\beyJ[\w-]{8,}\.[\w-]+",
    "private key": r"-----BEGIN",
    "password in a URL": r"://[^/\s:@]+:[^/\s@]+@",
    "key or token with a value": r"(?i)\b(bearer|key|token|secret|password)[\"']?\s*[:=]?\s+[\"']?(?=\w*\d)\w{16,}",
    "path of a workshop": r"/work\b|/home/|/tmp\b|/root/",
}


@pytest.mark.parametrize("pattern", FORBIDDEN.values(), ids=FORBIDDEN)
def test_nothing_private_is_in_specs_and_clients(pattern: str) -> None:
    """Neither credentials nor the paths of the machine that generated a client get published."""
    texts = {path: path.read_text() for path in [*SPECS, *GENERATED.rglob("*.py")]}
    assert {str(path): found.group() for path, text in texts.items() if (found := re.search(pattern, text))} == {}


def test_both_cortex_products_have_the_same_queries() -> None:
    """XQL is worded once: paths and schemas are the same in both specs, apart from pages, licences and headers."""

    def queries(vendor: str) -> dict[str, Any]:
        document = DOCUMENTS[vendor]
        own = {"description", "x-source", "x-page-ignore"}
        found = {
            path: {name: value for name, value in item["post"].items() if name not in own}
            for path, item in document["paths"].items()
            if "/xql/" in path
        }
        names = {name for name in document["components"]["schemas"] if name in QUERY_SCHEMAS}
        return found | {name: document["components"]["schemas"][name] for name in names}

    assert len(queries("cortex_xdr")) == 4 + len(QUERY_SCHEMAS)
    assert queries("cortex_xdr") == queries("cortex_xsiam")
