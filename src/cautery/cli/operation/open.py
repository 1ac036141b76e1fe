"""``cautery operation open``: begin an agency's own case of an operation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.errors import InputError
from cautery.evidence.manifest import CASE_KEY
from cautery.wiring import desks
from cautery.workflows.operation.read_operation import EXAMPLE, read_operation


def open_operation(
    file: Annotated[
        Path | None, typer.Argument(help="OPERATION.toml: the operation and its agencies.")
    ] = None,
    agency: Annotated[str | None, typer.Option("--agency", help="Id of your own agency.")] = None,
    case: Annotated[Path | None, typer.Option("--case", help="New folder for the case.")] = None,
    example: Annotated[
        bool, typer.Option("--example", help="Print an example of an operation file and exit.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Begin the case of one agency; each agency in the operation has its own.

    The operation file names the operation, its legal basis, and the agencies with their role,
    competence, contact point and time zone: --example prints one.

    Example: cautery operation open op.toml --agency it-postal --case cases/op-rome
    """
    if example:
        typer.echo(EXAMPLE, nl=False)
        return
    if file is None or agency is None or case is None:
        raise InputError(
            "an operation file, --agency and --case are needed",
            hint="cautery operation open op.toml --agency ID --case DIR; --example prints a file.",
        )
    operation = read_operation(file)
    operation.agency(agency)
    with desks.desk(case, operation=operation, agency=agency) as desk:
        key = str(desk.case.verifier)
        begun = {"case": str(case), "operation": operation.id, "agency": agency, "key": key}
    if json:
        render.json_line(begun)
        return
    render.table(
        ("agency", "role", "may", "contact"),
        (
            (
                f"{agency.id}\n{agency.country}",
                agency.role.value,
                ", ".join(sorted(competence.value for competence in agency.competence)),
                f"{agency.contact}\n{agency.zone}",
            )
            for agency in operation.agencies
        ),
        title=f"{operation.name} ({operation.id})",
    )
    render.say(f"case of {agency} begun in {case}")
    render.say(f"your public key, to give to the others by a separate channel: {case / CASE_KEY}")
