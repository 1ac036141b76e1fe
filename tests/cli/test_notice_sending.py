"""A notice leaves by mail or API once a second person has signed it; what comes back is a claim."""

from __future__ import annotations

import asyncio
import base64
import json
import mailbox
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Self

import dkim
import pytest
import xarf
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from cautery.act import Approved, digest
from cautery.act.confirmed import NOTICE_RULES
from cautery.act.notice_mail import notice_mail
from cautery.act.rules import confirm_rule
from cautery.adapters import smtp as adapter
from cautery.adapters import xarf_api
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.person_keys import load_approver
from cautery.adapters.smtp import MailServer, Security
from cautery.errors import ApprovalError, InputError, SourceError, UnansweredError
from cautery.model import digest_of
from cautery.model.ledger import append
from cautery.model.records import ActRefused
from cautery.wiring import cases, notices, signing
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.case.refusing import refusal_in

from .conftest import Ran
from .mail_room import Server, mail_settings, parsed, postbox, send
from .notice_case import NOW, OTHER, URL, Watched, approve, state

pytestmark = pytest.mark.usefixtures("no_waiting")


class Broken:
    """A connection to a mail server that breaks as it is made, or once the mail is begun."""

    def __init__(self, error: Exception, *, at_once: bool) -> None:
        self.error, self.at_once = error, at_once

    async def __aenter__(self) -> Self:
        if self.at_once:
            raise self.error
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def sendmail(self, *_: object) -> object:
        raise self.error


def test_a_mail_is_signed_sent_after_refusals_and_carries_a_valid_report_for_each_url(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = proven_case.folder / "dkim.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    pem.chmod(0o600)
    inbox, port = serve("451 try later", "451 try later")
    dkim_table = f'[mail.dkim]\ndomain = "league.example"\nselector = "s1"\nkey = "{pem}"\n'
    settings = mail_settings(proven_case.folder, port, dkim_table)
    ran = send(cautery, proven_case, notice, settings)
    assert ran.code == 0, ran.err
    (mail,) = inbox.mails
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)
    assert dkim.verify(mail, dnsfunc=lambda *_, **__: record)
    message = parsed(mail)
    assert message["To"].addresses[0].addr_spec == "abuse@hoster.example"
    text = message.get_body().get_content()
    assert "Reviewed by anna (legal)" in text
    assert URL in text
    reports = [json.loads(part.get_content()) for part in message.iter_attachments()]
    assert [report["infringing_url"] for report in reports] == [URL, OTHER]
    for report in reports:
        assert xarf.parse(report).errors == []
        assert report["source_identifier"] == "192.0.2.7"
        assert any(tag.startswith("event-end:") for tag in report["tags"])
    (sent,) = proven_case.records("notice.sent")
    assert (sent["to"], sent["tries"], sent["reminder"]) == ("abuse@hoster.example", 3, False)
    assert sent["message_id"] == message["Message-ID"]
    assert state(cautery, proven_case, notice)["state"] == "sent"
    again = send(cautery, proven_case, notice, settings)
    assert (again.code, "has been sent" in again.err) == (1, True)
    early = send(cautery, proven_case, notice, settings, "--remind")
    assert (early.code, "not due" in early.err) == (1, True)


def test_nothing_leaves_without_a_second_person(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    inbox, port = serve()
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    assert (ran.code, "nobody has approved it" in ran.err) == (1, True)
    assert inbox.mails == []
    with pytest.raises(ApprovalError):
        notice_mail(
            object(),  # type: ignore[arg-type]
            sender="a@b.example",
            message_id="<1@b.example>",
            at=NOW,
        )
    with pytest.raises(ApprovalError):
        Approved(None, (), NOW)


def test_what_is_refused_for_good_is_a_failure_and_not_sent(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve("550 no such user")
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    assert (ran.code, "no such user" in ran.err) == (1, True)
    assert inbox.mails == []
    assert proven_case.records("notice.sent") == []
    assert "550 no such user" in proven_case.records("failure")[-1]["message"]
    assert state(cautery, proven_case, notice)["state"] == "drafted"


def test_an_address_that_is_refused_for_good_is_asked_once(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve()
    inbox.strangers = True
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    assert (ran.code, "550 nobody here" in ran.err, inbox.asked) == (1, True, 1)


@pytest.mark.parametrize("security", ["an unknown authority", "none"])
def test_a_server_that_does_not_prove_itself_gets_nothing(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any, security: str
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve(tls=security != "none")
    settings = mail_settings(proven_case.folder, port)
    if (
        security != "none"
    ):  # another authority than the one that the server's certificate comes from
        settings.write_text(settings.read_text().replace('ca = "', "#"))
    assert send(cautery, proven_case, notice, settings).code == 1
    assert inbox.mails == []
    assert proven_case.records("notice.sent") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[mail]\nhost = "h"\nsender = "x"\n', "not a mail address"),
        ('[mail]\nhost = "h"\nsender = "a@b.de"\nsecurity = "none"\n', "over TLS alone"),
        ('[mail]\nhost = "h"\nsender = "a@b.de"\npassword = "s3cret"\n', "username and password"),
        ('[mail]\nhost = "h"\nport = "s3cret"\nsender = "a@b.de"\n', "mail.port"),
        ("[mail\n", "not a TOML file"),
        ("", "no [mail] table"),
        ('[api]\nurl = "s3cret"\n', "api.url is not a URL"),
    ],
)
def test_settings_that_are_wrong_are_named_and_no_secret_is_quoted(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, text: str, why: str
) -> None:
    approve(cautery, proven_case, notice)
    ran = send(cautery, proven_case, notice, postbox(proven_case.folder, text))
    assert ran.code == 2
    assert why in ran.err
    assert "s3cret" not in ran.err


def test_settings_that_others_can_read_are_refused(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    settings = postbox(proven_case.folder, "")
    settings.chmod(0o644)
    ran = send(cautery, proven_case, notice, settings)
    assert (ran.code, "other users can read it" in ran.err) == (2, True)


def test_a_rule_that_nobody_confirmed_holds_a_notice_back(
    cautery: Callable[..., Ran], proven_case: Watched, serve: Any
) -> None:
    cautery(
        *("notice", "draft", proven_case.path, "--as", "carl", "--addressee", "Example CDN"),
        *("--kind", "CDN", "--asn", "64500", "--to", "abuse@cdn.example"),
        *("--reply-to", "piracy@league.example"),
    )
    cdn = proven_case.records("notice.drafted")[-1]["id"]
    shown = cautery("notice", "show", proven_case.path, cdn).out
    assert "article 16" not in shown
    assert "waits for  the rule dsa-5-caching" in shown
    assert "dsa-5-caching" in cautery("notice", "lint", proven_case.path, cdn).err
    approve(cautery, proven_case, cdn)
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    assert "dsa-5-caching" in send(cautery, proven_case, cdn, settings).err
    assert send(cautery, proven_case, cdn, settings, "--confirm", "dsa-5-caching=").code == 2
    ran = send(cautery, proven_case, cdn, settings, "--confirm", "dsa-5-caching=OJ L 277, p. 1")
    assert (ran.code, len(inbox.mails)) == (0, 1)
    (sending,) = proven_case.records("notice.sending")
    assert sending["confirmed"] == {"dsa-5-caching": "OJ L 277, p. 1"}


def test_a_rule_that_an_approver_confirmed_for_the_case_lets_a_notice_go(
    cautery: Callable[..., Ran], proven_case: Watched, serve: Any
) -> None:
    cautery(
        *("notice", "draft", proven_case.path, "--as", "carl", "--addressee", "Example CDN"),
        *("--kind", "CDN", "--asn", "64500", "--to", "abuse@cdn.example"),
        *("--reply-to", "piracy@league.example"),
    )
    cdn = proven_case.records("notice.drafted")[-1]["id"]
    approve(cautery, proven_case, cdn)
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    refused = send(cautery, proven_case, cdn, settings)
    assert "cautery mandate confirm MANDATE dsa-5-caching" in refused.err
    with cases.reading(proven_case.path) as case:
        (anna, _) = notices.of(case.ledger).mandate.approvers
    confirmed = confirm_rule(
        NOTICE_RULES["dsa-5-caching"],
        mandate="m",
        source="OJ L 277, p. 1",
        approver=anna,
        key=load_approver(proven_case.key("anna")),
        at=NOW,
    )
    proven_case.write(replace(confirmed, source="I say so"))
    assert send(cautery, proven_case, cdn, settings).code == 1
    proven_case.write(confirmed)
    ran = send(cautery, proven_case, cdn, settings)
    assert (ran.code, len(inbox.mails)) == (0, 1), ran.err


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(adapter, "import_module", missing)
    with pytest.raises(InputError, match="aiosmtplib") as caught:
        adapter.required("aiosmtplib")
    assert caught.value.hint == "pip install 'cautery[mail]'"


# -- the API --------------------------------------------------------------------------------------


class Api:
    """Takes reports by POST on loopback."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.reports: list[tuple[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 202
                if status // 100 == 2:
                    outer.reports.append((self.headers["Authorization"], json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/reports"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.mark.parametrize(
    ("answers", "taken"), [((), 2), ((503,), 2), ((400,), 0), ((503, 503, 503), 0)]
)
def test_reports_are_handed_in_to_an_api_which_is_asked_again_only_where_that_helps(
    cautery: Callable[..., Ran],
    proven_case: Watched,
    notice: str,
    answers: tuple[int, ...],
    taken: int,
) -> None:
    approve(cautery, proven_case, notice)
    api = Api(*answers)
    try:
        settings = postbox(proven_case.folder, f'[api]\nurl = "{api.url}"\ntoken = "t0p"\n')
        ran = send(cautery, proven_case, notice, settings, "--api")
    finally:
        api.stop()
    assert (ran.code, len(api.reports)) == (0 if taken else 1, taken), ran.err
    assert all(token == "Bearer t0p" for token, _ in api.reports)
    assert len(proven_case.records("notice.sent")) == (1 if taken else 0)
    if taken:
        assert len({report["report_id"] for _, report in api.reports}) == 2
        (sent,) = proven_case.records("notice.sent")
        assert (sent["means"], sent["to"]) == ("API", "127.0.0.1")


# -- what comes back ------------------------------------------------------------------------------


@pytest.fixture
def sent_id(cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any) -> str:
    """Send the notice; return the Message-ID of its mail."""
    approve(cautery, proven_case, notice)
    _, port = serve()
    assert send(cautery, proven_case, notice, mail_settings(proven_case.folder, port)).code == 0
    return str(proven_case.records("notice.sent")[0]["message_id"])


def bounce(about: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.hoster.example\nTo: piracy@league.example\n"
        "Subject: Undelivered mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: message/rfc822-headers\n\nMessage-ID: {about}\n--b--\n"
    ).encode()


def answer(about: str, text: str = "We have removed it.") -> bytes:
    return (
        "From: Abuse Desk <abuse@hoster.example>\nSubject: Re: your mail\n"
        f"In-Reply-To: {about}\n\n{text}\n"
    ).encode()


def filed(cautery: Callable[..., Ran], case: Watched, *mails: bytes, more: tuple = ()) -> Ran:
    box = mailbox.mbox(case.folder / "inbox.mbox")
    box.clear()
    for mail in mails:
        box.add(mail)
    box.close()
    return cautery("notice", "replies", case.path, case.folder / "inbox.mbox", *more)


def test_bounces_and_replies_are_filed_as_claims_once_and_close_nothing(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, sent_id: str
) -> None:
    forged = bounce(f"<{notice}.{'0' * 32}@league.example>").replace(
        b"Undelivered mail", f"[{notice}] undelivered".encode()
    )
    mails = bounce(sent_id), forged, answer(sent_id), answer("<other@x.example>")
    ran = filed(cautery, proven_case, *mails)
    assert ran.code == 0, ran.err
    answers = proven_case.records("notice.answered")
    assert [(each["notice"], each["what"], each["names_message"]) for each in answers] == [
        (notice, "bounce", True),
        (notice, "bounce", False),
        (notice, "answer", True),
        (None, "answer", False),
    ]
    assert state(cautery, proven_case, notice)["state"] == "sent"
    assert "filed before: 4" in filed(cautery, proven_case, *mails).err
    assert len(proven_case.records("notice.answered")) == 4
    ledger = (proven_case.path / "ledger.sqlite").read_bytes()
    assert b"abuse desk" not in ledger.lower()


def test_what_a_person_has_read_in_a_reply_is_counted(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, sent_id: str
) -> None:
    mail = answer(sent_id, "This is unfounded.")
    assert filed(cautery, proven_case, mail, more=("--what", "rejected")).code == 2
    filed(cautery, proven_case, mail, more=("--what", "rejected", "--as", "carl"))
    assert state(cautery, proven_case, notice)["answered"] == "rejected"
    assert "claims: rejected" in cautery("notice", "list", proven_case.path).out


def test_mails_that_are_too_long_or_none_cost_themselves_alone(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, sent_id: str
) -> None:
    long = answer(sent_id, "x" * 2_100_000)
    headers = b"X: " + b"y" * 200_000 + b"\n\n"
    ran = filed(cautery, proven_case, long, headers, answer(sent_id))
    assert ran.code == 1
    assert ran.err.count("not filed") == 2
    assert len(proven_case.records("notice.answered")) == 1


def test_a_maildir_and_a_single_mail_are_read(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, sent_id: str
) -> None:
    box = mailbox.Maildir(proven_case.folder / "mail")
    box.add(answer(sent_id))
    single = proven_case.folder / "one.eml"
    single.write_bytes(bounce(sent_id).replace(b"\n", b"\r\n"))
    ran = cautery(
        "notice", "replies", proven_case.path, proven_case.folder / "mail", single, "--json"
    )
    assert [json.loads(line)["what"] for line in ran.out.splitlines()] == ["answer", "bounce"]
    assert cautery("notice", "replies", proven_case.path, proven_case.folder / "keys").code == 2


# -- cut off --------------------------------------------------------------------------------------


class Silent:
    """A mail server that takes a mail and dies, or its sender does, before it answers."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.taken = threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(bytes(envelope.content))
        self.taken.set()
        await asyncio.sleep(60)
        return "250 taken"


@pytest.fixture
def silent() -> Iterator[tuple[Silent, int]]:
    handler = Silent()
    server = Server(handler, hostname="127.0.0.1", port=0)
    server.start()
    yield handler, server.port
    server.stop()


@pytest.fixture
def unsettled(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, silent: tuple[Silent, int]
) -> Path:
    """Kill the command while the server has the mail and has not answered; return the settings."""
    approve(cautery, proven_case, notice)
    handler, port = silent
    settings = mail_settings(proven_case.folder, port, security="none")
    settings.write_text(settings.read_text().replace("localhost", "127.0.0.1").replace("ca =", "#"))
    command = (sys.executable, "-m", "cautery", "notice", "send", proven_case.path, notice)
    with subprocess.Popen(
        [*map(str, command), "--as", "carl", "--postbox", str(settings)], stderr=subprocess.DEVNULL
    ) as sending:
        assert handler.taken.wait(120)
        sending.kill()
    return settings


def test_who_is_killed_while_sending_never_sends_again_before_a_person_has_looked(
    cautery: Callable[..., Ran],
    proven_case: Watched,
    notice: str,
    silent: tuple[Silent, int],
    unsettled: Path,
) -> None:
    (mail,) = silent[0].mails
    message_id = str(parsed(mail)["Message-ID"])
    assert state(cautery, proven_case, notice)["state"] == "may have been sent"
    for more in ((), ("--remind",), ("--dry-run",)):
        ran = send(cautery, proven_case, notice, unsettled, *more)
        assert (ran.code, message_id in ran.err, "notice settle" in ran.err) == (1, True, True)
    again = ("notice", "draft", proven_case.path, "--from", notice, "--as", "carl")
    assert "may have been sent" in cautery(*again, "--to", "a@hoster.example").err
    assert len(silent[0].mails) == 1
    filed(cautery, proven_case, answer(message_id))
    assert "so it has arrived" in send(cautery, proven_case, notice, unsettled).err
    settle = ("notice", "settle", proven_case.path, notice, "--as", "anna")
    assert cautery(*settle).code == 2
    assert cautery(*settle, "--sent").code == 0
    (sent,) = proven_case.records("notice.sent")
    assert (sent["message_id"], sent["by"], sent["settled_by"]) == (message_id, "carl", "anna")
    assert state(cautery, proven_case, notice)["state"] == "sent"
    assert cautery(*settle, "--sent").code == 2
    assert "has been sent" in send(cautery, proven_case, notice, unsettled).err
    assert len(silent[0].mails) == 1


@pytest.mark.usefixtures("unsettled")
def test_what_a_person_finds_not_to_have_left_can_be_sent(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    settle = ("notice", "settle", proven_case.path, notice, "--as", "anna", "--unsent")
    assert cautery(*settle).code == 0
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    assert send(cautery, proven_case, notice, settings).code == 0
    assert len(inbox.mails) == len(proven_case.records("notice.sent")) == 1


@pytest.mark.usefixtures("certificate")
def test_a_server_that_breaks_off_may_have_taken_the_mail(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aiosmtplib

    errors = [aiosmtplib.SMTPServerDisconnected("gone"), aiosmtplib.SMTPDataError(550, "no")]

    monkeypatch.setattr(
        adapter.SmtpPostbox, "_client", lambda _: Broken(errors.pop(0), at_once=False)
    )
    approve(cautery, proven_case, notice)
    settings = mail_settings(proven_case.folder, 9)
    assert send(cautery, proven_case, notice, settings).code == 1
    assert state(cautery, proven_case, notice)["state"] == "may have been sent"
    assert proven_case.records("notice.unsent") == []


@pytest.mark.usefixtures("certificate")
def test_a_server_that_is_not_there_has_taken_nothing(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    approve(cautery, proven_case, notice)
    assert send(cautery, proven_case, notice, mail_settings(proven_case.folder, 9)).code == 1
    assert state(cautery, proven_case, notice)["state"] == "drafted"
    (unsent,) = proven_case.records("notice.unsent")
    assert unsent["message_id"] == proven_case.records("notice.sending")[0]["message_id"]


def test_reports_of_which_some_were_taken_may_have_been_sent(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    approve(cautery, proven_case, notice)
    api = Api(202, 400)
    try:
        settings = postbox(proven_case.folder, f'[api]\nurl = "{api.url}"\n')
        ran = send(cautery, proven_case, notice, settings, "--api")
    finally:
        api.stop()
    assert (ran.code, "1 of 2 reports were taken" in ran.err) == (1, True)
    assert state(cautery, proven_case, notice)["state"] == "may have been sent"


def test_a_dry_run_prints_the_mail_and_sends_and_records_nothing(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    assert "nobody has approved" in send(cautery, proven_case, notice, settings, "--dry-run").err
    approve(cautery, proven_case, notice)
    ran = send(cautery, proven_case, notice, settings, "--dry-run")
    assert ran.code == 0, ran.err
    assert "Reviewed by anna (legal)" in ran.out
    assert "To: Example Hosting <abuse@hoster.example>" in ran.out
    assert inbox.mails == proven_case.records("notice.sending") == []


def withdrawn_meanwhile(case: Watched, notice: str) -> subprocess.CompletedProcess[str]:
    """Withdraw a notice in another process, as a person at another desk would."""
    command = [str(Path(sys.executable).parent / "cautery"), "notice", "withdraw", str(case.path)]
    return subprocess.run(
        [*command, notice, "--as", "anna", "--why", "the host is innocent"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_notice_that_is_refused_while_it_is_made_ready_does_not_leave(
    cautery: Callable[..., Ran],
    proven_case: Watched,
    notice: str,
    serve: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve()
    ready_to_send = notices.ready_to_send

    def ready(case: Any, notice_id: str, **how: Any) -> Any:
        ready_now = ready_to_send(case, notice_id, **how)
        signing.refuse(
            proven_case.path, notice_id, shown=None, name="anna", why="an innocent host", seen=None
        )
        return ready_now

    monkeypatch.setattr(notices, "ready_to_send", ready)
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    assert ran.code == 1
    assert "refused" in ran.err
    assert inbox.mails == []
    assert proven_case.records("notice.sent") == []


def test_a_refusal_of_another_text_or_by_nobody_of_the_mandate_keeps_no_notice_back(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    subject = digest(notices_of(ledger).draft(notice))
    true = ActRefused(id=notice, subject=subject, by="anna", why="w", at=NOW)
    for forged in (replace(true, by="Nobody"), replace(true, subject=digest_of(b"x"))):
        append(ledger, forged, at=NOW)
        assert refusal_in(ledger, notice, mandate=mandate_of(ledger), subject=subject) is None
    ledger.close()
    approve(cautery, proven_case, notice)
    inbox, port = serve()
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    assert (ran.code, len(inbox.mails)) == (0, 1), ran.err


def test_a_notice_that_is_withdrawn_between_two_tries_does_not_leave(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str, serve: Any
) -> None:
    approve(cautery, proven_case, notice)
    inbox, port = serve()
    takes, withdrawals = inbox.handle_DATA, []

    async def later(server: Any, session: Any, envelope: Any) -> str:
        if not withdrawals:
            withdrawals.append(await asyncio.to_thread(withdrawn_meanwhile, proven_case, notice))
            return "451 try later"
        return await takes(server, session, envelope)  # type: ignore[no-any-return]

    inbox.handle_DATA = later
    ran = send(cautery, proven_case, notice, mail_settings(proven_case.folder, port))
    (withdrawal,) = withdrawals
    assert withdrawal.returncode == 0, withdrawal.stderr
    assert "no further try is made" in withdrawal.stderr
    assert (ran.code, inbox.mails) == (1, [])
    assert "is withdrawn" in ran.err
    assert proven_case.records("notice.sent") == []
    assert len(proven_case.records("notice.unsent")) == 1
    assert state(cautery, proven_case, notice)["state"] == "withdrawn"


@pytest.mark.parametrize("error", [ConnectionResetError(), ssl.SSLError(1, "bad record mac")])
async def test_a_mail_that_may_have_arrived_is_not_sent_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is on the way can let TLS fail once the mail is taken."""
    server = MailServer(
        host="127.0.0.1", port=1, security=Security.NONE, sender="piracy@league.example"
    )
    box = adapter.SmtpPostbox(server, waits_s=(0.0, 0.0))
    for at_once, tries, kind in ((False, 1, UnansweredError), (True, 3, SourceError)):
        asked: list[int] = []
        monkeypatch.setattr(box, "_client", lambda at_once=at_once: Broken(error, at_once=at_once))
        with pytest.raises(SourceError) as raised:
            await box.send(b"", to="abuse@host.example", before=lambda told=asked: told.append(1))  # type: ignore[misc]
        assert (type(raised.value), len(asked)) == (kind, tries)


async def test_where_an_earlier_report_may_have_arrived_a_person_has_to_find_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(xarf_api, "check_report", lambda _: None)
    asked: list[int] = []

    def before() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise ApprovalError("it is withdrawn")

    class Silent:
        async def fetch(self, *_: object, **__: object) -> object:
            raise SourceError("no answer")

    api = xarf_api.XarfApi("https://host.example/abuse", Silent(), waits_s=(0.0, 0.0))  # type: ignore[arg-type]
    with pytest.raises(UnansweredError, match="may have arrived"):
        await api.hand_in(b"{}", before=before)
    assert len(asked) == 2
