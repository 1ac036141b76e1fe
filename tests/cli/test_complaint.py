"""A complaint is filed with a clock, sealed, confirmed, and decided by a person."""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from tests.lists import entry, referral

from cautery.act.complaint import Standing, complaint_of, number_of
from cautery.adapters import mail_files, smtp
from cautery.adapters._trust import verifying
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.custody_file import read_custody
from cautery.adapters.public_folder import PublicFolder
from cautery.model import Lever, Window, referral_id
from cautery.model.records import ReferralPublished
from cautery.wiring import complaints as wired
from cautery.workflows.case import complaint_mails
from cautery.workflows.case import complaints as filing

from .conftest import Ran
from .notice_case import NOW, Watched

TOKEN = "0123456789abcdef" * 2
NUMBER = number_of(TOKEN)
Cautery = Callable[..., Ran]


def published(case: Watched, *, hours_ago: float = 0.5) -> None:
    """Put a name and an address on the list of a provider."""
    entries = (entry("shop.example"), entry("192.0.2.9", Lever.ADDRESS))
    ends = NOW + timedelta(hours=1)
    drafted = replace(
        referral(*entries),
        window=Window(start=NOW - timedelta(days=30), end=ends),
        entries=tuple(replace(each, valid_until=ends) for each in entries),
    )
    drafted = replace(drafted, id=referral_id(drafted), territory="IT")
    drafted = replace(drafted, id=referral_id(replace(drafted, id="")))
    case.write(
        drafted,
        ReferralPublished(
            referral=drafted.id,
            intermediary="isp",
            targets=("shop.example", "192.0.2.9"),
            at=NOW - timedelta(hours=hours_ago),
        ),
    )


@pytest.fixture
def public(proven_case: Watched) -> PublicFolder:
    published(proven_case)
    return PublicFolder(proven_case.folder / "public", make=True)


def sent_in(public: PublicFolder, **more: Any) -> None:
    given = {
        "number": NUMBER,
        "target": "shop.example",
        "standing": Standing.OWNER,
        "text": "I am Jo Doe, and it is my shop.",
        "mail": "jo@shop.example",
        "at": NOW,
    } | more
    public.write(f"complaints/{given['number']}.json", complaint_of(**given).body())


def take(cautery: Cautery, case: Watched, *more: object) -> Ran:
    return cautery("complaint", "take", case.path, "--public", case.folder / "public", *more)


def test_a_complaint_from_the_form_is_filed_shown_and_granted(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    sent_in(public)
    ran = take(cautery, proven_case)
    assert ran.code == 0, ran.err
    [filed] = proven_case.records("complaint.filed")
    assert (filed["complaint"], filed["target"], filed["rule"]) == (NUMBER, "shop.example", None)
    assert filed["receipt_at"] == filed["received_at"]
    assert filed["due_at"].startswith(f"{NOW + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    assert filed["unconfirmed"] == ["it-decide-live"]
    assert public.names("complaints") == ()
    assert json.loads(public.read(f"decisions/{NUMBER}.json") or b"")["state"] == "filed"
    assert NUMBER in cautery("complaint", "list", proven_case.path).out
    shown = cautery("complaint", "show", proven_case.path, NUMBER).out
    assert "not confirmed: it-decide-live" in shown
    named = ("--by", "A. Clerk", "--why", "to decide")
    assert "Jo Doe" in cautery("complaint", "show", proven_case.path, NUMBER, *named).out
    first, last = read_custody(proven_case.path)
    assert (first.what, first.why, first.act.value) == (filed["exhibit"], "not stated", "opened")
    assert (last.what, last.by, last.why) == (filed["exhibit"], "A. Clerk", "to decide")
    decide = ("complaint", "decide", proven_case.path, NUMBER, "--as", "anna", "--why", "a shop")
    ran = cautery(*decide, "--grant", "--public", proven_case.folder / "public")
    assert ran.code == 0, ran.err
    [decided] = proven_case.records("complaint.decided")
    assert (decided["granted"], decided["target"]) == (True, "shop.example")
    assert len(decided["referrals"]) == 1
    assert json.loads(public.read(f"decisions/{NUMBER}.json") or b"")["state"] == "granted"
    assert "granted by anna" in cautery("complaint", "list", proven_case.path).out
    assert cautery(*decide, "--reject").code == 2


def test_nothing_that_a_person_wrote_stands_in_the_case_in_clear(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    sent_in(public)
    take(cautery, proven_case)
    assert proven_case.records("complaint.filed")
    for path in proven_case.path.rglob("*"):
        if path.is_file():
            assert b"Jo Doe" not in path.read_bytes(), path
            assert b"jo@shop" not in path.read_bytes(), path


def test_the_same_complaint_is_filed_once(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    for _ in range(3):
        sent_in(public)
        assert take(cautery, proven_case).code == 0
    assert len(proven_case.records("complaint.filed")) == 1


def test_a_name_on_no_list_is_refused_by_its_rule_and_kept(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    sent_in(public, target="elsewhere.example")
    assert "no-entry" in take(cautery, proven_case).err
    [filed] = proven_case.records("complaint.filed")
    assert (filed["rule"], filed["target"], filed["due_at"]) == ("no-entry", None, None)
    ran = cautery(
        *("complaint", "decide", proven_case.path, NUMBER, "--as", "anna", "--why", "x", "--grant")
    )
    assert ran.code == 2
    assert "nothing to release" in ran.err


@pytest.mark.parametrize("secret", [False, True])
def test_where_lists_are_secret_the_state_of_a_complaint_betrays_none(
    cautery: Cautery,
    proven_case: Watched,
    public: PublicFolder,
    monkeypatch: pytest.MonkeyPatch,
    secret: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(filing, "keeps_secrets", lambda _mandate: secret)
    other = "C-" + "0" * 12
    sent_in(public)
    sent_in(public, number=other, target="elsewhere.example")
    take(cautery, proven_case)
    listed, unlisted = (
        {**json.loads(public.read(f"decisions/{number}.json") or b""), "at": ""}
        for number in (NUMBER, other)
    )
    assert (listed == unlisted) is secret
    assert unlisted["state"] == ("filed" if secret else "no-entry")


def test_a_rejected_complaint_can_be_granted_later(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    sent_in(public)
    take(cautery, proven_case)
    decide = ("complaint", "decide", proven_case.path, NUMBER, "--as", "anna", "--why", "x")
    assert cautery(*decide).code == 2
    assert cautery(*decide, "--reject").code == 0
    assert cautery(*decide, "--reject").code == 2
    assert cautery(*decide, "--grant").code == 0


def test_what_is_no_complaint_is_named_and_taken_away(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    for number, body in enumerate((b"", b"{}", b"[" * 50_000, b"x" * 2_000_000, b'{"number": 1}')):
        public.write(f"complaints/{number}.json", body)
    sent_in(public)
    ran = take(cautery, proven_case)
    assert ran.err.count("not filed") == 5
    assert len(proven_case.records("complaint.filed")) == 1
    assert public.names("complaints") == ()


@pytest.mark.parametrize(("days", "late"), [(4, False), (6, True)])
def test_who_comes_after_the_days_of_the_jurisdiction_is_late_and_heard(
    cautery: Cautery, proven_case: Watched, *, days: int, late: bool
) -> None:
    published(proven_case, hours_ago=24 * days)
    public = PublicFolder(proven_case.folder / "public", make=True)
    sent_in(public)
    take(cautery, proven_case)
    [filed] = proven_case.records("complaint.filed")
    assert (filed["late"], filed["rule"]) == (late, None)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wired, "_WAITS_S", (0.0,))


def test_a_flood_of_complaints_stays_outside_the_case(
    cautery: Cautery,
    proven_case: Watched,
    public: PublicFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filing, "MOST_A_DAY", 5)
    for number in range(12):
        sent_in(public, number=f"C-{number:012x}", target=f"{number}.example")
    for _ in range(3):
        assert take(cautery, proven_case).code == 0
    assert len(proven_case.records("complaint.filed")) == 5
    assert len(public.names("complaints")) == 7
    decide = ("--as", "anna", "--why", "x", "--reject")
    assert cautery("complaint", "decide", proven_case.path, "C-000000000000", *decide).code == 0
    take(cautery, proven_case)
    assert len(proven_case.records("complaint.filed")) == 6


# -- mail -------------------------------------------------------------------------------------


class Inbox:
    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.strangers: set[str] = set()

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.strangers:
            return f"550 5.1.1 <{address}> is nobody here"
        if address.startswith("later@"):
            return f"450 4.1.2 <{address}>: its domain is not found"
        envelope.rcpt_tos.append(address)
        return "250 known"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(envelope.content)
        return "250 taken"


class Server(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # port 0 took any that was free
        super()._trigger_server()


@pytest.fixture
def inbox(proven_case: Watched) -> Iterator[Inbox]:
    handler = Inbox()
    server = Server(handler, hostname="127.0.0.1", port=0)
    server.start()
    settings = proven_case.folder / "postbox.toml"
    settings.write_text(
        f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
        'sender = "desk@league.example"\n'
    )
    settings.chmod(0o600)
    yield handler
    server.stop()


def mailed(case: Watched, name: str, text: str, **headers: str) -> None:
    mail = EmailMessage()
    for key, value in (
        {"From": "Jo Doe <jo@shop.example>", "Subject": "blocked"} | headers
    ).items():
        mail[key] = value
    mail.set_content(text)
    folder = case.folder / "Maildir" / "new"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(mail.as_bytes())
    at = NOW.timestamp()
    os.utime(folder / name, (at, at))


def take_mail(cautery: Cautery, case: Watched, *more: object) -> Ran:
    return cautery(
        *("complaint", "take", case.path, "--mail", case.folder / "Maildir"),
        *("--postbox", case.folder / "postbox.toml", *more),
    )


def test_a_mail_is_filed_and_confirmed(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox
) -> None:
    mailed(proven_case, "1", "My site https://SHOP.example/cart is dark, see other.example.")
    ran = take_mail(cautery, proven_case, "--public", public.path, "--url", "https://desk.example")
    assert ran.code == 0, ran.err
    [filed] = proven_case.records("complaint.filed")
    assert (filed["means"], filed["target"]) == ("mail", "shop.example")
    assert [each["complaint"] for each in proven_case.records("complaint.receipted")] == [
        filed["complaint"]
    ]
    receipt = BytesParser(policy=default).parsebytes(inbox.mails[0])
    assert receipt["To"] == "jo@shop.example"
    assert receipt["Auto-Submitted"] == "auto-replied"
    assert filed["complaint"] in str(receipt["Subject"])
    token = str(receipt.get_content()).partition("https://desk.example/complaint/")[2][:32]
    assert number_of(token) == filed["complaint"]
    take_mail(cautery, proven_case)
    assert len(inbox.mails) == len(proven_case.records("complaint.filed")) == 1


def test_a_mail_that_another_program_moves_meanwhile_costs_nobody_a_receipt(
    cautery: Cautery, proven_case: Watched, inbox: Inbox
) -> None:
    mailed(proven_case, "1", "shop.example is dark.")
    (proven_case.folder / "Maildir" / "new" / "2").symlink_to("/nonexistent")
    mailed(proven_case, "3", "192.0.2.9 is dark.", From="ann@shop.example")
    ran = take_mail(cautery, proven_case, "--url", "https://desk.example")
    assert (ran.code, len(inbox.mails)) == (0, 2), ran.err
    texts = [mail.replace(b"=\r\n", b"") for mail in inbox.mails]
    assert all(b"desk.example/complaint/" in text for text in texts)


def test_no_variable_gives_away_the_secrets_of_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "secrets"))
    for context in (smtp.verifying_context(None), verifying()):
        assert context.keylog_filename is None
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname


@pytest.mark.parametrize(
    "forged",
    [
        {"complaint": "C-00000000000f", "means": "form"},
        {"complaint": "C-00000000000f\nBcc: all@x.example"},
    ],
)
def test_a_record_that_anybody_appended_holds_up_no_mail(
    cautery: Cautery, proven_case: Watched, inbox: Inbox, forged: dict[str, str]
) -> None:
    mailed(proven_case, "1", "shop.example is dark.")
    take_mail(cautery, proven_case)
    (true,) = proven_case.records("complaint.filed")
    decision = {"complaint": forged["complaint"], "granted": False, "by": "x", "why": "x",
                "target": None, "referrals": [], "at": true["at"]}  # fmt: skip
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    ledger.append("complaint.filed", true | {"key": "x"} | forged, at=NOW)
    ledger.append("complaint.decided", decision, at=NOW)
    ledger.close()
    mailed(proven_case, "2", "192.0.2.9 is dark.", From="ann@shop.example")
    ran = take_mail(cautery, proven_case)
    assert (ran.code, len(inbox.mails)) == (0, 2), ran.err


def test_machines_are_not_answered_and_no_mail_stops_another(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox
) -> None:
    assert public.names("complaints") == ()
    mailed(proven_case, "1", "shop.example", **{"Auto-Submitted": "auto-replied"})
    mailed(proven_case, "2", "shop.example", From="MAILER-DAEMON@x.example")
    mailed(proven_case, "3", "shop.example", From="desk@league.example")
    mailed(proven_case, "4", "shop.example", From="no address")
    (proven_case.folder / "Maildir" / "new" / "5").write_bytes(b"x" * 2_100_000)
    mailed(proven_case, "6", "é 192.0.2.9 is dark, and has been since the match began at eight.")
    ran = take_mail(cautery, proven_case)
    assert ran.code == 0, ran.err
    assert ran.err.count("not filed") == 3
    targets = [each["target"] for each in proven_case.records("complaint.filed")]
    assert sorted(targets) == ["192.0.2.9", "shop.example", "shop.example"]
    assert len(inbox.mails) == 1


def test_a_mail_server_that_is_away_loses_no_complaint(
    cautery: Cautery, proven_case: Watched, public: PublicFolder
) -> None:
    assert public.names("complaints") == ()
    settings = proven_case.folder / "postbox.toml"
    settings.write_text(
        '[mail]\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\nsender = "d@league.example"\n'
    )
    settings.chmod(0o600)
    mailed(proven_case, "1", "shop.example")
    ran = take_mail(cautery, proven_case)
    assert ran.code == 0, ran.err
    assert len(proven_case.records("complaint.filed")) == 1
    assert proven_case.records("failure")[-1]["what"] == "mail"


def test_nothing_to_take_from_is_bad_use(cautery: Cautery, proven_case: Watched) -> None:
    assert cautery("complaint", "take", proven_case.path).code == 2
    assert cautery("complaint", "show", proven_case.path, "C-x").code == 2
    missing: Path = proven_case.folder / "nowhere"
    assert cautery("complaint", "take", proven_case.path, "--public", missing).code == 2


def decide(cautery: Cautery, case: Watched, number: str, *more: object) -> Ran:
    return cautery(
        *("complaint", "decide", case.path, number, "--as", "anna", "--why", "It is a shop."), *more
    )


def texts(inbox: Inbox) -> list[str]:
    mails = [BytesParser(policy=default).parsebytes(mail) for mail in inbox.mails]
    return [f"{mail['To']}\n{mail['Subject']}\n{mail.get_content()}" for mail in mails]


@pytest.mark.usefixtures("public")
def test_who_wrote_by_mail_hears_of_each_decision_once(
    cautery: Cautery, proven_case: Watched, inbox: Inbox
) -> None:
    mailed(proven_case, "1", "shop.example is dark.")
    take_mail(cautery, proven_case)
    number = proven_case.records("complaint.filed")[0]["complaint"]
    postbox = ("--postbox", proven_case.folder / "postbox.toml")
    assert decide(cautery, proven_case, number, "--reject", *postbox).code == 0
    assert decide(cautery, proven_case, number, "--grant").code == 0
    for _ in range(2):
        assert cautery("complaint", "take", proven_case.path, *postbox).code == 0
    _, rejected, granted = texts(inbox)
    assert "the block stays" in rejected
    assert "leaves shop.example out" in granted
    assert granted.startswith("jo@shop.example\n")
    assert "> It is a shop." in granted
    assert [each["granted"] for each in proven_case.records("complaint.answered")] == [False, True]


@pytest.mark.parametrize("mail", ["jo@shop.example", ""])
def test_who_gave_an_address_on_the_form_hears_of_the_decision_alone(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox, mail: str
) -> None:
    sent_in(public, mail=mail)
    postbox = ("--postbox", proven_case.folder / "postbox.toml")
    take(cautery, proven_case, *postbox)
    assert inbox.mails == []
    assert decide(cautery, proven_case, NUMBER, "--grant", *postbox).code == 0
    assert [text.partition("\n")[0] for text in texts(inbox)] == ([mail] if mail else [])


def test_an_address_that_is_refused_holds_up_nobody_and_stands_nowhere_in_clear(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox
) -> None:
    assert public.names("complaints") == ()
    inbox.strangers = {"jo@shop.example"}
    mailed(proven_case, "1", "shop.example is dark.")
    mailed(proven_case, "2", "192.0.2.9 is dark.", From="ann@shop.example")
    for _ in range(2):
        take_mail(cautery, proven_case)
    assert [text.partition("\n")[0] for text in texts(inbox)] == ["ann@shop.example"]
    first = proven_case.records("complaint.filed")[0]["complaint"]
    assert [each["complaint"] for each in proven_case.records("complaint.unreachable")] == [first]
    for path in proven_case.path.rglob("*"):
        if path.is_file():
            assert b"@shop.example" not in path.read_bytes(), path


def test_a_mail_without_a_full_stop_is_read_once(proven_case: Watched) -> None:
    text = b"From: a@b.example\nSubject: x\n\n" + b"a" * 1_900_000
    assert filing._target_in(text, {"shop.example": 1}) is None
    text += b" f:" + b"0" * 90_000 + b" at https://Shop.Example:8443/x."
    assert filing._target_in(text, {"shop.example": 1}) == "shop.example"


def test_what_a_mail_is_about_is_found_however_it_is_written() -> None:
    listed = {"shop.example": 1, "2001:db8::1": 1, "192.0.2.9": 1}
    for words, target in (
        (b"see jo@shop.example.", "shop.example"),
        (b"[2001:DB8::1]", "2001:db8::1"),
        (b"on 192.0.2.9:80, now", "192.0.2.9"),
        (b"www.shop.example", None),
    ):
        assert filing._target_in(b"Subject: x\n\n" + words, listed) == target


@pytest.mark.parametrize("sender", ["(" * 40_000, "(" * 400, '"' * 90_000])
def test_a_sender_of_brackets_ends_no_round(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox, sender: str
) -> None:
    assert public.names("complaints") == ()
    folder = proven_case.folder / "Maildir" / "new"
    folder.mkdir(parents=True)
    mail = b"From: " + sender.encode() + b"\nSubject: x\n\nshop.example"
    (folder / "0").write_bytes(mail)
    os.utime(folder / "0", (NOW.timestamp(), NOW.timestamp()))
    mailed(proven_case, "1", "shop.example")
    ran = take_mail(cautery, proven_case)
    assert ran.code == 0, ran.err
    assert len(inbox.mails) == 1


def test_where_lists_are_secret_no_receipt_by_mail_betrays_one(
    cautery: Cautery,
    proven_case: Watched,
    public: PublicFolder,
    inbox: Inbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert public.names("complaints") == ()
    for module in (wired, complaint_mails):
        monkeypatch.setattr(module, "keeps_secrets", lambda _mandate: True)
    mailed(proven_case, "1", "shop.example")
    mailed(proven_case, "2", "elsewhere.example")
    take_mail(cautery, proven_case)
    told = [
        str(BytesParser(policy=default).parsebytes(mail).get_content()).partition("\n")[2]
        for mail in inbox.mails
    ]
    assert len(told) == 2
    assert told[0] == told[1]


def test_many_mails_cost_no_more_than_their_number(
    cautery: Cautery,
    proven_case: Watched,
    public: PublicFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert public.names("complaints") == ()
    asked: list[int] = []
    real = filing.complaints_of
    monkeypatch.setattr(filing, "complaints_of", lambda ledger: asked.append(1) or real(ledger))
    for number in range(5):
        mailed(proven_case, str(number), f"shop.example {number}")
    assert (
        cautery(
            "complaint", "take", proven_case.path, "--mail", proven_case.folder / "Maildir"
        ).code
        == 0
    )
    assert len(proven_case.records("complaint.filed")) == 5
    assert asked == []


def test_a_sender_whom_no_server_takes_for_now_keeps_no_mail_from_others(
    cautery: Cautery, proven_case: Watched, public: PublicFolder, inbox: Inbox
) -> None:
    assert public.names("complaints") == ()
    mailed(proven_case, "1", "shop.example", From="later@nowhere.example")
    mailed(proven_case, "2", "shop.example, please", From="jo@shop.example")
    for _ in range(3):
        assert take_mail(cautery, proven_case).code == 0
    assert len(inbox.mails) == 1
    [failure] = (each for each in proven_case.records("failure") if each["what"] == "mail")
    assert "later@" not in failure["message"]


def test_too_many_mails_end_no_rounds(
    cautery: Cautery,
    proven_case: Watched,
    public: PublicFolder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class EndedError(Exception):
        pass

    def sleep(_seconds: float) -> None:
        rounds.append(1)
        if len(rounds) == 3:
            raise EndedError

    rounds: list[int] = []
    monkeypatch.setattr(mail_files, "MOST_MAILS", 1)
    monkeypatch.setattr("cautery.cli.complaint.time.sleep", sleep)
    for number in range(3):
        mailed(proven_case, str(number), "shop.example")
    sent_in(public)
    with pytest.raises(EndedError):
        take(cautery, proven_case, "--mail", proven_case.folder / "Maildir", "--every", 1)
    assert len(proven_case.records("complaint.filed")) == 1
    take_mail_alone = ("complaint", "take", proven_case.path, "--mail")
    assert cautery(*take_mail_alone, proven_case.folder / "Maildir").code == 2
