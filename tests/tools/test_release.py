"""A release is the same bytes for everybody, and a stranger can tell who signed it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pins
import pytest
import release
import sbom

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs/howto/check-a-release.md"
EPOCH = 1_790_000_000


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("exported")
    release.export("HEAD", tree)
    return tree


@pytest.fixture(scope="module")
def made(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist of the commit that is checked out."""
    out = tmp_path_factory.mktemp("made")
    release.build(exported, out, epoch=EPOCH)
    return out


@pytest.fixture
def other_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def aged(tree: Path) -> Path:
    """A tree as another person's umask and clock leave it."""
    for path in [tree, *tree.rglob("*")]:
        path.chmod(path.stat().st_mode & 0o700)
        os.utime(path, (981_173_106, 981_173_106))
    return tree


@pytest.mark.usefixtures("other_umask")
def test_an_sdist_made_in_another_folder_umask_and_time_is_the_same(
    exported: Path, made: Path, tmp_path: Path
) -> None:
    shutil.copytree(exported, tmp_path / "some" / "where", symlinks=True)
    release.build(
        aged(tmp_path / "some" / "where"), tmp_path / "again", epoch=EPOCH, targets=["sdist"]
    )
    [line] = release.sums(tmp_path / "again").splitlines()
    assert line in release.sums(made)


@pytest.mark.usefixtures("other_umask")
def test_a_wheel_made_of_the_sdist_in_another_umask_and_time_is_the_same(
    made: Path, tmp_path: Path
) -> None:
    with tarfile.open(next(made.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path / "elsewhere", filter="data")
    [tree] = (tmp_path / "elsewhere").iterdir()
    release.build(aged(tree), tmp_path / "again", epoch=EPOCH, targets=["wheel"])
    [line] = release.sums(tmp_path / "again").splitlines()
    assert line in release.sums(made)


def test_only_what_is_committed_is_in_a_release(tmp_path: Path) -> None:
    git = ["git", "-C", tmp_path, "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    (tmp_path / "committed").write_text("as committed")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    (tmp_path / "committed").write_text("changed")
    (tmp_path / "added").write_text("secret")
    release.export("HEAD", tmp_path / "out", repository=tmp_path)
    assert [(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()] == [
        ("committed", "as committed")
    ]


def test_a_commit_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(release.ReleaseError, match="git"):
        release.export("no-such-commit", tmp_path)


def test_the_bill_of_materials_is_the_same_each_time(exported: Path) -> None:
    first, second = (sbom.sbom(exported, commit="c" * 40, epoch=EPOCH) for _ in range(2))
    assert first == second


def test_the_bill_of_materials_has_each_pin_with_its_hashes_and_askers(exported: Path) -> None:
    bill = json.loads(sbom.sbom(exported, commit="c" * 40, epoch=EPOCH))
    locked = pins.parse_pins((exported / "requirements/run.txt").read_text())
    assert {
        (
            row["name"],
            row["version"],
            *sorted(sum_["content"] for sum_ in row["externalReferences"][0]["hashes"]),
        )
        for row in bill["components"]
    } == {(pin.name, pin.version, *sorted(pin.hashes)) for pin in locked}
    asked = {row["ref"]: row.get("dependsOn", []) for row in bill["dependencies"]}
    assert "pkg:pypi/barriers@1.2.0" in next(
        names for ref, names in asked.items() if ref.startswith("pkg:pypi/rbcl@")
    )
    assert set(asked) - {bill["metadata"]["component"]["bom-ref"]} == set().union(*asked.values())


@pytest.fixture
def signed(made: Path, tmp_path: Path) -> Path:
    """A release folder, signed by a key that the signers' list beside it names."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("OpenSSH's ssh-keygen is not installed")
    folder = tmp_path / "release"
    shutil.copytree(made, folder)
    (folder / "SHA256SUMS").write_text(release.sums(folder))
    listed(key(tmp_path / "key"), tmp_path / "signers")
    release.sign(folder, tmp_path / "key", tmp_path / "signers")
    return folder


def key(path: Path, kind: str = "ed25519") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "x", "-f", path], check=True)
    return path


def listed(
    private: Path, signers: Path, options: str = f'namespaces="{release.NAMESPACE}"'
) -> None:
    signers.write_text(f"release@example.org {options} {private.with_suffix('.pub').read_text()}")


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    """Do what the how-to tells a stranger to do."""
    script = "\n".join(re.findall(r"```sh\n(.*?)```", HOWTO.read_text("utf-8"), re.DOTALL))
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "SIGNERS": str(folder.parent / "signers"), "TMPDIR": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stranger_checks_a_release_with_the_how_to(signed: Path) -> None:
    done = checked(signed)
    assert done.returncode == 0, done.stderr
    assert 'Good "cautery-release" signature for release@example.org' in done.stdout


def change_a_byte(folder: Path) -> None:
    [wheel] = folder.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"!")


def change_sums_too(folder: Path) -> None:
    change_a_byte(folder)
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        (folder / name).rename(folder.parent / name)
    sums = release.sums(folder)
    for name in ("SHA256SUMS", "SHA256SUMS.sig"):
        (folder.parent / name).rename(folder / name)
    (folder / "SHA256SUMS").write_text(sums)


def sign_with_another_key(folder: Path) -> None:
    change_sums_too(folder)
    other = folder.parent / "other"
    listed(key(other), folder.parent / "other-signers")
    release.sign(folder, other, folder.parent / "other-signers")


def sign_for_another_purpose(folder: Path) -> None:
    (folder / "SHA256SUMS.sig").unlink()
    subprocess.run(
        ["ssh-keygen", "-Y", "sign", "-q", "-f", folder.parent / "key", "-n", "git", "SHA256SUMS"],
        cwd=folder,
        check=True,
    )


def add_a_file(folder: Path) -> None:
    (folder / "extra.whl").write_bytes(b"")


def add_a_link(folder: Path) -> None:
    """It leads out of the release: pip would take it for a wheel of it."""
    (folder.parent / "other.whl").write_bytes(b"")
    (folder / "cautery-9.whl").symlink_to(folder.parent / "other.whl")


def add_a_folder(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more/SHA256SUMS").write_bytes(b"")


def take_a_file_away(folder: Path) -> None:
    next(folder.glob("*.whl")).unlink()


@pytest.mark.parametrize(
    "tamper",
    [
        change_a_byte,
        change_sums_too,
        sign_with_another_key,
        sign_for_another_purpose,
        add_a_file,
        add_a_link,
        add_a_folder,
        take_a_file_away,
    ],
)
def test_a_stranger_sees_that_a_release_was_changed(signed: Path, tamper) -> None:
    tamper(signed)
    assert checked(signed).returncode != 0


def test_a_key_that_the_list_does_not_name_signs_nothing(signed: Path, tmp_path: Path) -> None:
    with pytest.raises(release.ReleaseError, match="does not let this key sign"):
        release.sign(signed, key(tmp_path / "stranger"), tmp_path / "signers")
    assert not (signed / "SHA256SUMS.sig").exists()


def test_a_key_that_is_listed_for_something_else_signs_nothing(
    signed: Path, tmp_path: Path
) -> None:
    listed(tmp_path / "key", tmp_path / "signers", 'namespaces="git"')
    with pytest.raises(release.ReleaseError, match="does not let this key sign"):
        release.sign(signed, tmp_path / "key", tmp_path / "signers")


def test_only_ed25519_signs(signed: Path, tmp_path: Path) -> None:
    with pytest.raises(release.ReleaseError, match="ECDSA"):
        release.sign(signed, key(tmp_path / "ecdsa", "ecdsa"), tmp_path / "signers")
