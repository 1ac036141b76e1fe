"""A night is drawn in secret, sealed before it begins, and opened by its planner's key alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random, SystemRandom

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.lists import KEYS
from tests.planted import (
    MANDATE,
    NIGHT,
    PLANNED_AT,
    PLANNER,
    mandate_of,
    night_of,
    planned,
    programme,
)

from cautery.errors import EvidenceError, InputError
from cautery.evidence.sealed_night import check_belongs, read_sealed
from cautery.model.decoys import DecoyKind
from cautery.model.evidence import digest_of
from cautery.model.mandate import MandateSignature
from cautery.model.signing_keys import FileKey
from cautery.workflows.decoys.draw import draw
from cautery.workflows.decoys.night import open_night
from cautery.workflows.decoys.plan import plan_night

OTHER = Ed25519PrivateKey.from_private_bytes(b"q" * 32)


def test_a_plan_comes_back_as_it_was_drawn() -> None:
    files = planned()
    night = night_of(files)
    kinds = Counter(leaf.decoy.kind for leaf in night.plan.leaves)
    assert kinds[DecoyKind.OWN_STREAM] == 6
    assert kinds.total() == files.night.sealed.count == 12
    assert read_sealed(files.night.file()) == files.night
    check_belongs(files.night, terms=night.sealed.mandate)


def test_nothing_of_the_truth_stands_in_what_all_may_read() -> None:
    files = planned()
    shown = files.night.file() + files.plan
    for leaf in night_of(files).plan.leaves:
        for secret in (leaf.salt, leaf.decoy.url, leaf.decoy.kind.value):
            assert secret.encode() not in shown


def test_the_same_programme_is_drawn_otherwise_each_time() -> None:
    first, second = (draw(programme(), MANDATE, rng) for rng in (SystemRandom(), SystemRandom()))
    assert [each.leaf.salt for each in first] != [each.leaf.salt for each in second]
    assert draw(programme(), MANDATE, Random(1)) == draw(programme(), MANDATE, Random(1))


def test_where_a_decoy_stands_says_nothing_about_its_kind() -> None:
    """Over many draws, the place in the tree, the host, the disguise and the delay are as random."""
    own_first = hosts = mirrored = 0
    delays = {True: 0.0, False: 0.0}
    for seed in range(200):
        drawn = draw(programme(), MANDATE, Random(seed))
        plain = [each.leaf.decoy for each in drawn if each.leaf.decoy.kind is not DecoyKind.PARTNER]
        own_first += drawn[0].leaf.decoy.kind is DecoyKind.OWN_STREAM
        for decoy in plain:
            is_own = decoy.kind is DecoyKind.OWN_STREAM
            hosts += (decoy.host == "tv1.own.example") - 0.5 if is_own else 0
            mirrored += (decoy.disguise == "mirror") - 0.25 if is_own else 0
            delays[is_own] += decoy.delay_s - 14
    assert 70 < own_first < 130
    assert abs(hosts) < 60
    assert abs(mirrored) < 60
    assert all(abs(total_s) < 600 for total_s in delays.values())


def test_a_partners_decoy_stands_on_the_partners_host_with_what_it_may_carry() -> None:
    partners = [
        each.leaf.decoy
        for seed in range(20)
        for each in draw(programme(), MANDATE, Random(seed))
        if each.leaf.decoy.host == "partner.own.example"
    ]
    assert partners
    assert {(decoy.kind, decoy.licensee, decoy.disguise) for decoy in partners} == {
        (DecoyKind.PARTNER, "arena", "none")
    }


def test_a_plan_must_be_sealed_before_its_night() -> None:
    for late in (NIGHT.start, NIGHT.end):
        with pytest.raises(InputError, match="must be sealed before"):
            planned(now=late)


@pytest.mark.parametrize("name", ["A", "a ", "B"])
def test_a_planner_who_approves_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="who signs or approves"):
        planned(replace(programme(), planner=name))


def test_a_planner_who_signed_the_mandate_is_refused() -> None:
    def signature(name: str, key: Ed25519PrivateKey) -> MandateSignature:
        public = FileKey(key.public_key().public_bytes_raw()).spelled
        text = digest_of(b"")
        return MandateSignature(
            name=name, role="head", public_key=public, at=PLANNED_AT, file=text, terms=text,
            signature="",
        )  # fmt: skip

    planned(mandate=replace(MANDATE, signatures=(signature("Head", OTHER),)))
    for signed in (signature("p. lan", OTHER), signature("Head", PLANNER)):
        with pytest.raises(InputError, match="who signs or approves"):
            planned(mandate=replace(MANDATE, signatures=(signed,)))


def test_a_planner_with_an_approvers_key_is_refused() -> None:
    with pytest.raises(InputError, match="has the key of A"):
        planned(key=KEYS[0], mandate=mandate_of(KEYS[0]))


def test_two_planners_of_one_night_must_not_open_each_others_plans() -> None:
    first = planned()

    def second(key: Ed25519PrivateKey, planner: str, plan: bytes = first.plan) -> None:
        plan_night(
            replace(programme(), planner=planner),
            mandate_of(key),
            key=key,
            rng=Random(2),
            now=PLANNED_AT,
            stamp=None,
            beside=[(first.night, plan)],
        )

    second(OTHER, "Q. Lan")
    with pytest.raises(InputError, match="one key opens both plans"):
        second(PLANNER, "Q. Lan")
    with pytest.raises(InputError, match="planned both"):
        second(OTHER, "P. Lan")


def test_a_plan_opens_with_its_planners_key_alone() -> None:
    with pytest.raises(EvidenceError, match="does not open the plan"):
        night_of(planned(), OTHER)


def test_cut_and_altered_files_do_not_open() -> None:
    files = planned()
    sealed, plan = files.night.file(), files.plan
    for size in (0, 10, 40, len(plan) // 2, len(plan) - 1):
        with pytest.raises(EvidenceError):
            open_night(sealed, plan[:size], key=PLANNER)
        with pytest.raises(EvidenceError):
            open_night(sealed[: size % len(sealed)], plan, key=PLANNER)
    for place in range(0, len(plan), 97):
        altered = bytearray(plan)
        altered[place] ^= 1
        with pytest.raises(EvidenceError):
            open_night(sealed, bytes(altered), key=PLANNER)
    for place in range(0, len(sealed), 13):
        flipped = bytearray(sealed)
        flipped[place] ^= 1
        with pytest.raises(EvidenceError):
            open_night(bytes(flipped), plan, key=PLANNER)


def test_a_plan_does_not_open_with_another_nights_seal() -> None:
    files, other = planned(), planned(seed=2)
    with pytest.raises(EvidenceError, match="does not open"):
        open_night(other.night.file(), files.plan, key=PLANNER)


def test_a_plan_of_another_mandate_is_refused() -> None:
    with pytest.raises(InputError, match="of another mandate"):
        check_belongs(planned().night, terms=digest_of(b"other"))


def test_a_file_that_says_the_same_in_another_spelling_is_refused() -> None:
    sealed = planned().night.file()
    with pytest.raises(EvidenceError, match="damaged"):
        read_sealed(sealed.replace(b'"count":12', b'"count": 12'))


def test_a_time_is_vouched_for_over_the_signed_plan() -> None:
    stamped: list[bytes] = []

    def stamp(text: bytes) -> bytes:
        stamped.append(text)
        return b"token"

    files = plan_night(
        programme(), MANDATE, key=PLANNER, rng=Random(1), now=PLANNED_AT, stamp=stamp
    )
    assert files.night.sealed.signature.encode() in stamped[0]
    assert read_sealed(files.night.file()).stamp == b"token"


def test_a_planner_is_named_with_letters_of_any_script_but_turns_no_text() -> None:
    named = planned(replace(programme(), planner="Пётр"))
    assert named.night.sealed.planner == "Пётр"
    with pytest.raises(InputError, match="in one printable line"):
        planned(replace(programme(), planner="P.\u202e Lan"))


def test_a_night_lasts_until_its_window_ends() -> None:
    decoys = [leaf.decoy for leaf in night_of(planned()).plan.leaves]
    assert all(
        NIGHT.start <= decoy.appears_at <= NIGHT.start + timedelta(seconds=60)
        and decoy.vanishes_at == NIGHT.end
        for decoy in decoys
    )


def test_a_mandate_that_plans_no_decoys_has_other_terms_and_is_refused() -> None:
    with pytest.raises(InputError, match="plans no decoys"):
        planned(mandate=replace(MANDATE, decoys=None))


def test_a_mandate_takes_no_other_ones_plan() -> None:
    with pytest.raises(InputError, match="another planner"):
        planned(key=OTHER)
