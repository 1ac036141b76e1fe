"""Nobody signs what they did not see: the digest shown is what is signed, or nothing is."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.act import list_subject
from cautery.act.four_words import four_words
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.errors import ApprovalError
from cautery.model import (
    Approver,
    BlockEntry,
    Channel,
    Collateral,
    CourtOrder,
    Decision,
    ExhibitId,
    GuardVerdict,
    KeyedPseudonyms,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    Window,
    digest_of,
    referral_id,
    to_json,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import ApprovalGiven
from cautery.wiring import signing
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

from .conftest import Ran

NOW = datetime.now(UTC).replace(microsecond=0)
SPAN = Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2))


def drafted(
    target: str, *, statement: str = "Why it is referred.", bystanders: tuple[str, ...] = ()
) -> Referral:
    guard = GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        collateral=Collateral(names=bystanders, low=len(bystanders)),
        reasons=(Reason(code="own-name", text=as_written("a name of its own")),),
        valid_until=SPAN.end,
    )
    entry = BlockEntry(
        target=target,
        lever=Lever.NAME,
        valid_until=SPAN.end,
        guard=guard,
        exhibits=(ExhibitId(digest_of(b"segment")),),
    )
    one = Referral(
        id="",
        order="o",
        event=None,
        territory="FR",
        window=SPAN,
        entries=(entry,),
        statement=statement,
    )
    return replace(one, id=referral_id(one))


TRUE = drafted("edge.pirate.example")
ORDER = CourtOrder(id="o", authority="Court", territory="FR", window=SPAN, targets_rule="services")
SUBJECT = list_subject(TRUE, ORDER)


@dataclass(frozen=True, slots=True)
class Watched:
    """A case with one referral, and what a stranger who has its file can do."""

    path: Path
    folder: Path

    def append(self, kind: str, body: Any) -> None:
        ledger = FolderStore().ledger(self.path, read_only=False)
        ledger.append(kind, to_json(body), at=datetime.now(UTC))
        ledger.close()

    def write(self, content: object) -> None:
        self.append(*filed(content))

    def records(self, kind: str) -> list[Any]:
        ledger = FolderStore().ledger(self.path, read_only=True)
        found = [one.record.body for one in ledger.read(kinds=(kind,))]
        ledger.close()
        return found

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def approvers(folder: Path) -> tuple[Approver, ...]:
    return tuple(
        Approver(name=name, role="legal", public_key=public(folder / f"{name}.pem"))
        for name in ("anna", "bert")
    )


def public(path: Path) -> str:
    raw = create_approver(path).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    mandate = Mandate(
        id="m",
        who="League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=SPAN,
        territories=("FR",),
        channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
        orders=(ORDER,),
        approvers=approvers(tmp_path),
    )
    case = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    journal.seal(b"segment", what="segment", media_type="video/mp2t", at=NOW)
    journal.write(TRUE)
    case.leave()
    return Watched(case.path, tmp_path)


def shown_digest(cautery: Callable[..., Ran], watched: Watched) -> str:
    return cautery("referral", "show", watched.path, TRUE.id).out.split()[-1]


def approve(cautery: Callable[..., Ran], watched: Watched, *more: str) -> Ran:
    return cautery(
        *("referral", "approve", watched.path, TRUE.id, "--as", "anna"),
        *("--key", watched.key("anna"), *more),
    )


def test_show_prints_what_is_blocked_and_the_digest_that_is_signed(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    said = cautery("referral", "show", watched.path, TRUE.id).out
    assert "name edge.pirate.example, until" in said
    assert said.endswith(f"four words      {four_words(SUBJECT)}\ndigest to sign  {SUBJECT}\n")
    assert (
        "waits for  the rule fr-method, which nobody has confirmed: no list has it before" in said
    )
    told = json.loads(cautery("referral", "show", watched.path, TRUE.id, "--json").out)
    assert told["digest"] == SUBJECT
    assert "fr-method" in told["waits_for"]
    assert told["mandate"] == "unsigned: nobody has signed this mandate"


def test_what_a_statement_hides_stands_among_the_entries(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    lying = drafted("hospital.example", statement="entries  1\n  name edge.pirate.example")
    watched.write(lying)
    said = cautery("referral", "show", watched.path, lying.id).out.splitlines()
    assert "  name hospital.example, until" in "\n".join(said)
    assert "|   name edge.pirate.example" in said


def test_each_bystander_that_an_entry_would_hit_is_shown_by_name(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    names = ("school.example", "st-anna-hospital.example\n    because nothing")
    hitting = drafted("shared.example", bystanders=names)
    watched.write(hitting)
    said = cautery("referral", "show", watched.path, hitting.id).out.splitlines()
    assert "    bystander school.example" in said
    (shown,) = (line for line in said if "st-anna-hospital.example" in line)
    assert shown.startswith("    bystander ")


def test_the_digest_that_was_shown_is_signed(cautery: Callable[..., Ran], watched: Watched) -> None:
    assert approve(cautery, watched, "--digest", shown_digest(cautery, watched)).code == 0
    (given,) = watched.records("approval.given")
    assert given["subject"] == SUBJECT
    assert given["signed_for"]["case"] == watched.records("case.opened")[0]["key"][13:29]


def test_a_swap_between_show_and_approve_is_not_signed(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    shown = shown_digest(cautery, watched)
    swapped = replace(drafted("hospital.example"), id=TRUE.id)
    watched.write(swapped)
    with pytest.raises(ApprovalError, match="differs from the one that was shown"):
        signing.approve(
            watched.path,
            TRUE.id,
            shown=list_subject(swapped, ORDER),
            name="anna",
            key=watched.key("anna"),
        )
    assert approve(cautery, watched, "--digest", shown).code == 0
    assert [one["subject"] for one in watched.records("approval.given")] == [shown]
    assert "1 record was skipped" in cautery("referral", "list", watched.path).err


def test_without_a_terminal_and_a_digest_nothing_is_signed(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    ended = approve(cautery, watched)
    assert ended.code == 1
    assert f"cautery referral show {watched.path} {TRUE.id}" in ended.err
    assert watched.records("approval.given") == []


@pytest.mark.parametrize("more", [(), ("--digest", SUBJECT)])
@pytest.mark.parametrize(("answer", "signatures"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_in_a_terminal_it_is_shown_and_asked_with_a_digest_too(
    answer: str, signatures: int, more: tuple[str, ...], watched: Watched
) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "cautery", "referral", "approve", str(watched.path), TRUE.id]
    with subprocess.Popen(
        [*command, "--as", "anna", "--key", str(watched.key("anna")), *more],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    ) as process:
        os.close(theirs)
        said = b""
        while b"Sign this as anna?" not in said:
            said += os.read(ours, 4096)
        os.write(ours, answer.encode())
        while process.poll() is None:
            try:
                os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
        process.wait(30)
    os.close(ours)
    assert f"digest to sign  {SUBJECT}".encode() in said
    assert f"four words      {four_words(SUBJECT)}".encode() in said
    paper = said.partition(b"referral   R-")[0]  # before what the signature covers
    assert b"paper      fr/arcom-referral: 8 fields are missing or wrong: " in paper
    assert len(watched.records("approval.given")) == signatures


def test_a_forged_approval_is_neither_listed_nor_stops_the_person(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    forged = ApprovalGiven(
        referral=TRUE.id,
        subject=SUBJECT,
        approver="anna",
        role="legal",
        at=datetime.now(UTC),
        signature="c2ln",
    )
    watched.write(forged)
    listed = cautery("referral", "list", watched.path, "--json")
    assert json.loads(listed.out)["approvals"] == []
    assert "approval with an invalid signature" in listed.err
    assert approve(cautery, watched, "--digest", SUBJECT).code == 0


def test_approvers_of_a_case_that_is_opened_a_second_time_sign_nothing(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    (first,) = watched.records("case.opened")
    mallory = {"name": "mallory", "role": "legal", "public_key": public(watched.key("mallory"))}
    theirs = {**first, "mandate": {**first["mandate"], "approvers": [mallory]}}
    watched.append("case.opened", theirs)
    ended = cautery(
        *("referral", "approve", watched.path, TRUE.id, "--as", "mallory"),
        *("--key", watched.key("mallory"), "--digest", SUBJECT),
    )
    assert ended.code != 0
    assert "not an approver of this mandate" in ended.err


def test_verify_names_a_second_opening_and_that_the_mandate_is_unsigned(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    watched.append("case.opened", {"mandate": None})
    store = FolderStore(KeyFolder(watched.folder / "keys"))
    close_case(open_case(watched.path, store=store, clock=SystemClock()), at=datetime.now(UTC))
    said = cautery("verify", watched.path).out
    assert "unsigned: nobody has signed this mandate" in said
    assert "opens the case a second time" in said


MANDATE = f"""[mandate]
id = "m"
who = "League"
regime = "gdpr"
legal_basis = "rights"
start = {SPAN.start:%Y-%m-%dT%H:%M:%SZ}
end = {SPAN.end:%Y-%m-%dT%H:%M:%SZ}
territories = ["FR"]

[[channel]]
id = "c"
names = ["C"]
"""


@pytest.fixture
def mandate(tmp_path: Path) -> Path:
    path = tmp_path / "mandate.toml"
    path.write_text(MANDATE)
    return path


def sign_as(cautery: Callable[..., Ran], mandate: Path, name: str, *more: str) -> Ran:
    key = mandate.with_name(f"{name}.pem")
    if not key.exists():
        create_approver(key)
    return cautery("mandate", "sign", mandate, "--name", name, "--role", "r", "--key", key, *more)


def test_a_mandate_is_signed_by_the_digest_that_show_and_sha256sum_tell(
    cautery: Callable[..., Ran], mandate: Path
) -> None:
    told = cautery("mandate", "show", mandate).err
    shown = digest_of(mandate.read_bytes())
    assert f"digest to sign  {shown}" in told
    unseen = sign_as(cautery, mandate, "anna")
    other = sign_as(cautery, mandate, "anna", "--digest", digest_of(b"another"))
    assert (unseen.code, other.code) == (1, 1)
    assert not mandate.with_name("mandate.toml.signatures").exists()
    assert sign_as(cautery, mandate, "anna", "--digest", shown).code == 0
    assert "unsigned: only anna" in cautery("mandate", "show", mandate).err


def test_check_ends_with_1_until_two_people_of_the_list_have_signed(
    cautery: Callable[..., Ran], mandate: Path
) -> None:
    shown = digest_of(mandate.read_bytes())
    signers = mandate.with_name("signers.toml")
    codes = [cautery("mandate", "check", mandate).code]
    for name in ("anna", "bert"):
        sign_as(cautery, mandate, name, "--digest", shown)
        codes.append(cautery("mandate", "check", mandate).code)
        told = cautery("keys", "public", mandate.with_name(f"{name}.pem")).out
        with signers.open("a") as file:
            file.write(f'[[signer]]\nname = "{name}"\nrole = "r"\n{told}\n')
        codes.append(cautery("mandate", "check", mandate, "--signers", signers).code)
    assert codes == [1, 1, 1, 0, 0]
    strangers = signers.read_text().replace('"anna"', '"carl"')
    signers.write_text(strangers)
    assert cautery("mandate", "check", mandate, "--signers", signers).code == 1


def test_a_watch_does_not_begin_under_a_mandate_that_its_signers_have_not_signed(
    cautery: Callable[..., Ran], mandate: Path, tmp_path: Path
) -> None:
    signers = tmp_path / "signers.toml"
    signers.write_text(
        f'[[signer]]\nname = "A"\nrole = "r"\npublic_key = "{public(tmp_path / "a")}"'
    )
    ended = cautery("watch", mandate, "--case", tmp_path / "case", "--signers", signers)
    assert ended.code == 1
    assert "unsigned: nobody has signed this mandate" in ended.err
    assert not (tmp_path / "case").exists()


def test_no_command_reads_a_mandate_that_was_changed_after_it_was_signed(
    cautery: Callable[..., Ran], mandate: Path, tmp_path: Path
) -> None:
    sign_as(cautery, mandate, "anna", "--digest", digest_of(mandate.read_bytes()))
    mandate.write_text(MANDATE.replace("FR", "IT"))
    for command in (("mandate", "show"), ("mandate", "check"), ("watch", "--case", tmp_path / "c")):
        ended = cautery(*command, mandate)
        assert ended.code != 0
        assert "signed a different file" in ended.err


ANSWER = f"""[[override]]
target = "192.0.2.77"
by = ["anna", "bert"]
reason = "seen alone in its rack"
at = {NOW - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}
until = {NOW + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}
"""


def test_an_override_is_shown_and_signed_by_its_digest(
    cautery: Callable[..., Ran], watched: Watched
) -> None:
    file = watched.folder / "answers.toml"
    file.write_text(ANSWER)
    asked = ("referral", "override", watched.path, file, "--as", "anna")
    said = cautery(*asked, "--dry-run").out
    assert "override   192.0.2.77" in said
    shown = said.split()[-1]
    key = ("--key", watched.key("anna"))
    unseen = cautery(*asked, *key)
    file.write_text(ANSWER.replace("192.0.2.77", "192.0.2.0/24"))
    changed = cautery(*asked, *key, "--digest", shown)
    assert (unseen.code, changed.code, watched.records("override.signed")) == (1, 1, [])
    file.write_text(ANSWER)
    assert cautery(*asked, *key, "--digest", shown).code == 0
    assert [one["approval"]["subject"] for one in watched.records("override.signed")] == [shown]
