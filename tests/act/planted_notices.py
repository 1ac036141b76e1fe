"""Good notices of many kinds, and faults planted in them: what the linter is measured by."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from cautery.act import NoticeBasis, UrlInCase, draft_notice
from cautery.act.addressees import ARTICLE_16, FORMS
from cautery.act.notice import sealed
from cautery.model import (
    Addressee,
    AddresseeKind,
    Event,
    ExhibitId,
    Finding,
    Mandate,
    Notice,
    NoticedUrl,
    Observation,
    Partner,
    Place,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    digest_of,
    host_of,
)

KICK_OFF = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
NOW = KICK_OFF + timedelta(minutes=70)
EVENT = Event(id="match", name="Home v Away", kick_off=KICK_OFF, legal_basis="rights 2026/27")
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights of the league",
    territories=("FR",),
    events=(EVENT,),
    window=Window(start=KICK_OFF - timedelta(hours=1), end=KICK_OFF + timedelta(hours=4)),
)
PATHS = (
    "/arena/stream.m3u8",
    "/sport/1/index.m3u8",
    "/watch?channel=7&hd=1",
    "/tv/arena_1080p.ts",
    "/film/2026/the-long-night.mp4",
    "/dash/manifest.mpd",
)


HIDDEN = ("\u202e", "\u200b", "\x07", "=?utf-8?q?=0A?=")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A notice and the case that it has to agree with."""

    notice: Notice
    basis: NoticeBasis


def exhibit(text: str) -> ExhibitId:
    return ExhibitId(digest_of(text.encode()))


def known_url(
    url: str,
    place: Place,
    rng: random.Random,
    *,
    event: str | None = "match",
    kind: AddresseeKind | None = None,
) -> UrlInCase:
    at = NOW - timedelta(minutes=rng.randint(1, 20), seconds=rng.randint(0, 59))
    observations = tuple(
        Observation(at=at - timedelta(seconds=30 * look), exhibits=(exhibit(f"{url} {look}"),))
        for look in range(rng.randint(1, 3))
    )
    verdict = Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=at + timedelta(seconds=2),
        event=event,
        channels=() if event else ("arena",),
        log10_lr=rng.uniform(3.5, 9.0),
        observations=observations,
    )
    return UrlInCase.of(url, verdict, place, kind=kind)


def _network_of(kind: AddresseeKind, *, by_network: bool, seed: int) -> AddresseeKind | None:
    """Return what facts may say of a network beside a good notice to this kind of addressee."""
    if not by_network:  # a platform, a shop or a registrar's customer may stand behind a CDN
        return AddresseeKind.CDN
    same = AddresseeKind.CDN if kind is AddresseeKind.CDN else AddresseeKind.HOSTING
    return (same, None)[seed % 2]


def good(seed: int) -> Drafted:
    """Return a notice with which nothing is wrong; each seed gives another."""
    rng = random.Random(seed)
    kind = list(AddresseeKind)[seed % len(AddresseeKind)]
    way = FORMS[kind].located_by[seed // len(AddresseeKind) % len(FORMS[kind].located_by)].value
    domain = f"host{seed}.example"
    addressee = Addressee(
        kind=kind,
        name=f"Example {kind.value} {seed}",
        asn=64500 + seed if way == "network" and seed % 2 else None,
        prefixes=("192.0.2.0/24",) if way == "network" and not seed % 2 else (),
        domains=(domain,) if way == "domain" else (),
        contact=f"abuse+{seed}@{domain}",
        languages=("fr", "en") if seed % 3 == 0 else (),
    )
    event = EVENT if seed % 4 else None
    urls = []
    for number in range(rng.randint(1, 5)):
        host = f"edge{number}.{domain}" if rng.random() < 0.8 else f"192.0.2.{10 + number}"
        host = f"edge{number}.{domain}" if way in ("domain", "registrar") else host
        place = Place(
            host=host,
            addresses=(f"192.0.2.{10 + number}",),
            asn=64500 + seed,
            operator="Example Hosting",
            domain=domain,
            registrar=addressee.name if way == "registrar" else "Other Registrar",
        )
        port = rng.choice(("", ":8080"))
        url = f"{rng.choice(('http', 'https'))}://{host}{port}{rng.choice(PATHS)}"
        network = _network_of(kind, by_network=way == "network", seed=seed)
        about = None if event is None else event.id
        urls.append(known_url(url, place, rng, event=about, kind=network))
    shown_by = (exhibit("a page"),) if way == "exhibit" else ()
    notice = draft_notice(
        urls,
        addressee=addressee,
        mandate=MANDATE,
        event=event,
        at=NOW - timedelta(seconds=20),
        drafted_by="C. Desk",
        notifier_email="piracy@league.example",
        shown_by=shown_by,
    )
    exhibits = {*shown_by, *(found for url in urls for found in url.exhibits)}
    basis = NoticeBasis(
        mandate=MANDATE, known={url.url: url for url in urls}, exhibits=frozenset(exhibits)
    )
    return Drafted(notice, basis)


Fault = Callable[[Drafted, random.Random], Drafted]


def written(drafted: Drafted, **changes: object) -> Drafted:
    """Return a notice with other values, and the text and id that they give."""
    changed = replace(drafted.notice, **changes)
    return replace(drafted, notice=sealed(changed, FORMS[changed.addressee.kind]))


def to(drafted: Drafted, **changes: object) -> Drafted:
    return written(drafted, addressee=replace(drafted.notice.addressee, **changes))


def one_url(drafted: Drafted, rng: random.Random, **changes: object) -> Drafted:
    """Return a notice one URL of which has other values."""
    urls = list(drafted.notice.urls)
    at = rng.randrange(len(urls))
    urls[at] = replace(urls[at], **changes)
    return written(drafted, urls=tuple(urls))


def spelt(drafted: Drafted, rng: random.Random, change: Callable[[NoticedUrl], str]) -> Drafted:
    """Return a notice one URL of which is spelt in another way, as if the case had it so."""
    urls = list(drafted.notice.urls)
    at = rng.randrange(len(urls))
    before = urls[at].url
    urls[at] = replace(urls[at], url=change(urls[at]))
    known = dict(drafted.basis.known)
    known[urls[at].url] = replace(known[before], url=urls[at].url)
    return replace(written(drafted, urls=tuple(urls)), basis=replace(drafted.basis, known=known))


def judged_anew(drafted: Drafted, rng: random.Random, finding: Finding) -> Drafted:
    """Return a notice one URL of which the case has judged in another way since."""
    url = rng.choice(drafted.notice.urls).url
    known = drafted.basis.known[url]
    assert known.verdict is not None
    verdict = replace(known.verdict, finding=finding, at=NOW - timedelta(seconds=5))
    return replace(
        drafted,
        basis=replace(
            drafted.basis, known={**drafted.basis.known, url: replace(known, verdict=verdict)}
        ),
    )


def moved(drafted: Drafted, rng: random.Random) -> Drafted:
    """Return a notice the host of which has moved elsewhere since."""
    url = rng.choice(drafted.notice.urls)
    known = drafted.basis.known[url.url]
    place = Place(host=url.place.host, addresses=("198.51.100.9",), asn=64999, operator="Other")
    if drafted.notice.addressee.domains:
        place = replace(place, host="elsewhere.test")
    elsewhere = replace(known, place=place, places=(*known.places, place))
    return replace(
        drafted, basis=replace(drafted.basis, known={**drafted.basis.known, url.url: elsewhere})
    )


def of_network(drafted: Drafted, rng: random.Random) -> Drafted:
    """Return a notice one URL of which lies in a network that is of another kind, by facts."""
    url = rng.choice(drafted.notice.urls).url
    is_cdn = drafted.notice.addressee.kind is AddresseeKind.CDN
    kind = AddresseeKind.HOSTING if is_cdn else AddresseeKind.CDN
    known = replace(drafted.basis.known[url], kind=kind)
    return replace(drafted, basis=replace(drafted.basis, known={**drafted.basis.known, url: known}))


def only_sent_on(drafted: Drafted, rng: random.Random) -> Drafted:
    """Return a notice the host of one URL of which only sends on, as a look has shown since."""
    url = rng.choice(drafted.notice.urls).url
    known = replace(drafted.basis.known[url], sends_on=True)
    return replace(drafted, basis=replace(drafted.basis, known={**drafted.basis.known, url: known}))


def at_a_partner(drafted: Drafted, rng: random.Random) -> Drafted:
    """Return a notice about a host that the mandate of today calls a partner's."""
    host = host_of(rng.choice(drafted.notice.urls).url)
    partner = Partner(name="Licensee", hosts=(host,), channels=())
    mandate = replace(drafted.basis.mandate, partners=(partner,))
    return replace(drafted, basis=replace(drafted.basis, mandate=mandate))


def at_a_bare_address(drafted: Drafted, rng: random.Random) -> Drafted:
    """Return a notice one URL of which names an address at which a lawful site is today."""
    address = rng.choice(
        ("192.0.2.77", "64:ff9b::192.0.2.77", "::ffff:192.0.2.77", "2002:c000:24d::")
    )
    host = f"[{address}]" if ":" in address else address
    named = spelt(drafted, rng, lambda _: f"http://{host}/arena/1.m3u8")
    lawful_at = {"192.0.2.77": "partner.example"}
    return replace(named, basis=replace(named.basis, lawful_at=lawful_at))


def _said(drafted: Drafted, sentence: str) -> Drafted:
    statement = f"{drafted.notice.statement}{sentence}\n"
    return replace(drafted, notice=replace(drafted.notice, statement=statement))


def _located(drafted: Drafted) -> bool:
    return FORMS[drafted.notice.addressee.kind].located_by[0].value != "exhibit"


FAULTS: tuple[tuple[str, Fault], ...] = (
    ("no-explanation", lambda d, _: written(d, rights=" ")),
    ("no-url", lambda d, _: written(d, urls=())),
    ("no-notifier", lambda d, _: written(d, notifier="")),
    ("other-notifier", lambda d, _: written(d, notifier="Another League")),
    ("no-notifier-mail", lambda d, _: written(d, notifier_email=None)),
    ("notifier-mail", lambda d, r: written(d, notifier_email=r.choice(("x", "a@b", "a b@c.de")))),
    ("no-good-faith", lambda d, _: written(d, good_faith="We mean well.")),
    ("no-addressee", lambda d, _: to(d, name="")),
    ("no-contact", lambda d, _: to(d, contact=None)),
    ("contact-mail", lambda d, r: to(d, contact=r.choice(("abuse", "a@@b.de", "A <a@b.de>")))),
    ("no-drafter", lambda d, _: written(d, drafted_by=" . ")),
    ("wrong-form", lambda d, _: written(d, form="dsa-16/0")),
    (
        "wrong-basis",
        lambda d, _: written(
            d, legal_basis="our contract" if d.notice.legal_basis == ARTICLE_16 else ARTICLE_16
        ),
    ),
    ("text-differs", lambda d, _: _said(d, "Hundreds of other URLs do the same.")),
    ("review-claimed", lambda d, _: _said(d, "Reviewed by A. Legal.")),
    ("foreign-id", lambda d, _: replace(d, notice=replace(d.notice, id="N-0123456789ab"))),
    ("language", lambda d, _: to(d, languages=("it",))),
    ("unknown-event", lambda d, _: written(d, event="other")),
    (
        "other-window",
        lambda d, _: written(
            d, event_window=Window(start=KICK_OFF, end=KICK_OFF + timedelta(hours=9))
        ),
    ),
    ("control", lambda d, r: to(d, name="Example" + r.choice(HIDDEN) + "Host")),
    ("control", lambda d, r: one_url(d, r, place=Place(host="a", domain="a", registrar="R\n2."))),
    ("control", lambda d, r: one_url(d, r, exhibits=(ExhibitId("sha256:1\n2. http://b/"),))),
    ("url-duplicate", lambda d, _: written(d, urls=(*d.notice.urls, d.notice.urls[0]))),
    ("url-control", lambda d, r: spelt(d, r, lambda url: url.url[:-2] + "\u202e" + url.url[-2:])),
    (
        "url-hidden",
        lambda d, r: spelt(
            d, r, lambda url: f"http://{url.place.host}/live/~00112233445566ff/1.ts"
        ),
    ),
    ("url-not-exact", lambda d, r: spelt(d, r, lambda url: f"http://{url.place.host}/")),
    ("url-not-exact", lambda d, r: spelt(d, r, lambda url: f"http://{url.place.host}/arena/*")),
    ("url-not-exact", lambda d, r: spelt(d, r, lambda url: f"{url.place.host}/arena/1.m3u8")),
    (
        "url-personal",
        lambda d, r: spelt(d, r, lambda url: f"http://{url.place.host}/live/anna/s3cret/17.ts"),
    ),
    (
        "url-personal",
        lambda d, r: spelt(d, r, lambda url: f"http://anna:word@{url.place.host}/arena.m3u8"),
    ),
    (
        "url-personal",
        lambda d, r: spelt(
            d, r, lambda url: f"http://{url.place.host}/arena.m3u8?token=8f2e7d6c5b4a39281706"
        ),
    ),
    ("not-in-case", lambda d, r: one_url(d, r, url="http://invented.example/arena/1.m3u8")),
    ("other-host", lambda d, r: spelt(d, r, lambda _: "http://third-party.test/arena/1.m3u8")),
    ("not-proven", lambda d, r: judged_anew(d, r, Finding.UNDECIDED)),
    ("not-proven", lambda d, r: judged_anew(d, r, Finding.LICENSED)),
    ("sends-on", only_sent_on),
    ("lawful-host", at_a_partner),
    ("lawful-address", at_a_bare_address),
    ("verdict-differs", lambda d, r: one_url(d, r, log10_lr=12.0)),
    ("other-event", lambda d, _: written(d, event=None if d.notice.event else "match")),
    ("capture-differs", lambda d, r: one_url(d, r, captured_at=NOW - timedelta(seconds=25))),
    ("capture-ahead", lambda d, r: one_url(d, r, captured_at=NOW + timedelta(hours=1))),
    ("stale-capture", lambda d, r: one_url(d, r, captured_at=NOW - timedelta(days=3))),
    (
        "live-outside-window",
        lambda d, r: one_url(d, r, live=True, captured_at=KICK_OFF - timedelta(hours=2)),
    ),
    ("place-differs", lambda d, r: one_url(d, r, place=replace(d.notice.urls[0].place, asn=1))),
    ("not-at-addressee", moved),
    ("no-exhibit", lambda d, r: one_url(d, r, exhibits=())),
    ("unknown-exhibit", lambda d, r: one_url(d, r, exhibits=(exhibit("never sealed"),))),
    ("other-kind", of_network),
    ("link-not-shown", lambda d, _: written(d, shown_by=())),
    ("live-claimed", lambda d, _: _said(d, "The event is live.")),
    ("many-urls", lambda d, _: written(d, urls=d.notice.urls[:1] * 1_001)),
)
"""Faults of a notice, each with the rule that it breaks."""

_ONLY: dict[str, Callable[[Drafted], bool]] = {
    "not-at-addressee": _located,
    "other-kind": lambda drafted: (
        not drafted.notice.addressee.domains
        and _located(drafted)
        and drafted.notice.addressee.kind
        in (AddresseeKind.HOSTING, AddresseeKind.PLATFORM, AddresseeKind.CDN)
    ),
    "link-not-shown": lambda drafted: not _located(drafted),
    "live-claimed": lambda drafted: drafted.notice.event is None,
}
"""Faults that only some notices can have."""


def planted(count: int, *, good_drafts: int) -> Iterator[tuple[str, Drafted]]:
    """Yield so many notices with one fault each, every kind of fault in turn."""
    drafts = [good(seed) for seed in range(good_drafts)]
    for number in range(count):
        rule, fault = FAULTS[number % len(FAULTS)]
        rng = random.Random(number)
        can = _ONLY.get(rule, lambda _: True)
        chosen = rng.choice([drafted for drafted in drafts if can(drafted)])
        yield rule, fault(chosen, rng)
