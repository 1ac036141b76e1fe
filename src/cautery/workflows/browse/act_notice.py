"""What the page of a notice has: its URLs and their verdicts, the linter's findings, its drafts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from cautery.act.notice import WATCH
from cautery.drawing.formatting import DASH, both
from cautery.errors import CauteryError
from cautery.messages import tr, word
from cautery.model import Entry, Notice, NoticedUrl, RuleConfirmation, Verdict, digest, person_key
from cautery.model.message import Message
from cautery.model.notice import as_signed
from cautery.model.records import (
    AssetFacts,
    ExhibitSealed,
    LawfulSeen,
    NoticeAnswered,
    kinds_of,
)
from cautery.pages.case_report.formatting import utc
from cautery.pages.room.orders import Command, Noticed, Version
from cautery.projections.kept import Asked
from cautery.projections.notices import Notices
from cautery.workflows.browse.act_looked import Looked, Parts, as_
from cautery.workflows.case.notices import CaseNotices

MOST_URLS, MOST_CHECKED, MOST_VERSIONS = 200, 25, 20
_LOOKS = 60
"""Records about each URL that are read to check a notice."""
_NOT_A_CHANGE = ("id", "drafted_at", "drafted_by", "replaces")


def notice_parts(looked: Looked, notice: Notice) -> Parts:
    """Return what the page of a notice has besides what all have."""
    read = {entry.index: entry for entry in _records_of(looked, notice)}
    case = _case(looked, read)
    signed_by = tuple(approval.approver for approval in case.approvals(notice))
    sent = case.notices.sent.get(notice.id, [])
    over = notice.id in case.notices.withdrawn or looked.line.next is not None
    findings = _findings(looked, notice, case)
    addressee = notice.addressee
    waits_for = case.waits_for(notice)
    ways = (f"AS {addressee.asn}" if addressee.asn is not None else "", *addressee.prefixes)
    answers = [e.content for e in looked.entries if isinstance(e.content, NoticeAnswered)]
    return Parts(
        digest=digest(as_signed(notice)),
        facts=[
            (tr("Goes to"), f"{addressee.name}, {word(addressee.kind)}"),
            (tr("Address"), addressee.contact or tr("none yet")),
            (tr("Reached by"), ", ".join(filter(None, (*ways, *addressee.domains))) or DASH),
            (tr("Legal basis"), f"{notice.legal_basis} ({notice.form})"),
            (tr("Event"), notice.event or DASH),
            (tr("Notifier"), f"{notice.notifier}, {notice.notifier_email or tr('no address yet')}"),
            (
                tr("Drafted by"),
                f"{_who(notice)}, {utc(notice.drafted_at)}",
            ),
        ],
        steps=[
            *([(tr("Nothing is wrong with it"), not findings)] if findings is not None else []),
            *((tr("Somebody has confirmed the rule %(rule)s", rule=r), False) for r in waits_for),
            (
                tr(
                    "Signed by a person who did not draft it: %(names)s",
                    names=both(signed_by[:4]) if signed_by else DASH,
                ),
                bool(signed_by),
            ),
            (tr("It was sent"), bool(sent)),
            (tr("An answer was filed"), bool(answers)),
        ],
        statement=notice.statement,
        urls=tuple(_url(item, read) for item in notice.urls[:MOST_URLS]),
        more_urls=max(0, len(notice.urls) - MOST_URLS),
        findings=findings,
        versions=tuple(_versions(looked, notice)),
        exhibits=notice.shown_by,
        commands=[] if over else list(_commands(looked, notice, signed_by, sent=bool(sent))),
    )


def _records_of(looked: Looked, notice: Notice) -> Iterator[Entry]:
    """Yield the records that say what a notice says, in no order."""
    lists = looked.kept.lists()
    yield from looked.entries
    yield from lists.whole(Asked(kinds=kinds_of(RuleConfirmation), limit=500)).rows
    yield from lists.whole(Asked(kinds=kinds_of(LawfulSeen), limit=500)).rows
    hosts: dict[str, None] = {}
    exhibits: dict[str, None] = {}
    for url in notice.urls[:MOST_CHECKED]:
        yield from lists.about(url.url, most=_LOOKS)
        hosts[url.place.host] = None
        exhibits |= dict.fromkeys(url.exhibits)
    for host in hosts:
        for entry in lists.about(host, most=_LOOKS):
            if isinstance(entry.content, AssetFacts):
                yield entry
    for exhibit in [*exhibits, *notice.shown_by][: 4 * MOST_CHECKED]:
        yield from lists.whole(Asked(subject=exhibit, kinds=kinds_of(ExhibitSealed), limit=1)).rows


def _case(looked: Looked, read: dict[int, Entry]) -> CaseNotices:
    """Return the case as far as a notice hangs on it."""
    notices = Notices()
    for _, entry in sorted(read.items()):
        notices.hear(entry)
    return CaseNotices(
        notices=notices,
        opening=looked.opening,
        mandate=looked.mandate,
        confirmations=tuple(
            entry.content for entry in read.values() if isinstance(entry.content, RuleConfirmation)
        ),
    )


def _findings(
    looked: Looked, notice: Notice, case: CaseNotices
) -> tuple[tuple[str, str, Message], ...] | None:
    """Return what is wrong with a notice; ``None``: not all that it hangs on was read.

    A URL of media stands in the records of the stream that led to it, where it is not looked for.
    """
    urls_known = case.notices.urls
    if len(notice.urls) > MOST_CHECKED or any(
        url.url not in urls_known or urls_known[url.url].verdict is None for url in notice.urls
    ):
        return None
    try:
        findings = case.lint(notice, now=looked.now)
    except CauteryError:
        return None
    return tuple((item.rule, item.url or "", item.text) for item in findings)


def _url(url: NoticedUrl, read: dict[int, Entry]) -> Noticed:
    record = next(
        (
            index
            for index, entry in read.items()
            if isinstance(entry.content, Verdict)
            and entry.content.url.text == url.url
            and entry.content.at == url.decided_at
        ),
        None,
    )
    place = url.place
    return Noticed(
        url=url.url,
        finding=url.finding.value,
        log10_lr=url.log10_lr,
        captured_at=url.captured_at,
        place=place.host if place.operator is None else f"{place.host}, {place.operator}",
        exhibits=url.exhibits,
        record=record,
    )


def _versions(looked: Looked, notice: Notice) -> Iterator[Version]:
    """Yield the drafts of a notice, the newest first, each with what changed."""
    lists = looked.kept.lists()
    chain: list[tuple[int, Notice]] = [(looked.line.drafted, notice)]
    later = looked.line.next
    while later is not None and len(chain) < MOST_VERSIONS:
        (entry,) = looked.kept.ledger.pick((later,))
        if not isinstance(entry.content, Notice):
            break
        chain.insert(0, (entry.index, entry.content))
        following = lists.act(entry.content.id)
        later = None if following is None else following.next
    while (before := chain[-1][1].replaces) is not None and len(chain) < MOST_VERSIONS:
        earlier = lists.act(before)
        if earlier is None or earlier.drafted >= chain[-1][0]:
            break
        (entry,) = looked.kept.ledger.pick((earlier.drafted,))
        assert isinstance(entry.content, Notice)
        chain.append((entry.index, entry.content))
    if len(chain) == 1:
        return
    for (record, draft), older in zip(chain, [*chain[1:], None], strict=True):
        yield Version(
            id=draft.id,
            record=record,
            at=draft.drafted_at,
            by=_who(draft),
            changes=() if older is None else tuple(_changes(older[1], draft)),
        )


def _who(notice: Notice) -> str:
    return tr("the watch") if notice.drafted_by == WATCH else notice.drafted_by


def _changes(before: Notice, after: Notice) -> Iterator[str]:
    if before.addressee != after.addressee:
        yield tr(
            "addressee: %(before)s, now %(after)s",
            before=f"{before.addressee.name} {before.addressee.contact or DASH}",
            after=f"{after.addressee.name} {after.addressee.contact or DASH}",
        )
    was, now = {url.url for url in before.urls}, {url.url for url in after.urls}
    if was != now:
        yield tr("URLs: %(more)s more, %(less)s less", more=len(now - was), less=len(was - now))
    for item in fields(Notice):
        if item.name in (*_NOT_A_CHANGE, "addressee", "urls"):
            continue
        if getattr(before, item.name) != getattr(after, item.name):
            yield tr("%(member)s is another one", member=item.name)


def _commands(
    looked: Looked, notice: Notice, signed_by: tuple[str, ...], *, sent: bool
) -> Iterator[Command]:
    if not sent:
        approvers = () if looked.refusal else looked.opening.mandate.approvers[:6]
        for approver in approvers:
            drafted_it = person_key(approver.name) == person_key(notice.drafted_by)
            if approver.name not in signed_by and not drafted_it:
                options = f"{as_(approver.name)} --key KEY.pem --digest {digest(as_signed(notice))}"
                yield Command(
                    what=tr("%(name)s signs", name=approver.name),
                    line=looked.command("notice", "approve", more=options),
                    shows=True,
                )
        if looked.refusal is None:
            yield looked.refuse("notice")
        yield Command(
            what=tr("Complete it with another draft"),
            line=looked.on_case("notice", "draft")
            + f' --from {notice.id} --as "YOUR NAME" --to ADDRESS --reply-to ADDRESS'
            f" --seen {looked.seen}",
        )
        if looked.refusal is None:
            send = looked.command("notice", "send", more='--as "YOUR NAME" --postbox postbox.toml')
            yield Command(what=tr("Send it"), line=send)
    else:
        yield Command(
            what=tr("File the answers"), line=looked.on_case("notice", "replies") + " INBOX.mbox"
        )
    yield Command(
        what=tr("Withdraw it"),
        line=looked.command(
            "notice", "withdraw", more=f'--as "YOUR NAME" --why "REASON" --seen {looked.seen}'
        ),
    )
