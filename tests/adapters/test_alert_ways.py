"""Alerts leave signed, to whom the settings name alone, and say no host, person or title."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.cli.mail_room import certificate

from cautery.adapters.alert_mail import mail_of
from cautery.adapters.clock import SystemClock
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.syslog import Syslog, message_of
from cautery.adapters.webhook import Webhook
from cautery.errors import (
    ForbiddenAddressError,
    InputError,
    RefusedError,
    SourceError,
    UnprovenError,
)
from cautery.model import NetworkPolicy, Secret
from cautery.model.alert import Alert, AlertRule

__all__ = ["certificate"]

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = Secret("whsec_" + base64.b64encode(KEY).decode())
ALERT = Alert(
    id="log-7",
    rule=AlertRule.PROVEN,
    case="md34",
    count=3,
    at=NOON,
    link="https://room.example/cases/md34/tonight",
)


class Hook:
    """A receiver that checks as the specification says, by code of its own."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.asked: list[web.Request] = []
        self.bodies: list[bytes] = []

    async def take(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        self.bodies.append(await request.read())
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    def verifies(self, number: int, secret: bytes) -> bool:
        headers, body = self.asked[number].headers, self.bodies[number]
        signed = b".".join(
            (headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body)
        )
        expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        return headers["webhook-signature"] == f"v1,{expected}"


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield made, f"http://127.0.0.1:{port}/hook"
    await runner.cleanup()


async def sent(url: str, allow: Sequence[str] = ("127.0.0.0/8",)) -> None:
    rules = NetworkPolicy(allow=tuple(allow), rate_per_host=1000.0)
    async with PoliteClient(rules, DnsNames(None), SystemClock()) as client:
        await Webhook("duty", url, SECRET, client, now=lambda: NOON).send(ALERT)


async def test_a_webhook_is_signed_and_dated(hook: tuple[Hook, str]) -> None:
    receiver, url = hook
    await sent(url)
    headers = receiver.asked[0].headers
    assert receiver.verifies(0, KEY)
    assert not receiver.verifies(0, KEY[1:])
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == (
        "log-7", str(int(NOON.timestamp())),
    )  # fmt: skip
    assert json.loads(receiver.bodies[0]) == {
        "type": "case.proven",
        "timestamp": "2026-11-24T12:00:00.000000Z",
        "data": {
            "case": "md34",
            "count": 3,
            "text": "3 streams newly proven in the case md34.",
            "link": "https://room.example/cases/md34/tonight",
        },
    }


async def test_an_address_that_is_not_public_is_not_asked_unless_it_is_named(
    hook: tuple[Hook, str],
) -> None:
    receiver, url = hook
    with pytest.raises(ForbiddenAddressError):
        await sent(url, allow=())
    assert receiver.asked == []


async def test_nothing_is_sent_without_tls_to_another_machine() -> None:
    with pytest.raises(UnprovenError, match="plain http"):
        await sent("http://192.0.2.1/hook", allow=("192.0.2.0/24",))


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, SourceError), (503, SourceError), (429, SourceError), (410, RefusedError),
     (401, RefusedError), (302, RefusedError)],
)  # fmt: skip
async def test_what_may_pass_is_tried_again_and_what_is_refused_is_not(
    hook: tuple[Hook, str], status: int, error: type[SourceError]
) -> None:
    receiver, url = hook
    receiver.statuses = [status]
    with pytest.raises(SourceError) as failed:
        await sent(url)
    assert type(failed.value) is error


@pytest.mark.parametrize(
    "text", ["hunter2hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", "whsec_" + "A" * 200]
)
def test_a_secret_that_is_none_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(InputError, match="whsec_") as refused:
        Webhook("duty", "https://h.example", Secret(text), None, now=lambda: NOON)  # type: ignore[arg-type]
    assert text not in str(refused.value) or text == "whsec_"


def test_a_mail_is_a_sentence_and_a_link_and_asks_for_no_answer() -> None:
    raw = mail_of(ALERT, sender="alerts@league.example", to="duty@league.example")
    mail: Any = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "Cautery: 3 streams newly proven in the case md34."
    assert mail.get_content().replace("\r\n", "\n") == (
        "3 streams newly proven in the case md34.\n\nhttps://room.example/cases/md34/tonight\n"
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert raw == mail_of(ALERT, sender="alerts@league.example", to="duty@league.example")
    with pytest.raises(InputError):
        mail_of(ALERT, sender="alerts@league.example", to="a\r\nBcc: b@evil.example")


RFC_5424 = re.compile(
    rb"<(\d{1,3})>1 (\S+) ([!-~]{1,255}) cautery \d+ alert "
    rb'\[cautery@32473( [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+\] \xef\xbb\xbf(.*)'
)


def test_a_message_of_syslog_has_its_form_whatever_a_case_is_called() -> None:
    match = RFC_5424.fullmatch(message_of(ALERT))
    assert match
    assert (match[1], match[2]) == (b"133", b"2026-11-24T12:00:00.000000Z")
    odd = Alert(
        id="log-8", rule=AlertRule.WATCH_DIED, case='a"]\\\n<1>1 x', count=1, at=NOON, link="l"
    )
    match = RFC_5424.fullmatch(message_of(odd).replace(b"\n", b"?"))
    assert match
    assert match[1] == b"132"
    assert b'case="a\\"\\]\\\\ <1>1 x"' in message_of(odd)


async def test_syslog_reaches_this_machines_own_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        await Syslog("log", f"unix:{tmp_path / 'log'}").send(ALERT)
        assert RFC_5424.fullmatch(log.recv(65_536))
    with pytest.raises(SourceError):
        await Syslog("log", f"unix:{tmp_path / 'gone'}").send(ALERT)


async def test_syslog_goes_over_verified_tls(certificate: Path) -> None:
    taken: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.put_nowait(await reader.read())
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await Syslog("log", f"tls://localhost:{port}", ca=str(certificate)).send(ALERT)
        count, _, message = (await asyncio.wait_for(taken.get(), 10)).partition(b" ")
        assert int(count) == len(message)
        assert RFC_5424.fullmatch(message)
        with pytest.raises(SourceError):
            await Syslog("log", f"tls://localhost:{port}").send(ALERT)  # nobody vouches for it
        with pytest.raises(SourceError):
            await Syslog("log", f"tls://127.0.0.1:{port}", ca=str(certificate)).send(ALERT)


@pytest.mark.parametrize(
    "address", ["udp://192.0.2.1:514", "udp://log.example", "http://x", "tls://", "log", "unix:log"]
)
def test_syslog_leaves_this_machine_over_tls_alone(address: str) -> None:
    with pytest.raises(InputError, match="syslog"):
        Syslog("log", address)
