"""Serves the lab's time-stamping authority over HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from cautery.errors import SourceError
from cautery.lab.stamping import OCSP_PATH, LabAuthority

_MOST_BYTES = 4096


class StampingServer:
    """Serves an authority over HTTP on loopback: stamps, OCSP answers, and its list of revoked.

    ``POST /ocsp`` answers of its certificate, ``POST`` elsewhere stamps, ``GET`` returns the list.

    Parameters
    ----------
    authority : LabAuthority or None
        ``None``: it is given later, when the address is known.
    """

    def __init__(self, authority: LabAuthority | None = None, *, port: int = 0) -> None:
        self.authority = authority
        self.is_down = False
        self.asked = 0
        self.change: Callable[[bytes], bytes] | None = None
        """What becomes of an answer before it is sent, for bad authorities."""
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                server.asked += 1
                size = int(self.headers.get("Content-Length") or 0)
                if server.is_down or server.authority is None or size > _MOST_BYTES:
                    self.send_error(503)
                    return
                body = self.rfile.read(size)
                if self.path == OCSP_PATH:
                    self._answer_ocsp(server.authority, body)
                    return
                answer = server.authority.answer(body)
                if server.change is not None:
                    answer = server.change(answer)
                self._send(answer, "application/timestamp-reply")

            def do_GET(self) -> None:
                if server.is_down or server.authority is None:
                    self.send_error(503)
                    return
                self._send(server.authority.crl(at=datetime.now(UTC)), "application/pkix-crl")

            def _answer_ocsp(self, authority: LabAuthority, body: bytes) -> None:
                try:
                    answer = authority.ocsp(body, at=datetime.now(UTC).replace(microsecond=0))
                except SourceError:
                    self.send_error(400)
                    return
                self._send(answer, "application/ocsp-response")

            def _send(self, body: bytes, media_type: str) -> None:
                self.send_response(200)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self) -> str:
        """Where it takes requests."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
