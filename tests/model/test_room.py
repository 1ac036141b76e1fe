"""The table of rights: who reads need not write, who writes need not erase, nobody is everything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.model.room import ALONE, BY_OWNER_ALONE, RIGHTS, Right, RoomRole, require_roles

READING = {Right.OPEN, Right.OWN, Right.READ, Right.CHECK, Right.READ_LOG, Right.COUNTS}
WRITING = {Right.DRAFT, Right.REPORT, Right.APPROVE, Right.HAND_OVER}


def test_every_role_stands_in_the_table() -> None:
    assert RIGHTS.keys() == set(RoomRole)


def test_to_read_is_possible_without_writing_and_to_write_without_erasing() -> None:
    assert any(
        rights <= READING | {Right.NODES} and Right.READ in rights for rights in RIGHTS.values()
    )
    assert any(rights & WRITING and Right.ERASE not in rights for rights in RIGHTS.values())


def test_nobody_approves_what_the_same_role_drafts() -> None:
    for role, rights in RIGHTS.items():
        assert not {Right.DRAFT, Right.APPROVE} <= rights, role


def test_who_keeps_the_accounts_or_reads_the_log_has_no_part_in_what_it_is_about() -> None:
    assert RIGHTS[RoomRole.KEEPER] & (READING | WRITING | {Right.ERASE, Right.READ_LOG}) == {
        Right.OPEN,
        Right.OWN,
    }
    assert not RIGHTS[RoomRole.AUDITOR] & (WRITING | {Right.ERASE, Right.MANAGE})
    holders = {right: {role for role in RoomRole if right in RIGHTS[role]} for right in Right}
    assert holders[Right.MANAGE] == {RoomRole.KEEPER}
    assert holders[Right.READ_LOG] == {RoomRole.AUDITOR}
    assert holders[Right.MANAGE] | holders[Right.READ_LOG] == BY_OWNER_ALONE
    assert not ALONE & {Right.MANAGE, Right.READ_LOG}


@pytest.mark.parametrize("role", [RoomRole.KEEPER, RoomRole.AUDITOR, RoomRole.GUEST])
def test_some_roles_go_with_no_other(role: RoomRole) -> None:
    require_roles(frozenset((role,)), all_cases=False)
    with pytest.raises(InputError, match="no other role"):
        require_roles(frozenset((role, RoomRole.ANALYST)), all_cases=False)


def test_guests_and_providers_never_see_all_cases() -> None:
    for role in (RoomRole.GUEST, RoomRole.PROVIDER):
        with pytest.raises(InputError, match="named cases"):
            require_roles(frozenset((role,)), all_cases=True)
    with pytest.raises(InputError, match="needs a role"):
        require_roles(frozenset(), all_cases=True)


def test_there_is_one_table() -> None:
    """No other module decides by a role what somebody may do."""
    source = Path(__file__).parents[2] / "src/cautery"
    named = re.compile(r"RoomRole\.[A-Z]")
    readers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if named.search(path.read_text())
    }
    assert readers == {"model/room.py"}
