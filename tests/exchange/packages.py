"""Packages for tests: of any fields that a noun allows, one like a real case, and big ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st

from cautery.model import Finding, Lever, Marking
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import (
    Interval,
    Item,
    ItemKey,
    ItemKind,
    Package,
    Relation,
    RelationKind,
)
from cautery.model.graph import Role
from cautery.model.marking import HandlingCode, Pap, Tlp, strictest
from cautery.model.operation import LedCategory, StatementKind

NOON = datetime(2026, 11, 30, 12, 0, 0, 250_001, tzinfo=UTC)
AMBER = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER)
ME = "example-league"
HOUR = timedelta(hours=1)

_AWKWARD = (
    "=cmd|' /C calc'!A0",
    "+1;-2,@3",
    "\ttab, \"quote\", 'apostrophe'; semicolon",
    "two\r\nlines\rand\nmore",
    " space around ",
    "</script><b>&amp; &#x41; ]]>",
    "$(rm) `x` {{ 7*7 }} \\ \\\\ \\n %s %0A",
    "\ufeffbyte order mark",
    "e\u0301 \u00e9 \u202eright to left\u202c \u200b",
    "\U0001f3f4 \U0010fffd \uffff",
    "Fußball für Düsseldorf: così è",
    "_x000D_ _x005F_",
    "null",
    "007",
    "1e5",
    "2026-11-30",
    "TRUE",
    "[x] = 'y' AND (a OR b)",
    "\x00\x01\x0b\x1b[31m\x7f\x85\u2028",
)


def digest(number: int) -> ExhibitId:
    """Return the digest of some bytes."""
    return ExhibitId(f"sha256:{sha256(str(number).encode()).hexdigest()}")


def any_text(longest: int = 40) -> st.SearchStrategy[str]:
    """Return text that formats stumble over: formulas, quotes, lines, controls, no surrogates."""
    letters = st.characters(exclude_categories=["Cs"])
    return st.one_of(st.sampled_from(_AWKWARD), st.text(letters, max_size=longest))


def _line(text: str) -> bool:
    return text.isprintable() and bool(text.strip())


_PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
_LINES = st.one_of(st.sampled_from([text for text in _AWKWARD if _line(text)]), _PRINTABLE)
_NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]{2,6}){1,2}", fullmatch=True)
_ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
_PATHS = st.text("abcXYZ019-._~%/:@!$&'()*+,;=?[]|", max_size=60)
_URLS = st.builds("{}://{}/{}".format, st.sampled_from(["http", "https", "rtmp"]), _NAMES, _PATHS)
_MANY_KINDS = ("certificate", "payment", "as", "cover", "app", "email", "file", "url")
_DIGESTS = st.integers(0, 50).map(digest)
_IDS: dict[ItemKind, st.SearchStrategy[str]] = {
    ItemKind.STREAM: _URLS,
    ItemKind.PLAYLIST: _URLS,
    ItemKind.STOREFRONT: st.one_of(_NAMES, _URLS),
    ItemKind.HOST: _NAMES,
    ItemKind.ADDRESS: _ADDRESSES,
    ItemKind.PANEL: st.one_of(_NAMES, _URLS, _LINES),
    ItemKind.BLOCK: st.one_of(_NAMES, _ADDRESSES),
    ItemKind.EXHIBIT: _DIGESTS,
    ItemKind.PERSON: st.from_regex(r"[A-Z][A-Za-z0-9._-]{2,20}", fullmatch=True),
    ItemKind.ASSET: st.builds("{}:{}".format, st.sampled_from(_MANY_KINDS), _LINES),
}
_LAST = datetime.max.replace(tzinfo=UTC)
_TIMES = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
    st.sampled_from([NOON, _LAST, _LAST.replace(microsecond=0), datetime(1970, 1, 1, tzinfo=UTC)]),
)
_SHARES = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 1.0, 0.98, 1e-7]))
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
_COUNTRIES = st.sampled_from(["IT", "FR", "ES", "GB"])
_EXHIBITS = st.sets(_DIGESTS, max_size=3).map(lambda found: tuple(sorted(found)))


@st.composite
def markings(draw: st.DrawFn) -> Marking:
    """Draw any marking: every TLP and PAP, handling codes with the words of H3, evaluations."""
    handling = draw(st.frozensets(st.sampled_from(HandlingCode)))
    words = draw(any_text().filter(bool)) if HandlingCode.H3 in handling else None
    return Marking(
        tlp=draw(st.sampled_from(Tlp)),
        pap=draw(st.sampled_from(Pap)),
        handling=handling,
        h3_text=words,
        source=draw(st.sampled_from([None, "A", "B", "C", "X"])),
        accuracy=draw(st.sampled_from([None, 1, 2, 3, 4])),
    )


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    """Draw any interval."""
    low, mid, high = sorted(draw(st.tuples(_NUMBERS, _NUMBERS, _NUMBERS)))
    return Interval(
        low=low,
        mid=mid,
        high=high,
        coverage=draw(st.sampled_from([0.9, 0.95, 0.5])),
        unit=draw(st.one_of(st.sampled_from(["users", "EUR"]), any_text())),
        method=draw(any_text()),
    )


def _span(draw: st.DrawFn, *, has_end: bool) -> tuple[datetime | None, datetime | None]:
    """Draw a beginning and an end of which each may be missing."""
    begin, end = sorted(draw(st.tuples(_TIMES, _TIMES)))
    first = draw(st.sampled_from([begin, None]))
    return first, end if has_end else draw(st.sampled_from([end, None]))


@st.composite
def items(draw: st.DrawFn, kinds: tuple[ItemKind, ...] = tuple(ItemKind)) -> Item:
    """Draw an item of any kind with any of the fields that the noun allows it."""
    kind = draw(st.sampled_from(kinds))
    valid_from, valid_until = _span(draw, has_end=kind is ItemKind.BLOCK)
    first_seen, last_seen = _span(draw, has_end=False)
    one_of = partial(_perhaps, draw)
    return Item(
        kind=kind,
        id=draw(_IDS.get(kind, _LINES)),
        by=draw(st.one_of(st.sampled_from([ME, "it-postal", "fr-arcom"]), _LINES)),
        marking=draw(markings()),
        at=draw(_TIMES),
        text=draw(any_text(200)),
        name=one_of(any_text()),
        first_seen=first_seen,
        last_seen=last_seen,
        valid_from=valid_from,
        valid_until=valid_until,
        revoked=draw(st.booleans()),
        statement=draw(st.sampled_from(StatementKind)),
        role=one_of(st.one_of(st.sampled_from([str(role) for role in Role]), any_text())),
        category=draw(st.sampled_from(LedCategory))
        if kind is ItemKind.PERSON
        else one_of(st.sampled_from(LedCategory)),
        finding=one_of(st.sampled_from(Finding)),
        confidence=one_of(st.integers(0, 100)),
        probability=one_of(_SHARES),
        log10_lr=one_of(_NUMBERS),
        interval=one_of(intervals()),
        lever=one_of(st.sampled_from(Lever)),
        order=one_of(st.one_of(st.just("agcom-2026-17"), any_text())),
        territory=one_of(_COUNTRIES),
        country=one_of(_COUNTRIES),
        exhibits=draw(_EXHIBITS),
    )


def _perhaps(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> Any:
    return draw(st.one_of(st.none(), values))


@st.composite
def relations(draw: st.DrawFn, keys: tuple[ItemKey, ...]) -> Relation:
    """Draw a relation between two of the keys, or of one with itself."""
    return Relation(
        kind=draw(st.sampled_from(RelationKind)),
        source=draw(st.sampled_from(keys)),
        target=draw(st.sampled_from(keys)),
        marking=draw(markings()),
        at=draw(_TIMES),
        text=draw(any_text()),
        revoked=draw(st.booleans()),
        probability=_perhaps(draw, _SHARES),
        log10_lr=_perhaps(draw, _NUMBERS),
        exhibits=draw(_EXHIBITS),
    )


@st.composite
def packages(
    draw: st.DrawFn, *, most_items: int = 6, kinds: tuple[ItemKind, ...] = tuple(ItemKind)
) -> Package:
    """Draw a package of any items and relations; it may be empty."""
    found = draw(st.lists(items(kinds), max_size=most_items, unique_by=lambda item: item.key))
    keys = tuple(item.key for item in found)
    links = (
        draw(st.lists(relations(keys), max_size=most_items, unique_by=lambda link: link.key))
        if keys
        else []
    )
    parts = [draw(markings()), *(item.marking for item in found), *(link.marking for link in links)]
    whole = strictest(parts)
    assert whole is not None
    return Package(
        id=draw(st.one_of(st.just("ed25519:" + "a" * 64), _LINES)),
        name=draw(any_text()),
        by=draw(st.one_of(st.just(ME), _LINES)),
        made_at=draw(_TIMES),
        marking=whole,
        items=tuple(found),
        relations=tuple(links),
    )


def sample_package() -> Package:
    """Return a package like a real case's, with every kind of item and of relation, and revoked."""
    later = NOON + 3 * HOUR
    one = partial(Item, by=ME, marking=AMBER, at=NOON)
    stream = one(
        kind=ItemKind.STREAM,
        id="https://edge-1.goals.example/live/redacted-1f2e/42.m3u8?token=redacted-77aa",
        text="Sound agrees with channel-1 at 12.3 s behind it; the picture, too.",
        name="Ganim v Dresalin, channel-1",
        first_seen=NOON - timedelta(minutes=4),
        last_seen=NOON,
        finding=Finding.PROVEN,
        confidence=99,
        log10_lr=6.25,
        exhibits=tuple(sorted((digest(1), digest(2)))),
    )
    panel = one(
        kind=ItemKind.PANEL,
        id="panel.goals.example:8080",
        role="panel",
        country="NL",
        text="Xtream",
    )
    host = one(kind=ItemKind.HOST, id="edge-1.goals.example", role="edge", country="NL")
    address = one(kind=ItemKind.ADDRESS, id="198.51.100.7", country="NL", role="edge")
    playlist = one(
        kind=ItemKind.PLAYLIST,
        id="https://lists.goals.example/get?username=redacted-0a&type=m3u",
        role="playlist",
    )
    feed = one(kind=ItemKind.FEED, id="origin.goals.example", role="origin", probability=0.81)
    shop = one(kind=ItemKind.STOREFRONT, id="https://shop.goals.example/", role="storefront")
    reseller = one(kind=ItemKind.RESELLER, id="reseller:goals-4-all", role="reseller")
    asset = one(kind=ItemKind.ASSET, id="certificate:" + "ab" * 32, role="shared-infrastructure")
    network = one(
        kind=ItemKind.NETWORK, id="network-1", name="network 1", probability=0.98, log10_lr=3.5
    )
    person = Item(
        kind=ItemKind.PERSON,
        id="P-heron",
        by="it-postal",
        marking=Marking(
            tlp=Tlp.AMBER,
            pap=Pap.AMBER,
            handling=frozenset({HandlingCode.H1}),
            source="B",
            accuracy=2,
        ),
        at=NOON,
        role="reseller of two panels",
        category=LedCategory.SUSPECT,
        statement=StatementKind.FACT,
    )
    order = one(
        kind=ItemKind.ORDER,
        id="agcom-2026-17",
        text="Order 17 of 2026",
        territory="IT",
        valid_from=NOON - timedelta(days=30),
        valid_until=NOON + timedelta(days=60),
        statement=StatementKind.FACT,
    )
    block = one(
        kind=ItemKind.BLOCK,
        id="edge-1.goals.example",
        lever=Lever.NAME,
        order="agcom-2026-17",
        territory="IT",
        valid_from=NOON,
        valid_until=later,
        statement=StatementKind.FACT,
        exhibits=(digest(1),),
    )
    released = one(
        kind=ItemKind.BLOCK,
        id="198.51.100.9",
        lever=Lever.ADDRESS,
        order="agcom-2026-17",
        territory="IT",
        valid_from=NOON,
        valid_until=later,
        revoked=True,
        text="Released after a complaint.",
    )
    abroad = replace(block, order="arcom-2026-3", territory="FR", valid_until=later + HOUR)
    arcom = one(kind=ItemKind.ORDER, id="arcom-2026-3", territory="FR")
    exhibit = one(
        kind=ItemKind.EXHIBIT,
        id=digest(1),
        text="segment, video/mp2t, 188000 bytes",
        statement=StatementKind.FACT,
    )
    estimate = one(
        kind=ItemKind.ESTIMATE,
        id="users",
        interval=Interval(
            low=1200.0, mid=2100.5, high=4800.0, coverage=0.9, unit="users", method="capture"
        ),
    )
    words = Item(
        kind=ItemKind.STATEMENT,
        id="payment-4",
        by="it-postal",
        marking=AMBER,
        at=NOON,
        text="EUR 12 each month to a wallet.",
    )
    link = partial(Relation, marking=AMBER, at=NOON)
    return Package(
        id="c0ffee" * 10 + "cafe",
        name="Ganim v Dresalin",
        by=ME,
        made_at=NOON,
        marking=Marking(tlp=Tlp.AMBER, pap=Pap.AMBER, handling=frozenset({HandlingCode.H1})),
        items=(
            *(stream, panel, host, address, playlist, feed, shop, reseller, asset, network),
            *(person, order, arcom, block, abroad, released, exhibit, estimate, words),
        ),
        relations=(
            link(kind=RelationKind.SERVES, source=host.key, target=stream.key),
            link(kind=RelationKind.RESOLVES_TO, source=host.key, target=address.key),
            link(
                kind=RelationKind.PART_OF,
                source=host.key,
                target=network.key,
                probability=0.97,
                log10_lr=2.5,
                text="one certificate",
            ),
            link(kind=RelationKind.PART_OF, source=person.key, target=network.key),
            link(kind=RelationKind.FEEDS, source=feed.key, target=host.key, probability=0.81),
            link(kind=RelationKind.SELLS, source=shop.key, target=panel.key),
            link(kind=RelationKind.SELLS, source=reseller.key, target=panel.key),
            link(kind=RelationKind.SHARES, source=host.key, target=asset.key, text="certificate"),
            link(kind=RelationKind.BLOCKED_BY, source=block.key, target=order.key),
            link(kind=RelationKind.BLOCKED_BY, source=released.key, target=order.key),
            link(kind=RelationKind.BLOCKED_BY, source=abroad.key, target=arcom.key),
            link(
                kind=RelationKind.RELATED_TO,
                source=person.key,
                target=shop.key,
                revoked=True,
                text="Withdrawn: another person.",
            ),
            link(
                kind=RelationKind.SHOWN_BY,
                source=stream.key,
                target=exhibit.key,
                exhibits=(digest(1),),
            ),
            link(kind=RelationKind.ABOUT, source=estimate.key, target=network.key),
            link(kind=RelationKind.RELATED_TO, source=words.key, target=playlist.key),
        ),
    )


def big_package(size: int) -> Package:
    """Return a package of so many blocks and streams in turn, under one order, all alike."""
    order = Item(kind=ItemKind.ORDER, id="order-1", by=ME, marking=AMBER, at=NOON)
    until = NOON + timedelta(hours=3)
    many = [
        Item(
            kind=ItemKind.BLOCK,
            id=f"host-{number}.goals.example",
            by=ME,
            marking=AMBER,
            at=NOON,
            lever=Lever.NAME,
            order=order.id,
            territory="IT",
            valid_from=NOON,
            valid_until=until,
            revoked=number % 10 == 0,
        )
        if number % 2
        else Item(
            kind=ItemKind.STREAM,
            id=f"https://host-{number}.goals.example/live/{number}.m3u8",
            by=ME,
            marking=AMBER,
            at=NOON,
            finding=Finding.PROVEN,
            log10_lr=number / 1000,
            exhibits=(digest(number % 50),),
        )
        for number in range(size)
    ]
    links = tuple(
        Relation(
            kind=RelationKind.BLOCKED_BY, source=one.key, target=order.key, marking=AMBER, at=NOON
        )
        for one in many
        if one.kind is ItemKind.BLOCK
    )
    return Package(
        id="big",
        name="a big case",
        by=ME,
        made_at=NOON,
        marking=AMBER,
        items=(order, *many),
        relations=links,
    )
