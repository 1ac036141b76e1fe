"""The command ``cautery``: a verb for each thing that a person wants done.

Data goes to stdout, talk to stderr; ``--json`` stands beside tables. Exit codes: 0 done (no match
is 0), 1 something refused, not verified or infeasible, 2 bad use or bad input, 3 (`verify` alone)
consistent, yet not proven authentic.

A command's module is loaded when it is asked for, so that ``cautery --help`` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
from typing import Annotated, NoReturn

import typer

# Small products gain nothing from BLAS's own threads and lose ten times to their waking up; what
# runs in parallel here are probes. Before anything loads numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cautery import __version__
from cautery.adapters._kernel import hide_memory
from cautery.cli import render
from cautery.cli._compiling import say_what_compiles
from cautery.cli._verbs import verbs_of
from cautery.errors import CauteryError, InputError, LeaseError

_VERBS = {
    "demo": (
        "cautery.cli.demo:demo",
        "Build a lab world, watch it for a minute, verify the case and score it against the truth.",
    ),
    "watch": (
        "cautery.cli.watch:watch",
        "Watch the mandate's sources until its window closes; seal verdicts, map and proposals.",
    ),
    "node": (
        "cautery.cli.node:app",
        "Let this machine look and hear for watches; show, drain and resume such machines.",
    ),
    "season": (
        "cautery.cli.season:app",
        "Watch each fixture of a mandate's calendars by a watch of its own, and close its case.",
    ),
    "serve": (
        "cautery.console.command:serve",
        "Serve the operations room: the cases of a folder or of the server, in a browser.",
    ),
    "token": (
        "cautery.cli.token:app",
        "Let programs read cases through the room, and stop that again.",
    ),
    "purchase": (
        "cautery.cli.purchase:purchase",
        "Record a test purchase: who authorised it, the payment, the receipt and the line.",
    ),
    "close": (
        "cautery.cli.close:close",
        "Write and sign the report of a case that is still open and that nobody watches any more.",
    ),
    "verify": (
        "cautery.cli.verify:verify",
        "Re-check every file, record, signature and exhibit, and name the first fault.",
    ),
    "renew": (
        "cautery.cli.renew:renew",
        "Get new time-stamps over the proof of a closed case, before the old ones expire.",
    ),
    "exhibit": (
        "cautery.cli.exhibit:exhibit",
        "List the exhibits of a case, or write one exhibit to a file.",
    ),
    "cases": (
        "cautery.cli.cases:cases",
        "List the cases of a folder or of the server: what each is about, and how it stands.",
    ),
    "find": (
        "cautery.cli.find:find",
        "Find records or streams of a case by words, newest first; or things in all cases.",
    ),
    "dossier": (
        "cautery.cli.dossier:dossier",
        "Hand over a closed case: a bag that its receiver checks without Cautery.",
    ),
    "export": (
        "cautery.cli.export:export",
        "Write a case to a file for a partner's tool, and say what the format does not keep.",
    ),
    "import": (
        "cautery.cli.import_:import_",
        "Show what a partner's file says; convert it, or seal and record it in a case.",
    ),
    "imports": (
        "cautery.cli.imports:imports",
        "List what partners told a case: of each source and item, what it told last.",
    ),
    "custody": (
        "cautery.cli.custody:app",
        "Show the chain of custody of a case; sign and file receipts.",
    ),
    "records": (
        "cautery.cli.records:records",
        "List the kinds of records that a case can hold; with KIND, show the members of that kind.",
    ),
    "identify": (
        "cautery.cli.identify:identify",
        "Identify each probe: which reference it shows, if any, and how certain that is.",
    ),
    "resolve": (
        "cautery.cli.resolve:resolve",
        "Resolve noisy titles to catalogue ids; a title may match none.",
    ),
    "read": (
        "cautery.cli.read:read",
        "Show the content of a file in a known format, and the parts that could not be read.",
    ),
    "diff": (
        "cautery.cli.diff:diff",
        "Show what appeared, vanished, moved and changed between two files of one format.",
    ),
    "enrich": (
        "cautery.cli.enrich:enrich",
        "Add local facts to links: network, country, hoster, sharing, domain, parking.",
    ),
    "mirrors": (
        "cautery.cli.mirrors:mirrors",
        "Find mirror families: domains that are one site under renamed or renumbered names.",
    ),
    "cluster": (
        "cautery.cli.cluster:cluster",
        "Group subjects into criminal networks; each membership has a probability.",
    ),
    "guard": (
        "cautery.cli.guard:guard",
        "Judge each target: allow, narrow or refuse, with the facts behind the verdict.",
    ),
    "plan": (
        "cautery.cli.plan:plan",
        "Find the cheapest acts that leave at most a given share of the demand served.",
    ),
    "map": (
        "cautery.cli.supply_map:draw_map",
        "Draw the supply graph by role or country: who supplies, hosts, sells and is paid.",
    ),
    "follow": (
        "cautery.cli.follow:follow",
        "Follow what grows back after a case: propose descendants, with odds, reasons and days.",
    ),
    "ruling": (
        "cautery.cli.ruling:app",
        "Say that two hosts are one network's or not; take that back; list what holds.",
    ),
    "references": (
        "cautery.cli.references:app",
        "Fingerprint reference media and feeds.",
    ),
    "warm": (
        "cautery.cli.warm:warm",
        "Compile the fast loops (kernels) once, so that no command has to wait for them.",
    ),
    "facts": (
        "cautery.cli.facts:app",
        "List and add facts about addresses and names.",
    ),
    "mandate": (
        "cautery.cli.mandate:app",
        "Write, show, sign and check a mandate.",
    ),
    "referral": (
        "cautery.cli.referral:app",
        "List and approve a case's referrals; override the guard.",
    ),
    "lists": (
        "cautery.cli.lists:app",
        "Show and serve block lists; print the keys by which a provider checks its list.",
    ),
    "notice": (
        "cautery.cli.notice:app",
        "Draft, check, approve and send notices to hosters and others; file their replies.",
    ),
    "form": (
        "cautery.cli.form:app",
        "List the papers of offices; check what a case lacks for one; write one, filled.",
    ),
    "complaint": (
        "cautery.cli.complaint:app",
        "File, show and decide complaints about blocks; a granted complaint lifts a block at once.",
    ),
    "transparency": (
        "cautery.cli.transparency:app",
        "Show a case's public figures; export to Lumen; read the DSA Transparency Database.",
    ),
    "people": (
        "cautery.cli.people:app",
        "Say who may come into the operations room; read its access log.",
    ),
    "keys": (
        "cautery.cli.keys:app",
        "Make signing keys for the people who approve; keep those of cases in a token.",
    ),
    "case": (
        "cautery.cli.case:app",
        "Move a case to or from the server; continue with an older copy of one.",
    ),
    "server": (
        "cautery.cli.server:app",
        "Prepare the database and the vault that the cases of an organisation share.",
    ),
    "alerts": (
        "cautery.cli.alerts:app",
        "Tell people by webhook, mail or syslog what happens in cases: a link, and no more.",
    ),
    "backup": (
        "cautery.cli.backup:app",
        "Back up all cases and the people of their room; check a backup; bring it back.",
    ),
    "log": (
        "cautery.cli.log:app",
        "Keep the organisation's log, with which others vouch for the times of its cases.",
    ),
    "cosign": (
        "cautery.cli.cosign:app",
        "Co-sign the logs of other organisations.",
    ),
    "lab": (
        "cautery.cli.lab:app",
        "Serve, build and score a pirate world whose truth is known.",
    ),
    "decoy": (
        "cautery.cli.decoy:app",
        "Test your own watch blind: plant own streams in secret, serve them, and reveal them.",
    ),
    "seized": (
        "cautery.cli.seized:app",
        (
            "Take in seized or handed-over material. Cautery seals it as received, and shows "
            "people only under pseudonyms."
        ),
    ),
    "estimate": (
        "cautery.cli.estimate:app",
        "Size a network from its sources, with intervals, and check claims about its size.",
    ),
    "operation": (
        "cautery.cli.operation:app",
        "Run or replay a coordinated operation: agencies, deconfliction, action day, exhibits.",
    ),
}

app = typer.Typer(
    cls=verbs_of(_VERBS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "Find, prove, map and lawfully cut pirate re-broadcasts of live television, with evidence "
        "that anyone can re-check. Start with: cautery demo"
    ),
)


def _print_version(flag: bool) -> None:
    if flag:
        typer.echo(f"cautery {__version__}")
        raise typer.Exit


@app.callback()
def cautery(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(
            help="For cases server:NAME: postgresql://USER@HOST/DATABASE; default "
            "$CAUTERY_DATABASE."
        ),
    ] = None,
    vault: Annotated[
        str | None,
        typer.Option(help="For cases server:NAME: s3://BUCKET/PREFIX; default $CAUTERY_VAULT."),
    ] = None,
) -> None:
    """Say where cases of an organisation lie; everything else is a command."""
    del version  # its callback showed it
    if database is not None or vault is not None:
        from cautery.wiring.server import name_server  # noqa: PLC0415 - for those who have one

        name_server(database, vault)


_YOUNG = 50_000
"""So many new objects before the collector looks: imports alone make half a million that stay."""
_DRIVEN_ELSEWHERE = 75
"""EX_TEMPFAIL of sysexits.h: another process drives the case; a unit may start as its standby."""
_INTERRUPTED = 130
"""What a shell gives for Ctrl-C, and what typer makes of it."""


def main() -> None:
    """Run the command; show an error's message and hint once, never a traceback."""
    # Before any key is read: what another process of the same user may not look at.
    hide_memory()
    gc.set_threshold(_YOUNG)
    # At the end all memory goes back at once: to look for cycles in it first took 0.4 s of CPU.
    atexit.register(gc.freeze)
    say_what_compiles()
    _write_any_letter()
    try:
        app(prog_name="cautery")
    except CauteryError as error:
        # What an error quotes may come from outside: it must not steer the terminal.
        typer.echo(render.printable_lines(f"cautery: {error}"), err=True)
        if error.hint:
            typer.echo(render.printable_lines(f"  {error.hint}"), err=True)
        sys.exit(_code_of(error))
    except BrokenPipeError:
        # The reader of a pipe (head, less) has gone: that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        # A path that cannot even be asked about: too long, or behind a folder that is closed to us.
        if not isinstance(error.filename, str | os.PathLike):
            raise
        place = os.fspath(error.filename)
        typer.echo(render.printable_lines(f"cautery: {place}: {error.strerror}"), err=True)
        sys.exit(2)
    except (KeyboardInterrupt, SystemExit) as ended:
        if isinstance(ended, SystemExit) and ended.code != _INTERRUPTED:
            if _a_solver_goes_on() and isinstance(ended.code, int | None):
                _end_now(ended.code or 0)
            raise
        typer.echo("stopped", err=True)
        # All is put away by now; to leave in order would wait for every thread's task to end.
        _end_now(_INTERRUPTED)


def _a_solver_goes_on() -> bool:
    # Loaded by who planned, and heavy: nobody else waits for it here.
    planning = sys.modules.get("cautery.plan.solver_run")
    return planning is not None and bool(planning.is_left_running())


def _end_now(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _code_of(error: CauteryError) -> int:
    if isinstance(error, LeaseError):
        return _DRIVEN_ELSEWHERE
    return 2 if isinstance(error, InputError) else 1


def _write_any_letter() -> None:
    """Let no letter of a title end a command half-way through its table.

    What is no terminal gets UTF-8, as JSON and CSV are read everywhere; a terminal keeps its own
    encoding, and shows what that lacks by number.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")
