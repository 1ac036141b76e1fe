"""``cautery operation instrument``: draft legal instruments; none is ever sent from here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.model import Agency, Instrument, Operation, to_json
from cautery.operation import instruments
from cautery.operation.instruments import ProviderClass
from cautery.wiring import desks
from cautery.workflows.forms.catalogue import all_forms
from cautery.workflows.operation.draft_instrument import file_draft, filed_drafts

app = typer.Typer(
    cls=Verbs, no_args_is_help=True, help="Draft legal instruments, for a person to issue."
)

KINDS = ("preservation", "production", "freezing", "eio", "jit", "mla")


@app.command()
def draft(
    case: Annotated[Path, typer.Argument(help="The issuing agency's case.")],
    kind: Annotated[
        str,
        typer.Argument(
            help=f"Kind: {', '.join(KINDS)}. An eio is a European investigation order, a jit is a "
            "joint investigation team, mla is mutual legal assistance."
        ),
    ],
    to: Annotated[
        str, typer.Option("--to", help="Addressee; for a jit, the agencies, separated by commas.")
    ],
    holds: Annotated[list[str], typer.Option("--hold", help="What it asks for; may be repeated.")],
    grounds: Annotated[
        str, typer.Option("--grounds", help="Why it is necessary and proportionate.")
    ] = "",
    country: Annotated[str, typer.Option("--country", help="Country of the addressee.")] = "",
    provider: Annotated[
        str,
        typer.Option(
            "--class",
            help="Class of provider, for e-Evidence: communications, domain, ip-numbering, "
            "hosting, cloud.",
        ),
    ] = "other",
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Production within 8 hours.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="The data are not stored yet.")] = False,
    until: Annotated[datetime | None, typer.Option("--until", help="End of a jit (UTC).")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Draft one instrument and file it in the case; `cautery form write` writes its paper.

    Rules that were not checked in an official text are marked [M] in its basis.

    Example: cautery operation instrument draft cases/op-rome preservation --to "Host Ltd"
    --country NL --class hosting --hold address:192.0.2.7 --grounds "the panel runs there"
    """
    with desks.desk(case) as desk:
        terms = {
            "to": to,
            "holds": holds,
            "grounds": grounds,
            "country": country,
            "provider": provider,
            "emergency": emergency,
            "stored": not live,
            "until": until,
            "at": desk.case.clock.now(),
        }
        instrument = _drafted(kind, desk.agency, desk.operation, terms)
        file_draft(desk, instrument)
    if json:
        render.json_line(to_json(instrument))
        return
    render.table(("what", "draft"), _lines(instrument))
    render.say(f"draft {instrument.id} filed; it is not sent: a person issues it")
    for form in all_forms():
        if form.instrument is instrument.kind:
            render.say(
                f"its paper: cautery form write {form.id} {case} --instrument {instrument.id} "
                "-o FILE.pdf"
            )


@app.command("list")
@render.tabular
def list_(
    case: Annotated[Path, typer.Argument(help="The agency's case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the drafts of a case with their deadlines; --json also gives their legal basis.

    Example: cautery operation instrument list cases/op-rome
    """
    with desks.desk(case, read_only=True) as desk:
        drafts = tuple(filed_drafts(desk))
    if json:
        for instrument in drafts:
            render.json_line(to_json(instrument))
        return
    render.table(
        ("id", "kind", "to", "holds", "due", "lapses"),
        (
            (
                instrument.id,
                instrument.kind.value,
                f"{instrument.addressee} ({instrument.country})",
                "\n".join(instrument.holds),
                "" if instrument.due_at is None else f"{instrument.due_at:%Y-%m-%d %H:%MZ}",
                "" if instrument.lapses_at is None else f"{instrument.lapses_at:%Y-%m-%d %H:%MZ}",
            )
            for instrument in drafts
        ),
    )


def _lines(draft: Instrument) -> tuple[tuple[str, str], ...]:
    """Return what a draft says, a line each."""
    dates = [("due", draft.due_at), ("lapses", draft.lapses_at)]
    return (
        ("id", draft.id),
        ("instrument", draft.kind.value + (", emergency" if draft.emergency else "")),
        ("to", f"{draft.addressee} ({draft.country})"),
        ("asks for", "\n".join(draft.holds)),
        ("grounds", draft.grounds),
        ("basis", draft.basis),
        *((what, f"{moment:%Y-%m-%d %H:%MZ}") for what, moment in dates if moment is not None),
    )


def _drafted(kind: str, by: Agency, operation: Operation, terms: dict[str, Any]) -> Instrument:

    common = {name: terms[name] for name in ("holds", "grounds", "country", "at")}
    evidence = {
        "by": by,
        "provider": terms["to"],
        "provider_class": _provider_class(terms["provider"]),
        "stored": terms["stored"],
        **common,
    }
    if terms["emergency"] and kind != "production":
        raise InputError("--emergency is only for a production order")
    if kind == "preservation":
        return instruments.draft_preservation(**evidence)
    if kind == "production":
        return instruments.draft_production(**evidence, emergency=terms["emergency"])
    if kind == "freezing":
        return instruments.draft_freezing(by=by, addressee=terms["to"], **common)
    if kind == "eio":
        return instruments.draft_eio(by=by, authority=terms["to"], **common)
    if kind == "mla":
        return instruments.draft_mla(by=by, authority=terms["to"], **common)
    if kind != "jit":
        raise InputError(
            f"{kind!r} is not a kind of instrument", hint="Give one of " + ", ".join(KINDS)
        )
    if terms["until"] is None:
        raise InputError("a joint investigation team is set up for a limited time: give --until")
    return instruments.draft_jit(
        by=by,
        partners=[operation.agency(name.strip()) for name in terms["to"].split(",")],
        purpose="; ".join([*terms["holds"], terms["grounds"]]).strip("; "),
        until=terms["until"].replace(tzinfo=UTC),
        at=terms["at"],
    )


def _provider_class(text: str) -> Any:

    try:
        return ProviderClass(text)
    except ValueError as error:
        classes = ", ".join(ProviderClass)
        raise InputError(
            f"{text!r} is not a class of provider", hint=f"Give one of {classes}."
        ) from error
