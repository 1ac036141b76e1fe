"""What is wrong with a notice: its own parts, and what its case does not bear out.

Each rule has an id, which is also the id of its sentence: ``notice-lint.not-proven``. A notice with
a finding is neither approved nor sent.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cautery.act.addressees import FORMS, GOOD_FAITH, LocatedBy, contradicts
from cautery.act.notice import MOST_URLS, UrlInCase, lies_at, ways_to
from cautery.act.notice_text import LANGUAGE, notice_text
from cautery.errors import InputError
from cautery.messages import message
from cautery.model import (
    Event,
    ExhibitId,
    Finding,
    Mandate,
    Notice,
    NoticedUrl,
    Place,
    RedactedUrl,
    carries_line,
    host_of,
    notice_id,
    person_key,
    to_json,
)
from cautery.model.host_names import addresses_in
from cautery.model.message import Message

STALE = timedelta(hours=24)
"""A capture older than that says too little of today. Judgement; an approval lasts as long."""
SKEW = timedelta(minutes=2)
MISSING_AT_FIRST = frozenset(("no-contact", "no-notifier-mail"))
"""What a draft of the watch lacks: a person adds where it goes, and who answers for it."""
_LONGEST_URL = 2_048
_MAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_SCHEMES = frozenset(("http", "https", "rtmp", "rtmps", "rtsp", "srt", "udp"))
_PSEUDONYM = re.compile(r"~[0-9a-f]{16}|/~(?:/|$)|=~(?:&|$)")
_REVIEWED = re.compile(r"(?i)\b(?:reviewed|checked|verified|confirmed) by\b")
_LIVE = re.compile(r"(?i)while the event was on|\bis live\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeFinding:
    """One thing that is wrong with a notice.

    Parameters
    ----------
    rule : str
        Id of the rule: ``url-not-exact`` ...
    text : Message
        What is wrong.
    url : str or None
        Of which URL; ``None``: of the whole notice.
    """

    rule: str
    text: Message
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeBasis:
    """What a notice has to agree with.

    Parameters
    ----------
    mandate : Mandate
        As it is in force.
    known : mapping of str to UrlInCase
        By URL, what the case knows.
    exhibits : collection of str
        Every exhibit that is sealed in the case.
    lawful_at : mapping of str to str
        By address, a lawful site that was seen there of late.
    """

    mandate: Mandate
    known: Mapping[str, UrlInCase]
    exhibits: Collection[ExhibitId]
    lawful_at: Mapping[str, str] = field(default_factory=dict)


def is_mail(text: str) -> bool:
    """Tell whether a text is one plain mail address (RFC 5321, without quoted local parts).

    >>> is_mail("abuse@hoster.example"), is_mail("abuse@hoster"), is_mail("A <a@b.example>")
    (True, False, False)
    """
    local, _, domain = text.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return _MAIL.fullmatch(text) is not None and not dots and len(domain) <= 253


def can_name(url: str) -> bool:
    """Tell whether a notice can name a URL: it is exact, and holds nobody's credentials."""
    return not any(_spelling(url))


def lint_notice(notice: Notice, basis: NoticeBasis, *, now: datetime) -> tuple[NoticeFinding, ...]:
    """Return all that is wrong with a notice at a moment; empty: it may be approved and sent.

    Parameters
    ----------
    basis : NoticeBasis
        The case and the mandate, as they are now.
    """
    return tuple(_findings(notice, basis, now))


def _findings(notice: Notice, basis: NoticeBasis, now: datetime) -> Iterator[NoticeFinding]:
    yield from _parts(notice, basis.mandate)
    if len(notice.urls) > MOST_URLS:  # nobody waits for the faults of each
        return
    yield from _form(notice)
    yield from _event(notice, basis.mandate)
    yield from _texts(notice)
    counts = Counter(url.url for url in notice.urls)
    for text, count in counts.items():
        if count > 1:
            yield _of("url-duplicate", url=text)
    for url in notice.urls:
        yield from _spelling(url.url)
        yield from _claims(url, notice, basis, now)
    if LocatedBy.EXHIBIT in FORMS[notice.addressee.kind].located_by and not notice.shown_by:
        yield _of("link-not-shown")
    yield from _unsealed(notice.shown_by, basis, None)


def _of(rule: str, *, url: str | None = None, **values: object) -> NoticeFinding:
    return NoticeFinding(rule=rule, text=message(f"notice-lint.{rule}", **values), url=url)


# -- the whole notice -----------------------------------------------------------------------------


def _parts(notice: Notice, mandate: Mandate) -> Iterator[NoticeFinding]:
    """Look for what each notice has: article 16(2) asks a hosting service's for it."""
    if not notice.rights.strip() or not notice.statement.strip():
        yield _of("no-explanation")
    if not notice.urls:
        yield _of("no-url")
    if len(notice.urls) > MOST_URLS:
        yield _of("many-urls", count=len(notice.urls), limit=MOST_URLS)
    if not notice.notifier.strip():
        yield _of("no-notifier")
    elif notice.notifier != mandate.who:
        yield _of("other-notifier", who=mandate.who)
    if notice.notifier_email is None:
        yield _of("no-notifier-mail")
    elif not is_mail(notice.notifier_email):
        yield _of("notifier-mail")
    if notice.good_faith != GOOD_FAITH:
        yield _of("no-good-faith")
    if not notice.addressee.name.strip():
        yield _of("no-addressee")
    if notice.addressee.contact is None:
        yield _of("no-contact")
    elif not is_mail(notice.addressee.contact):
        yield _of("contact-mail")
    if not person_key(notice.drafted_by):
        yield _of("no-drafter")


def _form(notice: Notice) -> Iterator[NoticeFinding]:
    form = FORMS[notice.addressee.kind]
    kind = notice.addressee.kind.value
    if notice.form != form.id:
        yield _of("wrong-form", kind=kind, form=form.id)
    elif notice.legal_basis != form.basis:
        yield _of("wrong-basis", kind=kind, basis=form.basis)
    elif notice.statement.strip() and notice.statement != notice_text(notice, form):
        yield _of("text-differs")
    if notice_id(notice) != notice.id:
        yield _of("foreign-id")
    languages = notice.addressee.languages
    if notice.language != LANGUAGE or (languages and notice.language not in languages):
        yield _of("language", language=notice.language)


def _event(notice: Notice, mandate: Mandate) -> Iterator[NoticeFinding]:
    event = _event_of(notice, mandate)
    if notice.event is not None and event is None:
        yield _of("unknown-event", event=notice.event)
    if notice.event_window != (None if event is None else event.window):
        yield _of("other-window")


def _event_of(notice: Notice, mandate: Mandate) -> Event | None:
    return next((event for event in mandate.events if event.id == notice.event), None)


def _texts(notice: Notice) -> Iterator[NoticeFinding]:
    """Look at texts that people see: what steers a screen, and what nobody has shown."""
    addressee = notice.addressee
    # A place or an exhibit stands in the statement, too: none brings a line of its own.
    texts = (*_strings(to_json(replace(notice, statement=""))), notice.statement.replace("\n", " "))
    # A mail's header would show an encoded word (RFC 2047) as another text than was reviewed.
    if any(map(_steers, texts)) or any("=?" in text for text in (notice.notifier, addressee.name)):
        yield _of("control")
    if _REVIEWED.search(notice.statement):
        yield _of("review-claimed")
    if _LIVE.search(notice.statement) and not any(url.live for url in notice.urls):
        yield _of("live-claimed")


def _strings(value: object) -> Iterator[str]:
    """Yield every text in a value of JSON but URLs, which have a rule of their own."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name != "url":
                yield from _strings(item)


def _steers(text: str) -> bool:
    """Tell whether a text has letters that nobody sees: controls, direction marks, joiners."""
    return any(
        unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp") for letter in text
    )


# -- one URL --------------------------------------------------------------------------------------


def _spelling(url: str) -> Iterator[NoticeFinding]:
    """Look at how a URL is written."""
    if _steers(url):
        yield _of("url-control", url=url)
        return
    if why := _inexact(url):
        yield _of(why, url=url)
        return
    if _hides(url):
        yield _of("url-personal", url=url)


def _inexact(url: str) -> str | None:
    if _PSEUDONYM.search(url):
        return "url-hidden"
    try:
        parts = urlsplit(url)
        exact = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "url-not-exact"
    wild = any(letter in url for letter in ' *{}<>"\\^`|') or "..." in url
    bare = parts.path in ("", "/") and not parts.query and parts.scheme in ("http", "https")
    long = len(url) > _LONGEST_URL
    return "url-not-exact" if not exact or wild or bare or long or parts.fragment else None


class _Zeros:
    """Pseudonyms by which one sees that something would be hidden."""

    def of(self, secret: str, *, digits: int = 16) -> str:  # noqa: ARG002 - the port's
        return "0" * digits

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        return ("0" * 16,) * len(secrets)


def _hides(url: str) -> bool:
    """Tell whether a URL has something that the records would hide: a line, a token, a person."""
    try:
        return carries_line(url) or "~" + "0" * 16 in RedactedUrl.of(url, _Zeros()).text
    except InputError:
        return True


def _claims(
    url: NoticedUrl, notice: Notice, basis: NoticeBasis, now: datetime
) -> Iterator[NoticeFinding]:
    """Compare what a notice says of a URL with what the case knows of it."""
    if basis.mandate.is_lawful(host_of(url.url)):
        yield _of("lawful-host", url=url.url)
    # An address names nobody: whoever else is there is accused with the pirate.
    for address in addresses_in(host_of(url.url)):
        if address in basis.lawful_at:
            yield _of("lawful-address", url=url.url, host=basis.lawful_at[address])
            break
    evidence = basis.known.get(url.url)
    if evidence is None or evidence.verdict is None:
        yield _of("not-in-case", url=url.url)
    else:
        if not evidence.proven or url.finding is not Finding.PROVEN:
            yield _of("not-proven", url=url.url, finding=evidence.verdict.finding)
        elif (url.decided_at, url.log10_lr) not in evidence.decided or (
            url.log10_lr > evidence.verdict.log10_lr and url.verbal != evidence.verdict.verbal
        ):
            yield _of("verdict-differs", url=url.url)
        if evidence.sends_on:
            yield _of("sends-on", url=url.url)
        if evidence.verdict.event != notice.event:
            yield _of("other-event", url=url.url)
        if evidence.captured_at is not None and url.captured_at > evidence.captured_at:
            yield _of("capture-differs", url=url.url, captured_at=evidence.captured_at)
        if url.place not in evidence.places:
            yield _of("place-differs", url=url.url)
    if url.captured_at > now + SKEW or url.captured_at > notice.drafted_at + SKEW:
        yield _of("capture-ahead", url=url.url)
    elif now - url.captured_at > STALE:
        yield _of("stale-capture", url=url.url, captured_at=url.captured_at)
    event = _event_of(notice, basis.mandate)
    if url.live and (event is None or not event.window.holds(url.captured_at)):
        yield _of("live-outside-window", url=url.url)
    elif url.live and event is not None and now >= event.window.end:
        yield _of("event-over", url=url.url, ended_at=event.window.end)
    if url.place.host != host_of(url.url):
        yield _of("other-host", url=url.url, host=url.place.host)
    elif not _located(url.place if evidence is None else evidence.place, notice):
        yield _of("not-at-addressee", url=url.url, addressee=notice.addressee.name)
    elif evidence is not None:
        yield from _kind(evidence, notice)
    if not url.exhibits:
        yield _of("no-exhibit", url=url.url)
    yield from _unsealed(url.exhibits, basis, url.url)


def _kind(known: UrlInCase, notice: Notice) -> Iterator[NoticeFinding]:
    """Compare the kind of an addressee with what facts say of its network.

    A platform may stand behind another's network: where its own domain shows it, that says nothing.
    """
    addressee = notice.addressee
    by_network = tuple(ways_to(known.place, addressee)) == (LocatedBy.NETWORK,)
    if by_network and known.kind is not None and contradicts(addressee.kind, known.kind):
        yield _of(
            "other-kind",
            url=known.url,
            addressee=addressee.name,
            network=known.kind.value,
            kind=addressee.kind.value,
        )


def _located(place: Place, notice: Notice) -> bool:
    """Tell whether a URL lies at the addressee now; an exhibit shows where none can."""
    by_exhibit = LocatedBy.EXHIBIT in FORMS[notice.addressee.kind].located_by
    return by_exhibit or lies_at(place, notice.addressee)


def _unsealed(
    exhibits: Sequence[ExhibitId], basis: NoticeBasis, url: str | None
) -> Iterator[NoticeFinding]:
    for exhibit in exhibits:
        if exhibit not in basis.exhibits:
            yield _of("unknown-exhibit", url=url, exhibit=exhibit)
