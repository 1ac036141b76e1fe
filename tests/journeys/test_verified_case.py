"""A byte changed anywhere in a closed case makes ``cautery verify`` fail and name the file."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cautery.cli import main
from cautery.model import Entry
from cautery.wiring import signing

pytestmark = pytest.mark.journey


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


Cautery = Callable[..., Ran]


@pytest.fixture
def cautery(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run a command in this process: so many of them would be slow in processes of their own."""

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["cautery", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        shown = capsys.readouterr()
        return Ran(code, shown.out, shown.err)

    return run


@pytest.fixture
def copy(night: Any, tmp_path: Path) -> Iterator[Path]:
    """The closed case, to be spoiled."""
    spoiled = tmp_path / "case"
    shutil.copytree(night.case, spoiled)
    yield spoiled
    shutil.rmtree(spoiled)


@pytest.fixture(scope="session")
def public_key(night: Any) -> Path:
    """The signer's key as it lies with the signer, outside the case."""
    return signing.public_key_of(night.case, night.keys)


def exhibit(night: Any, entries: Callable[[Path], list[Entry]], what: str) -> str:
    """Return the file of the first exhibit of a kind."""
    found = next(
        one.record.body["exhibit"]["id"]
        for one in entries(night.case)
        if one.record.kind == "exhibit.sealed" and one.record.body["what"] == what
    )
    digest = found.removeprefix("sha256:")
    return f"vault/{digest[:2]}/{digest}"


def flip(path: Path, *, at: float) -> None:
    """Change one bit of one byte."""
    body = bytearray(path.read_bytes())
    body[int(at * (len(body) - 1))] ^= 0x01
    path.chmod(0o600)
    path.write_bytes(body)


def test_an_untouched_case_verifies_as_authentic_by_the_signers_own_key(
    night: Any, public_key: Path, cautery: Cautery
) -> None:
    ended = cautery("verify", night.case, "--public-key", public_key)
    assert ended.returncode == 0, ended.stderr
    assert "authentic" in ended.stdout


def test_without_a_key_it_is_only_consistent_and_never_called_authentic(
    night: Any, cautery: Cautery
) -> None:
    for arguments in ((), ("--json",)):
        ended = cautery("verify", night.case, *arguments)
        assert ended.returncode == 3, ended.stderr
        assert "consistent with the key in the case" in ended.stdout
        assert "authentic:" not in ended.stdout
    assert json.loads(ended.stdout)["authentic"] is False


def test_a_key_out_of_the_case_itself_makes_nothing_authentic(night: Any, cautery: Cautery) -> None:
    [inside] = Path(night.case).glob("keys/*.pub")
    ended = cautery("verify", night.case, "--public-key", inside)
    assert ended.returncode == 3, ended.stderr
    assert "authentic" not in ended.stdout
    assert "consistent with the key in the case" in ended.stdout


def test_verifying_leaves_every_byte_and_adds_no_file(night: Any, cautery: Cautery) -> None:
    def held() -> dict[str, tuple[int, int]]:
        return {
            str(one.relative_to(night.case)): (one.stat().st_size, one.stat().st_mtime_ns)
            for one in Path(night.case).rglob("*")
        }

    before = held()
    assert cautery("verify", night.case).returncode == 3
    assert held() == before


def test_another_signers_key_does_not_verify_it(
    night: Any, cautery: Cautery, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    other = tmp_path / "other.pem"
    other.write_bytes(
        Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    ended = cautery("verify", night.case, "--public-key", other)
    assert ended.returncode == 1
    assert "manifest.note" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0], ids=["first byte", "middle", "last byte"])
@pytest.mark.parametrize(
    "file", ["report.html", "ledger.sqlite", "manifest.sha256", "manifest.note"]
)
def test_a_changed_byte_fails_and_is_named(
    copy: Path, cautery: Cautery, file: str, at: float
) -> None:
    flip(copy / file, at=at)
    ended = cautery("verify", copy)
    assert ended.returncode == 1, ended.stdout
    assert file in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_changed_key_fails_and_is_named(copy: Path, cautery: Cautery) -> None:
    [key] = copy.glob("keys/*.pub")
    flip(key, at=0.7)
    ended = cautery("verify", copy)
    assert ended.returncode == 1, ended.stdout
    assert f"keys/{key.name}" in ended.stderr


@pytest.mark.parametrize("what", ["mandate", "playlist", "segment", "still", "table"])
def test_a_changed_exhibit_fails_and_is_named(
    night: Any,
    copy: Path,
    cautery: Cautery,
    entries: Callable[[Path], list[Entry]],
    what: str,
) -> None:
    file = exhibit(night, entries, what)
    flip(copy / file, at=0.9)
    ended = cautery("verify", copy)
    assert ended.returncode == 1, ended.stdout
    assert file in ended.stderr


def test_a_missing_and_an_added_file_fail_and_are_named(
    night: Any, copy: Path, cautery: Cautery, entries: Callable[[Path], list[Entry]]
) -> None:
    file = exhibit(night, entries, "segment")
    kept = (copy / file).read_bytes()
    (copy / file).unlink()
    missing = cautery("verify", copy)
    assert (missing.returncode, file in missing.stderr) == (1, True)
    (copy / file).write_bytes(kept)
    (copy / "note.txt").write_text("added later")
    added = cautery("verify", copy)
    assert (added.returncode, "note.txt" in added.stderr) == (1, True)
