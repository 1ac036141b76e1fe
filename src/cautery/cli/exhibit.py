"""``cautery exhibit``: what was sealed, and one exhibit taken out to be looked at."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import InputError
from cautery.evidence.warc import read_warc
from cautery.model import KeyedPseudonyms, RedactedUrl, to_json
from cautery.wiring import cases, custody
from cautery.workflows.case.exhibit import exhibits_in, open_exhibit


@render.tabular
def exhibit(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    id: Annotated[
        str | None, typer.Argument(help="Id of an exhibit, or its first digits; default: list all.")
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it to this file.")] = None,
    payload: Annotated[
        int | None,
        typer.Option(min=1, help="For a web archive: only the body of its answer N, unpacked."),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="Who opens it, for the chain of custody; default: your login."),
    ] = None,
    why: Annotated[str, typer.Option(help="Why, for the chain of custody.")] = "not stated",
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the exhibits of a case, or write one exhibit to a file.

    Everything that a watch fetched is in web archives (WARC). `warcio check` accepts these
    archives. An encrypted exhibit is opened with the case's keys; it may contain credentials.
    CASE.custody.jsonl, a file beside the case, records who opened or copied an exhibit, and why.

    Example: cautery exhibit cases/md34 9f86d0818 -o list.warc
    """
    if id is None:
        rows = list(exhibits_in(case, store=cases.reading_store()))
        if json:
            for row in rows:
                render.json_line(to_json(row))
            return
        render.table(
            ("id", "what", "sealed by this clock", "bytes", "opens with", "url"),
            (
                (
                    row.id.removeprefix("sha256:")[:12],
                    row.what,
                    f"{row.sealed_at:%Y-%m-%d %H:%M:%S}",
                    row.size,
                    "" if row.subject is None else "the case's keys",
                    row.url,
                )
                for row in rows
            ),
        )
        return
    record, data = open_exhibit(case, id, store=cases.store(keys))
    custody.note_opening(
        case, what=record.id, digest=record.id, by=by, why=why, copied=out is not None
    )
    if record.media_type == "application/warc":
        answers = list(read_warc(data))
        if payload is not None:
            if payload > len(answers) or answers[payload - 1].body is None:
                raise InputError(
                    f"answer {payload} has no payload here; the archive has {len(answers)} answers",
                    hint="A revisit refers to an earlier archive: see rests_on in its record.",
                )
            data = answers[payload - 1].body or b""
        if out is None:
            hidden = KeyedPseudonyms(secrets.token_bytes(32))
            for number, answer in enumerate(answers, start=1):
                size = "stored earlier" if answer.body is None else f"{len(answer.body)} bytes"
                url = RedactedUrl.of(answer.url, hidden).text
                render.say(f"{number}  {answer.at:%H:%M:%S}  {answer.status}  {size}  {url}")
    elif payload is not None:
        raise InputError(f"exhibit {record.id} is not a web archive", hint="Omit --payload.")
    if json:
        render.json_line(to_json(record))
    if out is not None:
        if record.subject is None:
            wiring.write_file(out, data)
        else:
            # Sealed encrypted: taken out, it is for its owner's eyes.
            wiring.write_secret(out, (data,))
        render.say(f"{record.what}, {record.media_type}, {len(data)} bytes: {out}")
