"""``cautery operation receive``: check and file a bundle from another agency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._markings import marking_lines
from cautery.drawing.formatting import counted
from cautery.messages import say
from cautery.model import digest_of, to_json
from cautery.model.records import BundleReceived
from cautery.wiring import desks
from cautery.workflows.operation.holdings import source_words
from cautery.workflows.operation.letter import read_letter
from cautery.workflows.operation.receive import receive as file_bundle
from cautery.workflows.operation.share import must_be_told


def receive(
    case: Annotated[Path, typer.Argument(help="Your agency's case.")],
    bundle: Annotated[Path, typer.Argument(help="Bundle that the other agency sent.")],
    key: Annotated[
        Path,
        typer.Option(
            "--key", help="The sender's public key, received by another channel than the bundle."
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Verify a bundle's signatures, format and markings, and file it with its original bytes.

    Each statement must have its provider's signature, also if another agency passes it on. A
    bundle is filed or refused as a whole, and a refusal is recorded.

    Example: cautery operation receive cases/op-sofia rome.bundle --key it-postal.pub
    """
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        before = sum(1 for _ in desk.contents(BundleReceived))
        raw = read_letter(bundle)
        statements = file_bundle(desk, raw, key=verifier, at=desk.case.clock.now())
        records = [received for _, received in desk.contents(BundleReceived)]
        received = next(record for record in records if record.digest == digest_of(raw))
        filed = len(records) > before
        come = {statement.id for statement in statements}
        passed_on = sorted({to for statement_id, to in must_be_told(desk) if statement_id in come})
    if json:
        for statement in statements:
            source = source_words(statement.by, received.from_)
            render.json_line({**to_json(statement), "source": source})
    else:
        render.table(
            ("id", "by", "statement", "marking"),
            (
                (
                    statement.id[:12],
                    source_words(statement.by, received.from_),
                    f"{statement.subject}\n{statement.kind.value}: {statement.text}",
                    marking_lines(statement.marking),
                )
                for statement in statements
            ),
        )
    received_rows = counted(len(statements), "statement")
    if filed:
        render.say(f"{received_rows} filed in {case}")
    else:
        render.say(f"{received_rows}, nothing new: this bundle was filed already")
    for refused in received.refused:
        render.say(f"statement {refused.id[:12]} of {refused.by} was refused: {say(refused.why)}")
    for name in passed_on:  # Directive (EU) 2016/680, art. 7(3)
        render.say(f"it corrects a statement that you shared with {name}: share with {name} again")
