"""The lists of an organisation: their folder, their key, and whom their intermediaries believe."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.act import (
    RefusedListError,
    StandingList,
    approver_key,
    id_of_key,
    read_head,
)
from cautery.adapters.keys_file import CaseSigner, default_folder
from cautery.adapters.lists_folder import PUBLIC, SETTINGS, FolderShares, ListsFolder
from cautery.adapters.signer import SignerProcess
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, Approver, Intermediary, Mandate
from cautery.model.signing_keys import PersonKey
from cautery.model.toml import simple_toml, toml_string
from cautery.public_keys import raw_public_key
from cautery.workflows.case.lists import ProviderTrust
from cautery.workflows.case.public_lists import ListFiles
from cautery.workflows.watch.acting.organisation import Organisation

_Text = Annotated[str, Field(min_length=1, max_length=500)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Approver(_Table):
    name: _Text
    public_key: Annotated[str, Field(min_length=1, max_length=2_500)]


class _File(_Table):
    origin: _Text
    approver: Annotated[list[_Approver], Field(min_length=2)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsSettings:
    """The settings of an organisation's lists.

    Parameters
    ----------
    origin : str
        Their name.
    approvers : dict
        By name, the keys of the people whom every intermediary believes.
    """

    origin: str
    approvers: dict[str, PersonKey]


def new_lists(folder: Path, origin: str, mandate: Mandate, *, keys_dir: Path | None = None) -> str:
    """Make the folder and the key of an organisation's lists; return the public key.

    Parameters
    ----------
    mandate : Mandate
        Its approvers are those of the lists.

    Raises
    ------
    CauteryError
        If there is one already, it cannot be written, or the mandate has fewer than two approvers.
    """
    if len(mandate.approvers) < 2:
        raise InputError("this mandate has fewer than two approvers")
    place = ListsFolder(folder)
    place.require_empty()
    signer = SignerProcess(_keys(keys_dir), f"new-lists:{origin}")
    try:
        key = _spelled(NoteVerifier.parse(signer.key).public)
        place.begin(_settings_text(origin, mandate.approvers), key)
        return key
    finally:
        signer.close()


def is_lists(folder: Path) -> bool:
    """Tell whether this is the folder of an organisation's lists."""
    return (folder / SETTINGS).is_file()


def lists_settings(folder: Path) -> ListsSettings:
    """Read the settings of an organisation's lists.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    place = folder / SETTINGS
    raw = ListsFolder(folder).settings()
    try:
        file = _File.model_validate(simple_toml(raw.decode()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{place}: {where}: {first['msg']}") from error
    except ValueError as error:
        raise InputError(f"{place}: not valid TOML: {error}") from error
    approvers: dict[str, PersonKey] = {}
    marks = set[str]()
    for row in file.approver:
        try:
            key = approver_key(Approver(name=row.name, role="-", public_key=row.public_key))
        except ApprovalError as error:
            raise InputError(f"{place}: {error}", hint=error.hint) from error
        if row.name in approvers or not marks.isdisjoint(key.marks):
            raise InputError(f"{place}: approver {row.name!r} has a name or a key of another one")
        approvers[row.name] = key
        marks |= key.marks
    return ListsSettings(origin=file.origin, approvers=approvers)


def organisation_trust(folder: Path, provider: str, territory: str) -> ProviderTrust:
    """Return what an access provider needs to check its list of an organisation.

    Raises
    ------
    InputError
        If the folder cannot be used.
    """
    settings = lists_settings(folder)
    key = raw_public_key(ListsFolder(folder).key())
    to = Intermediary(name=provider, territory=territory)
    return ProviderTrust(
        list_id=StandingList(key=key, to=to, of_organisation=True).id,
        provider=provider,
        territory=territory.upper(),
        key=key,
        approvers=settings.approvers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareShown:
    """What one case has on a list of its organisation.

    Parameters
    ----------
    provider, territory, list : str
        Which list it is.
    version : int
        Number of its newest version.
    made_at : str
        When that was made.
    case : str
        Id of the case.
    referrals, withdrawn : int or None
        How many of its referrals and targets are on the list, or were taken off; ``None``: its
        share cannot be read.
    silent_s : float or None
        Seconds since its watch gave a sign of life; ``None``: none since this machine started.
    """

    provider: str
    territory: str
    list: str
    version: int
    made_at: str
    case: str
    referrals: int | None
    withdrawn: int | None
    silent_s: float | None


def shares_shown(folder: Path) -> Iterator[ShareShown]:
    """Yield what each case has on each list of an organisation, by list and case.

    Raises
    ------
    CauteryError
        If the folder cannot be read, or its key did not sign what is published as a list.
    """
    lists_settings(folder)
    place = ListsFolder(folder)
    key, files, shares = raw_public_key(place.key()), place.public(), FolderShares(folder, case="")
    for name in files.names("lists"):
        try:
            version = read_head(files.read(name) or b"", key=key)
        except RefusedListError as error:
            raise EvidenceError(f"{folder / PUBLIC / name}: {error}") from error
        if name != f"lists/{version['list']}.json":
            raise EvidenceError(f"{folder / PUBLIC / name}: it is the list {version['list']}")
        for case, raw, silent_s in shares.others(version["list"]):
            counts: tuple[int | None, int | None]
            try:
                share = parsed_json(raw)
                counts = len(share["referrals"]), len(share["withdrawn"])
            except MISSHAPEN:
                counts = None, None
            yield ShareShown(
                provider=version["provider"],
                territory=version["territory"],
                list=version["list"],
                version=version["version"],
                made_at=version["made_at"],
                case=case,
                referrals=counts[0],
                withdrawn=counts[1],
                silent_s=None if math.isinf(silent_s) else round(silent_s, 1),
            )


@contextmanager
def organisation_of(
    mandate: Mandate,
    case: NoteVerifier,
    *,
    folder: Path | None = None,
    keys_dir: Path | None = None,
) -> Iterator[Organisation | None]:
    """Lend the lists of the organisation that a mandate names; ``None``: it names none.

    Parameters
    ----------
    case : NoteVerifier
        The key of the case that has its entries on them.
    folder : Path or None
        Where they lie; ``None``: where the mandate says.

    Raises
    ------
    CauteryError
        If they are not the lists that the mandate names, or their key is not at hand.
    """
    if mandate.lists is None:
        yield None
        return
    place = ListsFolder(Path(mandate.lists.folder.reveal()) if folder is None else folder)
    settings = lists_settings(place.path)
    known = set(settings.approvers.values())
    ours = {approver_key(approver) for approver in mandate.approvers}
    if len(known & ours) < 2:
        raise InputError(
            f"{place.path / SETTINGS}: fewer than two approvers of this mandate are in it",
            hint="Give every access provider the keys of the new approvers, then add them there.",
        )
    signer = SignerProcess(_keys(keys_dir), f"lists:{settings.origin}")
    try:
        if not _spelled(NoteVerifier.parse(signer.key).public) == place.key() == mandate.lists.key:
            raise EvidenceError(
                f"{place.path}: the mandate, the folder and the key folder name different keys"
            )
        yield Organisation(
            signer=CaseSigner(signer),
            shares=FolderShares(place.path, id_of_key(case.public)),
            approvers=known,
            files=ListFiles(place.public()),
        )
    finally:
        signer.close()


def _settings_text(origin: str, approvers: tuple[Approver, ...]) -> str:
    lines = [f"origin = {toml_string(origin)}", ""]
    lines += [
        "# Whom all access providers of these lists believe. Give every provider the key of a"
    ]
    lines += [
        "# new approver first, then add it here: a provider refuses a list for one signature."
    ]
    for approver in approvers:
        key = approver_key(approver).spelled
        lines += [
            "[[approver]]",
            f"name = {toml_string(approver.name)}",
            f'public_key = "{key}"',
            "",
        ]
    return "\n".join(lines)


def _spelled(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def _keys(folder: Path | None) -> Path:
    return default_folder() if folder is None else folder
