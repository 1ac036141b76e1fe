"""The journey of following: a lab's world day by day, proposals, decisions, the pages of the room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.following import NEW, StruckCase, append_to, case_of_world, seen_file, struck_case

from cautery.act.descents import decision_subject, proposal_digest, proposal_id
from cautery.lab.descent import DescentWorld, Settings, descent_world
from cautery.messages import in_language
from cautery.model.descent import Proposal, Reason, TraitKind
from cautery.model.records import DescendantProposed, DescentState, FollowAdvanced
from cautery.projections.following import Following
from cautery.wiring import following as wired

SEED = 11
SETTINGS = Settings(networks=2, strangers_a_day=12.0, descendants=12, after_d=120)
HOSTILE = "\"><script>alert(1)</script>'\u202e"


@dataclass(frozen=True, slots=True)
class Followed:
    """A world that was followed in three runs."""

    struck: StruckCase
    world: DescentWorld
    runs: tuple[wired.Followed, ...]

    def following(self) -> Following:
        with wired.followed_in(self.struck.into) as following:
            return following


def follow_world(folder: Path) -> Followed:
    """Follow a lab's world: forty days in each run, and between them a decision."""
    world = descent_world(SEED, SETTINGS)
    struck = case_of_world(folder, world)
    mandate = struck.mandate()
    (act,) = {traits.acted_on for traits in world.sets if traits.of == "network-1"}
    runs = []
    for number, until in enumerate((40, 80, 120)):
        last = act + timedelta(days=until)
        seen = [trait for day, traits in world.days.items() if day <= last for trait in traits]
        file = seen_file(folder / f"seen-{number}.jsonl", seen)
        runs.append(
            wired.follow(
                struck.path,
                struck.into,
                mandate_file=mandate if number == 0 else None,
                sources=[file],
                until=last,
                keys_dir=folder / "keys",
            )
        )
        if number == 0:
            decide(struck, runs[0].following, world)
    return Followed(struck, world, tuple(runs))


def decide(struck: StruckCase, following: Following, world: DescentWorld) -> None:
    """Confirm the first proposal that is right, and reject the first that is not."""
    for is_right in (True, False):
        for descendant in following.descendants():
            proposed = descendant.proposed
            newcomer = world.truth[proposed.proposal.entity]
            if (newcomer.what in {"descendant", "sibling"}) is is_right:
                why = "same till" if is_right else "another shop"
                wired.decide_on(
                    struck.into,
                    proposed.id,
                    confirmed=is_right,
                    why=why,
                    shown_digest=decision_subject(
                        proposal_digest(proposed), confirmed=is_right, why=why
                    ),
                    name="Anna",
                    key=struck.key("anna"),
                )
                break


@pytest.fixture(scope="module")
def grown(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Followed]:
    folder = tmp_path_factory.mktemp("grown")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAUTERY_KEYS", str(folder / "keys"))
        yield follow_world(folder)


def test_a_world_that_is_followed_day_by_day_gives_its_descendants(grown: Followed) -> None:
    following = grown.following()
    proposals = [one.proposed.proposal for one in following.descendants()]
    truth = {entity for entity, who in grown.world.truth.items() if who.what == "descendant"
             and who.of == "network-1"}  # fmt: skip
    right = [one for one in proposals if one.entity in truth]
    assert len(right) >= 5
    likely = [one for one in proposals if one.probability >= 0.75]
    assert sum(one.entity in truth for one in likely) >= 0.8 * len(likely) > 0
    assert all(one.proposed_on >= one.first_knowable for one in proposals)
    assert [run.advanced.record is not None for run in grown.runs] == [True] * 3
    states = {one.state for one in following.descendants()}
    assert states == {DescentState.OPEN, DescentState.CONFIRMED, DescentState.REJECTED}
    lasts = [run.last for _, run in following.advanced]
    assert lasts == sorted(lasts)


def test_three_runs_propose_what_one_run_proposes_until_somebody_decides(
    grown: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    struck = case_of_world(tmp_path, grown.world)
    (act,) = {traits.acted_on for traits in grown.world.sets if traits.of == "network-1"}
    seen = [trait for traits in grown.world.days.values() for trait in traits]
    whole = wired.follow(
        struck.path,
        struck.into,
        mandate_file=struck.mandate(),
        sources=[seen_file(tmp_path / "all.jsonl", seen)],
        keys_dir=tmp_path / "keys",
    )

    def early(followed: wired.Followed) -> list[tuple[str, object]]:
        return [
            (one.proposed.proposal.entity, one.proposed.proposal.proposed_on)
            for one in followed.following.descendants()
            if one.proposed.proposal.proposed_on <= act + timedelta(days=40)
        ]

    assert early(whole) == early(grown.runs[0])  # the future changes nothing


def test_the_page_of_a_case_that_follows_says_what_grew_back(
    grown: Followed, room_at: Callable[..., Any]
) -> None:
    room = room_at(grown.struck.folder, datetime.now(UTC))
    page = room.text("/cases/case-follow/grown")
    following = grown.following()
    for descendant in following.descendants()[:5]:
        assert descendant.proposed.proposal.entity in page
        assert descendant.proposed.id in page
    text = " ".join(unescape(page).split())
    assert "is still no evidence" in text
    assert "same till" in text
    assert 'aria-current="page">What grew back' in page
    assert '<svg class="grown"' in page
    record = following.descendants()[0].entry.index
    assert f'href="/cases/case-follow/records/{record}"' in page
    assert room.text(f"/cases/case-follow/records/{record}")
    everything = room.text("/grown")
    assert 'href="/cases/case-follow/grown"' in everything
    assert "R-0123456789ab" in everything
    absent = room.text("/cases/case/grown", status=404)
    assert "follows no other" in absent


@pytest.mark.parametrize("language", ["fr", "it", "es"])
def test_the_part_speaks_each_language(grown: Followed, language: str) -> None:
    from cautery.pages.grown import grown_part
    from cautery.workflows.case.grown import grown_of

    view = grown_of(grown.following(), today=datetime.now(UTC).date())
    assert view is not None
    with in_language("en"):
        english = grown_part(view)
    with in_language(language):
        told = grown_part(view)
    for phrase in ("is still no evidence", "First knowable", "fault of the stream", "Left out"):
        assert phrase not in told
    assert "is still no evidence" in english


def test_what_a_stranger_appends_counts_for_nothing_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room_at: Callable[..., Any]
) -> None:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    struck = struck_case(tmp_path)
    wired.follow(
        struck.path,
        struck.into,
        mandate_file=struck.mandate(),
        sources=(),
        keys_dir=tmp_path / "keys",
    )
    now = datetime.now(UTC)
    proposal = Proposal(
        entity=NEW,
        of=struck.id,
        log_odds=900.0,
        reasons=(Reason(kind=TraitKind.SITE_NAME, value="\"><b>x</b>'", weight=1.0),),
        first_knowable=now.date(),
        proposed_on=now.date(),
    )
    forged = DescendantProposed(at=now, id=proposal_id(proposal), proposal=proposal)
    other = DescendantProposed(at=now, id=HOSTILE, proposal=proposal)
    backwards = FollowAdvanced(
        at=now, first=now.date(), last=now.date(), days=(), sources=(), left_out=(), proposals=(),
        decided=0, note=HOSTILE,
    )  # fmt: skip
    append_to(struck.into, tmp_path, forged, forged, other, backwards)
    page = room_at(tmp_path, now).text("/cases/case-follow/grown")
    assert "<script>alert" not in page
    assert "<b>x</b>" not in page
    assert NEW not in page
    assert "1 record counts for nothing: it proposes something under the id" in page
    assert "2 records count for nothing: it proposes what no signed run names" in page
    assert "1 record counts for nothing: the case&#39;s key has not signed it" in page
