"""A mandate says what it switches off, before anybody relies on it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.act.rules import rule_digest, rules_for, unconfirmed
from cautery.errors import MandateError
from cautery.messages import say
from cautery.model import Mandate, RuleConfirmation
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.read import read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
READ = tuple(
    RuleConfirmation(
        rule=rule.id, text=rule_digest(rule), source="read today", name="A. Legal", role="legal",
        public_key="", at=NOW, signature="",
    )
    for rule in unconfirmed(rules_for("FR"), {})
)  # fmt: skip
WHOLE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-11-24T20:30:00Z
end = 2026-11-25T00:00:00Z
territories = ["FR"]
keep_open = true
[[event]]
id = "match"
name = "Home v Away"
kick_off = 2026-11-24T20:45:00Z
clean_feed = "https://feeds.example/clean.m3u8"
[[channel]]
id = "fr"
names = ["Sport 1"]
event = "match"
reference = "https://feeds.example/fr.m3u8"
[[channel]]
id = "it"
names = ["Sport 2"]
event = "match"
reference = "https://feeds.example/it.m3u8"
[[partner]]
name = "Partner"
hosts = ["partner.example"]
channels = ["fr"]
[[order]]
id = "o"
authority = "Tribunal"
territory = "FR"
start = 2026-08-01T00:00:00Z
end = 2027-05-31T00:00:00Z
targets_rule = "services of the match"
particulars = { calendar = "Ligue 1, 2026/27", agent = "12", method = "M-3" }
[[approver]]
name = "A. Legal"
role = "legal"
public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
[[approver]]
name = "B. Duty"
role = "duty"
public_key = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
[[source]]
url = "http://lists.example/all.m3u"
kind = "m3u"
vantages = ["home"]
[[vantage]]
name = "home"
country = "FR"
proxy = "http://proxy.example:3128"
[[intermediary]]
name = "Provider"
territory = "FR"
list_url = "https://provider.example/list"
proxy = "http://inside.example:3128"
[network]
facts = "facts"
"""
FILM = '[[work]]\nid = "own-1"\ntitle = "A Film"\nreference = "https://feeds.example/film.ts"\n'
AWAITED = '[[source]]\nurl = "http://p.example"\nkind = "xtream"\npurchase = "P-1"\n'


def gaps(folder: Path, text: str) -> list[str]:
    (folder / "facts").mkdir(exist_ok=True)
    (folder / "mandate.toml").write_text(text)
    return [gap.id for gap in gaps_of(mandate_in(folder))]


def mandate_in(folder: Path) -> Mandate:
    """The mandate of a folder, whose approver has confirmed the rules of a French live order."""
    return replace(read_mandate(folder / "mandate.toml", now=NOW), confirmations=READ)


def without(table: str, nth: int = 0) -> str:
    """The whole mandate without one of its tables."""
    parts = WHOLE.split("\n[")
    places = [place for place, part in enumerate(parts) if part.startswith(table)]
    del parts[places[nth]]
    return "\n[".join(parts)


def test_a_whole_mandate_switches_nothing_off(tmp_path: Path) -> None:
    assert gaps(tmp_path, WHOLE) == []


def test_a_mandate_names_every_rule_that_nobody_has_confirmed(tmp_path: Path) -> None:
    gaps(tmp_path, WHOLE)
    [gap] = gaps_of(replace(mandate_in(tmp_path), confirmations=READ[:1]))
    assert say(gap) == (
        "nothing leaves under the order o until an approver confirms with a source: fr-complaint, "
        "fr-decide-live, fr-release, fr-secret, fr-stale-live-address (cautery mandate confirm)"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (WHOLE.replace("keep_open = true\n", ""), ["gap.closes"]),
        (
            WHOLE.replace("end = 2026-11-25T00:00", "end = 2026-11-24T23:44"),
            ["gap.window-ends-first"],
        ),
        (
            WHOLE.replace('territories = ["FR"]', 'territories = ["FR", "GB", "IT"]'),
            ["gap.nothing-there"],
        ),
        (without("[source"), ["gap.no-source", "gap.unused"]),
        (WHOLE.replace('reference = "https://feeds.example/it.m3u8"\n', ""), ["gap.no-reference"]),
        (
            WHOLE.replace("kick_off = 2026-11-24", "kick_off = 2026-12-24"),
            ["gap.outside-window"],
        ),
        (
            WHOLE.replace("[network]", AWAITED + "purchase_in_case = true\n[network]"),
            ["gap.purchase-awaited"],
        ),
        (WHOLE.replace('vantages = ["home"]\n', ""), ["gap.unused"]),
        (WHOLE.replace('channels = ["fr"]', "channels = []"), ["gap.partner-without-channels"]),
        (WHOLE.replace("/fr.m3u8", "/clean.m3u8"), ["gap.clean-feed-as-reference"]),
        (WHOLE.replace("/fr.m3u8", "/it.m3u8"), ["gap.same-reference"]),
        (
            WHOLE.replace("/fr.m3u8", "/clean.m3u8").replace("/it.m3u8", "/clean.m3u8"),
            ["gap.clean-feed-as-reference", "gap.same-reference", "gap.no-licensee"],
        ),
        (
            WHOLE.replace('event = "match"\n', ""),
            ["gap.no-licensee"],
        ),
        (WHOLE.replace('facts = "facts"\n', ""), ["gap.no-facts"]),
        (without("[intermediary"), ["gap.no-intermediary"]),
        (without("[order"), ["gap.no-order"]),
        (
            WHOLE.replace("start = 2026-08-01", "start = 2026-12-01"),
            ["gap.no-order"],
        ),
        (
            WHOLE.replace('"Tribunal"\nterritory = "FR"', '"Tribunale"\nterritory = "IT"').replace(
                "particulars = {", "# {"
            ),
            ["gap.no-order", "gap.order-without-provider", "gap.order-elsewhere"],
        ),
        (
            WHOLE.replace('territories = ["FR"]', 'territories = ["IT"]'),
            ["gap.nothing-there", "gap.order-elsewhere", "gap.provider-elsewhere"],
        ),
        (without("[approver"), ["gap.approvers"]),
        (re.sub(r"\[\[approver\]\][^\[]*", "", WHOLE), ["gap.no-approver"]),
        (WHOLE.replace('calendar = "Ligue 1, 2026/27", ', ""), ["gap.particulars"]),
        (
            WHOLE.replace('"FR"', '"DE"').replace("particulars = {", "# {"),
            ["gap.unconfirmed"],
        ),
        (
            WHOLE.replace("targets_rule", 'kind = "standing"\ntargets_rule').replace(
                "particulars = {", "# {"
            ),
            ["gap.unconfirmed", "gap.no-live-order"],
        ),
        (
            WHOLE.replace("[network]", FILM + "[network]"),
            ["gap.no-standing-order"],
        ),
        (WHOLE.replace('proxy = "http://inside.example:3128"\n', ""), ["gap.no-proxy"]),
        (WHOLE + "canary_port = 8080\n", ["gap.canary-port"]),
        (
            WHOLE + '[[fixtures]]\nurl = "https://league.example/season.ics"\n',
            ["gap.calendar-without-feed"],
        ),
    ],
)
def test_what_is_switched_off_is_named(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert gaps(tmp_path, text) == expected


def test_a_gap_names_what_it_is_about(tmp_path: Path) -> None:
    gaps(tmp_path, WHOLE.replace("/fr.m3u8", "/clean.m3u8"))
    [gap] = gaps_of(mandate_in(tmp_path))
    assert say(gap) == (
        "fr: the reference is the clean feed of an event, so no verdict names this licensee"
    )


def test_a_territory_without_order_and_provider_and_a_window_that_is_too_short_are_named(
    tmp_path: Path,
) -> None:
    gaps(
        tmp_path,
        WHOLE.replace('territories = ["FR"]', 'territories = ["FR", "IT"]').replace(
            "end = 2026-11-25T00:00", "end = 2026-11-24T23:00"
        ),
    )
    mandate = mandate_in(tmp_path)
    window, territory = map(say, gaps_of(mandate))
    assert window == (
        "the window of the mandate ends at 2026-11-24 23:00 UTC, before the time of match is "
        "over: nobody watches the rest"
    )
    assert territory == (
        "neither an order nor an access provider is named for IT: nothing is blocked there"
    )


def test_that_a_mandate_has_ended_comes_first(tmp_path: Path) -> None:
    gaps(tmp_path, WHOLE)
    mandate = mandate_in(tmp_path)
    assert gaps_of(mandate, now=NOW) == ()
    [ended] = gaps_of(mandate, now=mandate.window.end)
    assert ended.id == "gap.ended"


def test_an_authority_alone_may_name_nothing_to_watch(tmp_path: Path) -> None:
    head = WHOLE.partition("[[event]]")[0]
    assert gaps(tmp_path, head.replace("gdpr", "led")) == ["gap.seized-alone"]
    with pytest.raises(MandateError, match="names no event, channel or work"):
        gaps(tmp_path, head)
