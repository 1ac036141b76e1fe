"""``cautery lab``: a pirate world with its truth, live on loopback."""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.cli.demo import lab_cache, show_score
from cautery.cli.lab_daily import daily
from cautery.cli.lab_descent import descent
from cautery.cli.lab_tournament import tournament
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.lab.incidents import INCIDENTS, judged, stopped, write_facts
from cautery.lab.operations import build_world, write_world
from cautery.lab.operations.summary import rows_of, summary_of
from cautery.lab.scoreboard import check_truth
from cautery.lab.scoreboard import score as judge
from cautery.lab.serve import serve as serve_world
from cautery.lab.stamping import OCSP_PATH, LabAuthority
from cautery.lab.stamping_server import StampingServer
from cautery.lab.start import run_folder
from cautery.lab.whole_folder import require_empty
from cautery.packed import require_file
from cautery.wiring import cases
from cautery.wiring.facts import known_facts

_MOST_TRUTH_BYTES = 64 << 20
"""Judgement: the truth of a world of a hundred thousand streams takes less."""

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Serve, build and score a pirate world whose truth is known.",
)
app.command()(daily)
app.command()(descent)
app.command()(tournament)


@app.command()
def serve(
    run: Annotated[
        Path, typer.Argument(help="Folder for mandate.toml, truth.json, keys and facts.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world.")] = 1,
    size: Annotated[str, typer.Option(help="Size of the world: demo or small.")] = "demo",
    media: Annotated[Path | None, typer.Option(help="Your own media for its channels.")] = None,
    lead: Annotated[float, typer.Option(help="Seconds until kick-off.")] = 14.0,
    window: Annotated[
        float | None, typer.Option(help="Length of the mandate's window, seconds.")
    ] = None,
) -> None:
    """Serve a world until Ctrl-C, so that a watch in another terminal can watch it.

    Example: cautery lab serve /tmp/run --seed 7
    """
    world_size: Literal["demo", "small"]
    if size == "demo":
        world_size = "demo"
    elif size == "small":
        world_size = "small"
    else:
        raise InputError(f"--size: {size!r} is not valid; give demo or small")
    run_folder(run)  # before minutes of rendering, not after
    lab = serve_world(
        seed,
        run,
        cache=lab_cache(),
        size=world_size,
        media_dir=media,
        lead_s=lead,
        window_s=window,
        say=render.say,
    )
    with lab:
        render.say(f"cautery watch {lab.mandate_path} --case {run / 'case'}")
        while lab.alive:
            time.sleep(0.5)


@app.command()
def score(
    truth: Annotated[Path, typer.Argument(help="truth.json of a lab run.")],
    case: Annotated[Path, typer.Argument(help="Folder of the case of that run.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Score a case against the truth of the lab run that it watched.

    Example: cautery lab score /tmp/run/truth.json /tmp/run/case
    """
    try:
        if truth.exists():
            require_file(truth)  # a pipe would be waited for
        with truth.open("rb") as file:
            raw = file.read(_MOST_TRUTH_BYTES + 1)
        if len(raw) > _MOST_TRUTH_BYTES:
            raise InputError(f"{truth}: over {_MOST_TRUTH_BYTES:,} bytes, too long for a truth")
        lab_truth = parsed_json(raw.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{truth}: not the truth of a lab run ({error})") from error
    check_truth(lab_truth)
    with cases.reading(case) as opened:
        show_score(judge(lab_truth, opened.ledger.read(), case=str(case)), None, json=json)


@app.command()
def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="A new folder for the world.")],
    like: Annotated[
        str, typer.Option(help="World: taken-down, kratos, xtream, flawless or globe.")
    ] = "taken-down",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    scale: Annotated[float, typer.Option(help="Size: 1 is full size, 0.01 a hundredth.")] = 1.0,
    json: Annotated[bool, typer.Option("--json", help="The summary as one JSON line.")] = False,
) -> None:
    """Build the world of an operation at full size, with its truth and its sources.

    Example: cautery lab build --like taken-down --seed 7 -o /tmp/world
    """
    require_empty(out)  # before the work, not after

    def progress(count: int, total: int, what: str) -> None:
        render.say(f"lab build: {what} ({count + 1} of {total})")

    begun = time.perf_counter()
    world = build_world(like, seed=seed, scale=scale, progress=progress)
    files = write_world(world, out, progress=progress)
    summary = summary_of(world, files=len(files), seconds=time.perf_counter() - begun)
    if json:
        render.json_line(summary)
        return
    render.table(("LAB", "published", "true"), rows_of(summary), title=summary["title"])
    render.say(summary["statement"])
    render.say(f"world   {out}   ({summary['files']} files, {summary['seconds']:.1f} s)")


@app.command()
@render.tabular
def incidents(
    facts: Annotated[
        Path | None,
        typer.Option(help="Facts folder to judge by, instead of the facts of each day."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line per incident.")] = False,
) -> None:
    """Judge the nine published incidents of over-blocking again, each by the facts of its day.

    The exit code is 1 if the guard would have allowed one of them.

    Example: cautery lab incidents
    """
    rows: list[tuple[object, ...]] = []
    stopped_count = 0
    with tempfile.TemporaryDirectory(prefix="cautery-incidents-") as folder:
        for incident in INCIDENTS:
            fact_source = known_facts(facts or write_facts(incident, Path(folder) / incident.id))
            verdicts = judged(incident, fact_source)
            stopped_count += stopped(verdicts)
            codes = list(dict.fromkeys(r.code for v in verdicts for r in v.reasons))
            words = ", ".join(dict.fromkeys(str(v.decision) for v in verdicts))
            instead = list(dict.fromkeys(name for v in verdicts for name in v.narrow_to))
            if json:
                render.json_line(
                    {
                        "incident": incident.id,
                        "at": incident.at.isoformat(),
                        "targets": list(incident.targets),
                        "verdicts": [str(v.decision) for v in verdicts],
                        "narrow_to": instead,
                        "codes": codes,
                        "stopped": stopped(verdicts),
                    }
                )
            rows.append(
                (
                    f"{incident.where}, {incident.at.date()}",
                    incident.happened,
                    "\n".join(
                        (*incident.targets[:2], *(["..."] if len(incident.targets) > 2 else []))
                    ),
                    words,
                    "\n".join(instead[:2]),
                    ", ".join(codes[:3]),
                )
            )
    if not json:
        render.table(("where", "what happened", "blocked", "guard", "instead", "why"), rows)
    render.say(f"{stopped_count} of {len(INCIDENTS)} refused or narrowed")
    if stopped_count < len(INCIDENTS):
        raise typer.Exit(1)


@app.command()
def authority(
    folder: Annotated[
        Path, typer.Argument(help="A new folder; it gets root.pem, the root to trust.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on loopback; 0: any.")] = 0,
    name: Annotated[str, typer.Option(help="Its name.")] = "Lab time-stamping authority",
    days: Annotated[int, typer.Option(min=1, help="Days until its certificate ends.")] = 3650,
    revocation: Annotated[
        str, typer.Option(help="How it publishes revocations: ocsp, crl or both.")
    ] = "both",
) -> None:
    """Serve a time-stamping authority (RFC 3161) by OpenSSL until Ctrl-C; nobody trusts its root.

    Example: cautery lab authority /tmp/tsa
    """
    if revocation not in ("ocsp", "crl", "both"):
        raise InputError(f"--revocation: {revocation!r} is not valid; give ocsp, crl or both")
    require_empty(folder)
    now = wiring.clock().now()
    with StampingServer(port=port) as server:
        server.authority = LabAuthority(
            folder.resolve(),
            name,
            begins=now - timedelta(days=1),
            ends=now + timedelta(days=days),
            crl_url=None if revocation == "ocsp" else f"{server.url}crl",
            ocsp_url=None if revocation == "crl" else f"{server.url}{OCSP_PATH[1:]}",
        )
        typer.echo(server.url)
        render.say(f"root    {folder / 'root.pem'}")
        while True:
            time.sleep(0.5)
