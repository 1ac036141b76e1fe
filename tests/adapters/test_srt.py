"""SRT goes through an FFmpeg that has it, or says what to install."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess

import pytest

from cautery.adapters._landlock import version
from cautery.adapters.clock import SystemClock
from cautery.adapters.srt import SrtStreams, srt_parts
from cautery.errors import ForbiddenAddressError, InputError
from cautery.model import NetworkPolicy


class _NoNames:
    async def resolve(self, host: str) -> tuple[str, ...]:
        raise AssertionError(host)


def _streams(
    *, allow: tuple[str, ...] = ("127.0.0.0/8",), program: str | None = None
) -> SrtStreams:
    policy = NetworkPolicy(allow=allow)
    return SrtStreams(policy, _NoNames(), SystemClock(), program=program)


def _ffmpeg_with_srt() -> str:
    found = shutil.which("ffmpeg")
    if found is None:
        pytest.skip("no ffmpeg on the path")
    said = subprocess.run([found, "-hide_banner", "-protocols"], capture_output=True, check=True)
    if b"srt" not in said.stdout.split():
        pytest.skip("this ffmpeg is built without SRT")
    return found


async def test_without_an_ffmpeg_it_says_what_to_install():
    with pytest.raises(InputError) as caught:
        await anext(_streams(program="no-such-ffmpeg").listen("srt://127.0.0.1:9000"))
    assert "libsrt" in caught.value.hint


async def test_an_ffmpeg_without_srt_is_told_from_one_that_has_it(tmp_path):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho 'Supported file protocols:\n  file\n  srtp'\n")
    program.chmod(0o755)
    with pytest.raises(InputError, match="built without SRT"):
        await anext(_streams(program=str(program)).listen("srt://127.0.0.1:9000"))


async def test_an_address_outside_the_mandate_is_not_called():
    _ffmpeg_with_srt()
    with pytest.raises(ForbiddenAddressError):
        await anext(_streams(allow=()).listen("srt://127.0.0.1:9000"))


@pytest.mark.parametrize(
    "url", ["srt://", "srt://a.example", "srt://a.example:1?mode=listener", "srt://a.example:1?x=1"]
)
def test_what_is_no_srt_address_is_refused(url):
    with pytest.raises(InputError):
        srt_parts(url)


def test_a_refusal_does_not_show_the_pass_phrase():
    with pytest.raises(InputError) as caught:
        srt_parts("srt://a.example:1?passphrase=secret123&wrong=1")
    assert "secret" not in f"{caught.value} {caught.value.hint}"


async def test_bytes_come_through_as_they_were_sent(tmp_path):
    program = _ffmpeg_with_srt()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    sender = await asyncio.create_subprocess_exec(
        program, "-v", "error", "-re", "-f", "lavfi", "-i", "sine=r=48000:d=30",
        "-c:a", "aac", "-f", "mpegts", f"srt://127.0.0.1:{port}?mode=listener",
        stdin=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        held = b""
        for _ in range(20):
            await asyncio.sleep(0.3)
            with contextlib.suppress(Exception):
                arrivals = _streams().listen(f"srt://127.0.0.1:{port}")
                async with asyncio.timeout(20):
                    async for data, _ in arrivals:
                        held += data
                        if len(held) > 4 * 188:
                            break
                await arrivals.aclose()
            if held:
                break
        assert held[0] == 0x47
        assert held[188] == 0x47
    finally:
        sender.kill()
        await sender.wait()


_TRIES = """\
#!/bin/bash
case "$*" in *-protocols*) echo srt; exit;; esac
echo began
cat {key} 2>/dev/null
( echo x > {folder}/made ) 2>/dev/null && echo wrote
mv {key} {folder}/moved 2>/dev/null && echo renamed
( echo x > /dev/tcp/127.0.0.1/{port} ) 2>/dev/null && echo connected
kill -0 $PPID 2>/dev/null && echo signalled
cat /proc/$PPID/maps 2>/dev/null
test -n "$CAUTERY_SECRET" && echo environment
true
"""


async def test_the_program_reaches_no_file_no_tcp_and_no_process(tmp_path, monkeypatch):
    if version() < 6:
        pytest.skip("this kernel has no Landlock of version 6")
    monkeypatch.setenv("CAUTERY_SECRET", "hunter2")
    (tmp_path / "bin").mkdir()
    key, program = tmp_path / "key", tmp_path / "bin" / "ffmpeg"
    key.write_text("secret\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tries = _TRIES.format(key=key, folder=tmp_path, port=listener.getsockname()[1])
        program.write_text(tries)
        program.chmod(0o755)
        arrivals = [
            data async for data, _ in _streams(program=str(program)).listen("srt://127.0.0.1:9000")
        ]
    assert b"".join(arrivals) == b"began\n"
