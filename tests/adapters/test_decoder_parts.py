"""Files of any length, in parts on one axis and in bounded memory; what is no file is refused."""

from __future__ import annotations

import contextlib
import io
import math
import os
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from cautery.adapters import decoder as adapter
from cautery.adapters._decoder_media import parts
from cautery.adapters._decoder_source import Source
from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError, InputError
from cautery.model.media import Decoded

PART_S = 20.0


def film(seconds: float, *, pictures: bool = True, rate: int = 48000) -> bytes:
    """A rising tone and a bar that moves, so that each second is unlike the others."""
    made = io.BytesIO()
    with av.open(made, "w", format="mpegts") as out:
        sound = out.add_stream("mp2", rate=rate, layout="mono")
        shown = None
        if pictures:
            shown = out.add_stream("mpeg1video", rate=25)
            shown.width, shown.height, shown.pix_fmt = 128, 72, "yuv420p"
        t = np.arange(int(seconds * rate)) / rate
        wave = (8000 * np.sin(2 * np.pi * (300 * t + 5 * t**2))).astype(np.int16)
        for k in range(int(seconds * 25)):
            if shown is not None:
                luma = np.full((108, 128), 128, np.uint8)
                luma[:72] = 16
                luma[:72, : k % 128] = 220
                picture = av.VideoFrame.from_ndarray(luma, "yuv420p")
                picture.pts = k
                out.mux(shown.encode(picture))
            at = k * rate // 25
            frame = av.AudioFrame.from_ndarray(wave[None, at : at + rate // 25], "s16", "mono")
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), at
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
        if shown is not None:
            out.mux(shown.encode(None))
    return made.getvalue()


def told_by_kernel(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_text(encoding="ascii")


@pytest.mark.parametrize("pictures", [False, True])
def test_sound_comes_by_eight_frames_also_where_pictures_lie_between(*, pictures: bool) -> None:
    data = film(12.0)
    source = Source(io.BytesIO(data), "mpegts", pictures=pictures)
    lots = [len(frames) for is_sound, frames, _ in source.frames() if is_sound]
    assert lots[0] == 1, "pictures are placed beside the sound that came before"
    assert set(lots[1:-1]) == {8}


def test_sound_is_the_same_with_pictures_and_without() -> None:
    data = film(12.0)
    heard = []
    for pictures in (False, True):
        [(head, payload)] = parts(
            io.BytesIO(data), "mpegts", pictures=pictures, part_s=math.inf, most_s=60.0
        )
        heard.append((head["audio_s"], payload[: 4 * head["samples"]]))
    assert heard[0] == heard[1]


async def read(decoder: ChildDecoder, path: Path, *, pictures: bool = True) -> list[Decoded]:
    return [one async for one in decoder.parts(path, pictures=pictures, part_s=PART_S)]


@pytest.mark.parametrize("most", [16 << 20, 0], ids=["in a running child", "in its own child"])
async def test_the_parts_joined_are_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(adapter, "_LONG_BYTES", most)
    data = film(70)
    path = tmp_path / "film.ts"
    path.write_bytes(data)
    async with ChildDecoder(1) as decoder:
        parts = await read(decoder, path)
        whole = await decoder.decode(data, pictures=True)
    assert len(parts) == 4
    assert np.array_equal(np.concatenate([one.audio for one in parts]), whole.audio)
    assert np.array_equal(np.concatenate([one.luma for one in parts]), whole.luma)
    assert np.array_equal(np.concatenate([one.luma_s for one in parts]), whole.luma_s)
    for before, after in pairwise(parts):
        assert after.audio_s == pytest.approx(before.audio_s + len(before.audio) / 8000)
        assert after.luma_s[0] >= before.audio_s + PART_S > before.luma_s[-1]
    assert sum(one.duration_s for one in parts) == pytest.approx(whole.duration_s, abs=0.05)
    assert parts[0].codecs == whole.codecs


async def test_pictures_alone_and_sound_alone_come_in_parts_too(tmp_path: Path) -> None:
    path = tmp_path / "sound.ts"
    path.write_bytes(film(50, pictures=False))
    silent = tmp_path / "silent.mp4"
    with av.open(silent, "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        for k in range(50 * 25):
            picture = av.VideoFrame.from_ndarray(np.full((108, 128), k % 200, np.uint8), "yuv420p")
            picture.pts = k
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    async with ChildDecoder(1) as decoder:
        heard = await read(decoder, path)
        seen = await read(decoder, silent)
    assert [len(one.audio) // 8000 for one in heard] == [20, 20, 10]
    assert sum(len(one.luma) for one in seen) == pytest.approx(50 * 12.5, abs=3)
    assert all(not len(one.audio) and "no sound" in one.warnings for one in seen)


async def test_five_hours_pass_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "_LONG_BYTES", 0)
    path = tmp_path / "long.wav"
    with av.open(path, "w", format="wav") as out:
        stream = out.add_stream("pcm_u8", rate=8000, layout="mono")
        noise = np.random.default_rng(1).integers(0, 255, (1, 80_000)).astype(np.uint8)
        for k in range(1800):
            frame = av.AudioFrame.from_ndarray(noise, "u8", "mono")
            frame.sample_rate, frame.time_base, frame.pts = 8000, Fraction(1, 8000), 80_000 * k
            out.mux(stream.encode(frame))
    started: list[adapter.Child] = []
    begin = adapter.Child.start

    async def watched(self: adapter.Child):  # type: ignore[no-untyped-def]
        started.append(self)
        return await begin(self)

    monkeypatch.setattr(adapter.Child, "start", watched)
    seconds, most_kb = 0.0, 0
    async with ChildDecoder(1) as decoder:
        async for part in decoder.parts(path, pictures=False, part_s=600):
            seconds += len(part.audio) / 8000
            process = started[-1]._process
            assert process is not None
            status = told_by_kernel(process.pid, "status")
            most_kb = max(most_kb, int(status.split("VmHWM:")[1].split()[0]))
            limits = told_by_kernel(process.pid, "limits")
    opened = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    assert opened.split()[3:5] == ["4", "4"]
    assert seconds == pytest.approx(18_000, abs=1)
    assert most_kb < 250_000  # all of it would be 576 MB


async def test_a_reader_who_leaves_early_gives_the_child_back(tmp_path: Path) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(film(60))
    async with ChildDecoder(1) as decoder:
        async with contextlib.aclosing(decoder.parts(path, pictures=True, part_s=20)) as parts:
            first = await anext(parts)
        again = await read(decoder, path)
    assert np.array_equal(first.audio, again[0].audio)


@pytest.mark.parametrize("change", ["grown", "shrunk"])
async def test_a_file_that_changes_meanwhile_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(adapter, "_LONG_BYTES", 0)
    path = tmp_path / "film.ts"
    path.write_bytes(film(70))
    async with (
        ChildDecoder(1) as decoder,
        contextlib.aclosing(decoder.parts(path, pictures=False, part_s=20)) as parts,
    ):
        await anext(parts)
        with path.open("ab") as more:
            more.truncate(path.stat().st_size // 2 if change == "shrunk" else None)
            more.write(b"G" * (188 if change == "grown" else 0))
        with pytest.raises(DecodeError, match="changed while"):
            await anext(parts)


async def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "empty.ts").touch()
    (tmp_path / "page.ts").write_text("<!doctype html><html>no</html>", encoding="utf-8")
    async with ChildDecoder(1) as decoder:
        for path, said in (
            (pipe, "pipe"),
            (tmp_path, "folder"),
            (Path("/dev/zero"), "device"),
            (tmp_path / "none.ts", "No such file"),
        ):
            with pytest.raises(InputError, match=said):
                await read(decoder, path)
        with pytest.raises(DecodeError, match="empty"):
            await read(decoder, tmp_path / "empty.ts")
        with pytest.raises(DecodeError, match="HTML"):
            await read(decoder, tmp_path / "page.ts")
