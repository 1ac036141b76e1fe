"""Every module can be imported; an import inside a function says why it stands there."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "cautery"
BARE = re.compile(r"#\s*noqa: [A-Z0-9, ]+$")
"""Switches a rule off, and does not say why."""


def inner_imports(tree: ast.Module) -> Iterator[list[ast.stmt]]:
    """Yield the runs of imports that stand in functions."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for block in ast.walk(function):
            for statements in (getattr(block, name, ()) for name in ("body", "orelse")):
                run: list[ast.stmt] = []
                for statement in statements if isinstance(statements, list) else ():
                    if isinstance(statement, ast.Import | ast.ImportFrom):
                        run.append(statement)
                    elif run:
                        yield run
                        run = []
                if run:
                    yield run


def says_why(run: list[ast.stmt], lines: list[str]) -> bool:
    """Tell whether a comment stands on the line before the run, or on one of its own."""
    first, last = run[0].lineno - 1, run[-1].end_lineno or run[-1].lineno
    candidates = [lines[first - 1].strip(), *lines[first:last]]
    return any("#" in line and not BARE.search(line) for line in candidates)


def test_an_import_inside_a_function_says_why() -> None:
    silent = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        lines = text.splitlines()
        silent += [
            f"{path.relative_to(ROOT)}:{run[0].lineno}"
            for run in inner_imports(ast.parse(text))
            if not says_why(run, lines)
        ]
    assert not silent


def test_every_module_can_be_imported() -> None:
    paths = [path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py")]
    names = [
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in paths
        if path.name != "__main__.py" and "in_bag" not in path.parts  # those run alone
    ]
    assert len(names) > 500
    assert [importlib.import_module(name).__name__ for name in names] == names


def test_what_the_benches_import_from_cautery_exists() -> None:
    """At their head: inside a function they may ask an earlier release for what it had."""
    paths = sorted((ROOT / "bench").rglob("*.py"))
    wanted = [
        (path.relative_to(ROOT), line.module or "", alias.name)
        for path in paths
        for line in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(line, ast.ImportFrom) and (line.module or "").partition(".")[0] == "cautery"
        for alias in line.names
    ]
    assert len(wanted) > 500
    missing = [one for one in wanted if not has(*one[1:])]
    assert not missing


def has(module: str, name: str) -> bool:
    """Tell whether a module has such a name, or such a module in it."""
    try:
        if hasattr(importlib.import_module(module), name):
            return True
        importlib.import_module(f"{module}.{name}")
    except ImportError:
        return False
    return True
