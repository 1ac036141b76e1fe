"""What is fuzzed of blind tests: a planner's programme, sealed plans, questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from targets import NOW, Target

_HEX = "0" * 64


def _decoys() -> Any:
    """Return a sealed plan and the openings of its leaves, the same in every run."""
    from datetime import timedelta

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from cautery.evidence.decoys import openings_of, root_of, signed
    from cautery.model import Digest, Window
    from cautery.model.decoys import Decoy, DecoyKind, DecoyLeaf, SealedPlan
    from cautery.model.signing_keys import FileKey

    end = NOW + timedelta(hours=2)
    leaves = [
        DecoyLeaf(
            salt=f"{number:064x}",
            decoy=Decoy(
                kind=DecoyKind.FAN_TALK, url=f"http://tv.own.example/live/{number}/index.m3u8",
                offered_as="LIVE", disguise="none", delay_s=9.0, appears_at=NOW, vanishes_at=end,
            ),
        )
        for number in range(3)
    ]  # fmt: skip
    key = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
    unsigned = SealedPlan(
        night="n", root=root_of(leaves, night="n"), count=3, window=Window(start=NOW, end=end),
        planner="P", public_key=FileKey(key.public_key().public_bytes_raw()).spelled,
        mandate=Digest(f"sha256:{_HEX}"), made_at=NOW,
    )  # fmt: skip
    return signed(unsigned, key), openings_of(leaves, range(3), night="n"), key


def _sealed_night() -> Target:
    """Sealed plans; what is read is what was signed, in its one spelling."""
    from cautery.evidence.sealed_night import SealedNight, read_sealed

    sealed, _, _ = _decoys()

    def once(data: bytes) -> None:
        night = read_sealed(data)
        assert night.file() == data
        assert night.sealed == sealed, "a sealed plan that the planner did not sign was read"

    return Target(once=once, seeds=(SealedNight(sealed=sealed, stamp=b"token").file(),))


def _keeper_answer() -> Target:
    """Answers of a keeper; what is opened opens to the root."""
    from cautery.canonical import canonical
    from cautery.errors import EvidenceError
    from cautery.evidence.decoys import check_opening, signed
    from cautery.model import Digest, to_json
    from cautery.model.decoys import KeeperAnswer
    from cautery.workflows.decoys.keep import read_answer

    sealed, openings, key = _decoys()
    answer = signed(
        KeeperAnswer(
            root=sealed.root, question=Digest(f"sha256:{_HEX}"), at=NOW, openings=openings
        ),
        key,
    )

    def once(data: bytes) -> None:
        for opening in read_answer(data).openings:
            try:
                check_opening(opening, sealed)
            except EvidenceError:
                continue
            assert replace(opening, index=0) in [replace(each, index=0) for each in openings]

    return Target(once=once, seeds=(canonical(to_json(answer)),))


def _keeper_question() -> Target:
    """Questions to a keeper."""
    from cautery.workflows.decoys.keep import read_question

    seed = (
        f'{{"root":"{_HEX}","nonce":"{_HEX}","approvals":[],"act":{{"id":"R-0","order":"o",'
        '"event":null,"territory":"FR","window":{"start":"2026-11-24T12:00:00Z",'
        '"end":"2026-11-24T14:00:00Z"},"entries":[],"statement":"s"},'
        '"signed_for":{"case":"c","mandate":"sha256:0"}}'
    ).encode()
    return Target(once=lambda data: len(read_question(data).targets), seeds=(seed,))


def _programme() -> Target:
    """A planner's programme; no recipe in it asks for a filter that reads."""
    from datetime import timedelta

    from cautery.model import Window
    from cautery.model.disguises import AUDIO_FILTERS, VIDEO_FILTERS
    from cautery.workflows.decoys.programme import programme_example, read_programme

    window = Window(start=NOW, end=NOW + timedelta(hours=2))

    def once(data: bytes) -> None:
        programme = read_programme(data, folder=Path("/media"))
        for disguise in programme.disguises:
            for step in (*disguise.video, *disguise.audio):
                assert step.name in VIDEO_FILTERS | AUDIO_FILTERS
                assert not set(step.arguments) & set("/\\'\";@%$")

    return Target(once=once, seeds=(programme_example(window, event="derby").encode(),))


OF_DECOYS: Mapping[str, Callable[[], Target]] = {
    "sealed_night": _sealed_night,
    "keeper_answer": _keeper_answer,
    "keeper_question": _keeper_question,
    "programme": _programme,
}
