"""Begin a spec with what a vendor's own OpenAPI document says of a few operations.

python scripts/regenerate/adopt.py DOCUMENT --operations OPERATION... [--output specs/NAME.yaml]: an OPERATION is an
operationId or a method and a path ("GET /jobs/{id}"). References to other files beside the document are bundled, all
that the operations do not use is cut, and each operation names its source and the document's digest. OpenAPI 3.0 and
3.1.

What comes out is a draft to edit, not a spec: vendors' documents are wrong in places, and the spec is where we correct
them. The generator refuses it until `x-draft` is gone. scripts/regenerate/pages.py SPEC DOCUMENT holds the spec against
the document later on. The exit code is 0, or 3 if something stands in the way; then nothing is written.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from pages import document_digest
from spec_tree import METHODS, step_into, steps_of

Json = dict[str, Any]


class AdoptionError(Exception):
    """A document that cannot be adopted."""


class Bundle:
    """The parts of a document, and of the files that it refers to, which the adopted operations use."""

    def __init__(self, path: Path) -> None:
        self.files: dict[Path, Any] = {}
        self.root = path.resolve()
        self.names: dict[tuple[Path, str], str] = {}  # what each part is called under components
        self.components: dict[str, Json] = {}

    def document(self, path: Path) -> Any:
        """A file as plain data; AdoptionError if it cannot be read."""
        if path not in self.files:
            try:
                self.files[path] = json.loads(json.dumps(YAML(typ="safe").load(path), default=str))
            except (OSError, UnicodeDecodeError, YAMLError, TypeError, ValueError) as error:
                raise AdoptionError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error
        return self.files[path]

    def target(self, path: Path, reference: str) -> tuple[Path, str, Any]:
        """The file, the pointer and the value that a reference in a file leads to."""
        file, _, pointer = reference.partition("#")
        if re.match(r"\w+://", file):
            raise AdoptionError(f"{path.name} refers to {reference}: save that beside it, and refer to the file")
        where = (path.parent / file).resolve() if file else path
        found = self.document(where)
        for step in steps_of(f"#{pointer}"):
            found = step_into(found, step)
        if found is None:
            raise AdoptionError(f"{path.name} refers to {reference}, which is not there")
        return where, pointer, found

    def bundled(self, path: Path, node: Any, kind: str = "schemas") -> Any:
        """A copy of a part, whose references lead to the bundle's components."""
        if isinstance(node, list):
            return [self.bundled(path, each, kind) for each in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            where, pointer, found = self.target(path, node["$ref"])
            match = re.fullmatch(r"/components/(\w+)/[^/]+", pointer)
            return {"$ref": self.named(where, pointer, found, match[1] if match else kind)}
        kinds = {"parameters": "parameters", "responses": "responses", "requestBody": "requestBodies"}
        kinds |= {"headers": "headers", "examples": "examples", "schema": "schemas"}
        kept = {
            name: value for name, value in node.items() if not str(name).startswith("x-") or name.startswith("x-enum")
        }
        return {
            name: value
            if name in {"example", "default", "enum", "const"}
            else self.bundled(path, value, kinds.get(name, kind))
            for name, value in kept.items()
        }

    def named(self, path: Path, pointer: str, found: Any, kind: str) -> str:
        """The reference to a part, which is bundled if it was not yet."""
        key = (path, pointer)
        if key not in self.names:
            last = steps_of(f"#{pointer}")[-1:] or [path.stem]
            base = re.sub(r"[^\w.-]", "_", last[0])
            group = self.components.setdefault(kind, {})
            name = next(name for name in (base, *(f"{base}{at}" for at in range(2, 1000))) if name not in group)
            self.names[key] = f"#/components/{kind}/{name}"
            group[name] = {}  # it may refer to itself
            group[name] = self.bundled(path, found, kind)
        return self.names[key]


def adopted(path: Path, wanted: Iterable[str]) -> Json:
    """The draft of a spec: the wanted operations of a document and all that they use."""
    bundle = Bundle(path)
    document = bundle.document(bundle.root)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        what = "Swagger 2.0: convert it with swagger2openapi (npm) first" if "swagger" in (document or ()) else ""
        raise AdoptionError(f"{path.name} is {what or 'not an OpenAPI 3 document'}")
    sealed, missing = document_digest(path), dict.fromkeys(wanted)
    paths: dict[str, Json] = {}
    used: set[str] = set()
    for where, item in document.get("paths", {}).items():
        holder, held = bundle.root, item
        if isinstance(item, dict) and "$ref" in item:
            holder, _, held = bundle.target(bundle.root, item["$ref"])
        for method in [method for method in METHODS if method in held]:
            operation = held[method]
            names = {operation.get("operationId"), f"{method.upper()} {where}"} & missing.keys()
            if not names:
                continue
            missing = {name: None for name in missing if name not in names}
            draft = bundle.bundled(holder, {"parameters": held.get("parameters", [])} | operation)
            draft["parameters"] = bundle.bundled(
                holder, [*held.get("parameters", []), *operation.get("parameters", [])], "parameters"
            )
            draft.setdefault("operationId", "_".join(re.findall(r"\w+", f"{method} {where}")))
            title = operation.get("summary") or draft["operationId"]
            today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
            draft["x-source"] = {"title": title, "product": document["info"]["title"], "read": today}
            draft["x-source"] |= {"document": path.name, "sha256": sealed}
            paths.setdefault(where, {})[method] = draft
            used |= {name for way in operation.get("security", document.get("security", [])) for name in way}
    if missing:
        raise AdoptionError(f"{path.name} has no operation {', '.join(missing)}")
    schemes = document.get("components", {}).get("securitySchemes", {})
    bundle.components["securitySchemes"] = {name: schemes[name] for name in sorted(used) if name in schemes}
    info = {name: value for name, value in document["info"].items() if not name.startswith("x-")}
    draft = {"openapi": document["openapi"], "info": info, "x-draft": "Edit this draft, then delete this line."}
    draft |= {name: document[name] for name in ("servers", "security") if name in document}
    return draft | {"paths": paths, "components": {name: each for name, each in bundle.components.items() if each}}


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 3 if something stands in the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=Path)
    parser.add_argument("--operations", nargs="+", required=True, metavar="OPERATION")
    parser.add_argument("--output", type=Path, help="the draft to write (default: standard output)")
    options = parser.parse_args(argv)
    if options.output and options.output.exists():
        print(f"{options.output} exists: adopt.py does not overwrite a spec", file=sys.stderr)
        return 3
    try:
        draft = adopted(options.document, options.operations)
        text = StringIO()
        yaml = YAML()
        yaml.width = 120
        yaml.dump(draft, text)
        if options.output:
            options.output.write_text(text.getvalue(), encoding="utf-8")
    except (AdoptionError, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    print(f"{options.output}: a draft to edit" if options.output else text.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
