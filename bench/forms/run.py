"""Fill every form from cases: how much the cases give, and whether each missing field is named.

    python bench/forms/run.py [--case DIR ...] [--schemas DIR]

Without --case it makes the case of the demo, that of a replayed operation, the open one of an
operation with a draft of each instrument and traced money, and a small one for each country that
has a form. A paper is filled twice: as the case leaves it, and with an answer to each
field that is missing. Columns: mandatory fields; the share that the case gives; the share that is
filled with the answers (bar: 100 %); the share of empty mandatory fields that were named (bar:
100 %); faults of the written paper (bar: 0): XML that does not parse or does not follow the public
schema, JSON that does not hold the values. A schema is DIR/FOLDER-NAME.xsd; none is fetched.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from operation_case import open_operation
from tests.form_case import made_case

from cautery.act import order_of
from cautery.errors import CauteryError
from cautery.evidence.manifest import NOTE
from cautery.json_text import parsed_json
from cautery.model import Instrument
from cautery.model.forms import FieldKind, Filled, Form, FormFormat, Misfit, Need, fill
from cautery.model.forms.facts import LISTS
from cautery.model.records import OperationOpened, kinds_of
from cautery.wiring.cases import reading
from cautery.wiring.forms import FormRequest, verified_case
from cautery.workflows.case.open import Case
from cautery.workflows.case.referral import filed_referrals, mandate_of
from cautery.workflows.forms.as_text import json_of
from cautery.workflows.forms.as_xml import xml_of
from cautery.workflows.forms.catalogue import all_forms
from cautery.workflows.forms.checking import facts_of
from cautery.workflows.forms.chosen import About, Reader
from cautery.workflows.forms.of_watch import hosts_of_papers
from cautery.workflows.operation.desk import Desk, desk_in

PARTICULARS = {
    "reporter": "Example League",
    "declared": "univocally",
    "calendar": "season 2026/27",
    "agent": "A. Sworn",
    "reset": "each week",
    "criteria": "Schedule 3",
    "host_notice": "after a week",
    "notice": "dispensed with: live",
}
TARGETS = ("edge.pirate.example", "192.0.2.7", "2001:db8::7")
ANSWERS: Mapping[FieldKind, Any] = {
    FieldKind.TEXT: "answered",
    FieldKind.TEXTS: ["answered"],
    FieldKind.NUMBER: 1,
    FieldKind.DATE: "2026-11-30",
    FieldKind.MOMENT: "2026-11-30T20:30:00Z",
    FieldKind.NAMES: ["answered.example"],
    FieldKind.IPV4: ["192.0.2.9"],
    FieldKind.IPV6: ["2001:db8::9"],
    FieldKind.URLS: ["https://answered.example/"],
    FieldKind.DIGESTS: ["sha256:" + "0" * 64],
    FieldKind.MONEY: "12.50 EUR",
    FieldKind.COUNTRY: "IT",
    FieldKind.PERSON: "A. Person",
    FieldKind.YES_NO: True,
}
BY_FIELD: Mapping[tuple[str, str], Any] = {
    ("money/goaml", "currency"): "EUR",
    ("money/goaml", "indicators"): ["ACTRC"],
}
"""What a public schema takes only from a list."""
READER = Reader(who="bench", why="to measure")
MOST_PAPERS = 40
"""Of one form and one case: a demo has dozens of referrals."""


@dataclass
class Row:
    """What was counted of one form in one case."""

    papers: int = 0
    mandatory: int = 0
    given: int = 0
    filled: int = 0
    empty: int = 0
    named: int = 0
    faults: int = 0


def made(folder: Path) -> Iterator[tuple[str, Path]]:
    """Make the cases, and yield each with its name."""
    run = [sys.executable, "-m", "cautery"]
    demo = folder / "demo"
    subprocess.run(
        [*run, "demo", "--no-browser", "--folder", str(demo)], check=True, stdout=sys.stderr
    )
    yield "demo", next(demo.glob("*/case"))
    lead = folder / "replay" / "lead"
    replay = ["operation", "replay", "taken-down", "--scale", "0.05", "--speed", "0"]
    subprocess.run([*run, *replay, "--case", str(lead)], check=True, stdout=sys.stderr)
    yield "replay", lead
    for country in sorted({form.country for form in all_forms() if Need.REFERRAL in form.needs}):
        where = folder / country
        where.mkdir()
        yield country, made_case(where, *TARGETS, territory=country, particulars=PARTICULARS)


def papers_of(case: Case, form: Form, at: datetime) -> Iterator[About]:
    """Yield what the papers of a form are about in a case."""
    if next(iter(case.ledger.read(kinds=kinds_of(OperationOpened))), None) is not None:
        yield from papers_of_operation(desk_in(case), form, at)
        return
    if Need.REFERRAL not in form.needs:
        yield About(at=at)
        return
    mandate = mandate_of(case.ledger)
    for filed in filed_referrals(case.ledger):
        kind = order_of(filed.referral, mandate).kind
        if filed.referral.territory.upper() == form.country and kind in form.orders:
            # The targets of a demo have ended, and what has ended is on no paper.
            moment = min(at, filed.referral.window.start)
            about = About(at=moment, referral=filed.referral.id)
            if not form.per_target:
                yield about
                continue
            try:
                hosts = hosts_of_papers(case.ledger, form, about)
            except CauteryError as error:  # refused, or nothing of it stands
                print(f"{form.id} {filed.referral.id}: {error}", file=sys.stderr)
                continue
            for host in hosts:
                yield replace(about, hosts=(host,))


def papers_of_operation(desk: Desk, form: Form, at: datetime) -> Iterator[About]:
    """Yield what the papers of a form are about in the case of an operation."""
    if form.instrument is not None:
        for _, draft in desk.contents(Instrument):
            if draft.kind is form.instrument:
                yield About(at=at, instrument=draft.id)
    elif Need.RECIPIENT in form.needs:
        for agency in desk.operation.agencies:
            if agency.id != desk.agency.id:
                yield About(at=at, to=agency.id)
    elif Need.MONEY in form.needs:
        if not desk.case.store.exists(desk.case.path, NOTE):  # a closed case records no reader
            yield About(at=at, reader=READER)
    elif Need.REFERRAL not in form.needs:
        yield About(at=at)


def count(row: Row, form: Form, facts: Any, schema: Path | None) -> None:
    """Fill one paper, as the case leaves it and with answers, and count it."""
    bare = fill(form, facts, {})
    needed = {entry.field.name for entry in bare.fields if entry.field.mandatory}
    needed -= {entry.field.name for entry in bare.fields if entry.field.one_of}
    empty = {entry.field.name for entry in bare.fields if entry.value is None} & needed
    for group in {field.one_of for field in form.fields if field.one_of}:
        members = [entry for entry in bare.fields if entry.field.one_of == group]
        needed.add(members[0].field.name)
        if all(entry.value is None for entry in members):
            empty.add(members[0].field.name)
    kinds = (Misfit.MISSING, Misfit.NONE_OF_GROUP)
    named = {fault.field for fault in bare.faults if fault.why in kinds}
    whole = fill(form, facts, answers_to(form, empty))
    row.papers += 1
    row.mandatory += len(needed)
    row.given += len(needed - empty)
    row.empty += len(empty)
    row.named += len(empty & named)
    still = {fault.field for fault in whole.faults}
    row.filled += len(needed - still)
    row.faults += faults_of(whole, schema)


def answers_to(form: Form, names: set[str]) -> dict[str, Any]:
    """Return an answer to each of some fields."""
    answers: dict[str, Any] = {}
    for field in form.fields:
        if field.name not in names:
            continue
        if field.kind is FieldKind.TABLE:
            answers[field.name] = [{column.name: "answered" for column in field.columns}]
        elif field.choices and field.kind is not FieldKind.YES_NO:
            first = field.choices[0]
            answers[field.name] = [first] if field.kind in LISTS else first
        else:
            answers[field.name] = BY_FIELD.get((form.id, field.name), ANSWERS[field.kind])
            if isinstance(answers[field.name], str):
                answers[field.name] = answers[field.name][: field.longest]
    return answers


def faults_of(filled: Filled, schema: Path | None) -> int:
    """Count what is wrong with a paper as it is written."""
    faults = 0
    members = parsed_json(json_of(filled))
    for entry in filled.fields:
        if entry.value is not None:
            value = entry.value
            expected = [*map(_plain, value)] if isinstance(value, tuple) else value
            faults += members.get(entry.field.name) != expected
    if FormFormat.XML in filled.form.formats:
        document = xml_of(filled)
        ET.fromstring(document)
        if schema is not None and schema.is_file():
            faults += _schema_faults(document, schema)
    return faults


def _plain(part: Any) -> Any:
    return dict(part) if isinstance(part, Mapping) else part


def _schema_faults(document: bytes, schema: Path) -> int:
    from lxml import etree  # noqa: PLC0415 - only where there is a schema

    rules = etree.XMLSchema(etree.parse(str(schema)))
    rules.validate(etree.fromstring(document))
    return len(rules.error_log)


def main() -> int:
    """Print a row for each form and case, and end with 1 where a bar is missed."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--case", type=Path, action="append", default=[])
    ask.add_argument("--schemas", type=Path)
    options = ask.parse_args()
    missed = 0
    print("| case | form | papers | mandatory | by the case | with answers | named | faults |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        for name, path in [(case.name, case) for case in options.case] or made(where):
            with reading(path) as case:
                missed += shown(name, rows_of(case, name, options.schemas))
        if not options.case:
            # Open: names and trails are read only where that can be recorded.
            with open_operation(where / "open" / "lead") as desk:
                missed += shown("operation", rows_of(desk.case, "operation", options.schemas))
    return 1 if missed else 0


def shown(name: str, rows: Iterator[tuple[Form, Row]]) -> int:
    """Print the rows of a case, and return how many miss a bar."""
    missed = 0
    for form, row in rows:
        shares = [
            f"{100 * part / whole:.0f} %" if whole else "-"
            for part, whole in (
                (row.given, row.mandatory),
                (row.filled, row.mandatory),
                (row.named, row.empty),
            )
        ]
        each = row.mandatory // row.papers
        print(
            f"| {name} | {form.id} | {row.papers} | {each} | {' | '.join(shares)} | {row.faults} |"
        )
        kept = row.filled == row.mandatory and row.named == row.empty and not row.faults
        missed += not kept
    return missed


def rows_of(case: Case, name: str, schemas: Path | None) -> Iterator[tuple[Form, Row]]:
    """Yield each form that fits a case, with what was counted of it."""
    at = datetime.now(UTC)
    for form in all_forms():
        row = Row()
        verified = verified_case(FormRequest(form=form.id, case=case.path), at)
        schema = None if schemas is None else schemas / f"{form.id.replace('/', '-')}.xsd"
        for about in islice(papers_of(case, form, at), MOST_PAPERS):
            try:
                count(row, form, facts_of(case, form, about, verified=verified), schema)
            except CauteryError as error:
                print(f"{name} {form.id}: {error}", file=sys.stderr)
        if row.papers:
            yield form, row


if __name__ == "__main__":
    sys.exit(main())
