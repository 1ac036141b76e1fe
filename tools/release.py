"""Make the artefacts of a release from a commit, the same bytes for everybody, and sign them.

release.py make [COMMIT]        writes dist/cautery-VERSION: wheel, sdist, SBOM, SHA256SUMS
release.py sign KEY [COMMIT]    makes them and signs SHA256SUMS

KEY is Ed25519 in OpenSSH's form; it may be the public half of one that an agent or a token holds.
The commit's own docs/howto/allowed_signers must list it. docs/howto/check-a-release.md is how a
stranger checks the result.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

import sbom

ROOT = Path(__file__).resolve().parents[1]
SIGNERS = Path("docs/howto/allowed_signers")
NAMESPACE = "cautery-release"
"""What the signature is for (sshsig): one made over a commit or a mail counts for nothing here."""


class ReleaseError(Exception):
    """A release that cannot be made; its text says what to do."""


def export(commit: str, into: Path, *, repository: Path = ROOT) -> tuple[str, int]:
    """Unpack a commit, and nothing that is not committed; return its id and time.

    Raises
    ------
    ReleaseError
        If there is no such commit.
    """
    named = _git(repository, "log", "-1", "--format=%H %ct", f"{commit}^{{commit}}").split()
    packed = subprocess.run(
        ["git", "-C", repository, "archive", "--format=tar", named[0]],
        capture_output=True,
        check=True,
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(into, filter="data")
    return named[0], int(named[1])


def build(
    tree: Path, out: Path, *, epoch: int, targets: Sequence[str] = ("sdist", "wheel")
) -> None:
    """Build from a source tree; its folder, its times and the umask leave no trace."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "hatchling", "build", "-d", str(out.absolute())),
            *(word for target in targets for word in ("-t", target)),
        ],
        cwd=tree,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ReleaseError(f"the build failed: {done.stderr.strip()}")


def make(commit: str, folder: Path, *, repository: Path = ROOT, validate: bool = True) -> Path:
    """Write a commit's artefacts and their sums into ``folder/cautery-VERSION``.

    Raises
    ------
    ReleaseError
        If something cannot be built.
    """
    with tempfile.TemporaryDirectory() as scratch:
        tree, made = Path(scratch, "tree"), Path(scratch, "made")
        tree.mkdir()
        full, epoch = export(commit, tree, repository=repository)
        project = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        name = f"{project['name']}-{project['version']}"
        build(tree, made, epoch=epoch)
        listed = sbom.sbom(tree, commit=full, epoch=epoch)
        if validate:
            sbom.check(listed)
        (made / f"{name}.cdx.json").write_text(listed, encoding="utf-8", newline="\n")
        (made / "SHA256SUMS").write_text(sums(made), encoding="ascii", newline="\n")
        out = folder / name
        if out.exists():
            shutil.rmtree(out)
        out.mkdir(parents=True)
        for artefact in sorted(made.iterdir()):
            (out / artefact.name).write_bytes(artefact.read_bytes())
    return out


def sums(folder: Path) -> str:
    """Return the SHA-256 of each file as ``sha256sum`` writes it, by name."""
    return "".join(
        f"{hashlib.sha256(artefact.read_bytes()).hexdigest()}  {artefact.name}\n"
        for artefact in sorted(folder.iterdir())
    )


def sign(folder: Path, key: Path, signers: Path) -> str:
    """Sign a folder's SHA256SUMS; return under which name a stranger verifies it.

    Raises
    ------
    ReleaseError
        If the key is not Ed25519 or ``signers`` does not list it: then nothing is left signed.
    """
    listed, signature = folder / "SHA256SUMS", folder / "SHA256SUMS.sig"
    signature.unlink(missing_ok=True)
    kind = _ssh("-l", "-f", key).rsplit("(", 1)[-1].rstrip(")\n")
    if not kind.startswith("ED25519"):
        raise ReleaseError(f"{key} is a key of kind {kind}; give an Ed25519 key")
    _ssh("-Y", "sign", "-q", "-f", key, "-n", NAMESPACE, listed)
    try:
        found = _ssh("-Y", "find-principals", "-s", signature, "-f", signers).splitlines()
        _ssh(
            *("-Y", "verify", "-f", signers, "-I", found[0], "-n", NAMESPACE, "-s", signature),
            sent=listed.read_bytes(),
        )
    except ReleaseError as error:
        signature.unlink()
        raise ReleaseError(
            f"the commit's {SIGNERS} does not let this key sign a release: commit its line first"
        ) from error
    return found[0]


def _ssh(*words: str | Path, sent: bytes | None = None) -> str:
    try:
        done = subprocess.run(
            ["ssh-keygen", *map(str, words)], input=sent, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise ReleaseError(
            "ssh-keygen is not there: install OpenSSH's client, 8.2 or later"
        ) from error
    if done.returncode:
        raise ReleaseError((done.stderr or done.stdout).decode("utf-8", "replace").strip())
    return done.stdout.decode()


def _git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", repository, *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError(f"git: {done.stderr.strip()}")
    return done.stdout


def main(words: list[str]) -> int:
    """Do as the module's first lines say; return the exit code."""
    if _git(ROOT, "status", "--porcelain"):
        print("release: what is not committed is not in it", file=sys.stderr)
    try:
        match words:
            case ["make", *rest] if len(rest) <= 1:
                print(make(*(rest or ["HEAD"]), ROOT / "dist"))
            case ["sign", key, *rest] if key and len(rest) <= 1:
                commit = rest[0] if rest else "HEAD"
                out = make(commit, ROOT / "dist")
                with tempfile.NamedTemporaryFile() as signers:
                    signers.write(_git(ROOT, "show", f"{commit}:{SIGNERS}").encode())
                    signers.flush()
                    print(f"{out}: signed as {sign(out, Path(key), Path(signers.name))}")
            case _:
                print(str(__doc__).split("\n\n")[1], file=sys.stderr)
                return 2
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
