"""Run a verifier over the public set of cases beside this file, and say where it is wrong.

It needs Python 3.11.4 or later and nothing else. README.md says how to write the command.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PATIENCE_S = 60.0


def unpacked(case: dict[str, Any], folder: Path) -> Path:
    """Lay a case into an empty folder; return where it lies."""
    if "folder" in case:
        shutil.copytree(HERE / case["folder"], folder / "case")
    else:
        with tarfile.open(HERE / case["archive"]) as tar:
            tar.extractall(folder, filter="tar")  # "data" would refuse the pipe
    return folder / "case"


def arguments(template: str, case: Path, about: dict[str, Any]) -> list[str]:
    """Return the command for a case."""
    places = {
        "{case}": str(case),
        "{key}": str(HERE / about["key"]),
        "{signers}": str(HERE / about["signers"]) if about["signers"] else "",
    }
    words = shlex.split(template)
    for place, value in places.items():
        words = [word.replace(place, value) for word in words]
    return words


def verdict(command: list[str], codes: dict[int, str]) -> str:
    """Run a command; return the verdict that its exit code stands for."""
    try:
        ran = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return "hangs"
    if ran.returncode < 0:
        return "crashes"
    return codes.get(ran.returncode, "broken")


def agrees(expected: str, got: str) -> bool:
    """Tell whether a verdict is right; an open case may be called broken, never anything better."""
    return got == expected or (expected == "open" and got == "broken")


def main() -> int:
    """Print a table; return 1 if a verdict is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", help="for cases with the outside key, with {case} and {key}")
    parser.add_argument("--with-signers", help="with {case}, {key} and {signers}")
    parser.add_argument("--without-key", help="with {case} alone: run over all cases again")
    parser.add_argument(
        "--codes",
        default="authentic=0,consistent=3",
        help="exit codes; any other means broken (default: %(default)s)",
    )
    parser.add_argument("--only", default="", help="names that contain this")
    options = parser.parse_args()
    codes = {
        int(code): word
        for word, _, code in (one.partition("=") for one in options.codes.split(","))
    }
    wrong = ran = 0
    for case in json.loads((HERE / "cases.json").read_text()):
        if options.only not in case["name"]:
            continue
        template = options.with_signers if case["signers"] else options.command
        rounds = [(template, case["verdict"], "key")]
        if case["signers"] is None:
            rounds.append((options.without_key, case["without_key"], "no key"))
        for chosen, expected, how in rounds:
            if chosen is None:
                continue
            with tempfile.TemporaryDirectory() as scratch:
                got = verdict(arguments(chosen, unpacked(case, Path(scratch)), case), codes)
            fits = agrees(expected, got)
            ran, wrong = ran + 1, wrong + (not fits)
            print(  # noqa: T201 - its answer
                f"{'ok' if fits else 'WRONG':<6}{case['name']:<52}{how:<8}{expected:<12}{got}",
                flush=True,
            )
    print(f"{ran - wrong} of {ran} right")  # noqa: T201
    return 1 if wrong or not ran else 0


if __name__ == "__main__":
    sys.exit(main())
