"""What published entries did, as a watch that goes on knows it from the records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.model import (
    BlockEntry,
    DarkProbe,
    Decision,
    Entry,
    GuardVerdict,
    Intermediary,
    Lever,
    OwnLocation,
    Reason,
    Record,
    Referral,
    Window,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import EntryExpired
from cautery.projections import Acts, folded
from cautery.workflows.watch.acting.effects import EffectWatch, Watched

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
ISP, OTHER = (
    Intermediary(name=name, territory="FR", list_url=OwnLocation(f"http://{name}.example/list"))
    for name in ("isp", "other")
)


def blocked(target: str) -> BlockEntry:
    verdict = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(Reason(code="name", text=as_written("a name of its own")),),
        valid_until=END,
    )
    return BlockEntry(target=target, lever=Lever.NAME, valid_until=END, guard=verdict, exhibits=())


REFERRAL = Referral(
    id="R-1",
    order="o",
    event=None,
    territory="FR",
    window=Window(start=NOW, end=END),
    entries=(blocked("a.example"), blocked("b.example")),
    statement="why",
)


class Journal:
    def now(self) -> datetime:
        return NOW


def probe(url: str, *, dark: bool) -> DarkProbe:
    return DarkProbe(
        url=url,
        target="a.example",
        intermediary="isp",
        at=NOW,
        dark=dark,
        why=as_written("answered"),
    )


def restored(*contents: object) -> dict[tuple[str, str], Watched]:
    effects = EffectWatch(
        {},
        cuts=lambda _target, _stream: True,
        fetcher=None,  # type: ignore[arg-type]
        journal=Journal(),  # type: ignore[arg-type]
    )
    for intermediary in (ISP, OTHER):
        effects.add(REFERRAL, intermediary)
    records = [Record(kind=kind, at=NOW, body=body) for kind, body in map(filed, contents)]
    entries = (Entry(index=0, record=record, leaf=b"") for record in records)
    effects.restore(folded(Acts(), entries))
    return {
        (watched.entry.target, watched.intermediary.name): watched for watched in effects._watched
    }


def test_a_stream_is_dark_where_its_newest_probe_says_so() -> None:
    watched = restored(probe("1", dark=True), probe("2", dark=True), probe("2", dark=False))
    assert {place: each.dark for place, each in watched.items() if each.dark} == {
        ("a.example", "isp"): {"1"}
    }


def test_an_entry_that_ended_is_not_said_to_end_twice() -> None:
    watched = restored(
        EntryExpired(referral="R-1", target="b.example", intermediary="other", at=END),
        EntryExpired(referral="R-2", target="a.example", intermediary="isp", at=END),
    )
    assert [place for place, each in watched.items() if each.expired] == [("b.example", "other")]
