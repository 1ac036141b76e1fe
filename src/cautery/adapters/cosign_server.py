"""A co-signer's small server: ``POST /add-checkpoint`` and nothing else.

Reaches: one address that it listens on, and its signer process.
Lawful basis: none needed; it sees the hashes and the name of a log, no record and no person.
Manners: bounded bytes, seconds and requests at a time.
Format: c2sp.org/tlog-witness, c2sp.org/tlog-cosignature; RFC 9112 (HTTP).
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from cautery.adapters.signer import SignerProcess
from cautery.errors import CauteryError, InputError
from cautery.evidence.outside.cosigning import MAX_REQUEST_BYTES, SIZE_TYPE

_AT_ONCE = 16
_WITHIN_S = 10.0
_SILENT = logging.getLogger("cautery.cosign.requests")
_SILENT.disabled = True
"""What aiohttp would write of a bad request: its sender's address, and what stood in it."""


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

    def application(self) -> web.Application:
        """Return the application, for a server or a test."""
        application = web.Application(client_max_size=MAX_REQUEST_BYTES)
        application.router.add_post("/add-checkpoint", self._add)
        return application

    async def serve(
        self, host: str, port: int, *, tls: ssl.SSLContext | None = None
    ) -> web.AppRunner:
        """Listen until the returned runner is cleaned up.

        Raises
        ------
        InputError
            If it cannot listen there.
        """
        runner = web.AppRunner(
            self.application(),
            access_log=None,
            logger=_SILENT,
            auto_decompress=False,
            keepalive_timeout=75.0,
            shutdown_timeout=2.0,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, ssl_context=tls, backlog=64).start()
        except OSError as error:
            await runner.cleanup()
            raise InputError(f"{host}:{port}: {error.strerror}") from error
        return runner

    async def _add(self, request: web.Request) -> web.Response:
        # Who sends slowly takes no slot from others: a log must get its co-signature each minute.
        try:
            async with asyncio.timeout(_WITHIN_S):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408, text="too slow\n")
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
