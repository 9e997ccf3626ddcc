"""A spec as the SDK's users meet it: operations, arguments, models, fields and words, whatever refers to what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

Json = dict[str, Any]


class Problem(Exception):
    """OLD or NEW cannot be compared."""


METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
STRUCTURE = {"$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const", "items", "properties", "required"}
PREAMBLE = {"openapi", "info", "servers", "tags"}
DOCS = PREAMBLE | {"description", "summary", "title", "example", "externalDocs", "$comment", "links", "callbacks"}
DOCS |= {"xml"}
PYTHON_FORMATS = {"date-time", "date", "uuid", "binary"}  # the generator has types of their own for these
SHAPES = ("object", "array", "enum")
# Words in a row, as a text lists the values of a field: "open, closed or merged".
SERIES = re.compile(r"[\w-]+(?:(?:\s*,\s*(?:(?:or|and)\s+)?|\s*\|\s*|/|\s+(?:or|and)\s+)[\w-]+)+")
PLAIN = {"string", "integer", "number", "boolean", "null"}
FLAGS = {  # which are false where nothing is said
    *("deprecated", "uniqueItems", "readOnly", "writeOnly", "exclusiveMinimum", "exclusiveMaximum"),
    *("allowReserved", "allowEmptyValue"),
}


@dataclass(frozen=True)
class Node:
    """A part of a spec as the SDK's users meet it: an operation, an argument, a model, a field, a word."""

    what: str
    aspects: Json
    parts: dict[str, Node] = field(default_factory=dict)


class Pair(NamedTuple):
    """A part of two documents: its old name and node, its new ones; it may have gone, come, or been renamed."""

    name: str
    old: Node | None
    now: str
    new: Node | None


def resolved(document: Json, node: Any) -> Any:
    """What a node of a document is, or refers to."""
    seen = set()
    while isinstance(node, dict) and "$ref" in node and node["$ref"] not in seen:
        seen.add(node["$ref"])
        found: Any = document
        for step in steps_of(node["$ref"]):
            found = step_into(found, step)
        if found is None:
            raise Problem(f"a $ref leads out of its document: {node['$ref']}")
        node = found
    return node


def steps_of(pointer: str) -> list[str]:
    """The steps of a JSON pointer in a URL's fragment, where `%7B` stands for a brace."""
    return [unquote(step).replace("~1", "/").replace("~0", "~") for step in pointer.partition("#")[2].split("/")[1:]]


def step_into(node: Any, step: str) -> Any:
    """What a mapping or a list holds under a step of a pointer, or None."""
    if isinstance(node, list):
        return node[int(step)] if step.isdigit() and int(step) < len(node) else None
    return node.get(step) if isinstance(node, dict) else None


def without(node: Mapping[str, Any], keys: Iterable[str]) -> Json:
    """A mapping without some of its keys."""
    return {key: value for key, value in node.items() if key not in keys}


def operation_nodes(document: Json) -> dict[str, Node]:
    """The operations of a document, webhooks too, by their names in Python."""
    found = {}
    for group in ("paths", "webhooks"):
        for path, reference in document.get(group, {}).items():
            item = resolved(document, reference)
            for method, operation in ((method, item[method]) for method in METHODS if method in item):
                handled = {"operationId", "parameters", "requestBody", "responses", "tags"}
                aspects = {"security": document.get("security", [])} | without(operation, handled)
                source = operation.get("x-source", {})
                aspects |= {"tag": operation.get("tags", [])[:1], "read": source.get("read")}
                aspects["source"] = without(source, {"read", "sha256"})
                aspects["servers"] = operation.get("servers", item.get("servers"))
                aspects["call"] = f"{method.upper()} {re.sub('{.*?}', '{}', path)}"
                parts: dict[str, Node] = {}
                for each in item.get("parameters", []) + operation.get("parameters", []):
                    given = resolved(document, each)
                    argument = schema_node(document, given.get("schema", {}), "argument", given.get("required", False))
                    style = "form" if given["in"] in ("query", "cookie") else "simple"
                    usual = {"style": style, "explode": given.get("style", style) == "form"}
                    differing = {key: value for key, value in given.items() if usual.get(key) != value}
                    argument.aspects.update(without(differing, {"name", "schema", "required"}))
                    clash = parts.get(f"parameter {given['name']}", argument).aspects["in"] != given["in"]
                    parts[f"parameter {given['name']}" + (f" in {given['in']}" if clash else "")] = argument
                if "requestBody" in operation:
                    parts["request body"] = body_node(document, operation["requestBody"], "body")
                for code, response in operation.get("responses", {}).items():
                    parts[f"response {code}"] = body_node(document, response, "response")
                kind = "operation" if group == "paths" else "webhook"
                found[operation.get("operationId", aspects["call"])] = Node(kind, aspects, parts)
    return found


def body_node(document: Json, reference: Json, what: str) -> Node:
    """A request's body, or a response."""
    body = resolved(document, reference)
    parts = {}
    for media, content in body.get("content", {}).items():
        node = schema_node(document, content.get("schema", {}), "media type")
        node.aspects.update(without(content, {"schema", "examples"}))
        node.aspects.update({f"example {name}": value for name, value in content.get("examples", {}).items()})
        plain = media.partition(";")[0].strip().lower()
        parts["" if plain == "application/json" else f" {plain}"] = node
    for name, given in body.get("headers", {}).items():
        header = resolved(document, given)
        contents = [content.get("schema", {}) for content in header.get("content", {}).values()]
        schema = header.get("schema", next(iter(contents), {}))
        node = schema_node(document, schema, "header", header.get("required", False))
        node.aspects.update(without(header, {"schema", "content", "required", "examples"}))
        parts[f" header {name.lower()}"] = node
    required = {"required": body.get("required", False)} if what == "body" else {}
    return Node(what, without(body, {"content", "headers"}) | required, parts)


def model_nodes(document: Json) -> dict[str, Node]:
    """The named schemas that are classes in Python; others are but names for plain types."""
    every = document.get("components", {}).get("schemas", {})
    return {name: schema_node(document, schema, "model") for name, schema in every.items() if not is_plain(schema)}


def is_plain(schema: Any) -> bool:
    """Whether a schema is a plain type, without fields or words of its own."""
    if not isinstance(schema, dict) or {"enum", "const"} & schema.keys():
        return False
    types = schema.get("type")
    if types == "array":
        return is_plain(schema.get("items"))
    return bool(types) and {*(types if isinstance(types, list) else [types])} <= PLAIN


def schema_node(document: Json, schema: Any, what: str, required: bool | None = None) -> Node:
    """A model, a field or another value that a schema describes."""
    whole = with_limits(document, merged(document, schema)) if isinstance(schema, dict) else {}
    types: Json = {}
    for label, each in variants(document, schema if schema is False else whole):
        types[f"{label} {len(types)}" if label in types and label != "null" else label] = each
    aspects: Json = {"type": {label: wider(document, label, each) for label, each in types.items()}}
    aspects |= {} if required is None else {"required": required}
    parts: dict[str, Node] = {}
    for label, each in types.items():
        handled = STRUCTURE | {"additionalProperties", "nullable"} | ({"format"} if " " in label else set())
        own = each is whole or each == without(whole, {"nullable"}) or len(types.keys() - {"null"}) == 1
        mark = "" if own else f"{label} "
        aspects |= {f"{mark}{key}": value for key, value in without(each, handled).items() if "$ref" not in each}
        if "$ref" in each:
            continue
        if label.startswith("object"):
            needed = each.get("required", ())
            for name, value in each.get("properties", {}).items():
                parts[f".{name}"] = schema_node(document, value, "field", name in needed)
            if each.get("additionalProperties") is not False:
                parts[".*"] = schema_node(document, each.get("additionalProperties", {}), "room for other fields")
        elif label.startswith("array"):
            parts["[]"] = schema_node(document, each.get("items", {}), "list of items")
        elif label.startswith("enum"):
            parts |= {f".{word}": Node("word", {}) for word in words(each)}
            aspects["x-words"] = [word for word in words(each) if isinstance(word, str)]  # in their order
    aspects |= without(whole, STRUCTURE | {"additionalProperties", "format", "nullable"})
    return Node(what, aspects, parts)


def with_limits(document: Json, schema: Json) -> Json:
    """A schema with the limits of the plain type that it refers to."""
    target = resolved(document, schema) if "$ref" in schema else {}
    return target | without(schema, {"$ref"}) if is_plain(target) else schema


def variants(document: Json, schema: Any) -> Iterator[tuple[str, Json]]:
    """The types that a value of a schema can have, by name."""
    if not schema:
        yield ("never" if schema is False else "any"), {}
    elif schema.get("nullable") is True:  # as OpenAPI 3.0 says it
        every = dict(variants(document, without(schema, {"nullable"})))
        yield from (every if "any" in every else every | {"null": {}}).items()
    elif "$ref" in schema:
        target = resolved(document, schema)
        if is_plain(target):
            yield from variants(document, target)
        else:
            yield schema["$ref"].rpartition("/")[2], schema
    elif "anyOf" in schema or "oneOf" in schema:
        for part in schema.get("anyOf", []) + schema.get("oneOf", []):
            yield from variants(document, merged(document, part))
    elif "enum" in schema or "const" in schema:
        yield "enum", schema
        if None in schema.get("enum", ()):
            yield "null", {}
    else:
        implied = "object" if {"properties", "additionalProperties"} & schema.keys() else "any"
        types = schema.get("type", implied)
        for name in types if isinstance(types, list) else [types]:
            special = name == "string" and schema.get("format") in PYTHON_FORMATS
            yield (f"{name} {schema['format']}" if special else name), schema


def merged(document: Json, schema: Any, seen: tuple[str, ...] = ()) -> Any:
    """A schema with the fields of its allOf as its own."""
    if not isinstance(schema, dict) or "allOf" not in schema:
        return schema
    own = without(schema, {"allOf"})
    if len(schema["allOf"]) == 1 and not own.keys() & STRUCTURE:
        return own | schema["allOf"][0]
    whole: Json = {"properties": {}, "required": []}
    for part in [part for part in schema["allOf"] if part.get("$ref") not in seen] + [own]:
        inner = merged(document, resolved(document, part), (*seen, part.get("$ref", "")))
        whole["properties"] |= inner.get("properties", {})
        whole["required"] += inner.get("required", [])
        whole |= without(inner, {"properties", "required", *(DOCS if part is not own else ())})
    return whole


def words(schema: Json) -> list[Any]:
    """The words of an enum."""
    return [word for word in schema.get("enum", [schema["const"]] if "const" in schema else []) if word is not None]


def wider(document: Json, label: str, schema: Json) -> list[str]:
    """The types that hold all values of a type."""
    listed = words(resolved(document, schema))
    text = ["string"] if listed and all(isinstance(word, str) for word in listed) else []
    return ["any", label, *text, *(["number"] if label == "integer" else [])]


def models_within(models: Mapping[str, Node], node: Node, seen: set[str]) -> set[str]:
    """The names of the models that a node holds, at any depth."""
    for name in node.aspects.get("type", ()):
        if name in models and name not in seen:
            seen.add(name)
            models_within(models, models[name], seen)
    for part in node.parts.values():
        models_within(models, part, seen)
    return seen


def users(document: Json) -> dict[tuple[str, bool], set[str]]:
    """The operations that send (True) or read (False) each model."""
    models = model_nodes(document)
    found: dict[tuple[str, bool], set[str]] = {}
    for operation, node in operation_nodes(document).items():
        for part in node.parts.values():
            sent = (part.what == "response") == (node.what == "webhook")
            for name in models_within(models, part, set()):
                found.setdefault((name, sent), set()).add(operation)
    return found


def pairs(olds: Mapping[str, Node], news: Mapping[str, Node]) -> Iterator[Pair]:
    """The parts of two nodes, each with what has become of it."""
    may_move = not olds.keys() <= news.keys()
    contents = {name: without_address(node) for name, node in {**olds, **news}.items()} if may_move else {}
    added = {name: node for name, node in news.items() if name not in olds}
    for name, old in olds.items():
        now = name
        if name not in news and old.what not in {"word", "response", "media type", "header"}:
            call = old.aspects.get("call")
            same = (other for other, new in added.items() if new == old or (call and new.aspects.get("call") == call))
            there = [other for other, new in added.items() if is_moved(old, new, contents, name, other)]
            now = next(same, "") or max(there, key=lambda other: len(common_suffix(name, other)), default=name)
            added.pop(now, None)
        yield Pair(name, old, now, news.get(now))
    yield from (Pair(name, None, name, new) for name, new in added.items())


def without_address(node: Node) -> Node:
    """An operation without its address and its source."""
    return Node(node.what, without(node.aspects, {"call", "read", "source", "servers"}), node.parts)


def is_moved(old: Node, new: Node, contents: Mapping[str, Node], name: str, other: str) -> bool:
    """Whether an operation has gone to another prefix: the rest of its path, and all it says, are as they were."""
    if "call" not in old.aspects or "call" not in new.aspects:
        return False
    (method, path), (verb, there) = (node.aspects["call"].split(" ", 1) for node in (old, new))
    return method == verb and bool(common_suffix(path, there)) and contents.get(name) == contents.get(other)


def common_suffix(path: str, other: str) -> list[str]:
    """The segments at the end that two paths have in common, the last one first."""
    found = []
    for one, two in zip(reversed(path.split("/")), reversed(other.split("/")), strict=False):
        if one != two:
            break
        found.append(one)
    return found


def preamble(document: Json) -> Node:
    """What a document says of itself, and how to sign in."""
    aspects = {key: value for key, value in document.items() if key in PREAMBLE}
    ways = document.get("components", {}).get("securitySchemes", {}).items()
    schemes = {name: {"scheme": without(way, DOCS), "description": way.get("description")} for name, way in ways}
    return Node(
        "API", aspects, {f"way to sign in {name}": Node("way to sign in", way) for name, way in schemes.items()}
    )


def enums_within(where: str, node: Node) -> dict[str, list[str]]:
    """The words of the enums within a node, by where they stand."""
    words = [name[1:] for name, part in node.parts.items() if part.what == "word"]
    found = {where: words} if words else {}
    for name, part in node.parts.items():
        found |= enums_within(f"{where}{name}", part)
    return found


def normalized(name: str) -> str:
    """A name in the form that the spellings of Python and of a spec share."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())
