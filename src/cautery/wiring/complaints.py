"""Complaints with what they reach through: the case, its keys, a public folder, mail."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery import wiring
from cautery.adapters.mail_files import mails_of
from cautery.adapters.public_folder import PublicFolder
from cautery.adapters.smtp import SmtpPostbox
from cautery.errors import InputError
from cautery.model.records import ComplaintDecided, ComplaintFiled
from cautery.wiring.cases import adding_to, reading, writing
from cautery.wiring.custody import note_opening
from cautery.wiring.postbox import PostboxSettings
from cautery.workflows.case.complaint_mails import send_mails
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
    """File the complaints that have come in; send a receipt for each mail, and each decision.

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
            outcome = take_in(case.ledger, journal, PublicFolder(sources.public))
            filed += outcome.filed
            refused += outcome.refused + outcome.unread
        tokens: dict[str, str] = {}
        secret = keeps_secrets(mandate_of(case.ledger))
        complaints_before = complaints_of(case.ledger)
        for mail, arrived_at in (
            mail_file for path in sources.mails for mail_file in mails_of(path)
        ):
            received_at = arrived_at or case.clock.now()
            token = secrets.token_hex(16)
            try:
                record = file_mail(
                    case.ledger,
                    journal,
                    mail,
                    token=token,
                    received_at=received_at,
                    before=complaints_before,
                )
            except InputError as error:
                refused.append(f"a mail: {error}")
                continue
            if record is not None:
                filed.append(record)
                tokens[record.complaint] = token
                if sources.public is not None:
                    show_state(PublicFolder(sources.public), record, None, secret=secret)
        _send_mails(case, journal, sources.postbox, tokens=tokens, url=sources.url)
        return TakenIn(filed=tuple(filed), refused=tuple(refused))


def _send_mails(
    case: Case,
    journal: Journal,
    postbox: PostboxSettings | None,
    *,
    tokens: Mapping[str, str],
    url: str | None,
) -> None:
    if postbox is not None and postbox.mail is not None:
        box = SmtpPostbox(postbox.mail, waits_s=_WAITS_S)
        asyncio.run(
            send_mails(
                case, journal, box, tokens=tokens, url=url, random=lambda: secrets.token_hex(16)
            )
        )


def text_of(
    case_path: Path, number: str, *, by: str | None, why: str, keys_dir: Path | None
) -> tuple[ComplaintFiled, bytes]:
    """Return a complaint and what was sent in, opened with the keys of the case.

    The chain of custody says who opened it before anybody has it.

    Parameters
    ----------
    by : str or None
        Who opens it; ``None``: whoever is logged in.

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
        text = journal_of(case).unseal(filed.exhibit, what=WHAT)
    exhibit = filed.exhibit
    note_opening(case_path, what=exhibit, digest=exhibit, by=by, why=why, copied=False)
    return filed, text


def decided(
    case_path: Path,
    number: str,
    *,
    granted: bool,
    by: str,
    why: str,
    public: Path | None,
    postbox: PostboxSettings | None,
    keys_dir: Path | None,
    seen: int | None = None,
) -> ComplaintDecided:
    """Decide on a complaint of a case that may be watched at this moment by another process.

    Parameters
    ----------
    postbox : PostboxSettings or None
        How the decision is sent to whoever complained; ``None``: it is not sent now.
    seen : int, optional
        The newest record about it that the person saw.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with adding_to(case_path) as ledger:
        decision = decide(
            ledger,
            number,
            granted=granted,
            by=by,
            why=why,
            now=wiring.clock().now(),
            seen=seen,
        )
    if public is not None:
        with reading(case_path) as case:
            filed = complaints_of(case.ledger).filed[number]
        show_state(PublicFolder(public), filed, decision, secret=False)
    if postbox is not None:
        with writing(case_path, keys_dir=keys_dir) as case:
            _send_mails(case, journal_of(case), postbox, tokens={}, url=None)
    return decision
