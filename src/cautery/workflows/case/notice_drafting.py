"""Draft a notice from what a case has proven."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.act import UrlInCase, draft_notice
from cautery.act.lint_notice import can_name
from cautery.act.notice import MOST_URLS, WATCH, lies_at
from cautery.errors import InputError
from cautery.model import Addressee, ExhibitId, Notice, host_of, person_key
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import NoticeApproved, NoticeSending, NoticeSent, NoticeWithdrawn
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.notices import CaseNotices, notices_of
from cautery.workflows.case.unseen import refuse_unseen


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft, and what of the addressee it leaves out.

    Parameters
    ----------
    notice : Notice
        The draft.
    hidden : int
        Proven URLs there that hold a line's credentials, so that no notice names them.
    more : int
        Proven URLs there that another notice can name.
    """

    notice: Notice
    hidden: int
    more: int


_RESTS_ON = (Notice, NoticeApproved, NoticeSending, NoticeSent, NoticeWithdrawn)


@again_if_passed
def draft_into(
    ledger: Ledger,
    addressee: Addressee,
    *,
    name: str,
    notifier_email: str | None,
    now: datetime,
    urls: Collection[str] = (),
    event: str | None = None,
    shown_by: Iterable[ExhibitId] = (),
    replaces: str | None = None,
    dry_run: bool = False,
    seen: int | None = None,
) -> Draft:
    """Draft a notice from what a case has proven, and record it.

    Parameters
    ----------
    name : str
        Who drafts it, and cannot approve it.
    urls : collection of str
        The URLs to name; empty: the proven URLs that lie at the addressee and are on no notice. Of
        these, a URL with a line's credentials is left out, and what is more than a notice holds.
    event : str or None
        Of these, only those that show this event; empty: none. ``None``: all.
    replaces : str or None
        Id of the draft that this one completes; without ``urls``, its URLs are named.
    dry_run : bool
        Record nothing.
    seen : int, optional
        The newest record about ``replaces`` that the person saw: what came since stops the draft.

    Raises
    ------
    InputError
        If the case has no such URL, they are about several events, or nothing is proven there; or
        if ``replaces`` was sent, or another draft replaces it.
    ApprovalError
        If ``replaces`` has gone on since the person saw it.
    """
    size = ledger.size()
    case = notices_of(ledger)
    if replaces is not None:
        refuse_unseen(ledger, replaces, seen=seen)
    if not name.strip():
        raise InputError("a draft names who drafts it", hint="Give --as NAME.")
    if person_key(name) == person_key(WATCH):
        raise InputError(f"{WATCH!r} is what the watch is called, not a person")
    proven, hidden, over_limit = _chosen(case, addressee, urls=urls, event=event, replaces=replaces)
    events = {None if url.verdict is None else url.verdict.event for url in proven}
    if len(events) > 1:
        raise InputError(
            "these URLs show several events, and a notice is about one",
            hint=f"Events: {', '.join(sorted(str(each or 'none') for each in events))}. Name one "
            "with --event.",
        )
    event_id = next(iter(events), None)
    notice = draft_notice(
        proven,
        addressee=addressee,
        mandate=case.mandate,
        event=next((event for event in case.mandate.events if event.id == event_id), None),
        at=now,
        drafted_by=name,
        notifier_email=notifier_email,
        shown_by=tuple(shown_by),
        replaces=replaces,
    )
    if not dry_run:
        # Another draft of the same notice, or of the same URLs, may come in meanwhile.
        append(ledger, notice, at=now, if_unchanged_since=size, unless=_RESTS_ON)
    return Draft(notice=notice, hidden=hidden, more=over_limit)


def _chosen(
    case: CaseNotices,
    addressee: Addressee,
    *,
    urls: Collection[str],
    event: str | None,
    replaces: str | None,
) -> tuple[tuple[UrlInCase, ...], int, int]:
    """Return the URLs to name, how many hold a line's credentials, and how many are too many."""
    if replaces is not None:
        before = case.draft(replaces)
        if replaces in case.notices.replaced:
            raise InputError(
                f"a later draft replaces notice {replaces} already",
                hint="cautery notice list CASE shows it: complete that one.",
            )
        if replaces in case.notices.sent:
            raise InputError(f"notice {replaces} has been sent, so no draft replaces it")
        if replaces in case.notices.sending:
            raise InputError(f"notice {replaces} may have been sent, so no draft replaces it")
        urls = urls or [url.url for url in before.urls]
    decoys = case.decoys
    if urls:
        opened = sorted(url for url in urls if decoys.meets(url))
        if opened and replaces is None:
            raise InputError(f"{opened[0]} was opened as one of our own decoys")
        urls = [url for url in urls if url not in opened]
        unknown = sorted(url for url in urls if not case.notices.known(url).proven)
        if unknown:
            raise InputError(
                f"{unknown[0]}: this case has not proven this URL",
                hint="Write the URL as cautery referral list or the report shows it.",
            )
        return tuple(case.notices.known(url) for url in dict.fromkeys(urls)), 0, 0
    already_named = {
        url.url
        for number, notice in case.notices.drafts.items()
        if number not in case.notices.replaced and number not in case.notices.withdrawn
        for url in notice.urls
    }
    lying = tuple(
        url
        for url in case.notices.proven()
        if url.url not in already_named
        and not case.mandate.is_lawful(host_of(url.url))
        and not decoys.meets(url.url)
        and lies_at(url.place, addressee)
        and (event is None or url.verdict is None or (url.verdict.event or "") == event)
    )
    good = tuple(url for url in lying if can_name(url.url))
    hidden = len(lying) - len(good)
    if not good:
        lines = f"; {hidden} that hold a line's credentials can be in none" if hidden else ""
        raise InputError(
            f"this case has proven no URL at {addressee.name} that is on no notice{lines}",
            hint=_hosts_of(case),
        )
    return good[:MOST_URLS], hidden, len(good[MOST_URLS:])


def _hosts_of(case: CaseNotices) -> str:
    counts: dict[str, int] = {}
    for url in case.notices.proven():
        place = url.place
        words = (
            f"{place.host}, unknown" if place.asn is None else f"AS {place.asn}, {place.operator}"
        )
        counts[words] = counts.get(words, 0) + 1
    networks = "; ".join(f"{words}: {count}" for words, count in sorted(counts.items())[:10])
    return (
        f"Proven URLs by network: {networks or 'none'}. Complete a draft with --from, or give "
        "--url for what is on a notice already."
    )
