"""``cautery notice``: draft, check, approve, send and follow notices to hosters and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._notices import notice_text, show_findings, show_notices
from cautery.cli._signing import ask, on_a_terminal, refuse_another
from cautery.cli._verbs import Verbs
from cautery.cli.notice_send import As, AsJson, Id, OpenCase, Seen, replies, send, settle
from cautery.errors import InputError
from cautery.messages import say
from cautery.model import Addressee, AddresseeKind, Digest, ExhibitId, digest, to_json
from cautery.wiring import cases, notices, signing

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Draft, check, approve and send notices to hosters and others; file their replies.",
)

Case = Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")]

app.command()(send)
app.command()(settle)
app.command()(replies)


@app.command("list")
@render.tabular
def list_(case: Case, json: AsJson = False) -> None:
    """List the notices of a case: drafted, sent, due for a reminder, answered, gone.

    A URL is gone when the watch's own probes no longer get anything from it. A reply is only a
    claim. It closes no notice.

    Example: cautery notice list cases/md34
    """
    now = wiring.clock().now()
    with cases.reading(case) as opened:
        filed = notices.of(opened.ledger)
    if not json:
        show_notices(filed, now)
        return
    for number, notice in filed.notices.drafts.items():
        answer = filed.notices.answered(number)
        row: dict[str, Any] = {
            "id": number,
            "addressee": to_json(notice.addressee),
            "urls": [url.url for url in notice.urls],
            "state": say(filed.notices.state(number, now)),
            "approved_by": [approval.approver for approval in filed.approvals(notice)],
            "sent": to_json(tuple(filed.notices.sent.get(number, ()))),
            "answered": None if answer is None else answer.value,
            "due": filed.notices.is_due(number, now),
            "gone_at": to_json(filed.notices.gone_at(number)),
            "takedown_h": filed.notices.takedown_h(number),
        }
        render.json_line(row)


@app.command()
def show(case: Case, notice: Id, json: AsJson = False) -> None:
    """Show everything that a signature on a notice covers, and the digest to sign.

    Example: cautery notice show cases/md34 N-0123456789ab
    """
    with cases.reading(case) as opened:
        filed = notices.of(opened.ledger)
    drafted = filed.draft(notice)
    if json:
        render.json_line({"notice": to_json(drafted), "digest": str(digest(drafted))})
        return
    typer.echo(notice_text(drafted, filed))


@app.command()
def lint(case: Case, notice: Id, json: AsJson = False) -> None:
    """Check a notice against its form, the law and the case's own records.

    The exit code is 1 if something is wrong. Such a notice can be neither approved nor sent.

    Example: cautery notice lint cases/md34 N-0123456789ab
    """
    with cases.reading(case) as opened:
        filed = notices.of(opened.ledger)
    findings = filed.lint(filed.draft(notice), now=wiring.clock().now())
    if json:
        for finding in findings:
            render.json_line(to_json(finding, words=say))
    elif findings:
        show_findings(findings)
    else:
        render.say(f"{notice}: nothing is wrong with it")
    for rule in filed.waits_for(filed.draft(notice)):
        render.say(f"warning: nobody has confirmed the rule {rule}: {notice} is not sent before")
    if findings:
        raise typer.Exit(1)


@app.command()
def draft(
    case: OpenCase,
    name: As,
    reply_to: Annotated[
        str | None, typer.Option("--reply-to", help="Mail address of the notifier.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Mail address of the addressee for such notices.")
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="Id of a draft to complete: its addressee and its URLs."),
    ] = None,
    kind: Annotated[
        AddresseeKind | None, typer.Option("--kind", help="What the addressee is.")
    ] = None,
    addressee: Annotated[
        str | None, typer.Option("--addressee", help="Name of the addressee.")
    ] = None,
    asn: Annotated[
        int | None, typer.Option("--asn", min=1, help="Number of its autonomous system.")
    ] = None,
    prefix: Annotated[
        list[str] | None, typer.Option("--prefix", help="An address range of the addressee (CIDR).")
    ] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option(
            "--domain", help="A domain of the addressee: hosts below this domain belong to it."
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="A language that the addressee accepts, such as en."),
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(
            "--url",
            help="A proven URL to name; default: all at this addressee that a notice can name.",
        ),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option("--event", help="Only URLs that show this event; none: channels and works."),
    ] = None,
    shown_by: Annotated[
        list[str] | None,
        typer.Option(
            "--shown-by",
            help="For an addressee that hosts no URL: id of an exhibit that shows its part.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the draft; record nothing.")
    ] = False,
    seen: Seen = None,
) -> None:
    """Draft a notice about the proven streams of a case, in the form for the kind of addressee.

    A draft of the watch lacks two mail addresses: complete it with --from. The person who drafts a
    notice cannot approve it.

    Example: cautery notice draft cases/md34 --from N-0123456789ab --as "C. Desk"
    --to abuse@hoster.example --reply-to piracy@league.example
    """
    addressee_values = {
        "kind": kind,
        "name": addressee,
        "asn": asn,
        "prefixes": tuple(prefix or ()) or None,
        "domains": tuple(domain or ()) or None,
        "contact": to,
        "languages": tuple(language or ()) or None,
    }
    outcome = notices.draft(
        case,
        lambda before: _addressee(before, addressee_values),
        name=name,
        notifier_email=reply_to,
        urls=tuple(url or ()),
        event="" if event == "none" else event,
        shown_by=tuple(ExhibitId(exhibit) for exhibit in shown_by or ()),
        replaces=from_,
        dry_run=dry_run,
        seen=seen,
    )
    drafted = outcome.notice
    with cases.reading(case) as opened:
        filed = notices.of(opened.ledger)
    typer.echo(notice_text(drafted, filed))
    if outcome.hidden:
        render.say(
            f"left out: {outcome.hidden} URLs with a line's credentials, which no notice names"
        )
    if outcome.more:
        render.say(f"left out: {outcome.more} URLs, too many for one notice; draft another one")
    findings = filed.lint(drafted, now=wiring.clock().now())
    if findings:
        show_findings(findings)
    render.say(f"{drafted.id}: {'not recorded' if dry_run else f'drafted in {case}'}")


def _addressee(before: Addressee | None, given: dict[str, Any]) -> Addressee:
    """Return who the options name: what they leave out is as in the earlier draft."""
    options = {key: value for key, value in given.items() if value is not None}
    if before is not None:
        base = {name: getattr(before, name) for name in given}
        return Addressee(**{**base, **options})
    if "name" not in options:
        raise InputError(
            "a notice needs an addressee",
            hint="Give --addressee NAME with --asn, --prefix or --domain, or complete a draft "
            "with --from.",
        )
    return Addressee(**{"kind": AddresseeKind.HOSTING, **options})


@app.command()
def approve(
    case: OpenCase,
    notice: Id,
    name: As,
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
    shown: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of what you sign, from cautery notice show."),
    ] = None,
) -> None:
    """Sign a notice that somebody else drafted, after you have reviewed it.

    The command shows the text that you sign, with four words that each other screen shows of the
    same text, and asks you to confirm. Without a terminal, give its --digest instead. With
    --digest, nothing but the text of that digest is signed. The notice then says that you have
    reviewed it.

    Example: cautery notice approve cases/md34 N-0123456789ab --as "A. Legal" --key a.pem
    """
    notices.refuse_closed_case(case)  # before anybody reads a page that nobody can sign
    expected = None if shown is None else Digest(shown)
    if expected is None or on_a_terminal():
        with cases.reading(case) as opened:
            filed = notices.of(opened.ledger)
        drafted = filed.draft(notice)
        # A digest may come from a page that shows something else: who can see it must see it.
        refuse_another(digest(drafted), expected, what=f"notice {notice}")
        ask(
            notice_text(drafted, filed),
            question=f"I have reviewed each URL. Sign this as {render.printable(name)}?",
            hint=f"Give --digest sha256:..., which cautery notice show {case} {notice} prints.",
        )
        expected = digest(drafted)
    approval = notices.approve(case, notice, shown=expected, name=name, key=key)
    render.say(render.printable(f"{approval.approver} has reviewed and approved {notice}"))


@app.command()
def refuse(
    case: OpenCase,
    notice: Id,
    name: As,
    why: Annotated[str, typer.Option("--why", help="The reason.")],
    seen: Seen = None,
) -> None:
    """Refuse a notice as an approver: as it is, nobody can approve or send it any more.

    Complete it with another draft instead: cautery notice draft --from.

    Example: cautery notice refuse cases/md34 N-0123456789ab --as "A. Legal" --why "wrong addressee"
    """
    notices.refuse_closed_case(case)
    refusal = signing.refuse(case, notice, shown=None, name=name, why=why, seen=seen)
    render.say(render.printable(f"{refusal.by} has refused {notice}"))


@app.command()
def withdraw(
    case: OpenCase,
    notice: Id,
    name: As,
    why: Annotated[str, typer.Option("--why", help="The reason.")],
    seen: Seen = None,
) -> None:
    """Withdraw a notice: Cautery no longer sends it, and sends no reminder.

    If the addressee already has the notice, tell the addressee yourself by mail.

    Example: cautery notice withdraw cases/md34 N-0123456789ab --as "C. Desk" --why "licensed"
    """
    withdrawal, under_way = notices.withdraw(case, notice, name=name, why=why, seen=seen)
    render.say(render.printable(f"{withdrawal.by} has withdrawn {notice}"))
    if under_way is not None:
        render.say(
            render.printable(
                f"A sending to {under_way.to} began at {under_way.at:%Y-%m-%d %H:%M:%SZ}: no "
                "further try is made, but one that was made may have arrived."
            )
        )
