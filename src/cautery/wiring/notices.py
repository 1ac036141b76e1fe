"""Notices with what they reach through: the case's ledger, people's keys, mail and an API."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from cautery import wiring
from cautery.act.signatures import PasskeyAnswer
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.mail_files import mails_of
from cautery.adapters.person_keys import load_approver
from cautery.adapters.smtp import WAITS_S, SmtpPostbox
from cautery.adapters.xarf_api import XarfApi, check_report
from cautery.errors import InputError, UnaskedError
from cautery.model import Addressee, Approval, Digest, ExhibitId
from cautery.model.ports import Ledger
from cautery.model.records import (
    AnswerKind,
    NoticeSending,
    NoticeSent,
    NoticeUnsent,
    NoticeWithdrawn,
)
from cautery.projections.decoys import UNANSWERED
from cautery.wiring.cases import adding_to, reading, reading_signed, reading_store, writing
from cautery.wiring.facts import known_facts, named_folder
from cautery.wiring.postbox import ApiSettings, PostboxSettings
from cautery.workflows.case.journal import journal_of
from cautery.workflows.case.lawful import look_again
from cautery.workflows.case.notice_drafting import Draft, draft_into
from cautery.workflows.case.notice_replies import FiledReplies, file_replies
from cautery.workflows.case.notice_sending import (
    Sending,
    approved_to_ask,
    hand_in,
    mail_of,
    ready_to_send,
    send_mail,
    settle_sending,
)
from cautery.workflows.case.notices import approve_notice_in, notices_of, withdraw_notice
from cautery.workflows.case.open import Case, refuse_closed
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.decoys.ask import AskedKeeper
from cautery.workflows.decoys.gate import KeeperGate

of = notices_of
_CLOSED = (
    "Nothing can be added to a closed case. A watch into a new folder proves the streams again and "
    "drafts new notices; with keep_open = true in its mandate, or --keep-open, its case stays open "
    "for them."
)


def refuse_closed_case(case_path: Path) -> None:
    """Raise if a case is closed: its notices can only be read.

    Raises
    ------
    InputError
        If so; it says what to do instead.
    """
    refuse_closed(case_path, reading_store(), otherwise=_CLOSED)


def draft(
    case_path: Path,
    addressee_of: Callable[[Addressee | None], Addressee],
    *,
    name: str,
    notifier_email: str | None,
    urls: Collection[str],
    event: str | None,
    shown_by: Iterable[ExhibitId],
    replaces: str | None,
    dry_run: bool,
    seen: int | None = None,
) -> Draft:
    """Draft a notice into a case that may be watched at this moment by another process.

    Parameters
    ----------
    addressee_of : callable
        Returns the addressee, given that of the draft which this one replaces.
    seen : int, optional
        The newest record about the draft to replace that the person saw.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    if not dry_run:
        refuse_closed_case(case_path)
    before = None
    if replaces is not None:
        with reading(case_path) as case:
            before = notices_of(case.ledger).draft(replaces)
    addressee = addressee_of(None if before is None else before.addressee)

    def drafted(ledger: Ledger) -> Draft:
        return draft_into(
            ledger,
            addressee,
            name=name,
            notifier_email=notifier_email or (None if before is None else before.notifier_email),
            now=wiring.clock().now(),
            urls=urls,
            event=event,
            shown_by=tuple(shown_by) or (() if before is None else before.shown_by),
            replaces=replaces,
            dry_run=dry_run,
            seen=seen,
        )

    if dry_run:
        with reading(case_path) as case:
            return drafted(case.ledger)
    with adding_to(case_path) as ledger:
        return drafted(ledger)


def approve(
    case_path: Path,
    notice: str,
    *,
    shown: Digest,
    name: str,
    key: Path | PasskeyAnswer,
    seen: int | None = None,
) -> Approval:
    """Sign a notice of a case that may be watched at this moment by another process.

    Parameters
    ----------
    key : Path or PasskeyAnswer
        File of the person's key; or what the person's passkey signed.
    seen : int, optional
        The newest record about it that the person saw.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    refuse_closed_case(case_path)
    signing = load_approver(key) if isinstance(key, Path) else key
    with adding_to(case_path) as ledger:
        # The draft may be old, and its addresses another's by now.
        asyncio.run(
            look_again(
                ledger,
                notice,
                names=lambda mandate: DnsNames(mandate.network.resolver),
                facts=lambda: known_facts(named_folder(None)),  # no record says where it lies
                now=wiring.clock().now,
            )
        )
        return approve_notice_in(
            ledger,
            notice,
            shown=shown,
            name=name,
            key=signing,
            now=wiring.clock().now(),
            seen=seen,
        )


def withdraw(
    case_path: Path, notice: str, *, name: str, why: str, seen: int | None = None
) -> tuple[NoticeWithdrawn, NoticeSending | None]:
    """Withdraw a notice of a case; return a sending that is under way, too.

    Parameters
    ----------
    seen : int, optional
        The newest record about it that the person saw.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    refuse_closed_case(case_path)
    with adding_to(case_path) as ledger:
        return withdraw_notice(
            ledger, notice, name=name, why=why, now=wiring.clock().now(), seen=seen
        )


def send(
    case_path: Path,
    notice: str,
    *,
    postbox: PostboxSettings,
    by_api: bool,
    name: str,
    remind: bool,
    confirmed: Mapping[str, str],
    keys_dir: Path | None,
    waits_s: Sequence[float] = WAITS_S,
) -> NoticeSent:
    """Send an approved notice by mail or to an API, once.

    Raises
    ------
    CauteryError
        As the workflow says, or if another process is sending one.
    """
    refuse_closed_case(case_path)
    with writing(case_path, keys_dir=keys_dir) as case, _alone(case_path):
        asyncio.run(_ask_keeper(case, notice, remind=remind, confirmed=confirmed))
        sending = ready_to_send(case, notice, remind=remind, confirmed=confirmed)
        if not by_api:
            box = _box(postbox, waits_s)
            return asyncio.run(
                send_mail(
                    case,
                    sending,
                    postbox=box,
                    check=check_report,
                    name=name,
                    token=secrets.token_hex(16),
                )
            )
        if postbox.api is None:
            raise InputError("the file of mail settings has no [api] table")
        return asyncio.run(_hand_in(case, sending, postbox.api, name=name, waits_s=waits_s))


def preview(
    case_path: Path,
    notice: str,
    *,
    postbox: PostboxSettings,
    remind: bool,
    confirmed: Mapping[str, str],
) -> bytes:
    """Return the mail that would be sent now, after every check; nothing leaves, nothing is kept.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with reading_signed(case_path) as case:
        sending = ready_to_send(case, notice, remind=remind, confirmed=confirmed)
        mail, _ = mail_of(
            sending,
            postbox=_box(postbox, WAITS_S),
            check=check_report,
            token=secrets.token_hex(16),
            at=case.clock.now(),
        )
        return mail


def settle(
    case_path: Path, notice: str, *, arrived: bool, name: str, keys_dir: Path | None
) -> NoticeSent | NoticeUnsent:
    """Record what a person has found out of a sending that was cut off.

    Raises
    ------
    CauteryError
        As the workflow says, or if another process is sending a notice.
    """
    refuse_closed_case(case_path)
    with writing(case_path, keys_dir=keys_dir) as case, _alone(case_path):
        return settle_sending(case, notice, arrived=arrived, name=name)


def _alone(case_path: Path) -> AbstractContextManager[None]:
    return reading_store().alone_with(case_path, doing="sending a notice of this case")


def _box(postbox: PostboxSettings, waits_s: Sequence[float]) -> SmtpPostbox:
    if postbox.mail is None:
        raise InputError("the file of mail settings has no [mail] table")
    return SmtpPostbox(postbox.mail, waits_s=waits_s)


async def _ask_keeper(
    case: Case, notice: str, *, remind: bool, confirmed: Mapping[str, str]
) -> None:
    """Ask the keeper of the decoys about an approved notice, if decoys are planned."""
    opening = opening_of(case.ledger)
    policy = opening.mandate.decoys
    if policy is None:
        return
    act, approvals = approved_to_ask(case, notice, remind=remind, confirmed=confirmed)
    network = opening.mandate.network
    # A case holds no place of an own service: the keeper proves who it is by the system's roots.
    client = PoliteClient(
        replace(network, facts=None, rdap=None), DnsNames(network.resolver), case.clock
    )
    async with client:
        gate = KeeperGate(
            case.ledger,
            keeper=AskedKeeper(policy.keeper, client),
            signed_for=opening.signed_for,
            journal=journal_of(case),
            random=secrets.token_bytes,
        )
        try:
            await gate.ask(act, approvals)
        except UnaskedError as error:
            journal_of(case).fail(UNANSWERED, act.id, error)
            raise


async def _hand_in(
    case: Case, sending: Sending, settings: ApiSettings, *, name: str, waits_s: Sequence[float]
) -> NoticeSent:
    policy = mandate_of(case.ledger).network
    client = PoliteClient(
        replace(policy, facts=None, rdap=None),
        DnsNames(policy.resolver),
        case.clock,
        services=(settings.service,),
    )
    async with client:
        api = XarfApi(settings.url, client, token=settings.token, waits_s=waits_s)
        return await hand_in(case, sending, api=api, name=name)


def replies(
    case_path: Path,
    files: Iterable[Path],
    *,
    what: AnswerKind | None,
    name: str | None,
    keys_dir: Path | None,
) -> FiledReplies:
    """File the mails of mbox files, Maildir folders and single mails into a case.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    refuse_closed_case(case_path)
    mails = (mail for file in files for mail, _ in mails_of(file))
    with writing(case_path, keys_dir=keys_dir) as case:
        return file_replies(case, mails, what=what, name=name)
