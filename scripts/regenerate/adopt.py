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
import itertools
import json
import re
import sys
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from generate import expanded_size, iso, yaml_problem
from pages import PageError, decoded, document_digest
from spec_tree import METHODS, step_into, steps_of

Json = dict[str, Any]

KINDS = {"parameters": "parameters", "responses": "responses", "requestBody": "requestBodies", "headers": "headers"}
KINDS |= {"schema": "schemas"}
NAMED = {"properties", "patternProperties", "dependentSchemas", "$defs", "responses", "headers", "content", "encoding"}
VALUES = {"const", "default", "enum", "example", "examples", "value"}  # below these nothing is followed
LEFT_OUT = {"callbacks", "links"}  # which no client has


class AdoptionError(Exception):
    """A document that cannot be adopted."""


class Bundle:
    """The parts of a document, and of the files that it refers to, which the adopted operations use."""

    def __init__(self, path: Path) -> None:
        self.files: dict[Path, Any] = {}
        self.root = path.resolve()
        self.names: dict[tuple[Path, str], str] = {}  # what each part is called under components
        self.components: dict[str, Json] = {}
        self.has_siblings = True  # whether what stands beside a $ref counts, as since OpenAPI 3.1

    def document(self, path: Path) -> Any:
        """A file as plain data; AdoptionError if it cannot be read."""
        if path not in self.files:
            try:
                text = decoded(path)
                # JSON may be indented with tabs, which YAML refuses, and long documents are read in no time.
                loaded = json.loads(text) if text.lstrip().startswith("{") and path.suffix == ".json" else None
                loaded = YAML(typ="safe").load(text) if loaded is None else loaded
                expanded_size(loaded, {})
                self.files[path] = json.loads(json.dumps(loaded, default=iso))
            except PageError as error:
                raise AdoptionError(str(error)) from error
            except OSError as error:
                raise AdoptionError(f"{path.name} cannot be read: {error.strerror}") from error
            except (YAMLError, TypeError, ValueError, RecursionError) as error:
                raise AdoptionError(f"{path.name} cannot be read: {yaml_problem(error)}") from error
        return self.files[path]

    def target(self, path: Path, reference: str) -> tuple[Path, str, Any]:
        """The file, the pointer and the value that a reference in a file leads to."""
        file, _, pointer = reference.partition("#")
        if re.match(r"\w+://", file):
            raise AdoptionError(f"{path.name} refers to {reference}: save that beside it, and refer to the file")
        if pointer and not pointer.startswith("/"):
            raise AdoptionError(f"{path.name} refers to {reference}, an anchor: refer to it by its path, #/...")
        where = (path.parent / unquote(file)).resolve() if file else path
        found = self.document(where)
        for step in steps_of(f"#{pointer}"):
            found = step_into(found, step)
        if found is None:
            raise AdoptionError(f"{path.name} refers to {reference}, which is not there")
        return where, pointer, found

    def called(self, path: Path, parameter: Json) -> tuple[str, str]:
        """The place and the name of a parameter in a file, which may be a reference."""
        for _ in range(20):
            if "$ref" in parameter:
                path, _pointer, parameter = self.target(path, parameter["$ref"])
        return parameter["in"], parameter["name"]

    def bundled(self, path: Path, node: Any, kind: str = "schemas", *, is_named: bool = False) -> Any:
        """A copy of a part, whose references lead to the bundle's components; `is_named` if its keys are names."""
        if isinstance(node, list):
            return [self.bundled(path, each, kind) for each in node]
        if not isinstance(node, dict):
            return node
        if is_named:
            return {name: self.bundled(path, value, kind) for name, value in node.items()}
        copied: Json = {}
        if isinstance(node.get("$ref"), str):
            copied["$ref"] = self.reference(path, node["$ref"], kind)
            if not self.has_siblings:
                return copied
        for name, value in node.items():
            if name == "examples" and isinstance(value, dict):
                refers = {each: isinstance(example, dict) and "$ref" in example for each, example in value.items()}
                copied[name] = {
                    each: self.bundled(path, example, "examples") if refers[each] else example
                    for each, example in value.items()
                }
            elif name in VALUES or name.startswith("x-enum"):
                copied[name] = value
            elif name == "discriminator" and isinstance(value, dict) and isinstance(value.get("mapping"), dict):
                named = {
                    word: self.reference(path, to, kind) if "/" in to or "#" in to else to
                    for word, to in value["mapping"].items()
                }
                copied[name] = value | {"mapping": named}
            elif name not in LEFT_OUT and not name.startswith("x-") and name not in copied:
                copied[name] = self.bundled(path, value, KINDS.get(name, kind), is_named=name in NAMED)
        return copied

    def reference(self, path: Path, reference: str, kind: str) -> str:
        """The reference to a part within the bundle, to which the part is added if it was not yet."""
        where, pointer, found = self.target(path, reference)
        match = re.fullmatch(r"/components/(\w+)/[^/]+", pointer)
        kind = match[1] if match else kind
        key = (where, pointer)
        if key not in self.names:
            last = steps_of(f"#{pointer}")[-1:] or [where.stem]
            base = re.sub(r"[^\w.-]", "_", last[0], flags=re.ASCII)
            group = self.components.setdefault(kind, {})
            name = free_name([base], group)
            self.names[key] = f"#/components/{kind}/{name}"
            group[name] = {}  # it may refer to itself
            group[name] = self.bundled(where, found, kind)
        return self.names[key]


def free_name(names: list[str], taken: Iterable[str]) -> str:
    """The first name whose module in Python is of none that is taken; the last one with a number, if need be."""

    def module(name: str) -> str:
        return re.sub(r"[\W_]", "", name).casefold()

    modules = {module(name) for name in taken}
    numbered = (f"{names[-1]}{at}" for at in itertools.count(2))
    return next(name for name in itertools.chain(names, numbered) if module(name) not in modules)


def adopted(path: Path, wanted: Iterable[str]) -> Json:
    """The draft of a spec: the wanted operations of a document and all that they use."""
    bundle = Bundle(path)
    document = bundle.document(bundle.root)
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        is_old = isinstance(document, dict) and "swagger" in document
        what = "Swagger 2.0: convert it with swagger2openapi (npm) first" if is_old else "not an OpenAPI 3 document"
        raise AdoptionError(f"{path.name} is {what}")
    bundle.has_siblings = not str(document["openapi"]).startswith("3.0")
    try:
        return draft_of(bundle, document, path, [normalized_operation(each) for each in wanted])
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:150]
        raise AdoptionError(f"{path.name} has a part that cannot be followed: {what}") from error


def normalized_operation(operation: str) -> str:
    """An operationId as it is; a method and a path with the method in capitals and one space between."""
    method, _, where = operation.strip().partition(" ")
    return f"{method.upper()} {where.strip()}" if where.strip().startswith("/") else operation


def draft_of(bundle: Bundle, document: Json, path: Path, wanted: Iterable[str]) -> Json:
    """The draft of a spec from an OpenAPI 3 document."""
    sealed, missing = document_digest(path), dict.fromkeys(wanted)
    asked, calls, ids = {*missing}, dict[str, str](), set[str]()
    paths: dict[str, Json] = {}
    used = {name for way in document.get("security", []) for name in way}
    for where, item in (document.get("paths") or {}).items():
        holder, held = bundle.root, item
        for _ in range(20):
            if isinstance(held, dict) and "$ref" in held:
                holder, _pointer, held = bundle.target(holder, held["$ref"])
        for method in [method for method in METHODS if isinstance(held, dict) and method in held]:
            operation, call = held[method], f"{method.upper()} {where}"
            names = {operation.get("operationId"), call} & asked
            if not names:
                continue
            for name in names - {call}:
                if name in calls:
                    twice = f"{calls[name]} and {call}: name one of these"
                    raise AdoptionError(f"{path.name} has the operationId {name} twice, {twice}")
                calls[name] = call
            missing = {name: None for name in missing if name not in names}
            draft = bundle.bundled(holder, {key: value for key, value in operation.items() if key != "parameters"})
            # Both may have servers and parameters; the operation's own count.
            own, above = operation.get("parameters", []), held.get("parameters", [])
            known = [bundle.called(holder, each) for each in own]
            inherited = [each for each in above if bundle.called(holder, each) not in known] + own
            draft |= {"parameters": bundle.bundled(holder, inherited, "parameters")} if inherited else {}
            draft |= {"servers": held["servers"]} if "servers" in held and "servers" not in operation else {}
            derived = "_".join(re.findall(r"\w+", f"{method} {where}"))
            draft["operationId"] = free_name([each for each in (operation.get("operationId"), derived) if each], ids)
            ids.add(draft["operationId"])
            title = operation.get("summary") or draft["operationId"]
            today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
            draft["x-source"] = {"title": title, "product": document["info"]["title"], "read": today}
            draft["x-source"] |= {"document": path.name, "sha256": sealed}
            paths.setdefault(where, {})[method] = draft
            used |= {name for way in operation.get("security", []) for name in way}
    if missing:
        raise AdoptionError(f"{path.name} has no operation {', '.join(missing)}")
    schemes = (document.get("components") or {}).get("securitySchemes", {})
    resolved = {name: schemes[name] for name in sorted(used) if name in schemes}
    for name, scheme in resolved.items():
        resolved[name] = bundle.target(bundle.root, scheme["$ref"])[2] if "$ref" in scheme else scheme
    bundle.components["securitySchemes"] = resolved
    info = {name: value for name, value in document["info"].items() if not name.startswith("x-")}
    draft = {"openapi": document["openapi"], "info": info, "x-draft": "Edit this draft, then delete this line."}
    draft |= {name: document[name] for name in ("servers", "security") if name in document}
    draft |= {"paths": paths, "components": {name: each for name, each in bundle.components.items() if each}}
    return dict(json.loads(json.dumps(draft)))  # no part is shared, which YAML would write as an alias


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
