"""What a case's looks saw served: by hours, so that neither light nor dark is counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from cautery.messages import message
from cautery.model import DarkProbe, Entry, Record
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import ProbeDone, ReferralPublished
from cautery.projections.served import DIRECT, Served

DAY = datetime(2024, 10, 1, tzinfo=UTC)


def heard(*contents: object, recorded: datetime | None = None) -> Served:
    served = Served()
    for place, content in enumerate(contents):
        kind, body = filed(content)
        at = recorded or content.at  # type: ignore[attr-defined]
        served.hear(Entry(index=place, record=Record(kind=kind, body=body, at=at), leaf=b""))
    return served


def dark(hours: float, *, is_dark: bool, url: str = "http://p.example/1") -> DarkProbe:
    return DarkProbe(
        url=url, target="p.example", intermediary="isp", at=DAY + timedelta(hours=hours),
        dark=is_dark, why=as_written("asked"),
    )  # fmt: skip


def look(hours: float, *, failed: bool) -> ProbeDone:
    return ProbeDone(
        at=DAY + timedelta(hours=hours), url="http://p.example/1", observation=None,
        failed=as_written("no answer") if failed else None,
    )  # fmt: skip


def test_many_looks_in_an_hour_are_one() -> None:
    lit = [dark(0.01 * number, is_dark=False) for number in range(50)]
    [series] = heard(*lit, dark(3, is_dark=True)).series("net", "IT")
    assert (series.values.tolist(), series.probes.tolist()) == ([0.5], [2])
    assert series.vantage == "isp"


def test_each_vantage_has_its_series_and_days_without_a_look_stay_unknown() -> None:
    served = heard(look(1, failed=False), look(49, failed=True), dark(2, is_dark=True))
    by_vantage = {one.vantage: one for one in served.series("net", "IT")}
    assert by_vantage["isp"].values.tolist() == [0.0]
    direct = by_vantage[DIRECT].values
    assert (direct[0], direct[2]) == (1.0, 0.0)
    assert np.isnan(direct[1])


def test_what_no_way_reaches_is_not_served_though_no_block_made_it_dark() -> None:
    gone = DarkProbe(
        url="http://p.example/1", target="p.example", intermediary="isp", at=DAY, dark=False,
        why=message("dark-probe.unreachable"),
    )  # fmt: skip
    [series] = heard(gone).series("net", "IT")
    assert series.values.tolist() == [0.0]


def test_a_look_of_another_time_than_its_record_counts_nothing() -> None:
    served = heard(dark(0, is_dark=True), recorded=DAY + timedelta(days=9))
    assert (served.series("net", "IT"), served.passed_over) == ((), 1)


def test_published_lists_are_strikes() -> None:
    published = ReferralPublished(referral="R", intermediary="isp", targets=("p.example",), at=DAY)
    assert heard(published).published == [DAY]
