"""The guard's working paper on one target: objections, grounds, bystanders, facts relied on."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from cautery.messages import TEXTS, message
from cautery.model import (
    ADDRESS_LISTS,
    NAME_LISTS,
    NetworkFact,
    OwnerFact,
    Reason,
)
from cautery.model.message import Message
from cautery.model.ports import Facts
from cautery.plan.guard.targets import Target


class Policy(Protocol):
    """What the rules read of the guard's policy."""

    @property
    def unrelated_names(self) -> int:
        """Most strangers' names that an address may carry."""

    @property
    def current_days(self) -> float:
        """Days within which a name counts as being there."""

    @property
    def recycled_days(self) -> float:
        """Days after a change of owner in which an address is refused."""

    @property
    def dedication_days(self) -> float:
        """Age of the oldest evidence of dedication that counts."""


@dataclass(slots=True, kw_only=True)
class Ruling:
    """Filled by the rules, one target at a time; read once by the guard."""

    target: Target
    facts: Facts
    at: datetime
    policy: Policy
    objections: list[Reason] = field(default_factory=list)
    grounds: list[Reason] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    collateral_popular: tuple[str, ...] = ()
    at_least: int = 0
    high: int | None = 0
    narrowable: bool = True
    overridable: bool = True
    relied_on: list[str] = field(default_factory=list)
    ends: list[datetime] = field(default_factory=list)
    on_address: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    owners_of: dict[int, tuple[Collection[str], frozenset[str]]] = field(default_factory=dict)
    """Of collections of names, by their identity: each is kept, so that no other one takes it."""
    _asked: set[str] = field(default_factory=set)

    def refuse(
        self, code: str, text: Message, *, fact: str | None = None, dated: date | None = None
    ) -> None:
        """Add an objection; ``dated`` if the fact has a day of its own."""
        self.objections.append(self._reason(code, text, fact, dated))

    def allow(
        self, code: str, text: Message, *, fact: str | None = None, dated: date | None = None
    ) -> None:
        """Add what speaks for the target, if nothing speaks against it."""
        if not self.objections:
            self.grounds.append(self._reason(code, text, fact, dated))

    def note(self, code: str, text: Message, *, fact: str | None = None) -> None:
        """Add a ground that stands whatever else is found."""
        self.grounds.append(self._reason(code, text, fact, None))

    # Every question is asked through here, so that a verdict ends with the first fact that it
    # rests on: also with one that told nothing, and so let the target pass.

    def popular(self, name: str) -> bool:
        """Ask whether a name is popular."""
        self.consults("popular", "public_suffix_list")
        return self.facts.popular(name)

    def kinds_of_name(self, name: str) -> tuple[str, ...]:
        """Ask of which protected kinds a name is."""
        self.consults(*NAME_LISTS)
        return self.facts.kinds_of(name)

    def kinds_of_address(self, text: str) -> tuple[str, ...]:
        """Ask of which protected kinds an address is."""
        self.consults(*ADDRESS_LISTS)
        return self.facts.kinds_of(text)

    def registered_domain(self, name: str) -> str | None:
        """Ask for a name's registrable domain."""
        self.consults("public_suffix_list")
        return self.facts.registered_domain(name)

    def network_of(self, text: str) -> NetworkFact | None:
        """Ask who announces an address, and what is known of that network."""
        self.consults("asn-ipv6" if ":" in text else "asn-ipv4")
        network = self.facts.network_of(text)
        if network is not None:
            # What part of a network is shared is reckoned from the table of IPv4 and the ranges.
            self.consults("asn-names", "asn-ipv4", "ranges")
        return network

    def owner_of(self, target: str) -> OwnerFact | None:
        """Ask who owns an address or a name."""
        self.consults("owners")
        return self.facts.owner_of(target)

    def consults(self, *names: str) -> None:
        """Rely on those of these facts that are there at all."""
        for name in names:
            if name not in self._asked:
                self._asked.add(name)
                if self.facts.known(name):
                    self.needs(name)

    def needs(self, *names: str) -> None:
        """Rely on facts, and refuse when one is missing or stale: it might hide a bystander."""
        for name in names:
            if name in self.relied_on:
                continue
            self.relied_on.append(name)
            self._asked.add(name)
            if self.facts.valid(name, self.at):
                continue
            self.narrowable = False
            dated = self.facts.dated(name)
            what = _fact(name)
            self.refuse(
                "stale-facts",
                message("guard.stale-facts.missing", what=what, fact=name)
                if dated is None
                else message("guard.stale-facts.stale", what=what, fact=name, dated_on=dated),
                fact=name,
            )

    def replayed(self) -> None:
        """Say so when facts of a later day judge: they did not exist at the moment judged."""
        later = {
            name: dated
            for name in dict.fromkeys(self.relied_on)
            if (dated := self.facts.dated(name)) is not None and dated > self.at.date()
        }
        if later:
            newest = max(later, key=lambda name: later[name])
            self.note(
                "replay",
                message("guard.replay", facts_on=later[newest], judged_on=self.at.date()),
                fact=newest,
            )

    def carries(self, name: str) -> bool:
        """Tell whether passive DNS saw a suspect's name at this address, or in this range."""
        if self.target.network is None:
            return name in self.on_address
        return any(
            ipaddress.ip_address(sighting.address) in self.target.network
            for sighting in self.facts.addresses_of(name)
        )

    def expiry(self, horizon: timedelta) -> datetime:
        """Return when the verdict ends: at its horizon, or with the first fact to go stale."""
        low, high = self.at, min((self.at + horizon, *self.ends))
        if high <= low:
            return low
        for name in self.relied_on:
            if self.facts.valid(name, high) or not self.facts.valid(name, self.at):
                continue
            good, bad = low, high
            while bad - good > timedelta(seconds=1):
                middle = good + (bad - good) / 2
                if self.facts.valid(name, middle):
                    good = middle
                else:
                    bad = middle
            high = min(high, good)
        return high

    def _reason(self, code: str, text: Message, fact: str | None, dated: date | None) -> Reason:
        if dated is None and fact is not None:
            dated = self.facts.dated(fact)
        return Reason(code=code, text=text, fact=fact, fact_date=dated)


def _fact(name: str) -> Message | str:
    """Return what a fact is called; of one that only a mandate knows, its name."""
    text = f"guard.fact.{name.replace('_', '-')}"
    return message(text) if text in TEXTS else name
