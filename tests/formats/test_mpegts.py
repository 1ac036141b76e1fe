"""A transport stream is cut into pieces that decode by themselves, whatever befalls it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.formats.mpegts import CLOCK_HZ, PACKET, WRAP, TsCutter, without_pictures


def _packet(pid: int, *, clock: int | None = None, start: bool = False, body: bytes = b"") -> bytes:
    head = bytes((0x47, (0x40 if start else 0) | pid >> 8, pid & 0xFF))
    if clock is None:
        return (head + b"\x10" + body).ljust(PACKET, b"\xff")
    told = (clock % WRAP) << 15
    field = bytes((7, 0x10)) + told.to_bytes(6, "big")
    return (head + b"\x30" + field + body).ljust(PACKET, b"\xff")


def _pat(pmt: int = 0x100) -> bytes:
    section = bytes((0, 0xB0, 13, 0, 1, 0xC1, 0, 0, 0, 1, 0xE0 | pmt >> 8, pmt & 0xFF)) + b"crc!"
    return _packet(0, start=True, body=b"\0" + section)


def _pmt(kind: int = 0x0F, pmt: int = 0x100) -> bytes:
    section = bytes((2, 0xB0, 18, 0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, kind, 0xE1, 1, 0xF0, 0))
    return _packet(pmt, start=True, body=b"\0" + section + b"crc!")


def _seconds(count: int, *, at: float = 0.0, rate: int = 10) -> bytes:
    """Clock packets, ten a second, each with a payload packet behind it."""
    packets = []
    for step in range(count * rate):
        packets.append(_packet(0x101, clock=round((at + step / rate) * CLOCK_HZ)))
        packets.append(_packet(0x101, body=step.to_bytes(4, "big")))
    return b"".join(packets)


TABLES = _pat() + _pmt()


def test_a_stream_is_cut_by_its_clock_and_each_piece_begins_with_the_tables():
    pieces = list(TsCutter(piece_s=4, overlap_s=1).feed(TABLES + _seconds(13)))
    assert [one.begins for one in pieces] == ["start", None, None]
    assert all(one.data.startswith(TABLES) for one in pieces)


def test_pieces_overlap_by_a_second_so_that_no_frame_is_lost():
    first, second = list(TsCutter(piece_s=4, overlap_s=1).feed(TABLES + _seconds(9)))[:2]
    tail = first.data[-2 * 10 * PACKET :]
    assert second.data[len(TABLES) :].startswith(tail)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_however_it_arrives_the_pieces_are_the_same(seed):
    stream = TABLES + _seconds(9)
    chance = random.Random(seed)
    cutter, pieces, at = TsCutter(piece_s=3), [], 0
    while at < len(stream):
        step = chance.randrange(1, 4000)
        pieces += cutter.feed(stream[at : at + step])
        at += step
    assert pieces == list(TsCutter(piece_s=3).feed(stream))
    assert len(pieces) == 2


def test_a_clock_that_wraps_goes_on():
    near = WRAP / CLOCK_HZ - 3
    pieces = list(TsCutter(piece_s=4).feed(TABLES + _seconds(13, at=near)))
    assert [one.begins for one in pieces] == ["start", None, None]


def test_a_clock_that_jumps_begins_a_new_run():
    cutter = TsCutter(piece_s=4)
    pieces = list(cutter.feed(TABLES + _seconds(3) + _seconds(5, at=5000)))
    assert [one.begins for one in pieces] == ["start", "its clock jumped"]


def test_another_codec_begins_a_new_run_and_what_was_before_is_kept():
    cutter = TsCutter(piece_s=4)
    pieces = list(cutter.feed(TABLES + _seconds(3) + _pmt(0x81) + _seconds(5, at=3)))
    assert [one.begins for one in pieces] == ["start", "other streams"]
    assert pieces[1].data.startswith(_pat() + _pmt(0x81))


def test_noise_before_and_between_packets_is_passed_over():
    cutter = TsCutter(piece_s=2)
    stream = b"\x47noise\x47" + TABLES + _seconds(1) + b"lost" * 30 + TABLES + _seconds(3, at=1)
    assert len(list(cutter.feed(stream))) == 1


def test_scrambled_packets_are_said_to_be_scrambled():
    locked = bytearray(_seconds(5))
    for at in range(3, len(locked), PACKET):
        locked[at] |= 0x80
    (piece,) = list(TsCutter(piece_s=4).feed(TABLES + bytes(locked)))
    assert piece.scrambled


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=6000))
def test_any_bytes_are_taken_in_without_harm(data):
    cutter = TsCutter(most_bytes=10 * PACKET)
    held = sum(len(one.data) for one in cutter.feed(data))
    assert held <= 12 * PACKET * (1 + len(data) // PACKET)


def test_a_stream_without_a_clock_does_not_fill_the_memory():
    cutter = TsCutter(most_bytes=100 * PACKET)
    pieces = list(cutter.feed(TABLES + _packet(0x101, body=b"x") * 1000))
    assert len(pieces) == 10


@pytest.mark.parametrize("data", [b"", b"\x47", b"not a transport stream" * 100])
def test_nothing_gives_nothing(data):
    cutter = TsCutter()
    assert not list(cutter.feed(data))
    assert cutter.flush() is None


SOUND, PICTURES = 0x101, 0x102
H264, AAC = 0x1B, 0x0F


def _map(*streams: tuple[int, int], pmt: int = 0x100) -> bytes:
    """A programme map of (type, PID) each."""
    told = b"".join(bytes((kind, 0xE0 | pid >> 8, pid & 0xFF, 0xF0, 0)) for kind, pid in streams)
    head = bytes((2, 0xB0, 13 + len(told), 0, 1, 0xC1, 0, 0, 0xE1, 2, 0xF0, 0))
    return _packet(pmt, start=True, body=b"\0" + head + told + b"crc!")


def test_without_its_pictures_a_stream_keeps_its_tables_and_its_sound_in_order():
    tables = _pat() + _map((H264, PICTURES), (AAC, SOUND))
    sound = [_packet(SOUND, body=bytes((k,))) for k in range(4)]
    shown = [_packet(PICTURES, clock=k, body=bytes((k,))) for k in range(4)]
    mixed = tables + b"".join(a + b for a, b in zip(shown, sound, strict=True))
    assert without_pictures(mixed) == tables + b"".join(sound)


def test_a_pid_that_some_table_calls_sound_is_kept():
    first = _pat() + _map((H264, PICTURES), (AAC, SOUND)) + _packet(PICTURES, body=b"seen")
    later = _pat() + _map((AAC, PICTURES)) + _packet(PICTURES, body=b"heard")
    assert without_pictures(first + later) == first + later


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no transport stream at all",
        bytes(3 * PACKET),
        _packet(PICTURES, body=b"no tables"),
        (_pat() + _map((H264, PICTURES)) + _packet(PICTURES))[:-1],
        b"\0" + _pat() + _map((H264, PICTURES)) + _packet(PICTURES)[:-1],
    ],
    ids=["empty", "text", "zeros", "no tables", "cut short", "out of step"],
)
def test_what_cannot_be_told_apart_comes_back_as_it_is(data: bytes):
    assert without_pictures(data) == data


@settings(max_examples=200, deadline=None)
@given(bodies=st.lists(st.binary(max_size=PACKET - 1), min_size=1, max_size=8))
def test_hostile_tables_never_raise_and_nothing_is_ever_added(bodies):
    data = _pat() + b"".join((b"\x47" + one).ljust(PACKET, b"\xff") for one in bodies)
    left = without_pictures(data)
    assert len(left) % PACKET == 0
    assert len(left) <= len(data)
    packets = [data[at : at + PACKET] for at in range(0, len(data), PACKET)]
    assert all(left[at : at + PACKET] in packets for at in range(0, len(left), PACKET))


def test_a_table_that_ends_before_its_own_head_does_names_no_pictures() -> None:
    short = _packet(0x100, start=True, body=b"\0" + bytes((2, 0xB0, 2, 0, 1)))
    data = _pat() + short + _packet(0x101)
    assert without_pictures(data) == data
