"""Bad tables: each fault of the issue that a table can have."""

from __future__ import annotations

from collections.abc import Callable

from tests.exchange.hostile import EITHER, Row
from tests.exchange.packages import sample_package

from cautery.exchange.catalogue import format_named

_GOOD = b"".join(format_named("csv").write(sample_package())).decode("utf-8-sig")
_RELATION = next(line for line in _GOOD.splitlines() if line.startswith("relation,"))
_BLOCK = next(line for line in _GOOD.splitlines() if line.startswith("block,"))


def _altered(before: str, after: str) -> Callable[[], bytes]:
    assert before in _GOOD
    return lambda: _GOOD.replace(before, after, 1).encode()


ROWS = (
    Row(
        fault="a relation to nothing",
        file=_altered(_RELATION, _RELATION.replace("users", "nobody")),
        refused="a relation names estimate nobody",
    ),
    Row(
        fault="one id with two contents",
        file=_altered(_BLOCK, f"{_BLOCK}\r\n{_BLOCK.replace(',name,', ',url,')}"),
        refused="it counts .* items",
    ),
    Row(
        fault="valid_until before valid_from",
        file=_altered("2026-11-30T15:00:00.250001Z", "2026-11-30T11:00:00Z"),
        refused=r"row \d+: .*its valid_until is before its valid_from",
    ),
    Row(
        fault="a marking that nobody knows",
        file=_altered("TLP:AMBER", "TLP:PURPLE"),
        refused="row 2, column 'TLP': 'TLP:PURPLE' is not one of its words",
    ),
    Row(
        fault="TLP 1 and TLP 2 mixed",
        file=b"domain,tlp,date\na.example,white,2026-01-01\nb.example,clear,2026-01-01\n",
        refused="a word of TLP 2.0, but row 2 has TLP:WHITE",
    ),
    Row(fault="TLP 1 alone", file=b"domain,tlp,date\na.example,white,2026-01-01\n", refused=None),
    Row(
        fault="no marking at all",
        file=b"domain,end,date\na.example,2026-12-31,2026-01-01\n",
        refused=EITHER,
    ),
    Row(
        fault="the year 9999",
        file=_altered("2026-11-30T15:00:00.250001Z", "9999-12-31T23:59:59.999999Z"),
        refused=None,
    ),
    Row(
        fault="the year 9999, west of Greenwich",
        file=_altered("2026-11-30T15:00:00.250001Z", "9999-12-31T23:59:59-05:00"),
        refused="is outside of the calendar",
    ),
    Row(
        fault="half a letter",
        file=_altered("Sound agrees", "\\udc00 agrees"),
        refused="half a character",
    ),
    Row(
        fault="a text of 1 MB",
        file=_altered("Sound agrees", "a" * (1 << 20)),
        refused="its text has over 65536 characters",
    ),
    Row(
        fault="a cell of 8 MB",
        file=_altered("Sound agrees", "a" * (8 << 20)),
        refused="field larger than field limit",
    ),
    Row(
        fault="a row of 100,000 cells",
        file=_altered(_BLOCK, _BLOCK + ",x" * 100_000),
        refused="columns, more than",
    ),
    Row(
        fault="a formula in a name",
        file=b"domain,name,tlp,date\na.example,=cmd|' /C calc'!A0,green,2026-01-01\n",
        refused=None,
    ),
    Row(
        fault="a person of a partner",
        file=b"target,kind,tlp,date\na.example,person,green,2026-01-01\n",
        refused=EITHER,  # with a time that is stated for the file, the row is counted
    ),
)
