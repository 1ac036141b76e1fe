"""A mail server on loopback for tests of notices, and the settings that name it."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from cryptography.hazmat.primitives.asymmetric import ec

from cautery.lab.certificates import _write
from cautery.wiring import notices as wired

from .notice_case import Watched


class Inbox:
    """Takes mails after some refusals."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)
        self.strangers = False
        self.asked = 0
        self.mails: list[bytes] = []

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.strangers:
            self.asked += 1
            return "550 nobody here"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.refusals:
            return self.refusals.pop(0)
        self.mails.append(bytes(envelope.content or b""))
        return "250 taken"


class Server(Controller):
    """An SMTP server on loopback, over STARTTLS if it has a certificate."""

    context: ssl.SSLContext | None = None

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # port 0 took any that was free
        super()._trigger_server()

    def factory(self) -> SMTP:
        more = (
            {} if self.context is None else {"tls_context": self.context, "require_starttls": True}
        )
        return SMTP(self.handler, hostname="mail.example", **more)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "server.pem", ec.generate_private_key(ec.SECP256R1()), "localhost", ["localhost"]
    )


@pytest.fixture
def serve(certificate: Path) -> Iterator[Callable[..., tuple[Inbox, int]]]:
    running: list[Server] = []

    def start(*refusals: str, tls: bool = True) -> tuple[Inbox, int]:
        inbox = Inbox(*refusals)
        server = Server(inbox, hostname="127.0.0.1", port=0)
        if tls:
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(certificate)
        server.start()
        running.append(server)
        return inbox, server.port

    yield start
    for server in running:
        server.stop()


def postbox(folder: Path, text: str) -> Path:
    path = folder / "postbox.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def mail_settings(folder: Path, port: int, more: str = "", security: str = "starttls") -> Path:
    return postbox(
        folder,
        f'[mail]\nhost = "localhost"\nport = {port}\nsecurity = "{security}"\n'
        f'sender = "piracy@league.example"\nca = "{folder / "server.pem"}"\n{more}',
    )


def send(
    cautery: Callable[..., Any], case: Watched, notice: str, settings: Path, *more: str
) -> Any:
    return cautery(
        *("notice", "send", case.path, notice, "--as", "carl", "--postbox", settings, *more)
    )


def parsed(mail: bytes) -> Any:
    return email.message_from_bytes(mail, policy=email.policy.default)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wired.send, "__kwdefaults__", {"waits_s": (0.0, 0.0)})
