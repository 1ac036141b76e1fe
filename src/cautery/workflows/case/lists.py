"""The block lists of a case: the sent versions, and the keys by which a provider checks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cautery.act import StandingList, approver_key
from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import CaseOpened, ListAnswered, ListSent, kinds_of
from cautery.model.signing_keys import PersonKey
from cautery.projections import Lists, folded
from cautery.workflows.case.opening import opening_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTrust:
    """What an access provider needs to check its list.

    Parameters
    ----------
    list_id, provider, territory : str
        Which list it is.
    key : bytes
        The raw public key that signs each version.
    approvers : mapping of str to PersonKey
        By name, the keys of the people who approve referrals.
    """

    list_id: str
    provider: str
    territory: str
    key: bytes
    approvers: Mapping[str, PersonKey]


def lists_of(ledger: Ledger) -> tuple[ListSent, ...]:
    """Return the newest version of each provider's list that changed something, by provider.

    What a provider that fetches its list has said since counts as its answer.
    """
    lists = folded(Lists(), ledger.read(kinds=kinds_of(ListSent, ListAnswered)))
    return tuple(version for _, version in sorted(lists.newest.items()))


def trust_of(ledger: Ledger, provider: str) -> ProviderTrust:
    """Return what a provider of the mandate needs to check its list.

    Raises
    ------
    InputError
        If the mandate has no such provider, or the case names no key.
    ApprovalError
        If the key of an approver is not valid.
    """
    mandate = opening_of(ledger).mandate
    if mandate.lists is not None:
        raise InputError(
            "this case has its entries on the lists of its organisation",
            hint="cautery lists trust FOLDER_OF_THE_LISTS PROVIDER --territory IT",
        )
    opened = next((opened for _, opened in contents(ledger, CaseOpened)), None)
    if opened is None or not opened.key:
        raise InputError("this case names no key in its first record")
    key = NoteVerifier.parse(opened.key).public
    for to in mandate.intermediaries:
        if to.name == provider:
            return ProviderTrust(
                list_id=StandingList(key=key, to=to).id,
                provider=to.name,
                territory=to.territory.upper(),
                key=key,
                approvers={person.name: approver_key(person) for person in mandate.approvers},
            )
    names = ", ".join(to.name for to in mandate.intermediaries) or "none"
    raise InputError(
        f"{provider!r} is not an intermediary of this mandate", hint=f"Intermediaries: {names}."
    )
