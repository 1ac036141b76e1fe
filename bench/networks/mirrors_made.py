"""Mirror families that are made up: ours beside the bare stem, one kind of trap at a time.

Run: ``python bench/networks/mirrors_made.py [--seeds 1001 1020]``. Constants were looked at on
seeds 1 to 20; report others. Each world has 40 families of the kind named and 60 sites of one
domain, all renewed in the same weekly rounds of one list-keeper. B-cubed F is the mean over seeds;
"worst" is the least that ours is above the stem without digits and hyphens in any world.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from mirrors import Labels, _bare, _bcubed, _f

from cautery.graph.mirrors import Days, Domain, mirror_families

_BEGINS, _VOWELS = (*"bcdfgklmnprstvz", "br", "dr", "kr", "pl", "tr", "st"), "aeiou"
_WORDS = (
    "stream", "movie", "torrent", "sport", "live", "film", "cine", "watch", "flix", "tele", "free",
    "series", "kino", "match",
)  # fmt: skip
_ENDINGS = ("com", "net", "to", "cc", "tv", "live", "site", "xyz", "me", "org", "ws", "fun")
_AFFIXES = ("www2-{}", "new{}", "{}official", "{}tv", "{}live", "new-{}", "official-{}", "my{}",
            "{}hd", "{}-proxy", "get{}", "the{}")  # fmt: skip
_SPELT = (("k", "c"), ("z", "s"), ("i", "y"), ("f", "ph"), ("t", "tt"), ("o", "\u043e"),
          ("a", "\u0430"), ("e", "\u0435"), ("v", "w"))  # fmt: skip
FAMILIES, ALONE = 40, 60
Names = Iterator[str]


def main() -> None:
    """Print one row per kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs=2, default=(1001, 1020))
    asked = parser.parse_args()
    print("| kind | worlds | ours, days | ours, names | bare stem | worst |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, make in KINDS.items():
        scores = np.array([_scores(make, s) for s in range(asked.seeds[0], asked.seeds[1] + 1)])
        with_days, names, bare = scores.mean(axis=0)
        worst = (scores[:, 0] - scores[:, 2]).min()
        print(f"| {kind} | {len(scores)} | {with_days:.3f} | {names:.3f} | {bare:.3f} "
              f"| {worst:+.3f} |", flush=True)  # fmt: skip


def _scores(make: Callable[[random.Random], list[list[str]]], seed: int) -> tuple[float, ...]:
    rng = random.Random(seed)
    told: Labels = {}
    families = make(rng) + [[f"{_brand(rng)}.{rng.choice(_ENDINGS)}"] for _ in range(ALONE)]
    days: dict[str, Days] = {}
    for number, names in enumerate(families):
        begun = rng.randrange(10)
        for place, name in enumerate(dict.fromkeys(names)):
            if name not in told:
                told[name] = str(number)
                week = begun + place
                days[name] = Days(frozenset({("list", 7 * week)}),
                                  frozenset({("list", 7 * (week + 1))}))  # fmt: skip
    found = [
        {name: family.id for family in mirror_families(domains) for name, _ in family.members}
        for domains in (
            [Domain(name=name, days=of) for name, of in days.items()],
            [Domain(name=name) for name in days],
        )
    ]
    return tuple(_f(_bcubed(told, labels).values())[2] for labels in (*found, _bare(set(told))))


def _brand(rng: random.Random, syllables: int = 3) -> str:
    return "".join(rng.choice(_BEGINS) + rng.choice(_VOWELS) for _ in range(syllables))


def _count(rng: random.Random) -> int:
    return min(76, 2 + int(rng.paretovariate(0.8)))


def _numbered(rng: random.Random) -> list[list[str]]:
    return [_numbers(rng, _brand(rng) + rng.choice(("", *_WORDS)), 76) for _ in range(FAMILIES)]


def _numbers(rng: random.Random, stem: str, count: int, form: str = "{0}{1}") -> list[str]:
    first, ending = rng.randrange(1, 200), rng.choice(_ENDINGS[:4])
    return [f"{form.format(stem, first + number)}.{ending}" for number in range(count)]


def _similar(rng: random.Random) -> list[list[str]]:
    """Two sites each whose stems differ in the brand's last syllable and share a word."""
    out = []
    for _ in range(FAMILIES // 2):
        begin, word = _brand(rng, 1), rng.choice(_WORDS)
        ends = rng.sample([a + b for a, b in product(_BEGINS, _VOWELS)], 2)
        out += [_numbers(rng, f"{word}{begin}{end}", _count(rng)) for end in ends]
    return out


def _inside(rng: random.Random) -> list[list[str]]:
    forms = ("{0}{1}tv", "{0}{1}", "tv{1}{0}", "{1}{0}", "{0}-{1}-live")
    return [_numbers(rng, _brand(rng, 2), _count(rng), rng.choice(forms)) for _ in range(FAMILIES)]


def _moved(rng: random.Random) -> list[list[str]]:
    brands = [_brand(rng, rng.choice((2, 3))) for _ in range(FAMILIES)]
    return [[f"{brand}.{end}" for end in rng.sample(_ENDINGS, min(12, _count(rng)))]
            for brand in brands]  # fmt: skip


def _affixed(rng: random.Random) -> list[list[str]]:
    out = []
    for _ in range(FAMILIES):
        brand = _brand(rng)
        forms = ["{}", *rng.sample(_AFFIXES, min(12, _count(rng)))]
        out.append([f"{form.format(brand)}.{rng.choice(_ENDINGS)}" for form in forms])
    return out


def _spelt(rng: random.Random) -> list[list[str]]:
    out = []
    for _ in range(FAMILIES):
        brand = _brand(rng, 4)
        spelt = [brand, *(brand.replace(*pair, 1) for pair in _SPELT if pair[0] in brand)]
        out.append([f"{name.encode('idna').decode()}.{rng.choice(_ENDINGS)}" for name in spelt])
    return out


def _words(rng: random.Random) -> list[list[str]]:
    """Names of two words of the trade each, which strangers have parts of in common."""
    pairs = rng.sample([a + b for a, b in product(_WORDS, _WORDS) if a != b], FAMILIES)
    return [_numbers(rng, pair, _count(rng)) for pair in pairs]


def _word(rng: random.Random) -> list[list[str]]:
    """Names of one word of the trade each, with numbers that run on."""
    return [_numbers(rng, word, 2 + _count(rng)) for word in _WORDS]


def _mixed(rng: random.Random) -> list[list[str]]:
    kinds = (_inside, _moved, _affixed, _spelt, _similar, _words)
    return [family for make in kinds for family in make(rng)[: FAMILIES // len(kinds)]]


KINDS = {
    "numbers, 76 each, same weeks": _numbered,
    "numbers, stems alike": _similar,
    "numbers at any place": _inside,
    "brand + endings": _moved,
    "prefixes and suffixes": _affixed,
    "spelt otherwise": _spelt,
    "two words of the trade": _words,
    "one word of the trade": _word,
    "mixed": _mixed,
}


if __name__ == "__main__":
    main()
