"""A follower's state: gone on with, it is the same; broken, it is refused."""

from __future__ import annotations

import random
import zlib
from datetime import timedelta

import pytest

from cautery.errors import InputError
from cautery.graph.descent import Follower, resumed, state_of
from cautery.graph.descent.state import MAGIC
from cautery.lab.descent import Settings, descent_world
from cautery.model.descent import Trait, TraitKind

WORLD = descent_world(3, Settings(strangers_a_day=3.0, descendants=8, after_d=50))


def half_way() -> Follower:
    follower = Follower(WORLD.sets, bits=1 << 16)
    proposed = []
    for day, seen in list(WORLD.days.items())[:75]:
        proposed += follower.day(day, seen)
    follower.confirm(
        proposed[0].entity, proposed[0].of, traits=[Trait(kind=TraitKind.ANALYTICS, value="G-1")]
    )
    follower.reject(proposed[1].entity, proposed[1].of)
    return follower


def test_a_follower_goes_on_where_it_was() -> None:
    follower = half_way()
    again = resumed(state_of(follower))
    for day, seen in list(WORLD.days.items())[75:]:
        assert again.day(day, seen) == follower.day(day, seen)
    assert state_of(again) == state_of(follower)
    assert follower.last is not None
    assert again.last == follower.last


def test_a_broken_state_is_refused() -> None:
    state = state_of(half_way())
    rng = random.Random(1)
    for _ in range(150):
        broken = bytearray(state)
        for _ in range(1 + rng.randrange(3)):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        try:
            resumed(bytes(broken))
        except InputError:
            continue
        pytest.fail("a changed state was believed")  # zlib's checksums see every change


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"newcomers":', b'"newcomer":'),
        (b'"sets":[', b'"sets":[7,'),
        (b'"marks":[[0,', b'"marks":[[9,'),
        (b'"lately":{', b'"lately":{"x.example":[99999,1],'),
        (b'"lately":{', b'"lately":{"x.example":[1],'),
        (b'"lately":{', b'"lately":{"x.example":[0,0],'),
        (b'"lately":{', b'"lately":{"x.example":[0,1e9],'),
        (b'"own":{', b'"own":{"x.example":[9,0.5,[0,700000]],'),
        (b'"own":{', b'"own":{"x.example":[0,1.5,[0,700000]],'),
        (b'"taught":[', b'"taught":[["stranger","wallet",0,1.0],'),
        (b'"entities":', b'"entities":-'),
        (b'"weights":"', b'"weights":"x'),
        (b'"last":"2', b'"last":"x'),
        (b'"bits":65536', b'"bits":65535'),
        (b'"bits":65536', b'"bits":131072'),
        (b'"threshold":', b'"threshold":"x","t":'),
    ],
)
def test_a_state_of_nonsense_is_refused(old: bytes, new: bytes) -> None:
    state = state_of(half_way())
    at = len(MAGIC)
    length = int.from_bytes(state[at : at + 8], "big")
    text = zlib.decompress(state[at + 24 : at + 24 + length])
    assert old in text
    packed = zlib.compress(text.replace(old, new, 1))
    forged = (
        MAGIC + len(packed).to_bytes(8, "big") + state[at + 8 : at + 24] + packed
        + state[at + 24 + length :]
    )  # fmt: skip
    with pytest.raises(InputError):
        resumed(forged)


@pytest.mark.parametrize("state", [b"", MAGIC, MAGIC + b"\xff" * 24, b"x" * 100])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    with pytest.raises(InputError, match="no state of a follower"):
        resumed(state)


def test_states_do_not_depend_on_the_past_of_the_process() -> None:
    assert state_of(half_way()) == state_of(half_way())
    assert half_way().last == min(WORLD.days) + timedelta(days=74)
