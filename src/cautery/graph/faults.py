"""Services that carry one feed: the same delay, freeze, inserted advert, or mark laid over it.

What was seen in single probes is put into groups; each group that two servers are in becomes a
value that they share, with whoever led to them. A group is named after what was seen first, so
that it keeps its name as it grows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cautery.graph.logos import marks_alike
from cautery.messages import message
from cautery.model import Fault, FaultKind, Link, host_of
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.model.message import Message

SAME_DELAY_S = 0.05
"""Two feeds of one encoder show the same instant at the same stamp, within so much: sound is
placed to 16 ms, pictures to 40 (bench/RESULTS.md)."""
MOST_SPREAD_S = 0.1
"""A group that is wider is a chain of neighbours, not one encoder."""
SAME_FREEZE_S = 0.12
"""One and a half of the kept pictures, at either end."""
_FREEZE_STEP_S = 0.125
"""A little more than that, so that no rounding parts what is the same."""
STAMPS_WRAP_S = 2**33 / 90_000
"""An MPEG-2 transport stream's stamps begin anew after 26.5 h (ISO/IEC 13818-1, 2.4.3.7)."""
SAME_ADVERT_VOTES = 12
"""Landmarks that agree in time: chance gives 8 among 2,500 channels in ten seconds
(docs/reference/sources.md, F36)."""
COMMON_WORDS = 50
"""A landmark in more stretches than so many says little, and costs their square."""
MOST_FAULTS = 24
"""Faults of one stream, or of one probe, that are compared: a record may hold any number."""
MOST_S = 6e10
"""Seconds from 1970: a forged fault at another time has no date."""
MOST_RECORDS = 12
"""Records named by a link: the first ones; the rest say the same."""

KINDS: Mapping[FaultKind, str] = {
    FaultKind.DELAY: "feed-delay",
    FaultKind.FREEZE: "feed-freeze",
    FaultKind.ADVERT: "feed-advert",
    FaultKind.LOGO: "feed-logo",
}


def hosts_of(url: str, hops: Sequence[str], redirected_to: str | None) -> tuple[str, str]:
    """Return the host that a stream names, and the one that it was led to.

    Whoever runs an open redirect carries nothing: in its place is the host that it led to.
    """
    host = redirected_to or host_of(url)
    return host, (hops[-1] if hops else "") or host


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A fault that one probe of a host's stream showed.

    Parameters
    ----------
    host, server : str
        Who was asked, and who served: a panel leads its viewers to an edge.
    stream : str
        The stream's redacted URL.
    record : int
        The probe's record in the ledger.
    words, frames : ndarray or None
        Of an advert, the landmarks of its sound and where they lie.
    logo : Logo or None
        Of a logo, its picture.
    """

    host: str
    server: str
    stream: str
    fault: Fault
    at: datetime
    record: int
    words: NDArray[np.uint32] | None = None
    frames: NDArray[np.int32] | None = None
    logo: Logo | None = None


Group = list[Carried]


def fault_links(
    seen: Sequence[Carried], *, source: str, lawful: Collection[str] = ()
) -> tuple[Link, ...]:
    """Return a link for each host of each feed that two servers or more carry.

    Parameters
    ----------
    seen : sequence of Carried
        In any order.
    lawful : collection of str
        Streams, by redacted URL, that are licensed. What one of them shows as well ties nobody:
        whoever taps a partner passes on its stamps, and its marks.

    Returns
    -------
    tuple of Link
        Sorted by kind, value and host; each names the probes' records that it rests on.
    """
    ordered = sorted(seen, key=lambda carried: (carried.at, carried.record, carried.host))
    by_kind: defaultdict[FaultKind, Group] = defaultdict(list)
    for carried in ordered:
        if abs(carried.fault.at_s) <= MOST_S and carried.fault.seconds <= MOST_S:
            by_kind[carried.fault.kind].append(carried)
    groupings = (
        (_merged(_delays(by_kind[FaultKind.DELAY])), _said_delay),
        (_freezes(by_kind[FaultKind.FREEZE]), _said_freeze),
        (_adverts(by_kind[FaultKind.ADVERT]), _said_advert),
        (_logos(by_kind[FaultKind.LOGO]), _said_logo),
    )
    links = [
        link
        for groups, reason_of in groupings
        for link in _links(
            [group for group in groups if not any(carried.stream in lawful for carried in group)],
            source,
            reason_of,
        )
    ]
    return tuple(sorted(links, key=lambda link: (link.kind, link.value, link.subject)))


def value_of(fault: Fault) -> str:
    """Return what a fault is called, and with it the group whose first one it is."""
    if fault.exhibit is not None:
        return f"{fault.kind} of {fault.exhibit}"
    return f"{fault.reference} {_clock(fault.at_s)}"


def _links(
    groups: Sequence[Group], source: str, reason_of: Callable[[Group], Message]
) -> Iterator[Link]:
    for group in groups:
        first = group[0]
        value = value_of(first.fault)
        of_host = defaultdict[str, list[Carried]](list)
        for carried in group:
            for host in {carried.host, carried.server}:
                of_host[host].append(carried)
        for host, hosted in sorted(of_host.items()):
            yield Link(
                subject=host,
                kind=KINDS[first.fault.kind],
                value=value,
                first_seen=hosted[0].at,
                last_seen=hosted[-1].at,
                source=source,
                exhibit=hosted[0].fault.exhibit,
                records=tuple(dict.fromkeys(carried.record for carried in hosted))[:MOST_RECORDS],
                said=reason_of(hosted),
            )


def _servers(group: Group) -> set[str]:
    return {carried.server for carried in group}


def _clock(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-4]


def _said_delay(group: Group) -> Message:
    at = np.array([carried.fault.at_s for carried in group])
    return message(
        "link.delay",
        reference=group[0].fault.reference,
        stamp=_clock(float(np.median(at))),
        looks=len(group),
        spread_ms=round(float(at.max() - at.min()) * 1000),
    )


def _said_freeze(group: Group) -> Message:
    fault = group[0].fault
    return message(
        "link.freeze",
        still_s=round(fault.seconds, 1),
        stamp=_clock(fault.at_s),
        reference=fault.reference,
    )


def _said_advert(group: Group) -> Message:
    return message("link.advert", reference=group[0].fault.reference, looks=len(group))


def _said_logo(group: Group) -> Message:
    carried = group[0]
    rows, columns = np.nonzero(carried.logo.mark) if carried.logo is not None else (0, 0)
    high, wide = LUMA_SHAPE
    down = "top" if np.mean(rows) < high / 2 else "bottom"
    across = "left" if np.mean(columns) < wide / 2 else "right"
    return message(
        f"link.logo.{down}-{across}", reference=carried.fault.reference, looks=len(group)
    )


# -- the same delay -------------------------------------------------------------------------


def _delays(sightings: Group) -> list[Group]:
    """Group delays against each reference; a stamp that wrapped round is the same stamp."""
    by_reference: defaultdict[str, Group] = defaultdict(list)
    for carried in sightings:
        by_reference[carried.fault.reference].append(carried)
    groups: list[Group] = []
    for members in by_reference.values():
        at = np.array([carried.fault.at_s % STAMPS_WRAP_S for carried in members])
        order = np.argsort(at, kind="stable")
        cuts = np.flatnonzero(np.diff(at[order]) > SAME_DELAY_S) + 1
        for part in np.split(order, cuts):
            groups += [[members[int(k)] for k in np.sort(indices)] for indices in _narrow(part, at)]
    return [group for group in groups if len(_servers(group)) > 1]


def _narrow(part: NDArray[np.int64], at: NDArray[np.float64]) -> Iterator[NDArray[np.int64]]:
    """Part a chain at its widest gaps until every piece is as narrow as one encoder's."""
    parts = [part]  # no recursion: an evenly spaced chain loses one link at each step
    while parts:
        part = parts.pop()
        if len(part) < 2 or at[part[-1]] - at[part[0]] <= MOST_SPREAD_S:
            yield part
            continue
        widest = int(np.argmax(np.diff(at[part]))) + 1
        parts += [part[widest:], part[:widest]]


def _merged(groups: list[Group]) -> list[Group]:
    """Keep one of the groups in which the same streams of two servers agree.

    Against an event's several references, or by sound and by pictures, it is one observation.
    """
    merged: list[Group] = []
    merged_with: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for group in sorted(groups, key=lambda group: (-len(_servers(group)), -len(group))):
        streams = {(carried.server, carried.stream) for carried in group}
        agree: defaultdict[int, set[str]] = defaultdict(set)
        for server, stream in streams:
            for at in merged_with[server, stream]:
                agree[at].add(server)
        if all(len(servers) < 2 for servers in agree.values()):
            for key in streams:
                merged_with[key].append(len(merged))
            merged.append(group)
    return merged


# -- the same freeze ------------------------------------------------------------------------


def _freezes(sightings: Group) -> list[Group]:
    """Group freezes with the first that is the same.

    Those that may be the same begin and end within one step, so that few lie in each cell of both.
    """
    groups: list[Group] = []
    cells: defaultdict[tuple[str, int, int], list[int]] = defaultdict(list)
    for carried in sorted(
        sightings, key=lambda carried: (carried.fault.reference, carried.fault.at_s)
    ):
        fault = carried.fault
        begins, ends = (
            int(fault.at_s / _FREEZE_STEP_S),
            int((fault.at_s + fault.seconds) / _FREEZE_STEP_S),
        )
        near = product((fault.reference,), _around(begins), _around(ends))
        homes = [at for cell in near for at in cells.get(cell, ())]
        home = next((at for at in sorted(homes) if _same_freeze(groups[at][0].fault, fault)), None)
        if home is None:
            cells[fault.reference, begins, ends].append(len(groups))
            groups.append([carried])
        else:
            groups[home].append(carried)
    for group in groups:
        group.sort(key=lambda carried: (carried.at, carried.record))
    return [group for group in groups if len(_servers(group)) > 1]


def _around(step: int) -> tuple[int, ...]:
    return (step - 1, step, step + 1)


def _same_freeze(first: Fault, second: Fault) -> bool:
    return (
        first.reference == second.reference
        and abs(first.at_s - second.at_s) <= SAME_FREEZE_S
        and abs(first.at_s + first.seconds - second.at_s - second.seconds) <= SAME_FREEZE_S
    )


# -- the same advert ------------------------------------------------------------------------


def _adverts(sightings: Group) -> list[Group]:
    """Group stretches whose landmarks agree in time with one another's."""
    audible = [
        carried for carried in sightings if carried.words is not None and carried.frames is not None
    ]
    pairs = same_sounds(
        [
            (carried.words, carried.frames)
            for carried in audible
            if carried.words is not None and carried.frames is not None
        ]
    )
    home = list(range(len(audible)))
    for a, b in pairs:
        old, new = sorted((_root(home, a), _root(home, b)), reverse=True)
        home[old] = new
    groups: defaultdict[int, Group] = defaultdict(list)
    for number, carried in enumerate(audible):
        groups[_root(home, number)].append(carried)
    return [group for group in groups.values() if len(_servers(group)) > 1]


def _root(home: list[int], number: int) -> int:
    """Return the first member of a group, and shorten the way to it."""
    while home[number] != number:
        home[number] = home[home[number]]
        number = home[number]
    return number


def _logos(sightings: Group) -> list[Group]:
    """Group marks with the first that is the same; each service counts with what it showed."""
    visible = [(carried, carried.logo) for carried in sightings if carried.logo is not None]
    groups: defaultdict[int, Group] = defaultdict(list)
    for (carried, _), first in zip(
        visible, marks_alike([logo for _, logo in visible]), strict=True
    ):
        groups[first].append(carried)
    return [group for group in groups.values() if len(_servers(group)) > 1]


def same_sounds(
    stretches: Sequence[tuple[NDArray[np.uint32], NDArray[np.int32]]],
) -> list[tuple[int, int]]:
    """Return the pairs of stretches in which enough landmarks agree in time.

    Parameters
    ----------
    stretches : sequence of (ndarray, ndarray)
        Landmark words and their frames.
    """
    if len(stretches) < 2:
        return []
    import polars as pl  # noqa: PLC0415 - heavy: only where there is foreign sound

    marks = pl.concat(
        pl.DataFrame({"word": words, "frame": frames}).select(
            pl.lit(number).alias("of"),
            pl.col("word").cast(pl.Int64),
            pl.col("frame").cast(pl.Int64),
        )
        for number, (words, frames) in enumerate(stretches)
    )
    rare = marks.group_by("word").agg(pl.col("of").n_unique())
    rare = rare.filter(pl.col("of") <= COMMON_WORDS)
    marks = marks.join(rare.select("word"), on="word")
    votes = (
        marks.join(marks, on="word", suffix="_other")
        .filter(pl.col("of") < pl.col("of_other"))
        .group_by("of", "of_other", (pl.col("frame_other") - pl.col("frame")).alias("apart"))
        .len()
        .filter(pl.col("len") >= SAME_ADVERT_VOTES)
    )
    return sorted({(int(a), int(b)) for a, b in votes.select("of", "of_other").iter_rows()})
