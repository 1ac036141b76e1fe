"""``cautery decoy``: blind tests of one's own watch, by streams that are planted in secret."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._ending import say_end
from cautery.cli._verbs import Verbs
from cautery.cli.decoy_report import over_nights, report
from cautery.errors import CauteryError, InputError
from cautery.evidence.decoys import key_id_of
from cautery.model import iso, to_json
from cautery.model.decoys import DecoyLeaf
from cautery.wiring import closing, decoys, dossiers
from cautery.workflows.watch.finishing import REPORT, Finished

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Test your own watch blind: plant own streams in secret, serve them, and reveal them.",
)

_Night = Annotated[Path, typer.Argument(help="Folder of a planned night.")]
_Key = Annotated[Path, typer.Option(help="The planner's signing key (PEM, mode 0600).")]
_Mandate = Annotated[Path, typer.Option(help="Mandate file whose watch is tested.")]


@app.command()
def programme(
    mandate: Annotated[
        Path | None, typer.Option(help="Mandate file, for its first event and window.")
    ] = None,
) -> None:
    """Print an example of a programme: of what the decoys of a night are drawn.

    Its comments explain each key. The planner completes it and shows it to nobody.

    Example: cautery decoy programme --mandate mandate.toml > derby.toml
    """
    typer.echo(decoys.example(mandate), nl=False)


@app.command()
def plan(
    programme_file: Annotated[
        Path, typer.Argument(metavar="PROGRAMME", help="The planner's programme (TOML).")
    ],
    mandate: _Mandate,
    key: _Key,
    out: Annotated[Path, typer.Option("-o", "--out", help="A new folder for the night.")],
    log: Annotated[
        Path | None,
        typer.Option(help="Folder of the organisation's log: an authority that it names stamps."),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(help="https URL of a time-stamp authority (RFC 3161) that stamps the plan."),
    ] = None,
    authority_root: Annotated[
        Path | None, typer.Option(help="Certificates of that authority, PEM.")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of another planner's plan of the same night; repeatable."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Draw by a seed, for tests alone: whoever knows it knows the plan."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Draw the decoys of a night in secret and seal the plan; nothing is served yet.

    The folder has sealed.json, which all may read: it proves that there are so many decoys, and
    that none can be changed. plan.sealed says which, and only the planner's key opens it. Without
    --log or --authority no outsider vouches for the time at which the plan was made.

    Example: cautery decoy plan derby.toml --mandate mandate.toml --key planner.pem -o night
    """
    vouching = None
    if log is not None or authority is not None:
        vouching = dossiers.vouching_of(log, authority, authority_root)
    planned = decoys.plan(
        programme_file,
        out,
        mandate_file=mandate,
        key=key,
        vouching=vouching,
        beside=beside or (),
        seed=seed,
    )
    sealed = planned.night.sealed
    if json:
        render.json_line(
            {"folder": str(out), "sealed": to_json(sealed), "stamped_at": planned.stamped_at}
        )
    else:
        render.say(f"planned  {sealed.count} decoys of night {sealed.night}, root {sealed.root}")
        render.say(f"files    {out}/sealed.json for the mandate, {out}/plan.sealed for your key")
    if seed is not None:
        render.say("warning  drawn by a seed: whoever knows it knows the plan")
    if planned.stamped_at:
        render.say(f"stamped  {planned.stamped_at}")
    else:
        render.say("warning  no outsider vouches for the time: give --log or --authority")
    for remark in planned.remarks:
        render.say(render.printable(f"warning  {remark}"))


@app.command()
@render.tabular
def show(
    night: _Night,
    key: Annotated[
        Path | None,
        typer.Option(help="The planner's key: show each decoy, once the night is over."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show what everybody may see of a night; with the planner's key, after its end, each decoy.

    Example: cautery decoy show night
    """
    if key is not None:
        _show_leaves(decoys.decoys(night, key=key), json=json)
        return
    seen = decoys.sealed(night)
    sealed = seen.sealed
    if json:
        render.json_line(to_json(sealed) | {"time_stamp": bool(seen.stamp)})
        return
    rows = (
        ("night", sealed.night),
        ("decoys", sealed.count),
        ("from", iso(sealed.window.start)),
        ("to", iso(sealed.window.end)),
        ("planner", f"{sealed.planner}, key {key_id_of(sealed)}"),
        ("root", sealed.root),
        ("mandate", sealed.mandate),
        ("made at", iso(sealed.made_at)),
        (
            "time-stamp",
            "there is one" if seen.stamp else "none: no outsider vouches for the time",
        ),
    )
    render.table(("what", "value"), rows)


@app.command()
def serve(
    night: _Night,
    key: _Key,
    mandate: _Mandate,
    listen: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where streams and lists are served, repeatable; default: where the plan's hosts "
            "have them.",
        ),
    ] = None,
    gate: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the gate of the watch asks.")
    ] = "127.0.0.1:8790",
    cert: Annotated[
        Path | None, typer.Option(help="Certificate of the gate's https, PEM with its chain.")
    ] = None,
    cert_key: Annotated[
        Path | None, typer.Option(help="Private key of that certificate, PEM, mode 0600.")
    ] = None,
) -> None:
    """Serve the decoys of a night and answer the gate, until Ctrl-C: be its keeper.

    The plan stays in memory. The mandate names this keeper under [decoys]; while it does not
    answer, no act leaves. It tells the gate of a decoy only where the mandate's approvers have
    signed an act that would hit it.

    Example: cautery decoy serve night --key planner.pem --mandate mandate.toml
    """
    places = [_place(text) for text in listen or ()]
    render.say(f"keeper of {night}: Ctrl-C ends it")
    try:
        asyncio.run(
            decoys.serve(
                night,
                key=key,
                mandate_file=mandate,
                listen=places,
                gate=_place(gate),
                certificate=cert,
                certificate_key=cert_key,
                say=lambda text: render.say(render.printable(text)),
                ready=lambda listening: render.say(
                    "listens  "
                    + ", ".join(f"{host}:{port}" for host, port in listening.streams)
                    + (f"; gate {listening.gate[0]}:{listening.gate[1]}" if listening.gate else "")
                ),
            )
        )
    except KeyboardInterrupt:
        render.say("stopped")


@app.command()
def reveal(
    night: _Night,
    key: _Key,
    case: Annotated[Path, typer.Option(help="Folder of the case that was tested.")],
    abandon: Annotated[
        bool,
        typer.Option(
            "--abandon",
            help="End the test before the night is over: it counts only what was decided before.",
        ),
    ] = False,
    why: Annotated[str, typer.Option(help="Why it is abandoned, in one line.")] = "",
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", help="Folder of the organisation's log, for the closed case."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Record in a case what each decoy of a night was, once the night is over.

    Each must open to the root that the case recorded at its beginning, or nothing is taken. A case
    whose watch has ended is finished then: it gets its report, and is closed unless it waits for a
    notice.

    Example: cautery decoy reveal night --key planner.pem --case cases/md34
    """
    revealed = decoys.reveal_in(night, case, key=key, abandon=abandon, why=why)
    if json:
        finished = _finish(case, keys, log)
        closed = finished is not None and finished.closed
        render.json_line(to_json(revealed) | {"kinds": dict(revealed.kinds), "closed": closed})
        return
    render.say(f"revealed {revealed.opened} decoys; {revealed.before} were on record before")
    if revealed.foreign:
        leaves = ", ".join(map(str, revealed.foreign))
        render.say(
            f"leaves on hosts or addresses that the mandate does not call own: {leaves}. They are "
            "no decoys: nothing is void by them and nothing is left out. Ask the planner."
        )
    for kind, count in revealed.kinds:
        typer.echo(f"{kind:<14} {count}")
    for note in revealed.beside:
        people = " and ".join(note.approvers)
        render.say(
            render.printable(
                f"warning  {people} had the keeper asked about {note.act} (case {note.case}), and "
                f"this case knows no such act; {len(note.leaves)} decoys were opened for it"
            )
        )
    finished = _finish(case, keys, log)
    if finished is not None:
        state = "closed  " if finished.closed else "open    "
        render.say(f"{state}{case}\nreport  {case / REPORT}")
        say_end(case, finished)


def _finish(case: Path, keys: Path | None, log: Path | None) -> Finished | None:
    """Finish the case if its watch has ended; who has not its keys leaves that to others."""
    try:
        return closing.finish_revealed(case, keys_dir=keys, log=log)
    except CauteryError as error:  # what was revealed is on record
        render.say(render.printable(f"the case is not finished: {error}"))
        render.say(render.printable(f"  Who has its keys closes it: cautery close {case}"))
        return None


app.command()(report)
app.command("season")(over_nights)


def _show_leaves(leaves: tuple[DecoyLeaf, ...], *, json: bool) -> None:
    if json:
        for leaf in leaves:
            render.json_line(to_json(leaf.decoy))
        return
    render.table(
        ("kind", "URL", "title", "disguise", "delay_s", "appears"),
        (
            (
                leaf.decoy.kind.value,
                leaf.decoy.url,
                leaf.decoy.offered_as,
                leaf.decoy.disguise,
                leaf.decoy.delay_s,
                iso(leaf.decoy.appears_at),
            )
            for leaf in leaves
        ),
    )
    kinds = Counter(leaf.decoy.kind.value for leaf in leaves)
    render.say(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise InputError(f"{text[:60]!a} is not HOST:PORT")
    return host, int(port)
