"""docs/explanation/cryptography.md lists every cryptographic call of src/, and no other."""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from pathlib import Path

import pytest
from Crypto.Hash import keccak

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/cryptography.md"
LIBRARIES = {"argon2", "cryptography", "Crypto", "rbcl", "hashlib", "hmac", "secrets", "ssl"}
WHOLE = {"x509", "serialization", "ec", "hashes", "padding", "ssl", "exceptions", "oid"}
"""Modules that are one row, whatever is called of them."""
CHANCE = {"os.urandom", "uuid.uuid4"}


def calls(tree: ast.Module) -> set[str]:
    """What a module takes of the libraries: ``Ed25519PublicKey``, ``modes.CBC``, ``x509``."""
    taken, modules = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names} & LIBRARIES
        elif isinstance(node, ast.ImportFrom):
            package, _, last = str(node.module).rpartition(".")
            names = {name.name for name in node.names}
            if last in WHOLE and package.split(".")[0] in LIBRARIES:
                taken.add(last)
            elif str(node.module).split(".")[0] in LIBRARIES and last in LIBRARIES:
                taken |= {f"{last}.{name}" for name in names if not package and name not in WHOLE}
                modules |= names & WHOLE
            elif package.split(".")[0] in LIBRARIES:
                modules |= {name for name in names if name.islower()}
                taken |= {name for name in names if not name.islower()}
            taken |= {f"{node.module}.{name}" for name in names} & CHANCE
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module, call = node.value.id, f"{node.value.id}.{node.attr}"
            if call in CHANCE or (module in modules and not node.attr.startswith("_")):
                taken.add(module if module in WHOLE else call)
    return taken - {"exceptions", "oid"}


@cache
def called() -> set[str]:
    every: set[str] = set()
    for path in sorted((ROOT / "src").rglob("*.py")):
        every |= calls(ast.parse(path.read_text(encoding="utf-8")))
    return every


def listed() -> set[str]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[1] for line in lines if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_every_cryptographic_call_stands_in_the_explanation():
    assert sorted(called() - listed()) == []


def test_the_explanation_lists_no_call_that_is_gone():
    assert sorted(listed() - called()) == []


@pytest.mark.parametrize(
    ("code", "want"),
    [
        ("import rbcl\nrbcl.add(1)", {"rbcl.add"}),
        ("from Crypto.Hash import keccak\nkeccak.new()", {"keccak.new"}),
        ("from hashlib import md5", {"hashlib.md5"}),
        ("import hashlib\nhashlib.md5()", {"hashlib.md5"}),
        ("import os\nos.urandom(1), os.path.join", {"os.urandom"}),
        ("from uuid import uuid4", {"uuid.uuid4"}),
        ("from cryptography import x509\nx509.Name", {"x509"}),
        ("from cryptography.hazmat.primitives.ciphers import modes\nmodes.ECB()", {"modes.ECB"}),
        ("from cryptography.hazmat.primitives.ciphers.aead import AESGCM", {"AESGCM"}),
        ("from cryptography.exceptions import InvalidTag", set()),
        ("def f():\n import ssl\n ssl.SSLContext()", {"ssl"}),
    ],
)
def test_the_collector_sees_a_call_however_it_is_imported(code, want):
    assert calls(ast.parse(code)) == want


@pytest.mark.parametrize("size", [0, 1, 135, 136, 137, 5000])
def test_pycryptodome_and_openssl_agree_on_keccak(size):
    text = bytes(range(256)) * 20
    try:
        want = hashlib.new("KECCAK-256", text[:size]).hexdigest()
    except ValueError:
        pytest.skip("this Python's OpenSSL is older than 3.2 and has no Keccak-256")
    assert keccak.new(digest_bits=256, data=text[:size]).hexdigest() == want
