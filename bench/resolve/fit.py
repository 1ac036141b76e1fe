"""Fit what ``cautery.catalogue`` knows of words and how it chooses, on the train split alone.

Run: python bench/resolve/fit.py [FOLDER with the shared data] (needs ``pip install lightgbm``)
     python bench/resolve/fit.py --check writes nothing; it fits on three quarters of the publishers
     and of the channels, and tells how it does on the others.

Everything is seeded. What it learns from is in the public domain (Unlicense): iptv-org's catalogue
and the labels of iptv-org/iptv and iptv-org/epg. It writes ``data/places.json`` and
``data/resolve.npz`` of the package.

The choice is a multinomial logit among a title's candidates and "none of mine", whose score is 0;
the score of a candidate is a sum of trees. To learn when to abstain it sees each title against the
whole catalogue, catalogues that lack a fifth, others that lack nearly all, with and without a table
of feeds; plain and decorated; among its list's other titles and alone.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import lzma
import math
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
from labels import Label, bare, calibration_error, decorated, hidden_ids, labels

from cautery.adapters.clock import SystemClock
from cautery.catalogue import Catalogue, Listing, normalise
from cautery.catalogue import _choice_kernels as kernels
from cautery.catalogue._around import around
from cautery.catalogue._arrays import Names
from cautery.catalogue._index import Index, grams_of_names
from cautery.catalogue.lexicon import GRAMS, Lexicon, Trees
from cautery.catalogue.resolve import scratch_for
from cautery.workflows.files.catalogue import read_catalogue

DATA = Path(__file__).resolve().parents[2] / "src/cautery/catalogue/data"
SEED = 1
_LEAST_NAMES = 2
_LEAST_CHANNELS = 4
_DROP, _DROP_STRENGTH = 0.15, 6.0
_ROUNDS, _LEAVES, _RATE = 200, 31, 0.1
"""Of trees; chosen by ``--check``."""
_TITLES = 0.8
"""The share of titles that is shown of each list."""
_LACKING = (0.2, 0.4, 0.85, 0.99)
"""Shares of the catalogue that are taken out, so that abstaining is learnt."""


@dataclass(frozen=True, slots=True)
class Described:
    """Titles' candidates against one catalogue.

    Parameters
    ----------
    lines : ndarray, shape (candidates, FEATURES), float32
    right : ndarray, shape (candidates,), bool
    counts : ndarray, shape (titles,), int32
        How many candidates each title has.
    """

    lines: npt.NDArray[np.float32]
    right: npt.NDArray[np.bool_]
    counts: npt.NDArray[np.int32]


def background(catalogue: Catalogue) -> Lexicon:
    """Weigh words and runs of letters by how many names have them."""
    seen: Counter[str] = Counter()
    names = [name for one in catalogue.rights for name in one.names]
    for name in names:
        seen.update(set(normalise(name).words))
    words = sorted(word for word, count in seen.items() if count >= _LEAST_NAMES)
    total = len(names) + 1
    grams = np.bincount(grams_of_names(names), minlength=GRAMS)
    return Lexicon(
        words={word: number for number, word in enumerate(words)},
        weight=np.array([math.log(total / (seen[word] + 0.5)) for word in words], np.float32),
        title_drop=np.full(len(words), _DROP, np.float32),
        name_drop=np.full(len(words), _DROP, np.float32),
        rarest=math.log(total),
        unknown_drop=(_DROP, _DROP),
        gram_weight=np.log(total / (grams + 0.5)).astype(np.float32),
    )


def with_drops(lexicon: Lexicon, told: Sequence[Label], catalogue: Catalogue) -> Lexicon:
    """Learn which words titles have that names lack, and the other way round; a vote a channel."""
    by_id = {one.id: one for one in catalogue.rights}
    dropped: list[dict[str, dict[str, list[bool]]]] = [defaultdict(dict), defaultdict(dict)]
    for one in told:
        title = set(normalise(one.listing.title).words)
        names = [set(normalise(name).words) for name in by_id[one.channel].names]
        name = max(names, key=lambda words: len(words & title) / max(1, len(words | title)))
        if name & title:
            for side, (mine, other) in enumerate(((title, name), (name, title))):
                for word in mine:
                    dropped[side][word].setdefault(one.channel, []).append(word not in other)
    rates = [
        {
            word: (sum(sum(votes) / len(votes) for votes in by.values()) + _DROP_STRENGTH * _DROP)
            / (len(by) + _DROP_STRENGTH)
            for word, by in side.items()
            if len(by) >= _LEAST_CHANNELS
        }
        for side in dropped
    ]
    words = [*lexicon.words, *sorted((rates[0].keys() | rates[1].keys()) - lexicon.words.keys())]
    weight = np.full(len(words), lexicon.rarest, np.float32)
    weight[: len(lexicon.weight)] = lexicon.weight
    return replace(
        lexicon,
        words={word: number for number, word in enumerate(words)},
        weight=weight,
        title_drop=np.array([rates[0].get(word, _DROP) for word in words], np.float32),
        name_drop=np.array([rates[1].get(word, _DROP) for word in words], np.float32),
    )


def described(
    told: Sequence[Label], some: npt.NDArray[np.intp], index: Index, names: Names, *, alone: bool
) -> Described:
    """Find the candidates of some titles among all, and what speaks for them."""
    listings = [one.listing for one in told]
    about = around(listings, index.batch([one.title for one in listings]), names, alone=alone)
    about = about._replace(
        home=about.home[some],
        language=about.language[some],
        source=about.source[some],
        row=about.row[some],
        coverage=about.coverage[some],
    )
    total = len(some)
    found = np.zeros((total, kernels.RERANKED), np.int32)
    counts = np.zeros(total, np.int32)
    lines = np.zeros((total, kernels.RERANKED, kernels.FEATURES), np.float32)
    kernels.described(
        index.batch([listings[one].title for one in some]),
        about,
        names,
        index.place_masks,
        scratch_for(index),
        found,
        counts,
        lines,
    )
    there = np.arange(kernels.RERANKED) < counts[:, None]
    truth = np.array([index.place[told[one].channel] for one in some])
    right = names.right[found] == truth[:, None]
    return Described(lines[there], right[there], counts)


def without(names: Names, gone: npt.NDArray[np.bool_]) -> Names:
    """Take rights out of a catalogue that is laid out already."""

    def kept(
        at: npt.NDArray[np.int32], members: npt.NDArray[np.int32], right: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        stays = ~gone[right]
        ends = np.concatenate(([0], np.cumsum(stays)))
        return ends[at].astype(np.int32), members[stays]

    word_at, word_names = kept(names.word_at, names.word_names, names.right[names.word_names])
    gram_at, gram_names = kept(names.gram_at, names.gram_names, names.right[names.gram_names])
    key_at, key_names = kept(names.key_at, names.key_names, names.right[names.key_names])
    call_at, call_rights = kept(names.call_at, names.call_rights, names.call_rights)
    return names._replace(
        word_at=word_at,
        word_names=word_names,
        gram_at=gram_at,
        gram_names=gram_names,
        key_at=key_at,
        key_names=key_names,
        call_at=call_at,
        call_rights=call_rights,
    )


def _blurred(told: Sequence[Label]) -> list[Label]:
    """Forget half of the sources and half of the languages."""
    rng = np.random.default_rng(SEED)
    out = []
    for one, (no_source, no_language) in zip(told, rng.random((len(told), 2)) < 0.5, strict=True):
        listing = one.listing
        out.append(
            replace(
                one,
                listing=Listing(
                    title=listing.title,
                    source=None if no_source else listing.source,
                    language=None if no_language else listing.language,
                ),
            )
        )
    return out


def grown(parts: Sequence[Described]) -> lightgbm.Booster:
    """Grow trees that maximise the likelihood of the right choice."""
    right = np.concatenate([one.right for one in parts]).astype(float)
    counts = np.concatenate([one.counts for one in parts])
    odds = chooser(counts)

    def slopes(score: npt.NDArray[np.float64], _: Any) -> tuple[Any, Any]:
        share = odds(score)
        return share - right, np.maximum(share * (1 - share), 1e-6)

    data = lightgbm.Dataset(
        np.concatenate([one.lines for one in parts]), right, params={"max_bin": 63}
    )
    settings = {
        "objective": slopes,
        "num_leaves": _LEAVES,
        "learning_rate": _RATE,
        "min_data_in_leaf": 60,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5,
        "max_bin": 63,
        "num_threads": 1,
        "seed": SEED,
        "deterministic": True,
        "verbose": -1,
        "boost_from_average": False,
    }
    return lightgbm.train(settings, data, _ROUNDS)


def chooser(
    counts: npt.NDArray[np.int32],
) -> Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]:
    """Return the multinomial logit over candidates and none, for titles with so many candidates."""
    some = counts > 0
    starts = np.concatenate(([0], np.cumsum(counts)[:-1]))[some]
    title = np.repeat(np.arange(len(counts)), counts)

    def odds(score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        top = np.zeros(len(counts))
        top[some] = np.maximum(np.maximum.reduceat(score, starts), 0)
        each = np.exp(score - top[title])
        mass = np.exp(-top)
        mass[some] += np.add.reduceat(each, starts)
        return each / mass[title]

    return odds


def flattened(model: lightgbm.Booster) -> Trees:
    """Lay the trees out in arrays; a child below 0 is the leaf ``-child - 1``."""
    root: list[int] = []
    nodes: list[tuple[int, float, int, int]] = []
    leaves: list[float] = []

    def lay(node: dict[str, Any]) -> int:
        if "leaf_value" in node and "split_feature" not in node:
            leaves.append(node["leaf_value"])
            return -len(leaves)
        if node["decision_type"] != "<=":
            raise ValueError(f"a split by {node['decision_type']}")
        at = len(nodes)
        nodes.append((0, 0.0, 0, 0))
        left, right = lay(node["left_child"]), lay(node["right_child"])
        nodes[at] = (node["split_feature"], node["threshold"], left, right)
        return at

    root = [lay(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    feature, threshold, left, right = zip(*nodes, strict=True)
    return Trees(
        np.array(root, np.int32),
        np.array(feature, np.int16),
        np.array(threshold, np.float32),
        np.array(left, np.int32),
        np.array(right, np.int32),
        np.array(leaves, np.float32),
    )


def write(lexicon: Lexicon, trees: Trees) -> None:
    np.savez_compressed(
        DATA / "resolve.npz",
        words=np.frombuffer("\n".join(lexicon.words).encode(), np.uint8),
        weight=lexicon.weight.astype(np.float16),
        title_drop=lexicon.title_drop.astype(np.float16),
        name_drop=lexicon.name_drop.astype(np.float16),
        unknown=np.array([lexicon.rarest, *lexicon.unknown_drop], np.float32),
        gram_weight=lexicon.gram_weight.astype(np.float16),
        **trees._asdict(),
    )


def write_places(folder: Path) -> None:
    """Write countries with their languages, and regions with their countries."""
    tables = {}
    for name in ("countries", "regions"):
        with lzma.open(
            folder / "iptv-catalogue" / f"{name}.csv.xz", "rt", encoding="utf-8"
        ) as file:
            tables[name] = list(csv.DictReader(file))
    told = {
        "countries": {
            _iso(row["code"]): {
                "name": row["name"],
                "languages": [one for one in row["languages"].split(";") if one],
            }
            for row in tables["countries"]
        },
        "regions": {
            row["code"].lower(): {
                "name": row["name"],
                "countries": sorted({_iso(one) for one in row["countries"].split(";")}),
            }
            for row in tables["regions"]
        },
    }
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    (DATA / "places.json").write_text(text + "\n", encoding="utf-8")


def _iso(code: str) -> str:
    return "gb" if code == "UK" else code.lower()


def quarter(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % 4 == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(os.environ.get("CAUTERY_DATA", "../shared/data")),
    )
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    folder: Path = given.folder
    write_places(folder)
    catalogue = read_catalogue(
        folder / "iptv-catalogue" / "channels.csv.xz", now=SystemClock().now()
    )
    told = labels(folder, "train")
    exact = np.array([one.exact for one in told])
    new_channel = np.array([quarter("channel:" + one.channel) for one in told])
    new_source = np.array([quarter(f"source:{one.listing.source}") for one in told])
    learn = ~(new_channel | new_source) if given.check else np.ones(len(told), bool)
    known = [one for one, use in zip(told, learn, strict=True) if use]
    lexicon = with_drops(background(catalogue), known, catalogue)
    # Rounded as they are kept, so that the trees see what they will be asked about.
    lexicon = replace(
        lexicon,
        weight=lexicon.weight.astype(np.float16).astype(np.float32),
        title_drop=lexicon.title_drop.astype(np.float16).astype(np.float32),
        name_drop=lexicon.name_drop.astype(np.float16).astype(np.float32),
        gram_weight=lexicon.gram_weight.astype(np.float16).astype(np.float32),
    )
    rng = np.random.default_rng(SEED)
    whole = np.zeros(len(catalogue.rights), np.bool_)
    hidden = hidden_ids(folder)
    opened = np.array([one.id in hidden for one in catalogue.rights])
    panels = decorated(told, catalogue, seed=SEED + 1, from_panels=0.4)
    others = decorated(told, catalogue, seed=SEED + 2, from_panels=0.4)
    index, bared = Index(catalogue.rights, lexicon), Index(bare(catalogue).rights, lexicon)
    tests = [
        ("whole", index, whole, told, False), ("whole, decorated", index, whole, panels, False),
        ("open", index, opened, told, False), ("open, decorated", index, opened, others, False),
        ("open, alone", index, opened, _blurred(told), True),
        ("open, no table of feeds", bared, opened, told, False),
    ]  # fmt: skip
    lists = [
        (index, whole, told, False), (index, whole, panels, False),
        (index, whole, _blurred(told), True), (index, opened, told, False),
        (index, opened, others, False), (index, opened, _blurred(others), True),
        *((index, rng.random(len(whole)) < share, told, False) for share in _LACKING),
        (index, rng.random(len(whole)) < _LACKING[0], panels, False),
        (bared, whole, told, False), (bared, opened, others, False),
        (bared, rng.random(len(whole)) < _LACKING[0], told, False),
    ]  # fmt: skip
    parts = []
    for laid, gone, titles, alone in lists:
        some = np.flatnonzero(learn & (rng.random(len(told)) < _TITLES))
        found = described(titles, some, laid, without(laid.names, gone), alone=alone)
        parts.append(found)
        print(f"{len(found.counts)} titles, {found.right.sum()} there", flush=True)
    model = grown(parts)
    if given.check:
        for name, laid, gone, titles, alone in tests:
            for whose, mask in (("", ~new_source), (", other publishers", new_source)):
                some = np.flatnonzero(new_channel & mask)
                found = described(titles, some, laid, without(laid.names, gone), alone=alone)
                _judged(name + whose, model, found, exact[some])
    else:
        write(lexicon, flattened(model))


def _judged(
    name: str, model: lightgbm.Booster, found: Described, exact: npt.NDArray[np.bool_]
) -> None:
    odds = chooser(found.counts)(np.asarray(model.predict(found.lines, raw_score=True)))
    ends = np.cumsum(found.counts)
    spans = list(zip(ends - found.counts, ends, strict=True))
    best = [start + int(np.argmax(odds[start:end])) if end > start else -1 for start, end in spans]
    told = np.array([odds[one] if one >= 0 else 0.0 for one in best])
    right = np.array([one >= 0 and bool(found.right[one]) for one in best])
    there = np.array([bool(found.right[start:end].any()) for start, end in spans])
    line = (
        f"{name}: N={len(told)} best is right {right.mean():.4f}, of names unlike the catalogue's "
        f"{right[~exact].mean():.4f}; mean probability {told.mean():.4f}, calibration error "
        f"{calibration_error(told, right):.4f}"
    )
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
        answered = told >= threshold
        line += (
            f"\n    at {threshold}: precision {right[answered].mean():.4f} recall "
            f"{(right & answered).sum() / there.sum():.4f} accepted {answered[~there].mean():.4f}"
        )
    print(line, flush=True)


if __name__ == "__main__":
    main()
