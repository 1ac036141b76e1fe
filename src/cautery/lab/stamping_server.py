"""Serves the lab's time-stamping authority over HTTP on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cautery.errors import SourceError
from cautery.lab.loopback_server import Answering, LoopbackServer
from cautery.lab.stamping import OCSP_PATH, LabAuthority

_MOST_BYTES = 4096


class StampingServer(LoopbackServer):
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

        class Handler(Answering):
            def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
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
                self.answer(answer, "application/timestamp-reply")

            def do_GET(self) -> None:  # noqa: N802 - as http.server calls it
                if server.is_down or server.authority is None:
                    self.send_error(503)
                    return
                self.answer(server.authority.crl(at=datetime.now(UTC)), "application/pkix-crl")

            def _answer_ocsp(self, authority: LabAuthority, body: bytes) -> None:
                try:
                    answer = authority.ocsp(body, at=datetime.now(UTC).replace(microsecond=0))
                except SourceError:
                    self.send_error(400)
                    return
                self.answer(answer, "application/ocsp-response")

        super().__init__(Handler, port=port)
