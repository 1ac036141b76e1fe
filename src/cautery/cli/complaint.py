"""``cautery complaint``: file, show and decide complaints about blocks."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.notice_send import Seen
from cautery.errors import InputError
from cautery.model import iso, to_json
from cautery.model.records import ComplaintDecided, ComplaintFiled
from cautery.wiring import cases, complaints
from cautery.workflows.case.complaints import states

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="File, show and decide complaints about blocks."
)

OpenCase = Annotated[Path, typer.Argument(help="Folder of an open case; a watch may be running.")]
Number = Annotated[
    str, typer.Argument(help="Number of the complaint, from cautery complaint list.")
]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="Key folder outside the case; default $CAUTERY_KEYS.")
]
Postbox = Annotated[
    Path | None,
    typer.Option(
        "--postbox",
        help="TOML file (chmod 600) with [mail], to send receipts and decisions.",
    ),
]
Public = Annotated[
    Path | None, typer.Option("--public", help="Public folder of the case (watch --publish).")
]


@app.command("list")
@render.tabular
def list_(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the complaints of a case; those that wait for a decision come first, by urgency.

    Example: cautery complaint list cases/md34
    """
    now = wiring.clock().now()
    with cases.reading(case) as opened:
        filed = complaints.of(opened.ledger)
    waiting = {filed_complaint.complaint: at for at, filed_complaint in enumerate(filed.open())}
    rows = sorted(states(filed), key=lambda row: waiting.get(row[0].complaint, len(waiting)))
    if json:
        for filed_complaint, decision in rows:
            render.json_line({"filed": to_json(filed_complaint), "decided": to_json(decision)})
        return
    render.table(
        ("complaint", "about", "came by", "received", "decide by", "state"),
        (
            (
                filed_complaint.complaint,
                filed_complaint.target or "nothing on a list of this case",
                filed_complaint.means.value,
                iso(filed_complaint.received_at)[:19] + "Z",
                _due(filed_complaint),
                _state(
                    filed_complaint,
                    decision,
                    overdue=filed_complaint.due_at is not None and now > filed_complaint.due_at,
                ),
            )
            for filed_complaint, decision in rows
        ),
    )


def _due(filed: ComplaintFiled) -> str:
    """Return when a complaint is due, and which rules behind that nobody has confirmed."""
    if filed.due_at is None:
        return ""
    due = iso(filed.due_at)[:19] + "Z"
    return f"{due}, not confirmed: {', '.join(filed.unconfirmed)}" if filed.unconfirmed else due


def _state(filed: ComplaintFiled, decision: ComplaintDecided | None, *, overdue: bool) -> str:
    if decision is not None:
        return f"{'granted' if decision.granted else 'rejected'} by {decision.by}"
    if filed.rule is not None:
        return f"refused: {filed.rule}"
    words = "OVERDUE" if overdue else "waits"
    return f"{words}, late" if filed.late else words


@app.command()
def show(
    case: OpenCase,
    number: Number,
    keys: Keys = None,
    by: Annotated[
        str | None,
        typer.Option("--by", help="Who opens it, for the chain of custody; default: your login."),
    ] = None,
    why: Annotated[
        str, typer.Option("--why", help="Why, for the chain of custody.")
    ] = "not stated",
) -> None:
    """Show the text of a complaint; this needs the keys of the case, because it is sealed.

    CASE.custody.jsonl, a file beside the case, records who opened the complaint, and why.

    Example: cautery complaint show cases/md34 C-0123456789ab
    """
    filed, text = complaints.text_of(case, number, by=by, why=why, keys_dir=keys)
    for name, value in (
        ("complaint", filed.complaint),
        ("about", filed.target or "nothing on a list of this case"),
        ("referrals", ", ".join(filed.referrals) or "none"),
        ("received", iso(filed.received_at)),
        ("decide by", _due(filed) or "-"),
    ):
        typer.echo(render.printable(f"{name:<10} {value}"))
    typer.echo("what was sent in")
    for line in text.decode("utf-8", "replace").splitlines():
        typer.echo(f"| {render.printable(line)}")


@app.command()
def take(
    case: OpenCase,
    public: Public = None,
    mail: Annotated[
        list[Path] | None,
        typer.Option("--mail", help="A mail, an mbox file or a Maildir folder."),
    ] = None,
    postbox: Postbox = None,
    url: Annotated[
        str | None, typer.Option("--url", help="URL of the public pages, for receipts by mail.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", min=1, max=3600, help="Look again every so many seconds, until Ctrl-C."
        ),
    ] = None,
    keys: Keys = None,
) -> None:
    """File complaints from a public folder and from mails; send receipts and decisions by mail.

    Each complaint by mail gets a receipt. A decision goes by mail to people who wrote by mail or
    gave an address on the form. A running watch itself files the complaints from the form of its
    public folder. With --postbox alone, the command only sends decisions and late receipts.

    Example: cautery complaint take cases/md34 --mail Maildir --postbox postbox.toml --every 20
    """
    if public is None and not mail and postbox is None:
        raise InputError(
            "there is nothing to take from", hint="Give --public, --mail or --postbox."
        )
    # The schema of its file takes time to build, and the other commands have no use for it.
    from cautery.wiring.postbox import read_postbox  # noqa: PLC0415

    sources = complaints.Sources(
        public=public,
        mails=tuple(mail or ()),
        postbox=None if postbox is None else read_postbox(postbox),
        url=url,
    )
    while True:
        try:
            outcome = complaints.take(case, sources, keys_dir=keys)
        except InputError as error:
            if every is None:
                raise
            # Too many mails, say: what comes by the form is taken all the same.
            render.say(f"not taken: {error}")
            time.sleep(every)
            continue
        for filed in outcome.filed:
            due = f"decide by {_due(filed)}" if filed.due_at else "refused: no-entry"
            render.say(render.printable(f"{filed.complaint}: {filed.target or 'nothing'}, {due}"))
        for why in outcome.refused:
            render.say(render.printable(f"not filed: {why}"))
        if every is None:
            render.say(f"{len(outcome.filed)} filed, {len(outcome.refused)} not")
            return
        time.sleep(every)


@app.command()
def decide(
    case: OpenCase,
    number: Number,
    name: Annotated[str, typer.Option("--as", help="Your name.")],
    why: Annotated[str, typer.Option("--why", help="The reason; the complainant reads it.")],
    grant: Annotated[
        bool | None, typer.Option("--grant/--reject", help="Whether the block ends.")
    ] = None,
    public: Public = None,
    postbox: Postbox = None,
    seen: Seen = None,
    keys: Keys = None,
) -> None:
    """Decide on a complaint. If it is granted, the next version of each list leaves the target out.

    One person is enough, because an unblocking needs no signature. A running watch sends the next
    version within a second; if no watch runs, cautery lists publish makes it. The complainant reads
    the decision on the page of the complaint and in a mail. The mail goes out at once with
    --postbox, and otherwise when cautery complaint take --postbox runs.

    Example: cautery complaint decide cases/md34 C-0123456789ab --grant --as "A. Legal" --why "..."
    """
    if grant is None:
        raise InputError("granted or not?", hint="Give --grant or --reject.")
    # The schema of its file takes time to build, and the other commands have no use for it.
    from cautery.wiring.postbox import read_postbox  # noqa: PLC0415

    decision = complaints.decided(
        case,
        number,
        granted=grant,
        by=name,
        why=why,
        public=public,
        postbox=None if postbox is None else read_postbox(postbox),
        keys_dir=keys,
        seen=seen,
    )
    words = f"granted; {decision.target} leaves every list" if decision.granted else "rejected"
    render.say(render.printable(f"{number}: {words}"))
