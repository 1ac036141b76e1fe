"""Each time stands with its bracket, and the bag itself is stamped."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.adapters.bag_folder import ExtractFile
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import EvidenceError, InputError
from cautery.evidence.bag import STAMP, STAMP_SIGNATURE
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.lab.stamping import POLICY
from cautery.lab.stamping_server import StampingServer
from cautery.pages.dossier import dossier_typst
from cautery.wiring.dossiers import vouching_of
from cautery.workflows.dossier.audiences import SHOWN, Audience
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.extract import extract_of
from cautery.workflows.dossier.verify import verify_bag

from .conftest import NOON, Made, Vouched, loaded
from .test_bag import run
from .test_command import WHO, cautery

LATER = NOON + timedelta(hours=1)


def view_of(made: Made, *, trust: Trust, audience: Audience = Audience.COURT):
    store = FolderStore()
    extract = None
    if audience is not Audience.COURT:
        ledger = store.ledger(made.path, read_only=True)
        extract = extract_of(ledger.leaves(), SHOWN[audience], hosts=frozenset(), salt=bytes)
        ledger.close()
    view, _ = document_view(
        made.path, extract, audience=audience, store=store, at=LATER, trust=trust
    )
    return view


def test_each_time_of_a_claim_stands_between_two_proofs(vouched: Vouched) -> None:
    [claim] = view_of(vouched.made, trust=vouched.world.trust).claims
    assert [time.what for time in claim.times] == ["probed", "probed", "verdict"]
    for time in claim.times:
        assert time.not_before == "2026-11-24 12:00:00"
        assert time.not_before <= time.claimed <= time.not_after
        assert time.not_after < "2026-11-24 12:01:00"


def test_where_nobody_is_trusted_nobody_vouches(vouched: Vouched) -> None:
    view = view_of(vouched.made, trust=NOBODY)
    assert all(time.not_before == time.not_after == "" for time in view.claims[0].times)
    assert "Nobody was named whose word on times is trusted." in view.vouched
    assert view.unjudged  # others do vouch: that nobody does is not said of them
    assert not view_of(vouched.made, trust=vouched.world.trust).unjudged


def test_where_nobody_is_trusted_a_document_does_not_say_that_nobody_vouches(
    vouched: Vouched, made: Made
) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext")
    for case, said, unsaid in (
        (vouched.made, "not judged", "nobody vouches"), (made, "nobody vouches", "not judged"),
    ):  # fmt: skip
        source = dossier_typst(replace(view_of(case, trust=NOBODY), files={}, claims=()), ())
        row = '\n#when("")\n'
        pdf = compile_pdf(source + row)
        text = subprocess.run(
            ["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True
        ).stdout.decode()
        assert said in text
        assert unsaid not in text


def test_an_extract_has_the_bracket_that_its_reader_can_check(vouched: Vouched) -> None:
    trust = vouched.world.trust
    [whole] = view_of(vouched.made, trust=trust).claims
    [part] = view_of(vouched.made, trust=trust, audience=Audience.HOSTER).claims
    assert {time.not_before for time in part.times} == {""}
    [closed] = {time.not_after for time in part.times}
    assert closed > max(time.not_after for time in whole.times)


def test_no_time_stands_bare(vouched: Vouched) -> None:
    view = view_of(vouched.made, trust=vouched.world.trust)
    source = dossier_typst(view, ())
    assert "taken at" not in source
    shown = {time.claimed for claim in view.claims for time in claim.times}
    texts = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", source)
    bracketed = {
        at for claim in view.claims for time in claim.times
        for at in (time.claimed, time.not_before, time.not_after)
    }  # fmt: skip
    # The head of their column says by whose clock these are.
    bracketed |= {host.claimed for claim in view.claims for host in claim.hosts}
    assert shown
    for text in set(texts) - bracketed:
        assert f"{text} UTC, by this machine's clock" in source


def bag_of(vouched: Vouched, tmp_path: Path, audience: Audience = Audience.COURT) -> Path:
    vouched.dossier(tmp_path / "bag", audience)
    return tmp_path / "bag"


def verified(bag: Path, **options):
    return verify_bag(bag, store=FolderStore(), extracts=ExtractFile(), now=LATER, **options)


@pytest.mark.skipif(None in map(shutil.which, ("openssl", "sqlite3")), reason="no openssl, sqlite3")
@pytest.mark.parametrize("audience", Audience)
def test_foreign_tools_check_stamps_and_cosignatures(
    vouched: Vouched, tmp_path: Path, audience: Audience
) -> None:
    done = run(bag_of(vouched, tmp_path, audience))
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout + done.stderr
    assert said.count("Verification: OK") == 3  # of the bag, and of two authorities for the case
    assert said.count("Signature Verified Successfully") == 6  # bag, its stamp, case, co-signers
    assert "the case stands in the log" in done.stdout
    assert re.search(r"a\.example: 2026-11-24 12:0\d:\d\d UTC", done.stdout)


def test_a_stamp_says_by_when_there_was_the_bag(vouched: Vouched, tmp_path: Path) -> None:
    bag = bag_of(vouched, tmp_path)
    assert "2026-11-24T12:05:01" in verified(bag).stamped
    assert "the bag itself names" in verified(bag).stamped
    assert "a trusted authority" in verified(bag, trust=vouched.world.trust).stamped


def test_a_stamp_has_the_policy_that_is_asked_for(vouched: Vouched, tmp_path: Path) -> None:
    bag, trust = bag_of(vouched, tmp_path), vouched.world.trust
    asked = replace(trust, policy=None, stamp_policies=frozenset({POLICY}))
    said = verified(bag, trust=asked).stamped
    assert "a trusted authority; whether its certificate was revoked is not checked" in said
    with pytest.raises(EvidenceError, match=r"but 1\.2\.3 is asked for"):
        verified(bag, trust=replace(asked, stamp_policies=frozenset({"1.2.3"})))


@pytest.mark.parametrize("name", [STAMP, STAMP_SIGNATURE])
def test_a_stamp_that_is_taken_away_is_missed(vouched: Vouched, tmp_path: Path, name: str) -> None:
    bag = bag_of(vouched, tmp_path)
    (bag / name).unlink()
    with pytest.raises(EvidenceError, match="missing, although the bag names an authority"):
        verified(bag)


def test_a_stamp_is_not_added_later(vouched: Vouched, tmp_path: Path) -> None:
    vouched.made.dossier(tmp_path / "bag")
    (tmp_path / "bag" / STAMP).write_bytes(vouched.stamp(b"x"))
    with pytest.raises(EvidenceError, match="names no authority: it was added"):
        verified(tmp_path / "bag")


def test_a_stamp_over_other_bytes_is_refused_even_if_the_signer_signed_it(
    vouched: Vouched, tmp_path: Path
) -> None:
    bag = bag_of(vouched, tmp_path)
    answer = vouched.stamp(b"another list")
    (bag / STAMP).write_bytes(answer)
    with pytest.raises(EvidenceError, match="does not match the time-stamp"):
        verified(bag)
    (bag / STAMP_SIGNATURE).write_bytes(loaded(vouched.made.key).sign(answer))
    with pytest.raises(EvidenceError, match="the time-stamp is over other bytes"):
        verified(bag)


def test_any_flipped_bit_of_a_stamp_is_found(vouched: Vouched, tmp_path: Path) -> None:
    bag = bag_of(vouched, tmp_path)
    whole = (bag / STAMP).read_bytes()
    for at in range(0, len(whole), len(whole) // 40):
        data = bytearray(whole)
        data[at] ^= 1
        (bag / STAMP).write_bytes(data)
        with pytest.raises(EvidenceError, match="time-stamp"):
            verified(bag)


def test_co_signers_are_asked_of_a_dossier_too(vouched: Vouched, tmp_path: Path) -> None:
    trust = vouched.world.trust
    for audience in (Audience.COURT, Audience.PUBLIC):
        bag = tmp_path / audience
        vouched.dossier(bag, audience)
        verified(bag, trust=trust)
        where = "case" if audience is Audience.COURT else "extract"
        proof = bag / "data" / where / "manifest.proof"
        shape = json.loads(proof.read_bytes())
        note = shape["proof"]["checkpoint"].splitlines(keepends=True)
        shape["proof"]["checkpoint"] = "".join(note[:-2])
        proof.write_text(json.dumps(shape))
        signed_again(bag, vouched)
        with pytest.raises(EvidenceError, match="the policy asks for 2 of"):
            verified(bag, trust=trust)


def test_of_an_extract_the_closing_alone_has_a_time(vouched: Vouched, tmp_path: Path) -> None:
    vouched.dossier(tmp_path / "bag", Audience.PUBLIC)
    checked = verified(tmp_path / "bag", trust=vouched.world.trust)
    assert "each earlier time in it is a claim" in dict(checked.summary())["times"]


def signed_again(bag: Path, vouched: Vouched) -> None:
    """Do what only the holder of the bag's key and an authority can do."""
    import bagit

    here = Path.cwd()
    made = bagit.Bag(str(bag))
    made.save(manifests=True)
    assert Path.cwd() == here
    listed = (bag / "tagmanifest-sha256.txt").read_bytes()
    key = loaded(vouched.made.key)
    (bag / "tagmanifest-sha256.txt.sig").write_bytes(key.sign(listed))
    (bag / STAMP).write_bytes(vouched.stamp(listed))
    (bag / STAMP_SIGNATURE).write_bytes(key.sign((bag / STAMP).read_bytes()))


def test_a_bag_is_stamped_only_where_its_authority_is_known(
    vouched: Vouched, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="root certificate"):
        vouched.dossier(tmp_path / "bag", trusted={})


def test_an_authority_that_is_named_stamps_the_bag(
    vouched: Vouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shutil.copytree(vouched.made.path, tmp_path / "case")
    authority = vouched.world.authorities["one.example"]
    handing = ("dossier", tmp_path / "case", "--for", "public", *WHO, "--key", vouched.made.key)
    with StampingServer(authority) as server:
        named = ("--authority", server.url, "--authority-root", authority.folder / "root.pem")
        assert cautery(monkeypatch, *handing, *named, "-o", tmp_path / "bag") == 0
        assert ", time-stamped" in capsys.readouterr().err
        stamped = verified(tmp_path / "bag", trust=vouched.world.trust).stamped
        assert "says CN=one.example" in stamped
        server.is_down = True
        assert cautery(monkeypatch, *handing, *named, "-o", tmp_path / "other") != 0
    assert "no authority gives a time-stamp" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    assert not (tmp_path / "other.openings.json").exists()


def test_whom_a_person_names_is_trusted_and_asked_for_nothing(
    vouched: Vouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shutil.copytree(vouched.made.path, tmp_path / "case")
    world = vouched.world
    (tmp_path / "policy").write_text(world.policy_text)
    roots = b"".join(authority.root for authority in world.authorities.values())
    (tmp_path / "roots.pem").write_bytes(roots)
    handing = ("dossier", tmp_path / "case", "--for", "court", *WHO, "--key", vouched.made.key)
    handing += ("--clips", 0)
    unjudged = "nobody is named whom to trust"
    assert cautery(monkeypatch, *handing, "-o", tmp_path / "bare") == 0
    assert unjudged in capsys.readouterr().err
    trusted = ("--cosigners", tmp_path / "policy", "--tsa-roots", tmp_path / "roots.pem")
    assert cautery(monkeypatch, *handing, *trusted, "-o", tmp_path / "bag") == 0
    said = capsys.readouterr().err
    assert "not time-stamped" in said
    assert unjudged not in said
    assert "warning" not in said
    assert verified(tmp_path / "bag", trust=world.trust).stamped == ""
    given = vouching_of(None, None, None, cosigners=trusted[1], tsa_roots=trusted[3])
    [claim] = view_of(vouched.made, trust=given.trust).claims
    assert all(time.not_before and time.not_after for time in claim.times)
    done = run(tmp_path / "bag")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("Verification: OK") == 2  # the case's, not the bag's
    (tmp_path / "bag" / STAMP).write_bytes(vouched.stamp(b"x"))
    with pytest.raises(EvidenceError, match="says that it is not stamped: it was added"):
        verified(tmp_path / "bag", trust=world.trust)


def test_a_dossier_is_made_although_no_authority_of_the_log_answers(
    vouched: Vouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shutil.copytree(vouched.made.path, tmp_path / "case")
    world, log = vouched.world, tmp_path / "log"
    shutil.copytree(world.folder / "log", log)
    (log / "cosigners.policy").write_text(world.policy_text)
    root = world.authorities["one.example"].folder / "root.pem"
    (log / "log.toml").write_text(
        f'origin = "{world.settings.origin}"\ncosigners = "cosigners.policy"\n'
        '[network]\nallow = ["127.0.0.0/8"]\n'
        f'[[authority]]\nname = "down"\nurl = "http://127.0.0.1:9/"\nroots = "{root}"\n'
    )
    handing = ("dossier", tmp_path / "case", "--for", "court", *WHO, "--key", vouched.made.key)
    handing += ("--clips", 0, "--log", log)
    assert cautery(monkeypatch, *handing, "-o", tmp_path / "bag") == 0
    said = capsys.readouterr().err
    assert "warning: the bag is not time-stamped: no authority gives a time-stamp: down" in said
    assert "tagmanifest-sha256.txt.tsr" not in (tmp_path / "bag/VERIFY.md").read_text()
    assert not (tmp_path / "bag" / STAMP).exists()
    checked = verified(tmp_path / "bag", trust=world.trust)
    assert checked.stamped == ""
    assert checked.case is not None
    assert "lie between two outside proofs" in " ".join(checked.case.times)
    named = ("--authority", "http://127.0.0.1:9/", "--authority-root", root)
    assert cautery(monkeypatch, *handing, *named, "-o", tmp_path / "other") != 0
    assert not (tmp_path / "other").exists()


def test_a_bag_without_its_tag_manifest_or_signature_breaks_a_rule(
    vouched: Vouched, tmp_path: Path
) -> None:
    bag = bag_of(vouched, tmp_path)
    (bag / "tagmanifest-sha256.txt.sig").unlink()
    with pytest.raises(EvidenceError, match="nobody has signed this bag"):
        verified(bag)
    (bag / "tagmanifest-sha256.txt").unlink()
    with pytest.raises(EvidenceError, match="BagIt calls such a bag valid"):
        verified(bag)


def test_a_proof_that_does_not_hold_is_not_handed_over(vouched: Vouched, tmp_path: Path) -> None:
    shutil.copytree(vouched.made.path, tmp_path / "case")
    proof = tmp_path / "case" / "manifest.proof"
    shape = json.loads(proof.read_bytes())
    shape["proof"]["index"] += 1
    proof.write_text(json.dumps(shape))
    own = replace(vouched.made, path=tmp_path / "case")
    with pytest.raises(EvidenceError):
        view_of(own, trust=vouched.world.trust)
