"""What the overlay's source says of the kinds of job: which words are terminal, with what outcome; which run."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spec_tree import Problem


@dataclass(frozen=True)
class JobTable:
    """What an overlay module says of one kind of job: the fate of each word is an outcome, or `running`."""

    name: str
    module: str
    enum: str
    body: str
    fates: dict[str, str]
    reads: tuple[tuple[str, ...], ...] = ()  # the fields that the reader takes the status from, from the body down

    def decides(self, word: str) -> bool:
        """Whether a status word is in the tables, in any letter case."""
        return word.casefold() in {known.casefold() for known in self.fates}


def read_tables(source: str, module: str, folder: Path | None = None) -> dict[str, JobTable]:
    """The kinds of job that an overlay module's source defines, by name.

    What several modules share, such as terminal words, is looked up in the private modules that it is imported from,
    which are in a `folder`.
    """
    try:
        own = ast.parse(source).body
        body = [*_imported(own, folder), *own]
        enums = {node.name: node.body for node in body if isinstance(node, ast.ClassDef)}
        values = {ast.unparse(node.targets[0]): node.value for node in body if isinstance(node, ast.Assign)}
        imports = [alias for node in body if isinstance(node, ast.ImportFrom) for alias in node.names]
        functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
        jobs = {}
        for call in values.values():
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "JobKind":
                arguments = {keyword.arg: keyword.value for keyword in call.keywords}
                name, enum = ast.literal_eval(arguments["name"]), ast.unparse(arguments["terminal"])
                fates = dict.fromkeys(sorted(_words(arguments["running"], values)), "running")
                for member in enums[enum]:
                    if isinstance(member, ast.Assign) and isinstance(member.value, ast.Tuple):
                        word, outcome = member.value.elts
                        fates[ast.literal_eval(word)] = ast.unparse(outcome).rpartition(".")[2]
                model = _model(ast.unparse(arguments["decode"]), functions)
                model = next((alias.name for alias in imports if alias.asname == model), model)
                reader = functions.get(ast.unparse(arguments["read"])) if "read" in arguments else None
                jobs[name] = JobTable(name, module, enum, model, fates, status_fields(reader) if reader else ())
    except (SyntaxError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise Problem(f"the terminal tables of {module} cannot be read from its source: {what}") from error
    return jobs


def _model(decoder: str, functions: Mapping[str, ast.FunctionDef]) -> str:
    """The model that a kind decodes replies into: `decode` is its method, or a function that says it returns one."""
    if decoder in functions and (returned := functions[decoder].returns) is not None:
        return ast.unparse(returned).rpartition(".")[2]
    return decoder.partition(".")[0]


def _imported(body: Iterable[ast.stmt], folder: Path | None) -> Iterator[ast.stmt]:
    """The definitions that are imported from a vendor's private modules by their own names."""
    for node in body:
        if folder is not None and isinstance(node, ast.ImportFrom) and node.level == 1 and node.module is not None:
            path = folder.joinpath(*node.module.split(".")).with_suffix(".py")
            names = {alias.name for alias in node.names}
            for each in ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else ():
                defines = isinstance(each, ast.ClassDef | ast.FunctionDef) and each.name in names
                if defines or (isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) in names):
                    yield each


def status_fields(reader: ast.FunctionDef) -> tuple[tuple[str, ...], ...]:
    """The paths of fields that a reader hands to `Reading` as the status; none if its source does not tell."""
    values: dict[str, ast.expr] = {}
    status: ast.expr | None = None
    for node in ast.walk(reader):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            values.setdefault(ast.unparse(target), node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Reading" and status is None:
            named = [keyword.value for keyword in node.keywords if keyword.arg == "status"]
            status = next(iter([*node.args[:1], *named]), None)
    return tuple(path for path in _paths(status, values, set()) if path) if status is not None else ()


def _paths(  # noqa: PLR0911 - one for each form of expression
    node: ast.expr, values: Mapping[str, ast.expr], seen: set[str]
) -> list[tuple[str, ...]]:
    """The paths from the body to what an expression reads."""
    if isinstance(node, ast.Name):
        if node.id not in values or node.id in seen:
            return [()]
        return _paths(values[node.id], values, seen | {node.id})
    if isinstance(node, ast.BoolOp):
        return [path for value in node.values for path in _paths(value, values, seen)]
    if isinstance(node, ast.IfExp):
        return [*_paths(node.body, values, seen), *_paths(node.orelse, values, seen)]
    holder, key = node, None
    if isinstance(node, ast.Subscript):
        holder, key = node.value, node.slice
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        holder, key = node.func.value, node.args[0] if node.func.attr == "get" and node.args else None
    elif isinstance(node, ast.Call) and node.args:
        return _paths(node.args[0], values, seen)  # str(raw["status"]) and the like
    else:
        return []
    above = _paths(holder, values, seen)
    names = (key.value,) if isinstance(key, ast.Constant) and isinstance(key.value, str) else ()
    return [(*path, *names) for path in above]


def _words(node: ast.expr, values: Mapping[str, ast.expr]) -> set[str]:
    if isinstance(node, ast.Name):
        return _words(values[node.id], values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _words(node.left, values) | _words(node.right, values)
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "frozenset":
        return _words(node.args[0], values) if node.args else set()
    return set(ast.literal_eval(node))
