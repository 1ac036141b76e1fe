"""Read an operation from TOML; an error names the line, the rule and the correction.

Nothing is opened, shared or planned before this has succeeded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.errors import InputError
from cautery.model import Agency, AgencyRole, Competence, Operation, Regime, to_utc
from cautery.model.toml import parsed_toml
from cautery.packed import small_file
from cautery.workflows.mandate.lines import Lines

MAX_BYTES = 1_000_000
"""A table of 200 agencies has a tenth of it; anything larger is a mistake."""
MAX_AGENCIES = 200

EXAMPLE = """\
[operation]
id = "op-2026-07"
name = "Example"
regime = "led"
legal_basis = "Decree of the public prosecutor of Catania of 2 March 2026"
opened_at = 2026-03-02T08:00:00Z

[[agency]]
id = "it-postal"
name = "Polizia Postale, Catania"
country = "IT"
role = "lead"
competence = ["investigate", "search", "arrest", "seize", "freeze", "preserve"]
contact = "operations room, +39 000 000"
zone = "Europe/Rome"

[[agency]]
id = "bg-gdbop"
name = "Directorate for combating organised crime, Sofia"
country = "BG"
role = "participant"
competence = ["investigate", "search", "seize"]
contact = "duty desk, +359 000 000"
zone = "Europe/Sofia"

[[agency]]
id = "eurojust"
name = "Eurojust"
country = "EU"
role = "coordination"
competence = ["coordinate"]
contact = "coordination centre, +31 000 000"
zone = "Europe/Amsterdam"
"""
"""What ``cautery operation open --example`` prints."""

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+$"
"""No control characters, none that turn the direction of writing: a contact is read out."""
_Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=_PRINTABLE)]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
_AgencyId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Head(_Table):
    id: _Id
    name: _Text
    regime: Regime
    legal_basis: _Text
    opened_at: Annotated[datetime, Field(strict=True)]
    lab: bool = False


class _Agency(_Table):
    id: _AgencyId
    name: _Text
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    role: AgencyRole
    competence: list[Competence]
    contact: _Text
    zone: _Text


class _File(_Table):
    operation: _Head
    agency: Annotated[list[_Agency], Field(min_length=1, max_length=MAX_AGENCIES)]


def read_operation(path: Path) -> Operation:
    """Read and check an operation.

    Raises
    ------
    InputError
        Naming file, line and the rule that is broken.
    """
    text = _text_of(path)
    reading = _Reading(path, text)
    try:
        file = _File.model_validate(_tables_of(path, text))
    except ValidationError as error:
        first = error.errors()[0]
        raise reading.wrong(first["loc"], *_in_words(first)) from error
    agencies = tuple(reading.agency(table, at) for at, table in enumerate(file.agency))
    known_ids: set[str] = set()
    for at, agency in enumerate(agencies):
        if agency.id in known_ids:
            raise reading.wrong(
                ("agency", at, "id"),
                f"agency {agency.id!r} is given twice",
                "Give each agency one table; each agency has one case.",
            )
        known_ids.add(agency.id)
    head = file.operation
    try:
        opened_at = to_utc("opened_at", head.opened_at)
    except (InputError, OverflowError) as error:
        raise reading.wrong(("operation", "opened_at"), str(error), "Write it with a Z.") from error
    try:
        return Operation(
            id=head.id,
            name=head.name,
            agencies=agencies,
            regime=head.regime,
            legal_basis=head.legal_basis,
            opened_at=opened_at,
            lab=head.lab,
        )
    except InputError as error:
        where = "regime" if head.regime is not Regime.LED else "id"
        raise reading.wrong(
            ("operation", where), str(error), error.hint or 'Give one agency role = "lead".'
        ) from error


class _Reading:
    """One file being read: knows where each key stands, for the errors' sake."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = Lines(text)

    def agency(self, told: _Agency, at: int) -> Agency:
        where = ("agency", at)
        may = frozenset(told.competence)
        if told.role is AgencyRole.INDUSTRY and may - {Competence.ADVISE}:
            raise self.wrong(
                (*where, "competence"),
                f"agency {told.id}: industry may only advise",
                'Write competence = ["advise"], or another role.',
            )
        if (
            told.role is AgencyRole.LEAD
            and may
            and may <= {Competence.ADVISE, Competence.COORDINATE}
        ):
            raise self.wrong(
                (*where, "competence"),
                f"agency {told.id}: the lead must be competent to act",
                "Only a competent authority runs an operation (Directive (EU) 2016/680, art. 3).",
            )
        try:
            return Agency(
                id=told.id,
                name=told.name,
                country=told.country,
                role=told.role,
                competence=may,
                contact=told.contact,
                zone=told.zone,
            )
        except InputError as error:
            # The file's schema has refused a wrong id or country; these two rules are left.
            key = "zone" if may else "competence"
            remedy = error.hint or 'Write an IANA zone: "Europe/Rome".'
            raise self.wrong((*where, key), str(error), remedy) from error

    def wrong(self, where: Sequence[str | int], what: str, remedy: str) -> InputError:
        """Return the error: file, line, key, the rule, and the remedy."""
        name = ".".join(str(part) for part in where if not isinstance(part, int))
        line = self._lines.of(where)
        return InputError(f"{self._path}, line {line}: {name}: {what}", hint=remedy)


def _text_of(path: Path) -> str:
    hint = "cautery operation open --example > op.toml"
    raw = small_file(path, most=MAX_BYTES, of="an operation", hint=hint)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {line}: not UTF-8 text", hint="Save it as UTF-8."
        ) from error


def _tables_of(path: Path, text: str) -> dict[str, Any]:
    try:
        return parsed_toml(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{path}: not valid TOML: {str(error)[:300]}", hint="Correct that line."
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deep, or a number of 4,300 digits
        raise InputError(
            f"{path}: nested too deeply, or a number is too long",
            hint=(
                "An operation has only [operation] and [[agency]] tables, without tables inside "
                "them."
            ),
        ) from error


def _in_words(error: Any) -> tuple[str, str]:
    kind, key = error["type"], str(error["loc"][-1])
    remedy = "`cautery operation open --example` shows a complete file."
    if kind == "missing":
        what = f"{key!r} is missing"
        if key == "competence":
            what = "an agency needs a competence: the acts that its own law allows"
        return what, remedy
    if kind == "extra_forbidden":
        return f"{key[:80]!r} is not known here", f"Correct its spelling or remove it; {remedy}"
    if kind.startswith("datetime"):
        return f"{key!r} is not a valid time", "Write it as 2026-11-24T20:30:00Z, without quotes."
    message = f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    value = error.get("input")
    return (f"{value[:60]!r}: {message}" if isinstance(value, str) else message), remedy
