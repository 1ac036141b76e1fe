"""One suite over every adapter of the vault's port."""

from __future__ import annotations

import os
import resource
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.adapters.keys_file import KeyFolder, SubjectKeys
from cautery.adapters.vault_folder import FolderVault
from cautery.errors import BrokenSealError, ErasedError, EvidenceError, InputError, StorageError
from cautery.model import ClockOffset, Exhibit, digest_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = ClockOffset(seconds=None, uncertainty_s=None, method="none")


@pytest.fixture
def keys(tmp_path: Path) -> SubjectKeys:
    return KeyFolder(tmp_path / "keys").create_case().subjects


@pytest.fixture(params=[FolderVault])
def vault(request: pytest.FixtureRequest, tmp_path: Path, keys: SubjectKeys) -> FolderVault:
    made: FolderVault = request.param(tmp_path / "vault", keys)
    return made


def seal(vault: FolderVault, data: bytes, subject: str | None = None) -> Exhibit:
    return vault.seal(
        data, media_type="application/octet-stream", at=NOON, clock=CLOCK, subject=subject
    )


def files(tmp_path: Path) -> list[Path]:
    return sorted(one for one in (tmp_path / "vault").rglob("*") if one.is_file())


@given(st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_sealed_exhibit_reads_back_byte_for_byte(vault: FolderVault, data: bytes) -> None:
    exhibit = seal(vault, data)
    assert (vault.read(exhibit.id), exhibit.id, exhibit.size) == (data, digest_of(data), len(data))


def test_the_same_bytes_are_one_exhibit_and_one_file(vault: FolderVault, tmp_path: Path) -> None:
    assert seal(vault, b"same").id == seal(vault, b"same").id
    assert len(files(tmp_path)) == 1


def test_a_confidential_exhibit_opens_to_its_subject(vault: FolderVault) -> None:
    exhibit = seal(vault, b"line=secret", "source:1")
    assert vault.open(exhibit.id, subject="source:1") == b"line=secret"


def test_a_confidential_exhibit_lies_encrypted_under_its_own_digest(vault: FolderVault) -> None:
    exhibit = seal(vault, b"line=secret", "source:1")
    stored = vault.read(exhibit.id)
    assert exhibit.confidential
    assert b"secret" not in stored
    assert (digest_of(stored), len(stored)) == (exhibit.id, exhibit.size)


def test_confidential_exhibits_do_not_show_that_they_are_equal(vault: FolderVault) -> None:
    assert seal(vault, b"same", "source:1").id != seal(vault, b"same", "source:1").id


def test_another_subject_does_not_open_an_exhibit(vault: FolderVault) -> None:
    exhibit = seal(vault, b"x", "source:1")
    seal(vault, b"y", "source:2")
    with pytest.raises(EvidenceError):
        vault.open(exhibit.id, subject="source:2")


def test_an_erased_subject_is_not_opened_but_its_seal_holds(vault: FolderVault) -> None:
    exhibit = seal(vault, b"x", "source:1")
    assert vault.erase("source:1") == 1
    with pytest.raises(ErasedError):
        vault.open(exhibit.id, subject="source:1")
    assert digest_of(vault.read(exhibit.id)) == exhibit.id


def test_erasing_leaves_no_key_behind(vault: FolderVault, tmp_path: Path) -> None:
    seal(vault, b"x", "source:1")
    vault.erase("source:1")
    left = list((tmp_path / "keys").glob("*.subjects/*"))
    assert [one.read_bytes() for one in left] == [b""]
    assert "source" not in left[0].name


def test_erasing_spares_other_subjects(vault: FolderVault) -> None:
    other = seal(vault, b"y", "source:2")
    seal(vault, b"x", "source:1")
    vault.erase("source:1")
    assert vault.open(other.id, subject="source:2") == b"y"


def test_a_subject_seen_again_after_erasure_gets_a_new_key(vault: FolderVault) -> None:
    old = seal(vault, b"old", "source:1")
    vault.erase("source:1")
    new = seal(vault, b"new", "source:1")
    assert vault.open(new.id, subject="source:1") == b"new"
    with pytest.raises(ErasedError):
        vault.open(old.id, subject="source:1")


def test_keys_that_are_elsewhere_were_not_erased(vault: FolderVault, tmp_path: Path) -> None:
    exhibit = seal(vault, b"x", "source:1")
    elsewhere = FolderVault(
        tmp_path / "vault", KeyFolder(tmp_path / "other").create_case().subjects
    )
    with pytest.raises(EvidenceError) as caught:
        elsewhere.open(exhibit.id, subject="source:1")
    assert not isinstance(caught.value, ErasedError)


def test_a_changed_exhibit_is_not_read(vault: FolderVault, tmp_path: Path) -> None:
    exhibit = seal(vault, b"hello")
    files(tmp_path)[0].write_bytes(b"hellp")
    with pytest.raises(BrokenSealError, match=digest_of(b"hellp")):
        vault.read(exhibit.id)


def test_a_damaged_copy_is_mended_by_sealing_again(vault: FolderVault, tmp_path: Path) -> None:
    exhibit = seal(vault, b"hello")
    files(tmp_path)[0].write_bytes(b"hellp")
    seal(vault, b"hello")
    assert vault.read(exhibit.id) == b"hello"


def test_an_exhibit_that_is_not_there_is_missing(vault: FolderVault) -> None:
    assert not vault.holds(digest_of(b"none"))
    with pytest.raises(EvidenceError, match="missing"):
        vault.read(digest_of(b"none"))


@pytest.mark.parametrize("id", ["", "sha256:", "../../etc/passwd", "sha256:" + "A" * 64, "0" * 64])
def test_an_id_that_is_no_digest_is_refused(vault: FolderVault, id: str) -> None:
    with pytest.raises(EvidenceError):
        vault.read(id)


def test_a_clear_exhibit_is_read_not_opened(vault: FolderVault) -> None:
    exhibit = seal(vault, b"clear")
    with pytest.raises(EvidenceError, match="not confidential"):
        vault.open(exhibit.id, subject="source:1")


@pytest.mark.timeout(5)
def test_a_pipe_or_link_in_place_of_an_exhibit_is_refused(
    vault: FolderVault, tmp_path: Path
) -> None:
    exhibit = seal(vault, b"x")
    path = files(tmp_path)[0]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(EvidenceError):
        vault.read(exhibit.id)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(EvidenceError):
        vault.read(exhibit.id)


def test_a_full_disk_leaves_no_partial_file(vault: FolderVault, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError):
            seal(vault, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(tmp_path) == []


def test_what_a_killed_writer_left_is_removed_on_opening(
    vault: FolderVault, tmp_path: Path
) -> None:
    exhibit = seal(vault, b"x")
    left = files(tmp_path)[0].parent / ".writing-999999999-abc"
    left.write_bytes(b"half")
    mine = left.with_name(f".writing-{os.getpid()}-abc")
    mine.write_bytes(b"still being written")
    FolderVault(tmp_path / "vault", None, read_only=True)
    assert left.exists()
    FolderVault(tmp_path / "vault")
    assert not left.exists()
    assert mine.exists()
    assert vault.read(exhibit.id) == b"x"


def test_a_vault_opened_to_be_read_seals_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        seal(FolderVault(tmp_path / "vault", read_only=True), b"x")
    assert list(tmp_path.iterdir()) == []


def test_without_keys_nothing_confidential_is_sealed_in_clear(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        seal(FolderVault(tmp_path / "vault"), b"x", "source:1")


def test_subject_keys_are_for_their_owner_only(vault: FolderVault, tmp_path: Path) -> None:
    seal(vault, b"x", "source:1")
    [folder] = (tmp_path / "keys").glob("*.subjects")
    modes = [stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()]
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ([0o600], 0o700)
