"""The boards of acts and the page of each: clocks, guard, signatures, and what lacks."""

from __future__ import annotations

import html
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import ALONE, HOST, ISP, LIST, PEOPLE, Work, guard, key_of

from cautery.act import list_subject
from cautery.act.four_words import four_words
from cautery.adapters.case_folder import FolderStore
from cautery.drawing.formatting import DASH
from cautery.errors import ApprovalError
from cautery.messages import languages
from cautery.model import Decision, Referral, Window, referral_id
from cautery.model.records import ApprovalGiven, ComplaintDecided
from cautery.wiring import notices, signing
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.opening import opening_of


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path, datetime.now(UTC).replace(microsecond=0))
    made.proven(1)
    return made


@pytest.fixture
def text(work: Work, room_at: Callable[..., Any]) -> Callable[..., str]:
    """Return the text of a page of the case, as somebody sees it some minutes after its records."""
    rooms: dict[float, Any] = {}

    def read(path: str = "", *, after_min: float = 1, status: int = 200, **asked: Any) -> str:
        if after_min not in rooms:
            rooms[after_min] = room_at(work.cases, work.at + timedelta(minutes=after_min))
        return str(rooms[after_min].text(f"/cases/md34/orders{path}", status, **asked))

    return read


def plain(page: str) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))


def sign(work: Work, referral: Referral, name: str) -> None:
    ledger = FolderStore().ledger(work.path, read_only=True)
    (order,) = opening_of(ledger).mandate.orders
    ledger.close()
    shown = list_subject(referral, order)
    signing.approve(work.path, referral.id, shown=shown, name=name, key=key_of(work.folder, name))


def commands(page: str) -> list[list[str]]:
    lines = re.findall(r'<pre tabindex="0">(cautery [^<]+)</pre>', page)
    return [shlex.split(html.unescape(line)) for line in lines]


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_case_without_acts_says_what_to_do(text: Callable[..., str]) -> None:
    assert "cautery notice draft md34" in text()
    assert "Nothing waits for anybody here." in text()


def test_what_is_overdue_comes_first_and_each_act_says_what_lacks(
    work: Work, text: Callable[..., str]
) -> None:
    drafted, number = work.referral(), work.complaint(due_min=-3)
    page = plain(text())
    assert page.index("Overdue") < page.index(number) < page.index("Clocks that run")
    assert page.index("Clocks that run") < page.index(drafted.id)
    assert "overdue by 4 min" in page
    assert "signatures: 0 of 2" in page
    assert "overridden" in page
    sign(work, drafted, "A. Legal")
    assert "signatures: 1 of 2" in plain(text())
    assert number not in text("?kind=referral")
    assert drafted.id in text(f"?q={ALONE}&kind=referral")
    assert "No act has this text" in text("?q=nothing-like-it")
    text("?kind=nonsense", status=404)


def test_a_draft_whose_time_is_over_asks_for_a_new_one(
    work: Work, text: Callable[..., str]
) -> None:
    work.referral()
    page = plain(text("?kind=referral", after_min=60))
    assert "its time is over: a new draft, with the guard asked again" in page
    assert "overdue by 15 min" in page


def test_the_page_of_a_referral_has_all_that_is_signed_and_the_words_of_the_command_line(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    page = text(f"/{drafted.id}")
    shown = run(["cautery", "referral", "show", str(work.path), drafted.id]).stdout.split()
    assert shown[-1] in page
    assert four_words(shown[-1]) in page  # type: ignore[arg-type]
    assert " ".join(shown[-8:-4]) in page  # the same words on the other screen
    seen = plain(page)
    for words in (
        ISP,
        "Tribunal judiciaire de Paris",
        HOST,
        ALONE,
        "Overridden by A. Legal and B. Desk",
        "Seen alone in its rack on the day of the match.",
        "bakery.example",
        "Nobody has signed it yet.",
        drafted.statement,
    ):
        assert words in seen
    assert f"/exhibits/{work.exhibit[7:]}" in page


def test_the_page_of_a_referral_says_in_one_line_what_its_paper_lacks(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.plain_referral()
    seen = plain(text(f"/{drafted.id}"))
    assert (
        "Its paper fr/arcom-referral: 5 fields are missing or wrong: Official calendar; "
        "Contact: name and e-mail; Unauthorised sport is a main purpose of the service; "
        "Sworn agent; Reference of the agent\N{RIGHT SINGLE QUOTATION MARK}s report (form unverified)"
    ) in seen
    assert "fr/arcom-referral: 5 fields are missing or wrong" in plain(text("?kind=referral"))


def test_the_command_of_the_page_signs_and_the_page_then_says_who(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    for name in PEOPLE:
        words = next(words for words in commands(text(f"/{drafted.id}")) if name in words)
        words[words.index("KEY.pem")] = str(key_of(work.folder, name))
        ended = run(words)
        assert ended.returncode == 0, ended.stderr
    page = plain(text(f"/{drafted.id}"))
    assert page.count("it holds") == 2
    assert "Signed by two people; so far: A. Legal and B. Desk yes" in page
    assert [words[2] for words in commands(text(f"/{drafted.id}"))] == ["refuse"]
    assert "a running watch publishes it" in plain(text())


def test_a_forged_signature_counts_for_nothing_on_the_board_and_on_the_page(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    sign(work, drafted, "A. Legal")
    ledger = FolderStore().ledger(work.path, read_only=True)
    (given,) = (entry.content for entry in ledger.read(kinds=("approval.given",)))
    ledger.close()
    assert isinstance(given, ApprovalGiven)
    work.write(replace(given, approver="B. Desk", role="operations"))
    assert "it counts for nothing" in text(f"/{drafted.id}")
    board = plain(text())
    assert "signatures: 1 of 2" in board
    assert "B. Desk" not in board


def test_a_guard_that_has_changed_its_mind_is_shown_beside_what_is_signed(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    later = replace(guard(HOST, work.at), decision=Decision.REFUSE)
    work.write(later)
    page = plain(text(f"/{drafted.id}"))
    assert "The guard now says otherwise: refuse" in page


def test_a_list_shows_its_targets_each_with_its_end_and_what_is_over(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    work.published(drafted)
    page = plain(text(f"/{LIST}"))
    assert (HOST in page, ALONE in page, drafted.id in page) == (True, True, True)
    assert "its time is over" not in page
    assert plain(text(f"/{LIST}", after_min=50)).count("its time is over") == 2
    assert "the answer of ISP North" in plain(text("?kind=list"))


def test_the_clock_of_a_referral_goes_from_signing_to_its_end(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    for name in PEOPLE:
        sign(work, drafted, name)
    states = []
    for step in (lambda _: None, work.published, work.acknowledged, work.expired):
        step(drafted)
        tag = re.search(
            r'<h2>.*?<span class="tag[^"]*">([^<]+)</span></span></h2>', text(f"/{drafted.id}")
        )
        assert tag
        states.append(tag[1])
    assert states == ["to be sent", "to be answered", "in force", "over"]


def test_a_notice_shows_each_url_with_its_verdict_and_what_is_wrong(
    work: Work, text: Callable[..., str]
) -> None:
    lacking = work.notice(contact=None)
    page = text(f"/{lacking}")
    assert "no-contact" in page
    assert "It can be neither signed nor sent like this." in page
    assert re.search(r"/records/\d+/stream", page)
    better = work.notice_from(lacking)
    old, new = text(f"/{lacking}"), text(f"/{better}")
    assert "Nothing is wrong with it yes" in plain(new)
    assert f"addressee: Example Hosting {DASH}, now Example Hosting abuse@hoster.example" in plain(
        new
    )
    assert commands(old) == []
    assert f"/orders/{better}" in old


def test_who_drafted_a_notice_is_offered_no_signature_and_an_old_page_withdraws_nothing(
    work: Work, text: Callable[..., str]
) -> None:
    notice = work.notice(name="A. Legal")
    offered = commands(text(f"/{notice}"))
    assert [words[words.index("--as") + 1] for words in offered if "approve" in words] == [
        "B. Desk"
    ]
    withdraw = next(words for words in offered if "withdraw" in words)
    ledger = FolderStore().ledger(work.path, read_only=True)
    case = notices_of(ledger)
    ledger.close()
    sign_it = next(words for words in offered if "approve" in words)
    key = key_of(work.folder, "B. Desk")
    notices.approve(
        work.path,
        notice,
        shown=sign_it[-1],
        name="B. Desk",
        key=key,  # type: ignore[arg-type]
    )
    assert case.draft(notice).drafted_by == "A. Legal"
    with pytest.raises(ApprovalError, match="since you saw it"):
        notices.withdraw(
            work.path, notice, name="c", why="w", seen=int(withdraw[withdraw.index("--seen") + 1])
        )


def test_a_complaint_shows_the_guard_of_its_target_until_somebody_decides(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    number = work.complaint(referrals=(drafted.id,))
    page = plain(text(f"/{number}"))
    assert "The name serves nothing but mandated streams" in page
    assert {"--grant", "--reject"} <= {
        one for words in commands(text(f"/{number}")) for one in words
    }
    work.write(
        ComplaintDecided(complaint=number, granted=True, by="A. Legal", why="a shop", at=work.at)
    )
    assert "granted, A. Legal" in plain(text(f"/{number}"))
    assert not any("decide" in words for words in commands(text(f"/{number}")))


def test_what_strangers_wrote_is_shown_and_never_run(work: Work, text: Callable[..., str]) -> None:
    drafted = work.referral()
    evil = replace(drafted, statement="<script>alert(1)</script>\u202eevil", order="<b>x", id="")
    evil = replace(evil, id=referral_id(evil))
    work.write(evil)
    for page in (text(), text(f"/{evil.id}")):
        assert "<script>alert" not in page
        assert "<b>x" not in page
        assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in text(f"/{evil.id}")


def test_a_closed_case_offers_no_command(room: Any) -> None:
    board = room.text("/cases/night-1/orders")
    (act,) = set(re.findall(r"/orders/(R-[0-9a-f]{12})", board))
    assert "nothing can be signed or sent any more" in board
    page = room.text(f"/cases/night-1/orders/{act}")
    assert commands(page) == []
    assert "nothing can be added to it" in page


def test_every_language_has_its_words_and_strangers_see_nothing(
    work: Work, room_at: Callable[..., Any]
) -> None:
    drafted = work.referral()
    room = room_at(work.cases, work.at)
    said = set()
    for lang in languages():
        headers = {"accept-language": lang}
        for path in ("/cases/md34/orders", f"/cases/md34/orders/{drafted.id}"):
            said.add(plain(room.text(path, headers=headers)))
    assert len(said) == 2 * len(languages())
    assert room.stranger().get("/cases/md34/orders").status_code == 401
    room.text("/cases/md34/orders/R-000000000000", 404)
    assert room.client.post("/cases/md34/orders").status_code in (403, 405, 411, 415)


def test_a_board_shows_no_more_than_its_share_and_counts_the_others(
    work: Work, text: Callable[..., str]
) -> None:
    drafted = work.referral()
    (entry, _) = drafted.entries
    window = Window(start=work.at, end=work.at + timedelta(minutes=30))
    many = []
    for number in range(60):
        one = replace(
            drafted,
            id="",
            window=window,
            entries=(replace(entry, valid_until=window.end),),
            statement=f"number {number}",
        )
        many.append(replace(one, id=referral_id(one)))
    work.write(*many)
    page = text("?kind=referral")
    assert "15 of 61, the soonest first" in plain(page)
    older = re.search(r'rel="next" href="[^"]*before=(\d+)"', page)
    assert older
    second = text(f"?kind=referral&before={older[1]}")
    assert len(set(re.findall(r"R-[0-9a-f]{12}", second.split('id="all"')[1]))) == 20
