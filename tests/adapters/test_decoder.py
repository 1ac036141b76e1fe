"""The decoder: every rate, damage survived, hostile bytes refused, dead children replaced."""

import asyncio
import io
import os
import struct
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio

from cautery.adapters._sniff import container_of
from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError


def tone(rate: int, seconds: float, hertz: float = 1000.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate)).astype(
        np.float32
    )


def clip(
    seconds: float = 2.0,
    rate: int = 48000,
    fps: int = 25,
    *,
    fmt: str = "mpegts",
    codec: str = "aac",
    video: bool = True,
    start_s: float = 0.0,
    hole: tuple[float, float] | None = None,
) -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format=fmt) as out:
        layout = "stereo"
        audio = out.add_stream(codec, rate=rate, layout=layout)
        pictures = None
        if video:
            pictures = out.add_stream("h264", rate=fps, options={"preset": "ultrafast"})
            pictures.width, pictures.height, pictures.pix_fmt = 320, 180, "yuv420p"
        sound = np.stack([tone(rate, seconds)] * 2)
        size = audio.codec_context.frame_size or 1024
        for at in range(0, sound.shape[1] - size, size):
            t = at / rate
            if hole and hole[0] <= t < hole[1]:
                continue
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(sound[:, at : at + size]), "fltp", layout
            )
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = at + int(start_s * rate)
            if audio.codec_context.format.name != "fltp":
                frame = av.AudioResampler(format=audio.codec_context.format.name).resample(frame)[0]
            out.mux(audio.encode(frame))
        out.mux(audio.encode(None))
        if pictures:
            for k in range(int(seconds * fps)):
                luma = np.zeros((270, 320), np.uint8)
                luma[:180] = 16
                luma[:180, (k * 5) % 320 :] = 200
                luma[180:] = 128
                picture = av.VideoFrame.from_ndarray(luma, "yuv420p")
                picture.pts = k + int(start_s * fps)
                out.mux(pictures.encode(picture))
            out.mux(pictures.encode(None))
    return made.getvalue()


def told_by_kernel(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_text(encoding="ascii")


@pytest_asyncio.fixture
async def decoder() -> AsyncIterator[ChildDecoder]:
    async with ChildDecoder(1, seconds=15) as made:
        yield made


async def test_sound_is_the_same_whether_or_not_the_pictures_are_asked_for(
    decoder: ChildDecoder,
) -> None:
    data = clip(4.0, start_s=7.0)
    alone = await decoder.decode(data, pictures=False)
    both = await decoder.decode(data, pictures=True)
    assert len(both.luma)
    assert not len(alone.luma)
    assert alone.audio_s == both.audio_s
    np.testing.assert_array_equal(alone.audio, both.audio)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 32000, 44100, 48000])
async def test_every_sample_rate_becomes_8_khz_with_its_pitch(
    decoder: ChildDecoder, rate: int
) -> None:
    heard = await decoder.decode(clip(2.0, rate, video=False, fmt="adts"), pictures=False)
    middle = heard.audio[4000:12000]
    peak_hz = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(8000))))
    assert peak_hz == 1000
    assert 0.25 < np.abs(middle).max() < 0.75


@pytest.mark.timeout(60)
@pytest.mark.parametrize("rate", [10, 100, 3_999])
async def test_a_wav_of_few_samples_a_second_is_no_day_of_sound(
    decoder: ChildDecoder, rate: int
) -> None:
    data = b"\x55\xaa" * 500_000
    head = struct.pack("<IHHIIHH4sI", 16, 1, 1, rate, rate, 1, 8, b"data", len(data))
    wav = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + head + data
    with pytest.raises(DecodeError, match="neither sound nor pictures"):
        await decoder.decode(wav, pictures=True)


@pytest.mark.parametrize(
    ("fmt", "codec"),
    [
        ("wav", "pcm_s16le"),
        ("flac", "flac"),
        ("mp3", "libmp3lame"),
        ("ac3", "ac3"),
        ("matroska", "aac"),
        ("mp4", "aac"),
        ("ogg", "libopus"),
    ],
)
async def test_the_usual_containers_are_read(decoder: ChildDecoder, fmt: str, codec: str) -> None:
    video = fmt == "matroska"
    heard = await decoder.decode(clip(1.5, fmt=fmt, codec=codec, video=video), pictures=video)
    assert 1.2 < len(heard.audio) / 8000 < 1.7


async def test_pictures_are_at_most_12_5_a_second_and_show_the_motion(
    decoder: ChildDecoder,
) -> None:
    seen = await decoder.decode(clip(2.0, fps=50), pictures=True)
    assert seen.luma.shape[0] in {25, 26}
    assert seen.luma.shape[1:] == (36, 64)
    assert np.diff(seen.luma_s).min() > 0.05
    assert seen.luma[0].mean() > seen.luma[12].mean() + 40


async def test_a_hole_in_the_sound_becomes_silence_of_its_length(decoder: ChildDecoder) -> None:
    heard = await decoder.decode(clip(4.0, video=False, hole=(1.0, 2.5)), pictures=False)
    assert abs(len(heard.audio) / 8000 - 4.0) < 0.1
    assert np.abs(heard.audio[int(1.3 * 8000) : int(2.2 * 8000)]).max() < 0.01
    assert any("gap" in one for one in heard.warnings)


async def test_a_jump_of_the_time_stamps_does_not_make_hours_of_silence(
    decoder: ChildDecoder,
) -> None:
    joined = clip(2.0) + clip(2.0, start_s=9000.0)
    heard = await decoder.decode(joined, pictures=True)
    assert 3.5 < len(heard.audio) / 8000 < 4.5
    assert heard.duration_s < 5


async def test_damaged_packets_are_survived_and_counted(decoder: ChildDecoder) -> None:
    data = bytearray(clip(4.0))
    rng = np.random.default_rng(3)
    for at in rng.integers(len(data) // 3, len(data), 60):
        data[at] ^= 0x5A
    heard = await decoder.decode(bytes(data), pictures=True)
    assert len(heard.audio) > 8000


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:4,\nfile:///etc/passwd\n", "playlist"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><html>", "HTML"),
        (b"<?xml version='1.0'?><MPD/>", "XML|DASH"),
        ("<html>".encode("utf-16"), "HTML"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "concat"),
        (b"\0" * 4000, "NUL"),
        (b"plain words, and nothing else at all. " * 20, "text"),
        (b"\x07" * 3 + b"\x9c\xfe\x81" * 700, "no known container"),
    ],
)
def test_what_is_no_media_is_named(data: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        container_of(data)


async def test_garbage_in_a_container_is_refused_and_the_next_job_works(
    decoder: ChildDecoder,
) -> None:
    with pytest.raises(DecodeError):
        await decoder.decode(b"RIFF\0\0\0\0AVI " + os.urandom(20_000), pictures=True)
    assert len((await decoder.decode(clip(1.5), pictures=False)).audio)


async def test_a_killed_child_is_a_decode_error_and_is_replaced(decoder: ChildDecoder) -> None:
    await decoder.decode(clip(1.0), pictures=False)
    process = decoder._children[0]._process
    assert process is not None
    os.kill(process.pid, 9)
    with pytest.raises(DecodeError, match="crashed"):
        await decoder.decode(clip(1.0), pictures=False)
    assert len((await decoder.decode(clip(1.0), pictures=False)).audio)


async def test_a_job_over_its_time_is_ended() -> None:
    async with ChildDecoder(1, seconds=0.02) as hasty:
        with pytest.raises(DecodeError, match="more than"):
            await hasty.decode(clip(20.0, video=False, fmt="adts") * 20, pictures=False)


async def test_media_longer_than_allowed_are_cut() -> None:
    async with ChildDecoder(1, max_media_s=2.0) as short:
        heard = await short.decode(clip(6.0, video=False), pictures=False)
    assert len(heard.audio) <= 16_000
    assert any("cut" in one for one in heard.warnings)


async def test_the_child_can_open_no_file_and_stays_small(decoder: ChildDecoder) -> None:
    await decoder.decode(clip(4.0), pictures=True)
    process = decoder._children[0]._process
    assert process is not None
    status, limits = told_by_kernel(process.pid, "status"), told_by_kernel(process.pid, "limits")
    opened = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    assert opened.split()[3:5] == ["3", "3"]
    assert int(status.split("VmHWM:")[1].split()[0]) < 250_000
    assert "NoNewPrivs:\t1" in status


async def test_a_still_is_a_png_of_the_picture_at_that_time(decoder: ChildDecoder) -> None:
    png = await decoder.still(clip(2.0), at_s=2.0)
    with av.open(io.BytesIO(png), format="png_pipe") as image:
        frame = next(image.decode(video=0))
    assert (frame.width, frame.height) == (320, 180)
    with pytest.raises(DecodeError, match="no picture"):
        await decoder.still(clip(2.0), at_s=60.0)


async def test_two_workers_decode_at_the_same_time() -> None:
    async with ChildDecoder(2) as pair:
        made = await asyncio.gather(*(pair.decode(clip(1.5), pictures=True) for _ in range(6)))
    assert {len(one.audio) for one in made} == {len(made[0].audio)}
