"""SoftHSM in the place of a card, a stick or an HSM."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters._files import write_whole
from cautery.adapters._token_settings import TokenSettings

LIBRARY = Path(os.environ.get("SOFTHSM2_LIBRARY", "/usr/lib/softhsm/libsofthsm2.so"))
_LOOK = """
import json, sys, pkcs11
from pkcs11 import Attribute, ObjectClass
library, label, pin, do = sys.argv[1:]
token = pkcs11.lib(library).get_token(token_label=label)
with token.open(rw=True, user_pin=pin) as session:
    if do.startswith("pin "):
        session.set_pin(pin, do[4:])
    found = []
    for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}):
        try:
            secret = bytes(key[Attribute.VALUE]).hex()
        except pkcs11.PKCS11Error as error:
            secret = type(error).__name__
        found.append({
            "label": key.label, "id": key.id.hex(), "sensitive": key[Attribute.SENSITIVE],
            "extractable": key[Attribute.EXTRACTABLE], "secret": secret,
        })
print(json.dumps(found))
"""


def require_softhsm() -> None:
    """Skip a test where SoftHSM is not installed."""
    if not LIBRARY.is_file() or shutil.which("softhsm2-util") is None:
        pytest.skip(f"no SoftHSM (Debian: softhsm2): {LIBRARY}")


@dataclass(frozen=True)
class SoftToken:
    """A token ``lab`` with the PIN 1234, in a folder."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, *, settings: str = "") -> SoftToken:
        """Make one; ``settings`` are further lines of SoftHSM's configuration."""
        require_softhsm()
        token = cls(folder)
        token.store.mkdir(parents=True)
        token.conf.write_text(f"directories.tokendir = {token.store}\n{settings}")
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", "lab", "--pin", "1234",
             "--so-pin", "5678", "--module", LIBRARY],
            check=True, capture_output=True, env=token.environment,
        )  # fmt: skip
        token.write_pin("1234")
        return token

    @property
    def store(self) -> Path:
        return self.folder / "tokens"

    @property
    def conf(self) -> Path:
        return self.folder / "softhsm2.conf"

    @property
    def pin(self) -> Path:
        return self.folder / "pin"

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SOFTHSM2_CONF": str(self.conf)}

    def name_in(self, keys: Path, **changes: Any) -> TokenSettings:
        """Let a folder of keys name it, as ``cautery keys token`` does."""
        keys.mkdir(mode=0o700, exist_ok=True)
        settings = TokenSettings(
            library=LIBRARY,
            token="lab",
            pin_file=self.pin,
            folder=keys,
            reach=(self.store,),
            environment={"SOFTHSM2_CONF": str(self.conf)},
        )
        write_whole(settings.path, replace(settings, **changes).toml().encode(), mode=0o600)
        return settings

    def write_pin(self, pin: str) -> None:
        self.pin.unlink(missing_ok=True)
        self.pin.touch(0o600)
        self.pin.write_text(f"{pin}\n")

    def keys(self, *, pin: str = "1234", do: str = "") -> list[dict[str, Any]]:
        """Look at its private keys from a process of its own; ``pin NEW`` changes the PIN first."""
        command = [sys.executable, "-c", _LOOK, LIBRARY, "lab", pin, do]
        found = subprocess.run(command, check=True, capture_output=True, env=self.environment)
        return list(json.loads(found.stdout))

    def plug_out(self) -> None:
        self.store.rename(self.folder / "away")

    def plug_in(self) -> None:
        (self.folder / "away").rename(self.store)
