"""Count names that do not say what a thing is: pronouns and participles (``one``, ``told``).

    python tools/names.py [--most SHARE] [--list N]

A bound name is a parameter, a variable, an attribute that is set, a loop's or a comprehension's
variable. A name is empty if each of its words is in ``EMPTY``: ``one`` is, ``one_stream`` is not.
``--most`` ends with an error if the share of empty names is larger; ``make check`` passes the share
that was reached, so that it only falls. The aim is 0.02; sigstore-python has 0.001, dissect.target
0.002.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "cautery"
EMPTY = frozenset(
    """
    one ones each other others mine ours theirs his hers it them they this that these those such
    some any all both none every own more most many much less few rest again still there here
    told said asked held found shown known kept seen given made taken had got done gone left lost
    read written sent heard met named meant wanted brought bought drawn chosen called put set
    """.split()  # noqa: SIM905 - a list to be read
)
EXCEPTIONS = {
    "read": "a verb of ports and readers: `ledger.read`",
    "set": "the type",
    "left": "a side of a drawing",
    "all": "a column of a table that holds all",
}
"""Names that say what they are where they stand, each with its reason."""


def bound_names(tree: ast.AST) -> Iterator[str]:
    """Yield each name that a module binds, once for each binding."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def is_empty(name: str) -> bool:
    """Tell whether no word of a name says what the thing is."""
    words = [word for word in name.lower().split("_") if word]
    return bool(words) and name not in EXCEPTIONS and all(word in EMPTY for word in words)


def main() -> int:
    """Print the share of each package and of all; return 1 if it is too large."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--most", type=float, metavar="SHARE", help="the largest share allowed")
    ask.add_argument("--list", type=int, default=0, metavar="N", help="show the N commonest")
    asked = ask.parse_args()
    bound: Counter[str] = Counter()
    empty: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for path in sorted(PACKAGE.rglob("*.py")):
        package = path.relative_to(PACKAGE).parts[0]
        for name in bound_names(ast.parse(path.read_text(encoding="utf-8"))):
            bound[package] += 1
            if is_empty(name):
                empty[package] += 1
                names[name] += 1
    share = empty.total() / bound.total()
    if asked.list:
        for package in sorted(bound, key=lambda one: -empty[one]):
            print(f"{package:16} {empty[package]:6,} of {bound[package]:6,}")
        print(", ".join(f"{name} {count}" for name, count in names.most_common(asked.list)))
    line = f"{empty.total():,} of {bound.total():,} bound names say nothing: {share:.3f}"
    if asked.most is not None and share > asked.most:
        print(f"{line}, over {asked.most}; --list 40 shows which", file=sys.stderr)
        return 1
    print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
