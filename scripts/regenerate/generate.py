"""Generate the typed clients of generated/settled_clients/ from the OpenAPI documents of specs/.

python scripts/regenerate/generate.py: generate what the specs and templates say, and write
generated/lock.json.

python scripts/regenerate/generate.py --check: change nothing; exit 1 and say what differs if the committed output is
stale or was edited.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_spec_validator import validate
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError, ValidatorDetectError
from referencing.exceptions import Unresolvable
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from spec_lines import line_at
from spec_tree import METHODS, resolved

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = "named by their words"
# What generated code uses itself, where a vendor's word would stand in the way. The generator knows builtins only.
USED_NAMES = {
    *("additional_keys", "additional_properties", "cast", "cls", "cookies", "d", "field_dict", "from_dict"),
    *("headers", "isoparse", "kwargs", "params", "prop", "prop_dict", "prop_name", "quote", "request_kwargs"),
    *("response", "src_dict", "to_dict", "to_multipart"),
    *("Any", "AuthenticatedClient", "BinaryIO", "Client", "File", "Generator", "Literal", "Mapping", "Response"),
    *("T", "TextIO", "TypeVar", "UUID", "Unset"),
}
GENERATOR = f"""
from openapi_python_client import strings
strings.RESERVED_WORDS |= set({sorted(USED_NAMES)!r})
from openapi_python_client.cli import app
app()
"""
VALUES = {"const", "default", "example", "examples"}  # below these there is no schema


class GenerationError(Exception):
    """A spec or a template that cannot become a client."""


def place(path: Path, steps: Sequence[Any]) -> str:
    """A place in a document, as line and JSON pointer."""
    pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    return f"line {line_at(path, steps)}, {pointer or '/'}"


def iso(value: Any) -> str:
    """What YAML reads as a date, as OpenAPI means it: as text."""
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def expanded_size(value: Any, known: dict[int, int]) -> int:
    """How many values a document holds once its YAML aliases are written out; ValueError for a million."""
    if id(value) not in known:
        known[id(value)] = 1  # json refuses a value that holds itself
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        known[id(value)] += sum(expanded_size(each, known) for each in inner)
    if known[id(value)] > 1_000_000:
        raise ValueError("its aliases stand for more than a million values")
    return known[id(value)]


def yaml_problem(error: Exception) -> str:
    """What is wrong with a YAML document, in one line, with the line of the document."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    message = str(problem or error).partition("\n")[0]
    return f"{message}, at line {mark.line + 1}" if mark is not None else message


def pointers(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every value of a document with the steps that lead to it."""
    yield steps, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from pointers(inner, (*steps, key))


def python_pattern(pattern: str) -> str:
    r"""A pattern of ECMA 262, which JSON Schema has, near enough for Python to see whether it is one."""
    pattern = re.sub(r"\\[pP]\{[\w=-]+\}", r"\\w", pattern)
    pattern = re.sub(r"\\u\{[0-9A-Fa-f]+\}|\\c[A-Za-z]", ".", pattern)
    return re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace("[^]", ".").replace("\\k<", "\\g<")


def without_ecma_patterns(document: Any) -> Any:
    """A copy of a document without the patterns that only ECMA 262 has; neither validator nor generator knows them."""
    if isinstance(document, list):
        return [without_ecma_patterns(each) for each in document]
    if not isinstance(document, dict):
        return document
    copied = {key: without_ecma_patterns(value) for key, value in document.items()}
    pattern = copied.get("pattern")
    if isinstance(pattern, str) and not is_regex(pattern) and is_regex(python_pattern(pattern)):
        del copied["pattern"]
    return copied


def is_regex(pattern: str) -> bool:
    """Whether Python can compile a pattern."""
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def read_spec(path: Path) -> dict[str, Any]:
    """Read and validate one OpenAPI document; GenerationError names what is wrong with it, and where."""
    if not path.stem.isidentifier():
        raise GenerationError(f"{path.name} has a name that no Python package can have")
    try:
        # Through JSON, OpenAPI's own data model: it has no dates, and its keys are text.
        loaded = YAML(typ="safe").load(path)
        expanded_size(loaded, {})
        document = json.loads(json.dumps(loaded, default=iso))
    except (YAMLError, TypeError, ValueError, RecursionError) as error:
        raise GenerationError(f"{path.name} is not YAML that JSON can represent: {yaml_problem(error)}") from error
    if not isinstance(document, dict):
        raise GenerationError(f"{path.name} is not an OpenAPI document: it is not a mapping")
    if str(document.get("swagger", "")).startswith("2"):
        at = place(path, ["swagger"])
        raise GenerationError(
            f"{path.name} is Swagger 2.0, at {at}: convert it to OpenAPI 3 with swagger2openapi (npm)"
        )
    for steps, value in pointers(document):
        if steps[-1:] == ("$ref",) and isinstance(value, str) and not value.startswith("#"):
            what = f"has a $ref to another document, at {place(path, steps)}: {value!r}"
            raise GenerationError(f"{path.name} {what}; adopt.py bundles several files into one")
    check_names_and_references(path, document)
    odd = next((each for each in document.get("paths") or () if set("{}") & set(re.sub("{[^{}]+}", "", each))), None)
    if odd is not None:
        raise GenerationError(f"{path.name} has a path with bad braces, at {place(path, ['paths', odd])}")
    try:
        validate(without_ecma_patterns(document))
    except OpenAPIValidationError as error:
        steps = steps_of_error(document, error)
        at = f", at {place(path, steps)}" if steps else ""
        message = "it has no paths" if not steps and "paths" not in document else error.message
        raise GenerationError(f"{path.name} is not a valid OpenAPI document{at}: {message}"[:600]) from error
    except ValidatorDetectError as error:
        raise GenerationError(f"{path.name} is not an OpenAPI document of a known version") from error
    except (Unresolvable, OSError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"[:200]
        raise GenerationError(f"{path.name} cannot be read as an OpenAPI document: {what}") from error
    return document


def steps_of_error(document: dict[str, Any], error: OpenAPIValidationError) -> tuple[Any, ...]:
    """The steps to what is not valid; the error's own begin at a schema, or are none."""
    end = tuple(error.absolute_path)
    pattern = (
        r"^(?:Operation ID|Path parameter) .* for '(\w+)' (?:operation )?in '(.*)' (?:is not unique|was not resolved)"
    )
    operation = re.search(pattern, error.message)
    if operation and not end:
        return ("paths", operation[2], operation[1])
    same = [steps for steps, each in pointers(document) if each == error.instance and steps]
    found = [steps for steps in same if (steps[len(steps) - len(end) :] == end if end else steps[-1] == "default")]
    return found[0] if found else end


def exists(document: dict[str, Any], reference: str) -> bool:
    """Whether a reference within a document leads to something."""
    found: Any = document
    for step in unquote(reference).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isdigit():
            found = dict(enumerate(found)).get(int(name))
        else:
            found = found.get(name) if isinstance(found, dict) else None
    return found is not None


def check_names_and_references(path: Path, document: dict[str, Any]) -> None:
    """Refuse what validator and generator do not report clearly: odd enums, equal names, circular references."""
    for steps, value in pointers(document):
        wrong = "" if VALUES & {*steps[:-1]} else fault_of(document, steps, value)
        if wrong:
            raise GenerationError(f"{path.name} has {wrong}, at {place(path, steps)}")
    holder = document.get("components")
    schemas = holder.get("schemas") if isinstance(holder, dict) else None
    for name, wrong in faulty_schemas(schemas if isinstance(schemas, dict) else {}):
        raise GenerationError(f"{path.name} has {wrong}, at {place(path, ['components', 'schemas', name])}")


def fault_of(document: dict[str, Any], steps: tuple[Any, ...], value: Any) -> str:
    """What is wrong with a part of a document, if anything is."""
    key, above = (*reversed(steps), None, None)[:2]
    if key == "properties" and isinstance(value, dict) and above != "properties":
        called: dict[str, str] = {}
        alike = [(called.setdefault(re.sub(r"\W", "", name), name), name) for name in value]
        twice = [each for each in alike if each[0] != each[1] and snake_case(each[0]) == snake_case(each[1])]
        return f"fields {twice[0][0]!r} and {twice[0][1]!r}, whose names in Python would be one" if twice else ""
    if key == "enum" and isinstance(value, list):
        types = {type(word) for word in value if word is not None}
        if not value:
            return "an enum without words"
        return "an enum of several types, or of fractions" if len(types) > 1 or types - {str, int, bool} else ""
    if key == "$ref" and isinstance(value, str) and not exists(document, value):
        return f"a $ref to {value}, which is not there"
    if key == "parameters" and isinstance(value, list):
        named = Counter((each.get("in"), each.get("name")) for each in value if isinstance(each, dict))
        again = [each for each, count in named.items() if count > 1 and each[1] is not None]
        return f"the parameter {again[0][1]!r} in {again[0][0]} twice" if again else ""
    return ""


def faulty_schemas(schemas: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The schemas that cannot become classes: those with the module of another one, or made of themselves."""
    called: dict[str, str] = {}
    folded = Counter(re.sub(r"\W|_", "", name).casefold() for name in schemas)
    for name in schemas if max(folded.values(), default=0) > 1 else ():
        other = called.setdefault(snake_case(name), name)
        if other != name:
            yield name, f"schemas {other!r} and {name!r}, whose modules in Python would be one"
    prefix = "#/components/schemas/"
    for first in schemas:
        seen, waiting = set[str](), [first]
        while waiting:
            schema = schemas.get(waiting.pop())
            parts = [schema, *(schema.get("allOf") or ())] if isinstance(schema, dict) else []
            references = [each.get("$ref") for each in parts if isinstance(each, dict)]
            names = {each.removeprefix(prefix) for each in references if isinstance(each, str)}
            if first in names:
                yield first, "a schema that is made of itself"
                return
            waiting += names - seen
            seen |= names


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every operation of an OpenAPI document."""
    for item in document.get("paths", {}).values():
        yield from (item[method] for method in METHODS if isinstance(item, dict) and method in item)


def show_deprecations(document: dict[str, Any]) -> None:
    """Put `deprecated` where the templates can see it: the generator itself drops it, but hands on the description."""
    for operation in operations(document):
        description = operation.get("description", "")
        if operation.get("deprecated") and not description.startswith("Deprecated: "):
            operation["description"] = f"Deprecated: {description or operation.get('summary', 'no longer to be used.')}"


def member_name(word: str, *, spelled: bool = False) -> str:
    """The name of an enum's member, which depends on its word alone; `spelled` out where two would be the same."""
    if word[:1].isalpha() and not spelled:
        return word.upper()
    name = ""
    for at, letter in enumerate(word):
        between = 0 < at < len(word) - 1 and letter in "_-./: "
        if letter.isalnum():
            name += f"LOWER_{letter.upper()}_" if spelled and letter.islower() else letter.upper()
        elif between and not spelled:
            name += "_"
        else:
            name += f"_{unicodedata.name(letter, f'U{ord(letter):X}').replace(' ', '_').replace('-', '_')}_"
    name = re.sub("_+", "_", name).strip("_") or "EMPTY"
    return name if word[:1].isalpha() else f"VALUE_{name}"


def snake_case(name: str) -> str:
    """A name as the generator puts it; it is imported when needed, since that takes most of a second."""
    from openapi_python_client import strings

    return str(strings.snake_case(name))


def member_names(words: list[str]) -> dict[str, str]:
    """The names of an enum's members by their words, whatever their order."""
    names = {word: snake_case(member_name(word)).upper() for word in words}
    twice = {name for name, count in Counter(names.values()).items() if count > 1}
    return {word: member_name(word, spelled=True) if name in twice else name for word, name in names.items()}


def name_members(node: Any) -> None:
    """Name the members of enums by their words: the generator itself numbers those that begin with no letter."""
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        name_members(inner)
    words = node.get("enum") if isinstance(node, dict) else None
    if not isinstance(words, list) or len(node.get("x-enum-varnames", ())) == len(words):
        return
    words = node["enum"] = [word for at, word in enumerate(words) if word not in words[:at] or isinstance(word, bool)]
    texts = [word for word in words if isinstance(word, str)]
    others = [word for word in words if word is not None and not isinstance(word, str)]
    if len({word.casefold() for word in texts if re.fullmatch("[A-Za-z]+", word)}) == len(texts):
        return  # plain words, which the generator names well
    names = member_names(texts)
    if texts and not others and any(names[word] != snake_case(word.upper()).upper() for word in texts):
        node["x-enum-varnames"] = [names[word] for word in texts]
        node["enum"] = texts + [None] * (None in words)


def stock_templates() -> Path:
    """The generator's own templates."""
    return Path(str(files("openapi_python_client"))) / "templates"


def with_model_template(templates: Path, folder: Path) -> Path:
    """The templates, and the generator's own for models with one line of it changed.

    Its from_dict gives the new model the name of its module, which is a local variable of a field of the same name.
    """
    shutil.copytree(templates, folder)
    stock = (stock_templates() / "model.py.jinja").read_text(encoding="utf-8")
    line = "{% set module_name = model.class_info.module_name %}\n"
    if (folder / "model.py.jinja").exists() or stock.count(line) != 1:
        raise GenerationError("the generator's model.py.jinja has changed: adapt with_model_template")
    fields = '(model.required_properties + model.optional_properties)|map(attribute="python_name")|list'
    more = f'{{% if module_name in {fields} %}}{{% set module_name = "_model" %}}{{% endif %}}\n'
    (folder / "model.py.jinja").write_text(stock.replace(line, line + more), encoding="utf-8")
    return folder


def reason(spec: Path, output: str) -> str:
    """Why the generator made no client, in one sentence, with the line and the pointer that it names.

    If a schema is reported along with operations that use it, the schema is the cause.
    """
    output = re.sub(r" for status code <[\w.]+ object at \w+>|<[\w.]+ object at \w+> ?", "", output)
    reasons = re.findall(
        r"(?m)^(?:WARNING parsing|ERROR parsing|Unable to process schema) (.+?)[.:]?\n\n((?:.+\n?)+)", output
    )
    where, what = min(reasons, key=lambda each: not each[0].startswith("/"), default=("", ""))
    operation = re.match(r"([A-Z]+) (/\S*)", where)
    steps = ["paths", operation[2], operation[1].lower()] if operation else where.split("/")[1:]
    at = f", at {place(spec, steps)}" if steps else ""
    last = [line for line in output.splitlines() if line.strip() and "issues/new" not in line][-1:]
    return f"{at}: {' '.join((what or ''.join(last)).split()) or 'the generator says nothing'}"[:400]


def same_names(document: dict[str, Any]) -> str:
    """The operations whose modules would be the same."""
    called: dict[tuple[str, str], list[str]] = {}
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if isinstance(item, dict) and method in item:
                name = item[method].get("operationId") or f"{method}_{path}"
                tag = (item[method].get("tags") or ["default"])[0]
                called.setdefault((snake_case(tag), snake_case(name)), []).append(f"{method.upper()} {path}")
    return "; ".join(" and ".join(each) for each in called.values() if len(each) > 1)


def check_parameters(spec: Path, document: dict[str, Any]) -> None:
    """Refuse a parameter that has the name of the argument for the request's body; the generator gives both to one."""
    for path, item in document.get("paths", {}).items():
        for method in (each for each in METHODS if each in item and "requestBody" in item[each]):
            for listed in (*item.get("parameters", ()), *item[method].get("parameters", ())):
                parameter = resolved(document, listed)
                if snake_case(parameter["name"]) == "body":
                    at = place(spec, ["paths", path, method])
                    what = f"a parameter {parameter['name']!r} beside a request body, at {at}"
                    raise GenerationError(f"{spec.name} has {what}: generated code would give both the same name")


def generate_client(spec: Path, templates: Path, output: Path) -> None:
    """Generate one vendor's client into `output`, a folder that does not exist yet."""
    document = without_ecma_patterns(read_spec(spec))
    if "x-draft" in document:
        at = place(spec, ["x-draft"])
        raise GenerationError(f"{spec.name} is a draft of adopt.py, at {at}: edit it, then delete x-draft")
    check_parameters(spec, document)
    show_deprecations(document)
    name_members(document)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "spec.json")
        source.write_text(json.dumps(document), encoding="utf-8")
        config = Path(scratch, "config.json")
        # Without any configuration that happens to lie above the output, and with no more rules than are needed.
        hooks = ["ruff check . --isolated --fix-only --select=F,I", "ruff format . --isolated --line-length=120"]
        config.write_text(json.dumps({"post_hooks": hooks}), encoding="utf-8")
        command = [sys.executable, "-c", GENERATOR, "generate", "--meta=none", "--fail-on-warning"]
        whole = with_model_template(templates, Path(scratch, "templates"))
        command += [f"--path={source}", f"--config={config}", f"--custom-template-path={whole}"]
        run = subprocess.run(  # noqa: S603 - the command is ours
            [*command, f"--output-path={output}"],
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode != 0:
        how = f", as signal {-run.returncode} ended the generator" if run.returncode < 0 else ""
        raise GenerationError(f"{spec.name} cannot be generated{how}{reason(spec, run.stdout + run.stderr)}")
    shutil.rmtree(output / ".ruff_cache", ignore_errors=True)
    # Of two operations with one name, the generator silently keeps the last.
    modules = [path for path in output.glob("api/*/*.py") if path.name != "__init__.py"]
    if len(modules) != sum(1 for _ in operations(document)):
        which = same_names(document)
        message = f"{spec.name} has operations of one tag with the same Python name"
        raise GenerationError(f"{message}: {which or 'give each its own operationId'}")


def generate_all(root: Path, output: Path) -> None:
    """Generate every spec of `root`/specs into `output`/settled_clients, and write `output`/lock.json."""
    specs = sorted((root / "specs").glob("*.yaml"))
    known = {*specs, *(root / "specs").glob("*.pages.json")}
    others = sorted(path.name for path in (root / "specs").glob("*") if path not in known)
    if not specs or others:
        raise GenerationError(f"specs/ must contain only *.yaml and *.pages.json: {', '.join(others) or 'it is empty'}")
    package = output / "settled_clients"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""Typed clients of the vendors\' APIs, generated from specs/."""\n')
    (package / "py.typed").touch()
    templates = root / "scripts" / "regenerate" / "templates"
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda spec: generate_client(spec, templates, package / spec.stem), specs))
    lock = {
        "generator": f"openapi-python-client {version('openapi-python-client')}",
        "enum_members": MEMBERS,
        "formatter": f"ruff {version('ruff')}",
        "specs": {spec.name: _digest(spec) for spec in specs},
        "templates": {
            str(template.relative_to(templates)): _digest(template) for template in sorted(templates.rglob("*.jinja"))
        },
        "stock_templates": {  # what ours override, as this version of the generator has it
            name: _digest(stock_templates() / name)
            for name in sorted(str(path.relative_to(templates)) for path in templates.rglob("*.jinja"))
            if (stock_templates() / name).is_file()
        },
        "output": _digest_tree(package),
    }
    (output / "lock.json").write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


def differences(fresh: Path, committed: Path) -> list[str]:
    """What is not the same in two generated folders, a line for each lock entry and file."""
    new_lock, old_lock = _read_lock(fresh), _read_lock(committed)
    found = [
        f"lock.json: {entry} was {old_lock.get(entry)}, is {new_lock.get(entry)}"
        for entry in sorted(new_lock.keys() | old_lock.keys())
        if new_lock.get(entry) != old_lock.get(entry)
    ]
    for entry in sorted(new_lock.keys() & old_lock.keys()):
        name = entry.removeprefix("stock_templates/")
        if name != entry and new_lock[entry] != old_lock[entry]:
            fault = f"the generator's {name}, which scripts/regenerate/templates/{name} overrides, has changed"
            found.append(f"{fault}: port the change")
    # An edited lock may still parse to the same entries.
    if not found and (fresh / "lock.json").read_bytes() != (committed / "lock.json").read_bytes():
        found.append("lock.json: same content, formatted differently")
    new, old = _files(fresh / "settled_clients"), _files(committed / "settled_clients")
    for name in sorted(new.keys() | old.keys()):
        if name not in old:
            found.append(f"settled_clients/{name}: missing from the committed output")
        elif name not in new:
            found.append(f"settled_clients/{name}: not generated from any spec")
        elif new[name].read_bytes() != old[name].read_bytes():
            found.append(f"settled_clients/{name}: differs from what the specs and templates generate")
    return found


def swap(fresh: Path, committed: Path) -> None:
    """Put a freshly generated folder in the place of the committed one, whole packages at a time."""
    committed.mkdir(exist_ok=True)
    beside, old = committed / ".new", committed / ".old"
    for leftover in (beside, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(fresh / "settled_clients", beside)
    package = committed / "settled_clients"
    if package.exists():
        package.rename(old)
    # Renamed rather than copied, so that no half-written package is ever imported.
    beside.rename(package)
    shutil.rmtree(old, ignore_errors=True)
    shutil.copy(fresh / "lock.json", committed / "lock.json")


def _read_lock(folder: Path) -> dict[str, str]:
    try:
        lock = json.loads((folder / "lock.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    flat: dict[str, str] = {}
    for entry, value in lock.items() if isinstance(lock, dict) else ():
        flat |= (
            {f"{entry}/{name}": digest for name, digest in value.items()} if isinstance(value, dict) else {entry: value}
        )
    return flat


def _files(package: Path) -> dict[str, Path]:
    return {
        path.relative_to(package).as_posix(): path
        for path in sorted(package.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest_tree(package: Path) -> str:
    names_and_digests = "".join(f"{name}\0{_digest(path)}\n" for name, path in _files(package).items())
    return hashlib.sha256(names_and_digests.encode()).hexdigest()


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 if something differs or cannot be generated."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say what differs from the committed output")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder (default: this one)")
    options = parser.parse_args(argv)
    committed: Path = options.root / "generated"
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, "generated")
        try:
            generate_all(options.root, fresh)
        except GenerationError as error:
            print(error, file=sys.stderr)
            return 1
        found = differences(fresh, committed)
        if options.check:
            for line in found:
                print(line)
            print(f"{len(found)} differences: run `make generate`" if found else "generated/ is up to date")
            return 1 if found else 0
        swap(fresh, committed)
        print("\n".join(found) if found else "nothing changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
