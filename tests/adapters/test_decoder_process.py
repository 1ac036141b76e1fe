"""The decoder's parent: whatever its child sends or leaves out, it waits and takes within bounds."""

from __future__ import annotations

import asyncio
import math
import os
import textwrap
from typing import Any

import pytest

from cautery.adapters import _decoder_process
from cautery.adapters._decoder_process import Child
from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError
from cautery.model.media import LUMA_SHAPE

_BEGIN = """\
import json, os, signal, struct, sys, time
def framed(head, payload=b""):
    return struct.pack("<I", len(head)) + head + struct.pack("<Q", len(payload)) + payload
def send(data):
    while data:
        data = data[os.write(1, data):]
def say(head, payload=b""):
    send(framed(json.dumps(head).encode(), payload))
def take():
    size, = struct.unpack("<I", sys.stdin.buffer.read(4))
    sys.stdin.buffer.read(size)
    size, = struct.unpack("<Q", sys.stdin.buffer.read(8))
    sys.stdin.buffer.read(size)
READY = {"confined": {"seccomp": True, "landlock": 7, "own_network": True, "own_files": True}}
"""
ANSWERS = {
    "garbage": r"send(b'\xff' * 5000)",
    "a head of 4 GB": r"send(b'\xff\xff\xff\x7f')",
    "an empty head": r"send(bytes(1000))",
    "a head that is nested too deep": "send(framed(b'[' * 60000))",
    "a head that is no object": "say([1, 2])",
    "a head that is not UTF-8": r"send(framed(b'{\"\xff\xfe\": 1}'))",
    "a number of many digits": "send(framed(b'{\"samples\": ' + b'9' * 60000 + b'}'))",
    "a payload of 16 EB": r"send(struct.pack('<I', 2) + b'{}' + b'\xff' * 8)",
    "a payload that is too long": "say({}, bytes(200_000))",
    "nothing, with its output closed": "os.close(1); time.sleep(600)",
    "nothing, for ever": "time.sleep(600)",
    "nothing, deaf to signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); time.sleep(600)"
    ),
    "nothing, stopped": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a drip of bytes": "[(os.write(1, b'x'), time.sleep(0.2)) for _ in range(3000)]",
    "half an answer": "send(framed(b'{}', bytes(100))[:50]); time.sleep(600)",
    "half an answer, and its end": "send(framed(b'{}', bytes(100))[:50])",
    "bytes into its own input": "os.write(0, bytes(100)); time.sleep(600)",
    "a flood": "while True: os.write(1, bytes(1 << 16))",
    "its output left to another process": "os.fork() or time.sleep(600); os._exit(1)",
    "its output left to a session of its own": (
        "os.fork() or (os.setsid(), time.sleep(30)); os._exit(1)"
    ),
}


def child_that(does: str) -> str:
    return _BEGIN + textwrap.dedent(does)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("answer", ANSWERS)
async def test_an_answer_that_makes_no_sense_ends_the_child_soon(
    answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_decoder_process, "_DRAIN_S", 0.5)
    monkeypatch.setattr(
        _decoder_process, "_RUN", child_that(f"say(READY)\ntake()\n{ANSWERS[answer]}")
    )
    child = Child(240)
    async with asyncio.timeout(20):
        await child.start()
        process = child._process
        assert process is not None
        with pytest.raises(DecodeError):
            await child.work({"job": "decode"}, b"x", seconds=2, most=100_000)
    assert gone(process.pid)


@pytest.mark.parametrize(
    "start",
    [
        "say([])",
        "say({})",
        "say({'confined': 1})",
        r"send(b'\xff' * 100)",
        "os._exit(3)",
        "time.sleep(600)",
    ],
)
async def test_a_child_that_does_not_start_is_an_error_soon(
    start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_decoder_process, "_START_S", 2.0)
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(start))
    async with asyncio.timeout(20):
        with pytest.raises(DecodeError, match="did not start"):
            await Child(240).start()


async def test_a_child_that_reads_nothing_does_not_hold_its_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_decoder_process, "_RUN", child_that("say(READY)\ntime.sleep(600)"))
    async with asyncio.timeout(20):
        with pytest.raises(DecodeError, match="more than 2 s"):
            await Child(240).work({"job": "decode"}, bytes(32 << 20), seconds=2, most=0)


async def test_parts_without_an_end_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "say(READY)\ntake()\nwhile True: say({'samples': 0})"
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(code))
    parts = Child(240).stream({"part_s": 1}, b"", seconds=5, most=0, parts=50)
    with pytest.raises(DecodeError, match="is incomplete"):
        _ = [part async for part in parts]


async def test_what_a_child_writes_to_its_standard_error_goes_nowhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "say(READY)\ntake()\n[os.write(2, bytes(1 << 16)) for _ in range(2000)]\nsay({'fine': 1})"
    )
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(code))
    child = Child(240)
    head, _ = await child.work({"job": "decode"}, b"", seconds=20, most=0)
    await child.end()
    assert head == {"fine": 1}


@pytest.mark.parametrize(
    "head",
    [
        {},
        {"refused": ["x"] * 3000, "encrypted": 0},
        {"samples": -1, "pictures": 0},
        {"samples": 1e308, "pictures": 0},
        {"samples": "many", "pictures": 0},
        {
            "samples": 0,
            "pictures": 0,
            "audio_s": 0,
            "duration_s": 1e400,
            "codecs": [],
            "warnings": [],
        },
        {"samples": 0, "pictures": 0, "audio_s": 0, "duration_s": 0, "codecs": {}, "warnings": 1},
        {
            "samples": 0,
            "pictures": 0,
            "audio_s": "x",
            "duration_s": 0,
            "codecs": [],
            "warnings": [],
        },
    ],
)
async def test_an_answer_of_the_wrong_shape_is_a_decode_error(
    head: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = f"inf = float('inf')\nsay(READY)\ntake()\nsay({head!r})"
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(code))
    async with ChildDecoder(1) as decoder:
        with pytest.raises(DecodeError):
            await decoder.decode(b"RIFF\0\0\0\0WAVEfmt " + bytes(200), pictures=False)


@pytest.mark.parametrize(
    ("audio_s", "times"),
    [
        (0.0, (0.0, 1e5)),
        (0.0, (-1e300, 1e300)),
        (1e300, (0.0, 0.08)),
        (-1e4, (0.0, 0.08)),
        (1e12, (1e12, 1e12 + 1)),
    ],
)
async def test_sound_and_pictures_far_apart_are_a_decode_error(
    audio_s: float, times: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    head = {
        "samples": 1,
        "pictures": len(times),
        "audio_s": audio_s,
        "duration_s": 12.0,
        "codecs": [],
        "warnings": [],
    }
    zeros = 4 + len(times) * math.prod(LUMA_SHAPE)
    payload = f"bytes({zeros}) + struct.pack('<2d', *{times})"
    code = f"say(READY)\ntake()\nsay({head}, {payload})"
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(code))
    async with ChildDecoder(1) as decoder:
        with pytest.raises(DecodeError):
            await decoder.decode(b"RIFF\0\0\0\0WAVEfmt " + bytes(200), pictures=True)


async def test_a_refusal_of_a_child_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "say(READY)\ntake()\nsay({'refused': '\\ud800 x'})"
    monkeypatch.setattr(_decoder_process, "_RUN", child_that(code))
    async with ChildDecoder(1) as decoder:
        with pytest.raises(DecodeError, match=r"^\ufffd x$"):
            await decoder.decode(b"RIFF\0\0\0\0WAVEfmt " + bytes(200), pictures=False)
