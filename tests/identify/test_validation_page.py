"""The page of the validation report says of given probes what can be worked out by hand."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[2] / "bench" / "identify"


@pytest.fixture(scope="module")
def page() -> Iterator[ModuleType]:
    before = set(sys.modules)
    sys.path.insert(0, str(BENCH))
    try:
        yield importlib.import_module("validation_page")
    finally:
        sys.path.remove(str(BENCH))
        for name in set(sys.modules) - before:
            if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == BENCH:
                del sys.modules[name]


def case(log10_lr: float, *, truth: bool, name: str | None = None, **more: object) -> dict:
    told = {
        "kind": "sound", "content": "music", "probe_s": 10.0, "truth": truth, "heard": "hiss",
        "seen": "grey", "log10_lr": log10_lr, "reference": name, "right": truth and name == "it",
        "placed": True,
    }  # fmt: skip
    return told | more


PROBES = [
    *[case(3.0, truth=True, name="it")] * 7, *[case(-1.5, truth=True)] * 2,
    case(2.0, truth=True, name="another"), *[case(-1.5, truth=False)] * 19,
    case(2.0, truth=False, name="it"),
]  # fmt: skip


def test_a_wrong_name_speaks_for_other_content(page: ModuleType) -> None:
    same, other = page.ratios(PROBES)
    assert sorted(same) == [-2.0, -1.5, -1.5, *[3.0] * 7]
    assert sorted(other) == [*[-1.5] * 19, 2.0]


def test_both_classes_weigh_alike_in_the_calibration(page: ModuleType) -> None:
    said, right = page._said(PROBES)
    assert len(said) == 40
    # What is not named is right of the same content: its probability says so of one in 33.
    assert 10 <= sum(right) <= 20


def test_the_report_counts_names_wrong_names_and_false_ones(page: ModuleType) -> None:
    every = [
        {**one, "kind": kind, "probe_s": seconds, "content": content}
        for one in PROBES for kind in ("sound", "picture", "joint") for seconds in (10.0, 5.0)
        for content in ("match", "film")
    ]  # fmt: skip
    joint = [
        {"kind": "joint", "disguise": kind, "probe_s": 10.0, "truth": kind == "same",
         "together": kind == "same", "right": kind == "same", "sound": 4.0 + k % 3,
         "pictures": 3.0 + k % 5, "score": 1.0}
        for kind in ("same", "other", "look-alike") for k in range(40)
    ]  # fmt: skip
    made = page.page(every, joint, works=[], channels=46)
    assert "| sound | 10 | 20, 40 | 0.700 (0.457-0.881) | 2 | 0.050 (0.006-0.169) |" in made.text
    assert "| hiss | 0.700 (0.457-0.881), N=20 | 2 |" in made.text
    assert "| film | pictures | 0.700 (0.348-0.933), N=10 | 0.700" in made.text
    assert "| other | 10 | 0 | 40 | 0.07216 |" in made.text
    assert "**missed**" in made.text
    assert made.plots.keys() == {"validation-tippett.svg", "validation-reliability.svg"}
    assert all(plot.startswith(b"<?xml") for plot in made.plots.values())
