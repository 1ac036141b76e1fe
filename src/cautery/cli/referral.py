"""``cautery referral``: what waits for approval, and the approving of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="List a case's referrals; approve them.")


@app.command("list")
@render.tabular
def list_(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the referrals of a case, with who signed and to whom they went.

    Example: cautery referral list cases/md34
    """
    from cautery.model import to_json
    from cautery.wiring import cases
    from cautery.workflows.approve_referral import filed_referrals

    with cases.reading(case) as held:
        found = filed_referrals(held.ledger)
    if json:
        for one in found:
            render.json_line(to_json(one))
        return
    render.table(
        ("id", "territory", "order", "until", "targets", "approved by", "published to"),
        (
            (
                one.referral.id,
                one.referral.territory,
                one.referral.order,
                f"{one.referral.window.end:%Y-%m-%d %H:%M:%SZ}",
                "\n".join(f"{entry.lever}: {entry.target}" for entry in one.referral.entries),
                "\n".join(each.approver for each in one.approvals),
                "\n".join(one.published_to),
            )
            for one in found
        ),
    )


@app.command()
def show(
    case: Annotated[Path, typer.Argument(help="Folder of a case.")],
    referral: Annotated[str, typer.Argument(help="Id, from the list.")],
) -> None:
    """Show the whole text of one referral: what you sign.

    Example: cautery referral show cases/md34 R-0123456789ab
    """
    from cautery.act import digest
    from cautery.errors import InputError
    from cautery.wiring import cases
    from cautery.workflows.approve_referral import filed_referrals

    with cases.reading(case) as held:
        found = filed_referrals(held.ledger)
    for one in found:
        if one.referral.id == referral:
            typer.echo(render.printable_lines(one.referral.statement))
            typer.echo(f"\ndigest to sign  {digest(one.referral)}")
            return
    raise InputError(f"no referral {referral!r} in this case", hint=f"cautery referral list {case}")


@app.command()
def override(
    case: Annotated[Path, typer.Argument(help="Folder of a case that is being watched.")],
    file: Annotated[Path, typer.Argument(help="TOML: [[override]], as for cautery guard.")],
    name: Annotated[str, typer.Option("--as", help="Your name, as the mandate has it.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
) -> None:
    """Answer for targets that the guard refuses. It holds when both people named have signed.

    Example: cautery referral override cases/md34 answers.toml --as "A. Legal" --key a.pem
    """
    from cautery.wiring import signing

    for one in signing.sign_overrides(case, file, name=name, key=key):
        render.say(
            render.printable(
                f"{name} answers for {one.target} until {one.until:%Y-%m-%d %H:%MZ}, "
                f"with {' and '.join(other for other in one.by if other != name)}"
            )
        )


@app.command()
@render.tabular
def withdrawals(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List what was withdrawn, and which blocks it is proposed to take off.

    Example: cautery referral withdrawals cases/md34
    """
    from cautery.wiring import cases
    from cautery.workflows.approve_referral import withdrawals as found_in

    with cases.reading(case) as held:
        found = found_in(held.ledger)
    if json:
        for one in found:
            render.json_line(one)
        return
    render.table(
        ("at", "target", "what", "intermediary", "why"),
        ((one["at"], one["target"], one["what"], one["intermediary"], one["why"]) for one in found),
    )


@app.command()
def approve(
    case: Annotated[Path, typer.Argument(help="Folder of a case that is being watched.")],
    referral: Annotated[str, typer.Argument(help="Id, from the list.")],
    name: Annotated[str, typer.Option("--as", help="Your name, as the mandate has it.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
) -> None:
    """Sign a referral. It goes out when two different approvers have signed.

    Example: cautery referral approve cases/md34 R-0123456789ab --as "A. Legal" --key a.pem
    """
    from cautery.wiring import signing

    approval = signing.approve(case, referral, name=name, key=key)
    render.say(f"{approval.approver} has approved {referral}")
