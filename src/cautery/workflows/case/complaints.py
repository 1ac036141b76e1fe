"""Complaints about a case's blocks: filed with a clock, decided by a person, released at once.

Nobody has to sign in order to unblock (ADR 0041). A running watch takes up what is filed and
decided here, and makes the next version of each list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.act.complaint import (
    MOST_BYTES,
    Complaint,
    RefusedComplaintError,
    number_of,
    read_complaint,
)
from cautery.act.confirmed import waiting
from cautery.act.jurisdictions import Rule, profile_of
from cautery.act.notice_replies import read_reply, words_of
from cautery.act.ports import PublicFiles
from cautery.canonical import canonical
from cautery.errors import InputError, StorageError
from cautery.model import Mandate, OrderKind, digest_of, iso
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import (
    AnswerKind,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    ReferralPublished,
    kinds_of,
)
from cautery.projections import Complaints, Listed, folded
from cautery.projections.complaints import HEARD
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.referral import confirmations_in, mandate_of
from cautery.workflows.case.unseen import refuse_unseen

NO_ENTRY = "no-entry"
"""The rule that a complaint about a name on no list breaks."""
WHAT = "complaint"
"""What such an exhibit is called."""
_WORDS = re.compile(r"[a-z0-9_.:-]+")
"""One class of letters: a mail of two megabytes without a full stop costs no more than others."""
_MOST_HOSTS = 2_000
MOST_A_DAY = 2_000
"""Complaints from the form that are filed in a day and wait for a decision. Judgement: beyond it
somebody floods the form, from more networks than its server can tell apart; what comes then stays
in the folder, whose server asks for mails instead."""
_DAY = timedelta(days=1)


def complaints_of(ledger: Ledger) -> Complaints:
    """Return the complaints of a case, and what they can be about."""
    return folded(Complaints(), ledger.read(kinds=kinds_of(*HEARD)))


def file_complaint(
    ledger: Ledger, journal: Journal, body: bytes, *, before: Complaints | None = None
) -> ComplaintFiled | None:
    """File a complaint that came by the form; return ``None`` if it was filed before.

    Raises
    ------
    RefusedComplaintError
        If it does not have its form.
    """
    complaint = read_complaint(body)
    complaints = before or complaints_of(ledger)
    return _file(
        ledger,
        journal,
        complaints,
        body,
        number=complaint.number,
        target=complaint.target,
        means=ComplaintMeans.FORM,
        received_at=_not_ahead(complaint, journal.now()),
    )


def file_mail(
    ledger: Ledger,
    journal: Journal,
    mail: bytes,
    *,
    token: str,
    received_at: datetime,
    before: Complaints | None = None,
) -> ComplaintFiled | None:
    """File a complaint that came by mail; return ``None`` if it was filed before.

    It is about the first name or address in it that the case has published.

    Parameters
    ----------
    token : str
        32 hex digits that nobody can guess; its digest gives the number.
    received_at : datetime
        When it arrived, in UTC.

    Raises
    ------
    InputError
        If it is no mail, or too long.
    RefusedComplaintError
        If it is a bounce or an automatic reply.
    """
    if read_reply(mail).what is not AnswerKind.ANSWER:
        raise RefusedComplaintError("automatic", "a machine has sent it")
    complaints = before or complaints_of(ledger)
    return _file(
        ledger,
        journal,
        complaints,
        mail,
        number=number_of(token),
        target=_target_in(mail, complaints.listed),
        means=ComplaintMeans.MAIL,
        received_at=min(received_at, journal.now()),
    )


def _file(
    ledger: Ledger,
    journal: Journal,
    complaints: Complaints,
    body: bytes,
    *,
    number: str,
    target: str | None,
    means: ComplaintMeans,
    received_at: datetime,
) -> ComplaintFiled | None:
    key = journal.pseudonym(str(digest_of(body)))
    # The file is taken away after its record: killed in between, the next run finds it again.
    if key in complaints.keys or number in complaints.filed:
        return None
    listed = complaints.listed.get(target or "", {})
    exhibit = journal.seal(
        body,
        what=WHAT,
        media_type="message/rfc822" if means is ComplaintMeans.MAIL else "application/json",
        at=journal.now(),
        confidential=True,
    )
    mandate = mandate_of(ledger)
    late, due_at, rules = _clock(listed.values(), mandate, received_at)
    filed = ComplaintFiled(
        complaint=number,
        means=means,
        received_at=received_at,
        receipt_at=received_at if means is ComplaintMeans.FORM else None,
        target=target if listed else None,
        referrals=tuple(sorted(listed)),
        rule=None if listed else NO_ENTRY,
        late=late,
        due_at=due_at,
        unconfirmed=waiting(rules, mandate, confirmations_in(ledger)) if rules else (),
        key=key,
        exhibit=exhibit,
        at=journal.now(),
    )
    journal.write(filed)
    complaints.filed[number] = filed
    complaints.keys.add(key)
    return filed


def _clock(
    listed: Iterable[Listed], mandate: Mandate, received_at: datetime
) -> tuple[bool, datetime | None, dict[Rule, None]]:
    """Tell whether a complaint is late, when it has to be decided, and by which rules.

    It is late if it is so by the rule of each territory, and due by the soonest of its orders. It
    is filed also if nobody has confirmed these rules: to refuse it would lose it.
    """
    kinds = {order.id: order.kind for order in mandate.orders}
    late, due_at, rules = [], [], dict[Rule, None]()
    for place in listed:
        profile = profile_of(place.territory)
        days = profile.complaint_days
        late.append(days is not None and received_at > place.at + timedelta(days=days))
        kind = kinds.get(place.order, OrderKind.LIVE)
        due_at.append(received_at + profile.decide_within(kind))
        rules.update(dict.fromkeys(profile.complaint_rules(kind)))
    return bool(late) and all(late), min(due_at, default=None), rules


def _not_ahead(complaint: Complaint, now: datetime) -> datetime:
    """Return when a complaint arrived: a file dated ahead arrived now."""
    # The server that wrote it may be somebody else's by now: a date ahead would put off its
    # decision.
    return min(complaint.at, now)


def _target_in(mail: bytes, listed: Mapping[str, object]) -> str | None:
    count = 0
    for match in _WORDS.finditer(words_of(mail).lower()):
        word = match[0].strip(".-")
        if "." not in word and ":" not in word:
            continue
        # An address with colons as it is; a name with or without a port.
        for candidate in (word, *word.split(":")):
            if candidate in listed:
                return candidate
        count += 1
        if count > _MOST_HOSTS:
            break
    return None


@again_if_passed
def decide(
    ledger: Ledger,
    number: str,
    *,
    granted: bool,
    by: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> ComplaintDecided:
    """Decide on a complaint. One that is granted releases its target; a later decision may do so.

    Parameters
    ----------
    seen : int, optional
        The newest record about it that the person saw: what came since stops the decision.

    Raises
    ------
    InputError
        If there is no such complaint, no name or no reason, it is granted already, or it is about
        nothing that could be released.
    ApprovalError
        If it has gone on since the person saw it.
    """
    size = ledger.size()
    complaints = complaints_of(ledger)
    filed = complaints.filed.get(number)
    if filed is None:
        raise InputError(
            f"this case has no complaint {number[:40]!r}", hint="cautery complaint list CASE"
        )
    if not by.strip() or not why.strip():
        raise InputError("a decision names who decides, and why", hint="Give --as and --why.")
    refuse_unseen(ledger, number, seen=seen)
    before = complaints.decided.get(number)
    if before is not None and (before.granted or not granted):
        words = "granted" if before.granted else "rejected"
        raise InputError(f"complaint {number} was {words} by {before.by}")
    if granted and filed.target is None:
        raise InputError(
            f"complaint {number} is about no target of this case, so there is nothing to release"
        )
    decided = ComplaintDecided(
        complaint=number,
        granted=granted,
        by=by,
        why=why,
        target=filed.target if granted else None,
        referrals=tuple(sorted(complaints.listed.get(filed.target or "", {}))) if granted else (),
        at=now,
    )
    append(
        ledger,
        decided,
        at=now,
        if_unchanged_since=size,
        unless=(ComplaintDecided, ComplaintFiled, ReferralPublished),
    )
    return decided


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What was taken in of a public folder.

    Parameters
    ----------
    filed : tuple of ComplaintFiled
        The records that were made.
    refused : tuple of str
        Why others were not filed; they were taken away.
    unread : tuple of str
        Why others could not be read; they are still there.
    """

    filed: tuple[ComplaintFiled, ...]
    refused: tuple[str, ...]
    unread: tuple[str, ...] = ()


def take_in(ledger: Ledger, journal: Journal, files: PublicFiles) -> TakenIn:
    """File the complaints that wait in a public folder, and show there where each one stands.

    Raises
    ------
    StorageError
        If one cannot be filed or taken away: then it stays there.
    """
    names = files.names("complaints")
    secret = keeps_secrets(mandate_of(ledger)) if names else False
    complaints = complaints_of(ledger) if names else Complaints()
    filed: list[ComplaintFiled] = []
    refused: list[str] = []
    unread: list[str] = []
    room = MOST_A_DAY - _waiting(complaints, journal.now()) if names else 0
    for name in names:
        if len(filed) >= room or len(refused) >= MOST_A_DAY:
            break
        try:
            body = files.head(name, MOST_BYTES + 1)
        except StorageError as error:  # what others sent in does not wait for it
            unread.append(str(error))
            continue
        try:
            record = (
                None if body is None else file_complaint(ledger, journal, body, before=complaints)
            )
        except RefusedComplaintError as error:
            refused.append(f"{name}: {error}")
            files.remove(name)
            continue
        if record is not None:
            filed.append(record)
            show_state(files, record, None, secret=secret)
        # Only now: what fails before this leaves the complaint for the next run.
        files.remove(name)
    return TakenIn(filed=tuple(filed), refused=tuple(refused), unread=tuple(unread))


def _waiting(complaints: Complaints, now: datetime) -> int:
    """Return how many complaints of the form came in a day and wait, also about no entry."""
    return sum(
        complaint.means is ComplaintMeans.FORM
        and complaint.complaint not in complaints.decided
        and complaint.at > now - _DAY
        for complaint in complaints.filed.values()
    )


def keeps_secrets(mandate: Mandate) -> bool:
    """Tell whether a mandate has an order whose list is secret."""
    return any(
        profile_of(order.territory).is_secret(order.kind) is True for order in mandate.orders
    )


def show_state(
    files: PublicFiles,
    filed: ComplaintFiled,
    decided: ComplaintDecided | None,
    *,
    secret: bool,
) -> None:
    """Show in a public folder where a complaint stands.

    Parameters
    ----------
    secret : bool
        Whether a list is secret: then nothing but a decision may tell a complaint about what is on
        it from one about what is not.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    state = "filed" if decided is None else "granted" if decided.granted else "rejected"
    target, due = filed.target or "", filed.due_at
    confirmed = not filed.unconfirmed
    if decided is None and secret:
        target, due, confirmed = "", None, True
    elif decided is None and filed.rule is not None:
        state = filed.rule
    files.write(
        f"decisions/{filed.complaint}.json",
        canonical(
            {
                "state": state,
                "target": target,
                "due": "" if due is None else f"{due:%Y-%m-%d %H:%M} UTC",
                "due_confirmed": confirmed,
                "why": "" if decided is None else decided.why,
                "at": iso(filed.at if decided is None else decided.at),
            }
        ),
    )


def states(complaints: Complaints) -> Iterator[tuple[ComplaintFiled, ComplaintDecided | None]]:
    """Yield each complaint with its decision, the oldest first."""
    for number, filed in complaints.filed.items():
        yield filed, complaints.decided.get(number)
