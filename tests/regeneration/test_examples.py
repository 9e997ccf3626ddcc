"""Every example of a spec goes through the reader of its kind, so that spec and reader cannot disagree unseen."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from settled import JobKind
from settled._core.job import model_of
from settled._core.snapshot import Refused

from _specs import SPECS, documents, operations, resolved

Json = dict[str, Any]
VENDORS = {path.stem: importlib.import_module(f"settled.{path.stem}") for path in SPECS}
KINDS: list[JobKind[Any]] = [kind for vendor in VENDORS.values() for kind in vendor.KINDS]

# What readers look for though no page documents it: replies have shown it.
UNDOCUMENTED = {
    kind: {"err_msg"}
    for kind in ("cortex_xdr.action", "cortex_xdr.script_execution", "cortex_xdr.xql_query", "cortex_xsiam.xql_query")
}


class Watched(dict[str, Any]):
    """A reply that notes which fields the reader asks for, as far down as the spec names fields."""

    def __init__(self, value: Json, schema: Json, document: Json, asked: set[tuple[str, bool]]) -> None:
        super().__init__(value)
        self.fields, self.asked = fields(document, schema), asked
        for name, inner in value.items():
            if name in self.fields and isinstance(inner, dict):
                self[name] = Watched(inner, self.fields[name], document, asked)

    def __getitem__(self, key: str) -> Any:
        self.note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.note(str(key))
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """A field, or the default."""
        self.note(key)
        return super().get(key, default)

    def note(self, key: str) -> None:
        """Note a field, if the spec names the fields here at all."""
        if self.fields:
            self.asked.add((key, key in self.fields))


def fields(document: Json, schema: Json) -> dict[str, Json]:
    """The fields of a schema, those of its allOf too."""
    whole = resolved(document, schema)
    found: dict[str, Json] = dict(whole.get("properties", {}))
    for part in (*whole.get("allOf", ()), *whole.get("anyOf", ()), *whole.get("oneOf", ())):
        found |= fields(document, part)
    return found


def examples(kind: JobKind[Any]) -> Iterator[tuple[Json, Json, Json]]:
    """The examples of replies that a kind reads, each with its schema and document."""
    document = documents()[kind.name.partition(".")[0]]
    model = model_of(kind).__name__
    for _, operation in operations(document):
        for code, response in operation.get("responses", {}).items():
            media = response.get("content", {}).get("application/json", {})
            schema = media.get("schema", {})
            if code.startswith("2") and schema.get("$ref", "").rpartition("/")[2] == model:
                values = [example["value"] for example in media.get("examples", {}).values()]
                for value in [*values, *([media["example"]] if "example" in media else [])]:
                    yield value, schema, document


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_examples_are_read(kind: JobKind[Any]) -> None:
    """The reader finds in each example a status it knows, and asks only for fields that the spec has."""
    read, asked = 0, set[tuple[str, bool]]()
    for value, schema, document in examples(kind):
        assert set(value) <= set(fields(document, schema)), "the example has a field that the spec has not"
        try:
            reading = kind.read(Watched(value, schema, document, asked))
        except Refused:
            continue  # the vendor refuses, as the example says
        assert reading.status is None or kind.knows(reading.status)
        assert kind.decode(value).to_dict() == value
        assert kind.reply_id is None or kind.id_in(value) is not None, "reply_id does not find the example's id"
        read += 1
    assert read, "the spec has no example of a reply"
    assert {name for name, is_there in asked if not is_there} <= UNDOCUMENTED.get(kind.name, set())
