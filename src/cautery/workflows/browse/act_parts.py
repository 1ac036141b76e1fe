"""What the page of each kind of act has: of a referral, a list, a notice and a complaint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cautery.act import approver_key
from cautery.act.approval import NEEDED, order_of
from cautery.drawing.formatting import DASH, both
from cautery.errors import ApprovalError, CauteryError
from cautery.messages import say, tr, word
from cautery.model import (
    Acknowledgement,
    BlockEntry,
    Decision,
    Effect,
    Entry,
    GuardVerdict,
    Notice,
    Referral,
    RuleConfirmation,
)
from cautery.model.records import (
    ApprovalGiven,
    ComplaintAnswered,
    ComplaintFiled,
    ComplaintReceipted,
    EntryExpired,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    NoticeApproved,
    ReferralPublished,
    kinds_of,
)
from cautery.pages.case_report.formatting import utc
from cautery.pages.room.orders import Command, Signature, Target
from cautery.projections.kept import Asked
from cautery.workflows.browse.act_looked import Looked, Parts, as_
from cautery.workflows.browse.act_notice import notice_parts
from cautery.workflows.browse.orders import decided_in, signer_of
from cautery.workflows.case.referral import FiledReferral, filed_among
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.tickets import Ticket, tickets_of

MOST_TARGETS, _ASKED_AGAIN, _REFERRALS_OF_A_LIST = 200, 40, 50


def parts_of(looked: Looked) -> Parts:
    """Return what the page of an act has besides what all have."""
    match looked.draft.content:
        case Referral() as referral:
            return _referral(looked, referral)
        case Notice() as notice:
            parts = notice_parts(looked, notice)
            parts.signatures = signatures_in(looked, NoticeApproved)
            return parts
        case ComplaintFiled() as filed:
            return _complaint(looked, filed)
    return _list(looked)


def signatures_in(
    looked: Looked, kind: type[ApprovalGiven | NoticeApproved]
) -> tuple[Signature, ...]:
    """Return the signatures that records say an act has, and whether each holds."""
    return tuple(
        _signature(looked, entry, entry.content)
        for entry in looked.entries
        if isinstance(entry.content, kind)
    )


def _signature(looked: Looked, entry: Entry, approval: ApprovalGiven | NoticeApproved) -> Signature:
    try:
        holds = signer_of(looked.opening, looked.draft.content, approval) is not None
    except CauteryError:
        holds = False
    approver = next(
        (person for person in looked.opening.mandate.approvers if person.name == approval.approver),
        None,
    )
    key = ""
    if approver is not None:
        try:
            key = approver_key(approver).id
        except ApprovalError:
            key = ""
    return Signature(
        name=approval.approver,
        role=approval.role,
        key=key,
        at=approval.at,
        record=entry.index,
        holds=holds,
    )


def _referral(looked: Looked, referral: Referral) -> Parts:
    confirmed = looked.kept.lists().whole(Asked(kinds=kinds_of(RuleConfirmation), limit=500)).rows
    (filed,) = filed_among(
        looked.opening,
        looked.entries,
        confirmations=lambda: tuple(
            entry.content for entry in confirmed if isinstance(entry.content, RuleConfirmation)
        ),
        only=referral.id,
    ).referrals
    signed_by = tuple(dict.fromkeys(approval.approver for approval in filed.approvals))
    to = tuple(
        intermediary.name
        for intermediary in looked.mandate.intermediaries
        if intermediary.territory == referral.territory
    )
    try:
        order = order_of(referral, looked.mandate)
        authority = f"{order.id}, {order.authority}"
    except ApprovalError as error:
        authority = str(error)
    answers = {
        entry.content.intermediary
        for entry in looked.entries
        if isinstance(entry.content, Acknowledgement) and entry.content.effect is Effect.APPLIED
    }
    publications = [
        entry.content for entry in looked.entries if isinstance(entry.content, ReferralPublished)
    ]
    return Parts(
        digest=filed.digest,
        facts=[
            (tr("Goes to"), both(to[:8]) if to else tr("nobody: the mandate names none there")),
            (tr("Order"), authority),
            (tr("Territory"), referral.territory),
            (tr("Event"), referral.event or DASH),
            (tr("In force"), f"{utc(referral.window.start)} {DASH} {utc(referral.window.end)}"),
            (tr("Drafted by"), tr("the watch, %(time)s", time=utc(looked.line.drafted_at))),
            *((tr("Its paper"), ticket.words) for ticket in _tickets(looked, filed)),
        ],
        steps=[
            (
                tr("The guard allows every target"),
                all(
                    referral_entry.guard.decision is Decision.ALLOW
                    for referral_entry in referral.entries
                ),
            ),
            *(
                (tr("Somebody has confirmed the rule %(rule)s", rule=rule), False)
                for rule in filed.waits_for
            ),
            (
                tr(
                    "Signed by two people; so far: %(names)s",
                    names=both(signed_by[:4]) if signed_by else DASH,
                ),
                len(signed_by) >= NEEDED,
            ),
            (tr("It is published"), bool(publications)),
            (
                tr("Who got it says that it is applied"),
                bool(publications)
                and {publication.intermediary for publication in publications} <= answers,
            ),
            (
                tr("It has come to its end"),
                any(isinstance(entry.content, EntryExpired) for entry in looked.entries)
                and looked.now >= referral.window.end,
            ),
        ],
        statement=referral.statement,
        targets=tuple(_targets(looked, looked.entries, referral.entries[:MOST_TARGETS])),
        more_targets=max(0, len(referral.entries) - MOST_TARGETS),
        signatures=signatures_in(looked, ApprovalGiven),
        commands=[
            Command(
                what=tr("%(name)s signs", name=approver.name),
                line=looked.command(
                    "referral",
                    "approve",
                    more=f"{as_(approver.name)} --key KEY.pem --digest {filed.digest}",
                ),
                shows=True,
            )
            for approver in looked.opening.mandate.approvers[:6]
            if approver.name not in signed_by and not publications and looked.refusal is None
        ]
        + ([] if publications or looked.refusal else [looked.refuse("referral")]),
    )


def _tickets(looked: Looked, filed: FiledReferral) -> tuple[Ticket, ...]:
    return tickets_of(
        filed,
        looked.opening,
        looked.mandate,
        drafted=looked.draft.index,
        about=About(at=looked.now),
    )


def _targets(
    looked: Looked, about: Iterable[Entry], entries: Iterable[BlockEntry], *, referral: str = ""
) -> Iterator[Target]:
    withdrawn = {
        entry.content.target: entry.content
        for entry in about
        if isinstance(entry.content, EntryWithdrawn)
    }
    for number, entry in enumerate(entries):
        newest, record = _newest(looked, entry) if number < _ASKED_AGAIN else (None, None)
        says_otherwise = newest is not None and newest.decision is not entry.guard.decision
        away = withdrawn.get(entry.target)
        over = ""
        if away is not None:
            why = say(away.reasons[0].text) if away.reasons else ""
            over = tr("withdrawn %(time)s: %(why)s", time=utc(away.at), why=why)
        elif entry.valid_until <= looked.now:
            over = tr("its time is over")
        yield Target(
            target=entry.target,
            lever=word(entry.lever),
            valid_until=entry.valid_until,
            guard=entry.guard,
            exhibits=entry.exhibits,
            now_record=record,
            changed=newest if says_otherwise else None,
            over=over,
            referral=referral,
        )


def _newest(looked: Looked, target: BlockEntry) -> tuple[GuardVerdict | None, int | None]:
    """Return the newest verdict of the guard on a target that the case has."""
    page = looked.kept.lists().whole(
        Asked(subject=target.target[:2048], kinds=kinds_of(GuardVerdict), limit=5)
    )
    for entry in page.rows:
        content = entry.content
        if isinstance(content, GuardVerdict) and content.lever is target.lever:
            return content, entry.index
    return None, None


def _list(looked: Looked) -> Parts:
    versions = [e.content for e in looked.entries if isinstance(e.content, ListSent)]
    answers = [e.content for e in looked.entries if isinstance(e.content, ListAnswered)]
    newest = max(versions, key=lambda version: version.version)
    answer = next(
        (
            list_answer
            for list_answer in reversed(answers)
            if (list_answer.version or 0) >= newest.version
        ),
        newest,
    )
    shown_referrals = newest.referrals[-_REFERRALS_OF_A_LIST:]
    lines = [
        line for name in shown_referrals if (line := looked.kept.lists().act(name)) is not None
    ]
    drafts = looked.kept.ledger.pick(sorted(line.drafted for line in lines))
    targets: list[Target] = []
    for draft in drafts:
        if isinstance(draft.content, Referral) and len(targets) < MOST_TARGETS:
            about = looked.kept.lists().about(draft.content.id)
            entries = draft.content.entries[: MOST_TARGETS - len(targets)]
            targets += _targets(looked, about, entries, referral=draft.content.id)
    targets.sort(key=lambda target: (bool(target.over), target.valid_until, target.target))
    return Parts(
        facts=[
            (tr("Goes to"), newest.intermediary),
            (tr("Newest version"), f"{newest.version}, {utc(newest.at)}"),
            (tr("Its digest"), newest.digest),
            (tr("Answer"), word(answer.effect)),
            (tr("Applied"), utc(answer.applied_at)),
            (tr("Referrals on it"), str(len(newest.referrals))),
            (tr("Taken off with this version"), ", ".join(newest.withdrawn[:20]) or DASH),
            (
                tr("Not applied there"),
                "; ".join(f"{refusal.target}: {refusal.reason}" for refusal in answer.refused[:20])
                or DASH,
            ),
        ],
        steps=[
            (tr("It was sent"), True),
            (tr("Who got it says that it is applied"), answer.effect is Effect.APPLIED),
        ],
        targets=tuple(targets),
        links=[(tr("stands on"), line.id) for line in lines],
        exhibits=(newest.exhibit,),
        commands=[
            Command(what=tr("The lists on the command line"), line=looked.on_case("lists", "show"))
        ],
    )


def _complaint(looked: Looked, filed: ComplaintFiled) -> Parts:
    decided = decided_in(looked.entries)
    receipt = filed.receipt_at or _at(looked, ComplaintReceipted)
    targets: list[Target] = []
    for name in filed.referrals[:_REFERRALS_OF_A_LIST]:
        line = looked.kept.lists().act(name)
        draft = None if line is None else looked.kept.ledger.pick((line.drafted,))[0].content
        if isinstance(draft, Referral):
            entries = [entry for entry in draft.entries if entry.target == filed.target]
            about = looked.kept.lists().about(name)
            targets += _targets(looked, about, entries[:5], referral=name)
    due = utc(filed.due_at)
    if filed.unconfirmed:
        due = tr(
            "%(time)s; nobody has confirmed %(rules)s", time=due, rules=both(filed.unconfirmed)
        )
    facts = [
        (tr("About"), filed.target or tr("nothing on a list of this case")),
        (tr("Came"), f"{filed.means.value}, {utc(filed.received_at)}"),
        (tr("Receipt"), utc(receipt)),
        (tr("Decide by"), due),
        (tr("Late by its rule"), tr("yes") if filed.late else tr("no")),
    ]
    if decided is not None:
        words = tr("granted") if decided.granted else tr("rejected")
        facts += [
            (tr("Decision"), f"{words}, {decided.by}, {utc(decided.at)}"),
            (tr("Why"), decided.why),
        ]
    commands = [
        Command(
            what=tr("Read it (it is sealed; the reading is recorded)"),
            line=looked.command("complaint", "show", more='--by "YOUR NAME" --why "to decide"'),
        )
    ]
    if filed.rule is None and (decided is None or not decided.granted):
        for what, word in (
            (tr("Grant it: the block ends"), "--grant"),
            (tr("Reject it"), "--reject"),
        ):
            if decided is None or word == "--grant":
                options = f'{word} --as "YOUR NAME" --why "REASON" --seen {looked.seen}'
                commands.append(
                    Command(what=what, line=looked.command("complaint", "decide", more=options))
                )
    return Parts(
        facts=facts,
        steps=[
            (tr("Whoever complained has a receipt"), receipt is not None),
            (tr("One person has decided"), decided is not None or filed.rule is not None),
            (tr("Whoever complained was told"), _at(looked, ComplaintAnswered) is not None),
        ],
        targets=tuple(targets),
        links=[(tr("is about"), name) for name in filed.referrals[:20]],
        exhibits=(filed.exhibit,),
        commands=commands,
    )


def _at(looked: Looked, kind: type[ComplaintReceipted | ComplaintAnswered]) -> datetime | None:
    return next((e.content.at for e in looked.entries if isinstance(e.content, kind)), None)
