"""What the guard is told of each target: the day of the evidence, and which addresses answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cautery.adapters.facts_folder import FactsFolder
from cautery.model import Decision
from cautery.plan import candidates

from .conftest import NOW, codes

LAPSED = "http://edge9.example/film.ts"
URL = "http://edge1.pirate.example/live/1.ts"


@pytest.mark.parametrize(
    ("proven_on", "recycled"), [(date(2026, 11, 20), True), (date(2026, 11, 22), False)]
)
def test_a_name_that_was_sold_since_it_was_proven_is_not_blocked_again(
    folder: Path, proven_on: date, *, recycled: bool
) -> None:
    (folder / "owners.csv").write_text(
        "target,owner,since,source\nedge9.example,Bakery Rossi,2026-11-21,RDAP\n"
    )
    facts = FactsFolder(folder)
    [name] = [
        candidate
        for candidate in candidates(
            {LAPSED: ()}, facts=facts, at=NOW, proven_on={LAPSED: proven_on}
        )
        if candidate.target == "edge9.example"
    ]
    assert ("recycled-name" in codes(name.guard)) is recycled
    assert (name.guard.decision is Decision.ALLOW) is not recycled


def test_of_several_streams_of_a_name_the_newest_evidence_counts(folder: Path) -> None:
    (folder / "owners.csv").write_text(
        "target,owner,since,source\nedge9.example,Bakery Rossi,2026-11-21,RDAP\n"
    )
    days = {LAPSED: date(2026, 11, 20), f"{LAPSED}?2": date(2026, 11, 23)}
    options = candidates(dict.fromkeys(days, ()), facts=FactsFolder(folder), at=NOW, proven_on=days)
    [name] = [option for option in options if option.target == "edge9.example"]
    assert name.guard.decision is Decision.ALLOW


def test_an_address_that_its_suspects_own_dns_alone_leads_to_is_no_unnamed_customers(
    folder: Path,
) -> None:
    rows = folder / "dedicated.csv"
    rows.write_text(
        rows.read_text()
        + "203.0.113.77,Bakery Rossi S.r.l.,the hoster's reply,2026-11-20\n"
        + "203.0.113.9,customer 1037,the hoster's reply,2026-11-20\n"
    )
    facts = FactsFolder(folder)
    of = {
        "http://edge5.pirate.example/1.ts": ("203.0.113.9", "203.0.113.77"),
        "http://203.0.113.77/1.ts": (),
    }
    poisoned, bare = ({url: addresses} for url, addresses in of.items())
    said = {
        option.target: codes(option.guard) for option in candidates(poisoned, facts=facts, at=NOW)
    }
    assert "dedicated-to-another" in said["203.0.113.77"]
    assert "dedicated-to-another" not in said["203.0.113.9"], "passive DNS saw it there, too"
    said = {option.target: codes(option.guard) for option in candidates(bare, facts=facts, at=NOW)}
    assert "dedicated-to-another" not in said["203.0.113.77"], "the stream itself runs there"


def test_an_address_at_which_no_probe_was_answered_is_no_candidate(folder: Path) -> None:
    streams = {URL: ("203.0.113.5", "203.0.113.9")}
    facts = FactsFolder(folder)

    def addresses(answered: dict[str, frozenset[str]] | None) -> set[str]:
        options = candidates(streams, facts=facts, at=NOW, answered=answered)
        return {option.target for option in options} & {*streams[URL]}

    assert addresses(None) == {*streams[URL]}
    assert addresses({}) == {*streams[URL]}, "of an earlier run nobody knows it"
    assert addresses({URL: frozenset(("203.0.113.5",))}) == {"203.0.113.5"}
