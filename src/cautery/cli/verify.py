"""``cautery verify``: is this case whole, and whose is it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import EvidenceError
from cautery.model import to_json
from cautery.wiring import cases
from cautery.workflows.case.verify import BROKEN, verify_case
from cautery.workflows.mandate.signers import read_signers

CONSISTENT_EXIT = 3
"""Nothing is wrong, and nothing says whose case it is: neither a yes nor a no."""


def verify(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case.")],
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", help="The signer's key, had from elsewhere than the case."),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML: [[signer]], people who may sign mandates."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Re-check every file, record, signature and exhibit; name the first thing that is wrong.

    The verdict is one of three. authentic: all of it is as signed by the key given, exit code 0.
    consistent: it agrees with the key inside it, which proves nothing of who signed it, exit
    code 3; so it is without --public-key. broken: something is not as signed, exit code 1. What
    breaks no proof and should be asked about, times out of order for one, is named as a finding.
    Without --signers it only says by whom the mandate says it was signed.

    Example: cautery verify cases/md34 --public-key league.pub
    """
    allowed_signers = None if signers is None else read_signers(signers)
    try:
        verified = verify_case(
            case,
            store=cases.reading_store(),
            public_key=public_key,
            signers=allowed_signers,
            now=wiring.clock().now(),
        )
    except EvidenceError as error:
        if json:
            render.json_line({"path": str(case), "verdict": BROKEN, "why": str(error)})
        raise
    if json:
        render.json_line(to_json(verified) | {"verdict": verified.verdict})
    else:
        for label, value in verified.summary():
            typer.echo(f"{label:<12} {render.printable(value)}")
    if not verified.authentic:
        raise typer.Exit(CONSISTENT_EXIT)
