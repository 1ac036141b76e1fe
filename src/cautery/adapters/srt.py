"""Transport streams over SRT, through an FFmpeg program that has it.

PyAV's own FFmpeg is built without SRT, so the system's is asked, and only to carry bytes: it never
looks into them; they are decoded in the closed-in child as all others are. The program reads what
the sender sends: it runs with limits and without capabilities, ends with its parent, and where the
kernel has seccomp and Landlock it reaches no file but what is installed, no network but UDP, no
service of this machine and no other process.

Reaches: the one address of a mandate's own reference feed.
Lawful basis: a mandate that names the feed as its own reference.
Manners: one connection; the address is checked against the mandate's network before it is called.
Format: SRT (draft-sharabayko-srt); URLs as FFmpeg writes them: ``srt://HOST:PORT[?OPTION=VALUE]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from cautery.adapters._addresses import check
from cautery.adapters._targets import spelled_address
from cautery.errors import InputError, SourceError
from cautery.model import NetworkPolicy
from cautery.model.ports import Clock, Names

_OPTIONS = frozenset(
    ("mode", "passphrase", "pbkeylen", "streamid", "latency", "rcvlatency", "peerlatency",
     "connect_timeout", "timeout", "transtype", "payload_size")
)  # fmt: skip
_ROOT = str(Path(__file__).resolve().parents[2])
_RUN = (
    "import sys;sys.path.insert(0,sys.argv[1]);"
    "from cautery.adapters._program_child import main;main(sys.argv[2:])"
)
_CHUNK = 64 << 10
_STALL_S = 3.0
_ASK_S = 10.0
_TAIL_BYTES = 2000
PROGRAM = "CAUTERY_FFMPEG"
"""Environment variable that names the FFmpeg program, if it is not ``ffmpeg`` on the path."""


class SrtStreams:
    """Fulfils :class:`cautery.model.ports.Streams` for ``srt://``.

    Parameters
    ----------
    policy : NetworkPolicy
        Ranges allowed beside public addresses.
    program : str or None
        The FFmpeg program; ``None``: as the environment says.
    stall_s : float
        Seconds of silence after which empty bytes are yielded.
    """

    def __init__(
        self,
        policy: NetworkPolicy,
        names: Names,
        clock: Clock,
        *,
        program: str | None = None,
        stall_s: float = _STALL_S,
    ) -> None:
        self._policy = policy
        self._names = names
        self._clock = clock
        self._program = program or os.environ.get(PROGRAM) or "ffmpeg"
        self._stall_s = stall_s

    async def listen(self, url: str) -> AsyncIterator[tuple[bytes, float]]:
        """Yield bytes and the epoch second at which the last of them came, until the peer ends.

        Empty bytes say that nothing has come for a while.

        Raises
        ------
        InputError
            If the URL cannot be read, or there is no FFmpeg with SRT; the hint says what to do.
        SourceError
            If the address is not allowed, or nobody answers there.
        """
        program = await self._with_srt()
        target = await self._target(url)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _RUN, _ROOT,
            program, "-nostdin", "-hide_banner", "-loglevel", "error",
            # ``data``: the program must carry bytes, not look into them; a probing demuxer would.
            "-protocol_whitelist", "srt,udp", "-f", "data", "-i", target,
            "-map", "0", "-c", "copy", "-f", "data", "pipe:1",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ.get("PATH", "")},
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        tail = asyncio.create_task(_tail(process.stderr))
        came = False
        reading: asyncio.Task[bytes] | None = None
        try:
            while True:
                reading = reading or asyncio.create_task(process.stdout.read(_CHUNK))
                finished, _ = await asyncio.wait((reading,), timeout=self._stall_s)
                now_s = self._clock.now().timestamp()
                if not finished:
                    yield b"", now_s
                    continue
                data, reading = reading.result(), None
                if not data:
                    break
                came = True
                yield data, now_s
            if not came:
                # FFmpeg quotes its URL, whose options hold the pass phrase.
                lines = (await tail).replace(target, _shown(url)).strip().splitlines()
                why = lines[-1][:200] if lines else "the sender ended at once"
                raise SourceError(f"{_shown(url)}: {why}")
        finally:
            if reading is not None:
                reading.cancel()
            with contextlib.suppress(ProcessLookupError):
                # Not process.kill(), for the reason in ``_decoder_process.Child.end``.
                os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            tail.cancel()

    async def _with_srt(self) -> str:
        """Return the FFmpeg program, if it has SRT."""
        remedy = (
            "Install an FFmpeg built with libsrt (Debian and Ubuntu: apt install ffmpeg), or name "
            f"one in ${PROGRAM}; or let it send udp:// to this machine."
        )
        program = shutil.which(self._program)
        if program is None:
            raise InputError(f"srt:// needs FFmpeg; {self._program!r} was not found", hint=remedy)
        try:
            probe = await asyncio.create_subprocess_exec(
                program, "-hide_banner", "-protocols",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", "")},
            )  # fmt: skip
            async with asyncio.timeout(_ASK_S):
                output, _ = await probe.communicate()
        except (OSError, TimeoutError) as error:
            raise InputError(f"{program}: it could not be run ({error})", hint=remedy) from error
        if b"srt" not in output.split():
            raise InputError(f"{program}: this FFmpeg is built without SRT", hint=remedy)
        return program

    async def _target(self, url: str) -> str:
        """Return the URL with the checked address in place of the host."""
        host, port, options = srt_parts(url)
        spelled = spelled_address(host)
        addresses = (spelled,) if spelled is not None else await self._names.resolve(host)
        address = check(host, addresses, self._policy.allow)[0]
        literal_host = f"[{address}]" if ":" in address else address
        query = urlencode(options, quote_via=quote)
        return f"srt://{literal_host}:{port}" + (f"?{query}" if query else "")


def srt_parts(url: str) -> tuple[str, int, dict[str, str]]:
    """Return host, port and options of an ``srt://`` URL.

    Raises
    ------
    InputError
        Saying what is wrong with it, without its pass phrase.

    Examples
    --------
    >>> srt_parts("srt://feeds.example:9000?latency=200000")
    ('feeds.example', 9000, {'latency': '200000'})
    >>> srt_parts("srt://feeds.example:9000?streamid=#!::r=arena,m=request")[2]
    {'streamid': '#!::r=arena,m=request'}
    """
    remedy = "Write it as srt://feeds.example:9000, with options after a question mark."
    try:
        # SRT has no fragments: its names of streams begin with a number sign (Access Control).
        parts = urlsplit(url.replace("#", "%23"))
        host, port = parts.hostname, parts.port
        options = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        raise InputError("not a valid SRT address", hint=remedy) from None
    if parts.scheme != "srt" or not host or not port or parts.path not in ("", "/"):
        raise InputError(f"{_shown(url)}: not a valid SRT address", hint=remedy)
    unknown = [option for option in options if option not in _OPTIONS]
    if unknown:
        raise InputError(
            f"{_shown(url)}: unknown option {unknown[0][:40]!r}",
            hint=f"Known options: {', '.join(sorted(_OPTIONS))}.",
        )
    if options.get("mode", "caller") != "caller":
        raise InputError(
            f"{_shown(url)}: mode must be caller: Cautery calls the feed",
            hint="Write mode=caller, or leave it out.",
        )
    return host, port, options


async def _tail(pipe: asyncio.StreamReader) -> str:
    tail = b""
    while data := await pipe.read(4096):
        tail = (tail + data)[-_TAIL_BYTES:]
    return tail.decode("utf-8", "replace")


def _shown(url: str) -> str:
    """Return a URL without options and user, which may be secrets."""
    head, _, remainder = url.partition("://")
    return f"{head}://{remainder.partition('?')[0].rpartition('@')[2]}"[:200]
