"""Where things stand in a spec: the lines of a document, by JSON pointer or by what a finding names.

The documents are compared and generated as plain data, which has no line numbers. Where a message needs them, the file
is read once more, as YAML nodes with their marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from spec_tree import METHODS, steps_of

Place = tuple[Node, int]  # a node, and the line of its key


@lru_cache(maxsize=8)
def _composed(path: Path, _: int) -> Node | None:
    try:
        return YAML().compose(path)  # type: ignore[no-any-return]
    except (YAMLError, ValueError):
        return None


def composed(path: Path) -> Node | None:
    """A document's nodes, or None if it is no YAML."""
    return _composed(path, path.stat().st_mtime_ns)


def children(node: Node | None) -> dict[str, Place]:
    """The values of a mapping or a list by their keys, each with its line."""
    if isinstance(node, MappingNode):
        return {str(key.value): (value, key.start_mark.line + 1) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return {str(at): (value, value.start_mark.line + 1) for at, value in enumerate(node.value)}
    return {}


def line_at(path: Path, steps: Sequence[Any]) -> int:
    """The line of what a pointer's steps lead to, or as far as they lead; 0 if the document has no lines."""
    root = composed(path)
    node, line = root, 1 if root is not None else 0
    for step in steps:
        below = children(node)
        if str(step) not in below:
            break
        node, line = below[str(step)]
    return line


def resolved(root: Node, node: Node) -> Node:
    """What a node is, or refers to within its document."""
    for _ in range(50):
        reference = children(node).get("$ref")
        if reference is None or not isinstance(reference[0], ScalarNode):
            break
        target: Node | None = root
        for step in steps_of(str(reference[0].value)):
            target = children(target).get(step, (None, 0))[0]
        if target is None:
            break
        node = target
    return node


def locate(path: Path, operation: str, where: str) -> int:
    """The line of what a finding names, or of the nearest thing around it that has one; 0 if there is none."""
    root = composed(path)
    if root is None:
        return 0
    schemas = children(children(children(root).get("components", (None, 0))[0]).get("schemas", (None, 0))[0])
    named = [name for name in schemas if where == name or where.startswith((f"{name}.", f"{name} ", f"{name}["))]
    if named:
        name = max(named, key=len)
        node, line = schemas[name]
        return _deeper(root, node, where[len(name) :], line)
    for node, line in _operations(root, operation):
        return _within(root, node, where, line)
    first = where.split(" ", maxsplit=1)[0]
    return children(root).get(first, (None, 0))[1]


def _operations(root: Node, name: str) -> Iterator[Place]:
    for group in ("paths", "webhooks"):
        for path, (item, _) in children(children(root).get(group, (None, 0))[0]).items():
            for method, (node, line) in children(item).items():
                called = children(node).get("operationId")
                if method in METHODS and ((called and called[0].value == name) or name == f"{method.upper()} {path}"):
                    yield node, line


def _within(root: Node, operation: Node, where: str, line: int) -> int:
    if where.startswith("parameter "):
        for given, at in children(children(operation).get("parameters", (None, 0))[0]).values():
            node = resolved(root, given)
            name = str(children(node).get("name", (given, 0))[0].value)
            rest = where.removeprefix(f"parameter {name}")
            if rest != where and (not rest or rest[0] in " .["):
                return _deeper(root, children(node).get("schema", (node, at))[0], rest, at)
        return line
    for prefix, steps in (("request body", ("requestBody",)), ("response ", ("responses",))):
        if where.startswith(prefix):
            rest, found = where.removeprefix(prefix), (operation, line)
            found = children(operation).get(steps[0], found)
            if steps[0] == "responses":
                code = rest.split(" ")[0].split(".")[0]
                found = children(found[0]).get(code, found)
                rest = rest.removeprefix(code)
            body = resolved(root, found[0])
            media = list(children(children(body).get("content", (None, 0))[0]).values())
            schemas = [children(node)["schema"] for node, _ in media if "schema" in children(node)]
            if rest.startswith((".", "[")) and schemas:
                return _deeper(root, schemas[0][0], rest, schemas[0][1])
            key = rest.strip().removeprefix("header ").split(" ")[0]
            headers = children(children(body).get("headers", (None, 0))[0])
            near = {name.lower(): place for name, place in {**children(body), **headers}.items()}
            return near.get(key.lower(), found)[1]
    key = where.rpartition(" ")[2]
    return children(operation).get(key, (None, line))[1]


def _deeper(root: Node, node: Node, rest: str, line: int, depth: int = 0) -> int:  # noqa: PLR0911 - one for each step
    node = resolved(root, node)
    below = children(node)
    if not rest or depth > 60:
        return line
    if rest.startswith(" "):
        return below.get(rest.rpartition(" ")[2], (None, line))[1] if rest != " required" else line
    if rest.startswith(".") and not rest.startswith(".*"):
        fields = children(below.get("properties", (None, 0))[0])
        for name in sorted(fields, key=len, reverse=True):
            after = rest[1:].removeprefix(name)
            if rest[1:].startswith(name) and (not after or after[0] in " .["):
                return _deeper(root, fields[name][0], after, fields[name][1], depth + 1)
        for word, at in children(below.get("enum", (None, 0))[0]).values():
            if str(word.value) == rest[1:]:
                return at
    for key, prefix in (("items", "[]"), ("additionalProperties", ".*")):
        if rest.startswith(prefix) and key in below:
            return _deeper(root, below[key][0], rest.removeprefix(prefix), below[key][1], depth + 1)
    for key in ("allOf", "anyOf", "oneOf"):
        for part, at in children(below.get(key, (None, 0))[0]).values():
            found = _deeper(root, part, rest, 0, depth + 1)
            if found:
                return found or at
    return line
