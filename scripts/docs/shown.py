"""What the reference shows in place of what is written: operations as plain functions, and options one by one.

A submit or a read is defined as a generator behind a decorator, and its asyncio twin is a value. Callers see two
functions with one result, and so does the reader. `**options: Unpack[...]` becomes the options, with their defaults.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import griffe

# Where the defaults of each set of options stand.
DEFAULTS = {"ConnectOptions": "_http.connect.client_arguments", "WaitOptions": "_core.options.WaitConfig"}
# A connect of Cortex has another default than the others.
OF_CORTEX = {"max_rate": "10"}
# The decorators of operations.
OPERATIONS = (".operation", ".iteration")
# Types that are finer than what a reader needs.
FOR_CHECKERS = {"Strings": "Iterable[str]"}
# What users need of the generated clients and of the kinds of job; the rest is for Settled's own use.
SHOWN = {
    "AuthenticatedClient": {
        *("with_headers", "with_cookies", "with_timeout", "close", "aclose"),
        *("get_httpx_client", "get_async_httpx_client"),
    },
    "JobKind": {"name", "terminal", "running", "body"},
}
# And what other classes have for it besides.
HIDDEN = {
    "Simulator": {"make", "jobs", "answer", "spoil", "note"},
    "VirtualClock": {"sleep", "sleep_async", "rest", "at_work", "watch"},
}


class AsCalled(griffe.Extension):
    """Shows functions as their callers see them."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Change what is written of a package that has been read."""
        for module in [*_modules(pkg)]:
            for name, of in module.members.items():
                if isinstance(of, griffe.Class):
                    members = {member for member in of.members if not member.startswith("_")}
                    for member in (members - SHOWN.get(name, members)) | (members & HIDDEN.get(name, set())):
                        of.del_member(member)
        if pkg.name != "settled":
            return
        for module in [*_modules(pkg)]:
            for function in [*_functions(module)]:
                if any(decorator.callable_path.endswith(OPERATIONS) for decorator in function.decorators):
                    function.returns = _result(function.returns, "Iterator")
                _list_options(function, pkg)
                _spell_out(function)
        for module in [*_modules(pkg)]:
            for name, attribute in [*module.attributes.items()]:
                twin = re.search(r"\basynchronous(_iteration)?\((\w+)\)", str(attribute.value))
                if not attribute.is_alias and twin is not None:
                    module.set_member(name, _asynchronous(name, attribute, module.functions[twin[2]]))


def _modules(module: griffe.Module) -> Iterator[griffe.Module]:
    yield module
    for member in module.modules.values():
        if not member.is_alias:
            yield from _modules(member)


def _functions(of: griffe.Module | griffe.Class) -> Iterator[griffe.Function]:
    for member in of.members.values():
        if isinstance(member, griffe.Function):
            yield member
        elif isinstance(member, griffe.Class):
            yield from _functions(member)


def _result(returns: Any, iterator: str) -> Any:
    """What an operation returns, which is written as the end of its steps or as its items."""
    if not isinstance(returns, griffe.ExprSubscript):
        return returns
    if str(returns.left) == "Steps":
        return returns.slice
    is_iterated = str(returns.left) in ("Items", "Iterator")
    return griffe.ExprSubscript(iterator, returns.slice) if is_iterated else returns


def _asynchronous(name: str, attribute: griffe.Attribute, of: griffe.Function) -> griffe.Function:
    twin = griffe.Function(name, lineno=attribute.lineno, endlineno=attribute.endlineno, parent=attribute.parent)
    twin.parameters, twin.returns = of.parameters, _result(of.returns, "AsyncIterator")
    # An asynchronous iterator is returned at once, and awaited item by item.
    twin.labels = set() if twin.returns is not of.returns else {"async"}
    text = f"`{of.name}` for asyncio: the same arguments, result and errors."
    twin.docstring = griffe.Docstring(text, parent=twin)
    return twin


def _list_options(function: griffe.Function, package: griffe.Module) -> None:
    """Put the options themselves in place of `**options`, and tell what each of them is."""
    star = next((each for each in function.parameters if each.kind is griffe.ParameterKind.var_keyword), None)
    named = re.fullmatch(r"Unpack\[(\w+)(?:\[\w+\])?\]", str(star.annotation)) if star is not None else None
    if star is None or named is None:
        return
    of = _resolved(function, named[1])
    defaults = _defaults(package, named[1]) if named[1] in DEFAULTS else {}
    if (function.module.name.startswith("cortex") or "cortex" in function.path) and function.name.startswith("connect"):
        defaults |= OF_CORTEX
    documented = {each.name: each for section in _sections(of) for each in section.value}
    del function.parameters[star.name]
    options = list[griffe.DocstringParameter]()
    for each in _fields(of):
        annotation, is_required = _required(each.annotation)
        annotation = _spelt(annotation, of.module)
        default = None if is_required else defaults.get(each.name, "...")
        if default == "None" and "None" not in str(annotation):
            default = "..."
        function.parameters.add(
            griffe.Parameter(each.name, annotation=annotation, kind=griffe.ParameterKind.keyword_only, default=default)
        )
        text = documented[each.name].description if each.name in documented else ""
        options.append(griffe.DocstringParameter(each.name, annotation=annotation, description=text, value=default))
    if function.docstring is not None and any(each.description for each in options):
        function.docstring.parser = griffe.Parser.google
        sections = function.docstring.parsed
        sections.insert(1, griffe.DocstringSectionParameters(options, title="Options:"))


def _spell_out(function: griffe.Function) -> None:
    """Put what private names stand for in place of them: aliases of types, and constants."""
    for each in function.parameters:
        if isinstance(each.annotation, griffe.Expr):
            each.annotation = _spelt(each.annotation, function.module)
        if isinstance(each.default, griffe.ExprName):
            each.default = _constant(function.module, str(each.default))


def _spelt(annotation: Any, module: Any) -> Any:
    """An annotation in which private aliases are written out."""
    if isinstance(annotation, griffe.ExprName):
        if annotation.name in FOR_CHECKERS:
            return FOR_CHECKERS[annotation.name]
        named: Any = _target(module, annotation.name) if annotation.name in module.members else None
        is_alias = isinstance(named, griffe.Attribute) and isinstance(
            named.value, griffe.ExprBinOp | griffe.ExprSubscript
        )
        return _spelt(named.value, named.module) if is_alias and "._" in named.path else annotation
    if isinstance(annotation, griffe.ExprBinOp):
        return griffe.ExprBinOp(_spelt(annotation.left, module), annotation.operator, _spelt(annotation.right, module))
    return annotation


def _target(module: Any, name: str) -> Any:
    found = module.members[name]
    try:
        return found.final_target if isinstance(found, griffe.Alias) else found
    except griffe.AliasResolutionError:  # of another package
        return None


def _resolved(function: griffe.Function, name: str) -> griffe.Class:
    found = function.module[name]
    value = found.final_target if isinstance(found, griffe.Alias) else found
    if not isinstance(value, griffe.Class):
        raise TypeError(f"{name} in {function.path} is no class")
    return value


def _fields(of: griffe.Class) -> Iterator[griffe.Attribute]:
    """The fields of a TypedDict, those of its bases first."""
    for base in of.resolved_bases:
        if isinstance(base, griffe.Class):
            yield from _fields(base)
    yield from (member for member in of.members.values() if isinstance(member, griffe.Attribute))


def _sections(of: griffe.Class) -> Iterator[griffe.DocstringSectionAttributes]:
    for base in of.resolved_bases:
        if isinstance(base, griffe.Class):
            yield from _sections(base)
    if of.docstring is not None:
        of.docstring.parser = griffe.Parser.google
        for section in of.docstring.parsed:
            if isinstance(section, griffe.DocstringSectionAttributes):
                yield section


def _required(annotation: Any) -> tuple[Any, bool]:
    is_required = isinstance(annotation, griffe.ExprSubscript) and str(annotation.left) == "Required"
    return (annotation.slice, True) if is_required else (annotation, False)


def _defaults(package: griffe.Module, name: str) -> dict[str, str]:
    """The defaults of options: of a function's parameters, or of a class's fields."""
    found = package[DEFAULTS[name]]
    if isinstance(found, griffe.Function):
        written = {each.name: str(each.default) for each in found.parameters if each.default is not None}
    else:
        written = {each.name: _of_field(str(each.value)) for each in found.attributes.values()}
    return {name: _constant(found.module, value) for name, value in written.items()}


def _of_field(value: str) -> str:
    default = re.search(r"\bfield\(.*?\bdefault=([^,)]+)", value)
    return default[1] if default else value


def _constant(module: Any, value: str) -> str:
    """A default as a number, where it is written as a name."""
    if not value.isidentifier() or value in {"None", "True", "False"}:
        return value
    named = _target(module, value) if value in module.members else None
    text = str(named.value) if isinstance(named, griffe.Attribute) else value
    try:
        return repr(eval(text, {"__builtins__": {}}))  # noqa: S307 - a number that our own code writes as a product
    except NameError:
        return ast.unparse(ast.parse(text, mode="eval"))
