"""What an order allows in each jurisdiction, and what it asks for: profiles, read from data.

``jurisdictions.toml`` has a table for each, and each of its rules names its source.

Examples
--------
>>> from cautery.model import Lever, OrderKind
>>> italy = profile_of("IT")
>>> italy.complaint_days, italy.release_reasons
(5, ('error', 'inactive', 'capacity', 'reporter', 'complaint'))
>>> italy.max_stale_s(OrderKind.LIVE, Lever.ADDRESS), italy.max_stale_s(OrderKind.LIVE, Lever.NAME)
(120, None)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from cautery.errors import InputError
from cautery.model import CourtOrder, Event, Lever, OrderKind, Window, from_json
from cautery.model.toml import parsed_toml

UNVERIFIED = "M"
_SHARED = ("max_stale_s", "decide_within_h", "field")
"""Tables of the data that are no jurisdiction's."""


class RuleTopic(StrEnum):
    """What a rule is about."""

    BASIS = "basis"
    """Whether a referral can be made at all."""
    WINDOW = "window"
    REFERRAL = "referral"
    """What a referral must carry."""
    EXPIRY = "expiry"
    COMPLAINT = "complaint"
    RELEASE = "release"
    SECRECY = "secrecy"
    NOTICE = "notice"
    """Whether a notice can be sent to a kind of addressee."""


class FieldPlace(StrEnum):
    """Where a field that a referral must carry stands."""

    ENTRY = "entry"
    REFERRAL = "referral"
    ORDER = "order"
    """In the particulars of the ``[[order]]``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of law as used here.

    Parameters
    ----------
    id : str
        Id, by which a person confirms it.
    territory : str
        Its jurisdiction, ISO 3166-1 alpha-2, or ``EU``.
    text : str
        The rule in one sentence.
    mark : str
        The source's number in docs/reference/sources.md, or ``M`` when unverified.
    about : RuleTopic
        What it is about.
    orders : tuple of OrderKind
        The kinds of order that it concerns.
    fields : tuple of str
        Names of fields that a referral must carry.
    days : int or None
        Days in which a complaint can be made; ``None``: not stated.
    hours : int or None
        Hours within which a complaint is decided; ``None``: not stated.
    months : int or None
        Months after which the order, or a block, ends; ``None``: not stated.
    reset_days : int or None
        Days after which the list is set anew; ``None``: not stated.
    ends_with_event : bool
        Whether blocks end with the event.
    reasons : tuple of str
        Reasons for which a block is released.
    secret : bool or None
        Whether the list is secret; ``None``: not stated.
    """

    id: str
    territory: str
    text: str
    mark: str
    about: RuleTopic = RuleTopic.BASIS
    orders: tuple[OrderKind, ...] = tuple(OrderKind)
    fields: tuple[str, ...] = ()
    days: int | None = None
    hours: int | None = None
    months: int | None = None
    reset_days: int | None = None
    ends_with_event: bool = False
    reasons: tuple[str, ...] = ()
    secret: bool | None = None

    @property
    def is_verified(self) -> bool:
        """Whether it was read in a publication."""
        return self.mark != UNVERIFIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field that a referral must carry.

    Parameters
    ----------
    of : FieldPlace
        Where it stands.
    text : str
        What it is.
    """

    of: FieldPlace
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of one jurisdiction.

    Parameters
    ----------
    territory : str
        ISO 3166-1 alpha-2, or ``EU``.
    name : str
        The jurisdiction's name; its code if nothing is known of it.
    rules : tuple of Rule
        Its rules.
    zone : str
        Its time zone, in which a day of a calendar begins and ends.
    """

    territory: str
    name: str
    rules: tuple[Rule, ...]
    zone: str = "UTC"

    @property
    def kinds(self) -> tuple[OrderKind, ...]:
        """The kinds of order that its rules about the basis know."""
        return tuple(kind for kind in OrderKind if self.of(kind, RuleTopic.BASIS))

    def of(self, kind: OrderKind, *topics: RuleTopic) -> tuple[Rule, ...]:
        """Return the rules for a kind of order; with topics, those about one of them."""
        return tuple(
            rule
            for rule in self.rules
            if kind in rule.orders and (not topics or rule.about in topics)
        )

    def fields(self, kind: OrderKind) -> dict[str, Field]:
        """Return what a referral under a kind of order must carry, by name."""
        definitions = _fields()
        return {name: definitions[name] for rule in self.of(kind) for name in rule.fields}

    def particulars(self, kind: OrderKind) -> tuple[str, ...]:
        """Return the names of the particulars that an order of a kind states."""
        fields = self.fields(kind).items()
        return tuple(name for name, field in fields if field.of is FieldPlace.ORDER)

    def max_stale_s(self, kind: OrderKind, lever: Lever) -> int | None:
        """Return for how many seconds an entry holds without a fresh list; ``None``: to its end."""
        seconds = _data()["max_stale_s"][kind.value].get(lever.value)
        return None if seconds is None else int(seconds)

    def decide_within(self, kind: OrderKind) -> timedelta:
        """Return within what time a complaint about a block under a kind of order is decided."""
        hours = (rule.hours for rule in self.of(kind, RuleTopic.COMPLAINT))
        return timedelta(hours=next(limit for limit in hours if limit is not None))

    def ends_with_event(self, kind: OrderKind) -> bool:
        """Tell whether blocks under a kind of order end with the event."""
        return any(rule.ends_with_event for rule in self.of(kind))

    def complaint_rules(self, kind: OrderKind) -> tuple[Rule, ...]:
        """Return the rules that give the days to complain and the time to decide."""
        days = [rule for rule in self.rules if rule.days is not None][:1]
        hours = [rule for rule in self.of(kind, RuleTopic.COMPLAINT) if rule.hours is not None][:1]
        return tuple(dict.fromkeys((*days, *hours)))

    @property
    def complaint_days(self) -> int | None:
        """Days in which a complaint can be made; ``None``: no rule states it."""
        return next((rule.days for rule in self.rules if rule.days is not None), None)

    @property
    def release_reasons(self) -> tuple[str, ...]:
        """Reasons for which a block is released."""
        return tuple(dict.fromkeys(reason for rule in self.rules for reason in rule.reasons))

    def is_secret(self, kind: OrderKind) -> bool | None:
        """Tell whether the list under a kind of order is secret; ``None``: no rule states it.

        An unverified rule can make a list secret, but cannot open one.
        """
        stated = [rule for rule in self.of(kind) if rule.secret is not None]
        if not stated:
            return None
        return any(rule.secret or not rule.is_verified for rule in stated)


def profiles() -> tuple[Profile, ...]:
    """Return the profiles of all jurisdictions of which something is known."""
    return tuple(_profiles().values())


def profile_of(territory: str) -> Profile:
    """Return a jurisdiction's profile.

    Of an unknown one there are unverified rules alone: that blocking is lawful there at all, live
    and under a standing order, within what time a complaint is decided, and how long an entry holds
    without a fresh list.
    """
    code = territory.upper()
    profile = _profiles().get(code)
    if profile is not None:
        return profile
    return Profile(territory=code, name=code, rules=_with_own(code, _unknown(code)))


def rule_of(id_: str, *, territories: Sequence[str] = ()) -> Rule:
    """Return a rule by its id.

    Parameters
    ----------
    territories : sequence of str
        Further territories, of which perhaps nothing is known.

    Raises
    ------
    InputError
        If there is no such rule.
    """
    places = (*_profiles().values(), *map(profile_of, territories))
    for profile in places:
        for rule in profile.rules:
            if rule.id == id_:
                return rule
    raise InputError(f"there is no rule {id_!r}", hint="cautery mandate rules lists all rules.")


def order_for(orders: Sequence[CourtOrder], event: Event | None) -> CourtOrder | None:
    """Return the first order that covers an event's targets, or those of works and channels.

    Parameters
    ----------
    orders : sequence of CourtOrder
        Orders that are in force, the preferred one first.
    event : Event or None
        ``None``: the targets show works or channels, of no event.
    """
    return next((order for order in orders if covers(order, event)), None)


def covers(order: CourtOrder, event: Event | None) -> bool:
    """Tell whether an order is one for an event, or for what is no event.

    A live order with days covers an event that starts on one of them, by the jurisdiction's clock.
    """
    if (order.kind is OrderKind.LIVE) is not (event is not None):
        return False
    if event is None or not order.days:
        return True
    zone = ZoneInfo(profile_of(order.territory).zone)
    return event.kick_off.astimezone(zone).date() in order.days


def acting_window(order: CourtOrder, event: Event | None, mandate: Window) -> Window | None:
    """Return when a referral under an order may be in force; ``None``: never.

    It is the time of the order and the mandate and, if blocks end with the event in this
    jurisdiction, of the event.
    """
    windows = [order.window, mandate]
    if event is not None and profile_of(order.territory).ends_with_event(order.kind):
        windows.append(event.window)
    start = max(window.start for window in windows)
    end = min(window.end for window in windows)
    return Window(start=start, end=end) if start < end else None


@cache
def _data() -> dict[str, Any]:
    text = files("cautery.act").joinpath("jurisdictions.toml").read_text(encoding="utf-8")
    return parsed_toml(text)


@cache
def _fields() -> dict[str, Field]:
    return {name: from_json(Field, table) for name, table in _data()["field"].items()}


@cache
def _profiles() -> dict[str, Profile]:
    return {
        territory: Profile(
            territory=territory,
            name=table["name"],
            zone=table.get("zone", "UTC"),
            rules=_with_own(territory, tuple(_rules(territory, table["rule"]))),
        )
        for territory, table in _data().items()
        if territory not in _SHARED
    }


def _rules(territory: str, rows: Sequence[dict[str, Any]]) -> Iterator[Rule]:
    for row in rows:
        members = {key: value for key, value in row.items() if key != "source"}
        yield from_json(Rule, {**members, "territory": territory, "mark": row["source"]})


def _with_own(territory: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return rules with those of Cautery itself: times that no rule of the jurisdiction states."""
    return (*rules, *_clocks(territory, rules), *_stale(territory))


def _clocks(territory: str, rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """Yield our time to decide a complaint, for each kind of order that has no other."""
    hours = _data()["decide_within_h"]
    for kind in OrderKind:
        if not any(rule.hours is not None and kind in rule.orders for rule in rules):
            yield Rule(
                id=f"{territory.lower()}-decide-{kind.value}",
                territory=territory,
                text=f"a complaint about a block under a {kind.value} order is decided within "
                f"{hours[kind.value]} h (Cautery's own time: no source states one)",
                mark=UNVERIFIED,
                about=RuleTopic.COMPLAINT,
                orders=(kind,),
                hours=hours[kind.value],
            )


def _stale(territory: str) -> Iterator[Rule]:
    """Yield how long an entry holds where no fresh list arrives, for each figure of ours."""
    for kind in OrderKind:
        for lever, seconds in _data()["max_stale_s"][kind.value].items():
            yield Rule(
                id=f"{territory.lower()}-stale-{kind.value}-{lever}",
                territory=territory,
                text=f"without a fresh list, an entry of the kind {lever} under a {kind.value} "
                f"order holds for {seconds} s (Cautery's own time: no source states one)",
                mark=UNVERIFIED,
                about=RuleTopic.WINDOW,
                orders=(kind,),
            )


def _unknown(code: str) -> tuple[Rule, ...]:
    live = Rule(
        id=f"{code.lower()}-live",
        territory=code,
        text=f"an order for live blocking can be carried out by referral in {code}",
        mark=UNVERIFIED,
        orders=(OrderKind.LIVE,),
    )
    standing = replace(
        live,
        id=f"{code.lower()}-standing",
        text=f"a standing order for films and series can be carried out by referral in {code}",
        orders=(OrderKind.STANDING,),
    )
    return (live, standing)
