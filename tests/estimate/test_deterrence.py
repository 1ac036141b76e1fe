"""What studies measured after acts: found by kind, wave and number, each with its source."""

from __future__ import annotations

import pytest

from cautery.errors import InputError
from cautery.estimate.deterrence import KINDS, Act, expected, findings, in_words, not_studied
from cautery.messages import TEXTS, say, term


def of(act: Act, quantity: str) -> list[tuple[str, float, float]]:
    return [(one.id, one.low, one.high) for one in expected(act) if one.quantity == quantity]


def test_the_first_wave_is_not_the_second() -> None:
    first = of(Act(kind="takedown", wave=1, units=49), "attacks-all")
    second = of(Act(kind="takedown", wave=2, units=13), "attacks-all")
    assert ("booters-first-wave", -0.40, -0.20) in first
    assert second == [("booters-second-wave", -0.05, 0.05)]


@pytest.mark.parametrize(
    ("sites", "low", "high"), [(1, 0.0, 0.0), (19, 0.08, 0.12), (53, 0.07, 0.12)]
)
def test_one_blocked_site_brings_no_lawful_use_and_many_do(
    sites: int, low: float, high: float
) -> None:
    ((_, *ends),) = of(Act(kind="block", units=sites), "legal-use")
    assert ends == [low, high]


def test_a_handful_of_sites_was_not_studied() -> None:
    act = Act(kind="block", units=5)
    assert expected(act) == ()
    assert "legal-use" in not_studied(act)


def test_every_finding_has_a_source_that_the_page_of_sources_has_and_words() -> None:
    for finding in findings():
        assert finding.act in KINDS
        assert finding.low <= finding.high
        assert finding.source.startswith("F")
        assert term("studied", finding.field).id in TEXTS
        assert term("deterred", finding.quantity).id in TEXTS
        assert say(in_words(finding))
    assert len({finding.id for finding in findings()}) == len(findings())


def test_changes_are_said_with_their_sign_and_days_as_days() -> None:
    words = {finding.id: say(in_words(finding)) for finding in findings()}
    assert words["booters-first-wave"] == "attacks in all: -40 to -20 %"
    assert words["block-one"] == "use of lawful services: 0 %"
    assert words["booters-back"] == "time until sites are back: 1 to 2 days"
    assert words["block-53-legal"] == "use of lawful services: +7 to +12 %"


@pytest.mark.parametrize(
    ("kind", "wave", "units"),
    [
        ("raid", 1, 1),
        ("", 1, 1),
        ("block", 0, 1),
        ("block", 100, 1),
        ("block", 1, 0),
        ("block", 1, 10**9),
    ],
)
def test_what_is_no_act_is_refused(kind: str, wave: int, units: int) -> None:
    with pytest.raises(InputError):
        Act(kind=kind, wave=wave, units=units)
