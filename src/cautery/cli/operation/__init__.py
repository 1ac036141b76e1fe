"""``cautery operation``: the coordinated operation, from the table to the day and after."""

from __future__ import annotations

import typer

from cautery.cli._verbs import Verbs
from cautery.cli.operation import (
    board,
    close,
    cut,
    day,
    deconflict,
    exhibit,
    instrument,
    money,
    page,
    person,
    receive,
    replay,
    share,
    state,
)
from cautery.cli.operation import open as open_

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Run or replay a coordinated operation: agencies, deconfliction, action day, exhibits.",
)
app.command("open")(open_.open_operation)
app.command()(state.state)
app.command()(state.correct)
app.command()(state.permit)
app.command()(state.partner)
app.command()(share.share)
app.command()(receive.receive)
app.command()(close.close)
app.command()(page.page)
app.command()(replay.replay)
app.add_typer(deconflict.app, name="deconflict")
app.add_typer(instrument.app, name="instrument")
app.add_typer(person.app, name="person")
app.add_typer(exhibit.app, name="exhibit")
app.command()(money.money)
app.command()(cut.cut)
app.add_typer(day.app, name="day")
app.command()(board.board)
app.command()(board.report)
app.command()(board.answer)
