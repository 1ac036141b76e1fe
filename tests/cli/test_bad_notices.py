"""What must not leave as a notice, and what must not count as a reply: nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cautery.act.lint_notice import can_name
from cautery.model import ExhibitId
from cautery.workflows.case import notice_drafting as drafting

from .conftest import Ran
from .mail_room import mail_settings, send
from .notice_case import AT_THE_HOST, COMPLETE, NOW, OTHER, URL, Watched, approve, proven, state
from .test_notice import sent
from .test_notice_sending import bounce, filed

Cautery = Callable[..., Ran]
LINE = "http://edge.pirate.example/live/anna/s3cret/17.ts"
pytestmark = pytest.mark.usefixtures("no_waiting")


def draft(cautery: Cautery, case: Watched, *options: str, name: str = "carl") -> Ran:
    return cautery("notice", "draft", case.path, "--as", name, *options, *COMPLETE)


def test_another_hosts_url_leaves_by_no_way(
    cautery: Cautery, proven_case: Watched, serve: Any
) -> None:
    elsewhere = ("--addressee", "Other Hosting", "--asn", "64999", "--url", URL)
    assert "not-at-addressee" in draft(cautery, proven_case, *elsewhere).out
    (drafted,) = proven_case.records("notice.drafted")
    ran = approve(cautery, proven_case, drafted["id"])
    assert (ran.code, "not-at-addressee" in ran.err) == (1, True)
    inbox, port = serve()
    settings = mail_settings(proven_case.folder, port)
    assert send(cautery, proven_case, drafted["id"], settings).code == 1
    assert inbox.mails == []


def test_a_url_that_the_case_has_not_proven_is_not_drafted(
    cautery: Cautery, proven_case: Watched
) -> None:
    ran = draft(cautery, proven_case, *AT_THE_HOST, "--url", "http://edge.pirate.example/other.ts")
    assert (ran.code, "has not proven this URL" in ran.err) == (2, True)
    assert proven_case.records("notice.drafted") == []


@pytest.mark.parametrize("name", ["watch", "W A T C H"])
def test_nobody_drafts_in_the_name_of_the_watch(
    cautery: Cautery, proven_case: Watched, name: str
) -> None:
    ran = draft(cautery, proven_case, *AT_THE_HOST, name=name)
    assert (ran.code, "is what the watch is called" in ran.err) == (2, True)


def test_the_screen_before_a_signature_says_that_the_drafters_name_is_not_proven(
    cautery: Cautery, proven_case: Watched, notice: str
) -> None:
    shown = cautery("notice", "show", proven_case.path, notice).out
    assert "by carl (a name that nobody has proven)" in shown


def test_a_forged_bounce_is_kept_as_a_claim_and_stops_no_reminder(
    cautery: Cautery, proven_case: Watched, notice: str
) -> None:
    proven_case.write(sent(notice, NOW - timedelta(hours=30)))
    forged = bounce(f"<{notice}.{'0' * 32}@league.example>").replace(
        b"Undelivered mail", f"[{notice}] undelivered".encode()
    )
    assert filed(cautery, proven_case, forged).code == 0
    (answer,) = proven_case.records("notice.answered")
    assert (answer["what"], answer["names_message"], answer["by"]) == ("bounce", False, None)
    row = state(cautery, proven_case, notice)
    assert (row["due"], row["state"]) == (True, "due for a reminder")


# -- a source that lists many lines -----------------------------------------------------------------


def lines_of(case: Watched, *urls: str) -> None:
    exhibit = ExhibitId(case.records("exhibit.sealed")[0]["exhibit"]["id"])
    case.write(*(proven(url, exhibit) for url in urls))


def test_lines_are_left_out_of_a_draft_and_counted(cautery: Cautery, proven_case: Watched) -> None:
    assert not can_name(LINE)
    lines_of(proven_case, LINE, LINE.replace("/17.ts", "/18.ts"))
    ran = draft(cautery, proven_case, *AT_THE_HOST)
    assert (ran.code, "left out: 2 URLs with a line's credentials" in ran.err) == (0, True)
    (drafted,) = proven_case.records("notice.drafted")
    assert [url["url"] for url in drafted["urls"]] == [URL, OTHER]
    assert cautery("notice", "lint", proven_case.path, drafted["id"]).code == 0
    again = draft(cautery, proven_case, *AT_THE_HOST)
    assert "2 that hold a line's credentials can be in none" in again.err


def test_what_is_too_much_for_one_notice_goes_into_the_next(
    cautery: Cautery, proven_case: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "MOST_URLS", 1)
    ran = draft(cautery, proven_case, *AT_THE_HOST)
    assert "left out: 1 URLs, too many for one notice" in ran.err
    draft(cautery, proven_case, *AT_THE_HOST)
    drafted = proven_case.records("notice.drafted")
    assert [[url["url"] for url in notice["urls"]] for notice in drafted] == [[URL], [OTHER]]


def test_each_url_of_a_draft_has_a_verdict_a_time_and_an_exhibit_of_its_own(
    cautery: Cautery, proven_case: Watched
) -> None:
    exhibit = ExhibitId(proven_case.records("exhibit.sealed")[0]["exhibit"]["id"])
    urls = [f"http://edge.pirate.example/tv/{number}.m3u8" for number in range(40)]
    proven_case.write(*(proven(url, exhibit) for url in urls))
    draft(cautery, proven_case, *AT_THE_HOST)
    (drafted,) = proven_case.records("notice.drafted")
    assert len(drafted["urls"]) == 42
    for url in drafted["urls"]:
        assert url["finding"] == "proven"
        assert url["decided_at"]
        assert url["captured_at"]
        assert url["exhibits"] == [exhibit]
    assert drafted["statement"].count("   exhibit: ") == 42


def test_one_event_is_chosen_where_a_host_shows_several(
    cautery: Cautery, proven_case: Watched
) -> None:
    exhibit = ExhibitId(proven_case.records("exhibit.sealed")[0]["exhibit"]["id"])
    film = proven("http://edge.pirate.example/film.mp4", exhibit)
    proven_case.write(replace(film, event=None, channels=("film",)))
    ran = draft(cautery, proven_case, *AT_THE_HOST)
    assert (ran.code, "--event" in ran.err) == (2, True)
    assert draft(cautery, proven_case, *AT_THE_HOST, "--event", "match").code == 0
    assert draft(cautery, proven_case, *AT_THE_HOST, "--event", "none").code == 0
    drafted = proven_case.records("notice.drafted")
    assert [len(notice["urls"]) for notice in drafted] == [2, 1]
