"""Between two watches a granted complaint still unblocks: the next version leaves the target out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lists import KEYS, PEOPLE, entry, lasting

from cautery.act import approve, list_subject, sign
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.public_folder import PublicFolder
from cautery.model import Event, Intermediary, Mandate, Referral
from cautery.model.records import (
    ApprovalGiven,
    ComplaintDecided,
    EntryWithdrawn,
    FixturesChanged,
    ListSent,
    ReferralPublished,
    kinds_of,
)
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.public.lookup import LookUp
from cautery.workflows.public.shelf import Shelf
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.acting.republish import republish
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC)
SUBJECT, LASTING = lasting(entry("a.example"), entry("b.example"), until=NOW + timedelta(hours=3))
ISP = Intermediary(name="isp", territory="FR", list_url="https://isp.example/list")  # type: ignore[arg-type]
ORDER = LASTING.orders[0]
UNDER: Mandate = replace(LASTING, intermediaries=(ISP,), lab=True)


class Nobody:
    async def publish(self, *_: object, **__: object) -> None:
        raise AssertionError("nobody is handed a list")


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    opened = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    journal = Journal(opened.ledger, opened.vault, opened.clock, pseudonyms=opened.pseudonyms)
    begin_case(UNDER, ledger=opened.ledger, journal=journal, key=str(opened.verifier))
    approve_in(opened, SUBJECT)
    asyncio.run(send_first(opened, journal, tmp_path / "first"))
    yield opened
    opened.leave()


def approve_in(case: Case, subject: Referral) -> None:
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    here = opening_of(case.ledger).signed_for
    journal.write(subject)
    for person, key in zip(PEOPLE, KEYS, strict=True):
        approval = sign(
            list_subject(subject, ORDER), approver=person, key=key, at=NOW, signed_for=here
        )
        journal.write(ApprovalGiven.of(subject.id, approval))


def published(journal: Journal, subject: Referral) -> None:
    targets = tuple(each.target for each in subject.entries)
    journal.write(
        ReferralPublished(referral=subject.id, intermediary="isp", targets=targets, at=NOW)
    )


async def send_first(case: Case, journal: Journal, folder: Path) -> None:
    """Send the first version of the list, as a watch does."""
    to = replace(ISP, list_url=None)
    files = ListFiles(PublicFolder(folder, make=True), own_alone=False)
    publisher = PublicLists(files, by_put=Nobody())  # type: ignore[arg-type]
    lists = Lists((to,), signer=case.signer, publisher=publisher, journal=journal)
    here = opening_of(case.ledger).signed_for
    given = [entry.content.approval for entry in case.ledger.read(kinds=kinds_of(ApprovalGiven))]
    lists.add(approve(SUBJECT, given, mandate=UNDER, signed_for=here, now=NOW), ORDER, to)
    await lists.send(patience_s=None)
    published(journal, SUBJECT)


def blocked(files: PublicFolder) -> set[str]:
    look_up = LookUp([Shelf(files)])
    about = json.loads(files.read("about.json") or b"")
    about["orders"] = [row | {"secret": False} for row in about["orders"]]
    files.write("about.json", json.dumps(about).encode())
    now = datetime.now(UTC)
    return {name for name in ("a.example", "b.example") if look_up.blocks(name, now)}


async def test_a_granted_complaint_is_out_with_the_next_version(case: Case, tmp_path: Path) -> None:
    files = PublicFolder(tmp_path / "public", make=True)
    made = await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
    assert (made.lists, made.released) == (1, ())
    assert blocked(files) == {"a.example", "b.example"}
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    journal.write(
        ComplaintDecided(
            complaint="C-0123456789ab", granted=True, by="A", why="x", target="a.example", at=NOW
        )
    )
    made = await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
    assert made.released == ("a.example",)
    assert blocked(files) == {"b.example"}
    again = await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
    assert again.released == ()
    assert blocked(files) == {"b.example"}
    versions = [each.content.version for each in case.ledger.read(kinds=kinds_of(ListSent))]
    assert versions == sorted(set(versions))
    assert len(list(case.ledger.read(kinds=kinds_of(EntryWithdrawn)))) == 1


async def test_an_approved_referral_that_never_left_comes_on_no_list(
    case: Case, tmp_path: Path
) -> None:
    other, _ = lasting(entry("later.example"), until=NOW + timedelta(hours=3))
    approve_in(case, other)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    published(journal, other)  # by anybody who has the file
    files = PublicFolder(tmp_path / "public", make=True)
    for _ in range(2):  # a root covers the record by the second time
        await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
        names = files.names("referrals")
        assert b"a.example" in b"".join(files.read(name) or b"" for name in names)
        assert b"later.example" not in b"".join(files.read(name) or b"" for name in names)


async def test_fixtures_that_anybody_appends_keep_no_block_standing(
    case: Case, tmp_path: Path
) -> None:
    files = PublicFolder(tmp_path / "public", make=True)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    # The mandate's own event is missing in these, and another stands in its place.
    strange = Event(id="other", name="C v D", kick_off=NOW, legal_basis="rights")
    for events in ((), (strange,)):
        journal.write(
            FixturesChanged(appeared=(), gone=(), changed=(), events=events, left_out=(), at=NOW)
        )
    made = await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
    assert made.lists == 1


async def test_nothing_that_two_people_did_not_sign_comes_on_a_list(
    case: Case, tmp_path: Path
) -> None:
    forged, _ = lasting(entry("victim.example"), until=NOW + timedelta(hours=3))
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    journal.write(forged)
    journal.write(
        ReferralPublished(
            referral=forged.id, intermediary="isp", targets=("victim.example",), at=NOW
        )
    )
    approval = sign(
        list_subject(forged, ORDER), approver=PEOPLE[0], key=KEYS[0], at=NOW,
        signed_for=opening_of(case.ledger).signed_for,
    )  # fmt: skip
    journal.write(ApprovalGiven.of(forged.id, approval))
    bad = replace(approval, approver="B", signature=base64.b64encode(bytes(64)).decode())
    journal.write(ApprovalGiven.of(forged.id, bad))
    files = PublicFolder(tmp_path / "public", make=True)
    await republish(case, files, by_put=Nobody())  # type: ignore[arg-type]
    assert blocked(files) == {"a.example", "b.example"}
    assert b"victim" not in b"".join(files.read(name) or b"" for name in files.names("referrals"))
