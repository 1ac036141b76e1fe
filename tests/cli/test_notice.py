"""Notices from the command line: from what a case has proven to what a second person signs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from cautery.act import draft_notice
from cautery.adapters.case_folder import FolderStore
from cautery.model import Addressee, AddresseeKind, ExhibitId, Finding, Observation, Partner
from cautery.model.message import as_written
from cautery.model.records import NoticeSent, ProbeDone, SendMeans
from cautery.wiring import cases, notices
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.report import write_report

from .conftest import Ran
from .notice_case import (
    AT_THE_HOST,
    COMPLETE,
    NOW,
    OTHER,
    URL,
    Watched,
    approve,
    facts,
    made_case,
    proven,
    state,
)


def test_a_draft_names_what_the_case_has_proven_at_the_host_and_nothing_is_wrong_with_it(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    (drafted,) = proven_case.records("notice.drafted")
    assert [url["url"] for url in drafted["urls"]] == [URL, OTHER]
    assert [(url["log10_lr"], url["live"]) for url in drafted["urls"]] == [(5.25, True)] * 2
    assert "very strong support for the same content" in drafted["statement"]
    assert "reviewed" not in drafted["statement"].lower()
    assert cautery("notice", "lint", proven_case.path, notice).code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--addressee", "Other", "--asn", "64501"), "no URL at Other"),
        ((*AT_THE_HOST, "--url", "http://other.example/1.m3u8"), "has not proven this URL"),
        ((), "needs an addressee"),
        (("--from", "N-000000000000"), "no notice 'N-000000000000'"),
    ],
)
def test_nothing_is_drafted_that_the_case_does_not_bear_out(
    cautery: Callable[..., Ran], proven_case: Watched, options: tuple[str, ...], why: str
) -> None:
    ran = cautery("notice", "draft", proven_case.path, "--as", "carl", *options, *COMPLETE)
    assert ran.code == 2
    assert why in ran.err
    assert proven_case.records("notice.drafted") == []


def test_a_dry_run_records_nothing(cautery: Callable[..., Ran], proven_case: Watched) -> None:
    ran = cautery("notice", "draft", proven_case.path, "--as", "carl", *AT_THE_HOST, "--dry-run")
    assert "URLs       2" in ran.out
    assert "no-contact" in ran.out
    assert proven_case.records("notice.drafted") == []


def test_a_draft_is_completed_by_another_that_replaces_it(
    cautery: Callable[..., Ran], proven_case: Watched
) -> None:
    cautery("notice", "draft", proven_case.path, "--as", "carl", *AT_THE_HOST)
    (first,) = proven_case.records("notice.drafted")
    assert cautery("notice", "lint", proven_case.path, first["id"]).code == 1
    cautery("notice", "draft", proven_case.path, "--as", "carl", "--from", first["id"], *COMPLETE)
    second = proven_case.records("notice.drafted")[-1]
    assert second["replaces"] == first["id"]
    assert cautery("notice", "lint", proven_case.path, second["id"]).code == 0
    assert state(cautery, proven_case, first["id"])["state"] == "replaced by a later draft"
    assert approve(cautery, proven_case, first["id"]).code == 1


def test_somebody_else_than_the_drafter_approves(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    assert approve(cautery, proven_case, notice).code == 0
    assert state(cautery, proven_case, notice)["approved_by"] == ["anna"]
    again = approve(cautery, proven_case, notice)
    assert (again.code, "already signed" in again.err) == (1, True)


@pytest.mark.parametrize("name", ["anna", "A n-n.a"])
def test_approval_by_the_drafter_is_refused(
    cautery: Callable[..., Ran], proven_case: Watched, name: str
) -> None:
    cautery("notice", "draft", proven_case.path, "--as", name, *AT_THE_HOST, *COMPLETE)
    (drafted,) = proven_case.records("notice.drafted")
    ran = approve(cautery, proven_case, drafted["id"])
    assert ran.code == 1
    assert "somebody else must approve it" in ran.err
    assert proven_case.records("notice.approved") == []


def test_what_has_changed_since_it_was_drafted_is_not_approved(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    exhibit = ExhibitId(proven_case.records("exhibit.sealed")[0]["exhibit"]["id"])
    licensed = replace(proven(URL, exhibit), finding=Finding.LICENSED, at=NOW)
    proven_case.write(licensed, facts(64999))
    ran = approve(cautery, proven_case, notice)
    assert ran.code == 1
    assert "not-proven" in ran.err
    rules = {
        json.loads(line)["rule"]
        for line in cautery("notice", "lint", proven_case.path, notice, "--json").out.splitlines()
    }
    assert rules == {"not-proven", "not-at-addressee"}


BARE = "http://192.0.2.7/arena/stream.m3u8"


class TodaysNames:
    """The DNS of today; a partner may have moved since a draft was made."""

    asked: ClassVar[list[str]] = []
    at: ClassVar[str] = "198.51.100.1"

    def __init__(self, resolver: str | None) -> None:
        assert resolver is None

    async def resolve(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        return (self.at,)


def test_an_older_draft_of_an_address_is_not_approved_once_a_partner_is_there(
    cautery: Callable[..., Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "DnsNames", TodaysNames)
    monkeypatch.setattr(TodaysNames, "asked", [])
    monkeypatch.delenv("CAUTERY_DATA", raising=False)
    partner = Partner(name="P", hosts=("play.example",), channels=())
    watched = made_case(tmp_path, partners=(partner,))
    exhibit = ExhibitId(watched.records("exhibit.sealed")[0]["exhibit"]["id"])
    watched.write(replace(facts(64500), host="192.0.2.7"), proven(BARE, exhibit))
    for url in (URL, BARE):
        cautery(
            *("notice", "draft", watched.path, "--as", "carl", *AT_THE_HOST, *COMPLETE),
            *("--url", url),
        )
    by_name, by_address = [drafted["id"] for drafted in watched.records("notice.drafted")]
    assert approve(cautery, watched, by_name).code == 0
    assert TodaysNames.asked == []  # by its name it is compared with the mandate alone
    assert approve(cautery, watched, by_address).code == 0
    monkeypatch.setattr(TodaysNames, "at", "192.0.2.7")
    ran = approve(cautery, watched, by_address, "bert")
    assert (ran.code, "lawful-address" in ran.err, "play.example" in ran.err) == (1, True, True)
    seen = watched.records("lawful.seen")
    assert [record["addresses"] for record in seen] == [["198.51.100.1"], ["192.0.2.7"]]
    assert len(watched.records("notice.approved")) == 2


def test_an_approval_that_somebody_appended_without_a_key_counts_for_nothing(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    approve(cautery, proven_case, notice)
    (given,) = proven_case.records("notice.approved")
    forged = {**given, "approver": "bert"}
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    ledger.append("notice.approved", forged, at=datetime.now(UTC))
    ledger.close()
    assert len(proven_case.records("notice.approved")) == 2
    assert state(cautery, proven_case, notice)["approved_by"] == ["anna"]


def sent(notice: str, at: datetime) -> NoticeSent:
    return NoticeSent(
        notice=notice,
        means=SendMeans.MAIL,
        to="abuse@hoster.example",
        message_id="<x@league.example>",
        by="carl",
        exhibit=ExhibitId("sha256:00"),
        at=at,
    )


def dark(url: str, at: datetime) -> ProbeDone:
    return ProbeDone(url=url, observation=None, failed=as_written("no answer"), at=at)


def test_a_notice_is_due_until_our_own_probes_find_its_urls_no_more(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    sent_at = NOW - timedelta(hours=30)
    proven_case.write(sent(notice, sent_at))
    assert state(cautery, proven_case, notice)["due"] is True
    gone_at = sent_at + timedelta(hours=6)
    proven_case.write(
        *(dark(URL, gone_at + timedelta(minutes=minute)) for minute in range(2)),
        dark(OTHER, gone_at - timedelta(minutes=9)),
    )
    assert (
        state(cautery, proven_case, notice)["state"] == "due for a reminder"
    )  # one miss may be chance
    proven_case.write(dark(OTHER, gone_at - timedelta(minutes=8)))
    row = state(cautery, proven_case, notice)
    assert (row["due"], row["takedown_h"]) == (False, 6.0)
    assert row["state"] == "gone: our own probes find it no more"
    table = cautery("notice", "list", proven_case.path).out
    assert "6.00" in table
    proven_case.write(
        ProbeDone(url=URL, observation=Observation(at=NOW), failed=None, at=NOW),
    )
    assert state(cautery, proven_case, notice)["state"] == "due for a reminder"


def test_a_withdrawn_notice_is_neither_approved_nor_due(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    ran = cautery(
        "notice", "withdraw", proven_case.path, notice, "--as", "carl", "--why", "it is licensed"
    )
    assert ran.code == 0
    assert state(cautery, proven_case, notice)["state"] == "withdrawn"
    assert approve(cautery, proven_case, notice).code == 1


def test_exposure_is_shown_for_online_platforms_alone(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    assert "exposure" not in cautery("notice", "show", proven_case.path, notice).out
    cautery(
        *("notice", "draft", proven_case.path, "--as", "carl", "--addressee", "Example Video"),
        *("--kind", "online platform", "--domain", "pirate.example", "--url", URL, *COMPLETE),
    )
    platform = proven_case.records("notice.drafted")[-1]["id"]
    proven_case.write(sent(platform, NOW))
    shown = cautery("notice", "show", proven_case.path, platform).out
    assert "DSA articles 22 and 23, in this case: 1 sent, 0 acted on" in shown


def test_a_draft_that_a_watch_writes_keeps_its_id_and_waits_for_two_addresses(
    cautery: Callable[..., Ran], proven_case: Watched
) -> None:
    with cases.reading(proven_case.path) as opened:
        case = notices_of(opened.ledger)
    drafted = draft_notice(
        case.notices.proven(),
        addressee=Addressee(kind=AddresseeKind.HOSTING, name="Example Hosting", asn=64500),
        mandate=case.mandate,
        event=case.mandate.events[0],
        at=datetime.now(UTC),
        drafted_by="watch",
    )
    proven_case.write(drafted)
    assert state(cautery, proven_case, drafted.id)["state"] == "drafted"
    found = cautery("notice", "lint", proven_case.path, drafted.id, "--json").out.splitlines()
    assert {json.loads(line)["rule"] for line in found} == {"no-contact", "no-notifier-mail"}


def test_the_report_lists_each_notice(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    approve(cautery, proven_case, notice)
    with cases.reading(proven_case.path) as opened:
        page = write_report(opened.ledger, opened.vault, at=NOW)
    section = page[page.index('<section id="notices">') : page.index('id="method"')]
    assert f'<th scope="row">{notice}</th><td>Example Hosting' in section
    assert "<td>drafted</td><td>carl</td><td>anna</td>" in section


PAGE = Path(__file__).parents[2] / "docs/howto/send-a-notice.md"


def test_the_commands_of_the_guide_run_as_they_stand(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    """Only the case, the notice's id, people and files are other ones."""
    commands = re.findall(r"^cautery (notice .+)$", PAGE.read_text(), re.MULTILINE)
    assert [command.split()[1] for command in commands] == [
        *("list", "draft", "draft", "lint", "approve", "send", "settle", "replies", "replies")
    ]
    names = {"cases/md34": str(proven_case.path), "A. Legal": "anna"}
    names |= {"a.pem": str(proven_case.key("anna")), "postbox.toml": "missing.toml"}
    for file in ("inbox.mbox", "answer.eml"):
        names[file] = str(proven_case.folder / file)
        (proven_case.folder / file).write_text(f"Subject: {file}\n\ntext\n")
    codes = []
    for command in commands:
        newest = proven_case.records("notice.drafted")[-1]["id"]
        words = [names.get(word, word) for word in shlex.split(command)]
        words = [newest if word == "N-0123456789ab" else word for word in words]
        if words[1] == "approve":
            words += ["--digest", cautery("notice", "show", *words[2:4]).out.split()[-1]]
        codes.append((words[1], cautery(*words).code))
    # All is on a notice when the second draft is made; there is no file of settings, and so nothing
    # to settle.
    assert codes == [
        ("list", 0), ("draft", 0), ("draft", 2), ("lint", 0), ("approve", 0), ("send", 2),
        ("settle", 2), ("replies", 0), ("replies", 0),
    ]  # fmt: skip


def test_a_command_of_an_old_page_records_nothing_and_says_what_came_since(
    cautery: Callable[..., Ran], proven_case: Watched, notice: str
) -> None:
    seen = _newest(proven_case)
    assert approve(cautery, proven_case, notice).code == 0
    words = ("notice", "withdraw", proven_case.path, notice, "--as", "carl", "--why", "licensed")
    ended = cautery(*words, "--seen", seen)
    assert ended.code == 1
    assert "notice.approved by anna" in ended.err
    assert proven_case.records("notice.withdrawn") == []
    assert cautery(*words, "--seen", _newest(proven_case)).code == 0


def _newest(watched: Watched) -> int:
    ledger = FolderStore().ledger(watched.path, read_only=True)
    size = ledger.size()
    ledger.close()
    return size - 1
