"""Where the signing keys of a folder of keys are: in it, or in a token."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cautery.adapters._files import real_path, write_whole
from cautery.adapters._key_files import KEY_BYTES, private_bytes, private_folder
from cautery.adapters._token_keys import TokenKey, refused_mark
from cautery.adapters._token_settings import TokenSettings, token_settings
from cautery.adapters._token_trial import TRIAL
from cautery.adapters.keys_file import default_folder
from cautery.adapters.signer import SignerProcess
from cautery.errors import InputError

_SIGNING = ("case", "log", "lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where one signing key is.

    Attributes
    ----------
    name : str
        ``case-ID``, ``log-HASH`` or ``lists-HASH``, as its files are called.
    token : str or None
        Label of the token; ``None``: it is a file.
    key_id : str
        Which key it is in the token, in hex.
    """

    name: str
    token: str | None = None
    key_id: str = ""


def key_places(keys_dir: Path | None = None) -> list[KeyPlace]:
    """Return where each signing key of a folder of keys is; no private key is read.

    Raises
    ------
    InputError
        If others may read it, or a file is damaged.
    """
    folder = _folder(keys_dir)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of keys", hint="Name it: --keys DIR.")
    private_folder(folder)
    places = []
    for path in sorted(path for kind in _SIGNING for path in folder.glob(f"{kind}-*.key")):
        if path.stat().st_size == KEY_BYTES:
            places.append(KeyPlace(name=path.stem))
        else:
            key = TokenKey.named(private_bytes(path), path=path)
            places.append(KeyPlace(name=path.stem, token=key.token, key_id=key.key_id))
    return places


def require_settings(places: Sequence[KeyPlace], keys_dir: Path | None = None) -> None:
    """Raise if a folder of keys does not say how its token is reached; nothing is asked of it.

    Parameters
    ----------
    places : sequence of KeyPlace
        Its keys.

    Raises
    ------
    InputError
        If its file is damaged, others may read it, or it is missing although keys are in a token.
    """
    folder = _folder(keys_dir)
    if token_settings(folder) is None and (away := [place for place in places if place.token]):
        raise InputError(
            f"{folder}: no file says how the token {away[0].token!r} is reached, so the keys in it "
            "sign nothing",
            hint="Write it again: cautery keys token.",
        )


def use_token(
    library: Path,
    token: str,
    *,
    pin_file: Path,
    reach: Sequence[Path] = (),
    variables: Sequence[str] = (),
    keys_dir: Path | None = None,
) -> None:
    """Have the signing keys of new cases and logs made in a token, once it was tried.

    Parameters
    ----------
    library : Path
        The maker's PKCS#11 library.
    token : str
        The token's label.
    pin_file : Path
        File with the PIN, mode 0600, outside the folder of keys.
    reach : sequence of Path
        Folders that the library reads and writes while it signs.
    variables : sequence of str
        ``NAME=VALUE``, which the library reads.

    Raises
    ------
    InputError
        If a value is not valid, or keys of this folder are in another token.
    TokenError
        If the token cannot do what a case needs; then nothing is written.
    """
    folder = _folder(keys_dir)
    private_folder(folder)
    settings = TokenSettings(
        # As they are named: a link to a library leads to the next version after an update.
        library=library.absolute(),
        token=token,
        pin_file=pin_file.absolute(),
        folder=real_path(folder),
        reach=tuple(place.absolute() for place in reach),
        environment=dict(_variable(text) for text in variables),
    )
    if real_path(pin_file).is_relative_to(settings.folder):
        raise InputError(
            f"{pin_file}: the PIN must not lie in the folder of keys: a copy of the folder would "
            "be all that it takes to use the token",
            hint="Put it into another folder.",
        )
    for place in settings.reach:
        if not place.is_dir():
            raise InputError(f"{place}: no such folder")
    for key in key_places(folder):
        if key.token not in {None, token}:
            raise InputError(
                f"{folder}: the key {key.name} is in the token {key.token!r}",
                hint="Take another folder of keys for another token.",
            )
    settings.pin()
    _try(settings)
    refused_mark(settings.folder).unlink(missing_ok=True)
    write_whole(settings.path, settings.toml().encode(), mode=0o600)


def _try(settings: TokenSettings) -> None:
    # In a folder of its own: the real one says nothing of this token yet.
    with tempfile.TemporaryDirectory(prefix="cautery-token-") as place:
        trial = replace(settings, folder=Path(place))
        write_whole(trial.path, trial.toml().encode(), mode=0o600)
        SignerProcess(trial.folder, TRIAL).close()


def _variable(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _folder(keys_dir: Path | None) -> Path:
    return default_folder() if keys_dir is None else keys_dir
