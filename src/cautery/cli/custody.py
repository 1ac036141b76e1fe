"""``cautery custody``: who opened, copied, handed over and received what of a case."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.evidence.custody import (
    MAX_LINE_BYTES,
    CustodyAct,
    CustodyLine,
    odd_times,
    signed_lines,
)
from cautery.model.records import kind_of
from cautery.packed import small_file
from cautery.wiring import custody as chains
from cautery.workflows.operation.afterwards import noted_in

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Show the chain of custody of a case; sign and file receipts.",
)


@app.command(name="list")
@render.tabular
def list_lines(
    case: Annotated[Path, typer.Argument(help="Folder of a case.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show who opened, copied, handed over and received what, and check that the chain is whole.

    The digest of a dossier or a receipt is that of the bag's tag manifest. A person wrote the name,
    and nobody checked it: a line and a receipt are bound to the key that signed them, not to a
    person. The last column says whom the mandate names for this key; `cautery verify` checks who
    signed the mandate, this command does not. A receiver is not in it: ask the receiver for the key
    through another channel.

    A signature covers its line and all lines before, if the mandate names its key. Who can write
    beside the case can rewrite all other lines, and cut lines off, also signed ones. Times that
    cannot be right are named.

    Example: cautery custody list cases/md34
    """
    chain, people = chains.chain_of(case), chains.people_of(case)
    covered, remarks = signed_lines(chain, people), odd_times(chain, chains.opened_at(case))
    by_strangers = signed_lines(chain)
    if covered < len(chain):
        render.say(
            f"{len(chain) - covered} of {len(chain)} lines, the newest ones, are under no "
            "signature by a key that the mandate names: who can write beside the case can rewrite "
            "them"
        )

    def under(place: int) -> str:
        if place < covered:
            return "yes"
        return "a stranger's" if place < by_strangers else "no"

    if json:
        for place, line in enumerate(chain):
            render.json_line(
                {
                    **asdict(line),
                    "key_named_as": people.get(line.signed_by, ()),
                    "covered": place < covered,
                    "remark": remarks.get(place, ""),
                }
            )
        return
    render.table(
        (
            "at",
            "act",
            "by",
            "to",
            "why",
            "what",
            "digest",
            "under a signature",
            "remark",
            "signed by the key",
            "whom the mandate names for it",
        ),
        (
            (
                line.at,
                line.act.value,
                line.by,
                line.to,
                line.why,
                _what(line),
                "" if line.digest == line.what else line.digest,  # an exhibit's id is its digest
                under(place),
                remarks.get(place, ""),
                line.signed_by,
                "; ".join(people.get(line.signed_by, ())),
            )
            for place, line in enumerate(chain)
        ),
    )


def _what(line: CustodyLine) -> str:
    """Return what a line is about, in a few words."""
    if line.act is CustodyAct.RECEIVED:
        return "a signed receipt"
    if line.act is CustodyAct.NOTED:
        return f"a record: {', '.join(kind_of(content) for _, content in noted_in((line,)))}"
    return line.what


@app.command()
def receive(
    bag: Annotated[Path, typer.Argument(help="Folder of a dossier that you received.")],
    by: Annotated[str, typer.Option(help="Your name.")],
    key: Annotated[Path, typer.Option(help="Your signing key (PEM, mode 0600).")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the receipt.")],
    why: Annotated[str, typer.Option(help="For what, in one line.")] = "received",
) -> None:
    """Verify a dossier and sign a receipt for it; send the receipt back.

    Example: cautery custody receive md34-court --by "Clerk" --key clerk.pem -o receipt.json
    """
    line = chains.receipt(bag, by=by, key=key, why=why)
    wiring.write_file(out, line.text() + b"\n")
    render.say(f"receipt for {line.digest}: {out}")


@app.command()
def file(
    case: Annotated[Path, typer.Argument(help="Folder of the case that the dossier came from.")],
    receipt: Annotated[Path, typer.Argument(help="The receipt that its receiver signed.")],
) -> None:
    """File a receipt in the chain of custody, if it is for something that you handed over.

    Example: cautery custody file cases/md34 receipt.json
    """
    raw = small_file(receipt, most=MAX_LINE_BYTES + 1, of="a receipt")
    line = chains.file_receipt(case, raw)
    render.say(f"{line.by} received {line.digest} at {line.at}")


@app.command()
def reveal(
    case: Annotated[Path, typer.Argument(help="Folder of the case that the dossier came from.")],
    openings: Annotated[
        Path, typer.Argument(help="File with the salts, beside the dossier: OUT.openings.json.")
    ],
    record: Annotated[int, typer.Option(min=0, help="Number of the withheld record.")],
    by: Annotated[str, typer.Option(help="Who opens it.")],
    key: Annotated[Path, typer.Option(help="That person's signing key (PEM, mode 0600).")],
    to: Annotated[str, typer.Option(help="Who gets it.")],
    why: Annotated[str, typer.Option(help="Why, in one line.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File for the record and its salt.")],
) -> None:
    """Open one record that a dossier withholds; the chain of custody says for whom and why.

    The receiver checks with cautery verify BAG --opening FILE that this is the withheld record.
    VERIFY.md in the bag shows how to check it without Cautery.

    Example: cautery custody reveal cases/md34 md34-hoster.openings.json --record 17 --by "A. Legal"
    --key a.pem --to "Example Hosting" --why "asked for by the hoster" -o record-17.json
    """
    line = chains.reveal(case, openings, out, record=record, by=by, key=key, to=to, why=why)
    render.say(f"{line.what}: {out}")
