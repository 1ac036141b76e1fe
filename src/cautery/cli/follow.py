"""``cautery follow``: what grows back after a case, proposed day by day; people decide."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery.act.descents import decision_subject, proposal_digest, review_subject
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._signing import ask
from cautery.drawing.formatting import counted
from cautery.errors import ApprovalError, InputError
from cautery.messages import say, word
from cautery.model import Digest
from cautery.model.descent import TraitKind
from cautery.model.records import DescentState, FollowBegun, LeftOut
from cautery.projections.following import Following
from cautery.wiring import following as wired
from cautery.workflows.follow.decide import proposal_named
from cautery.workflows.follow.table import COLUMNS, cells_of, not_counted, row_of, to_decide
from cautery.workflows.mandate.signers import read_signers

_MOST_ROWS = 100
_DAYS = ["%Y-%m-%d"]


@render.tabular
def follow(
    case: Annotated[
        Path, typer.Argument(help="The case whose network was struck: a watch's or an operation's.")
    ],
    mandate: Annotated[
        Path | None,
        typer.Option("--mandate", help="Mandate with a [follow] table; needed to begin."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option("--into", help="Folder of the case that follows; default: CASE-follow."),
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--seen",
            help="What was seen: seen.jsonl, a playlist (.m3u), an export of a certificate log or "
            "of passive DNS (.csv, .json), a folder of these, or a watch's case; may be repeated.",
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=_DAYS, metavar="YYYY-MM-DD", help="Last day that is taken; default: today."
        ),
    ] = None,
    acted: Annotated[
        datetime | None,
        typer.Option(
            "--acted",
            formats=_DAYS,
            metavar="YYYY-MM-DD",
            help="Day of the act, when the following begins; default: the first act on record.",
        ),
    ] = None,
    traits: Annotated[
        Path | None,
        typer.Option(
            help="Also follow the traits that others state: traits.json, at the beginning."
        ),
    ] = None,
    facts: Annotated[
        Path | None,
        typer.Option(help="Facts folder: who hosts an address; default: the mandate's."),
    ] = None,
    confirm: Annotated[
        str | None,
        typer.Option("--confirm", metavar="ID", help="Sign that a proposal is a descendant."),
    ] = None,
    reject: Annotated[
        str | None, typer.Option("--reject", metavar="ID", help="Sign that a proposal is none.")
    ] = None,
    reviewed: Annotated[
        datetime | None,
        typer.Option(
            "--reviewed",
            formats=_DAYS,
            metavar="YYYY-MM-DD",
            help="Sign that it was reviewed and goes on until this day.",
        ),
    ] = None,
    why: Annotated[
        str | None, typer.Option("--why", help="The reason, which stands in the record.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--as", help="Your name, as an approver of the mandate.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", help="Your signing key (PEM, mode 0600).")
    ] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", help="Digest of what you sign, without a terminal.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML file with [[signer]]; two of them must have signed."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per proposal.")] = False,
) -> None:
    """Follow what grows back after a case: propose descendants, with odds, reasons and days.

    What the case knew becomes a set of traits of infrastructure. They are looked for in what came
    since the last day, a day at a time; each day knows only what had come by then. A second run
    with the same files adds nothing. The following has its own case and its own mandate, which says
    until when it holds, when it is reviewed, and what may be looked at. No person is followed.

    A proposal is a hypothesis. Analysts confirm or reject it, which teaches the odds; also a
    confirmed descendant is no evidence, and no act rests on it. Watch it, and prove it.

    Example: cautery follow cases/md34 --mandate follow.toml --seen seen.jsonl --seen lists/
    """
    place = into or wired.folder_of(case)
    deciding = [("--confirm", confirm), ("--reject", reject), ("--reviewed", reviewed)]
    options = [option for option, value in deciding if value is not None]
    if len(options) > 1:
        raise InputError(f"{' and '.join(options)}: give one of them at a time")
    if options:
        if sources or mandate or until or acted or traits:
            raise InputError(f"{options[0]} decides and takes nothing: give it without --seen")
        signing = _Signing(place, why=why, name=name, key=key, digest=digest)
        if reviewed is not None:
            signing.review(reviewed.date())
        else:
            signing.decide(str(confirm or reject), confirmed=confirm is not None)
        return
    for option, value in (("--why", why), ("--as", name), ("--key", key), ("--digest", digest)):
        if value is not None:
            raise InputError(
                f"{option}: nothing is signed", hint="Add --confirm ID or --reject ID."
            )
    if not sources and mandate is None and wired.is_case(place):
        with wired.followed_in(place) as following:
            _show(following, json=json)
        return
    with Progress("following", None) as progress:
        result = wired.follow(
            case,
            place,
            mandate_file=mandate,
            sources=sources or (),
            traits=traits,
            acted_on=None if acted is None else acted.date(),
            until=None if until is None else until.date(),
            facts=facts,
            keys_dir=keys,
            signers=None if signers is None else read_signers(signers),
            doing=progress.doing,
        )
    if result.standing:
        render.say(render.printable(f"mandate {result.standing}"))
    if result.is_new and result.following.begun is not None:
        _say_traits(result.following.begun)
    _say_run(result, place)
    _show(result.following, json=json)


class _Signing:
    """What one person signs in a case that follows."""

    def __init__(
        self,
        place: Path,
        *,
        why: str | None,
        name: str | None,
        key: Path | None,
        digest: str | None,
    ) -> None:
        missing = [
            option
            for option, value in (("--why", why), ("--as", name), ("--key", key))
            if value is None
        ]
        if missing or why is None or name is None or key is None:
            raise InputError(
                f"a signature needs {', '.join(missing)}",
                hint='Give --why TEXT --as "A. Analyst" --key FILE.',
            )
        self._place, self._why, self._name, self._key = place, why.strip(), name, key
        self._digest = None if digest is None else Digest(digest)

    def decide(self, id: str, *, confirmed: bool) -> None:
        """Sign a decision on a proposal."""
        with wired.followed_in(self._place) as following:
            proposed = proposal_named(following, id).proposed
        subject = decision_subject(proposal_digest(proposed), confirmed=confirmed, why=self._why)
        self._ask(subject, to_decide(proposed, confirmed=confirmed, why=self._why))
        wired.decide_on(
            self._place,
            id,
            confirmed=confirmed,
            why=self._why,
            shown_digest=subject,
            name=self._name,
            key=self._key,
        )
        what = "confirmed as a descendant" if confirmed else "rejected"
        render.say(
            render.printable(
                f"{proposed.proposal.entity} is {what} by {self._name}; the odds learn"
            )
        )
        if confirmed:
            render.say("this is still no evidence: watch it and prove it before any act")

    def review(self, until: date) -> None:
        """Sign a review."""
        with wired.followed_in(self._place) as following:
            due = following.review_due
        subject = review_subject(until.isoformat(), self._why)
        self._ask(
            subject,
            f"review     of {self._place}; was due after {due}\n"
            f"goes on    until {until}\n"
            f"because    {self._why}\n\n"
            f"digest to sign  {subject}",
        )
        reviewed = wired.review_following(
            self._place,
            until=until,
            why=self._why,
            shown_digest=subject,
            name=self._name,
            key=self._key,
        )
        render.say(
            render.printable(f"{self._name} has reviewed it; it goes on to {reviewed.until}")
        )

    def _ask(self, subject: Digest, text_to_sign: str) -> None:
        text = "\n".join(render.printable(line) for line in text_to_sign.splitlines())
        if self._digest is None:
            ask(
                text,
                question=f"Sign this as {render.printable(self._name)}?",
                hint=f"Give --digest {subject} if you have read:\n{text}",
            )
        elif self._digest != subject:
            raise ApprovalError(
                f"the digest of what you would sign is {subject}, not {self._digest}",
                hint=f"Read it:\n{text}",
            )


def _say_traits(begun: FollowBegun) -> None:
    """Say what the case has of each kind, and what it has none of."""
    counts = {count.kind: count.count for count in begun.traits}
    render.say(f"follows {render.printable(begun.name)} ({begun.case}), struck on {begun.acted_on}")
    render.say("traits: " + ", ".join(f"{word(kind)} {count}" for kind, count in counts.items()))
    absent = [word(kind) for kind in TraitKind if kind not in counts]
    if absent:
        render.say(f"it has none of: {', '.join(absent)}")
    _say_left_out(begun.left_out)


def _say_left_out(rows: tuple[LeftOut, ...]) -> None:
    for left in rows:
        render.say(f"left out: {left.count:,} x {say(left.why)}")


def _say_run(result: wired.Followed, place: Path) -> None:
    following, intake, advanced = result.following, result.intake, result.advanced
    if result.waits_for_review:
        render.say(
            f"its review was due on {following.review_due}: nothing is taken or proposed until an "
            f"approver reviews it: cautery follow CASE --reviewed DAY --why ... --as ... --key ..."
        )
    if intake is not None:
        for line in intake.warnings:
            render.say(render.printable(line))
        sources = ", ".join(f"{word(source)} {n:,}" for source, n in sorted(intake.counts.items()))
        render.say(f"brought: {sources or 'nothing that may be used'}")
        _say_left_out(LeftOut.of(intake.left_out))
        record = advanced.record
        if record is None:
            render.say("no new day: nothing was added")
        else:
            render.say(
                f"took {counted(len(record.days), 'day')}, {record.first} to {record.last}; "
                f"{counted(len(advanced.proposed), 'proposal')}"
            )
        if advanced.waiting:
            render.say(f"{counted(advanced.waiting, 'trait')} wait for a later day")
    render.say(f"case that follows: {place}")


def _show(following: Following, *, json: bool) -> None:
    descendants = following.descendants()
    if json:
        for descendant in descendants:
            render.json_line(row_of(descendant))
    elif descendants:
        rows = descendants[: render.most_rows(_MOST_ROWS)]
        render.table(COLUMNS, (cells_of(descendant) for descendant in rows))
        if len(descendants) > len(rows):
            render.say(f"{len(descendants) - len(rows):,} more: --json lists all")
    states = [descendant.state for descendant in descendants]
    render.say(
        f"{counted(len(descendants), 'proposal')}: "
        + ", ".join(f"{states.count(state):,} {state.value}" for state in DescentState)
        + f"; last day taken {following.last_day or 'none'}, review by {following.review_due}"
    )
    if descendants:
        render.say("a proposal is a hypothesis, and a confirmed one is still no evidence")
    for why, count in not_counted(following).items():
        render.say(f"{counted(count, 'record')} counted for nothing: {why}")
