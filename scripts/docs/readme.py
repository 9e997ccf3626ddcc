"""Write what README and site say of the code and the specs: the systems, their status words, the command's options.

python scripts/docs/readme.py writes it; with --check it changes nothing, and exits 1 if something is stale.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from settled import JobKind
from settled._core.job import model_of
from settled.cli._app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = Path("scripts", "docs", "pages", "reference")
sys.path.append(str(ROOT / "scripts" / "regenerate"))

from generate import read_spec  # noqa: E402 - found only now

BEGIN = "<!-- {0}: written by scripts/docs/readme.py -->\n"
END = "<!-- end of {0} -->\n"


def systems() -> str:
    """A table of the products, in Markdown."""
    lines = ["| product | module | jobs to wait for |", "| --- | --- | --- |"]
    for spec, vendor in _vendors():
        jobs = ", ".join(f"`{kind.name.partition('.')[2]}`" for kind in vendor.KINDS)
        lines.append(f"| {spec['info']['title']} | `settled.{_name(vendor)}` | {jobs} |")
    return "\n".join(lines) + "\n"


def status_words() -> str:
    """What each kind of job is, and which words it has: narrow tables, for narrow screens."""
    return "\n".join(_kind(spec, kind) for spec, vendor in _vendors() for kind in vendor.KINDS)


def commands() -> str:
    """What each command does, with every option."""
    group: Any = typer.main.get_command(app)
    texts = [_command("settled", group), *(_command(f"settled {name}", each) for name, each in group.commands.items())]
    return "\n".join(texts)


PLACES = {
    "systems": (Path("README.md"), systems),
    "status words": (PAGES / "systems.md", status_words),
    "commands": (PAGES / "command-line.md", commands),
}


def _vendors() -> Iterator[tuple[dict[str, Any], Any]]:
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        yield read_spec(path), importlib.import_module(f"settled.{path.stem}")


def _name(vendor: Any) -> str:
    return str(vendor.__name__).rpartition(".")[2]


def _kind(spec: dict[str, Any], kind: JobKind[Any]) -> str:
    source = _operation(spec, kind)["x-source"]
    vendor, _, job = kind.name.partition(".")
    body = _body_type(kind)
    return "\n".join(
        [
            f"## {spec['info']['title']}: `{job}`\n",
            f"- The job: `{vendor}.{job}(client, id)`, with the ref `{kind.name}/<id>`",
            f"- `body`: [`{body}`](clients/{vendor}.md#settled_clients.{vendor}.models.{body})",
            f'- From the page "{source["title"]}" ({source["product"]})\n',
            "| word | outcome |",
            "| --- | --- |",
            *(f"| `{word}` | running |" for word in sorted(kind.running)),
            *([] if kind.running else ["| any other word | running |"]),
            *(f"| `{member.value}` | {member.outcome} |" for member in kind.terminal),
            "",
        ]
    )


def _operation(spec: dict[str, Any], kind: JobKind[Any]) -> dict[str, Any]:
    request = kind.request(kind.example_id())
    for path, item in spec["paths"].items():
        if request["method"] in item and re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(path)), request["url"]):
            operation: dict[str, Any] = item[request["method"]]
            return operation
    raise LookupError(f"no operation of the spec is what {kind} asks for: {request}")


def _body_type(kind: JobKind[Any]) -> str:
    model: type = model_of(kind)
    return model.__name__


def _command(name: str, command: Any) -> str:
    # Typer's commands are click's or its own copies of them, by its version: hence Any.
    context = command.context_class(command, info_name=name)
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    lines = [f"## `{name}`\n", inspect.cleandoc(command.help or ""), ""]
    lines += [_item([each.make_metavar(context).strip("[]")], each.help) for each in arguments]
    for each in options:
        value = "" if each.is_flag else " " + re.sub(r"<.+>", "N", each.make_metavar(context))
        is_plain = isinstance(each.default, int | float) and not each.is_flag
        texts = [each.help, f"Default: `{each.default}`." if is_plain else "", "Required." if each.required else ""]
        lines.append(_item([f"{spelling}{value}" for spelling in each.opts], " ".join(filter(None, texts))))
    return "\n".join([*lines, ""])


def _item(names: list[str], text: str) -> str:
    spelt = ", ".join(f"`{name}`" for name in names)
    return textwrap.fill(f"- {spelt}: {text}", 118, subsequent_indent="  ", break_on_hyphens=False)


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 1 if something is stale or has no place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    options = parser.parse_args(argv)
    stale = 0
    for what, (place, write) in PLACES.items():
        begin, end = BEGIN.format(what), END.format(what)
        text = (ROOT / place).read_text(encoding="utf-8")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        if end not in rest:
            print(f"{place} has no place for the {what}: {begin.strip()} ... {end.strip()}", file=sys.stderr)
            return 1
        fresh = f"{before}{begin}\n{write()}\n{end}{after}"
        if fresh == text:
            continue
        stale += 1
        if options.check:
            print(f"{place}: the {what} are stale: run `make readme`")
        else:
            (ROOT / place).write_text(fresh, encoding="utf-8")
            print(f"{place}: the {what} are written anew")
    if options.check and not stale:
        print("README and site are what code and specs say")
    return min(stale, 1) if options.check else 0


if __name__ == "__main__":
    sys.exit(main())
