"""What follows from a proven stream: the referrals that hold a target of it, or why none does.

A proof that leads to nothing is the worst end for who relies on it. So there is always an answer,
territory by territory, and each is one of the reasons of ``messages/texts/acts.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cautery.messages import message
from cautery.model import Decision, GuardVerdict, Intervention, Lever
from cautery.model.message import Message

_MOST_REASONS = 3
"""Refusals told of one stream; the guard's verdicts in the case say the others."""
_FACTS_MISSING = "stale-facts"
"""Code of the guard's rule that facts are missing or too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Where a watch may act, and on what.

    Parameters
    ----------
    territories : mapping of str to bool
        The territories of the mandate and of its intermediaries, and whether an order is in force
        there for what the stream shows.
    unserved : collection of str
        Those of them in which the mandate names no intermediary.
    outside : collection of str
        Those of them that the mandate does not cover.
    chosen : collection of str
        Targets that the plan chose, or that are on a list already.
    left_out : collection of str
        Targets that the guard allows and the collateral budget does not.
    """

    territories: Mapping[str, bool]
    outside: Collection[str] = ()
    unserved: Collection[str] = ()
    chosen: Collection[str]
    left_out: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """Who operates a stream's address, and what a notice to them can say.

    Parameters
    ----------
    words : str
        In words: ``AS 64500, Example Hosting``; empty: nobody knows.
    notice : str or None
        Id of the notice that names the stream's URL; ``None``: none is drafted.
    hidden : bool
        Whether the URL holds credentials, which a notice must not name.
    cdn : bool
        Whether they run a CDN, by facts.
    sends_on : bool
        Whether the stream's own host only sends on to the place that the URL names.
    """

    words: str
    notice: str | None = None
    hidden: bool = False
    cdn: bool = False
    sends_on: bool = False


def without_referral(
    targets: Collection[str],
    judged: Sequence[Intervention],
    referrals: Mapping[str, str],
    room: Room,
    *,
    host: Host,
) -> tuple[Message, ...]:
    """Return why a proven stream is on no referral, in each territory where it is on none.

    Of one that is on none at all, it also says which notice to its host is drafted, or why none is.

    Parameters
    ----------
    targets : collection of str
        The targets that cut the stream: its host's name and addresses.
    judged : sequence of Intervention
        What the guard refused or narrowed of these targets.
    referrals : mapping of str to str
        By territory, the referral that holds one of these targets.
    host : Host
        Who operates the stream's address, and the notice to them.

    Returns
    -------
    tuple of Message
        Empty if a referral holds the stream in each territory.
    """
    if not set(room.territories) - set(room.unserved):
        return (message("follow.no-intermediary"), _notice(host))
    if not referrals and not any(target in room.chosen for target in targets):
        return (*_no_target(targets, judged, room), _notice(host))
    missing: defaultdict[str, list[str]] = defaultdict(list)
    for territory in sorted(room.territories):
        if territory not in referrals:
            missing[_why_none(territory, room)].append(territory)
    why = tuple(message(reason, territory=", ".join(places)) for reason, places in missing.items())
    return why if referrals else (*why, _notice(host))


def _why_none(territory: str, room: Room) -> str:
    if territory in room.outside:
        return "follow.outside"
    if not room.territories[territory]:
        return "follow.no-order"
    return "follow.no-provider" if territory in room.unserved else "follow.not-drafted"


def _notice(host: Host) -> Message:
    """Return which notice names the stream's URL, or why none does."""
    if host.notice is not None:
        drafted = "follow.notice-drafted-to-cdn" if host.cdn else "follow.notice-drafted"
        return message(drafted, host=host.words, notice=host.notice)
    if host.sends_on:
        return message("follow.sends-on")
    if not host.words:
        return message("follow.no-host")
    if host.hidden:
        return message("follow.hidden-url", host=host.words)
    return message("follow.ask-the-host", host=host.words)


def _no_target(
    targets: Collection[str], judged: Sequence[Intervention], room: Room
) -> Iterator[Message]:
    """Yield why no target of a stream is in the plan; at least one reason."""
    verdicts = [act.guard for act in judged if act.lever is not Lever.URL]
    over = tuple(sorted(set(targets) & set(room.left_out)))
    if over:
        yield message("follow.over-budget", targets=over)
    elif not targets:
        yield message("follow.no-target")
    elif not verdicts:
        yield message("follow.not-chosen")
    elif all(map(_lacks_facts, verdicts)):
        yield message("follow.no-facts", reason=verdicts[0].reasons[0].text)
    elif any(verdict.decision is Decision.NARROW for verdict in verdicts):
        yield message("follow.url-alone")
    else:
        for verdict in verdicts[:_MOST_REASONS]:
            yield message("follow.refused", target=verdict.target, reason=verdict.reasons[0].text)


def _lacks_facts(verdict: GuardVerdict) -> bool:
    return any(reason.code == _FACTS_MISSING for reason in verdict.reasons)
