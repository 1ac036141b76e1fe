"""Complaints with what they reach through: the case, its keys, a public folder, mail."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cautery import wiring
from cautery.act.complaint_mail import receipt_mail, sender_of
from cautery.act.ports import Postbox
from cautery.adapters.mail_files import mails_of
from cautery.adapters.public_folder import PublicFolder
from cautery.adapters.smtp import SmtpPostbox
from cautery.errors import CauteryError, InputError
from cautery.model.records import (
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    ComplaintReceipted,
)
from cautery.wiring.cases import adding_to, reading, writing
from cautery.wiring.postbox import PostboxSettings
from cautery.workflows.case.complaints import (
    WHAT,
    TakenIn,
    complaints_of,
    decide,
    file_mail,
    keeps_secrets,
    show_state,
    take_in,
)
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.open import Case
from cautery.workflows.case.referral import mandate_of

_WAITS_S = (2.0, 10.0)
"""Between tries: a receipt comes within a minute, or in the next round."""
_DUE = timedelta(days=1)
"""A receipt that could not be sent for so long is sent no more."""
of = complaints_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where complaints are taken from, and how a mail is answered.

    Parameters
    ----------
    public : Path or None
        A public folder.
    mails : tuple of Path
        Mails, mbox files and Maildir folders.
    postbox : PostboxSettings or None
        How receipts are sent; ``None``: none is.
    url : str or None
        Where the public pages are; ``None``: receipts name none.
    """

    public: Path | None
    mails: tuple[Path, ...]
    postbox: PostboxSettings | None
    url: str | None


def take(case_path: Path, sources: Sources, *, keys_dir: Path | None) -> TakenIn:
    """File the complaints that have come in, and send a receipt for each mail.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with writing(case_path, keys_dir=keys_dir) as case:
        journal = journal_of(case)
        filed: list[ComplaintFiled] = []
        refused: list[str] = []
        if sources.public is not None:
            taken = take_in(case.ledger, journal, PublicFolder(sources.public))
            filed += taken.filed
            refused += taken.refused
        tokens: dict[str, str] = {}
        secret = keeps_secrets(mandate_of(case.ledger))
        for mail, arrived_at in (each for path in sources.mails for each in mails_of(path)):
            received_at = arrived_at or case.clock.now()
            token = secrets.token_hex(16)
            try:
                record = file_mail(case.ledger, journal, mail, token=token, received_at=received_at)
            except InputError as error:
                refused.append(f"a mail: {error}")
                continue
            if record is not None:
                filed.append(record)
                tokens[record.complaint] = token
                if sources.public is not None:
                    show_state(PublicFolder(sources.public), record, None, secret=secret)
        if sources.postbox is not None and sources.postbox.mail is not None:
            box = SmtpPostbox(sources.postbox.mail, waits_s=_WAITS_S)
            _send_receipts(case, journal, box, tokens=tokens, url=sources.url)
        return TakenIn(filed=tuple(filed), refused=tuple(refused))


def _send_receipts(
    case: Case, journal: Journal, box: Postbox, *, tokens: Mapping[str, str], url: str | None
) -> None:
    """Send the receipts that are due; the first that fails is on record, and the rest wait.

    Parameters
    ----------
    tokens : mapping of str to str
        By number, the token of what was filed just now: it is kept nowhere.
    """
    complaints, now = complaints_of(case.ledger), case.clock.now()
    for filed in complaints.filed.values():
        is_mail = filed.means is ComplaintMeans.MAIL
        if not is_mail or filed.complaint in complaints.receipted or now - filed.at > _DUE:
            continue
        to = sender_of(journal.unseal(filed.exhibit, what=WHAT))
        if to is None or to == box.sender:
            continue
        token = tokens.get(filed.complaint)
        receipt = receipt_mail(
            sender=box.sender,
            to=to,
            number=filed.complaint,
            message_id=f"<{secrets.token_hex(16)}@{box.sender.rpartition('@')[2]}>",
            at=now,
            due=filed.due_at,
            page=None if url is None or token is None else f"{url.rstrip('/')}/complaint/{token}",
        )
        try:
            asyncio.run(box.send(box.signed(receipt), to=to))
        except CauteryError as error:
            journal.fail("receipt", filed.complaint, error)
            return
        journal.write(ComplaintReceipted(complaint=filed.complaint, at=case.clock.now()))


def text_of(case_path: Path, number: str, *, keys_dir: Path | None) -> tuple[ComplaintFiled, bytes]:
    """Return a complaint and what was sent in, opened with the keys of the case.

    Raises
    ------
    CauteryError
        If there is no such complaint, or it cannot be opened.
    """
    with writing(case_path, keys_dir=keys_dir) as case:
        filed = complaints_of(case.ledger).filed.get(number)
        if filed is None:
            raise InputError(
                f"this case has no complaint {number[:40]!r}", hint="cautery complaint list CASE"
            )
        journal = journal_of(case)
        return filed, journal.unseal(filed.exhibit, what=WHAT)


def decided(
    case_path: Path, number: str, *, granted: bool, by: str, why: str, public: Path | None
) -> ComplaintDecided:
    """Decide on a complaint of a case that may be watched at this moment by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with adding_to(case_path) as ledger:
        decision = decide(ledger, number, granted=granted, by=by, why=why, now=wiring.clock().now())
    if public is not None:
        with reading(case_path) as case:
            filed = complaints_of(case.ledger).filed[number]
        show_state(PublicFolder(public), filed, decision, secret=False)
    return decision
