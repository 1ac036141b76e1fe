"""Whether the numbers of an earlier sheet still stand: records may have been corrected since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.pages.press_sheet import Count, PressSheet, State

MAX_EARLIER = 32 << 20


def compare_sheet(raw: bytes, now: PressSheet) -> int:
    """Compare the numbers of an earlier sheet with those of today; return how many there are.

    Parameters
    ----------
    raw : bytes
        The earlier sheet as JSON.
    now : PressSheet
        The sheet as the case gives it now.

    Raises
    ------
    InputError
        If it is not a sheet of this operation, or a number leads to records that were withdrawn or
        corrected since: the message names the number and the records.
    """
    rows = _rows(raw, now.operation_id)
    today = {count.id: count for count in now.measured}
    for row in rows:
        count = today.get(str(row.get("id")))
        if row.get("state") == State.MEASURED.value:
            _check(row, count)
    return len(rows)


def _rows(raw: bytes, operation: str) -> Sequence[Mapping[str, Any]]:
    try:
        sheet = parsed_json(raw)["sheets"][0]
        operation_id, rows = sheet["operation_id"], sheet["measured"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise InputError(
            "this is not a press sheet in JSON",
            hint="cautery operation press-sheet CASE -o sheet.json writes one.",
        ) from error
    if operation_id != operation:
        raise InputError(
            f"this sheet is about operation {str(operation_id)[:60]!a}, the case about {operation}",
            hint="Two operations have two sheets; their numbers are never put together.",
        )
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise InputError("this is not a press sheet in JSON")
    return rows


def _check(row: Mapping[str, Any], count: Count | None) -> None:
    what, figure = ascii(str(row.get("id"))[:60]), ascii(str(row.get("figure"))[:60])
    if count is None or count.state is not State.MEASURED:
        why = (
            "it is not measured" if count is None else f"it is {count.state.value}: {count.method}"
        )
        raise InputError(f"{what}: the sheet says {figure}; now {why}", hint=_HINT)
    cited = {(ref.get("number"), ref.get("digest")) for ref in _refs(row)}
    now = {(ref.number, ref.digest) for ref in count.records}
    if cited != now:
        added = sorted(number for number, _ in now - cited)
        removed = sorted(str(number)[:12] for number, _ in cited - now)
        raise InputError(
            f"{what}: the sheet says {figure}, the case now says {count.figure!a}"
            + (f"; since then came record {', '.join(map(str, added[:6]))}" if added else "")
            + (f"; withdrawn or corrected was record {', '.join(removed[:6])}" if removed else ""),
            hint=_HINT,
        )


_HINT = "Make a new sheet, and tell whoever has the earlier one."


def _refs(row: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    refs = row.get("records")
    if not isinstance(refs, list) or not all(isinstance(ref, Mapping) for ref in refs):
        raise InputError("this is not a press sheet in JSON")
    return refs
