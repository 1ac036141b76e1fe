"""Segments are disguised in a closed child: their times stay, and no recipe opens a file."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest
import pytest_asyncio

from cautery.adapters import _decoy_child, decoy_encoder
from cautery.adapters._decoy_child import disguised, trial_segment
from cautery.adapters.decoy_encoder import DecoyEncoder
from cautery.errors import DecodeError, InputError
from cautery.model import disguises
from cautery.model.disguises import DISGUISES, Disguise, FilterStep, chain_of

TRIAL = trial_segment()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def encoder() -> AsyncIterator[DecoyEncoder]:
    async with DecoyEncoder() as started:
        yield started


def stamps(segment: bytes) -> tuple[list[float], list[float]]:
    """Return the times of the pictures and of the sound."""
    with av.open(io.BytesIO(segment)) as source:
        pictures = [float(frame.time or 0) for frame in source.decode(video=0)]
    with av.open(io.BytesIO(segment)) as source:
        return pictures, [float(frame.time or 0) for frame in source.decode(audio=0)]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", DISGUISES)
async def test_each_of_ours_keeps_all_pictures_and_times(encoder: DecoyEncoder, name: str) -> None:
    made = await encoder.disguised(TRIAL, DISGUISES[name], starts_s=0.0)
    (pictures, sound), (had, heard) = stamps(made), stamps(TRIAL)
    assert pictures == pytest.approx(had, abs=0.001)
    assert len(sound) == len(heard)
    assert sound[0] == pytest.approx(heard[0], abs=0.03)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ["none", "mirror", "quiet"])
async def test_its_time_stamps_are_moved_and_pictures_and_sound_stay_together(
    encoder: DecoyEncoder, name: str
) -> None:
    made = await encoder.disguised(TRIAL, DISGUISES[name], starts_s=7_201.5)
    again = await encoder.disguised(made, DISGUISES["none"], starts_s=12.0)
    (had, heard), first = stamps(TRIAL), stamps(TRIAL)[0][0]
    for moved, starts_s in ((made, 7_201.5), (again, 12.0)):
        pictures, sound = stamps(moved)
        assert pictures == pytest.approx([at - first + starts_s for at in had], abs=0.001)
        assert len(sound) == len(heard)
        assert sound[0] == pytest.approx(heard[0] - first + starts_s, abs=0.03)


@pytest.mark.asyncio(loop_scope="module")
async def test_mirrored_pictures_are_mirrored(encoder: DecoyEncoder) -> None:
    half = disguised(TRIAL, video=chain_of("drawbox=x=0:y=0:w=160:h=180:t=fill"), audio=())
    made = await encoder.disguised(half, DISGUISES["mirror"], starts_s=0.0)
    with av.open(io.BytesIO(made)) as source:
        planes = next(source.decode(video=0)).to_ndarray(format="gray")
    assert planes[:, :140].mean() > planes[:, 180:].mean() + 20


@pytest.mark.asyncio(loop_scope="module")
async def test_media_in_another_container_come_out_as_transport_stream(
    encoder: DecoyEncoder,
) -> None:
    buffer = io.BytesIO()
    with av.open(io.BytesIO(TRIAL)) as source, av.open(buffer, "w", format="matroska") as out:
        tracks = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                out.mux(packet)
    made = await encoder.disguised(buffer.getvalue(), DISGUISES["none"], starts_s=0.0)
    assert made.startswith(b"G")
    assert len(stamps(made)[0]) == 25


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "recipe", ["noise=foo=3", "scale=w=-9:h=x", "scale=w=30000:h=30000", "crop=w=9999"]
)
async def test_a_recipe_that_ffmpeg_does_not_take_is_refused_and_the_child_goes_on(
    encoder: DecoyEncoder, recipe: str
) -> None:
    own = Disguise(name="own", video=chain_of(recipe))
    with pytest.raises(InputError, match="does not take this recipe"):
        await encoder.try_out(own)
    # A picture that is too large for the child's memory may also end it, where little is left.
    with pytest.raises(DecodeError, match=r"disguise own|crashed the decoder's process"):
        await encoder.disguised(TRIAL, own, starts_s=0.0)
    await encoder.try_out(DISGUISES["mirror"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("media", [b"", b"G" * 5000, b"nonsense", TRIAL[:300]])
async def test_damaged_media_harm_nobody(encoder: DecoyEncoder, media: bytes) -> None:
    if media:
        with pytest.raises(DecodeError):
            await encoder.disguised(media, DISGUISES["mirror"], starts_s=0.0)
    assert await encoder.disguised(TRIAL, DISGUISES["dark"], starts_s=0.0)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_child_believes_nobody_which_filters_are_allowed(
    encoder: DecoyEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Even where this process was talked into ``movie``, the child refuses it."""
    monkeypatch.setattr(disguises, "VIDEO_FILTERS", disguises.VIDEO_FILTERS | {"movie"})
    step = FilterStep(name="movie", options=(("filename", "film.ts"),))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "film.ts").write_bytes(TRIAL)
    with pytest.raises(DecodeError, match="is not allowed"):
        await encoder.disguised(TRIAL, Disguise(name="own", video=(step,)), starts_s=0.0)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_segment_that_is_too_large_is_not_sent(
    encoder: DecoyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoy_encoder, "MOST_SEGMENT_BYTES", len(TRIAL) - 1)
    with pytest.raises(DecodeError, match="larger than"):
        await encoder.disguised(TRIAL, DISGUISES["mirror"], starts_s=0.0)


def test_pictures_that_are_too_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decoy_child, "_MOST_PIXELS", 320 * 180 - 1)
    with pytest.raises(InputError, match="too large"):
        disguised(TRIAL, video=chain_of("hflip"), audio=())


@pytest.mark.asyncio(loop_scope="module")
async def test_a_recipe_that_is_slower_than_live_is_refused_and_the_next_one_is_tried(
    encoder: DecoyEncoder,
) -> None:
    """Its trial ends after seconds of CPU, and not after the many that a segment may take."""
    slow = "scale=w=15000:h=15000,scale=w=320:h=180"
    heavy = Disguise(name="heavy", video=chain_of(slow))
    with pytest.raises(InputError, match=r"disguise heavy: (its trial took too much|it takes)"):
        await encoder.try_out(heavy)
    await encoder.try_out(DISGUISES["mirror"])


@pytest.mark.asyncio(loop_scope="module")
async def test_what_took_longer_than_its_media_last_is_refused(
    encoder: DecoyEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoy_encoder, "_TRIAL_S", 1e-6)
    with pytest.raises(InputError, match="for one second of media"):
        await encoder.try_out(DISGUISES["mirror"])


async def test_the_trials_of_all_recipes_have_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = DecoyEncoder()

    async def worked(*_: object, **__: object) -> tuple[dict[str, object], bytes]:
        return {"cpu_s": 0.75}, b""

    monkeypatch.setattr(encoder._child, "work", worked)
    for _ in range(26):
        await encoder.try_out(DISGUISES["mirror"])
    with pytest.raises(InputError, match="all recipes take more than 20 s"):
        await encoder.try_out(DISGUISES["mirror"])
