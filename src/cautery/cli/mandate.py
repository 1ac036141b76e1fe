"""``cautery mandate``: what a mandate file says, before anything is probed, and who signs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.act import standing_of, terms_digest
from cautery.adapters.person_keys import load_approver
from cautery.cli import render
from cautery.cli._mandate_rows import (
    as_json,
    rows_of,
    say_warnings,
    show_tables,
    time_words,
    warning_rows,
)
from cautery.cli._signing import ask, mandate_text, on_a_terminal, refuse_another, to_sign
from cautery.cli._verbs import Verbs
from cautery.cli.mandate_new import new
from cautery.cli.mandate_rules import confirm, rules
from cautery.errors import InputError
from cautery.model import Digest, digest_of, iso, to_json
from cautery.wiring.mandates import sign_in_room
from cautery.workflows.mandate.fixture_approvals import approvals_path, list_fixtures
from cautery.workflows.mandate.gaps import gaps_of
from cautery.workflows.mandate.read import read_mandate, read_with_bytes
from cautery.workflows.mandate.signatures import add_signature, signatures_path
from cautery.workflows.mandate.signers import read_signers

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Write, show, sign and check a mandate.")


@app.callback()
def mandate() -> None:
    """Write, show, sign and check a mandate."""


app.command("new")(new)
app.command("rules")(rules)
app.command("confirm")(confirm)


@app.command()
def show(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show everything that a mandate puts in force, and warn of the functions that it switches off.

    The file and the files that it names (calendars, receipts) are checked as a watch checks them.
    Nothing is fetched, and no credential is shown. A mandate that has ended is shown, too, with a
    warning.

    Example: cautery mandate show mandate.toml
    """
    now = wiring.clock().now()
    checked, raw = read_with_bytes(mandate, now=now, may_have_ended=True)
    standing, gaps = standing_of(checked, now=now), gaps_of(checked, now=now)
    if json:
        for row in (*rows_of(checked), *warning_rows(gaps)):
            render.json_line(as_json(row))
        render.json_line(
            {
                "mandate": checked.id,
                "who": checked.who,
                "regime": checked.regime.value,
                "legal_basis": checked.legal_basis,
                "start": iso(checked.window.start),
                "end": iso(checked.window.end),
                "territories": list(checked.territories),
                "collateral_budget": checked.collateral_budget,
                "keep_open": checked.keep_open,
                "digest": digest_of(raw),
                "terms": terms_digest(checked),
                "standing": standing.words,
                **to_json(standing),
            }
        )
        return
    window = checked.window
    render.say(f"{checked.id}: {checked.who}, regime {checked.regime.value}")
    render.say(render.printable(standing.words))
    render.say(to_sign(digest_of(raw)))
    render.say(f"legal basis  {checked.legal_basis}")
    render.say(f"window {time_words(window.start)} to {time_words(window.end)}")
    render.say(f"territories  {', '.join(checked.territories)}")
    render.say(
        f"bystanders that blocks outside events may hit, at most {checked.collateral_budget}"
    )
    state = "stays open while a notice is under way" if checked.keep_open else "is closed"
    render.say(f"at the end of the window the case {state}")
    show_tables(rows_of(checked))
    say_warnings(gaps)


@app.command()
def check(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML file with [[signer]]: who may sign mandates."),
    ] = None,
) -> None:
    """Show who has signed a mandate, and whether --signers knows these people.

    The exit code is 1 if fewer than two people have signed it, or if --signers does not name them.

    Example: cautery mandate check mandate.toml --signers ministry.toml
    """
    now = wiring.clock().now()
    allowed_signers = None if signers is None else read_signers(signers)
    standing = standing_of(read_mandate(mandate, now=now), now=now, signers=allowed_signers)
    typer.echo(render.printable(standing.words))
    if not standing.signed or standing.vouched is False:
        raise typer.Exit(1)


@app.command()
def sign(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    name: Annotated[str, typer.Option("--name", help="Your name.")],
    role: Annotated[str, typer.Option("--role", help="Your role, such as director.")],
    key: Annotated[
        Path | None, typer.Option("--key", help="Your signing key (PEM, mode 0600).")
    ] = None,
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of what you sign, from cautery mandate show."),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            help="Instead of --key: by which you come into the operations room; your passkey signs."
        ),
    ] = None,
    passkey: Annotated[
        str | None, typer.Option(help="What you call that passkey, if you have several.")
    ] = None,
    people: Annotated[
        Path, typer.Option("--people", help="Folder of the people of that room.")
    ] = Path("people"),
    keys: Annotated[
        Path | None,
        typer.Option(help="Folder with the key of that room's access log; default $CAUTERY_KEYS."),
    ] = None,
) -> None:
    """Sign a mandate.

    Two people outside the team sign it. Without their signatures every page says that the mandate
    is unsigned.

    The command shows the text that you sign and asks you to confirm. Without a terminal, give its
    --digest instead. The signature is written to a file next to the mandate and covers every byte
    of the mandate. The fixtures that its calendars list at this moment are signed, too, each for
    itself: with two signatures they are of the mandate's season (cautery season).

    Whoever signs with a passkey does so in the operations room, on a second device: with --account
    the command lays the terms there and ends with exit code 1. Run it again, with the same options,
    when that person has signed. The fixtures of its calendars are a text of their own there.

    Example: cautery mandate sign mandate.toml --name "M. Head" --role director --key m.pem
    """
    if (key is None) == (account is None):
        raise InputError("give either --key or --account: with what do you sign?")
    if account is not None:
        if digest is not None:
            raise InputError("--digest goes with --key: the room shows what a passkey signs")
        count = sign_in_room(
            mandate,
            name=name,
            role=role,
            account=account,
            passkey=passkey,
            people=people,
            keys_dir=keys,
        )
        _say_signed(mandate, name, count)
        return
    assert key is not None
    now = wiring.clock().now()
    checked, raw = read_with_bytes(mandate, now=now)
    private = load_approver(key)
    expected = digest_of(raw) if digest is None else Digest(digest)
    if digest is None or on_a_terminal():
        # A digest may come from a page that shows something else: who can see it must see it.
        refuse_another(digest_of(raw), expected, what=str(mandate))
        ask(
            mandate_text(checked, raw),
            question=f"Sign this as {render.printable(name)}, {render.printable(role)}?",
            hint=f"Give --digest sha256:..., which cautery mandate show {mandate} prints.",
        )
    signature = add_signature(
        mandate, checked, raw=raw, shown=expected, name=name, role=role, key=private, now=now
    )
    listed = list_fixtures(mandate, checked, signature, key=private, now=now)
    _say_signed(mandate, name, listed)


def _say_signed(mandate: Path, name: str, fixtures: int) -> None:
    render.say(render.printable(f"{name} has signed {mandate}: {signatures_path(mandate)}"))
    if fixtures:
        render.say(f"and the {fixtures} fixtures of its calendars: {approvals_path(mandate)}")
