"""What the tests of the generator, the templates and the specs have in common."""

import functools
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def load_generate() -> ModuleType:
    """A fresh copy of scripts/regenerate/generate.py as a module."""
    return load_script("regenerate/generate.py")


def load_script(path: str) -> ModuleType:
    """A fresh copy of one of the scripts as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / "scripts" / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def documents() -> dict[str, dict[str, Any]]:
    """The specs by vendor, read by libyaml, which is thirty times as fast as what validates them; not to be changed."""
    loaded = {path.stem: yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in SPECS}
    read: dict[str, dict[str, Any]] = json.loads(json.dumps(loaded, default=str))
    return read


def files(folder: Path) -> dict[str, bytes]:
    """The bytes of every file under a folder, by name; Python's caches are left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@dataclass(frozen=True)
class Body:
    """The body of a documented request or response: its schema and its examples by name."""

    where: str
    schema: dict[str, Any]
    examples: dict[str, Any]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation of an OpenAPI document, webhooks too, with its method and path."""
    for path, item in (document.get("paths", {}) | document.get("webhooks", {})).items():
        yield from ((f"{method} {path}", item[method]) for method in METHODS if method in item)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What a part of an OpenAPI document is, or refers to."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].split("/")[1:]:
            found = found[step]
        part = found
    return part


def bodies(document: dict[str, Any]) -> Iterator[Body]:
    """Every request and response body of an OpenAPI document."""
    for where, operation in operations(document):
        holders = {"request": operation.get("requestBody", {}), **operation.get("responses", {})}
        for holder, response in holders.items():
            described = resolved(document, response)
            for media in described.get("content", {}).values():
                examples = {name: example["value"] for name, example in media.get("examples", {}).items()}
                if "example" in media:
                    examples[""] = media["example"]
                yield Body(f"{where} {holder}", media["schema"], examples)
