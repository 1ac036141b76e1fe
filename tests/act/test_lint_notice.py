"""The linter finds each planted fault under its rule, and nothing in good notices."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.act import draft_notice, lint_notice
from cautery.act import lint_notice as linter
from cautery.act.addressees import ARTICLE_16, FORMS, GOOD_FAITH
from cautery.act.lint_notice import is_mail
from cautery.messages import TEXTS, say
from cautery.model import AddresseeKind

from .planted_notices import EVENT, FAULTS, NOW, good, planted

GOOD, PLANTED = 50, 200


def rules(drafted, now=NOW):
    return [finding.rule for finding in lint_notice(drafted.notice, drafted.basis, now=now)]


def test_nothing_is_wrong_with_fifty_good_drafts_of_all_kinds():
    drafts = [good(seed) for seed in range(GOOD)]
    assert {drafted.notice.addressee.kind for drafted in drafts} == set(AddresseeKind)
    assert {drafted.notice.id: rules(drafted) for drafted in drafts} == {
        drafted.notice.id: [] for drafted in drafts
    }


def test_each_of_two_hundred_planted_faults_is_found_under_its_rule():
    missed = [
        (number, rule, found)
        for number, (rule, drafted) in enumerate(planted(PLANTED, good_drafts=GOOD))
        if rule not in (found := rules(drafted))
    ]
    assert missed == []


def test_every_rule_has_a_planted_fault_and_a_sentence():
    named = {name.removeprefix("notice-lint.") for name in TEXTS if name.startswith("notice-lint.")}
    source = Path(linter.__code__.co_filename).read_text()
    spelt = set(re.findall(r'_of\(\s*"([a-z-]+)"', source)) | {"url-hidden", "url-not-exact"}
    assert spelt == named
    assert named - {rule for rule, _ in FAULTS} == {"event-over"}


def test_a_notice_that_calls_urls_live_falls_with_the_end_of_the_event():
    drafted = good(1)
    assert any(url.live for url in drafted.notice.urls)
    assert rules(drafted, EVENT.window.end - timedelta(seconds=1)) == []
    assert set(rules(drafted, EVENT.window.end)) == {"event-over"}


def test_a_notice_that_is_drafted_after_the_event_calls_nothing_live_and_can_be_sent():
    drafted = good(1)
    after = EVENT.window.end + timedelta(minutes=5)
    again = draft_notice(
        drafted.basis.known.values(),
        addressee=drafted.notice.addressee,
        mandate=drafted.basis.mandate,
        event=EVENT,
        at=after,
        drafted_by="C. Desk",
        notifier_email="piracy@league.example",
    )
    assert not any(url.live for url in again.urls)
    assert lint_notice(again, drafted.basis, now=after) == ()


def test_article_16_is_for_hosting_services_and_complete_there_by_construction():
    for seed in range(GOOD):
        notice = good(seed).notice
        hosts = notice.addressee.kind in (AddresseeKind.HOSTING, AddresseeKind.PLATFORM)
        assert (notice.legal_basis == ARTICLE_16) is hosts
        assert GOOD_FAITH in notice.statement
        assert notice.rights in notice.statement
        assert f"{notice.notifier}, {notice.notifier_email}" in notice.statement
        for url in notice.urls:
            assert f". {url.url}\n" in notice.statement
            assert all(exhibit in notice.statement for exhibit in url.exhibits)
    assert [kind for kind, form in FORMS.items() if form.exposed] == [AddresseeKind.PLATFORM]
    assert set(FORMS) == set(AddresseeKind)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("abuse@hoster.example", True),
        ("a.b+c@sub.hoster.example", True),
        ("abuse@hoster", False),
        (".abuse@hoster.example", False),
        ("abuse@hoster..example", False),
        ("abuse@hoster.example\nBcc: x@y.example", False),
        ("a@" + "x" * 64 + ".example", False),
        ("", False),
    ],
)
def test_what_is_a_mail_address(text, fits):
    assert is_mail(text) is fits


def test_a_finding_names_its_url_and_says_what_is_wrong():
    (rule, drafted) = next(
        (rule, drafted) for rule, drafted in planted(60, good_drafts=9) if rule == "no-exhibit"
    )
    finding = lint_notice(drafted.notice, drafted.basis, now=NOW)[-1]
    assert (finding.rule, say(finding.text)) == (rule, "no exhibit shows what is on this URL")
    assert finding.url in {url.url for url in drafted.notice.urls}
