"""``cautery operation receive``: check and file a bundle from another agency."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.operation._markings import marking_lines
from cautery.model import digest_of, to_json
from cautery.wiring import desks
from cautery.workflows.operation.holdings import source_words
from cautery.workflows.operation.letter import read_letter
from cautery.workflows.operation.partners import RECEIVED
from cautery.workflows.operation.receive import receive as file_bundle
from cautery.workflows.operation.share import must_be_told


def receive(
    case: Annotated[Path, typer.Argument(help="Your agency's case.")],
    bundle: Annotated[Path, typer.Argument(help="What the other agency sent.")],
    key: Annotated[
        Path,
        typer.Option("--key", help="The sender's public key, had by another way than the bundle."),
    ],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Verify a bundle's signatures, form and markings, and file it with its original bytes.

    Each statement must bear its provider's signature, whoever brings it. A bundle is filed whole
    or refused whole, and a refusal is recorded.

    Example: cautery operation receive cases/op-sofia rome.bundle --key it-postal.pub
    """
    with desks.desk(case) as desk:
        verifier = desk.case.store.public_key(key, name="sender")
        before = sum(1 for _ in desk.bodies(RECEIVED))
        raw = read_letter(bundle)
        statements = file_bundle(desk, raw, key=verifier, at=desk.case.clock.now())
        record = next(body for body in desk.bodies(RECEIVED) if body["digest"] == digest_of(raw))
        filed = sum(1 for _ in desk.bodies(RECEIVED)) > before
        come = {statement.id for statement in statements}
        passed_on = sorted({to for statement_id, to in must_be_told(desk) if statement_id in come})
    if json:
        for statement in statements:
            source = source_words(statement.by, record["from"])
            render.json_line({**to_json(statement), "source": source})
    else:
        render.table(
            ("id", "by", "what is said", "marking"),
            (
                (
                    statement.id[:12],
                    source_words(statement.by, record["from"]),
                    f"{statement.subject}\n{statement.kind.value}: {statement.text}",
                    marking_lines(statement.marking),
                )
                for statement in statements
            ),
        )
    word = "statement" if len(statements) == 1 else "statements"
    if filed:
        render.say(f"{len(statements)} {word} filed in {case}")
    else:
        render.say(f"{len(statements)} {word}, all as before: this bundle was filed already")
    for refusal in record.get("refused", ()):
        render.say(
            f"statement {refusal['id'][:12]} of {refusal['by']} does not count: {refusal['why']}"
        )
    for name in passed_on:  # Directive (EU) 2016/680, art. 7(3)
        render.say(f"it corrects what {name} was told from here: share with {name} again")
