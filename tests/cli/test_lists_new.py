"""`cautery lists new` and `trust`: the lists of an organisation, and the mandates that name them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lists import KEYS, MANDATE, PEOPLE, RAW, TRUSTED, entry, lasting

from cautery.act import approve, id_of_key, list_subject, sign, terms_digest, terms_of
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import Intermediary, ListsPolicy, Mandate, OwnLocation
from cautery.model.records import ApprovalGiven, ListSent, ReferralPublished, kinds_of
from cautery.wiring.cases import writing
from cautery.wiring.lists import lists_settings, organisation_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.mandate.read import read_mandate
from cautery.workflows.public.shelf import Shelf
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.opening import begin_case

from .conftest import Ran

NOW = datetime.now(UTC)
CASE = NoteVerifier("cautery/case-1", bytes(range(32)))
HEAD = f"""[mandate]
id = "m"
who = "League"
regime = "gdpr"
legal_basis = "rights"
start = {NOW - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}
end = {NOW + timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}
territories = ["FR"]
[[channel]]
id = "c"
names = ["C"]
legal_basis = "rights"
""" + "".join(
    f'[[approver]]\nname = "{person.name}"\nrole = "legal"\npublic_key = "{person.public_key}"\n'
    for person in PEOPLE
)
SETTINGS = 'origin = "league.example"\n' + "".join(
    f'[[approver]]\nname = "{person.name}"\npublic_key = "{person.public_key}"\n'
    for person in PEOPLE
)

Cautery = Callable[..., Ran]


@pytest.fixture
def made(tmp_path: Path, cautery: Cautery) -> Ran:
    (tmp_path / "mandate.toml").write_text(HEAD)
    return cautery(
        "lists", "new", tmp_path / "lists", "--origin", "league.example",
        "--mandate", tmp_path / "mandate.toml", "--keys", tmp_path / "keys",
    )  # fmt: skip


def under(folder: Path, ran: Ran, **changes: Any) -> Mandate:
    """Return a mandate that names the lists, as its file would."""
    printed = tomllib.loads(ran.out)["lists"]
    policy = ListsPolicy(folder=OwnLocation(printed["folder"]), key=printed["key"])
    _, mandate = lasting(entry("a.example"), until=NOW + timedelta(hours=3))
    return replace(mandate, lists=policy, **changes)


def test_the_printed_lines_are_what_a_mandate_takes(
    tmp_path: Path, made: Ran, cautery: Cautery
) -> None:
    assert made.code == 0
    path = tmp_path / "md34.toml"
    path.write_text(HEAD + made.out)
    mandate = read_mandate(path, now=NOW)
    assert mandate.lists is not None
    assert mandate.lists.folder.reveal() == str(tmp_path / "lists")
    assert mandate.lists.key in cautery("mandate", "show", path).out
    settings = lists_settings(tmp_path / "lists")
    assert (settings.origin, list(settings.approvers.values())) == ("league.example", TRUSTED)


def test_a_provider_gets_what_its_agent_needs_before_there_is_a_case(
    tmp_path: Path, made: Ran, cautery: Cautery
) -> None:
    ran = cautery("lists", "trust", tmp_path / "lists", "Example Telecom", "--territory", "fr")
    trust = tomllib.loads(ran.out)
    assert (trust["provider"], trust["territory"]) == ("Example Telecom", "FR")
    assert trust["list_key"] == tomllib.loads(made.out)["lists"]["key"]
    assert [base64.b64decode(person["key"]) for person in trust["approver"]] == RAW
    elsewhere = cautery(
        "lists", "trust", tmp_path / "lists", "Example Telecom", "--territory", "IT"
    )
    assert tomllib.loads(elsewhere.out)["list"] != trust["list"]
    assert cautery("lists", "trust", tmp_path / "lists", "Example Telecom").code == 2


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('[lists]\nfolder = "lists"\n', "no key"),
        (f'[lists]\nkey = "{PEOPLE[0].public_key}"\n', "no folder"),
        ('[lists]\nfolder = "lists"\nkey = "A"\n', "not an Ed25519 key"),
        (f'[lists]\nfolder = "nowhere"\nkey = "{PEOPLE[0].public_key}"\n', "nowhere"),
    ],
)
def test_a_mandate_that_names_half_of_them_is_refused(
    tmp_path: Path, made: Ran, lines: str, words: str
) -> None:
    path = tmp_path / "md34.toml"
    path.write_text(HEAD + lines)
    with pytest.raises(InputError, match=words):
        read_mandate(path, now=NOW)


def test_lists_are_made_once_and_for_two_approvers(
    tmp_path: Path, made: Ran, cautery: Cautery
) -> None:
    new = ("--origin", "league.example", "--keys", tmp_path / "keys")
    mandate = tmp_path / "mandate.toml"
    again = cautery("lists", "new", tmp_path / "lists", *new, "--mandate", mandate)
    assert (again.code, "something in this folder" in again.err) == (2, True)
    other = cautery("lists", "new", tmp_path / "other", *new, "--mandate", mandate)
    assert (other.code, "already" in other.err) == (2, True)
    mandate.write_text(HEAD.rpartition("[[approver]]")[0])
    few = cautery(
        "lists", "new", tmp_path / "few", "--origin", "few.example", "--mandate", mandate,
        "--keys", tmp_path / "keys",
    )  # fmt: skip
    assert (few.code, "fewer than two approvers" in few.err) == (2, True)


def test_the_key_of_the_lists_is_a_term_of_the_mandate_and_no_mandate_without_has_it() -> None:
    policy = ListsPolicy(folder=OwnLocation("/lists"), key=PEOPLE[0].public_key)
    elsewhere = replace(policy, folder=OwnLocation("/elsewhere"))
    assert "lists" not in terms_of(MANDATE)
    named = terms_digest(replace(MANDATE, lists=policy))
    assert named != terms_digest(MANDATE)
    assert named == terms_digest(replace(MANDATE, lists=elsewhere))


def test_a_watch_begins_under_no_other_lists_than_its_mandate_names(
    tmp_path: Path, made: Ran
) -> None:
    mandate = under(tmp_path, made)
    keys = tmp_path / "keys"
    with organisation_of(mandate, CASE, keys_dir=keys) as ours:
        assert ours is not None
        assert ours.approvers == set(TRUSTED)
    with organisation_of(replace(mandate, lists=None), CASE, keys_dir=keys) as ours:
        assert ours is None
    assert mandate.lists is not None
    other = replace(mandate.lists, key=PEOPLE[0].public_key)
    with (
        pytest.raises(EvidenceError, match="different keys"),
        organisation_of(replace(mandate, lists=other), CASE, keys_dir=keys),
    ):
        pass
    with (
        pytest.raises(InputError, match="fewer than two approvers"),
        organisation_of(replace(mandate, approvers=PEOPLE[:1]), CASE, keys_dir=keys),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "TOML"),
        ('origin = "league.example"\n', "approver"),
        ('origin = "league.example"\ncolour = 1\napprover = []\n', "approver"),
        ("colour = 1\n" + SETTINGS, "colour"),
        (
            SETTINGS.partition("[[")[0]
            + f'[[approver]]\nname = "A"\npublic_key = "{PEOPLE[0].public_key}"\n' * 2,
            "another one",
        ),
        (
            'origin = "a.example"\n' + '[[approver]]\nname = "A"\npublic_key = "A"\n' * 2,
            "not an Ed25519 key",
        ),
    ],
)
def test_faulty_settings_are_refused(tmp_path: Path, made: Ran, text: str, words: str) -> None:
    (tmp_path / "lists" / "lists.toml").write_text(text)
    with pytest.raises(InputError, match=words):
        lists_settings(tmp_path / "lists")


class Unreached:
    async def publish(self, *_: object, **__: object) -> None:
        raise AssertionError("nobody is handed a list")


def test_a_case_that_nobody_watches_goes_on_with_the_list_of_all(
    tmp_path: Path, made: Ran, cautery: Cautery
) -> None:
    subject, _ = lasting(entry("a.example"), until=NOW + timedelta(hours=3))
    isp = Intermediary(name="isp", territory="FR")
    mandate = under(tmp_path, made, intermediaries=(isp,), lab=True)
    with writing(tmp_path / "case", keys_dir=tmp_path / "keys") as case:
        journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
        begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
        here = opening_of(case.ledger).signed_for
        assert mandate.lists is not None
        assert here.list == id_of_key(base64.b64decode(mandate.lists.key))
        journal.write(subject)
        approvals = []
        for person, key in zip(PEOPLE, KEYS, strict=True):
            approval = sign(
                list_subject(subject, mandate.orders[0]),
                approver=person, key=key, at=NOW, signed_for=here,
            )  # fmt: skip
            approvals.append(approval)
            journal.write(ApprovalGiven.of(subject.id, approval))
        approved = approve(subject, approvals, mandate=mandate, signed_for=here, now=NOW)
        with organisation_of(
            mandate, case.verifier, folder=tmp_path / "lists", keys_dir=tmp_path / "keys"
        ) as organisation:
            files = ListFiles(PublicFolder(tmp_path / "first", make=True), own_alone=True)
            lists = Lists(
                (isp,), signer=case.signer, publisher=PublicLists(files, by_put=Unreached()),  # type: ignore[arg-type]
                journal=journal, organisation=organisation,
            )  # fmt: skip
            lists.add(approved, mandate.orders[0], isp)
            asyncio.run(lists.send(patience_s=None))
        journal.write(
            ReferralPublished(
                referral=subject.id, intermediary="isp", targets=("a.example",), at=NOW
            )
        )
    publish = (
        "lists", "publish", tmp_path / "case", "--publish", tmp_path / "public",
        "--keys", tmp_path / "keys",
    )  # fmt: skip
    refused = cautery(*publish)
    assert (refused.code, "--lists" in refused.err) == (2, True)
    ran = cautery(*publish, "--lists", tmp_path / "lists")
    assert (ran.code, "1 lists have a new version" in ran.err) == (0, True)
    [whole] = Shelf(PublicFolder(tmp_path / "lists" / "public")).lists()
    case_files = PublicFolder(tmp_path / "public")
    assert (len(case_files.names("referrals")), case_files.names("lists")) == (1, ())
    [share] = cautery("lists", "show", tmp_path / "lists", "--json").out.splitlines()
    told = json.loads(share)
    assert (told["list"], told["version"], told["referrals"]) == (whole.id, 2, 1)
    assert told["silent_s"] < 60
    table = cautery("lists", "show", tmp_path / "lists").out
    assert re.search(r"isp\s+FR\s+L-\w+\s+2\s.*\s1\s+0\s+\d+ s ago", table)
    shown = cautery("lists", "show", tmp_path / "case")
    assert whole.id in shown.out
    trust = cautery("lists", "trust", tmp_path / "case", "isp")
    assert (trust.code, "--territory" in trust.err) == (2, True)
    with writing(tmp_path / "case", keys_dir=tmp_path / "keys") as case:
        *_, sent = [each.content for each in case.ledger.read(kinds=kinds_of(ListSent))]
    assert sent.digest == whole.digest


@pytest.mark.parametrize(
    "head",
    [
        {"version": json.dumps({"list": "../../outside"}), "signature": ""},
        {"version": "{}", "signature": ""},
        [],
        "\xff{",
    ],
)
def test_what_the_key_of_the_lists_did_not_sign_is_not_shown_as_a_list(
    tmp_path: Path, made: Ran, cautery: Cautery, head: object
) -> None:
    assert made.code == 0
    name = "public/lists/L-000000000000.json"
    (tmp_path / "lists" / name).parent.mkdir(exist_ok=True)
    text = head if isinstance(head, str) else json.dumps(head)
    (tmp_path / "lists" / name).write_text(text, encoding="latin-1")
    ran = cautery("lists", "show", tmp_path / "lists", "--json")
    assert (ran.code, ran.out, name in ran.err) == (1, "", True), ran.err
    assert not (tmp_path / "outside").exists()
    assert list((tmp_path / "lists" / "shares").iterdir()) == []
