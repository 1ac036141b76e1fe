"""``cautery cases``: all cases of a folder, or of the organisation, in one list."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.evidence.case_names import is_on_server
from cautery.model import to_json
from cautery.wiring.kept import cases_of, usual_place
from cautery.workflows.case.registry import CaseState


@render.tabular
def cases(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="The folder in which the cases lie, or server: for those of the organisation; "
            "default: server: where one is named, or else cases."
        ),
    ] = None,
    state: Annotated[CaseState | None, typer.Option(help="Only cases that stand so.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the cases of a folder or of the server: what each is about, and how it stands.

    The newest comes first. Only the first and the last record of each is read, and nothing is
    verified: use verify.

    Example: cautery cases cases --state open
    """
    folder = usual_place() if folder is None else folder
    rows_found = cases_of(folder)
    if not rows_found:
        render.say(
            f"There is no case on the server yet. Begin one: cautery watch MANDATE.toml --case "
            f"{folder}NAME"
            if is_on_server(folder)
            else f"There is no case in {folder}, nor one folder further down. Give the folder in "
            "which your cases lie, or make one there: cautery watch MANDATE.toml --case "
            f"{folder}/NAME"
        )
    lines = [line for line in rows_found if state is None or line.state is state]
    if rows_found and not lines:
        render.say(
            f"None of the {len(rows_found)} cases is {state}. For all of them, omit --state."
        )
    if json:
        for line in lines:
            members = {item.name: getattr(line, item.name) for item in fields(line)}
            render.json_line(to_json(members | {"path": str(line.path)}))
        return
    render.table(
        ("case", "state", "title", "who", "window ends", "records", "last record"),
        (
            (
                _name_of(line.path, folder),
                line.state,
                line.title if line.why is None else line.why,
                line.who,
                "" if line.window is None else f"{line.window.end:%Y-%m-%d %H:%M}",
                line.records or "",
                "" if line.last_at is None else f"{line.last_at:%Y-%m-%d %H:%M:%S}",
            )
            for line in lines
        ),
    )


def _name_of(case: Path, folder: Path) -> str:
    if case == folder or is_on_server(case):
        return case.name
    return str(case.relative_to(folder))
