"""Accounts and the organisation's identity provider: whose subject is whose, and who comes in so.

The provider says who somebody is. What that person may do is said here, and an approval asks for a
passkey still: who has taken the provider over reads what one may read, and signs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from cautery.errors import ApprovalError, ConflictError, InputError
from cautery.messages import tr
from cautery.model.account import Account, require_why
from cautery.model.identity import Claimed, Identity, require_issuer, require_subject
from cautery.model.ports import Clock
from cautery.model.records import AccountChanged
from cautery.model.room import BY_OWNER_ALONE, RoomRole
from cautery.workflows.people.accounts import OWNER, Accounts
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.ports import People

PROVIDER = "identity-provider"
"""Stands in the log for who changed the roles of an account, where the room takes them so."""


class Identities:
    """Binds accounts to subjects, and finds whose one is."""

    def __init__(self, people: People, accounts: Accounts, log: AccessLog, clock: Clock) -> None:
        self._people, self._accounts = people, accounts
        self._log, self._clock = log, clock

    def bind(self, id: str, issuer: str, subject: str, *, by: str, why: str) -> Identity:
        """Let whom an identity provider calls by a subject come in under an account.

        The account's one-time word is used up: whoever read it out would come in by it as well.

        Parameters
        ----------
        id : str
            Of the account.
        by : str
            Id of who does it.

        Raises
        ------
        AbsentError
            If there is no such account.
        InputError
            If it is no subject or issuer, or one of the two is bound already.
        ApprovalError
            If who does it may not.
        """
        account = self._accounts.account(id)
        self._require_may(account, by)
        if not by.startswith(OWNER) and not self.keeper_binds(account):
            by_password = account.password and not self._was_ever_bound(id)
            raise ApprovalError(
                tr(
                    "This person comes in already: only the owner of the machine binds the account."
                ),
                hint=tr("Or end the password and passkeys first, with a new one-time word.")
                if by_password
                else None,
            )
        identity = Identity(
            issuer=require_issuer(issuer),
            subject=require_subject(subject),
            account=id,
            made_at=self._clock.now(),
        )
        already = self._people.identity(issuer, subject) is not None
        if already or any(bound.issuer == issuer for bound in self._people.identities(id)):
            raise InputError(_bound())
        self._log.write(AccountChanged(account=id, by=by, what="identity", why=require_why(why)))
        try:
            self._people.add_identity(identity, era=account.era)
        except ConflictError as error:  # somebody else did it at this moment, or came in
            if self._accounts.account(id).era != account.era:
                return self.bind(id, issuer, subject, by=by, why=why)
            raise InputError(_bound()) from error
        return identity

    def keeper_binds(self, account: Account) -> bool:
        """Tell whether an account never came in, so that who keeps the accounts may bind it.

        Else a keeper could come in as a colleague, who would notice nothing: the keeper could bind
        whom a provider lets in to another subject for a night, and then to the right one again.
        Who has a password is put out for good by a new one-time word, and notices.
        """
        return not (
            account.password
            or self._people.passkeys(account.id)
            or self._was_ever_bound(account.id)
        )

    def _was_ever_bound(self, id: str) -> bool:
        return bool(self._people.identities(id)) or self._people.was_bound(id)

    def unbind(self, id: str, *, by: str, why: str) -> None:
        """Bind an account to nobody any more; all its sessions end.

        Raises
        ------
        AbsentError
            If there is no such account.
        InputError
            If it is bound to nobody.
        ApprovalError
            If who does it may not.
        """
        self._require_may(self._accounts.account(id), by)
        if not self._people.identities(id):
            raise InputError(tr("This account is bound to no identity provider."))
        self._log.write(
            AccountChanged(account=id, by=by, what="identity-removed", why=require_why(why))
        )
        self._people.drop_identities(id)

    def comes_in(
        self, claimed: Claimed, roles: Mapping[str, RoomRole] | None = None
    ) -> Account | None:
        """Return whose account the subject is bound to; ``None``: nobody's.

        Parameters
        ----------
        roles : mapping of str to RoomRole, optional
            What each group of the provider is here: then the account gets these roles and no
            others. By default the provider's groups say nothing.

        Raises
        ------
        ApprovalError
            If the provider gives no role.
        InputError
            If nobody may have the roles that it gives.
        """
        identity = self._people.identity(claimed.issuer, claimed.subject)
        account = None if identity is None else self._people.by_id(identity.account)
        if account is None:
            self._log.refused("")
            return None
        # Keepers and auditors are made by the owner of the machine: no provider makes them, and
        # none unmakes them.
        if roles is None or account.roles & BY_OWNER_ALONE:
            return account
        named_roles = (
            frozenset(roles[group] for group in claimed.groups or () if group in roles)
            - BY_OWNER_ALONE
        )
        if not named_roles:
            self._log.refused(account.id)
            raise ApprovalError(
                tr("Your organisation's identity provider gives you no role in this room.")
            )
        if named_roles == account.roles:
            return account
        return self._accounts.give(
            account.id, named_roles, account.cases, by=PROVIDER, why=account.why
        )

    def _require_may(self, account: Account, by: str) -> None:
        if by == account.id:
            raise ApprovalError(tr("Nobody gives rights to himself or herself."))
        if not by.startswith(OWNER) and account.roles & BY_OWNER_ALONE:
            raise ApprovalError(
                tr("Only the owner of the machine makes, changes or erases keepers and auditors."),
                hint=tr("At the command line of that machine: cautery people --help"),
            )


def _bound() -> str:
    return tr("This subject is bound to an account already, or this account to another subject.")
