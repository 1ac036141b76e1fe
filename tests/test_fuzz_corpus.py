"""Whatever fuzzing has reached is reached again: nothing but an answer comes of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FUZZ = Path(__file__).parent.parent / "fuzz"
sys.path.insert(0, str(FUZZ))
try:
    from corpus import FOLDER, kept
    from targets import SAMPLES, TARGETS
finally:
    sys.path.remove(str(FUZZ))

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def test_every_reader_is_a_target() -> None:
    from cautery.formats import READERS

    assert {one.name for one in SAMPLES.iterdir()} == set(READERS)
    assert set(READERS) <= set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_kept_is_answered(name: str) -> None:
    target = TARGETS[name]()
    assert target.seeds
    for data in (*target.seeds, *dict(kept(name)).values()):
        target(data)


def test_every_archive_is_a_targets() -> None:
    kept_of = {one.name.removesuffix("_seed_corpus.zip") for one in FOLDER.iterdir()}
    assert kept_of
    assert kept_of <= set(TARGETS)
