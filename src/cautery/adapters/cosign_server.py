"""A co-signer's small server: ``POST /add-checkpoint`` and nothing else.

Reaches: one address that it listens on, and its signer process.
Lawful basis: none needed; it sees the hashes and the name of a log, no record and no person.
Manners: bounded bytes, seconds and requests at a time.
Format: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature; RFC 9112 (HTTP).
"""

from __future__ import annotations

import asyncio
import os
import ssl
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from cautery.adapters._face_door import MOST_CONNECTIONS, Door, body_of, room
from cautery.adapters.signer import SignerProcess
from cautery.errors import CauteryError, InputError, LimitError
from cautery.evidence.outside.cosigning import MAX_REQUEST_BYTES, SIZE_TYPE

_AT_ONCE = 16
_WITHIN_S = 10.0
_IDLE_S = 15.0
_MOST_OF_ONE = 64
"""Connections of one subscriber: a log has one, and opens it anew each minute."""


class CosignServer:
    """Serves one co-signer.

    Parameters
    ----------
    signer : SignerProcess
        Holds its key and what it co-signed last.
    say : callable
        Called with one line for each request that it did not co-sign; it holds no text of a
        stranger.
    """

    def __init__(self, signer: SignerProcess, *, say: Callable[[str], None]) -> None:
        self._signer = signer
        self._say = say
        self._slots = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def serving(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[tuple[str, int]]:
        """Listen at a place, and yield where that is.

        Raises
        ------
        InputError
            If it cannot listen there.
        """
        door = Door(
            self._answer,
            tls=tls,
            most=min(room(), MOST_CONNECTIONS),
            most_of_one=_MOST_OF_ONE,
            idle_s=_IDLE_S,
        )
        try:
            async with door.open(host, port) as place:
                yield place
        except OSError as error:
            raise InputError(f"{host}:{port}: {error.strerror or error}") from error
        finally:
            await door.close()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path != "/add-checkpoint":
            return web.Response(status=404, text="only /add-checkpoint is here\n")
        if request.method != "POST":
            return web.Response(status=405, text="ask with POST\n", headers={"Allow": "POST"})
        # Who sends slowly takes no slot from others: a log must get its co-signature each minute.
        try:
            async with asyncio.timeout(_WITHIN_S):
                body = await body_of(request, MAX_REQUEST_BYTES)
        except TimeoutError:
            return web.Response(status=408, text="too slow\n")
        except LimitError:
            return web.Response(status=413, text=f"more than {MAX_REQUEST_BYTES} bytes\n")
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=400, text="the body is broken\n")
        if self._slots.locked():
            return web.Response(status=503, text="busy\n", headers={"Retry-After": "1"})
        async with self._slots:
            try:
                status, text = await asyncio.to_thread(self._signer.cosign, body)
            except CauteryError as error:
                self._say(f"not co-signed: {error}")
                return web.Response(status=500, text="this co-signer cannot sign now\n")
        if status != 200:
            self._say(f"not co-signed: status {status}")
        # c2sp.org/tlog-witness: the body of a 409 is the size that this co-signer knows.
        content_type = SIZE_TYPE if status == 409 else "text/plain"
        return web.Response(status=status, text=text, content_type=content_type)


def tls_of(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """Return the context of a server's certificate; ``None``: it has none.

    Raises
    ------
    InputError
        If one of the two files is missing or cannot be used, or others can read or change the key.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise InputError("a server's certificate needs its key", hint="Give --cert and --key.")
    _require_private(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=b"")
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{certificate}: its certificate and key cannot be used") from error
    return context


def _require_private(key: Path) -> None:
    """Refuse a key that others can read or change, as PostgreSQL does with its own.

    What root owns may be lent to a group: systemd lends credentials so.
    """
    try:
        state = key.stat()
    except OSError as error:
        raise InputError(f"{key}: {error.strerror}") from error
    if state.st_uid not in (0, os.getuid()):
        raise InputError(
            f"{key}: this private key belongs to another user",
            hint=f"chown {os.getuid()} {key} && chmod 600 {key}",
        )
    lent = 0o040 if state.st_uid == 0 else 0
    if stat.S_IMODE(state.st_mode) & 0o077 & ~lent:
        raise InputError(
            f"{key}: other users can read or change this private key",
            hint=f"chmod 600 {key}; if it was so for long, have the certificate made anew.",
        )
