"""Draft a notice from what a case knows of each URL; nothing that it does not know stands in it."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.act.addressees import FORMS, GOOD_FAITH, Form, LocatedBy
from cautery.act.notice_text import LANGUAGE, notice_text
from cautery.errors import InputError
from cautery.model import (
    Addressee,
    AddresseeKind,
    Event,
    ExhibitId,
    Finding,
    Mandate,
    Notice,
    NoticedUrl,
    Place,
    RedactedUrl,
    Verdict,
    host_of,
    notice_id,
    require_utc,
)
from cautery.model.records import AssetFacts

WATCH = "watch"
"""Who drafted a notice that no person did."""
MOST_URLS = 1_000
"""URLs of one notice. Judgement: more than a person can review."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlInCase:
    """What a case's own records say of one URL.

    Parameters
    ----------
    url : str
        As the records have it.
    verdict : Verdict or None
        The newest; ``None``: none.
    place : Place
        Where its host is, by the newest look-up.
    decided : collection of (datetime, float)
        When each verdict on it was reached, and its log10 of the likelihood ratio.
    places : collection of Place
        Where its host was at each look-up.
    kind : AddresseeKind or None
        What the network of its host is, by facts; ``None``: facts do not say.
    sends_on : bool
        Whether its host only sends whoever asks on to a place that the URL names: the media and
        the act are there.
    """

    url: str
    verdict: Verdict | None
    place: Place
    decided: Collection[tuple[datetime, float]]
    places: Collection[Place]
    kind: AddresseeKind | None = None
    sends_on: bool = False

    @classmethod
    def of(
        cls, url: str, verdict: Verdict, place: Place, *, kind: AddresseeKind | None = None
    ) -> UrlInCase:
        """Return what is known of a URL that was judged and looked up once."""
        return cls(
            url=url,
            verdict=verdict,
            place=place,
            decided=((verdict.at, verdict.log10_lr),),
            places=(place,),
            kind=kind,
        )

    @property
    def proven(self) -> bool:
        """Whether the newest verdict proves it, and captures carry that verdict."""
        return (
            self.verdict is not None
            and self.verdict.finding is Finding.PROVEN
            and bool(self.exhibits)
        )

    @property
    def exhibits(self) -> tuple[ExhibitId, ...]:
        """The captures on which the newest verdict rests."""
        observations = () if self.verdict is None else self.verdict.observations
        return tuple(
            dict.fromkeys(exhibit for observed in observations for exhibit in observed.exhibits)
        )

    @property
    def captured_at(self) -> datetime | None:
        """When the newest of these captures was made."""
        observations = () if self.verdict is None else self.verdict.observations
        return max((observed.at for observed in observations if observed.exhibits), default=None)


def place_of(host: str, facts: object) -> Place:
    """Return where a host is by a record of its look-up; by any other, it is unknown."""
    if not isinstance(facts, AssetFacts):
        return Place(host=host)
    registration = facts.registration
    return Place(
        host=host,
        addresses=facts.addresses,
        asn=facts.asn,
        operator=facts.organisation,
        domain=None if registration is None else registration.domain,
        registrar=None if registration is None else registration.registrar,
    )


def lies_at(place: Place, addressee: Addressee) -> bool:
    """Tell whether a URL's host lies at an addressee, in a way that its kind allows.

    Where an exhibit has to show it, no place does: that is ``False``.
    """
    return any(ways_to(place, addressee))


def ways_to(place: Place, addressee: Addressee) -> Iterator[LocatedBy]:
    """Yield in which ways, of those that an addressee's kind allows, a URL's host lies there."""
    for way in FORMS[addressee.kind].located_by:
        if _lies(place, addressee, way):
            yield way


def _lies(place: Place, addressee: Addressee, way: LocatedBy) -> bool:
    match way:
        case LocatedBy.NETWORK:
            return (addressee.asn is not None and place.asn == addressee.asn) or any(
                _within(address, prefix)
                for address in place.addresses
                for prefix in addressee.prefixes
            )
        case LocatedBy.DOMAIN:
            return any(
                place.host == domain or place.host.endswith(f".{domain}")
                for domain in (name.lower().strip(".") for name in addressee.domains)
                if domain
            )
        case LocatedBy.REGISTRAR:
            return place.registrar is not None and _same(place.registrar, addressee.name)
        case LocatedBy.EXHIBIT:
            return False


def _same(name: str, other: str) -> bool:
    return "".join(name.casefold().split()) == "".join(other.casefold().split()) != ""


def _within(address: str, prefix: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(prefix)
    except ValueError:
        return False


def on_media(verdict: Verdict) -> Verdict | None:
    """Return a stream's verdict as one on its media, if these lie at another host than its URL.

    Each probe on which it rests has to have fetched them from one and the same host: then all that
    carries the verdict lies there, and the newest of these URLs says where.
    """
    probes = verdict.observations
    hosts = {host_of(probe.served) if probe.served else "" for probe in probes}
    if "" in hosts or len(hosts) != 1:
        return None
    newest = max(probes, key=lambda probe: probe.at)
    return replace(verdict, url=RedactedUrl(str(newest.served)))


def noticed(known: UrlInCase, event: Event | None, *, at: datetime) -> NoticedUrl:
    """Return what a notice of a moment says of a URL: what the case knows, and no more.

    A URL is live only while its event is on: a notice that is drafted later does not call it so.

    Raises
    ------
    InputError
        If the case has no verdict on it that a capture carries.
    """
    verdict, captured_at = known.verdict, known.captured_at
    if verdict is None or captured_at is None:
        raise InputError(f"{known.url}: no capture of this case carries a verdict on this URL")
    return NoticedUrl(
        url=known.url,
        finding=verdict.finding,
        log10_lr=verdict.log10_lr,
        decided_at=verdict.at,
        captured_at=captured_at,
        live=event is not None
        and verdict.event == event.id
        and event.window.holds(captured_at)
        and at < event.window.end,
        place=known.place,
        exhibits=known.exhibits,
    )


def draft_notice(
    known: Iterable[UrlInCase],
    *,
    addressee: Addressee,
    mandate: Mandate,
    event: Event | None,
    at: datetime,
    drafted_by: str,
    notifier_email: str | None = None,
    shown_by: Sequence[ExhibitId] = (),
    replaces: str | None = None,
) -> Notice:
    """Draft a notice to one addressee, in the form that its kind has.

    It is a draft: :func:`cautery.act.lint_notice.lint_notice` says what is wrong with it.

    Parameters
    ----------
    known : iterable of UrlInCase
        The URLs, with what the case knows of each.
    event : Event or None
        The event that the URLs show; ``None``: the mandate's channels and works.
    drafted_by : str
        The person who drafts it, who cannot approve it, or :data:`WATCH`.
    shown_by : sequence of str
        Exhibits that show the part of an addressee at which no URL lies.

    Raises
    ------
    InputError
        If there is no URL, or one has no verdict that a capture carries.
    """
    require_utc("at", at)
    urls = tuple(
        sorted(
            (noticed(url, event, at=at) for url in known), key=lambda noticed_url: noticed_url.url
        )
    )
    if not urls:
        raise InputError("a notice needs at least one proven URL")
    form = FORMS[addressee.kind]
    notice = Notice(
        id="",
        form=form.id,
        legal_basis=form.basis,
        addressee=addressee,
        urls=urls,
        rights=_rights(mandate, event),
        event=None if event is None else event.id,
        event_window=None if event is None else event.window,
        notifier=mandate.who,
        notifier_email=notifier_email,
        good_faith=GOOD_FAITH,
        language=LANGUAGE,
        statement="",
        drafted_by=drafted_by,
        drafted_at=at,
        shown_by=tuple(shown_by),
        replaces=replaces,
    )
    return sealed(notice, form)


def sealed(notice: Notice, form: Form) -> Notice:
    """Return a notice with the text that its values give in a form, and the id of all that."""
    notice_with_text = replace(notice, statement=notice_text(notice, form))
    return replace(notice_with_text, id=notice_id(notice_with_text))


def _rights(mandate: Mandate, event: Event | None) -> str:
    if event is not None:
        return f"{event.name} ({event.legal_basis})"
    return f"the channels and works of mandate {mandate.id} ({mandate.legal_basis})"
