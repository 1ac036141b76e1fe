"""A watch without nodes hears as many feeds as its mandate names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.shared_references import NOON, World, music, sound
from tests.workflows.watch.probing.test_node_hearing import at, mandate

from cautery.adapters.engine import ThreadEngine
from cautery.errors import InputError
from cautery.identify.observe import observe
from cautery.lab.readers import ReadersHere
from cautery.model import Mandate
from cautery.workflows.watch.probing.hearing import Hearing


def hearing(whole: Mandate, tmp_path: Path, engine: ThreadEngine, **more: Any) -> Hearing:
    world = World()
    world.shows(0, 8)
    return Hearing(
        whole,
        folder=tmp_path,
        fetcher=world,  # type: ignore[arg-type]
        readers=ReadersHere(),
        decoder=world,  # type: ignore[arg-type]
        engine=engine,
        streams=None,  # type: ignore[arg-type]
        fail=lambda what, where, error: pytest.fail(f"{where}: {error}"),
        **more,
    )


@pytest.mark.parametrize(("volume_size", "volumes"), [(4096, 1), (2, 2), (1, 3)])
async def test_feeds_and_recordings_are_taken_into_the_volumes_that_hold_them(
    tmp_path: Path, volume_size: int, volumes: int
) -> None:
    engine = ThreadEngine(1)
    hears = hearing(mandate(tmp_path, "ch0", "ch1"), tmp_path, engine, volume_size=volume_size)
    await hears.fill()
    held = hears.references
    await hears.stop()
    engine.close()
    assert len(held.volumes) == volumes
    assert held.span("ch1") == pytest.approx((at(0), at(8)), abs=0.1)
    assert held.span("film") == pytest.approx((0, 60), abs=0.1)
    for seed, name in ((0, "ch0"), (9, "film"), (77, None)):
        probe = sound(music(seed, 120 if name == "ch0" else 60), 10, 10)
        seen = observe(probe, held, media_at_s=at(8), at=NOON)
        assert [witness.reference for witness in seen.witnesses] == ([name] if name else [])
    held.expire(at(8) + 1)
    assert held.span("ch0") is None or held.span("ch0") == pytest.approx((at(8), at(8)), abs=0.1)
    assert held.span("film") is not None


def test_a_night_of_more_feeds_than_one_index_numbers_is_heard(tmp_path: Path) -> None:
    few = mandate(tmp_path, "ch0", film=False)
    many = replace(
        few,
        channels=tuple(
            replace(few.channels[0], id=f"ch{number}", names=(f"ch{number}",))
            for number in range(5_000)
        ),
    )
    engine = ThreadEngine(1)
    hears = hearing(many, tmp_path, engine)
    assert [len(volume.infos) for volume in hears.references.volumes] == [2_500, 2_500]
    assert hears.references.knows("ch4999")
    with pytest.raises(InputError, match="5,000 references have no room in 16 volumes of 300"):
        hearing(many, tmp_path, engine, volume_size=300)
    engine.close()
