"""``cautery referral``: what waits for approval, and the approving of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._signing import (
    ask,
    on_a_terminal,
    overrides_text,
    referral_text,
    refuse_another,
    say_passed_over,
)
from cautery.cli._tickets import ticket_lines, ticket_members
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Digest, iso, to_json
from cautery.wiring import cases, signing
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import filed_in, filed_referral, proofs_without_referral
from cautery.workflows.case.referral import withdrawals as found_in
from cautery.workflows.forms.tickets import tickets_in
from cautery.workflows.guard.overrides import read_overrides
from cautery.workflows.guard.sign import overrides_of

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="List and approve a case's referrals; override the guard."
)


@app.command("list")
@render.tabular
def list_(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the referrals of a case.

    Also list the proven streams that are on no referral, each with the reason.

    Example: cautery referral list cases/md34
    """
    with cases.reading(case) as opened:
        filed = filed_in(opened.ledger)
        without = proofs_without_referral(opened.ledger)
    say_passed_over(filed.passed_over)
    referrals = filed.referrals
    if json:
        for filing in referrals:
            render.json_line(to_json(filing))
        for followed in without:
            render.json_line(to_json(followed, words=say))
        return
    render.table(
        ("id", "territory", "order", "until", "targets", "approved by", "published to"),
        (
            (
                filing.referral.id,
                filing.referral.territory,
                filing.referral.order,
                f"{filing.referral.window.end:%Y-%m-%d %H:%M:%SZ}",
                "\n".join(f"{entry.lever}: {entry.target}" for entry in filing.referral.entries),
                "\n".join(approval.approver for approval in filing.approvals),
                "\n".join(filing.published_to),
            )
            for filing in referrals
        ),
    )
    if without:
        render.table(
            ("proven stream", "referrals", "why there is no other"),
            (
                (
                    followed.url,
                    "\n".join(followed.referrals) or "none",
                    "\n".join(map(say, followed.without)),
                )
                for followed in without
            ),
        )


@app.command()
def show(
    case: Annotated[Path, typer.Argument(help="Folder of a case.")],
    referral: Annotated[
        str, typer.Argument(help="Id of the referral, from cautery referral list.")
    ],
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Show everything that a signature on a referral covers, and the digest to sign.

    Before that it says which fields are missing of the paper that the referral becomes in its
    country (cautery form): the signature does not cover these lines.

    Example: cautery referral show cases/md34 R-0123456789ab
    """
    with cases.reading(case) as opened:
        filed, opening = filed_referral(opened.ledger, referral), opening_of(opened.ledger)
        tickets = tickets_in(opened.ledger, filed, at=wiring.clock().now())
    if json:
        standing = {
            "mandate": opening.standing().words,
            "tickets": [ticket_members(ticket) for ticket in tickets],
        }
        render.json_line({**to_json(filed), **standing})
        return
    for line in ticket_lines(tickets):
        typer.echo(line)
    typer.echo(referral_text(filed, opening))


@app.command()
def override(
    case: Annotated[Path, typer.Argument(help="Folder of a case that is being watched.")],
    file: Annotated[
        Path, typer.Argument(help="TOML file with [[override]], as for cautery guard.")
    ],
    name: Annotated[str, typer.Option("--as", help="Your name, as in the mandate.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="Your signing key (PEM, mode 0600).")
    ] = None,
    digest: Annotated[
        list[str] | None,
        typer.Option("--digest", help="Digest of each override that you sign, from --dry-run."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what you would sign, with its digests; sign nothing."),
    ] = False,
) -> None:
    """Override the guard for targets that it refuses; both people named must sign.

    The command shows the text that you sign and asks you to confirm. Without a terminal, give its
    --digest instead.

    Example: cautery referral override cases/md34 answers.toml --as "A. Legal" --key a.pem
    """
    overrides = read_overrides(file)
    own_overrides = overrides_of(overrides, name=name)
    if dry_run:
        typer.echo(overrides_text(own_overrides), nl=False)
        return
    if key is None:
        raise InputError(
            "a signature needs a key", hint="Give --key FILE; --dry-run shows what you would sign."
        )
    if not digest or on_a_terminal():
        ask(
            overrides_text(own_overrides),
            question=f"Sign this as {render.printable(name)}?",
            hint="Give --digest sha256:..., which --dry-run prints for each override.",
        )
    digests = [Digest(text) for text in digest] if digest else tuple(own_overrides)
    for entry in signing.sign_overrides(case, overrides, shown=digests, name=name, key=key):
        render.say(
            render.printable(
                f"{name} has overridden the guard for {entry.target} until "
                f"{entry.until:%Y-%m-%d %H:%MZ}, "
                f"with {' and '.join(signer for signer in entry.by if signer != name)}"
            )
        )


@app.command()
@render.tabular
def withdrawals(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List withdrawn targets, and blocks that should be lifted.

    Example: cautery referral withdrawals cases/md34
    """
    with cases.reading(case) as opened:
        records = found_in(opened.ledger)
    if json:
        for record in records:
            render.json_line(to_json(record, words=say))
        return
    render.table(
        ("at", "target", "what", "intermediary", "why"),
        (
            (
                iso(record.at),
                record.target,
                record.what.value,
                record.intermediary,
                say(record.why),
            )
            for record in records
        ),
    )


@app.command()
def approve(
    case: Annotated[Path, typer.Argument(help="Folder of a case that is being watched.")],
    referral: Annotated[
        str, typer.Argument(help="Id of the referral, from cautery referral list.")
    ],
    name: Annotated[str, typer.Option("--as", help="Your name, as in the mandate.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of what you sign, from cautery referral show."),
    ] = None,
) -> None:
    """Sign a referral; it is sent when two different approvers have signed it.

    The command shows the text that you sign, with four words that each other screen shows of the
    same text, and asks you to confirm. Without a terminal, give its --digest instead. With
    --digest, nothing but the text of that digest is signed.

    Example: cautery referral approve cases/md34 R-0123456789ab --as "A. Legal" --key a.pem
    """
    expected = None if digest is None else Digest(digest)
    if expected is None or on_a_terminal():
        with cases.reading(case) as opened:
            filed, opening = filed_referral(opened.ledger, referral), opening_of(opened.ledger)
            tickets = tickets_in(opened.ledger, filed, at=wiring.clock().now())
        # A digest may come from a page that shows something else: who can see it must see it.
        refuse_another(filed.digest, expected, what=f"referral {referral}")
        for line in ticket_lines(tickets):
            render.say(line)
        ask(
            referral_text(filed, opening),
            question=f"Sign this as {render.printable(name)}?",
            hint=f"Give --digest sha256:..., which cautery referral show {case} {referral} prints.",
        )
        expected = filed.digest
    approval = signing.approve(case, referral, shown=expected, name=name, key=key)
    render.say(render.printable(f"{approval.approver} has approved {referral}"))


@app.command()
def refuse(
    case: Annotated[Path, typer.Argument(help="Folder of a case that is being watched.")],
    referral: Annotated[
        str, typer.Argument(help="Id of the referral, from cautery referral list.")
    ],
    name: Annotated[str, typer.Option("--as", help="Your name, as in the mandate.")],
    why: Annotated[str, typer.Option("--why", help="The reason.")],
    seen: Annotated[
        int | None,
        typer.Option("--seen", help="The newest record about it that you saw: later ones stop it."),
    ] = None,
) -> None:
    """Refuse a referral as an approver: as it is, nobody can sign or publish it any more.

    Another version is another referral, which can be approved. What is published already is not
    refused: its block ends with its time, or by a complaint that is granted.

    Example: cautery referral refuse cases/md34 R-0123456789ab --as "A. Legal" --why "wrong event"
    """
    refusal = signing.refuse(case, referral, shown=None, name=name, why=why, seen=seen)
    render.say(render.printable(f"{refusal.by} has refused {referral}"))
