"""What a person is shown before a signature, and the question: nobody signs the unseen."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

import typer

from cautery.act import terms_lines, terms_of
from cautery.act.four_words import four_words
from cautery.cli import render
from cautery.errors import ApprovalError
from cautery.messages import say
from cautery.model import BlockEntry, Digest, Mandate, Override, digest_of, iso
from cautery.workflows.case.opening import Opening
from cautery.workflows.case.referral import FiledReferral
from cautery.workflows.mandate.fixture_approvals import listed_fixtures


def on_a_terminal() -> bool:
    """Tell whether somebody sees what the command says, and can answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(shown: str, *, question: str, hint: str) -> None:
    """Show what will be signed, and ask; where nobody would see it, refuse.

    Raises
    ------
    ApprovalError
        If there is no terminal, or the answer is no.
    """
    if not on_a_terminal():
        raise ApprovalError("signing needs a terminal, which shows what is to be signed", hint=hint)
    render.say(shown)
    if not typer.confirm(render.printable(question), default=False, err=True):
        raise ApprovalError("nothing was signed")


def refuse_another(subject: Digest, expected: Digest | None, *, what: str) -> None:
    """Raise if what would be shown is not what a digest names.

    Raises
    ------
    ApprovalError
        If so.
    """
    if expected is not None and subject != expected:
        raise ApprovalError(
            f"{what} differs from the one that was shown: its digest is {subject}, not {expected}",
            hint="Read it again where you got the digest from.",
        )


def to_sign(subject: Digest, more: str = "") -> str:
    """Return a digest with its four words, which every other screen shows of the same act.

    The digest comes last: scripts take it from there.
    """
    return f"four words      {four_words(subject)}\ndigest to sign  {subject}{more}"


def referral_text(filed: FiledReferral, opening: Opening) -> str:
    """Return all that a signature under a referral covers: first what is blocked, by its entries.

    The statement is text of whoever drafted it, so each of its lines is marked.
    """
    referral = filed.referral
    span = f"{referral.window.start:%Y-%m-%d %H:%M:%SZ} to {referral.window.end:%Y-%m-%d %H:%M:%SZ}"
    lines = [
        f"referral   {referral.id}",
        f"case       {opening.signed_for.case}, mandate {opening.mandate.id}",
        f"mandate    {opening.standing().words}",
        *_lists_line(opening),
        f"order      {referral.order}, in {referral.territory}",
        f"event      {referral.event or 'none'}",
        f"window     {span}",
        *(
            f"waits for  the rule {rule}, which nobody has confirmed: no list has it before"
            for rule in filed.waits_for
        ),
        f"entries    {len(referral.entries)}",
        *(line for entry in referral.entries for line in _entry_lines(entry)),
        "statement",
        *(f"| {line}" for line in referral.statement.splitlines()),
    ]
    text = "\n".join(render.printable(line) for line in lines)
    return f"{text}\n\n{to_sign(filed.digest)}"


def _lists_line(opening: Opening) -> Iterable[str]:
    if opening.mandate.lists is not None:
        yield f"lists      of the organisation, key {opening.mandate.lists.key}"


def _entry_lines(entry: BlockEntry) -> Iterable[str]:
    guard, high = entry.guard, entry.guard.collateral.high
    yield f"  {entry.lever.value} {entry.target}, until {entry.valid_until:%Y-%m-%d %H:%M:%SZ}"
    yield (
        f"    guard: {guard.decision.value} {guard.lever.value} {guard.target}; bystanders "
        f"{guard.collateral.low} to {'unknown' if high is None else high}"
    )
    for name in guard.collateral.names:
        yield f"    bystander {name}"
    for reason in guard.reasons:
        yield f"    because {' '.join(say(reason.text).split())}"
    if guard.override is not None:
        yield f"    overridden by {' and '.join(guard.override.by)}: {guard.override.reason}"
    for exhibit in entry.exhibits:
        yield f"    exhibit {exhibit}"


def overrides_text(overrides: Mapping[Digest, Override]) -> str:
    """Return all that signatures under overrides cover."""
    lines = []
    for subject, override in overrides.items():
        bystanders = "not stated" if override.bystanders is None else str(override.bystanders)
        lines += [
            f"override   {override.target}",
            f"by         {' and '.join(override.by)}",
            f"from       {override.at:%Y-%m-%d %H:%M:%SZ} to {override.until:%Y-%m-%d %H:%M:%SZ}",
            f"bystanders at most {bystanders}",
            *(f"| {line}" for line in override.reason.splitlines()),
            *to_sign(subject).splitlines(),
            "",
        ]
    return "\n".join(render.printable(line) for line in lines)


def mandate_text(mandate: Mandate, raw: bytes) -> str:
    """Return what a person signs under a mandate: terms, file by its digest, and fixtures."""
    lines = terms_lines(terms_of(mandate))
    lines.append(f"{'sources':<18} {len(mandate.sources)}, listed in the file")
    listed = listed_fixtures(mandate)
    if listed:
        lines.append(f"{'fixtures':<18} {len(listed)}, of its calendars")
        lines += (f"  {iso(fixture.kick_off)} {fixture.name}" for fixture in listed)
    text = "\n".join(render.printable(line) for line in lines)
    return f"{text}\n\n{to_sign(digest_of(raw), '  (the same as sha256sum prints)')}"


def say_passed_over(passed_over: Mapping[str, int]) -> None:
    """Say how many records of a case were passed over, and why."""
    for why, count in passed_over.items():
        verb = "1 record was" if count == 1 else f"{count} records were"
        render.say(f"{verb} skipped: {why}")
