"""The keeper tells of decoys only where the mandate's approvers signed an act that meets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.act.planted_notices import good
from tests.lists import KEYS, NOW, PEOPLE, entry, referral
from tests.planted import (
    HERE,
    MANDATE,
    PLANNER,
    approvals_of,
    night_of,
    planned,
    question,
)

from cautery.act import sign
from cautery.act.approval import OLDEST
from cautery.canonical import canonical
from cautery.errors import (
    ApprovalError,
    CauteryError,
    EvidenceError,
    InputError,
    SourceError,
    StorageError,
)
from cautery.evidence.decoys import check_answer, check_note
from cautery.model import Collateral, Digest, Notice, SignedFor, digest, notice_id, to_json
from cautery.model.decoys import KeeperAnswer, KeeperNote, KeeperQuestion
from cautery.model.wire import from_json
from cautery.workflows.decoys import keep
from cautery.workflows.decoys.ask import AskedKeeper
from cautery.workflows.decoys.keep import Keeper, read_answer, read_question

NIGHT = night_of(planned())
MALLORY = Ed25519PrivateKey.from_private_bytes(b"m" * 32)
FIRST = NIGHT.plan.leaves[0].decoy


@pytest.fixture
def keeper() -> Keeper:
    return Keeper(NIGHT, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=lambda _: None)


def test_an_approved_act_opens_the_decoys_among_its_targets(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host, "innocent.example"])
    answer = keeper.answer(asked)
    check_answer(answer, asked, NIGHT.sealed)
    assert {opening.decoy.host for opening in answer.openings} == {FIRST.host}
    assert keeper.opened == len(answer.openings) > 0


def test_an_approved_act_that_meets_none_opens_none(keeper: Keeper) -> None:
    asked = question(NIGHT, ["innocent.example"])
    answer = keeper.answer(asked)
    check_answer(answer, asked, NIGHT.sealed)
    assert (answer.openings, keeper.opened) == ((), 0)


def test_a_question_that_is_asked_again_gets_the_same_answer(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host])
    assert keeper.answer(asked) == keeper.answer(asked)


def test_an_act_that_was_answered_costs_no_further_place(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the case has an approved act, and could ask until nobody is answered any more."""
    monkeypatch.setattr(keep, "_MOST_ACTS", 2)
    for digit in "0123456789abcdef":
        asked = question(NIGHT, [FIRST.host], nonce=digit)
        check_answer(keeper.answer(asked), asked, NIGHT.sealed)
    other = question(NIGHT, ["innocent.example"])
    check_answer(keeper.answer(other), other, NIGHT.sealed)
    with pytest.raises(ApprovalError, match="too many acts"):
        keeper.answer(question(NIGHT, ["third.example"]))
    assert keeper.answer(other).openings == ()


def test_more_approvals_than_approvers_are_refused_before_a_signature_is_checked(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(NIGHT, [FIRST.host])
    many = replace(asked, approvals=asked.approvals[:1] * (len(MANDATE.approvers) + 1))

    def checked(*_: object, **__: object) -> None:
        raise AssertionError("a signature was checked")

    monkeypatch.setattr(keep, "require_two_people", checked)
    with pytest.raises(ApprovalError, match="more approvals than the mandate has approvers"):
        keeper.answer(many)


def test_a_replayed_answer_is_none_to_another_question(keeper: Keeper) -> None:
    first = question(NIGHT, ["innocent.example"])
    second = question(NIGHT, [FIRST.host], nonce="b")
    with pytest.raises(EvidenceError, match="to another question"):
        check_answer(keeper.answer(first), second, NIGHT.sealed)


def test_an_answer_of_somebody_else_is_not_believed(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host])
    liar = replace(keeper.answer(asked), openings=())
    with pytest.raises(EvidenceError, match="is not signed"):
        check_answer(liar, asked, NIGHT.sealed)


Forgery = Callable[[KeeperQuestion], KeeperQuestion]


def _forged_key(asked: KeeperQuestion) -> KeeperQuestion:
    """Sign as the approvers with a key of one's own."""
    forged = tuple(
        replace(approval, signature=other.signature)
        for approval, other in zip(asked.approvals, reversed(asked.approvals), strict=True)
    )
    return replace(asked, approvals=forged)


def _other_targets(asked: KeeperQuestion) -> KeeperQuestion:
    """Put other targets under signatures that are good."""
    return replace(asked, approvals=approvals_of(referral(entry("third.example"))))


def _other_content(asked: KeeperQuestion) -> KeeperQuestion:
    act = asked.act
    return replace(asked, act=replace(act, statement="another text"))


def _one_person(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, approvals=asked.approvals[:1])


def _one_person_twice(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, approvals=(asked.approvals[0], asked.approvals[0]))


def _nobody(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, approvals=())


def _stranger(asked: KeeperQuestion) -> KeeperQuestion:
    named = replace(asked.approvals[0], approver="Mallory")
    return replace(asked, approvals=(*asked.approvals, named))


def _other_mandate(asked: KeeperQuestion) -> KeeperQuestion:
    other = SignedFor(case=HERE.case, mandate=Digest(f"sha256:{'1' * 64}"))
    act = asked.act
    return replace(asked, signed_for=other, approvals=approvals_of(act, here=other))


def _other_case(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, signed_for=replace(HERE, case="f" * 16))


def _before_the_plan(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, approvals=approvals_of(asked.act, at=NOW - timedelta(hours=2)))


def _from_the_future(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, approvals=approvals_of(asked.act, at=NOW + timedelta(hours=1)))


def _other_plan(asked: KeeperQuestion) -> KeeperQuestion:
    return replace(asked, root="0" * 64)


FORGERIES: tuple[Forgery, ...] = (
    _forged_key, _other_targets, _other_content, _one_person, _one_person_twice, _nobody,
    _stranger, _other_mandate, _other_case, _before_the_plan, _from_the_future, _other_plan,
)  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES)
def test_without_valid_approvals_a_decoy_is_refused_as_anything_else_is(
    keeper: Keeper, forge: Forgery
) -> None:
    refusals = set()
    for targets in ([FIRST.host], ["innocent.example"]):
        with pytest.raises(ApprovalError) as caught:
            keeper.answer(forge(question(NIGHT, targets)))
        refusals.add(_without_ids(str(caught.value)))
    assert len(refusals) == 1
    assert keeper.opened == 0


def _without_ids(text: str) -> str:
    import re

    return re.sub(r"R-[0-9a-f]{12}|sha256:[0-9a-f]{64}", "#", text)


def test_who_only_watches_tells_decoys_apart_no_better_than_chance(keeper: Keeper) -> None:
    """Every question without a person's key gets the same refusal, whatever it asks about."""
    rng = Random(3)
    hosts = [leaf.decoy.host for leaf in NIGHT.plan.leaves] + [f"h{n}.example" for n in range(12)]
    answers = set()
    for _ in range(200):
        target = rng.choice(hosts)
        with pytest.raises(ApprovalError) as caught:
            keeper.answer(question(NIGHT, [target], approvals=()))
        answers.add(_without_ids(str(caught.value)))
    assert len(answers) == 1


def _notice(urls: Sequence[str], **changes: str) -> Notice:
    notice = good(0).notice
    aimed = replace(notice, urls=tuple(replace(notice.urls[0], url=u) for u in urls), **changes)
    return replace(aimed, id=notice_id(aimed))


def _reviewed(notice: Notice, *, at: datetime = NOW) -> KeeperQuestion:
    approval = sign(digest(notice), approver=PEOPLE[0], key=KEYS[0], at=at, signed_for=HERE)
    return KeeperQuestion(
        root=NIGHT.sealed.root, nonce="c" * 64, act=notice, approvals=(approval,), signed_for=HERE
    )


def test_a_notice_that_a_second_person_reviewed_opens_what_it_meets(keeper: Keeper) -> None:
    asked = _reviewed(_notice([FIRST.url]))
    answer = keeper.answer(read_question(canonical(to_json(asked))))
    check_answer(answer, asked, NIGHT.sealed)
    assert [opening.decoy for opening in answer.openings] == [FIRST]
    with pytest.raises(ApprovalError, match="somebody else must approve"):
        keeper.answer(_reviewed(_notice([FIRST.url], drafted_by=PEOPLE[0].name)))


def test_an_act_whose_id_is_not_its_contents_opens_nothing(keeper: Keeper) -> None:
    notice = replace(_notice([FIRST.url]), id="N-000000000000")
    drafted = replace(referral(entry(FIRST.host)), id="R-000000000000")
    listed = replace(question(NIGHT, [FIRST.host]), act=drafted, approvals=approvals_of(drafted))
    for asked in (_reviewed(notice), listed):
        with pytest.raises(ApprovalError, match="does not come from its content"):
            keeper.answer(asked)
    assert keeper.opened == 0


def test_an_act_of_too_many_targets_opens_nothing(keeper: Keeper) -> None:
    urls = [FIRST.url, *(f"http://tv{n}.example/live.m3u8" for n in range(keep.MOST_TARGETS))]
    with pytest.raises(ApprovalError, match="at most 1000 targets"):
        keeper.answer(_reviewed(_notice(urls)))
    assert keeper.opened == 0


def test_a_notice_opens_nothing_on_an_approval_that_has_aged() -> None:
    later = NOW + OLDEST + timedelta(minutes=1)
    keeper = Keeper(
        NIGHT, key=PLANNER, mandate=MANDATE, now=lambda: later, note_down=lambda _: None
    )
    with pytest.raises(ApprovalError, match="nobody has approved it"):
        keeper.answer(_reviewed(_notice([FIRST.url])))


def test_a_keeper_serves_the_mandate_for_which_the_night_was_planned() -> None:
    with pytest.raises(InputError, match="another mandate"):
        Keeper(
            NIGHT, key=PLANNER, mandate=replace(MANDATE, who="X"), now=lambda: NOW, note_down=print
        )


def test_questions_and_answers_are_the_same_after_the_wire(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host])
    assert read_question(canonical(to_json(asked))) == asked
    answer = keeper.answer(read_question(canonical(to_json(asked))))
    assert read_answer(canonical(to_json(answer))) == answer


@pytest.mark.parametrize("raw", [b"", b"{}", b"[" * 9000, b"\xff", b'{"root": 5}', b"null"])
def test_what_is_no_question_and_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        read_question(raw)
    with pytest.raises(EvidenceError):
        read_answer(raw)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was handed on to be built."""
    handed: list[object] = []

    def noted(noun: type, body: object) -> object:
        handed.append(body)
        return from_json(noun, body)

    monkeypatch.setattr(keep, "from_json", noted)
    return handed


@pytest.mark.parametrize(
    "part",
    [
        {"approvals": [{}] * 101},
        {"act": {"entries": [{}] * (keep.MOST_TARGETS + 1)}},
        {"act": {"urls": [{}] * (keep.MOST_TARGETS + 1)}},
        {"openings": [{}] * 201},
        {"act": {"entries": [{"exhibits": [""] * 250_000}]}},
        {"act": "a text"},
        {"approvals": 5},
    ],
)
def test_nothing_is_built_of_a_question_longer_than_honest_ones(
    part: dict[str, object], built: list[object]
) -> None:
    raw = json.dumps(to_json(question(NIGHT, [FIRST.host])) | part).encode()
    with pytest.raises(InputError):
        read_question(raw)
    with pytest.raises(EvidenceError):
        read_answer(raw)
    assert not built


def test_the_longest_act_is_read_with_verdicts_that_say_much() -> None:
    names = tuple(f"shop-{number}.bystander.example" for number in range(50))
    one = entry(FIRST.host)
    full = replace(one, guard=replace(one.guard, collateral=Collateral(names=names, low=50)))
    act = referral(*[replace(full, target=f"tv{n}.example") for n in range(keep.MOST_TARGETS)])
    asked = replace(question(NIGHT, [FIRST.host]), act=act)
    assert read_question(canonical(to_json(asked))) == asked


def test_half_a_character_is_refused_and_ends_nobody(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host])
    answer = keeper.answer(asked)
    for content, member, read in (
        (asked, "statement", read_question),
        (answer, "offered_as", read_answer),
    ):
        text = json.dumps(to_json(content))
        before, found, after = text.partition(f'"{member}": "')
        assert found
        with pytest.raises(CauteryError, match=r"^not an? "):
            read(f"{before}{found}\\ud800{after}".encode())
        read(text.encode())


class Answering:
    """A fetcher behind which a keeper answers."""

    verifies = True

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body = status, body
        self.asked: list[tuple[str, str, bytes]] = []

    async def fetch(self, url: str, *, method: str, body: bytes, **_: object) -> Answering:
        self.asked.append((url, method, body))
        return self


async def test_the_gates_side_asks_and_reads_what_comes(keeper: Keeper) -> None:
    asked = question(NIGHT, [FIRST.host])
    answer: KeeperAnswer = keeper.answer(asked)
    door = Answering(200, canonical(to_json(answer)))
    assert await AskedKeeper("http://127.0.0.1:1/", door).ask(asked) == answer  # type: ignore[arg-type]
    ((url, method, body),) = door.asked
    assert (url, method, read_question(body)) == ("http://127.0.0.1:1/ask", "POST", asked)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (403, b'{"refused": "no \\u202e"}', ApprovalError),
        (403, b"nonsense", ApprovalError),
        (500, b"", SourceError),
        (200, b"{}", SourceError),
        (200, b"\xff", SourceError),
    ],
)
async def test_a_keeper_that_refuses_or_talks_nonsense_opens_nothing(
    status: int, body: bytes, error: type[Exception]
) -> None:
    asked = question(NIGHT, [FIRST.host])
    with pytest.raises(error) as caught:
        await AskedKeeper("http://127.0.0.1:1", Answering(status, body)).ask(asked)  # type: ignore[arg-type]
    assert "\u202e" not in str(caught.value)


def test_the_clock_of_the_keeper_dates_its_answer(keeper: Keeper) -> None:
    at: datetime = keeper.answer(question(NIGHT, [FIRST.host])).at
    assert at == NOW


def test_a_keeper_notes_what_it_opens_to_whom_before_it_says_it() -> None:
    notes: list[KeeperNote] = []
    keeper = Keeper(NIGHT, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=notes.append)
    asked = question(NIGHT, [FIRST.host])
    leaves = tuple(opening.index for opening in keeper.answer(asked).openings)
    keeper.answer(replace(asked, nonce="d" * 64))
    keeper.answer(question(NIGHT, ["innocent.example"]))
    with pytest.raises(ApprovalError):
        keeper.answer(question(NIGHT, [FIRST.host], approvals=()))
    assert (notes[0].digest, notes[0].leaves) == (digest(asked.act), leaves)
    assert [note.leaves for note in notes] == [leaves, ()]
    assert notes[0].approvers == tuple(approval.approver for approval in asked.approvals)
    check_note(notes[0], NIGHT.sealed)
    for altered in (replace(notes[0], leaves=()), replace(notes[0], root="0" * 64)):
        with pytest.raises(EvidenceError):
            check_note(altered, NIGHT.sealed)


def test_what_cannot_be_noted_is_not_said() -> None:
    def full(_: KeeperNote) -> None:
        raise StorageError("the disk is full")

    keeper = Keeper(NIGHT, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=full)
    for _ in range(2):
        with pytest.raises(StorageError):
            keeper.answer(question(NIGHT, [FIRST.host]))
    assert keeper.opened == 0
