"""What live streams carry: each codec, rate and layout is heard the same; damage is named."""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
import pytest_asyncio

from cautery.adapters import _decoder_source as decoder_source
from cautery.adapters._decoder_sound import Mixer, Sound
from cautery.adapters._scrambling import scrambling_of
from cautery.adapters._sniff import container_of
from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError, EncryptedError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import landmarks_of, peaks_of

in_one_loop = pytest.mark.asyncio(loop_scope="module")

SECONDS = 12.0
ASSETS = Path(__file__).parent / "assets"
HE_S = 8.0


@cache
def music(rate: int, seconds: float = SECONDS, seed: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * rate), np.float32)
    for _ in range(int(seconds * 10)):
        start, length = rng.uniform(0, seconds), rng.uniform(0.15, 0.6)
        hertz = rng.uniform(220, 3400)
        at = int(start * rate)
        t = np.arange(min(int(length * rate), len(out) - at)) / rate
        out[at : at + len(t)] += 0.12 * np.sin(2 * np.pi * hertz * t) * np.exp(-4 * t)
    out.flags.writeable = False
    return out


def words_of(audio: np.ndarray) -> set[int]:
    found = landmarks_of(peaks_of(np.ascontiguousarray(audio), DEFAULT_RECIPE), DEFAULT_RECIPE)
    return set(found.words.tolist())


@cache
def true_words(seconds: float) -> frozenset[int]:
    return frozenset(words_of(music(8000, seconds)))


def shared(heard: np.ndarray, seconds: float = SECONDS) -> float:
    """Share of the true sound's landmarks that are found in what was decoded; above 0.4, a part."""
    true, most = true_words(seconds), 0.0
    # Encoders delay the sound by some samples, which moves frames: the best of some grids counts.
    for skip in range(0, 128, 16):
        most = max(most, len(true & words_of(heard[skip:])) / len(true))
        if most > 0.4:  # the most that a test asks for
            break
    return most


@cache
def encoded(
    fmt: str,
    codec: str,
    rate: int,
    layout: str = "stereo",
    *,
    channels: tuple[int, ...] | None = None,
    start_s: float = 0.0,
    seconds: float = SECONDS,
) -> bytes:
    made = io.BytesIO()
    with av.open(made, "w", format=fmt) as out:
        stream = out.add_stream(codec, rate=rate, layout=layout)
        stream.bit_rate = 64_000 if rate < 32_000 else 128_000
        sound = music(rate, seconds)
        count = len(av.AudioLayout(layout).channels)
        used = range(count) if channels is None else channels
        planes = np.zeros((count, len(sound)), np.float32)
        planes[list(used)] = sound
        size = stream.codec_context.frame_size or 1024
        change = av.AudioResampler(
            format=stream.codec_context.format.name, layout=layout, rate=rate, frame_size=size
        )
        for at in range(0, planes.shape[1], 4096):
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(planes[:, at : at + 4096]), "fltp", layout
            )
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = at + int(start_s * rate)
            for one in change.resample(frame):
                out.mux(stream.encode(one))
        for one in change.resample(None):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    return made.getvalue()


def test_other_music_shares_next_to_nothing() -> None:
    assert shared(music(8000, seed=5)) < 0.02


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoder() -> AsyncIterator[ChildDecoder]:
    """One child for all these streams, as a watch has it."""
    async with ChildDecoder(1, seconds=30) as made:
        yield made


@pytest.mark.parametrize(
    ("fmt", "codec", "rate"),
    [
        *(("mpegts", "aac", rate) for rate in (16000, 22050, 24000, 32000, 44100, 48000)),
        *(("mpegts", "mp2", rate) for rate in (16000, 22050, 24000, 32000, 44100, 48000)),
        *(("mpegts", "libmp3lame", rate) for rate in (16000, 32000, 44100, 48000)),
        *(("mpegts", "ac3", rate) for rate in (32000, 44100, 48000)),
        *(("mpegts", "eac3", rate) for rate in (32000, 44100, 48000)),
        ("mpegts", "libopus", 48000),
        ("mp4", "aac", 11025),
        ("mp4", "libopus", 24000),
        ("mp4", "eac3", 48000),
        ("webm", "libopus", 48000),
        ("wav", "pcm_s16le", 8000),
        ("wav", "pcm_s24le", 12000),
        ("wav", "pcm_u8", 44100),
        ("wav", "pcm_f32le", 44099),
    ],
)
@in_one_loop
async def test_landmarks_survive_each_codec_at_each_rate(
    decoder: ChildDecoder, fmt: str, codec: str, rate: int
) -> None:
    heard = await decoder.decode(encoded(fmt, codec, rate), pictures=False)
    assert abs(len(heard.audio) / 8000 - SECONDS) < 0.2
    assert shared(heard.audio) > 0.3


def he_aac(version: str, fmt: str) -> bytes:
    """The samples in another container; in one of LATM as DVB and ISDB broadcasts carry it."""
    data = (ASSETS / f"he_aac_{version}.aac").read_bytes()
    if fmt == "adts":
        return data
    options = {}
    if fmt == "latm":  # LATM repeats the configuration that MP4 has and ADTS has not
        data, fmt, options = he_aac(version, "mp4"), "mpegts", {"mpegts_flags": "latm"}
    made = io.BytesIO()
    with (
        av.open(io.BytesIO(data)) as whole,
        av.open(made, "w", format=fmt, options=options) as out,
    ):
        stream = out.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return made.getvalue()


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("fmt", ["adts", "mpegts", "latm", "mp4", "matroska"])
@in_one_loop
async def test_landmarks_survive_he_aac_in_every_container(
    decoder: ChildDecoder, fmt: str, version: str
) -> None:
    heard = await decoder.decode(he_aac(version, fmt), pictures=False)
    assert heard.codecs[0].startswith("aac_latm" if fmt == "latm" else "aac ")
    assert heard.codecs[-1].endswith("48000/2")
    assert abs(len(heard.audio) / 8000 - HE_S) < 0.2
    assert shared(heard.audio, HE_S) > 0.4


@pytest.mark.parametrize("version", ["v1", "v2"])
@in_one_loop
async def test_plain_aac_of_24_khz_that_becomes_he_aac_is_heard_to_its_end(
    decoder: ChildDecoder, version: str
) -> None:
    plain = encoded("mpegts", "aac", 24000)
    heard = await decoder.decode(plain + he_aac(version, "mpegts"), pictures=False)
    assert abs(len(heard.audio) / 8000 - SECONDS - HE_S) < 0.5
    assert shared(heard.audio[: int(SECONDS * 8000)]) > 0.3
    assert shared(heard.audio[-int(HE_S * 8000) :], HE_S) > 0.3


@pytest.mark.parametrize("layout", ["mono", "stereo", "3.0", "5.1", "5.1(side)"])
@in_one_loop
async def test_speech_in_the_centre_is_heard_in_every_layout(
    decoder: ChildDecoder, layout: str
) -> None:
    names = [one.name for one in av.AudioLayout(layout).channels]
    centre = (names.index("FC"),) if "FC" in names else (0,)
    data = encoded("mpegts", "ac3", 48000, layout, channels=centre)
    heard = await decoder.decode(data, pictures=False)
    assert shared(heard.audio) > 0.3


def test_five_channels_in_mono_sound_as_their_stereo_downmix_in_mono() -> None:
    rng = np.random.default_rng(1)
    rows = rng.uniform(-0.1, 0.1, (6, 480)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(rows, "fltp", "5.1")
    frame.sample_rate = 48000
    left, right, centre, _, rear_left, rear_right = rows
    half = np.float32(np.sqrt(0.5))
    down = (left + half * (centre + rear_left)) + (right + half * (centre + rear_right))
    mixed = np.empty(2 * 480, np.float32)
    Mixer().mix([frame, frame], mixed)
    assert np.corrcoef(mixed, np.tile(down, 2))[0, 1] > 0.999999


@pytest.mark.parametrize("samples", [1000, 1024])
def test_what_fills_up_a_frames_planes_is_not_heard(samples: int) -> None:
    rows = np.random.default_rng(2).uniform(-0.1, 0.1, (4, samples)).astype(np.float32)
    frames = [av.AudioFrame.from_ndarray(rows[at : at + 2], "fltp", "stereo") for at in (0, 2)]
    for frame in frames:
        frame.sample_rate = 48000
    mixed = np.empty(2 * samples, np.float32)
    Mixer().mix(frames, mixed)
    np.testing.assert_array_equal(mixed, (rows[::2] + rows[1::2]).reshape(-1) / 2)


def test_frames_of_another_kind_are_mixed_as_if_none_had_come_before() -> None:
    rng, mixer = np.random.default_rng(3), Mixer()
    for rate_hz, layout in ((48000, "stereo"), (48000, "mono"), (44100, "mono"), (44100, "5.1")):
        count = av.AudioLayout(layout).nb_channels
        rows = rng.uniform(-0.1, 0.1, (count, 480)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(rows, "fltp", layout)
        frame.sample_rate, frame.time_base = rate_hz, Fraction(1, rate_hz)
        mixed, alone = np.empty((2, 960), np.float32)
        mixer.mix([frame, frame], mixed)
        Mixer().mix([frame, frame], alone)
        np.testing.assert_array_equal(mixed, alone)


def stereo(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return what is heard of two channels, in frames of 1,024."""
    sound, rows = Sound(most_s=60), np.stack([left, right]).astype(np.float32)
    lot = []
    for at in range(0, rows.shape[1] - 1023, 1024):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(rows[:, at : at + 1024]), "fltp", "stereo"
        )
        frame.sample_rate = 48000
        lot.append(frame)
    for at in range(0, len(lot), 8):
        sound.take(lot[at : at + 8])
    sound.finish()
    return sound.pop(1 << 24)


@pytest.mark.parametrize("width", [0.0, 0.5, 0.75])
def test_a_channel_that_was_turned_over_hides_nothing(width: float) -> None:
    middle, side = music(48000), width * music(48000, seed=5)
    heard = stereo(middle + side, middle - side)
    turned = stereo(middle + side, side - middle)
    assert np.corrcoef(heard[24000:], turned[24000:])[0, 1] > 0.999


def test_wide_stereo_is_mixed_alike_wherever_one_begins_to_listen() -> None:
    opposed = music(48000, 12.8)
    wide, other = music(48000, 19.2, seed=5), music(48000, 19.2, seed=6)
    left = np.concatenate([opposed, wide])
    right = np.concatenate([-opposed, other + 0.1 * wide])
    whole, cut = stereo(left, right), stereo(left[len(opposed) :], right[len(opposed) :])
    assert np.corrcoef(whole[-40000:], cut[-40000:])[0, 1] > 0.999


@pytest.mark.parametrize("seed", range(5, 15))
def test_wide_stereo_is_not_turned_over_but_for_a_moment_at_its_start(seed: int) -> None:
    middle, side = music(48000), 0.5 * music(48000, seed=seed)
    heard, alone = stereo(middle + side, middle - side), stereo(middle, middle)
    assert np.corrcoef(heard[24000:], alone[24000:])[0, 1] > 0.999


@pytest.mark.parametrize("rate", [48000, 44099])
def test_numbers_that_are_none_become_silence(rate: int) -> None:
    rows = np.full((2, 24_000), np.nan, np.float32)
    frame = av.AudioFrame.from_ndarray(rows, "fltp", "stereo")
    frame.sample_rate = rate
    sound = Sound(most_s=10)
    sound.begin(0.0)
    sound.take([frame, frame])
    sound.finish()
    heard = sound.pop(sound.waiting)
    assert len(heard) == pytest.approx(8000 * 48_000 / rate, abs=20)
    assert not heard.any()


@pytest.mark.parametrize(("channels", "rate"), [(47, 48_000), (1, 83_886_337)])
def test_a_header_that_announces_many_channels_or_samples_is_a_gap(
    channels: int, rate: int
) -> None:
    layout = SimpleNamespace(nb_channels=channels)
    frame = SimpleNamespace(sample_rate=rate, samples=rate // 2, layout=layout)
    sound = Sound(most_s=10)
    sound.begin(0.0)
    sound.take([frame, frame])
    heard = sound.pop(sound.waiting)
    assert len(heard) == pytest.approx(8000, abs=20)
    assert not heard.any()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("aac", 48000, "stereo"), ("aac", 44100, "stereo")),
        (("aac", 24000, "stereo"), ("aac", 48000, "stereo")),
        (("aac", 48000, "stereo"), ("aac", 48000, "mono")),
        (("aac", 48000, "stereo"), ("ac3", 48000, "5.1")),
        (("mp2", 48000, "stereo"), ("aac", 32000, "stereo")),
        (("ac3", 48000, "5.1"), ("ac3", 48000, "stereo")),
        (("ac3", 48000, "stereo"), ("ac3", 48000, "5.1")),
        (("aac", 48000, "5.1"), ("aac", 48000, "stereo")),
    ],
)
@in_one_loop
async def test_a_stream_that_changes_its_sound_midway_is_heard_to_its_end(
    decoder: ChildDecoder, first: tuple[str, int, str], second: tuple[str, int, str]
) -> None:
    one = encoded("mpegts", *first)
    two = encoded("mpegts", *second, start_s=SECONDS)
    heard = await decoder.decode(one + two, pictures=False)
    assert abs(len(heard.audio) / 8000 - 2 * SECONDS) < 0.5
    assert shared(heard.audio[: int(SECONDS * 8000)]) > 0.3
    assert shared(heard.audio[-int(SECONDS * 8000) :]) > 0.3


@in_one_loop
async def test_stamps_that_wrap_at_33_bits_make_no_gap(decoder: ChildDecoder) -> None:
    start_s = 2**33 / 90_000 - SECONDS / 2 - 1.4
    heard = await decoder.decode(encoded("mpegts", "aac", 48000, start_s=start_s), pictures=False)
    assert abs(len(heard.audio) / 8000 - SECONDS) < 0.2
    assert shared(heard.audio) > 0.3


@in_one_loop
async def test_a_stream_joined_before_its_tables_is_heard(decoder: ChildDecoder) -> None:
    data = encoded("mpegts", "aac", 48000)
    rows = [data[at : at + 188] for at in range(0, len(data), 188)]
    late = b"".join(row for at, row in enumerate(rows) if at > 12 or row[1] & 0x1F)
    heard = await decoder.decode(late, pictures=False)
    assert len(heard.audio) / 8000 > SECONDS - 1


@in_one_loop
async def test_lost_packets_leave_the_rest_in_its_place(decoder: ChildDecoder) -> None:
    data = encoded("mpegts", "aac", 48000)
    rows = [data[at : at + 188] for at in range(0, len(data), 188)]
    kept = b"".join(row for at, row in enumerate(rows) if at < 20 or at % 397)
    heard = await decoder.decode(kept, pictures=False)
    assert abs(len(heard.audio) / 8000 - SECONDS) < 0.3
    assert shared(heard.audio) > 0.2


@in_one_loop
async def test_a_truncated_file_gives_what_it_has(decoder: ChildDecoder) -> None:
    data = encoded("mpegts", "aac", 48000)
    heard = await decoder.decode(data[: len(data) // 2], pictures=False)
    assert SECONDS / 2 - 1 < len(heard.audio) / 8000 < SECONDS / 2 + 1


def sealed_ts(data: bytes, bits: int = 0x80) -> bytes:
    rows = [bytearray(data[at : at + 188]) for at in range(0, len(data), 188)]
    for row in rows:
        if (row[1] & 0x1F) << 8 | row[2] == 0x100:
            row[3] |= bits
            row[20:] = os.urandom(168)
    return b"".join(bytes(row) for row in rows)


@in_one_loop
async def test_scrambled_packets_are_encrypted_and_no_decoder_sees_them(
    decoder: ChildDecoder,
) -> None:
    with pytest.raises(EncryptedError, match="scrambled"):
        await decoder.decode(sealed_ts(encoded("mpegts", "aac", 48000)), pictures=False)


def test_a_map_of_sample_aes_streams_is_encrypted() -> None:
    data = encoded("mpegts", "aac", 48000, seconds=3)
    at = next(k for k in range(0, len(data), 188) if data[k + 1] & 0x1F == 0x10)
    inside = data[at : at + 188]
    changed = inside.replace(bytes([0x0F, 0xE1, 0x00]), bytes([0xCF, 0xE1, 0x00]))
    assert changed != inside
    assert "SAMPLE-AES" in (scrambling_of(data[:at] + changed + data[at + 188 :]) or "")
    assert scrambling_of(data) is None


def test_even_bytes_without_a_container_are_not_said_to_be_encrypted() -> None:
    for seed in range(20):
        cipher = b"\x91" + np.random.default_rng(seed).bytes(65_535)
        with pytest.raises(DecodeError, match="no readable media") as refused:
            container_of(cipher)
        assert not isinstance(refused.value, EncryptedError)
    with pytest.raises(DecodeError, match="zip"):
        container_of(b"PK\x03\x04" + os.urandom(60_000))


@in_one_loop
async def test_common_encryption_is_a_record_of_its_own(decoder: ChildDecoder) -> None:
    made = io.BytesIO()
    options = {
        "encryption_scheme": "cenc-aes-ctr",
        "encryption_key": "00112233445566778899aabbccddeeff",
        "encryption_kid": "ffeeddccbbaa99887766554433221100",
    }
    with (
        av.open(io.BytesIO(encoded("mp4", "aac", 48000))) as clear,
        av.open(made, "w", format="mp4", options=options) as out,
    ):
        stream = out.add_stream_from_template(clear.streams.audio[0])
        for packet in clear.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert b"enca" in made.getvalue()
    with pytest.raises(EncryptedError, match="CENC"):
        await decoder.decode(made.getvalue(), pictures=False)


@in_one_loop
async def test_fragments_with_their_init_segment_are_heard(decoder: ChildDecoder) -> None:
    made = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "2000000"}
    with (
        av.open(io.BytesIO(encoded("mp4", "aac", 48000))) as whole,
        av.open(made, "w", format="mp4", options=options) as out,
    ):
        stream = out.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    data = made.getvalue()
    first = data.index(b"moof") - 4
    second = data.index(b"moof", first + 8) - 4
    third = data.index(b"moof", second + 8) - 4
    heard = await decoder.decode(data[:first] + data[second:], pictures=False)
    assert 7 < len(heard.audio) / 8000 < SECONDS
    with pytest.raises(DecodeError):  # a fragment alone says nothing of its codec
        await decoder.decode(data[second:third], pictures=False)


@pytest.mark.parametrize(
    ("tracks", "notes"), [(1, ()), (2, ("2 tracks of sound, 0 of pictures: one of each is used",))]
)
@in_one_loop
async def test_a_file_with_several_tracks_says_that_one_of_them_is_used(
    decoder: ChildDecoder, tracks: int, notes: tuple[str, ...]
) -> None:
    made, sounds = io.BytesIO(), [music(48000, 7, seed) for seed in range(tracks)]
    with av.open(made, "w", format="mpegts") as out:
        streams = [out.add_stream("mp2", rate=48000, layout="mono") for _ in range(tracks)]
        for at in range(0, 6 * 48000, 1152):
            for seed, stream in enumerate(streams):
                sound = sounds[seed][None, at : at + 1152]
                samples = (sound * 30000).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(samples, "s16", "mono")
                frame.sample_rate, frame.pts = 48000, at
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    heard = await decoder.decode(made.getvalue(), pictures=True)
    assert heard.warnings == notes
    assert len(heard.codecs) == 1


def programme(number: int, seed: int, layout: str, *, pictures: bool) -> bytes:
    """Return a transport stream of one programme whose packet identifiers no other one has."""
    made, sound = io.BytesIO(), music(48000, 12, seed)
    options = {
        "mpegts_service_id": str(number), "mpegts_pmt_start_pid": str(0x1000 + number),
        "mpegts_start_pid": str(0x100 * number),
    }  # fmt: skip
    with av.open(made, "w", format="mpegts", options=options) as out:
        heard = out.add_stream("mp2", rate=48000, layout=layout)
        heard.bit_rate = 64_000 * len(heard.layout.channels)
        shown = out.add_stream("mpeg2video", rate=25) if pictures else None
        if shown is not None:
            shown.width, shown.height, shown.pix_fmt = 64, 36, "yuv420p"
        for at in range(0, len(sound) - 1151, 1152):
            channels = len(heard.layout.channels)
            samples = (sound[at : at + 1152] * 30000).astype(np.int16).repeat(channels)
            frame = av.AudioFrame.from_ndarray(samples[None], "s16", layout)
            frame.sample_rate, frame.pts = 48000, at
            out.mux(heard.encode(frame))
            if shown is not None and at % (2 * 1920) < 1152:
                out.mux(shown.encode(av.VideoFrame(64, 36, "yuv420p")))
        for stream in (heard, *([shown] if shown is not None else [])):
            out.mux(stream.encode(None))
    return made.getvalue()


def crc_of_section(section: bytes) -> bytes:
    """Return the CRC-32 of ISO/IEC 13818-1, annex A."""
    check = 0xFFFFFFFF
    for byte in section:
        check ^= byte << 24
        for _ in range(8):
            check = (check << 1 ^ (0x04C11DB7 if check >> 31 else 0)) & 0xFFFFFFFF
    return check.to_bytes(4, "big")


def together(streams: dict[int, bytes]) -> bytes:
    """Return the packets of several programmes in turn, under a table that names them all."""
    named = b"".join(
        number.to_bytes(2, "big") + (0xE000 | 0x1000 + number).to_bytes(2, "big")
        for number in streams
    )
    section = bytes([0, 0xB0, 9 + len(named), 0, 1, 0xC1, 0, 0]) + named
    table = bytes([0x47, 0x40, 0, 0x10, 0]) + section + crc_of_section(section)
    packets = [
        (at / len(data), data[at : at + 188])
        for data in streams.values()
        for at in range(0, len(data), 188)
        if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF
    ]
    return table.ljust(188, b"\xff") + b"".join(packet for _, packet in sorted(packets))


@in_one_loop
async def test_of_two_programmes_in_one_stream_the_sound_is_that_of_the_pictures(
    decoder: ChildDecoder,
) -> None:
    # The sound of the second one, which is stereo at twice the rate, would be the better track.
    streams = {
        1: programme(1, 4, "mono", pictures=True), 2: programme(2, 5, "stereo", pictures=False),
    }  # fmt: skip
    heard = await decoder.decode(together(streams), pictures=True)
    assert shared(heard.audio) > 0.3
    assert len(heard.luma)
    assert "2 tracks of sound, 1 of pictures: one of each is used" in heard.warnings


@in_one_loop
async def test_silence_and_one_second_are_decoded_as_they_are(decoder: ChildDecoder) -> None:
    silent = await decoder.decode(encoded("mpegts", "ac3", 48000, channels=()), pictures=False)
    assert np.abs(silent.audio).max() < 1e-3
    short = await decoder.decode(encoded("mpegts", "aac", 48000, seconds=1), pictures=False)
    assert 0.9 < len(short.audio) / 8000 < 1.2


@in_one_loop
async def test_a_stream_that_ends_in_bytes_of_no_stream_is_heard_up_to_there(
    decoder: ChildDecoder,
) -> None:
    padding = (b"\x47\x1f\xff\x10" + bytes(184)) * 2_000
    heard = await decoder.decode(encoded("mpegts", "aac", 48000) + padding, pictures=False)
    assert abs(len(heard.audio) / 8000 - SECONDS) < 0.2


@pytest.mark.parametrize(("step", "openings"), [(0, 1), (188, 64)])
def test_a_stream_whose_sound_is_lost_again_and_again_is_not_followed_for_ever(
    monkeypatch: pytest.MonkeyPatch, step: int, openings: int
) -> None:
    opened: list[int] = []

    class Losing(decoder_source._Following):
        def again(self) -> int | None:
            opened.append(self._base)
            return self._base + step

    monkeypatch.setattr(decoder_source, "_Following", Losing)
    stream = io.BytesIO(encoded("mpegts", "mp2", 48000, seconds=2))
    for _ in decoder_source.Source(stream, "mpegts", pictures=False).frames():
        pass
    assert len(opened) == openings
