"""What a host shows, as a trait: from the links, lists and pages that a case recorded.

A case's own traits and those that a later watch sees go through here alike, so that the same thing
has the same value in both. Whatever is a person's is left out and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cautery.errors import InputError
from cautery.formats import Price, crypto_addresses
from cautery.formats.seen import PERSON
from cautery.graph.catalogues import LEAST_TITLES, SAME_ORDER, in_order, plain_title
from cautery.graph.faults import KINDS as FAULTS
from cautery.messages import message
from cautery.model import ExhibitId, Link
from cautery.model.descent import LONGEST_VALUE, TraitKind, TraitSeen
from cautery.model.message import Message
from cautery.model.screen import finds_personal
from cautery.model.trait_persons import names_person

OF_LINKS: Mapping[str, TraitKind] = {
    "certificate": TraitKind.CERTIFICATE,
    "analytics": TraitKind.ANALYTICS,
    "nameserver": TraitKind.NAME_SERVER,
    "favicon": TraitKind.TEMPLATE,
    "asn": TraitKind.HOSTER,
    "leased": TraitKind.HOSTER,
    "payment": TraitKind.PAYMENT_END,
    **dict.fromkeys(FAULTS.values(), TraitKind.STREAM_FAULT),
    **{kind.value: kind for kind in TraitKind},
}
"""Which kinds of links are traits, and of which kind. Agencies state traits by their own names."""
OF_PERSONS = frozenset({"contact", "registrant"})
"""Kinds of links that name a person: nobody is followed by them."""
MERCHANT = "merchant:"
MOST_TITLES = 300
"""Titles of a catalogue that stand in its trait; the first ones. As many fit its value."""
WALLET = message("grown.left-wallet")
UNUSABLE = message("grown.left-unusable")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrait:
    """A trait that a host showed.

    Parameters
    ----------
    host : str
        Its name or address.
    kind : TraitKind
        What is shown.
    value : str
        As :class:`~cautery.model.descent.TraitSeen` has it.
    at : datetime
        When it was seen first, in UTC.
    exhibit : ExhibitId or None
        The sealed bytes that show it; ``None``: none.
    """

    host: str
    kind: TraitKind
    value: str
    at: datetime
    exhibit: ExhibitId | None = None

    def seen(self, source: str, *, day: date | None = None) -> TraitSeen:
        """Return it as one that a source brings.

        Raises
        ------
        InputError
            If its host is no host, or its value cannot stand on one line.
        """
        return TraitSeen(
            entity=self.host.lower(),
            kind=self.kind,
            value=self.value,
            day=day or self.at.date(),
            source=source,
            exhibit=self.exhibit,
        )


def of_links(links: Iterable[Link], left_out: Counter[Message]) -> Iterator[ShownTrait]:
    """Yield the traits among a case's links.

    Parameters
    ----------
    left_out : Counter
        Counts what is left out, by the reason.
    """
    for link in links:
        if link.kind in OF_PERSONS:
            left_out[PERSON] += 1
            continue
        kind = OF_LINKS.get(link.kind)
        if kind is None:
            continue
        value = link.value
        if kind is TraitKind.PAYMENT_END and crypto_addresses(value):
            left_out[WALLET] += 1
            continue
        if link.kind == "payment" and not value.startswith(MERCHANT):
            left_out[PERSON] += 1  # a payee's handle
            continue
        if link.kind == "asn":
            value = f"as{value}"
        yield ShownTrait(
            host=link.subject, kind=kind, value=value, at=link.first_seen, exhibit=link.exhibit
        )


def catalogue_of(titles: Iterable[str], left_out: Counter[Message]) -> str | None:
    """Return a catalogue's order as a trait's value; ``None``: it has no order of its own.

    A title in which a person is found is left out and counted.
    """
    plain: dict[str, None] = {}
    for title in titles:
        if len(plain) >= MOST_TITLES:
            break
        if finds_personal(title):
            left_out[PERSON] += 1
        elif name := plain_title(title):
            plain[name] = None
    order = {name: place for place, name in enumerate(plain)}
    alphabet = {name: place for place, name in enumerate(sorted(plain))}
    if len(order) < LEAST_TITLES or in_order(order, alphabet) >= SAME_ORDER:
        return None
    value = ""
    for name in order:
        longer = f"{value}|{name}" if value else name
        if len(longer) > LONGEST_VALUE:
            break
        value = longer
    return value


def quirk_of(title: str, guide: str) -> str:
    """Return a channel with the guide of another one as a trait's value."""
    return f"{title} = {guide}"


def prices_of(prices: Iterable[Price]) -> str | None:
    """Return a page's prices as a trait's value, ``1m=9.99EUR 12m=69EUR``; ``None``: none."""
    terms = {
        (float(price.months), f"{_term(price.months)}={price.amount.normalize():f}{price.currency}")
        for price in prices
        if price.months and price.currency
    }
    return " ".join(text for _, text in sorted(terms)) or None


def _term(months: float) -> str:
    """Return how long an offer is for: months, or days where it is less than one."""
    return f"{months:g}m" if months >= 1 else f"{max(1, round(30 * months))}d"


def label_of(domain: str) -> str:
    """Return a site's name: the first label of its registered domain.

    Examples
    --------
    >>> label_of("bright-stream24.example")
    'bright-stream24'
    """
    return domain.partition(".")[0].lower()


def usable(traits: Iterable[ShownTrait], left_out: Counter[Message]) -> Iterator[ShownTrait]:
    """Yield the traits that can be followed; a person's, or what has no form, is counted."""
    for trait in traits:
        if names_person(trait.kind, trait.value):
            left_out[PERSON] += 1
            continue
        try:
            trait.seen("watch")
        except InputError:
            left_out[UNUSABLE] += 1
            continue
        yield trait


def without(traits: Iterable[ShownTrait], hosts: Collection[str]) -> Iterator[ShownTrait]:
    """Yield the traits of other hosts than some."""
    return (trait for trait in traits if trait.host not in hosts)
