"""What is made of many references is not made anew for every segment that comes in."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.references import kept as _kept
from cautery.identify.references.kept import FEW_REFERENCES, KEPT_S, Kept
from cautery.model import Decoded

SOUND = np.random.default_rng(3).standard_normal(60 * 8000).astype(np.float32) / 10


class Wall:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    made = Wall()
    monkeypatch.setattr(_kept, "monotonic", made)
    return made


def add(held: References, start: int) -> None:
    audio = SOUND[start * 8000 : (start + 6) * 8000]
    none = np.empty((0, 36, 64), np.uint8)
    media = Decoded(audio=audio, audio_s=0.0, luma=none, luma_s=np.empty(0), duration_s=6.0)
    held.add("0", media, at_s=1e9 + start)


def words(held: References) -> int:
    stack = held.stack(works=False)
    return int((stack.ends - stack.starts).sum())


def test_among_many_references_new_media_are_searchable_after_two_seconds(wall: Wall) -> None:
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id=str(k)) for k in range(FEW_REFERENCES + 1)])
    add(held, 0)
    snapshot, first = held.snapshot(works=False), words(held)
    add(held, 6)
    wall.now_s += KEPT_S - 0.1
    assert words(held) == first
    assert held.snapshot(works=False) is snapshot
    wall.now_s += 0.2
    assert words(held) > first
    assert held.snapshot(works=False) is not snapshot


def test_among_few_references_new_media_are_searchable_at_once(wall: Wall) -> None:
    held = References(DEFAULT_RECIPE, [ReferenceInfo(id=str(k)) for k in range(FEW_REFERENCES)])
    add(held, 0)
    first = words(held)
    add(held, 6)
    assert words(held) > first
    assert wall.now_s == 100.0


def test_nothing_is_made_again_while_nothing_changes(wall: Wall) -> None:
    kept, count = Kept[int](for_s=2.0), iter(range(9))
    assert kept.get(lambda: next(count)) == 0
    wall.now_s += 1e6
    assert kept.get(lambda: next(count)) == 0
    kept.changed()
    assert kept.get(lambda: next(count)) == 1


def test_what_changes_while_it_is_made_counts_as_not_in_it() -> None:
    kept, made = Kept[int](for_s=0.0), iter(range(9))

    def make() -> int:
        value = next(made)
        if value == 0:
            kept.changed()
        return value

    assert kept.get(make) == 0
    assert kept.get(make) == 1
    assert kept.get(make) == 1


def test_of_threads_that_ask_at_once_one_makes_it() -> None:
    kept, made = Kept[int](for_s=2.0), iter(range(9))
    start = threading.Barrier(4)
    seen: list[int] = []

    def ask() -> None:
        start.wait()
        seen.append(kept.get(lambda: next(made)))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert seen == [0] * 4
