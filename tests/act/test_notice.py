from datetime import UTC, datetime

import pytest

from cautery.act import draft_notice
from cautery.errors import InputError
from cautery.model import Event, ExhibitId, Finding, Mandate, RedactedUrl, Regime, Verdict, Window

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
EVENT = Event(id="e", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    territories=("FR",),
    events=(EVENT,),
    window=Window(start=NOW, end=NOW.replace(hour=23)),
)


def notice(**changes):
    found = Verdict(
        url=RedactedUrl("http://h.example/~0"),
        finding=Finding.PROVEN,
        at=NOW,
        event="e",
        log10_lr=5,
    )
    given = {
        "verdicts": [found],
        "exact_urls": ["http://h.example/live/1.ts"],
        "addressee": "abuse@hoster.example",
        "mandate": MANDATE,
        "event": EVENT,
        "notifier_email": "piracy@league.example",
        "exhibits": [ExhibitId("sha256:ab")],
        "seen_live_at": NOW,
    }
    given.update(changes)
    return draft_notice(given.pop("verdicts"), **given)


def test_a_notice_holds_the_four_parts_of_article_16_2():
    found = notice()
    assert "Home v Away" in found.explanation
    assert "very strong support" in found.explanation
    assert found.exact_urls == ("http://h.example/live/1.ts",)
    assert (found.notifier, found.notifier_email) == ("League", "piracy@league.example")
    assert "good faith" in found.good_faith


@pytest.mark.parametrize(
    "change", [{"verdicts": []}, {"exact_urls": []}, {"exhibits": []}, {"notifier_email": "x"}]
)
def test_a_notice_without_one_of_them_is_not_drafted(change):
    with pytest.raises(InputError):
        notice(**change)
