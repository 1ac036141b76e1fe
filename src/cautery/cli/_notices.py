"""Notices as a terminal shows them: what a signature covers, and where each stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from cautery.act.addressees import FORMS
from cautery.act.lint_notice import NoticeFinding
from cautery.act.notice import WATCH
from cautery.cli import render
from cautery.cli._signing import to_sign
from cautery.messages import say
from cautery.model import Notice, digest
from cautery.workflows.case.notices import CaseNotices


def notice_text(notice: Notice, case: CaseNotices) -> str:
    """Return all that a signature under a notice covers, and what it would expose the sender to.

    The statement is text that leaves the building, so each of its lines is marked.
    """
    addressee = notice.addressee
    lines = [
        f"notice     {notice.id}" + (f", replaces {notice.replaces}" if notice.replaces else ""),
        f"case       {case.opening.signed_for.case}, mandate {case.mandate.id}",
        f"mandate    {case.opening.standing().words}",
        f"form       {notice.form}: {notice.legal_basis}",
        *(
            f"waits for  the rule {rule}, which nobody has confirmed: nothing is sent before"
            for rule in case.waits_for(notice)
        ),
        f"to         {addressee.name} ({addressee.kind.value})",
        f"address    {addressee.contact or 'none yet'}",
        f"located by {_located(notice)}",
        f"event      {notice.event or 'none'}",
        f"drafted    {notice.drafted_at:%Y-%m-%d %H:%M:%SZ} by {_drafter(notice)}",
        f"URLs       {len(notice.urls)}",
        *_exposure_lines(notice, case),
        "statement",
        *(f"| {line}" for line in notice.statement.splitlines()),
    ]
    text = "\n".join(render.printable(line) for line in lines)
    return f"{text}\n\n{to_sign(digest(notice))}"


def _drafter(notice: Notice) -> str:
    """Return who drafted a notice, and that a person's name is only given there."""
    if notice.drafted_by == WATCH:
        return "the watch"
    return f"{notice.drafted_by} (a name that nobody has proven)"


def _located(notice: Notice) -> str:
    addressee = notice.addressee
    ways = (
        *(() if addressee.asn is None else (f"AS {addressee.asn}",)),
        *addressee.prefixes,
        *addressee.domains,
        *notice.shown_by,
    )
    return ", ".join(ways) or "its name"


def _exposure_lines(notice: Notice, case: CaseNotices) -> Iterator[str]:
    """Yield how earlier notices fared, where articles 22 and 23 of the DSA weigh that."""
    if not FORMS[notice.addressee.kind].exposed:
        return
    fared = case.notices.exposure(notice.addressee.name)
    yield (
        f"exposure   DSA articles 22 and 23, in this case: {fared.sent} sent, {fared.acted} acted "
        f"on, {fared.rejected} rejected, {fared.unfounded} manifestly unfounded, "
        f"{fared.withdrawn} withdrawn"
    )


def show_findings(findings: Iterable[NoticeFinding]) -> None:
    """Print what is wrong with a notice as a table."""
    render.table(
        ("rule", "URL", "what is wrong"),
        ((finding.rule, finding.url or "", say(finding.text)) for finding in findings),
    )


def show_notices(case: CaseNotices, now: datetime) -> None:
    """Print where each notice stands, then how each addressee fares."""
    notices = case.notices
    render.table(
        ("id", "to", "URLs", "state", "approved by", "sent", "answered", "hours to takedown"),
        (
            (
                number,
                f"{notice.addressee.name} ({notice.addressee.kind.value})",
                str(len(notice.urls)),
                say(notices.state(number, now)),
                "\n".join(approval.approver for approval in case.approvals(notice)),
                "\n".join(
                    f"{sending.at:%Y-%m-%d %H:%M:%SZ}" for sending in notices.sent.get(number, ())
                ),
                _answer(case, number),
                _hours(notices.takedown_h(number)),
            )
            for number, notice in notices.drafts.items()
        ),
    )
    names = dict.fromkeys(notices.drafts[number].addressee.name for number in notices.sent)
    if not names:
        return
    fared = {name: notices.exposure(name) for name in names}
    render.table(
        ("addressee", "sent", "acted on", "rejected", "unfounded", "withdrawn", "median hours"),
        (
            (
                name,
                exposure.sent,
                exposure.acted,
                exposure.rejected,
                exposure.unfounded,
                exposure.withdrawn,
                _hours(notices.median_takedown_h(name)),
            )
            for name, exposure in fared.items()
        ),
    )


def _answer(case: CaseNotices, number: str) -> str:
    what = case.notices.answered(number)
    return "" if what is None else f"claims: {what.value}"


def _hours(hours: float | None) -> str:
    return "" if hours is None else f"{hours:.2f}"
