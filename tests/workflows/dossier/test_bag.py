"""A bag that strangers check with common tools: whole, signed, and no word too much."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tests.contract.test_ledger import in_circles

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_still import still
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.outside.policy import parse_policy
from cautery.evidence.outside.proof import Trust
from cautery.workflows.dossier import as_verified as as_verified_module
from cautery.workflows.dossier.as_verified import as_verified
from cautery.workflows.dossier.audiences import SHOWN, Audience
from cautery.workflows.dossier.extract import extract_of
from cautery.workflows.dossier.opening import check_opening
from cautery.workflows.dossier.verify import verify_bag

from .conftest import NOON, Made, loaded

SCRIPTS = Path(__import__("bagit").__file__).parents[3] / "bin"
TOOLS = [shutil.which(name) for name in ("openssl", "sqlite3", "sha256sum")]


@pytest.fixture(scope="module")
def bags(made: Made, tmp_path_factory) -> dict[Audience, Path]:
    folder = tmp_path_factory.mktemp("bags")
    for audience in Audience:
        made.dossier(folder / audience, audience)
    return {audience: folder / audience for audience in Audience}


def commands(bag: Path) -> str:
    return "\n".join(re.findall(r"```sh\n(.*?)```", (bag / "VERIFY.md").read_text(), re.DOTALL))


def run(bag: Path) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands(bag)],
        cwd=bag, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{path}{os.pathsep}{SCRIPTS}"},
    )  # fmt: skip


def verified(bag: Path):
    return verify_bag(bag, store=FolderStore(), extracts=ExtractFile(), now=NOON)


@pytest.mark.skipif(None in TOOLS, reason="openssl, sqlite3 or sha256sum is not here")
@pytest.mark.parametrize("audience", Audience)
def test_every_command_of_its_page_runs(bags, audience: Audience) -> None:
    done = run(bags[audience])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Signature Verified Successfully") == 2
    assert "no tag file was added" in done.stdout
    if audience in {Audience.COURT, Audience.HOSTER}:
        assert '"from": "2 of 2 probes"' in done.stdout
        assert '"differs": false' in done.stdout
        assert "2 archives with" in done.stdout
        assert "every archive passes warcio check" in done.stdout
    if audience in {Audience.HOSTER, Audience.PROVIDER}:
        assert "stand in the signed ledger" in done.stdout


@pytest.mark.skipif(None in TOOLS, reason="openssl, sqlite3 or sha256sum is not here")
def test_one_start_of_warcio_finds_each_archive_that_was_altered(bags, tmp_path: Path) -> None:
    bag, starts = tmp_path / "bag", tmp_path / "starts"
    shutil.copytree(bags[Audience.COURT], bag)
    altered = [
        path for path in sorted((bag / "data/case/vault").glob("*/*"))
        if path.read_bytes()[:5] == b"WARC/"
    ]  # fmt: skip
    for path in altered:
        flip(path, path.stat().st_size // 2)
    [block] = [
        block for block in commands(bag).split("\nfor file in") if 'warcio check < "' in block
    ]  # fmt: skip
    counted = tmp_path / "bin" / "warcio"
    counted.parent.mkdir()
    counted.write_text(f'#!/bin/sh\necho x >> {starts}\nexec {SCRIPTS}/warcio "$@"\n')
    counted.chmod(0o755)
    script = "for file in" + block.partition("python3 walk.py")[0]
    done = subprocess.run(
        ["bash", "-u", "-o", "pipefail", "-c", script],
        cwd=bag, capture_output=True, text=True, check=False,
        env={**os.environ, "WORK": str(tmp_path),
             "PATH": f"{counted.parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert starts.read_text() == "x\n"
    for path in altered:
        assert str(path.relative_to(bag)) in done.stdout
    assert "every archive passes" not in done.stdout


@pytest.mark.parametrize("audience", Audience)
def test_a_bag_verifies(bags, audience: Audience) -> None:
    bag = verified(bags[audience])
    assert (bag.case is not None) == (audience is Audience.COURT)
    assert bag.proven == (audience in {Audience.HOSTER, Audience.PROVIDER, Audience.DEFENCE})


def test_an_extract_holds_no_other_word_of_the_case(bags) -> None:
    for audience, secret in ((Audience.PUBLIC, b"pirate"), (Audience.PROVIDER, b"index.m3u8/")):
        for path in bags[audience].rglob("*"):
            assert not path.is_file() or secret not in path.read_bytes(), path


def test_what_is_withheld_can_be_opened_and_not_exchanged(made: Made, tmp_path: Path) -> None:
    dossier = made.dossier(tmp_path / "bag", Audience.PUBLIC)
    with sqlite3.connect(tmp_path / "bag/data/extract/ledger.sqlite") as extract:
        withheld = dict(extract.execute("SELECT idx, commitment FROM withheld"))
    with sqlite3.connect(made.path / "ledger.sqlite") as ledger:
        leaves = dict(ledger.execute("SELECT idx, leaf FROM entries"))
    assert withheld
    assert sum(dossier.withheld.values()) == len(withheld) == len(dossier.openings)
    for index, commitment in withheld.items():
        salt = bytes.fromhex(dossier.openings[index])
        assert sha256(salt + leaves[index]).hexdigest() == commitment
        assert sha256(salt + leaves[index] + b" ").hexdigest() != commitment


def test_an_opening_of_more_members_than_one_has_is_none(tmp_path: Path) -> None:
    given = {"dossier": "sha256:" + "0" * 64, "record": 0, "salt": "0" * 32, "leaf": ""}
    more = given | {str(number): 0 for number in range(50)}
    unread: Any = None
    for members, faults in ((more, 0), (given | {"salt": 5}, 1)):
        with pytest.raises(EvidenceError, match="not an opening") as refused:
            check_opening(
                tmp_path,
                json.dumps(members).encode(),
                store=FolderStore(),
                extracts=ExtractFile(),
                manifest=unread,
            )
        cause = refused.value.__cause__
        assert (cause.error_count() if isinstance(cause, ValidationError) else 0) == faults


def test_salts_differ(made: Made, tmp_path: Path) -> None:
    dossier = made.dossier(tmp_path / "bag", Audience.PUBLIC)
    assert len(set(dossier.openings.values())) == len(dossier.openings)


@pytest.fixture
def bag(bags, tmp_path: Path) -> Path:
    shutil.copytree(bags[Audience.COURT], tmp_path / "bag")
    return tmp_path / "bag"


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name",
    ["VERIFY.md", "rerun.py", "bag-info.txt", "bagit.txt", "signer.pem", "manifest-sha256.txt",
     "tagmanifest-sha256.txt", "tagmanifest-sha256.txt.sig", "data/error_rates.toml",
     "data/case/manifest.note", "data/case/ledger.sqlite", "data/case/keys/case.pub"],
)  # fmt: skip
def test_a_flipped_bit_is_found(bag: Path, name: str) -> None:
    flip(bag / name)
    with pytest.raises(EvidenceError):
        verified(bag)


def test_a_file_that_was_added_or_taken_is_found(bag: Path) -> None:
    (bag / "README").write_text("x")
    with pytest.raises(EvidenceError, match="added"):
        verified(bag)
    (bag / "README").unlink()
    (bag / "data/case/vault/x").write_text("x")
    with pytest.raises(EvidenceError, match="added"):
        verified(bag)
    (bag / "data/case/vault/x").unlink()
    (bag / "walk.py").unlink()
    with pytest.raises(EvidenceError, match="missing"):
        verified(bag)


def test_a_bag_without_its_tag_manifest_is_refused(bag: Path) -> None:
    (bag / "tagmanifest-sha256.txt").unlink()
    with pytest.raises(EvidenceError):
        verified(bag)


def test_an_archive_that_is_cut_is_found_by_the_walk(bags, tmp_path: Path) -> None:
    archive = next(
        path for path in (bags[Audience.COURT] / "data/case/vault").glob("*/*")
        if path.read_bytes()[:5] == b"WARC/"
    )  # fmt: skip
    whole = archive.read_bytes()
    shutil.copy(bags[Audience.COURT] / "walk.py", tmp_path)
    for cut in (30, len(whole) // 2, 1):
        data = whole[:-cut]
        digits = sha256(data).hexdigest()
        path = tmp_path / "data/case/vault" / digits[:2] / digits
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "walk.py"], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 1, cut
        path.unlink()
        path.parent.rmdir()


def test_a_record_of_an_extract_that_was_edited_is_found(bags, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    with sqlite3.connect(bag / "data/extract/ledger.sqlite") as extract:
        [(index, leaf)] = extract.execute(
            "SELECT idx, leaf FROM entries WHERE kind = 'verdict'"
        ).fetchall()
        edited = leaf.replace(b'"finding":"proven"', b'"finding":"nothing"')
        assert edited != leaf
        extract.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (edited, index))
    done = subprocess.run(
        [sys.executable, "inclusion.py"], cwd=bag, capture_output=True, check=False
    )
    assert done.returncode == 1
    with pytest.raises(EvidenceError):
        verified(bag)


def signed_anew(bag: Path, key: Path) -> None:
    """Make all manifests fit what lies in a bag now, and sign it, as its signer could."""

    def listed(files: list[Path]) -> str:
        lines = sorted((str(file.relative_to(bag)), file.read_bytes()) for file in files)
        return "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in lines)

    payload = [file for file in (bag / "data").rglob("*") if file.is_file()]
    oxum = f"{sum(file.stat().st_size for file in payload)}.{len(payload)}"
    info = (bag / "bag-info.txt").read_text()
    (bag / "bag-info.txt").write_text(re.sub("(?m)^(Payload-Oxum: ).*", rf"\g<1>{oxum}", info))
    (bag / "manifest-sha256.txt").write_text(listed(payload))
    tags = [file for file in bag.glob("*") if file.is_file() and "tagmanifest" not in file.name]
    (bag / "tagmanifest-sha256.txt").write_text(listed(tags))
    signature = loaded(key).sign((bag / "tagmanifest-sha256.txt").read_bytes())
    (bag / "tagmanifest-sha256.txt.sig").write_bytes(signature)


def by_keys(bag: Path, folder: Path, **more):
    """Verify a bag by copies of its keys, as if they had come by another way."""
    shutil.copy(bag / "signer.pem", folder / "signer.pem")
    shutil.copy(next(bag.glob("data/*/**/case.pub")), folder / "case.pub")
    return verify_bag(
        bag, store=FolderStore(), extracts=ExtractFile(), now=NOON,
        **{"public_key": folder / "case.pub", "signer": folder / "signer.pem", **more},
    )  # fmt: skip


@pytest.mark.parametrize("audience", [Audience.COURT, Audience.HOSTER])
def test_keys_that_lie_in_the_bag_prove_nothing(bags, tmp_path: Path, audience: Audience) -> None:
    bag = bags[audience]
    assert by_keys(bag, tmp_path).authentic
    inside = next(bag.glob("data/*/**/case.pub"))
    os.link(bag / "signer.pem", tmp_path / "linked.pem")
    for key in (None, bag / "signer.pem", tmp_path / "linked.pem"):
        assert not by_keys(bag, tmp_path, signer=key).authentic
    for key in (None, inside):
        checked = by_keys(bag, tmp_path, public_key=key)
        assert not checked.authentic
        assert "authentic" not in dict(checked.summary())["verdict"]


def test_a_key_laid_into_the_bag_beside_the_case_proves_nothing(bag, made, tmp_path: Path) -> None:
    shutil.copy(bag / "data/case/keys/case.pub", bag / "data/key-of-the-case.pub")
    signed_anew(bag, made.key)
    checked = by_keys(bag, tmp_path, public_key=bag / "data/key-of-the-case.pub")
    assert not checked.authentic
    assert checked.case is not None
    assert not checked.case.authentic


def test_a_dossier_that_no_cosigner_saw_is_broken_by_a_policy(bags, tmp_path: Path) -> None:
    trust = Trust(policy=parse_policy(b"quorum none\n"))
    for audience in (Audience.COURT, Audience.HOSTER):
        with pytest.raises(EvidenceError, match="no co-signer has seen"):
            by_keys(bags[audience], tmp_path, trust=trust)
    with pytest.raises(InputError, match="mandate"):
        by_keys(bags[Audience.HOSTER], tmp_path, signers=())


@pytest.mark.parametrize(
    "where", ["", *(f" WHERE idx = (SELECT {end}(idx) FROM entries)" for end in ("min", "max"))]
)
def test_invented_records_are_not_authentic_whoever_signs_the_bag(
    bags, made: Made, tmp_path: Path, where: str
) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    with sqlite3.connect(bag / "data/extract/ledger.sqlite") as extract:
        backdated = "CAST(replace(CAST(leaf AS TEXT), '2026', '2025') AS BLOB)"
        extract.execute(f"UPDATE entries SET proof = '', leaf = {backdated}{where}")
    signed_anew(bag, made.key)
    if where:
        with pytest.raises(EvidenceError, match="its way to the signed root is missing"):
            by_keys(bag, tmp_path)
        run = [sys.executable, "inclusion.py"]
        assert subprocess.run(run, cwd=bag, capture_output=True, check=False).returncode == 1
    else:
        assert not by_keys(bag, tmp_path).authentic


def test_a_record_of_an_extract_is_filed_under_its_own_kind(
    bags, made: Made, tmp_path: Path
) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    with sqlite3.connect(bag / "data/extract/ledger.sqlite") as extract:
        extract.execute("UPDATE entries SET kind = 'note' WHERE kind = 'verdict'")
    signed_anew(bag, made.key)
    with pytest.raises(EvidenceError, match="filed as another kind than verdict"):
        by_keys(bag, tmp_path)


@pytest.mark.parametrize(
    "attack",
    [
        (
            lambda vault: next(vault.glob("*/*")).write_bytes(b"another picture"),
            "not its digest",
            "each exhibit has the digest in its name",
        ),
        (
            lambda vault: _laid_in(vault, b"invented"),
            "no record here names",
            "a record names each exhibit",
        ),
    ],
)
def test_an_exhibit_that_no_record_names_by_its_digest_is_broken_whoever_signs_the_bag(
    bags, made: Made, tmp_path: Path, attack
) -> None:
    change, words, said = attack
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    change(bag / "data/extract/vault")
    signed_anew(bag, made.key)
    with pytest.raises(EvidenceError, match=words):
        by_keys(bag, tmp_path)
    assert said in run(bags[Audience.HOSTER]).stdout
    assert said not in run(bag).stdout


def test_exhibits_that_are_not_in_an_extract_are_counted(bags, made: Made, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    before = by_keys(bag, tmp_path).extract
    assert before.exhibits > 0
    shutil.rmtree(bag / "data/extract/vault")
    signed_anew(bag, made.key)
    checked = by_keys(bag, tmp_path)
    assert checked.extract.exhibits == 0
    assert checked.extract.absent == before.absent + before.exhibits
    assert f"{checked.extract.absent} that its records name" in dict(checked.summary())["exhibits"]


def test_an_opened_copy_bears_its_own_digest(bag: Path, made: Made, tmp_path: Path) -> None:
    _laid_in(bag / "data/opened/vault", b"a copy")
    signed_anew(bag, made.key)
    checked = by_keys(bag, tmp_path)
    assert (checked.opened, checked.authentic) == (1, True)
    assert "their signer's claim" in dict(checked.summary())["copies"]
    next((bag / "data/opened/vault").glob("*/*")).write_bytes(b"another")
    signed_anew(bag, made.key)
    with pytest.raises(EvidenceError, match="not its digest"):
        by_keys(bag, tmp_path)


def _laid_in(vault: Path, content: bytes) -> None:
    digest = sha256(content).hexdigest()
    (vault / digest[:2]).mkdir(parents=True, exist_ok=True)
    (vault / digest[:2] / digest).write_bytes(content)


@pytest.mark.parametrize("number", ["(SELECT min(idx) FROM entries)", "99999"])
def test_a_record_is_shown_or_withheld_and_not_both(
    bags, made: Made, tmp_path: Path, number: str
) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(bags[Audience.HOSTER], bag)
    with sqlite3.connect(bag / "data/extract/ledger.sqlite") as extract:
        newest = "(SELECT max(idx) FROM withheld)"
        extract.execute(f"UPDATE withheld SET idx = {number} WHERE idx = {newest}")
    signed_anew(bag, made.key)
    with pytest.raises(EvidenceError):
        by_keys(bag, tmp_path)


def test_a_payload_manifest_that_nobody_signed_is_refused(bag: Path, made: Made) -> None:
    signed_anew(bag, made.key)
    tags = (bag / "tagmanifest-sha256.txt").read_text().splitlines(keepends=True)
    (bag / "tagmanifest-sha256.txt").write_text(
        "".join(line for line in tags if "manifest-sha256" not in line)
    )
    signature = loaded(made.key).sign((bag / "tagmanifest-sha256.txt").read_bytes())
    (bag / "tagmanifest-sha256.txt.sig").write_bytes(signature)
    with pytest.raises(EvidenceError, match="nobody has signed it"):
        verified(bag)


def test_a_file_that_was_blown_up_is_not_read(bag: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.truncate(bag / "data/error_rates.toml", 1 << 42)
    real, read = FolderStore.digest, []
    monkeypatch.setattr(
        FolderStore, "digest",
        lambda self, path, name, **more: read.append(name) or real(self, path, name, **more),
    )  # fmt: skip
    with pytest.raises(EvidenceError, match="were signed"):
        verified(bag)
    assert "data/error_rates.toml" not in read
    os.truncate(bag / "walk.py", 1 << 42)
    with pytest.raises(EvidenceError, match="more than a tag file"):
        verified(bag)


def test_a_column_that_computes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as extract:
        extract.execute("CREATE TABLE entries (idx INTEGER PRIMARY KEY, kind TEXT, proof TEXT)")
        extract.execute("INSERT INTO entries VALUES (0, 'x', '')")
        extract.execute(
            "ALTER TABLE entries ADD COLUMN leaf BLOB AS "
            "(instr(hex(zeroblob(1000000)), hex(zeroblob(400000)) || '1'))"
        )
    with pytest.raises(EvidenceError, match="its tables are others"):
        list(ExtractFile().entries(path))


def test_a_view_in_the_place_of_a_table_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as extract:
        extract.execute("CREATE VIEW entries AS SELECT 0 AS idx, x'00' AS leaf, '' AS proof")
    with pytest.raises(EvidenceError):
        list(ExtractFile().entries(path))


@pytest.mark.timeout(60)
def test_an_extract_whose_pages_lead_in_circles_is_left_in_time(tmp_path: Path) -> None:
    in_circles(tmp_path / "ledger.sqlite")
    os.truncate(tmp_path / "ledger.sqlite", 1 << 36)
    with pytest.raises(EvidenceError, match="not an extract"):
        list(ExtractFile().entries(tmp_path / "ledger.sqlite"))


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\xff" * 4000, b"no database"])
def test_what_is_no_extract_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    with pytest.raises(EvidenceError):
        list(ExtractFile().entries(path))


def test_nothing_is_left_of_a_bag_that_could_not_be_made(made: Made, tmp_path: Path) -> None:
    target = next(path for path in (made.path / "vault").glob("*/*"))
    whole = target.read_bytes()
    try:
        flip(target)
        with pytest.raises(EvidenceError):
            made.dossier(tmp_path / "bag")
    finally:
        target.write_bytes(whole)
    assert not list(tmp_path.iterdir())


def test_a_signer_that_fails_leaves_nothing(made: Made, tmp_path: Path) -> None:
    def fails(*_: object) -> bytes:
        raise StorageError("no document")

    with pytest.raises(StorageError):
        made.dossier(tmp_path / "bag", document=fails)
    assert not list(tmp_path.iterdir())


def test_a_place_that_is_taken_or_in_a_case_is_refused(made: Made, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(InputError):
        made.dossier(tmp_path / "bag")
    with pytest.raises(InputError):
        made.dossier(made.path / "bag")
    with pytest.raises(InputError):
        made.dossier(tmp_path / "other", hosts=frozenset(("a.example",)))


@pytest.mark.parametrize("kind", ["verdict", "probe.done"])
def test_a_hoster_is_shown_its_own_hosts_alone(made: Made, kind: str) -> None:
    ledger = FolderStore().ledger(made.path, read_only=True)
    leaves = list(ledger.leaves())
    ledger.close()
    body = next(leaf for _, each, leaf in leaves if each == kind)
    other = body.replace(b"edge.pirate.example", b"other.example")
    leaves.append((len(leaves), kind, other))
    for host, leaf in (("edge.pirate.example", body), ("other.example", other)):
        extract = extract_of(
            leaves, SHOWN[Audience.HOSTER], hosts=frozenset((host,)), salt=bytes
        )  # fmt: skip
        shown = {leaf for _, each, leaf, _ in extract.shown if each == kind}
        assert leaf in shown
        assert all(host.encode() in leaf for leaf in shown)
        assert extract.counts[kind] >= 1


def test_a_host_that_no_record_is_about_gets_no_empty_dossier(made: Made, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record of this case is about the host"):
        made.dossier(tmp_path / "bag", Audience.HOSTER, hosts=frozenset(("other.example",)))
    assert not (tmp_path / "bag").exists()


def test_the_salts_stay_with_the_case(bags, made: Made) -> None:
    for path in bags[Audience.PUBLIC].rglob("*"):
        if path.is_file():
            assert json.dumps(int.to_bytes(1, 32).hex())[1:-1].encode() not in path.read_bytes()


def exchanged(case: Path) -> None:
    """Exchange the ledger of a closed case for one in which one record says something else."""
    other = case.with_name("other.sqlite")
    shutil.copy(case / "ledger.sqlite", other)
    with sqlite3.connect(other) as ledger:
        query = "SELECT idx, leaf FROM entries WHERE kind = 'verdict'"
        index, leaf = ledger.execute(query).fetchone()
        altered = leaf.replace(b'"finding":"proven"', b'"finding":"nothing"')
        assert altered != leaf
        ledger.execute("UPDATE entries SET leaf = ? WHERE idx = ?", (altered, index))
    other.replace(case / "ledger.sqlite")


@pytest.fixture
def own(made: Made, tmp_path: Path) -> Made:
    """A copy of the case that a test may alter."""
    return replace(made, path=shutil.copytree(made.path, tmp_path / "own"))


@pytest.mark.parametrize("audience", list(Audience))
def test_a_ledger_that_is_exchanged_after_the_check_is_in_no_bag(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, audience: Audience
) -> None:
    check = as_verified_module.verify_case

    def checking(path: Path, **options: Any) -> Any:
        verified = check(path, **options)
        exchanged(path)
        return verified

    monkeypatch.setattr(as_verified_module, "verify_case", checking)
    with pytest.raises(EvidenceError, match="changed since it was verified"):
        own.dossier(tmp_path / "bag", audience)
    assert not (tmp_path / "bag").exists()


def test_what_is_exchanged_later_is_read_by_nobody(own: Made, tmp_path: Path) -> None:
    true = (own.path / "ledger.sqlite").read_bytes()
    with as_verified(own.path, store=FolderStore(), still=still, now=NOON) as (_, seen):
        before = [entry.leaf for entry in seen.ledger(own.path, read_only=True).read()]
        exchanged(own.path)
        (own.path / "manifest.sha256").write_bytes(b"")
        assert [entry.leaf for entry in seen.ledger(own.path, read_only=True).read()] == before
        assert seen.read(own.path, "manifest.sha256", limit=1 << 20)
    assert (own.path / "ledger.sqlite").read_bytes() != true
