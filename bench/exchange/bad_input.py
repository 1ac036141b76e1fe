"""Bad input of each format: what becomes of it, in how long.

Run: ``python bench/exchange/bad_input.py [--all]``. The inputs are those of
``tests/exchange/hostile*.py``, which the suite gives to the closed child that reads for ``cautery
import``; here each goes to the reader itself, so a crash would be seen as one.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.exchange.hostile import rows

from cautery.errors import InputError
from cautery.exchange.catalogue import format_named
from cautery.exchange.shape import Assumed


def main() -> None:
    """Print a line for each format, and one for each input that went otherwise than wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true", help="Show the sentence of each input.")
    asked = parser.parse_args()
    outcomes: defaultdict[str, list[tuple[str, str, float]]] = defaultdict(list)
    wrong: list[str] = []
    for name, row in rows():
        raw = row.raw
        begun = time.process_time()
        try:
            format_named(name).read(raw, f"bad.{name}", Assumed())
            sentence = ""
        except InputError as error:
            sentence = str(error)
        except Exception as error:  # noqa: BLE001 - what this bench counts
            sentence = f"CRASH {type(error).__name__}: {error}"
        outcomes[name].append((row.fault, sentence, time.process_time() - begun))
        # That a file is empty is said by what reads for the command, before it asks a format.
        rule = None if row.refused is None else row.refused.replace("is empty", ".")
        is_wanted = not sentence if rule is None else re.search(rule, sentence) is not None
        if sentence.startswith("CRASH") or not is_wanted:
            wrong.append(f"{name}: {row.fault}: {sentence[:200] or 'read'}")
        if asked.all:
            print(f"{name} | {row.fault} | {sentence[:160] or 'read'}")
    print("| format | inputs | refused with a sentence | read | crashed | slowest, CPU s |")
    print("| --- " * 6 + "|")
    for name, found in outcomes.items():
        crashed = sum(sentence.startswith("CRASH") for _, sentence, _ in found)
        read = sum(not sentence for _, sentence, _ in found)
        slowest = max(found, key=lambda one: one[2])
        print(
            f"| {name} | {len(found)} | {len(found) - read - crashed} | {read} | {crashed} | "
            f"{slowest[2]:.1f} ({slowest[0]}) |"
        )
    print(f"\n{len(wrong)} otherwise than wanted", *wrong, sep="\n")


if __name__ == "__main__":
    main()
