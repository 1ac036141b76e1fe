"""Tells how right a watch was: its ledger against the world's truth.

Every figure is one of ``demo --json``'s line: recall over live re-broadcasts of what
is mandated, time to detection and to dark, false accusations, bystanders, networks, licensees.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from cautery.errors import InputError
from cautery.messages import say
from cautery.model import DarkProbe, Entry, Finding, Lever, SupplyGraph, Verdict
from cautery.model.records import ProbeDone
from cautery.projections import Acts, Pace

_STREAM = {"id", "url", "kind", "mandated", "event", "carries", "licensee", "host", "appears_at"}
_HOST = {"host", "network", "scored"}
_LINE = re.compile(r"^/(?:live/)?[^/]+/[^/]+/(?P<id>\d+)(?:\.\w+)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """What a watch got right. ``None`` means that there was nothing to judge.

    Parameters
    ----------
    recall, precision : float or None
        Over live re-broadcasts of mandated content, if any was looked at; over proven streams.
    false_accusations : int
        Proven streams that are lawful, or carry another event or channel than said.
    bystanders_hit : int
        Innocent names truly behind a published entry.
    time_to_detection_s : tuple of (float or None)
        Median and maximum over all that are wanted; one that was never detected is later than any
        other, so there is no median if half of them were not, and no maximum if one was not.
    time_to_dark_s : float or None
        Median, from a stream's first appearance to our first dark probe.
    networks_bcubed : float or None
        B-cubed F over suspect hosts, if a map was drawn; a host in no network stands alone.
    licensee_accuracy : float or None
        Over detected streams of the event; null is right where nothing of a licensee is left.
    looked_at : tuple of (int, int)
        How many of the world's streams somebody looked at, of how many.
    late : str or None
        Why the watch did not keep up; ``None``: it did, or that was not recorded.
    machine : Mapping or None
        What the machine had to give before, and what was needed; ``None``: not measured.
    loop : Mapping or None
        How long the watch's event loop gave no turn, and where; ``None``: not measured.
    blind : Mapping or None
        What its blind test counts, and where that is not the truth; ``None``: it had none.
    missed, accused : tuple of str
        Streams' ids, for a person who wants to know why.
    """

    recall: float | None
    precision: float | None
    false_accusations: int
    bystanders_hit: int
    time_to_detection_s: tuple[float | None, float | None]
    time_to_dark_s: float | None
    networks_bcubed: float | None
    licensee_accuracy: float | None
    looked_at: tuple[int, int] = (0, 0)
    late: str | None = None
    machine: Mapping[str, Any] | None = None
    loop: Mapping[str, Any] | None = None
    blind: Mapping[str, Any] | None = None
    verified: bool | None = None
    case: str | None = None
    missed: tuple[str, ...] = ()
    accused: tuple[str, ...] = ()
    wrong_licensee: tuple[str, ...] = ()
    hit: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return exactly the fields of ``cautery demo --json``."""
        middle, longest = self.time_to_detection_s
        return {
            "recall": self.recall,
            "precision": self.precision,
            "false_accusations": self.false_accusations,
            "bystanders_hit": self.bystanders_hit,
            "time_to_detection_s": {"median": middle, "max": longest},
            "time_to_dark_s": {"median": self.time_to_dark_s},
            "networks_bcubed": self.networks_bcubed,
            "licensee_accuracy": self.licensee_accuracy,
            "looked_at": dict(zip(("streams", "of"), self.looked_at, strict=True)),
            "late": self.late,
            "machine": None if self.machine is None else dict(self.machine),
            "loop": None if self.loop is None else dict(self.loop),
            "blind": None if self.blind is None else dict(self.blind),
            "verified": self.verified,
            "case": self.case,
        }


@dataclass(slots=True)
class _Seen:
    """What a ledger says, by stream."""

    proven: dict[str, list[tuple[float, Verdict]]] = field(default_factory=dict)
    dark: dict[str, float] = field(default_factory=dict)
    acts: Acts = field(default_factory=Acts)
    looked_at: set[str] = field(default_factory=set)
    pace: Pace = field(default_factory=Pace)


def stream_key(url: str) -> str:
    """Return what two spellings of a stream's URL share: host and path.

    A panel's line is known by its number: the credentials before it are pseudonyms in a record,
    and the suffix is the reader's choice.
    """
    parts = urlsplit(url)
    line = _LINE.match(parts.path)
    path = f"/live/{line['id']}" if line is not None else parts.path
    return f"{(parts.hostname or '').rstrip('.')}{path}"


def check_truth(truth: object) -> None:
    """Refuse what is not the body of a ``truth.json``.

    Raises
    ------
    InputError
        Saying what is missing.
    """
    if not isinstance(truth, dict):
        raise InputError("not the truth of a lab run: not a JSON object")
    for name, keys in (("streams", _STREAM), ("hosts", _HOST)):
        listed = truth.get(name)
        if not isinstance(listed, list) or not all(
            isinstance(item, dict) and keys <= item.keys() for item in listed
        ):
            raise InputError(
                f"not the truth of a lab run: {name}: expected objects with "
                f"{', '.join(sorted(keys))}"
            )
    if not isinstance(truth.get("bystanders"), dict):
        raise InputError("not the truth of a lab run: it has no bystanders")


def score(
    truth: Mapping[str, Any],
    entries: Iterable[Entry],
    *,
    key: Callable[[str], str] = stream_key,
    verified: bool | None = None,
    case: str | None = None,
    machine: Mapping[str, Any] | None = None,
    loop: Mapping[str, Any] | None = None,
    blind: Mapping[str, Any] | None = None,
) -> Scoreboard:
    """Score a watch's ledger against the truth of the run.

    Parameters
    ----------
    truth : Mapping
        The body of ``truth.json``.
    entries : iterable of Entry
        The whole ledger.
    key : callable
        Maps a URL, exact in the truth and redacted in a record, to what both share.
    verified, case, machine, loop, blind
        Carried into the scoreboard: whether the closed case verified, where it lies, what the
        machine had to give, how the event loop fared, and what its blind test counts.
    """
    records = _read(entries, key)
    streams = {key(stream["url"]): stream for stream in truth["streams"]}
    targets = {
        at: stream
        for at, stream in streams.items()
        if stream["kind"] == "rebroadcast" and stream["mandated"]
    }
    right: dict[str, float] = {}
    accused: list[str] = []
    for at, verdicts in records.proven.items():
        stream = streams.get(at)
        good = [
            when for when, verdict in verdicts if stream is not None and _holds(stream, verdict)
        ]
        if good:
            right[at] = good[0]
        if len(good) < len(verdicts):
            accused.append(at if stream is None else stream["id"])
    waits = [
        max(0.0, right[at] - stream["appears_at"]) if at in right else math.inf
        for at, stream in targets.items()
    ]
    licensed = [
        (stream["id"], stream["licensee"] == records.proven[at][-1][1].licensee)
        for at, stream in targets.items()
        if at in right and stream["event"] is not None
    ]
    darks = [
        records.dark[at] - stream["appears_at"]
        for at, stream in streams.items()
        if at in records.dark
    ]
    hit = _bystanders(truth, records, key)
    clean = sum(1 for at in records.proven if at in right) - sum(
        1 for stream_id in accused if stream_id in {streams[at]["id"] for at in right}
    )
    return Scoreboard(
        recall=_share(sum(at in right for at in targets), len(targets))
        if records.looked_at & targets.keys()
        else None,
        precision=_share(clean, len(records.proven)),
        false_accusations=len(accused),
        bystanders_hit=len(hit),
        time_to_detection_s=(_seconds(median(waits)), _seconds(max(waits)))
        if waits
        else (None, None),
        time_to_dark_s=round(median(darks), 3) if darks else None,
        networks_bcubed=None
        if records.acts.graph is None
        else _bcubed(truth["hosts"], records.acts.graph),
        licensee_accuracy=_share(sum(good for _, good in licensed), len(licensed)),
        looked_at=(len(records.looked_at & streams.keys()), len(streams)),
        late=None if records.pace.last_why is None else say(records.pace.last_why),
        machine=machine,
        loop=loop,
        blind=blind,
        verified=verified,
        case=case,
        missed=tuple(stream["id"] for at, stream in targets.items() if at not in right),
        accused=tuple(accused),
        wrong_licensee=tuple(stream_id for stream_id, good in licensed if not good),
        hit=tuple(sorted(hit)),
    )


def b_cubed(truth: Mapping[str, str], found: Mapping[str, str]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F of two labellings of the same items.

    After Bagga and Baldwin, "Entity-based cross-document coreferencing", COLING-ACL 1998.
    """
    if not truth:
        return 1.0, 1.0, 1.0
    precision = recall = 0.0
    for item, label in truth.items():
        same = {host for host, network in truth.items() if network == label}
        grouped = {host for host in truth if found[host] == found[item]}
        precision += len(same & grouped) / len(grouped)
        recall += len(same & grouped) / len(same)
    precision, recall = precision / len(truth), recall / len(truth)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _read(entries: Iterable[Entry], key: Callable[[str], str]) -> _Seen:
    records = _Seen()
    for entry in entries:
        records.acts.hear(entry)
        records.pace.hear(entry)
        at = entry.record.at.timestamp()
        match entry.content:
            case Verdict() as verdict:
                stream = key(verdict.url.text)
                records.looked_at.add(stream)
                if verdict.finding is Finding.PROVEN:
                    records.proven.setdefault(stream, []).append((at, verdict))
            case ProbeDone(hindered=None) as probe:
                records.looked_at.add(key(probe.url))
            case DarkProbe(dark=True) as probe:
                records.dark.setdefault(key(probe.url), at)
    return records


def _holds(truth: Mapping[str, Any], verdict: Verdict) -> bool:
    """Tell whether an accusation is true: a pirate's stream, and of what was said."""
    if not truth["mandated"] or truth["kind"] not in ("rebroadcast", "hostile"):
        return False
    if truth["event"] is not None:
        return bool(verdict.event == truth["event"])
    return verdict.event is None and truth["carries"] in verdict.channels


def _bystanders(truth: Mapping[str, Any], records: _Seen, key: Callable[[str], str]) -> set[str]:
    innocent = {
        key(stream["url"]): stream["host"]
        for stream in truth["streams"]
        if stream["kind"] in ("innocent", "partner")
    }
    hit: set[str] = set()
    for referral in records.acts.referrals.values():
        handed_in = records.acts.published.get(referral.id, ())
        # A record of an older case does not say which targets went out: all did, then.
        out = {target for publication in handed_in for target in publication.targets}
        for entry in referral.entries if handed_in else ():
            if out and entry.target not in out:
                continue
            target = entry.target.lower().rstrip(".")
            if entry.lever is Lever.URL:
                hit |= {innocent[at] for at in [key(entry.target)] if at in innocent}
                continue
            for name, names in truth["bystanders"].items():
                if name == target or (entry.lever is Lever.NAME and name.endswith("." + target)):
                    hit |= set(names)
    return hit


def _bcubed(hosts: Sequence[Mapping[str, Any]], graph: SupplyGraph) -> float | None:
    scored = [host for host in hosts if host["scored"]]
    if not scored:
        return None
    true = {host["host"]: host["network"] or f"alone:{host['host']}" for host in scored}
    by_host = {member.host: network.id for network in graph.networks for member in network.members}
    labels = {host: by_host.get(host, f"alone:{host}") for host in true}
    return round(b_cubed(true, labels)[2], 4)


def _seconds(value: float) -> float | None:
    """Return seconds; ``None`` of what did not happen."""
    return None if math.isinf(value) else round(value, 3)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
