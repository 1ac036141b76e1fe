"""Encrypted exhibits: a reader learns how many there are, of what kind, and who can open them."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import ErasedError, InputError
from cautery.evidence.custody import CustodyAct
from cautery.evidence.warc import read_warc
from cautery.messages import in_language
from cautery.pages.dossier import DossierView
from cautery.pages.dossier.exhibits import EXHIBITS
from cautery.wiring import custody
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.chain import chain_bytes
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.encrypted import encrypted_of
from cautery.workflows.dossier.extract import Extract
from cautery.workflows.dossier.opened import opened_copies

from .conftest import NOON, Made
from .test_bag import commands, run, verified
from .test_command import WHO, cautery


@pytest.fixture
def keyed(made: Made) -> FolderStore:
    return FolderStore(KeyFolder(made.path.parent / "keys"))


def bag_and_view(
    made: Made, out: Path, audience: Audience, **options
) -> tuple[DossierView, list[dict[str, str]]]:
    """Make a bag; return what its document shows, and the lines of exhibits.csv."""
    shown: list[tuple[DossierView, bytes]] = []

    def document(extract: Extract | None, _: object) -> dict[str, bytes]:
        view, attached = document_view(
            made.path, extract, audience=audience, store=FolderStore(), at=NOON,
            opened=options["opened"].exhibits if "opened" in options else 0,
        )  # fmt: skip
        shown.append((view, attached.get(EXHIBITS, b"")))
        return {}

    made.dossier(out, audience, document=document, **options)
    [(view, listed)] = shown
    return view, list(csv.DictReader(io.StringIO(listed.decode(), newline="")))


def test_a_court_learns_which_exhibits_it_cannot_read(made: Made, tmp_path: Path) -> None:
    view, rows = bag_and_view(made, tmp_path / "bag", Audience.COURT)
    sealed = [path.read_bytes()[:8] for path in (made.path / "vault").glob("*/*")]
    page = (tmp_path / "bag/VERIFY.md").read_text()
    says = f"{sealed.count(b'CAUTERY1')} of the {len(sealed)} sealed exhibits are encrypted."
    assert view.encrypted_says == says
    assert says in page
    assert view.encrypted == (("playlist", "2"),)
    assert "\n- playlist: 2\n" in page
    for words in ("because they can hold personal data", "cautery exhibit CASE SHA256", "Ask it"):
        assert words in page
    assert {row["what"] for row in rows if row["encrypted"] == "yes"} == {"playlist"}
    assert {row["what"] for row in rows if row["encrypted"] == "no"} >= {"segment"}
    assert {row["in_bag"] for row in rows} == {"yes"}
    assert ("playlist (encrypted)", "2") in view.claims[0].exhibits
    assert "data/opened" not in page
    assert not (tmp_path / "bag/data/opened").exists()
    assert "playlist|2" in run(tmp_path / "bag").stdout


def test_a_hoster_learns_which_exhibits_its_bag_lacks(made: Made, tmp_path: Path) -> None:
    view, rows = bag_and_view(made, tmp_path / "bag", Audience.HOSTER)
    for row in rows:
        name = f"{row['sha256'][:2]}/{row['sha256']}"
        there = (tmp_path / "bag/data/extract/vault" / name).is_file()
        assert row["in_bag"] == ("yes" if there else "no")
    assert {row["what"] for row in rows if row["in_bag"] == "no"} == {"playlist"}
    assert {row["what"] for row in rows if row["in_bag"] == "yes"} >= {"segment"}
    assert ("playlist (encrypted, not in this bag)", "2") in view.claims[0].exhibits
    assert view.encrypted_says.startswith("2 of the ")
    page = (tmp_path / "bag/VERIFY.md").read_text()
    assert view.encrypted_says in page
    assert "- playlist: 2" in page
    assert "--open" not in page


@pytest.mark.parametrize("audience", [Audience.PROVIDER, Audience.PUBLIC])
def test_who_is_handed_no_exhibit_reads_of_none(
    made: Made, tmp_path: Path, audience: Audience
) -> None:
    view, rows = bag_and_view(made, tmp_path / "bag", audience)
    assert not rows
    assert not view.encrypted_says
    assert "CAUTERY1" not in (tmp_path / "bag/VERIFY.md").read_text()
    assert "What can only" not in (tmp_path / "bag/VERIFY.md").read_text()


def test_numbers_and_kinds_are_in_the_language_of_the_reader(made: Made) -> None:
    encrypted = encrypted_of(made.path, None, store=FolderStore())
    with in_language("fr"):
        assert encrypted.total().endswith("2 sont chiffrées.")
        assert encrypted.kinds() == (("liste de lecture", "2"),)
        many = replace(encrypted, exhibits=encrypted.exhibits * 1000, of=5000)
        assert many.total() == "Sur les 5\u202f000 pièces scellées, 2\u202f000 sont chiffrées."
        assert many.kinds() == (("liste de lecture", "2\u202f000"),)


def test_a_court_can_be_handed_opened_copies(
    made: Made, keyed: FolderStore, tmp_path: Path
) -> None:
    bag = tmp_path / "bag"
    opened = opened_copies(made.path, ["playlist"], store=keyed)
    view, _ = bag_and_view(made, bag, Audience.COURT, opened=opened)
    rows = list(csv.DictReader((bag / "data/opened.csv").open(newline="")))
    assert len(rows) == opened.exhibits == 2
    assert "Opened copies of 2 are in data/opened" in view.encrypted_says
    playlists = []
    for row in rows:
        digits = row["encrypted_sha256"]
        locked = bag / "data/case/vault" / digits[:2] / digits
        assert locked.read_bytes().startswith(b"CAUTERY1")
        clear = bag / "data/opened/vault" / row["clear_sha256"][:2] / row["clear_sha256"]
        data = clear.read_bytes()
        assert sha256(data).hexdigest() == row["clear_sha256"]
        playlists += [answer.body for answer in read_warc(data)]
    assert sorted(playlists) == [b"#EXTM3U\n0.ts\n", b"#EXTM3U\n1.ts\n"]
    assert "data/opened" in (bag / "VERIFY.md").read_text()
    verified(bag)
    done = run(bag)
    assert done.returncode == 0, done.stderr
    assert "4 archives with" in done.stdout
    assert "every archive passes warcio check" in done.stdout
    assert '"differs": false' in done.stdout


def test_copies_are_opened_for_a_court_alone(
    made: Made, keyed: FolderStore, tmp_path: Path
) -> None:
    opened = opened_copies(made.path, ["*"], store=keyed)
    with pytest.raises(InputError, match="for a court alone"):
        made.dossier(tmp_path / "bag", Audience.HOSTER, opened=opened)
    with pytest.raises(InputError, match="no encrypted exhibit is of the kind 'segment'"):
        opened_copies(made.path, ["segment"], store=keyed)
    with pytest.raises(InputError, match="more than 0 MiB"):
        opened_copies(made.path, ["*"], store=keyed, most_bytes=10)
    with pytest.raises(InputError):
        opened_copies(made.path, ["*"], store=FolderStore())
    assert not list(tmp_path.iterdir())


def test_an_exhibit_whose_key_was_destroyed_is_named(made: Made, keyed: FolderStore) -> None:
    class Forgetful(FolderStore):
        def vault(self, path, keys):
            vault = super().vault(path, keys)
            first = encrypted_of(made.path, None, store=FolderStore()).exhibits[0].id
            whole = vault.open

            def opens(exhibit, *, subject):
                if exhibit == first:
                    raise ErasedError(exhibit)
                return whole(exhibit, subject=subject)

            class One:
                open = staticmethod(opens)

            return One()

    opened = opened_copies(made.path, ["*"], store=Forgetful(KeyFolder(made.path.parent / "keys")))
    assert (opened.exhibits, opened.lost) == (1, 1)
    rows = list(csv.DictReader(io.StringIO(opened.files["opened.csv"].decode(), newline="")))
    assert [bool(row["clear_sha256"]) for row in rows] == [False, True]


def test_the_chain_of_custody_says_who_opened_them(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    shutil.copytree(made.path, tmp_path / "case")
    handing = (
        "dossier", tmp_path / "case", *WHO, "--key", made.key, "--clips", "0",
        "--keys", made.path.parent / "keys", "-o", tmp_path / "bag",
    )  # fmt: skip
    hoster = ("--for", "hoster", "--host", "*")
    assert cautery(monkeypatch, *handing, *hoster, "--open", "playlist") == 2
    assert custody.chain_of(tmp_path / "case") == ()
    assert cautery(monkeypatch, *handing, "--for", "court", "--open", "playlist") == 0
    assert "opened: 2 encrypted exhibits" in capsys.readouterr().err
    opening, handed = custody.chain_of(tmp_path / "case")
    assert (opening.act, opening.by, opening.why) == (CustodyAct.OPENED, "A. Legal", "case 12/2026")
    assert opening.what == "2 exhibits into opened.csv of a dossier: playlist"
    listed = (tmp_path / "bag/data/opened.csv").read_bytes()
    assert opening.digest == f"sha256:{sha256(listed).hexdigest()}"
    assert opening.signature
    # The bag's own digest is in the line on its handing over, so that line alone comes later.
    assert (tmp_path / "bag/data/custody.jsonl").read_bytes() == chain_bytes([opening])
    assert handed.act is CustodyAct.HANDED_OVER
    assert "CAUTERY1" in (tmp_path / "bag/VERIFY.md").read_text()
    assert commands(tmp_path / "bag")
