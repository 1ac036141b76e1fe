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
from tests.servers import Bucket

from cautery.adapters._sealing import SealedVault
from cautery.adapters.keys_file import KeyFolder, SubjectKeys
from cautery.adapters.objects import Objects
from cautery.adapters.vault_folder import FolderVault
from cautery.adapters.vault_s3 import S3Vault
from cautery.errors import BrokenSealError, ErasedError, EvidenceError, InputError, StorageError
from cautery.model import ClockOffset, Exhibit, digest_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = ClockOffset(seconds=None, uncertainty_s=None, method="none")


@pytest.fixture
def keys(tmp_path: Path) -> SubjectKeys:
    return KeyFolder(tmp_path / "keys").create_case().subjects


class Folder:
    """Vaults in one folder."""

    def __init__(self, tmp_path: Path) -> None:
        self.path = tmp_path / "vault"

    def vault(self, keys: SubjectKeys | None = None, *, read_only: bool = False) -> SealedVault:
        return FolderVault(self.path, keys, read_only=read_only)

    def names(self) -> list[str]:
        files = sorted(one for one in self.path.rglob("*") if one.is_file())
        return [file.relative_to(self.path).as_posix() for file in files]

    def replace(self, name: str, data: bytes) -> None:
        (self.path / name).write_bytes(data)


class S3:
    """Vaults in one bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.objects = Objects(bucket.url)

    def vault(self, keys: SubjectKeys | None = None, *, read_only: bool = False) -> SealedVault:
        return S3Vault(self.objects, "case/vault", keys, read_only=read_only)

    def names(self) -> list[str]:
        return [name.removeprefix("of/police/case/vault/") for name in self.bucket.names()]

    def replace(self, name: str, data: bytes) -> None:
        self.bucket.put(f"of/police/case/vault/{name}", data)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Folder | S3:
    if request.param == "folder":
        return Folder(tmp_path)
    return S3(request.getfixturevalue("bucket"))


@pytest.fixture
def vault(place: Folder | S3, keys: SubjectKeys) -> SealedVault:
    return place.vault(keys)


def seal(vault: SealedVault, data: bytes, subject: str | None = None) -> Exhibit:
    return vault.seal(
        data, media_type="application/octet-stream", at=NOON, clock=CLOCK, subject=subject
    )


def files(tmp_path: Path) -> list[Path]:
    return [tmp_path / "vault" / name for name in Folder(tmp_path).names()]


@given(st.binary(max_size=2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_a_sealed_exhibit_reads_back_byte_for_byte(vault: SealedVault, data: bytes) -> None:
    exhibit = seal(vault, data)
    assert (vault.read(exhibit.id), exhibit.id, exhibit.size) == (data, digest_of(data), len(data))


def test_the_same_bytes_are_one_exhibit_and_one_file(
    vault: SealedVault, place: Folder | S3
) -> None:
    assert seal(vault, b"same").id == seal(vault, b"same").id
    assert place.names() == [f"{digest_of(b'same')[7:9]}/{digest_of(b'same')[7:]}"]


def test_a_confidential_exhibit_opens_to_its_subject(vault: SealedVault) -> None:
    exhibit = seal(vault, b"line=secret", "source:1")
    assert vault.open(exhibit.id, subject="source:1") == b"line=secret"


def test_a_confidential_exhibit_lies_encrypted_under_its_own_digest(vault: SealedVault) -> None:
    exhibit = seal(vault, b"line=secret", "source:1")
    stored = vault.read(exhibit.id)
    assert exhibit.confidential
    assert b"secret" not in stored
    assert (digest_of(stored), len(stored)) == (exhibit.id, exhibit.size)


def test_confidential_exhibits_do_not_show_that_they_are_equal(vault: SealedVault) -> None:
    assert seal(vault, b"same", "source:1").id != seal(vault, b"same", "source:1").id


def test_another_subject_does_not_open_an_exhibit(vault: SealedVault) -> None:
    exhibit = seal(vault, b"x", "source:1")
    seal(vault, b"y", "source:2")
    with pytest.raises(EvidenceError):
        vault.open(exhibit.id, subject="source:2")


def test_an_erased_subject_is_not_opened_but_its_seal_holds(vault: SealedVault) -> None:
    exhibit = seal(vault, b"x", "source:1")
    assert vault.erase("source:1") == 1
    with pytest.raises(ErasedError):
        vault.open(exhibit.id, subject="source:1")
    assert digest_of(vault.read(exhibit.id)) == exhibit.id


def test_erasing_leaves_no_key_behind(vault: SealedVault, tmp_path: Path) -> None:
    seal(vault, b"x", "source:1")
    vault.erase("source:1")
    left = list((tmp_path / "keys").glob("*.subjects/*"))
    assert [one.read_bytes() for one in left] == [b""]
    assert "source" not in left[0].name


def test_erasing_spares_other_subjects(vault: SealedVault) -> None:
    other = seal(vault, b"y", "source:2")
    seal(vault, b"x", "source:1")
    vault.erase("source:1")
    assert vault.open(other.id, subject="source:2") == b"y"


def test_a_subject_seen_again_after_erasure_gets_a_new_key(vault: SealedVault) -> None:
    old = seal(vault, b"old", "source:1")
    vault.erase("source:1")
    new = seal(vault, b"new", "source:1")
    assert vault.open(new.id, subject="source:1") == b"new"
    with pytest.raises(ErasedError):
        vault.open(old.id, subject="source:1")


def test_a_copy_of_the_keys_brings_no_destroyed_key_back(
    vault: SealedVault, tmp_path: Path
) -> None:
    old = seal(vault, b"old", "source:1")
    [key] = (tmp_path / "keys").glob("*.subjects/*.key")
    copy = key.read_bytes()
    vault.erase("source:1")
    key.write_bytes(copy)
    key.chmod(0o600)
    with pytest.raises(ErasedError):
        vault.open(old.id, subject="source:1")
    new = seal(vault, b"new", "source:1")
    assert vault.open(new.id, subject="source:1") == b"new"
    assert vault.erase("source:1") == 2
    left = (tmp_path / "keys").glob("*.subjects/*")
    assert {one.read_bytes() for one in left} == {b""}


def test_keys_that_are_elsewhere_were_not_erased(
    vault: SealedVault, place: Folder | S3, tmp_path: Path
) -> None:
    exhibit = seal(vault, b"x", "source:1")
    elsewhere = place.vault(KeyFolder(tmp_path / "other").create_case().subjects)
    with pytest.raises(EvidenceError) as caught:
        elsewhere.open(exhibit.id, subject="source:1")
    assert not isinstance(caught.value, ErasedError)


def test_a_changed_exhibit_is_not_read(vault: SealedVault, place: Folder | S3) -> None:
    exhibit = seal(vault, b"hello")
    place.replace(place.names()[0], b"hellp")
    with pytest.raises(BrokenSealError, match=digest_of(b"hellp")):
        vault.read(exhibit.id)
    with pytest.raises(BrokenSealError):
        list(vault.pieces(exhibit.id, start=1, stop=2))


def test_a_range_is_read_of_what_was_sealed(vault: SealedVault) -> None:
    data = bytes(range(256)) * 12_000
    exhibit = seal(vault, data)
    for start, stop in ((0, 1), (5, 2_000_000), (3_071_999, None), (7, None), (9, 9), (0, 1 << 40)):
        assert b"".join(vault.pieces(exhibit.id, start=start, stop=stop)) == data[start:stop]
    assert list(vault.pieces(exhibit.id, start=len(data))) == []


def test_a_range_is_checked_again_once_it_was_replaced(
    vault: SealedVault, place: Folder | S3
) -> None:
    exhibit = seal(vault, b"hello")
    assert list(vault.pieces(exhibit.id, start=1, stop=3)) == [b"el"]
    place.replace(place.names()[0], b"hellp")
    with pytest.raises(BrokenSealError):
        list(vault.pieces(exhibit.id, start=1, stop=3))


def test_the_last_piece_is_not_given_away_before_all_of_them_were_checked(
    vault: SealedVault, place: Folder | S3
) -> None:
    exhibit = seal(vault, b"a" * 3_000_000)
    place.replace(place.names()[0], b"b" * 3_000_000)
    given: list[int] = []
    with pytest.raises(BrokenSealError):
        given.extend(len(piece) for piece in vault.pieces(exhibit.id))
    assert 0 < sum(given) < 3_000_000


def test_a_large_exhibit_is_read_in_little_memory(vault: SealedVault) -> None:
    exhibit = seal(vault, bytes(96 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert sum(map(len, vault.pieces(exhibit.id))) == 96 << 20
    assert sum(map(len, vault.pieces(exhibit.id, start=1, stop=96 << 20))) == (96 << 20) - 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


def test_a_damaged_copy_is_mended_by_sealing_again(vault: SealedVault, place: Folder | S3) -> None:
    exhibit = seal(vault, b"hello")
    place.replace(place.names()[0], b"hellp")
    seal(vault, b"hello")
    assert vault.read(exhibit.id) == b"hello"


def test_an_exhibit_that_is_not_there_is_missing(vault: SealedVault) -> None:
    assert not vault.holds(digest_of(b"none"))
    with pytest.raises(EvidenceError, match="missing"):
        vault.read(digest_of(b"none"))


@pytest.mark.parametrize("id", ["", "sha256:", "../../etc/passwd", "sha256:" + "A" * 64, "0" * 64])
def test_an_id_that_is_no_digest_is_refused(vault: SealedVault, id: str) -> None:
    with pytest.raises(EvidenceError):
        vault.read(id)


def test_a_clear_exhibit_is_read_not_opened(vault: SealedVault) -> None:
    exhibit = seal(vault, b"clear")
    with pytest.raises(EvidenceError, match="not confidential"):
        vault.open(exhibit.id, subject="source:1")


@pytest.fixture
def folder(tmp_path: Path, keys: SubjectKeys) -> FolderVault:
    return FolderVault(tmp_path / "vault", keys)


@pytest.mark.timeout(5)
def test_a_pipe_or_link_in_place_of_an_exhibit_is_refused(
    folder: FolderVault, tmp_path: Path
) -> None:
    exhibit = seal(folder, b"x")
    path = files(tmp_path)[0]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(EvidenceError):
        folder.read(exhibit.id)
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(EvidenceError):
        folder.read(exhibit.id)


def test_a_full_disk_leaves_no_partial_file(folder: FolderVault, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(StorageError):
            seal(folder, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(tmp_path) == []


def test_what_a_killed_writer_left_is_removed_on_opening(
    folder: FolderVault, tmp_path: Path
) -> None:
    exhibit = seal(folder, b"x")
    left = files(tmp_path)[0].parent / ".writing-999999999-abc"
    left.write_bytes(b"half")
    mine = left.with_name(f".writing-{os.getpid()}-abc")
    mine.write_bytes(b"still being written")
    FolderVault(tmp_path / "vault", None, read_only=True)
    assert left.exists()
    FolderVault(tmp_path / "vault")
    assert not left.exists()
    assert mine.exists()
    assert folder.read(exhibit.id) == b"x"


def test_a_vault_opened_to_be_read_seals_nothing(place: Folder | S3, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        seal(place.vault(read_only=True), b"x")
    assert (place.names(), list(tmp_path.iterdir())) == ([], [])


def test_without_keys_nothing_confidential_is_sealed_in_clear(place: Folder | S3) -> None:
    with pytest.raises(InputError):
        seal(place.vault(), b"x", "source:1")
    assert place.names() == []


def test_two_cases_of_a_bucket_do_not_see_each_other(bucket: Bucket) -> None:
    objects = Objects(bucket.url)
    exhibit = seal(S3Vault(objects, "one/vault"), b"x")
    assert not S3Vault(objects, "two/vault").holds(exhibit.id)


def test_an_object_is_never_replaced_while_it_is_whole(bucket: Bucket) -> None:
    objects = Objects(bucket.url)
    assert objects.put_new("name", b"first")
    assert not objects.put_new("name", b"second")
    assert b"".join(objects.get("name")[1]) == b"first"


def test_a_store_that_is_gone_is_a_sentence_without_secrets(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(StorageError, match=bucket.name) as caught:
        seal(S3Vault(Objects(bucket.url), "case/vault"), b"x")
    assert "secret" not in f"{caught.value} {caught.value.hint}"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "s3://", "http://bucket/a", "s3://key:secret@bucket/a", "s3://b/?secret=1", "/tmp"]
)
def test_what_is_no_place_of_a_vault_is_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Objects(url)
    assert "secret" not in str(caught.value)


def test_a_store_of_another_machine_is_asked_by_tls_alone(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:9000")
    with pytest.raises(StorageError, match="s3://"):
        Objects(bucket.url).find("x")


def test_subject_keys_are_for_their_owner_only(vault: SealedVault, tmp_path: Path) -> None:
    seal(vault, b"x", "source:1")
    [folder] = (tmp_path / "keys").glob("*.subjects")
    modes = [stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()]
    assert (modes, stat.S_IMODE(folder.stat().st_mode)) == ([0o600], 0o700)
