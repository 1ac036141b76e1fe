"""The command ``cautery``: a verb for each thing that a person wants done.

Data goes to stdout, talk to stderr; ``--json`` stands beside tables. Exit codes: 0 done (no match
is 0), 1 something refused, not verified or infeasible, 2 bad use or bad input, 3 (`verify` alone)
consistent, yet not proven authentic.

Each command imports what it needs when it runs, so that ``cautery --help`` answers at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import Annotated

import typer

# Small products gain nothing from BLAS's own threads and lose ten times to their waking up; what
# runs in parallel here are probes. Before anything loads numpy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from cautery import __version__
from cautery.adapters._kernel import hide_memory
from cautery.cli import (
    case,
    close,
    cluster,
    demo,
    diff,
    enrich,
    estimate,
    exhibit,
    facts,
    guard,
    identify,
    keys,
    lab,
    mandate,
    mirrors,
    operation,
    plan,
    purchase,
    read,
    references,
    referral,
    render,
    resolve,
    seized,
    supply_map,
    verify,
    watch,
)
from cautery.cli._verbs import Verbs
from cautery.errors import CauteryError, InputError

app = typer.Typer(
    cls=Verbs,
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
_VERBS = (
    demo, watch, purchase, close, verify, exhibit, identify, resolve, read, diff, enrich, mirrors,
    cluster, guard, plan,
)  # fmt: skip
for _verb in _VERBS:
    app.command()(getattr(_verb, _verb.__name__.rsplit(".", 1)[-1]))
app.command("map")(supply_map.draw_map)  # its module is not named for a builtin
app.add_typer(references.app, name="references")
app.add_typer(facts.app, name="facts")
app.add_typer(mandate.app, name="mandate")
app.add_typer(referral.app, name="referral")
app.add_typer(keys.app, name="keys")
app.add_typer(case.app, name="case")
app.add_typer(lab.app, name="lab")
app.add_typer(seized.app, name="seized")
app.add_typer(estimate.app, name="estimate")
app.add_typer(operation.app, name="operation")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"cautery {__version__}")
        raise typer.Exit


@app.callback()
def cautery(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Say the version; everything else is a verb."""


_YOUNG = 50_000
"""So many new objects before the collector looks: imports alone make half a million that stay."""
_INTERRUPTED = 130
"""What a shell gives for Ctrl-C, and what typer makes of it."""


def main() -> None:
    """Run the command; show an error's message and hint once, never a traceback."""
    # Before any key is read: what another process of the same user may not look at.
    hide_memory()
    gc.set_threshold(_YOUNG)
    # At the end all memory goes back at once: to look for cycles in it first took 0.4 s of CPU.
    atexit.register(gc.freeze)
    try:
        app(prog_name="cautery")
    except CauteryError as error:
        # What an error quotes may come from outside: it must not steer the terminal.
        typer.echo(render.printable_lines(f"cautery: {error}"), err=True)
        if error.hint:
            typer.echo(render.printable_lines(f"  {error.hint}"), err=True)
        sys.exit(2 if isinstance(error, InputError) else 1)
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
            raise
        typer.echo("stopped", err=True)
        sys.stdout.flush()
        # All is put away by now; to leave in order would wait for every thread's task to end.
        os._exit(_INTERRUPTED)
