"""What `verify` says of a case's time-stamps: revoked or not, under which policy, qualified or not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import EvidenceError
from cautery.evidence.outside.proof import Trust
from cautery.evidence.outside.revocation import is_ocsp
from cautery.evidence.outside.trusted_list import TrustedList, read_trusted_list
from cautery.lab.stamping import POLICY
from cautery.lab.trusted_lists import GRANTED, WITHDRAWN, trusted_list
from cautery.lab.vouched_world import KICK_OFF, World
from cautery.model.records import OutsideProof, kinds_of
from cautery.workflows.case.verify import Verified, verify_case
from cautery.workflows.timing.closing import renew

DAY = timedelta(days=1)


def verified(world: World, path: Path, **trust: Any) -> Verified:
    return verify_case(
        path, store=world.store, now=world.clock.now(), trust=replace(world.trust, **trust)
    )


def answers(world: World) -> dict[str, list[bytes]]:
    """What was sealed with the time-stamps of each authority."""
    case = world.case()
    found: dict[str, list[bytes]] = {}
    for entry in case.ledger.read(kinds=kinds_of(OutsideProof)):
        if isinstance(entry.content, OutsideProof):
            for stamp in entry.content.stamps:
                found.setdefault(stamp.authority, []).extend(map(case.vault.read, stamp.exhibits))
    return found


async def test_an_ocsp_answer_or_a_list_is_sealed_with_each_time_stamp(world: World) -> None:
    await world.watch(2)
    sealed = answers(world)
    assert [is_ocsp(answer) for answer in sealed["one.example"]] == [False] * 3
    assert [is_ocsp(answer) for answer in sealed["two.example"]] == [True] * 3
    result = verified(world, await world.closed())
    assert not any("whether a certificate was revoked" in line for line in result.times)


async def test_where_no_responder_answers_the_list_is_taken(world: World) -> None:
    world.vouchers.change = lambda host, body: b"no" if is_ocsp(body) else body
    await world.watch(1)
    assert [is_ocsp(answer) for answer in answers(world)["two.example"]] == [False] * 2
    result = verified(world, await world.closed())
    assert not any("whether a certificate was revoked" in line for line in result.times)


async def test_what_nobody_answered_is_said(world: World) -> None:
    for authority in world.authorities.values():
        authority.crl = lambda **_: b"no"  # type: ignore[method-assign]
    world.vouchers.change = lambda host, body: b"no" if is_ocsp(body) else body
    await world.watch(1)
    result = verified(world, await world.closed())
    assert any(line.startswith("for 6 of 6 time-stamps, no answer") for line in result.times)
    assert result.verdict == "consistent"


async def test_a_time_stamp_of_a_revoked_authority_is_refused_and_the_answer_named(
    world: World,
) -> None:
    two = world.authorities["two.example"]
    plain = two.ocsp

    def revoked(request: bytes, **given: Any) -> bytes:
        return plain(request, **(given | {"revoked": KICK_OFF - DAY}))

    two.ocsp = revoked  # type: ignore[method-assign]
    await world.watch(1)
    missing = [
        each
        for entry in world.case().ledger.read(kinds=kinds_of(OutsideProof))
        if isinstance(entry.content, OutsideProof)
        for each in entry.content.missing
    ]
    assert {each.by for each in missing} == {"two.example"}
    assert "its certificate was revoked" in str(missing[0].why)


async def test_a_policy_that_was_not_asked_for_counts_for_nothing(world: World) -> None:
    await world.watch(1)
    path = await world.closed()
    assert "time-stamps 6" in verified(world, path, stamp_policies=frozenset({POLICY})).times[0]
    other = verified(world, path, stamp_policies=frozenset({"1.2.3"}))
    assert "time-stamps 0" in other.times[0]
    assert any(f"has policy {POLICY}, but 1.2.3 is asked for" in each for each in other.findings)


def listed(world: World, status: str) -> TrustedList:
    return read_trusted_list(
        trusted_list(
            [world.authorities["one.example"].certificate],
            issued=KICK_OFF - DAY,
            until=KICK_OFF + 100 * DAY,
            states=[(KICK_OFF - 50 * DAY, status)],
        )
    )


async def test_verify_states_no_time_that_nobody_vouches_for(world: World) -> None:
    await world.watch(1)
    path = await world.closed()
    seen = verified(world, path)
    text = "\n".join(f"{label} {words}" for label, words in seen.summary())
    times = list(re.finditer(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", text))
    assert len(times) >= 2
    for time in times:
        assert text[: time.start()].endswith(("not before ", "not after ")), time[0]
    alone = verify_case(path, store=world.store)
    text = "\n".join(f"{label} {words}" for label, words in alone.summary())
    assert "each time is a claim of the machine's clock" in text
    assert not re.search(r"\d\d:\d\d:\d\d", text)


async def test_qualified_is_said_of_what_a_trusted_list_grants_and_of_nothing_else(
    world: World,
) -> None:
    await world.watch(1)
    path = await world.closed()
    granted = verified(world, path, lists=(listed(world, GRANTED),))
    assert (
        "qualified time-stamps: 3 of 6, by the trusted lists that you gave (XL of 2026-04-30, "
        "whose signature was not checked): "
        "Lab provider, Lab time-stamps (XL)"
    ) in granted.times
    withdrawn = verified(world, path, lists=(listed(world, WITHDRAWN),))
    assert any(line.startswith("qualified time-stamps: 0 of 6") for line in withdrawn.times)
    assert not any("qualified" in line for line in verified(world, path).times)
    nobody = verify_case(path, store=world.store, trust=Trust(lists=(listed(world, GRANTED),)))
    assert not any("qualified" in line for line in nobody.times)


async def test_a_renewal_is_judged_by_the_same_policy(world: World) -> None:
    path = await world.closed()
    await renew(path, store=world.store, asking=world.asking, clock=world.clock)
    assert verified(world, path, stamp_policies=frozenset({POLICY})).verdict == "consistent"
    with pytest.raises(EvidenceError, match=r"renewal 1: .*but 1\.2\.3 is asked for"):
        verified(world, path, stamp_policies=frozenset({"1.2.3"}))
