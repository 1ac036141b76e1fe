"""The page of one record: what it says, member by member, and its proof against a signed root."""

from __future__ import annotations

import json
from typing import Any

from cautery.errors import AbsentError, EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_in
from cautery.evidence.merkle import leaf_hash
from cautery.model import Entry, ExhibitId
from cautery.model.records.described import members_of, type_of
from cautery.model.records.kinds import KINDS
from cautery.pages.room.view import MemberView, ProofView, RecordView
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.browse.timeline import is_of_stream, meaning_of


def record_view(cases: Cases, id: str, index: int) -> RecordView:
    """Return the page of a record.

    Raises
    ------
    AbsentError
        If there is no such case or record.
    """
    with cases.case(id) as case:
        entry = _entry(case, index)
        size = case.ledger.size()
        case.lists()
        proof, fault = (None, "") if case.behind else _proof(case, entry)
        return RecordView(
            head=head_of(case, now=cases.clock.now()),
            index=index,
            at=entry.record.at,
            kind=entry.record.kind,
            meaning=meaning_of(entry.record.kind),
            members=_members(entry),
            leaf=entry.leaf.decode(),
            leaf_hash=leaf_hash(entry.leaf).hex(),
            proof=proof,
            fault=fault,
            pending=bool(case.behind),
            of_stream=is_of_stream(entry),
            newer=index + 1 if index + 1 < size else None,
            older=index - 1 if index else None,
        )


def _entry(case: Kept, index: int) -> Entry:
    for entry in case.ledger.pick((index,)):
        return entry
    raise AbsentError(f"The case {case.id} has no record {index}.")


def _proof(case: Kept, entry: Entry) -> tuple[ProofView | None, str]:
    """Return the proof against the newest signed root, checked here; or what is wrong."""
    try:
        proven = case.lists().proven(entry.index)
    except InputError:  # no signed root covers it
        return None, ""
    except EvidenceError as error:
        return None, str(error)
    return ProofView(
        size=proven.checkpoint.size,
        root=proven.checkpoint.root.hex(),
        note=proven.checkpoint.note,
        path=tuple(sibling.hex() for sibling in proven.path),
    ), ""


def _members(entry: Entry) -> tuple[MemberView, ...]:
    kind = entry.record.kind
    meanings = (
        {member.name: member.meaning for member in members_of(type_of(kind))}
        if kind in KINDS
        else {}
    )
    return tuple(
        MemberView(
            name=name,
            value=_json(value),
            meaning=meanings.get(name, ""),
            exhibits=_exhibits({name: value}),
        )
        for name, value in entry.record.body.items()
    )


def _json(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def _exhibits(body: Any) -> tuple[ExhibitId, ...]:
    try:
        return tuple(dict.fromkeys(exhibit for exhibit, _ in exhibits_in(body)))
    except EvidenceError:
        return ()
