"""``cautery operation deconflict``: learn which targets two agencies share, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.operation._places import check_place
from cautery.model import Agency
from cautery.wiring import desks
from cautery.workflows.operation.deconflict import first, forget_run, fourth, last, second, third
from cautery.workflows.operation.deconfliction_run import Deconflicted, partner_of, sender_of
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import read_letter
from cautery.workflows.operation.own_targets import compared_targets, read_targets

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Compare targets with another agency. The two agencies exchange four letters, with "
    "five commands: begin, answer, open, conclude, finish. The agency that begins runs "
    "begin, open and finish; the other answer and conclude.",
)

_MASKING = "masking and comparing: up to half a minute for 100,000 targets"

_Case = Annotated[Path, typer.Argument(help="Your agency's case.")]
_Letter = Annotated[Path, typer.Argument(help="Letter from the other agency.")]
_Key = Annotated[
    Path,
    typer.Option("--key", help="The other agency's public key, received by a separate channel."),
]
_Out = Annotated[Path, typer.Option("-o", "--out", help="File for the next letter.")]
_Targets = Annotated[
    Path | None,
    typer.Option(
        "--targets",
        help="File with a kind:value, host or address per line; default: the case's own assets.",
    ),
]


@app.command()
def begin(
    case: _Case,
    partner: Annotated[str, typer.Option("--with", help="Id of the other agency.")],
    out: _Out,
    targets: _Targets = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size",
            help="Number of elements to which both sets are filled up: a power of two from 64 to "
            "131072; default: the smallest usual number that is large enough.",
        ),
    ] = None,
) -> None:
    """Begin a run: send a digest of your masked targets, not the targets themselves.

    Example: cautery operation deconflict begin cases/op-rome --with bg-gdbop -o 1.letter
    """
    check_place(out, case=case)
    with desks.desk(case) as desk:
        comparison = _compared(desk, partner_of(desk, partner), targets)
        render.say(_MASKING)
        raw = first(desk, partner, at=desk.case.clock.now(), targets=comparison, size=size)
        desk.case.store.write(out.parent, out.name, raw)
    render.say(
        f"{out}: send it to {partner}, who continues with: cautery operation deconflict answer"
    )
    render.say(
        f"it reveals only the size class of your set; {partner} answers with the next letter"
    )


@app.command()
def answer(case: _Case, letter: _Letter, key: _Key, out: _Out, targets: _Targets = None) -> None:
    """Answer a run that another agency began: send your masked set.

    Example: cautery operation deconflict answer cases/op-sofia 1.letter --key rome.pub -o 2.letter
    """
    check_place(out, case=case)
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        came = read_letter(letter)
        comparison = _compared(desk, sender_of(desk, came, verifier), targets)
        render.say(_MASKING)
        raw = second(desk, came, key=verifier, at=desk.case.clock.now(), targets=comparison)
        desk.case.store.write(out.parent, out.name, raw)
    render.say(f"{out}: send it back; the next step is: cautery operation deconflict open")


@app.command("open")
def open_(case: _Case, letter: _Letter, key: _Key, out: _Out) -> None:
    """Send the masked targets behind your digest, and mask the other agency's once more.

    Example: cautery operation deconflict open cases/op-rome 2.letter --key sofia.pub -o 3.letter
    """
    check_place(out, case=case)
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        render.say(_MASKING)
        raw = third(desk, read_letter(letter), key=verifier, at=desk.case.clock.now())
        desk.case.store.write(out.parent, out.name, raw)
    render.say(f"{out}: send it back; the next step is: cautery operation deconflict conclude")


@app.command()
def conclude(
    case: _Case,
    letter: _Letter,
    key: _Key,
    out: _Out,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Learn which targets are shared, and let the other agency learn it.

    Example: cautery operation deconflict conclude cases/op-sofia 3.letter --key rome.pub
    -o 4.letter
    """
    check_place(out, case=case)
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        render.say(_MASKING)
        outcome = fourth(desk, read_letter(letter), key=verifier, at=desk.case.clock.now())
        assert outcome.reply is not None
        desk.case.store.write(out.parent, out.name, outcome.reply)
    render.say(f"{out}: send it back; the next step is: cautery operation deconflict finish")
    _show(outcome, json=json)


@app.command()
def finish(
    case: _Case,
    letter: _Letter,
    key: _Key,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Learn which targets are shared; this ends the run for the agency that began it.

    Example: cautery operation deconflict finish cases/op-rome 4.letter --key sofia.pub
    """
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        render.say(_MASKING)
        outcome = last(desk, read_letter(letter), key=verifier, at=desk.case.clock.now())
    _show(outcome, json=json)


@app.command()
def forget(
    case: _Case,
    session: Annotated[str, typer.Argument(help="Id of the run, from its result.")],
    why: Annotated[str, typer.Option("--why", help="Why no auditor needs them any more.")],
) -> None:
    """Destroy the secrets of a run; its letters are kept.

    Example: cautery operation deconflict forget cases/op-rome 0f3c... --why "audited 3 March"
    """
    with desks.desk(case) as desk:
        destroyed = forget_run(desk, session, why=why)
    render.say(f"{destroyed} keys of run {session} destroyed")


def _compared(desk: Desk, partner: Agency, targets: Path | None) -> tuple[str, ...]:
    """Return what takes part in a run, and say what does not."""
    comparison = compared_targets(desk, partner, None if targets is None else read_targets(targets))
    if comparison.left_out:
        render.say(f"{comparison.words}: {partner.id} may not see them, nor learn of a match")
    return comparison.targets


def _show(outcome: Deconflicted, *, json: bool) -> None:
    if json:
        render.json_line(
            {
                "session": outcome.session,
                "with": outcome.partner.id,
                "contact": outcome.partner.contact,
                "shared": list(outcome.shared),
            }
        )
        return
    render.table(("shared target",), ((target,) for target in outcome.shared))
    if outcome.shared:
        render.say(f"contact {outcome.partner.name}: {outcome.partner.contact}")
    else:
        render.say(f"no target is shared with {outcome.partner.name}")
    render.say(f"run {outcome.session}")
