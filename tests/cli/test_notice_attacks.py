"""Who attacks a notice on its way: by a name, by a forged record, at the mail server, on the wire."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.lists import MANDATE

from cautery.act.approved import let_out
from cautery.act.notice_mail import notice_mail
from cautery.adapters.smtp import Dkim, MailServer, Security, SmtpPostbox
from cautery.adapters.turns import alone_with
from cautery.errors import ApprovalError
from cautery.evidence.manifest import CASE_KEY
from cautery.model import ExhibitId, Finding, Notice, Secret
from cautery.model.records import NoticeSent, SendMeans
from cautery.wiring import cases, notices

from .conftest import Ran
from .mail_room import mail_settings, parsed, send
from .notice_case import COMPLETE, NOW, URL, Watched, approve, proven

pytestmark = pytest.mark.usefixtures("no_waiting")
BCC = "=?utf-8?q?=0ABcc:_x@y.example?="
"""An encoded word with an end of line in it."""
NO_EXHIBIT = ExhibitId("sha256:" + "0" * 64)


def forged(notice: str, message_id: str = "<1@league.example>") -> NoticeSent:
    """Make a record of a mail that was never sent, old enough for a reminder."""
    return NoticeSent(
        notice=notice,
        means=SendMeans.MAIL,
        to="abuse@hoster.example",
        message_id=message_id,
        by="carl",
        exhibit=NO_EXHIBIT,
        reminder=False,
        tries=1,
        at=NOW - timedelta(hours=30),
    )


def drafted(watched: Watched, notice: str) -> Notice:
    with cases.reading(watched.path) as case:
        return notices.of(case.ledger).draft(notice)


def mail_of(notice: Notice) -> bytes:
    return notice_mail(
        let_out(notice, (), at=NOW, mandate=MANDATE, gate=None),
        sender="piracy@league.example",
        message_id="<1@league.example>",
        at=NOW,
    )


# -- a name -----------------------------------------------------------------------------------------


def test_an_addressee_whose_name_is_a_header_field_is_not_approved(
    cautery: Callable[..., Ran], proven_case: Watched, serve: Any
) -> None:
    cautery(
        *("notice", "draft", proven_case.path, "--as", "carl", "--asn", "64500", *COMPLETE),
        *("--addressee", f"Hoster {BCC} \u00e9"),
    )
    notice = str(proven_case.records("notice.drafted")[-1]["id"])
    assert "control" in cautery("notice", "lint", proven_case.path, notice).out
    assert approve(cautery, proven_case, notice).code == 1
    inbox, port = serve()
    assert send(cautery, proven_case, notice, mail_settings(proven_case.folder, port)).code == 1
    assert inbox.mails == []


@pytest.mark.parametrize("end", ["=0A", "=0D=0A", "=0D", "=0A=0A", "=0D=0A=0D=0A"])
@pytest.mark.parametrize("who", ["addressee", "notifier"])
def test_no_name_brings_a_header_field_or_a_text_of_its_own(
    proven_case: Watched, notice: str, who: str, end: str
) -> None:
    good = drafted(proven_case, notice)
    for name in (f"Hoster {BCC} \u00e9", f"\u00e9 {BCC}", BCC):
        bad = name.replace("=0A", end)
        hostile = (
            replace(good, notifier=bad)
            if who == "notifier"
            else replace(good, addressee=replace(good.addressee, name=bad))
        )
        try:
            mail = mail_of(hostile)
        except ApprovalError:
            continue
        message = parsed(mail)
        assert message.keys() == parsed(mail_of(good)).keys()
        assert message.get_body().get_content() == parsed(mail_of(good)).get_body().get_content()


# -- a forged record --------------------------------------------------------------------------------


def test_no_reminder_says_of_a_licensed_stream_that_it_is_not(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    proven_case.write(
        replace(proven(URL, NO_EXHIBIT), finding=Finding.LICENSED, at=NOW), forged(notice)
    )
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    ran = send(cautery, proven_case, notice, settings, "--remind")
    assert (ran.code, "not-proven" in ran.err, inbox.mails) == (1, True, [])


@pytest.mark.parametrize("message_id", ["<a@b>\r\nBcc: x@y.example", "a\nb", "\u00e9", "x" * 5000])
def test_a_reminder_names_no_message_id_of_a_stranger(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any, message_id: str
) -> None:
    approve(cautery, proven_case, notice)
    proven_case.write(forged(notice, message_id))
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    assert send(cautery, proven_case, notice, settings, "--remind").code == 0
    (mail,) = inbox.mails
    message = parsed(mail)
    assert message["Subject"].startswith("Reminder: ")
    assert (message["In-Reply-To"], message["References"], message["Bcc"]) == (None, None, None)


def test_two_who_send_at_once_send_one_mail(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    with alone_with(proven_case.path / CASE_KEY, doing="sending"):
        second = send(cautery, proven_case, notice, settings)
    assert (second.code, "another process is sending" in second.err) == (1, True)
    assert inbox.mails == []
    assert send(cautery, proven_case, notice, settings).code == 0


# -- at the server and on the wire ------------------------------------------------------------------


@pytest.mark.parametrize(
    "field",
    [
        *("From: x@y.example", "To: x@y.example", "Cc: x@y.example", "Sender: x@y.example"),
        *("Reply-To: x@y.example", "Subject: pay here", "Date: Mon, 1 Jan 2001 00:00:00 +0000"),
        *("Content-Type: text/html", "Content-Transfer-Encoding: base64", "MIME-Version: 2.0"),
        *("In-Reply-To: <1@y.example>", "References: <1@y.example>", "Message-ID: <1@y.example>"),
    ],
)
def test_a_field_that_is_added_on_the_way_breaks_the_signature(
    proven_case: Watched, notice: str, field: str
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    server = MailServer(
        host="localhost",
        port=25,
        security=Security.NONE,
        sender="piracy@league.example",
        dkim=Dkim(domain="league.example", selector="s", key=Secret(pem.decode())),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    mail = SmtpPostbox(server).signed(mail_of(drafted(proven_case, notice)))
    assert dkim.verify(mail, dnsfunc=lambda *_, **__: record)
    assert not dkim.verify(field.encode() + b"\r\n" + mail, dnsfunc=lambda *_, **__: record)


def test_a_server_that_repeats_our_login_does_not_bring_it_into_the_case(
    cautery: Callable[..., Ran],
    proven_case: Watched,
    notice: str,
    serve: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import aiosmtplib

    async def refused(*_: Any) -> None:
        login = base64.b64encode(b"s3cret").decode()
        raise aiosmtplib.SMTPAuthenticationError(535, f"no such login {login}")

    monkeypatch.setattr(aiosmtplib.SMTP, "connect", refused)
    approve(cautery, proven_case, notice)
    _, port = serve()
    login = 'username = "user"\npassword = "s3cret"\n'
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port, login))
    assert (ran.code, "535: it does not take our login" in ran.err) == (1, True)
    assert base64.b64encode(b"s3cret").decode() not in ran.err
    assert b"czNjcmV0" not in (proven_case.path / "ledger.sqlite").read_bytes()
