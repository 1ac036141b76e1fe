"""Ledger entries sorted into what the report speaks of: by stream, by target, by referral."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.report.safeguards import Safeguards
from cautery.evidence.report.view import (
    Alignment,
    CustodyLine,
    Expired,
    PaceLine,
    Published,
    SealedLine,
    Still,
)
from cautery.evidence.report.words import moment
from cautery.model import (
    MISSHAPEN,
    Acknowledgement,
    ActionPlan,
    Approval,
    DarkProbe,
    Digest,
    Entry,
    ErrorRate,
    Estimate,
    Exhibit,
    ExhibitId,
    GuardVerdict,
    Mandate,
    Observation,
    Record,
    Referral,
    SupplyGraph,
    Verdict,
    from_json,
    has_own_id,
    with_fixtures,
)
from cautery.model.times import iso, to_utc


@dataclass(slots=True)
class StreamRecords:
    """What the entries say of one stream, in their order."""

    url: str
    title: str | None = None
    host: str = ""
    sources: list[str] = field(default_factory=list)
    first_seen: datetime | None = None
    vanished: datetime | None = None
    verdict: Verdict | None = None
    proven_at: datetime | None = None
    probes: int = 0
    """Looks that came to an end; those that this machine broke off are no looks."""
    alignments: list[Alignment] = field(default_factory=list)
    exhibits: dict[ExhibitId, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    dark_at: datetime | None = None
    custody: list[CustodyLine] = field(default_factory=list)


@dataclass(slots=True)
class Records:
    """A whole ledger, sorted.

    ``opening`` is the first record that opens the case: no later one counts. ``approvals`` are by
    the digest that they are over, and none is checked here. ``passed_over`` counts records, by why.
    """

    opening: Entry | None = None
    mandate: Mandate | None = None
    version: str = ""
    key: str = ""
    lab: bool = False
    size: int = 0
    root: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    closed: datetime | None = None
    kinds: Counter[str] = field(default_factory=Counter)
    watched: list[tuple[datetime, datetime]] = field(default_factory=list)
    stopped: bool = False
    streams: dict[str, StreamRecords] = field(default_factory=dict)
    sealed: dict[ExhibitId, SealedLine] = field(default_factory=dict)
    sealed_bytes: int = 0
    confidential: int = 0
    clocks_unknown: int = 0
    unfiltered: bool = False
    sources: dict[str, str | None] = field(default_factory=dict)
    guards: dict[tuple[str, str], GuardVerdict] = field(default_factory=dict)
    graph: SupplyGraph | None = None
    plan: ActionPlan | None = None
    referrals: dict[str, Referral] = field(default_factory=dict)
    approvals: defaultdict[Digest, list[Approval]] = field(
        default_factory=lambda: defaultdict(list)
    )
    passed_over: Counter[str] = field(default_factory=Counter)
    published: defaultdict[str, list[Published]] = field(default_factory=lambda: defaultdict(list))
    answers: defaultdict[str, list[Acknowledgement]] = field(
        default_factory=lambda: defaultdict(list)
    )
    expired: defaultdict[str, list[Expired]] = field(default_factory=lambda: defaultdict(list))
    dark: list[DarkProbe] = field(default_factory=list)
    safeguards: Safeguards = field(default_factory=Safeguards)
    estimates: dict[str, Estimate] = field(default_factory=dict)
    rates: dict[tuple[str, str], ErrorRate] = field(default_factory=dict)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    failure_words: dict[tuple[str, str], str] = field(default_factory=dict)
    pace: PaceLine | None = None
    """Whether the watch kept up, at last."""
    worst_pace: PaceLine | None = None
    """The same at its worst moment."""
    shed: int = 0

    def stream(self, url: str) -> StreamRecords:
        """Return the records of one stream, new ones at its first mention."""
        return self.streams.setdefault(url, StreamRecords(url))


def collect(entries: Iterable[Entry]) -> Records:
    """Sort a ledger's entries; later records of a stream or target replace earlier ones.

    A case is opened once, and a referral is the first one of its id. A record that has not the
    shape of its kind is passed over and counted: whoever has the file can append one.
    """
    records = Records()
    leaves: list[bytes] = []
    for entry in entries:
        leaves.append(leaf_hash(entry.leaf))
        record = entry.record
        records.size += 1
        records.kinds[record.kind] += 1
        records.first_at = records.first_at or record.at
        records.last_at = record.at
        try:
            _watched(records, record)
            _sort(records, entry, record.body)
        except MISSHAPEN:
            records.passed_over[f"{record.kind}, not in the shape of its kind"] += 1
    records.root = Frontier().extend(leaves).root().hex()
    return records


_BY_OTHERS = frozenset(
    (
        "approval.given",
        "case.closed",
        "case.reopened",
        "case.restored",
        "override.signed",
        "purchase.recorded",
    )
)
"""Kinds of records that are also made when no watch runs."""


def _watched(records: Records, record: Record) -> None:
    """Note spans of watching: from a start or resumption to its last record before the next.

    A watch that resumes seals its mandate before it says so; that record ends no span. Of a watch
    that was killed, who closed its case says when it was seen last.
    """
    kind, at = record.kind, record.at
    if kind in ("watch.started", "watch.resumed"):
        records.watched.append((at, at))
        records.stopped = False
        return
    setting_up = record.body.get("what") == "mandate"
    if not records.watched or records.stopped or setting_up or kind in _BY_OTHERS:
        return
    if kind == "watch.stopped":
        at = min(at, _time(record.body["at"], at))
        if at < records.watched[-1][0]:
            raise InputError(f"watch.stopped: {iso(at)} is before it began")
        records.stopped = True
    records.watched[-1] = (records.watched[-1][0], at)


def _sort(records: Records, entry: Entry, body: Mapping[str, Any]) -> None:
    kind, at = entry.record.kind, entry.record.at
    match kind:
        case "case.opened" if records.opening is not None:
            records.passed_over["case.opened, though the case was open"] += 1
        case "case.opened":
            records.opening = entry
            records.mandate = from_json(Mandate, body["mandate"])
            records.version, records.key = str(body["version"]), str(body["key"])
            records.lab = bool(body["lab"]) or records.mandate.lab
        case "case.closed":
            records.closed = at
        case "decoder.confined":
            records.unfiltered |= body["seccomp"] is not True
        case "exhibit.sealed":
            _exhibit(records, body)
        case "fixtures.changed":
            if records.mandate is not None:
                records.mandate = with_fixtures(records.mandate, body)
        case "source.read":
            if body.get("vantage") is not None:
                return  # one that is blocked elsewhere is read all the same
            failed = body.get("failed")
            records.sources[str(body["source"])] = None if failed is None else str(failed)
        case "stream.appeared":
            url, title, source = _url(body["url"]), _text(body["title"]), str(body["source"])
            seen_at = _time(body.get("at"), at)
            stream = records.stream(url)
            stream.title = title if title is not None else stream.title
            stream.host = str(body.get("host") or stream.host)
            if source not in stream.sources:
                stream.sources.append(source)
            stream.first_seen = stream.first_seen or seen_at
            stream.vanished = None
        case "stream.vanished":
            vanished_at = _time(body.get("at"), at)
            records.stream(_url(body["url"])).vanished = vanished_at
        case "probe.done":
            _probe(records.stream(_url(body["url"])), body)
        case "verdict":
            verdict = from_json(Verdict, body)
            stream = records.stream(verdict.url.text)
            stream.verdict = verdict
            if verdict.finding.value == "proven" and stream.proven_at is None:
                stream.proven_at = verdict.at
            for observation in verdict.observations:
                for exhibit in observation.exhibits:
                    stream.exhibits.setdefault(exhibit, "capture that the verdict rests on")
        case "alignment":
            alignment = _alignment(body)
            records.stream(_url(body["url"])).alignments.append(alignment)
        case "guard.decided":
            guard = from_json(GuardVerdict, body)
            records.guards[guard.target, guard.lever.value] = guard
        case "graph.mapped":
            records.graph = from_json(SupplyGraph, body)
        case "plan.made":
            records.plan = from_json(ActionPlan, body)
        case "estimate":
            estimate = from_json(Estimate, body)
            records.estimates[estimate.quantity] = estimate
        case "watch.pace":
            _pace(records, body)
        case "work.shed":
            records.shed += sum(int(look["count"]) for look in body["looks"])
        case "error.rate":
            rate = from_json(ErrorRate, body)
            records.rates[rate.what, rate.source] = rate
        case "failure":
            where = (str(body["what"]), str(body["error"]))
            records.failures[where] += 1
            records.failure_words[where] = str(body["message"])
        case _:
            _act(records, kind, body, at)
    _custody(records, entry, body)


def _act(records: Records, kind: str, body: Mapping[str, Any], at: datetime) -> None:
    match kind:
        case "referral.drafted":
            referral = from_json(Referral, body)
            if not has_own_id(referral):
                records.passed_over["referral.drafted, not under an id of its own"] += 1
            elif records.referrals.setdefault(referral.id, referral) != referral:
                records.passed_over["referral.drafted, under the id of an earlier one"] += 1
        case "approval.given":
            approval = from_json(
                Approval, {name: value for name, value in body.items() if name != "referral"}
            )
            records.approvals[approval.subject].append(approval)
        case "referral.published":
            records.published[str(body["referral"])].append(
                Published(
                    intermediary=str(body["intermediary"]),
                    at=_time(body.get("at"), at),
                    exhibit=_exhibit_id(body.get("exhibit")),
                )
            )
        case "acknowledgement":
            answer = from_json(Acknowledgement, body)
            records.answers[answer.referral].append(answer)
        case "dark.probed":
            probe = from_json(DarkProbe, body)
            records.dark.append(probe)
            stream = records.stream(probe.url)
            if probe.dark and stream.dark_at is None:
                stream.dark_at = probe.at
        case "entry.expired":
            records.expired[str(body["referral"])].append(
                Expired(
                    target=str(body["target"]),
                    intermediary=str(body["intermediary"]),
                    at=_time(body.get("at"), at),
                )
            )
        case _:  # a kind of which this report says nothing is counted all the same
            records.safeguards.hear(kind, body)


def _exhibit(records: Records, body: Mapping[str, Any]) -> None:
    exhibit = from_json(Exhibit, body["exhibit"])
    clock = exhibit.clock
    is_known = clock.seconds is not None
    records.clocks_unknown += not is_known
    if exhibit.id not in records.sealed:
        records.sealed_bytes += exhibit.size
        records.confidential += exhibit.confidential
    offset = (
        f"clock {1000 * (clock.seconds or 0):+.0f} ms from UTC"
        if is_known
        else "clock offset unknown"
    )
    if is_known and clock.uncertainty_s is not None:
        offset += f" ± {1000 * clock.uncertainty_s:.0f} ms"
    records.sealed[exhibit.id] = SealedLine(
        exhibit=exhibit.id,
        what=str(body["what"]),
        size=exhibit.size,
        sealed_at=exhibit.sealed_at,
        clock=offset,
    )
    if body.get("url") is not None and (url := _url(body["url"])) in records.streams:
        records.stream(url).exhibits.setdefault(exhibit.id, str(body["what"]))


def _pace(records: Records, body: Mapping[str, Any]) -> None:
    line = PaceLine(
        offered=int(body["offered"]),
        unseen=int(body["unseen"]),
        references_late_s=_seconds(body["references_late_s"]),
        probes_late_s=_seconds(body["probes_late_s"]),
        silent=tuple(str(reference) for reference in body["references_silent"]),
        why=None if body["why"] is None else str(body["why"]),
    )
    records.pace = line
    if records.worst_pace is None or line.late_s > records.worst_pace.late_s:
        records.worst_pace = line


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value)


def _probe(stream: StreamRecords, body: Mapping[str, Any]) -> None:
    stream.probes += body.get("hindered") is None
    failed = body.get("failed")
    if failed is not None and str(failed) not in stream.failures:
        stream.failures.append(str(failed))
    if body.get("observation") is not None:
        observation = from_json(Observation, body["observation"])
        for exhibit in observation.exhibits:
            stream.exhibits.setdefault(exhibit, "capture of a probe")
        if observation.reason is not None and observation.reason not in stream.failures:
            stream.failures.append(observation.reason)


def _alignment(body: Mapping[str, Any]) -> Alignment:
    def still(which: str) -> Still | None:
        name = body.get(f"{which}_still")
        if name is None:
            return None
        at_s = _seconds(body.get(f"{which}_at_s"))
        if at_s is not None:
            moment(at_s)  # raises where no calendar has it
        return Still(exhibit=ExhibitId(str(name)), uri=None, at_s=at_s)

    return Alignment(
        reference=str(body["reference"]),
        shown=str(body.get("shown") or body["reference"]),
        kind=str(body["kind"]),
        delay_s=float(body["delay_s"]),
        lags_s=tuple(float(lag) for lag in body["lags_s"]),
        strength=tuple(float(value) for value in body["strength"]),
        suspect=still("suspect"),
        original=still("reference"),
    )


def _custody(records: Records, entry: Entry, body: Mapping[str, Any]) -> None:
    if body.get("url") is None or (url := _url(body["url"])) not in records.streams:
        return
    text = str(
        body.get("what") or body.get("failed") or body.get("finding") or body.get("why") or ""
    )
    records.streams[url].custody.append(
        CustodyLine(index=entry.index, at=entry.record.at, kind=entry.record.kind, text=text)
    )


def _url(value: Any) -> str:
    """Return a stream's key, written plainly or as a noun."""
    return str(value["text"]) if isinstance(value, Mapping) else str(value)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{type(value).__name__} is no text")


def _exhibit_id(value: Any) -> ExhibitId | None:
    text = _text(value)
    return None if text is None else ExhibitId(text)


def _time(value: Any, otherwise: datetime) -> datetime:
    return otherwise if value is None else to_utc("at", datetime.fromisoformat(str(value)))
