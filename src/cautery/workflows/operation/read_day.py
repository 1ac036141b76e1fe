"""Read the steps of an action day from TOML or JSON; an error names the fault and its correction.

Nothing is timed or recorded before this has succeeded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import ClockOffset, CoTenant, Criterion, Operation, Step, StepKind, to_utc
from cautery.model.toml import parsed_toml
from cautery.operation.schedule.rules import MOST_STEPS
from cautery.operation.targets import spelling
from cautery.packed import small_file
from cautery.workflows.operation.table import LASTS

MAX_BYTES = 8_000_000
"""A day of 3,000 steps of 2,600 bytes; "Taken Down" has a hundredth of it."""

MOST_SIGNS = 300_000
"""Signs that begin a value, a list or a table: a day of 3,000 steps has a third of it."""
_SIGNS = ("=", ",", "[", "{")

MINUTES_OF_A_WEEK = 7 * 24 * 60

EXAMPLE = """\
[day]
moment = 2026-11-26T05:00:00Z
warning_s = 300                    # how long somebody who is warned needs to react

[[clock]]                          # each agency's clock against UTC, measured
agency = "it-postal"
seconds = 0.02
uncertainty_s = 0.05
method = "chrony against two sources"

[[clock]]
agency = "bg-gdbop"
seconds = -0.4
uncertainty_s = 0.3
method = "ntpd"

[[clock]]
agency = "eurojust"
seconds = 0.0
uncertainty_s = 0.1
method = "ntpd"

[[criterion]]
id = "warrants"
question = "Are all warrants signed and at hand?"
asks = "the prosecutor of Catania"

[[co_tenant]]
target = "host:edge1.example"
name = "a dentist"
services = 3
continuity = "its disks are imaged and started elsewhere before the rack goes dark"

[held]                             # target = who holds its data
"host:edge1.example" = "as:AS64500"

[hours]                            # local hours in which a search may begin
IT = ["05:00", "21:00"]

[[step]]
id = "keep"
kind = "preserve"
agency = "it-postal"
target = "as:AS64500"
text = "Ask AS64500 to preserve what it holds of edge1"

[[step]]
id = "image"
kind = "continuity"
agency = "bg-gdbop"
target = "host:edge1.example"
text = "Start the dentist's image at the other site"
team = "blue"
place = "data centre, Sofia"
keeps = ["a dentist"]

[[step]]
id = "rack"
kind = "seize"
agency = "bg-gdbop"
target = "host:edge1.example"
text = "Image the disks of edge1, then power it off"
team = "blue"
place = "data centre, Sofia"
removes = ["host:edge1.example"]
tips_off = ["person-7"]

[[step]]
id = "flat"
kind = "arrest"
agency = "it-postal"
target = "person-7"
text = "Arrest person-7"
team = "red"
place = "Catania, a flat"
lasts_min = 30
preparation_min = 40
tips_off = ["host:edge1.example"]

[[step]]
id = "press"
kind = "announce"
agency = "eurojust"
target = "operation"
text = "Tell the press"
"""
"""What ``cautery operation day example`` prints; its agencies are those of ``open --example``."""

_Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Name = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:~/-]{0,99}$")]
_Names = Annotated[list[_Name], Field(max_length=MOST_STEPS)]
_Minutes = Annotated[float, Field(ge=0, le=MINUTES_OF_A_WEEK, allow_inf_nan=False)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Day(_Table):
    moment: Annotated[datetime, Field()] | None = None
    warning_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 300.0


class _Clock(_Table):
    agency: _Name
    seconds: Annotated[float, Field(allow_inf_nan=False)] | None = None
    uncertainty_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    method: _Text


class _Criterion(_Table):
    id: _Id
    question: _Text
    asks: _Text
    vital: bool = True


class _CoTenant(_Table):
    target: _Name
    name: _Name
    services: Annotated[int, Field(ge=0, le=10**9)]
    continuity: _Text


class _Step(_Table):
    id: _Id
    kind: StepKind
    agency: _Name
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    target: _Name
    text: _Text
    team: _Name | None = None
    place: _Name | None = None
    lasts_min: _Minutes | None = None
    preparation_min: _Minutes = 0.0
    after: _Names = []
    tips_off: _Names = []
    removes: _Names = []
    keeps: _Names = []


class _File(_Table):
    day: _Day = _Day()
    clock: list[_Clock] = []
    criterion: list[_Criterion] = []
    co_tenant: list[_CoTenant] = []
    held: dict[_Name, _Name] = {}
    hours: dict[Literal["*"] | Annotated[str, Field(pattern=r"^[A-Z]{2}$")], list[_Name]] = {}
    step: Annotated[list[_Step], Field(min_length=1, max_length=MOST_STEPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFile:
    """What a file of steps says."""

    steps: tuple[Step, ...]
    moment: datetime | None
    warning_s: float
    criteria: tuple[Criterion, ...]
    co_tenants: tuple[CoTenant, ...]
    clocks: dict[str, ClockOffset]
    held: dict[str, str] = field(default_factory=dict)
    hours: dict[str, tuple[time, time]] = field(default_factory=dict)


def read_day(path: Path, operation: Operation) -> DayFile:
    """Read and check a file of steps, TOML or JSON by its name.

    Raises
    ------
    InputError
        Naming the step and the rule that is broken.
    """
    try:
        day_file = _File.model_validate(_tables(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        value = first.get("input")
        what = f"{value[:60]!r}: {first['msg']}" if isinstance(value, str) else first["msg"]
        raise InputError(
            f"{path}: {where}: {what}",
            hint="For a complete file: cautery operation day example",
        ) from error
    clocks: dict[str, ClockOffset] = {}
    for clock in day_file.clock:
        if clock.agency in clocks:
            raise InputError(f"{path}: the clock of {clock.agency} is given twice")
        clocks[operation.agency(clock.agency).id] = ClockOffset(
            seconds=clock.seconds, uncertainty_s=clock.uncertainty_s, method=clock.method
        )
    _refuse_twice(path, "criterion", (criterion.id for criterion in day_file.criterion))
    _refuse_twice(
        path, "co-tenant", (f"{tenant.name} on {tenant.target}" for tenant in day_file.co_tenant)
    )
    _refuse_two_spellings(path, day_file)
    moment = day_file.day.moment
    return DayFile(
        steps=tuple(_step(step, operation) for step in day_file.step),
        moment=None if moment is None else to_utc("day.moment", moment),
        warning_s=day_file.day.warning_s,
        criteria=tuple(
            Criterion(
                id=criterion.id,
                question=criterion.question,
                asks=criterion.asks,
                vital=criterion.vital,
            )
            for criterion in day_file.criterion
        ),
        co_tenants=tuple(
            CoTenant(
                target=tenant.target,
                name=tenant.name,
                services=tenant.services,
                continuity=tenant.continuity,
            )
            for tenant in day_file.co_tenant
        ),
        clocks=clocks,
        held=dict(day_file.held),
        hours={country: _hours(path, country, span) for country, span in day_file.hours.items()},
    )


def _refuse_twice(path: Path, what: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(f"{path}: the {what} {name} is given twice")


def _refuse_two_spellings(path: Path, day_file: _File) -> None:
    """Refuse a target that is written in two ways: the rules of a day would take it for two."""
    names = [name for item in day_file.held.items() for name in item]
    names += [tenant.target for tenant in day_file.co_tenant]
    for step in day_file.step:
        names += [step.target, *step.removes, *step.tips_off]
    written: dict[str, str] = {}
    for name in names:
        first = written.setdefault(spelling(name), name)
        if first != name:
            raise InputError(
                f"{path}: {first} and {name} are one target", hint="Write it in one way."
            )


def _step(row: _Step, operation: Operation) -> Step:
    agency = operation.agency(row.agency)
    lasts = LASTS[row.kind] if row.lasts_min is None else timedelta(minutes=row.lasts_min)
    return Step(
        id=row.id,
        kind=row.kind,
        agency=agency.id,
        country=row.country or agency.country,
        target=row.target,
        text=row.text,
        team=row.team or f"{agency.id} desk",
        place=row.place or f"{agency.id} office",
        lasts=lasts,
        preparation=timedelta(minutes=row.preparation_min),
        after=frozenset(row.after),
        tips_off=frozenset(row.tips_off),
        removes=tuple(dict.fromkeys(row.removes)),
        keeps=frozenset(row.keeps),
    )


def _hours(path: Path, country: str, span: list[str]) -> tuple[time, time]:
    try:
        opens, closes = (time.fromisoformat(moment) for moment in span)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: hours.{country}: {span!r} are not valid hours",
            hint=('Write them as ["06:00", "21:00"].'),
        ) from error
    if opens >= closes or opens.tzinfo or closes.tzinfo:
        raise InputError(
            f"{path}: hours.{country}: the first hour must be before the second, both in local time"
        )
    return opens, closes


def _tables(path: Path) -> Any:
    hint = "cautery operation day example > steps.toml"
    raw = small_file(path, most=MAX_BYTES, of="an action day", hint=hint)
    try:
        text = raw.decode("utf-8-sig")
        # Each value that is wrong costs its checker a kilobyte, and it checks all of them.
        if sum(map(text.count, _SIGNS)) > MOST_SIGNS:
            raise InputError(f"{path}: more than {MOST_SIGNS:,} values", hint=hint)
        return parsed_json(text) if path.suffix == ".json" else parsed_toml(text)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text", hint="Save it as UTF-8.") from error
    except (ValueError, RecursionError) as error:  # TOML and JSON errors are ValueErrors
        raise InputError(
            f"{path}: not valid {'JSON' if path.suffix == '.json' else 'TOML'}: {str(error)[:200]}"
        ) from error
