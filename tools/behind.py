"""Compare every pin with the newest release: a pin that is behind has a reason, and a reason a pin.

Exit codes: 0 all is as requirements/pins.toml says, 1 it is not, 3 nothing could be compared.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import pins

UNKNOWN = 3


class UnreachableError(Exception):
    """No package index answers."""


def newest(names: Iterable[str]) -> dict[str, set[str]]:
    """Ask the package index, through uv, for the newest releases of each package by itself.

    There are several where the newest does not run on the oldest Python that Cautery runs on.

    Raises
    ------
    UnreachableError
        If it gives no answer.
    """
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "compile", "-", "--no-deps", "--no-header"),
            *("--universal", "--python-version", "3.11", "--no-emit-index-url", "--quiet"),
        ],
        input="\n".join(names),
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        raise UnreachableError(asked.stderr.strip())
    answer: dict[str, set[str]] = {}
    for pin in pins.parse_pins(asked.stdout):
        answer.setdefault(pin.name, set()).add(pin.version)
    return answer


def judge(
    pinned: Iterable[tuple[str, str]], answer: dict[str, set[str]], reasons: pins.Reasons
) -> list[str]:
    """Say what requirements/pins.toml has to learn."""
    versions: dict[str, set[str]] = {}
    for name, version in pinned:
        versions.setdefault(name, set()).add(version)
    wrong = []
    for name, held in sorted(versions.items()):
        later = answer.get(name, set()) - held
        row = reasons.behind.get(name)
        if name not in answer:
            wrong.append(f"{name}: the index does not know it")
        elif later and row is None:
            wrong.append(f"{name}: {', '.join(sorted(later))} is out; pin it, or say why not")
        elif later and row is not None and row.newest not in later:
            wrong.append(f"{name}: {', '.join(sorted(later))} is out; does the reason still hold?")
        elif not later and row is not None:
            wrong.append(f"{name}: is the newest now; its reason can go")
    return wrong


def main() -> int:
    """Compare; return the exit code."""
    pinned = pins.releases(pins.read_sets())
    try:
        answer = newest(sorted({name for name, _ in pinned}))
    except UnreachableError as error:
        print(f"not compared: no package index answers ({error})", file=sys.stderr)
        return UNKNOWN
    wrong = judge(pinned, answer, pins.read_reasons())
    for line in wrong:
        print(f"behind: {line}", file=sys.stderr)
    if not wrong:
        print(f"{len(pinned)} pins compared; date `compared` in requirements/pins.toml anew")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
