"""``cautery cases``: all cases of a folder in one list."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.model import to_json
from cautery.wiring.kept import cases_of
from cautery.workflows.case.registry import CaseState


@render.tabular
def cases(
    folder: Annotated[Path, typer.Argument(help="The folder in which the cases lie.")],
    state: Annotated[CaseState | None, typer.Option(help="Only cases that stand so.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the cases of a folder, the newest first: what each is about, and how it stands.

    Only the first and the last record of each is read, and nothing is verified: use verify.

    Example: cautery cases cases --state open
    """
    found = cases_of(folder)
    if not found:
        render.say(
            f"There is no case in {folder}, nor one folder further down. Give the folder in which "
            f"your cases lie, or make one there: cautery watch MANDATE.toml --case {folder}/NAME"
        )
    lines = [line for line in found if state is None or line.state is state]
    if found and not lines:
        render.say(f"None of the {len(found)} cases is {state}. For all of them, omit --state.")
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
    return case.name if case == folder else str(case.relative_to(folder))
