"""What a watch has come to so far, counted from its records alone: the live board's figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from cautery.model import Entry, Finding, Json, Mandate, with_fixtures


@dataclass(slots=True)
class Row:
    """One event or channel of the mandate, as the watch stands with it."""

    right: str
    proven: set[str] = field(default_factory=set)
    licensed: set[str] = field(default_factory=set)
    detected_s: list[float] = field(default_factory=list)
    referred_s: list[float] = field(default_factory=list)
    dark_s: list[float] = field(default_factory=list)
    exposed_s: float | None = None
    """``None``: nothing proven whose beginning was seen, so nothing is known of it."""


@dataclass(slots=True)
class Tally:
    """Hears entries, in order, and keeps count. Hearing a ledger again gives the same tally."""

    mandate: Mandate
    appeared: dict[str, datetime] = field(default_factory=dict)
    vanished: dict[str, datetime] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    rights: dict[str, str] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    probes: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    last: str = ""
    refused: set[str] = field(default_factory=set)
    narrowed: set[str] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)
    targets: dict[str, set[str]] = field(default_factory=dict)
    detected: dict[str, datetime] = field(default_factory=dict)
    referred: dict[str, datetime] = field(default_factory=dict)
    dark: dict[str, datetime] = field(default_factory=dict)
    expired: int = 0
    approvals: int = 0
    networks: int = 0
    sealed: int = 0
    revalidated: int = 0
    withdrawn: set[str] = field(default_factory=set)
    canaries: set[str] = field(default_factory=set)
    canaries_dark: set[tuple[str, str]] = field(default_factory=set)
    rollbacks: set[tuple[str, str]] = field(default_factory=set)
    overrides: set[str] = field(default_factory=set)
    spent: dict[str | None, tuple[int | None, int]] = field(default_factory=dict)
    """By event: the most bystanders that its blocks may hit, and its budget."""
    pace: Json | None = None
    """The newest ``watch.pace``: what nobody has looked at, and how late the watch is."""
    shed: int = 0
    """Looks that were put off since there was no time for them."""

    def hear(self, entry: Entry) -> None:
        """Count one record."""
        body, kind = entry.record.body, entry.record.kind
        if kind == "fixtures.changed":
            self.mandate = with_fixtures(self.mandate, body)
        elif kind == "stream.appeared":
            self.appeared.setdefault(body["url"], _time(body["at"]))
        elif kind == "stream.vanished":
            self.vanished[body["url"]] = _time(body["at"])
        elif kind == "probe.done":
            self.probes += 1
            if body.get("hindered") is None:  # else this machine kept the look from its end
                self.checked.add(body["url"])
            if body["failed"]:
                self.errors[body["failed"].split(":", 1)[0]] += 1
        elif kind == "verdict":
            self._verdict(body)
        elif kind == "failure":
            self.errors[body["error"]] += 1
            self.last = f"{body['what']} {body['where']}: {body['message']}"
        elif kind in ("source.read", "calendar.read") and body["failed"]:
            self.errors[body["failed"].split(":", 1)[0]] += 1
            self.last = f"{body['source']}: {body['failed']}"
        elif kind == "guard.decided":
            if body["decision"] == "refuse":
                self.refused.add(body["target"])
                self.spared.update(body["collateral"]["names"])
            elif body["decision"] == "narrow":
                self.narrowed.add(body["target"])
                self.spared.update(body["collateral"]["names"])
        elif kind == "plan.made":
            for intervention in body["chosen"]:
                self.targets[intervention["target"]] = set(intervention["streams"])
        elif kind == "referral.published":
            self._at_targets(body.get("targets", ()), self.referred, _time(body["at"]))
        elif kind == "dark.probed" and body["dark"]:
            self.dark.setdefault(body["url"], _time(body["at"]))
            # A stream that was proven behind a target already on a list was referred with it.
            if body["url"] in self.detected:
                self.referred.setdefault(body["url"], self.detected[body["url"]])
        elif kind == "entry.expired":
            self.expired += 1
        elif kind == "approval.given":
            self.approvals += 1
        elif kind == "graph.mapped":
            self.networks = len(body["networks"])
        elif kind == "exhibit.sealed":
            self.sealed += 1
        elif kind == "watch.pace":
            self.pace = body
        elif kind == "work.shed":
            self.shed += sum(int(look["count"]) for look in body["looks"])
        else:
            self._safeguard(kind, body)

    def _safeguard(self, kind: str, body: Json) -> None:
        if kind == "guard.revalidated":
            self.revalidated += len(body["asked"])
        elif kind == "entry.withdrawn":
            self.withdrawn.add(body["target"])
        elif kind == "canary.probed":
            self.canaries.add(body["canary"])
            key = (body["canary"], body["intermediary"])
            hit = body["direct"] is True and body["through"] is False
            if hit:
                self.canaries_dark.add(key)
            else:
                self.canaries_dark.discard(key)
        elif kind == "rollback.proposed":
            self.rollbacks.add((body["target"], body["intermediary"]))
        elif kind == "override.given":
            self.overrides.add(body["override"]["target"])
        elif kind == "budget.spent":
            self.spent[body["event"]] = (body["spending"]["high"], body["budget"])

    def _verdict(self, body: Json) -> None:
        url = body["url"]
        key = str(url["text"] if isinstance(url, dict) else url)
        finding = Finding(str(body["finding"]))
        self.findings[key] = finding
        if finding in (Finding.PROVEN, Finding.LICENSED):
            channels = body["channels"] or ["?"]
            assert isinstance(channels, list)
            self.rights[key] = str(body["event"] or channels[0])
            if finding is Finding.PROVEN:
                self.detected.setdefault(key, _time(str(body["at"])))

    def _at_targets(self, targets: object, times: dict[str, datetime], at: datetime) -> None:
        assert isinstance(targets, list | tuple)
        for target in targets:
            for url in self.targets.get(str(target), ()):
                times.setdefault(url, at)

    def rows(self, now: datetime) -> list[Row]:
        """Return one row for each event, linear channel and work, in the mandate's order."""
        names = [event.id for event in self.mandate.events]
        names += [channel.id for channel in self.mandate.channels if channel.event is None]
        names += [work.id for work in self.mandate.works]
        rows = {name: Row(right=name) for name in names}
        for url, right in self.rights.items():
            row = rows.get(right) or rows.setdefault(right, Row(right=right))
            if self.findings[url] is not Finding.PROVEN:
                row.licensed.add(url)
                continue
            row.proven.add(url)
            first = self.appeared.get(url)
            if first is None:
                continue
            ends = (self.vanished.get(url), self.dark.get(url), now)
            until = min(end for end in ends if end is not None)
            row.exposed_s = (row.exposed_s or 0.0) + max((until - first).total_seconds(), 0.0)
            for times, spans in (
                (self.detected, row.detected_s),
                (self.referred, row.referred_s),
                (self.dark, row.dark_s),
            ):
                if url in times:
                    spans.append(max((times[url] - first).total_seconds(), 0.0))
        return list(rows.values())

    @property
    def offered(self) -> int:
        """How many streams were offered; thousands that are nothing of ours are told by number."""
        return max(len(self.appeared), 0 if self.pace is None else int(self.pace["offered"]))

    def count(self, finding: Finding) -> int:
        """Return how many streams stand so."""
        return sum(outcome is finding for outcome in self.findings.values())


def middle(spans: list[float]) -> float | None:
    """Return the median of some seconds, or ``None`` of none."""
    return median(spans) if spans else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
