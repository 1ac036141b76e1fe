from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.lab.scoreboard import b_cubed, score, stream_key
from cautery.messages import message
from cautery.model import (
    BlockEntry,
    CriminalNetwork,
    DarkProbe,
    Decision,
    Entry,
    Finding,
    GuardVerdict,
    KeyedPseudonyms,
    Lever,
    Membership,
    Reason,
    Record,
    RedactedUrl,
    Referral,
    SupplyGraph,
    Verdict,
    Window,
    referral_id,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import ProbeDone, ReferralPublished, WatchPace

T0 = 1_800_000_000.0


def stream(id: str, **more: Any) -> dict[str, Any]:
    usual = {
        "id": id,
        "url": f"http://{id}.example:80/hls/{id}/index.m3u8",
        "host": f"{id}.example",
        "carries": "fr",
        "event": "match",
        "licensee": "fr",
        "kind": "rebroadcast",
        "mandated": True,
        "appears_at": T0,
    }
    return usual | more


def truth(*streams: dict[str, Any], **more: Any) -> dict[str, Any]:
    usual = {"streams": streams, "hosts": [], "bystanders": {}, "window_s": 60.0}
    return usual | more


def at(after_s: float) -> datetime:
    return datetime.fromtimestamp(T0 + after_s, UTC)


def entry(content: object, after_s: float = 5.0) -> Entry:
    kind, body = filed(content)
    return Entry(index=0, record=Record(kind=kind, at=at(after_s), body=body), leaf=b"")


def probed(url: str, **more: Any) -> Entry:
    return entry(ProbeDone(url=url, at=at(5.0), observation=None, failed=None, **more))


def proven(one: dict[str, Any], after_s: float = 5.0, **more: Any) -> Entry:
    said = {"event": one["event"], "channels": (one["carries"],), "licensee": one["licensee"]}
    verdict = Verdict(
        url=RedactedUrl.of(one["url"], KeyedPseudonyms(b"k" * 32)),
        finding=Finding.PROVEN,
        at=at(after_s),
        **(said | more),
    )
    return entry(verdict, after_s)


def test_all_found_is_a_recall_and_precision_of_one() -> None:
    one, other = stream("a"), stream("b")
    board = score(truth(one, other), [proven(one), proven(other, 9.0)])
    assert (board.recall, board.precision, board.false_accusations) == (1.0, 1.0, 0)
    assert board.time_to_detection_s == (7.0, 9.0)


def test_an_undetected_stream_counts_the_whole_window() -> None:
    one, other = stream("a"), stream("b")
    board = score(truth(one, other), [proven(one)])
    assert board.recall == 0.5
    assert board.time_to_detection_s == (None, None), "half of them were never detected"
    assert board.missed == ("b",)


@pytest.mark.parametrize("kind", ["innocent", "partner"])
def test_a_lawful_stream_called_pirate_is_a_false_accusation(kind: str) -> None:
    lawful = stream("a", kind=kind, mandated=kind == "partner")
    board = score(truth(lawful), [proven(lawful)])
    assert (board.false_accusations, board.precision) == (1, 0.0)


def test_a_wrong_event_is_a_false_accusation_and_no_detection() -> None:
    one = stream("a")
    board = score(truth(one), [proven(one, event="another")])
    assert (board.false_accusations, board.recall) == (1, 0.0)


def test_a_wrong_channel_is_one_for_a_linear_channel() -> None:
    linear = stream("a", event=None, licensee=None, carries="film")
    assert score(truth(linear), [proven(linear)]).recall == 1.0
    assert score(truth(linear), [proven(linear, channels=("kids",))]).false_accusations == 1


def test_a_right_claim_beside_a_wrong_one_is_not_precise() -> None:
    one = stream("a")
    board = score(truth(one), [proven(one), proven(one, event="another")])
    assert (board.recall, board.precision, board.false_accusations) == (1.0, 0.0, 1)


def test_dead_and_hostile_streams_are_out_of_recall() -> None:
    board = score(truth(stream("a", kind="dead"), stream("b", kind="hostile")), [])
    assert board.recall is None
    assert board.time_to_detection_s == (None, None)


def test_no_licensee_is_the_right_answer_where_nothing_of_one_is_left() -> None:
    bare, kept = stream("a", licensee=None), stream("b")
    entries = [proven(bare), proven(kept, licensee=None)]
    board = score(truth(bare, kept), entries)
    assert board.licensee_accuracy == 0.5
    assert board.wrong_licensee == ("b",)


def test_a_panels_line_is_known_by_its_number_whatever_its_credentials() -> None:
    exact = "http://panel.x.example:81/live/t1234567/p7654321/1003.m3u8"
    other = RedactedUrl.of(
        "http://panel.x.example:81/live/t1234567/p7654321/1003.ts", KeyedPseudonyms(b"k")
    )
    assert stream_key(exact) == stream_key(other.text)
    assert stream_key(exact) != stream_key(exact.replace("1003", "1004"))


def test_time_to_dark_runs_to_the_first_dark_probe() -> None:
    one = stream("a")
    probes = [
        entry(
            DarkProbe(
                url=one["url"], target="t", intermediary="isp", at=at(after_s), dark=dark, why=""
            ),
            after_s,
        )
        for dark, after_s in ((False, 10.0), (True, 14.0), (True, 20.0))
    ]
    assert score(truth(one), probes).time_to_dark_s == 14.0


def referral(target: str, lever: str) -> list[Entry]:
    guard = GuardVerdict(
        target=target,
        lever=Lever(lever),
        decision=Decision.ALLOW,
        reasons=(Reason(code="clear", text=as_written("nobody else is behind it")),),
        valid_until=at(60),
    )
    blocked = BlockEntry(
        target=target, lever=Lever(lever), valid_until=at(60), guard=guard, exhibits=()
    )
    drafted = Referral(
        id="",
        order="order",
        event=None,
        territory="FR",
        window=Window(start=at(0), end=at(60)),
        entries=(blocked,),
        statement="",
    )
    drafted = replace(drafted, id=referral_id(drafted))
    published = ReferralPublished(referral=drafted.id, intermediary="isp", at=at(5))
    return [entry(drafted), entry(published)]


@pytest.mark.parametrize(
    ("target", "lever", "hit"),
    [
        ("127.40.0.1", "address", 2),
        ("hospital.example", "name", 1),
        ("files.big.example", "name", 1),
        ("big.example", "name", 1),
        ("pirate.example", "name", 0),
        ("127.10.0.1", "address", 0),
    ],
)
def test_innocents_behind_a_published_entry_are_counted(target: str, lever: str, hit: int) -> None:
    world = truth(
        stream("a"),
        bystanders={
            "127.40.0.1": ["hospital.example", "shop.example"],
            "hospital.example": ["hospital.example"],
            "files.big.example": ["files.big.example"],
        },
    )
    assert score(world, referral(target, lever)).bystanders_hit == hit


def test_a_draft_that_never_went_out_hits_nobody() -> None:
    world = truth(stream("a"), bystanders={"127.40.0.1": ["hospital.example"]})
    assert score(world, referral("127.40.0.1", "address")[:1]).bystanders_hit == 0


def test_an_ungrouped_host_stands_alone() -> None:
    hosts = [
        {"host": host, "network": network, "scored": True}
        for host, network in (("a", "A"), ("b", "A"), ("c", None))
    ]
    members = tuple(Membership(host=host, probability=1.0) for host in "ab")
    grouped = SupplyGraph(networks=(CriminalNetwork(id="n", members=members),))
    world = truth(stream("a"), hosts=hosts)
    assert score(world, [entry(grouped)]).networks_bcubed == 1.0
    mapped = entry(SupplyGraph())
    assert score(world, [mapped]).networks_bcubed == pytest.approx(0.8, abs=1e-4)
    assert score(world, []).networks_bcubed is None, "no map was drawn"


@given(st.dictionaries(st.integers(0, 30), st.sampled_from("abc"), min_size=1))
def test_b_cubed_of_a_labelling_with_itself_is_one(labels: dict[int, str]) -> None:
    assert b_cubed(labels, labels) == pytest.approx((1.0, 1.0, 1.0))


def test_the_json_has_the_agreed_fields_in_order() -> None:
    board = score(truth(stream("a")), [], verified=True, case="case")
    assert list(board.to_json()) == [
        "recall",
        "precision",
        "false_accusations",
        "bystanders_hit",
        "time_to_detection_s",
        "time_to_dark_s",
        "networks_bcubed",
        "licensee_accuracy",
        "looked_at",
        "late",
        "machine",
        "loop",
        "blind",
        "verified",
        "case",
    ]


def test_what_nobody_looked_at_has_no_recall_and_no_time_to_detection() -> None:
    one = stream("a")
    late = WatchPace(
        at=at(5),
        offered=1,
        unseen=1,
        unseen_by_right={},
        late=True,
        references_late_s=None,
        references_silent=(),
        probes_late_s=60.0,
        loop_late_s=0.0,
        why=message("pace.loop-late", late_s=3.0),
    )
    board = score(truth(one), [probed(one["url"], hindered="decoding"), entry(late)])
    assert (board.recall, board.precision, board.networks_bcubed) == (None, None, None)
    assert board.time_to_detection_s == (None, None)
    assert board.looked_at == (0, 1)
    assert board.late == "this machine is slow: the watch's own loop ran 3 s late"


def test_one_that_is_missed_among_many_leaves_the_median_and_no_maximum() -> None:
    three = [stream(name) for name in "abc"]
    board = score(truth(*three), [proven(three[0], 9.0), proven(three[1], 12.0)])
    assert board.time_to_detection_s == (12.0, None)


def test_looked_at_in_vain_is_a_recall_of_zero() -> None:
    one = stream("a")
    board = score(truth(one), [probed(one["url"])])
    assert (board.recall, board.looked_at) == (0.0, (1, 1))
