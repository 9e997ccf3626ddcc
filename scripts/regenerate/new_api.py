r"""Begin a new vendor's API: write its spec, overlay module, test and page, with the places to fill in marked FILL IN.

    python scripts/regenerate/new_api.py harbor --auth basic --path "/replication/executions/{id}" --progress \
        --submit /replication/executions --by-location

The result is valid as written, so generation and tests point out each slip. The options say what the vendor's page
shows: how to sign in, the path of a job with all parts of its id in braces, whether a second word says how it ended,
whether it reports progress or parts, and where a job is started.

The exit code is 0, or 3 if a name or a path cannot be used; then nothing is written.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import datetime
import keyword
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).with_suffix("")
FILES = {
    "spec.yaml": "specs/{}.yaml",
    "module.py": "overlay/settled/{}.py",
    "test.py": "tests/vendors/test_{}.py",
    "page.md": "scripts/docs/pages/reference/{}.md",
}
PATH = "/jobs/{id}"
RESERVED = {"client", "cls", "conftest", "httpx", "job", "outcome", "pytest", "self", "settled", "settled_clients"}
# How to sign in: the parameters of `connect`, a test's arguments, the header that they make, and the variables' names.
SIGN_IN = {
    "token": ("base_url: str, *, token: Secret", 'token="t1"', "t1", "the token SETTLED_{}_TOKEN"),
    "bearer": ("base_url: str, *, token: Secret", 'token="t1"', "Bearer t1", "the token SETTLED_{}_TOKEN"),
    "basic": (
        "base_url: str, *, username: str, password: Secret",
        'username="u", password="p1"',
        "Basic dTpwMQ==",
        "SETTLED_{}_USERNAME and _PASSWORD",
    ),
    "oauth": (
        "base_url: str, *, client_id: str, client_secret: str",
        'client_id="c1", client_secret="s1"',
        "Bearer t1",
        "SETTLED_{}_CLIENT_ID and _CLIENT_SECRET",
    ),
    "cortex": (
        "base_url: str, *, key_id: int | str, key: Secret, advanced: bool = False",
        'key_id=7, key="k1"',
        "k1",
        "SETTLED_{}_KEY_ID, _KEY and _KEY_TYPE",
    ),
}


class UnusableName(Exception):
    """A name that a new vendor, or its kind of job, cannot have; or a path that its jobs cannot have."""


def targets(name: str, root: Path) -> dict[str, Path]:
    """The file to write for each template."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise UnusableName(f"{name!r} is not a module name: use lower-case letters, digits and underscores")
    files = {template: root / path.format(name) for template, path in FILES.items()}
    *others, page = files.values()
    taken = [*others, root / "overlay" / "settled" / name, root / "generated" / "settled_clients" / name, page]
    for path in taken:
        if path.exists():
            raise UnusableName(f"{name} is taken: {path.relative_to(root)} exists")
    # A vendor of the name of an export would hide it.
    package = root / "overlay" / "settled" / "__init__.py"
    if f'"{name}"' in package.read_text(encoding="utf-8"):
        raise UnusableName(f"{name} is taken: {package.relative_to(root)} exports it")
    modules = {path.stem.strip("_") for path in (root / "overlay" / "settled").rglob("*.py")}
    if name in modules | RESERVED | sys.stdlib_module_names | {*dir(builtins)} or keyword.issoftkeyword(name):
        raise UnusableName(f"{name} is taken: Python, the package or its tests use that name")
    return files


def register(name: str, kind: str, enums: str, root: Path) -> bool:
    """Name the new kind and its status enums where the tests of all kinds look, and its page in the documentation.

    False if one of the two is nowhere to be found.
    """
    tests, pages = root / "tests" / "core" / "test_kinds.py", root / "scripts" / "docs" / "zensical.toml"
    head, found, rest = tests.read_text(encoding="utf-8").partition("STATUS_ENUMS = {\n")
    if found:
        lines, end, after = rest.partition("}\n")
        every = sorted([*lines.splitlines(keepends=True), f'    "{kind}": "{enums}",\n'])
        tests.write_text("".join((head, found, *every, end, after)), encoding="utf-8")
    text = pages.read_text(encoding="utf-8")
    before, simulator, others = text.partition('    { "settled.simulator" = ')
    between, clients, rest = others.partition('      { "Call an operation" = "reference/clients.md" },\n')
    if simulator and clients:
        line = f'    {{ "settled.{name}" = "reference/{name}.md" }},\n'
        clients += f'      {{ "{name}" = "reference/clients/{name}.md" }},\n'
        text = f"{before}{line}{simulator}{between}{clients}{rest}"
    pages.write_text(text, encoding="utf-8")
    return bool(found and simulator and clients)


def template_values(options: argparse.Namespace) -> dict[str, Any]:
    """What the templates are rendered with; UnusableName if a path or the word for a job cannot be used."""
    name, job = options.name, options.job
    path_names, id_names = names_in(options.path)
    submit = options.path.rpartition("/")[0] if options.submit is True else options.submit
    submit_path_names, submit_names = names_in(submit or "")
    if not id_names:
        raise UnusableName(f"{options.path} has no job id: write it in braces, as in /jobs/{{id}}")
    if submit and (missing := [each for each in id_names[:-1] if each not in submit_names]):
        raise UnusableName(f"{submit} has no {{{missing[0]}}}, which is a part of the job id")
    connect_arguments, credentials, signed, variables = SIGN_IN[options.auth]
    terminal = f"{camel(name)}{camel(job)}Terminal"
    functions = ["connect", "connect_from_env", job, *([f"start_{job}", f"start_{job}_async"] if submit else [])]
    return vars(options) | {
        "Name": camel(name),
        "NAME": name.upper(),
        "Job": camel(job),
        "JOB": job.upper(),
        "a": "an" if job[0] in "aeiou" else "a",
        "path_names": path_names,
        "id_names": id_names,
        "several": len(id_names) > 1,
        "submit": submit,
        "submit_path_names": submit_path_names,
        "submit_names": submit_names,
        "connect_arguments": connect_arguments,
        "credentials": credentials,
        "signed": signed,
        "variables": variables.format(name.upper()),
        "today": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "public": sorted(["KINDS", "AuthenticatedClient", terminal, *functions], key=_as_ruff_sorts),
        "fill_in_path": " # FILL IN" if options.path == PATH else "",
        "fill_in_submit": " # FILL IN" if options.submit is True else "",
        "example_path": re.sub(r"\{.*?\}", "17", options.path),
        "example_submit": re.sub(r"\{.*?\}", "17", submit or ""),
        "example_started": re.sub(r"\{.*?\}", "17", options.path).removesuffix("17") + "18",
        "example_ids": ", ".join('"17"' for _ in id_names),
        "submit_examples": "".join('"17", ' for _ in submit_names),
        "started_id": "/".join([*("17" for _ in id_names[:-1]), "18"]),
    }


def names_in(path: str) -> tuple[list[str], list[str]]:
    """The names in the braces of a path, as they are and as Python spells them."""
    names = re.findall(r"\{(.*?)\}", path)
    spelled = [re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", each).lower() for each in names]
    if path and not re.fullmatch(r"(/[\w.~-]+|/\{[A-Za-z]\w*\})+", path):
        raise UnusableName(f"{path!r} is not a path such as /jobs/{{id}}: each part is a word, or a name in braces")
    if len({*spelled}) < len(names) or any(map(keyword.iskeyword, spelled)):
        raise UnusableName(f"{path!r} has names in braces that are not valid names of Python arguments")
    return names, spelled


def camel(name: str) -> str:
    """A name as that of a class."""
    return "".join(map(str.capitalize, name.split("_")))


def _as_ruff_sorts(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """A template's text for a vendor."""
    environment = jinja2.Environment(  # noqa: S701 - what it writes is no HTML
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    text = environment.get_template(f"{template}.jinja").render(values)
    if not template.endswith(".py"):
        return text
    # Names of different lengths break lines elsewhere, and imports sort by them.
    for rules in (["check", "--select=I", "--fix-only", "--quiet"], ["format"]):
        command = [sys.executable, "-m", "ruff", *rules, f"--config={ROOT / 'pyproject.toml'}", "-"]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return text


def check_job(values: Mapping[str, Any]) -> None:
    """Raise UnusableName if the word for a job is a name that the module needs for something else."""
    job = values["job"]
    # Fill the module with a word that is free: then every other name in it is one to avoid.
    tree = ast.parse(rendered("module.py", {**values, "job": "job_"}))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {alias.asname or alias.name for node in ast.walk(tree) if hasattr(node, "names") for alias in node.names}
    used |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    if not re.fullmatch("[a-z]+(_[a-z]+)*", job) or keyword.iskeyword(job) or keyword.issoftkeyword(job):
        raise UnusableName(f"{job!r} is not a name for a job: use lower-case letters and underscores")
    if job in used | {*dir(builtins)}:
        raise UnusableName(f"{job} is taken: Python or the module itself uses that name")


def parsed(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("name", help="the vendor's, as a Python module")
    add("--auth", choices=SIGN_IN, default="token", help="how to sign in")
    add("--job", default="job", help="what a job is called (default: %(default)s)")
    add("--path", default=PATH, help="where a job is polled, its id in braces (default: %(default)s)")
    add("--conclusion", action="store_true", help="a second word says how a job ended")
    add("--progress", action="store_true", help="replies say how much is done, of how much")
    add("--parts", action="store_true", help="replies say how each part is doing")
    add("--submit", nargs="?", const=True, metavar="PATH", help="a job is started with a POST there")
    add("--by-location", action="store_true", help="the reply to a submit has the job in its Location, and no body")
    add("--root", type=Path, default=ROOT, help="the project's folder (default: this one)")
    options = parser.parse_args(argv)
    if options.by_location and not options.submit:
        parser.error("--by-location describes the reply to a submit: give --submit, too")
    return options


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0, or 3 if a name or a path cannot be used."""
    options = parsed(argv)
    try:
        files = targets(options.name, options.root)
        values = template_values(options)
        check_job(values)
        texts = {path: rendered(template, values) for template, path in files.items()}
        kind, job = f"{options.name}.{options.job}", camel(options.job)
        enums = f"{job}Status {job}Conclusion" if options.conclusion else f"{job}Status"
        is_registered = register(options.name, kind, enums, options.root)
    except (UnusableName, OSError) as error:
        print(error, file=sys.stderr)
        return 3
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        print(f"{path}: {text.count('FILL IN')} places to fill in")
    if not is_registered:
        print(
            f"add {kind} and its enums of status words to STATUS_ENUMS in tests/core/test_kinds.py, "
            "and its pages to scripts/docs/zensical.toml"
        )
    print("then run `make generate readme test`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
