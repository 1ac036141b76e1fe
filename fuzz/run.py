#!/usr/bin/env python3
"""Fuzz one target with atheris: only errors that are an answer may leave it.

Run: ``make fuzz FUZZ=m3u``, or ``python fuzz/run.py TARGET [-max_total_time=60]`` with libFuzzer's
options. New inputs are kept in ``.fuzz/TARGET``; a find is written to the working directory. Put
it into the kept corpus with its mending: ``python fuzz/corpus.py TARGET FILE``.
"""

import os
import sys
from pathlib import Path

import atheris

# Compiled code gains nothing from being instrumented, and would be compiled anew.
KERNELS = [
    f"cautery.{package}.{path.stem}"
    for package in sorted(
        one.name for one in (Path(__file__).parent.parent / "src" / "cautery").iterdir()
    )
    for path in (Path(__file__).parent.parent / "src" / "cautery" / package).glob("*_kernels.py")
]
with atheris.instrument_imports(include=["cautery"], exclude=KERNELS):
    from corpus import kept
    from targets import TARGETS

    # A target imports what it reads with when it is made: that is instrumented, too.
    # libFuzzer starts itself again for a merge, without the target's name.
    name = os.environ.setdefault("FUZZ_TARGET", sys.argv[1])
    target = TARGETS[name]()


def main(options: list[str]) -> None:
    """Fuzz the target named first, beginning with its seeds and what was kept."""
    folder = Path(os.environ.get("FUZZ_FOLDER", ".fuzz")) / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    for file, data in kept(name):
        (folder / file).write_bytes(data)
    limits = [f"-max_len={target.longest}", "-timeout=20", "-rss_limit_mb=3072"]
    # Names of folders stand last, as libFuzzer has it; a merge names its own.
    folders = [] if any(one.startswith("-merge") for one in options) else [str(folder)]
    atheris.Setup([sys.argv[0], *limits, *options, *folders], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main([one for one in sys.argv[1:] if one != name])
