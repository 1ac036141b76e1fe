"""Fuzz one reader with atheris: only Cautery's own errors may leave it.

Run: ``make fuzz`` (each reader for ``FUZZ_S`` seconds), or
``python fuzz/readers.py KIND [-max_total_time=60] [CORPUS]`` with libFuzzer's options. A find is
written to the working directory; put it into ``tests/watch/test_fuzz.py`` with its mending.
"""

import sys
from pathlib import Path

import atheris

# Compiled code gains nothing from being instrumented, and would be compiled anew.
with atheris.instrument_imports(include=["cautery"], exclude=["cautery.watch._m3u_kernels"]):
    from cautery.errors import CauteryError
    from cautery.lab.authority import police
    from cautery.model import KeyedPseudonyms
    from cautery.watch import READERS, Derivation, ReadWarning, guess
    from cautery.watch.warm import warm

SAMPLES = Path(__file__).parent.parent / "tests" / "watch" / "assets" / "samples"


def main(arguments: list[str]) -> None:
    """Fuzz the reader named first; its sample is the first seed."""
    kind = arguments[1]
    reader = READERS[kind]
    authority = police()
    derivation = Derivation(pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda _: ("IT", 1))

    def read(chunks: list[bytes]) -> None:
        if reader.rows is None:
            for _ in reader.values(chunks, "http://h.example/live/x"):
                pass
            return
        for row in reader.rows(chunks, authority=authority):
            if not isinstance(row, ReadWarning):
                derivation.derived(row)

    def once(data: bytes) -> None:
        try:
            guess(data[:8192])
        except CauteryError:
            pass
        try:
            # Two pieces, cut where the first byte says: no meaning may hang on the cut.
            at = data[0] if data else 0
            read([data[:at], data[at:]])
        except CauteryError:
            pass

    options = [arguments[0], "-max_len=16384", "-timeout=20", "-rss_limit_mb=2048", *arguments[2:]]
    seeds = Path(".fuzz") / kind
    seeds.mkdir(parents=True, exist_ok=True)
    (seeds / "sample").write_bytes((SAMPLES / kind).read_bytes())
    warm()  # loading compiled code is no input's doing
    atheris.Setup([*options, str(seeds)], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
