"""Make the next version of each list of a case that nobody watches at this moment.

So that a complaint that is granted between two watches unblocks at once. What was published and
stands is named again; nothing comes on a list, and the guard is not asked. So what was published is
taken from the newest version that the key of the list signed: whoever has the case's file can
append a record that says so of any approved referral.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from cautery.act import referrals_signed
from cautery.act.ports import PublicFiles, Publisher
from cautery.errors import CauteryError, InputError
from cautery.messages import message
from cautery.model import Intermediary, Reason, Referral
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ListSent
from cautery.projections import Acts
from cautery.projections.figures import Figures
from cautery.projections.lists import BY_COMPLAINT
from cautery.workflows.case.complaints import keeps_secrets, show_state, states
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.case.opening import signed_in
from cautery.workflows.case.public_about import about_case
from cautery.workflows.case.public_figures import figures_file, read_on, shown_figures
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.public.about import ABOUT
from cautery.workflows.public.figures import FIGURES
from cautery.workflows.watch.acting.confirming import confirmed_in
from cautery.workflows.watch.acting.filing import Filing
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.acting.organisation import Organisation
from cautery.workflows.watch.resume import EarlierRuns


@dataclass(frozen=True, slots=True, kw_only=True)
class Republished:
    """What was made.

    Parameters
    ----------
    lists : int
        Lists whose next version lies in the folder.
    released : tuple of str
        Targets that left them.
    """

    lists: int
    released: tuple[str, ...]


async def republish(
    case: Case, files: PublicFiles, *, by_put: Publisher, organisation: Organisation | None = None
) -> Republished:
    """Make the next version of each list that is in force, and show it in a public folder.

    Parameters
    ----------
    organisation : Organisation or None
        The organisation on whose lists the case has its entries; ``None``: it has its own.

    Raises
    ------
    CauteryError
        If the case does not say what may be published, or a version cannot be made.
    """
    known = mandate_of(case.ledger)
    # A case does not hold the places that lists are sent to, only that there are some.
    mandate = replace(
        known, intermediaries=tuple(replace(to, list_url=None) for to in known.intermediaries)
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)
    lists = Lists(
        mandate.intermediaries,
        signer=case.signer,
        publisher=PublicLists(ListFiles(files, own_alone=organisation is not None), by_put=by_put),
        journal=journal,
        organisation=organisation,
    )
    signed_for = signed_in(case.ledger, known, key=str(case.verifier))
    filing = Filing(
        mandate,
        {},
        signed_for=signed_for,
        cuts=lambda _target, _stream: False,
        on_published=_nothing,
        on_taken=lambda _taken: None,
        lists=lists,
        confirmed=lambda: confirmed_in(case.ledger, mandate),
        # What was published was asked about then, and the answer is on record.
        gate=KeeperGate(
            case.ledger,
            keeper=None,
            signed_for=signed_for,
            journal=journal,
            random=secrets.token_bytes,
        ),
        journal=journal,
    )
    earlier = EarlierRuns().read_on(case.ledger)
    _forget_unsigned(earlier.acts, _signed(case.ledger, key=lists.key, journal=journal))
    ignored = filing.restore(earlier.acts, earlier.safeguards.withdrawals)
    if ignored:
        journal.fail("record", "case", InputError(f"{ignored} records are not valid"))
    released = []
    for filed in filing:
        released += sorted(filing.leave_out(filed))
        standing = {entry.target for entry in filed.standing(journal.now())}
        for target in sorted(standing.intersection(earlier.granted)):
            reason = Reason(
                code=BY_COMPLAINT,
                text=message("withdrawn.complaint", complaint=earlier.granted[target]),
            )
            filing.withdraw(filed, {target: (reason,)})
            released.append(target)
    taken = await lists.send(patience_s=None)
    figures = read_on(Figures(), case.ledger)
    files.write(ABOUT, about_case(known))
    if (shown := shown_figures(figures, case.ledger)) is not None:
        files.write(FIGURES, figures_file(shown, known, journal.now()))
    secret = keeps_secrets(known)
    for complaint, decided in states(figures.complaints):
        show_state(files, complaint, decided, secret=secret)
    return Republished(lists=len(taken), released=tuple(dict.fromkeys(released)))


def _signed(ledger: Ledger, *, key: bytes, journal: Journal) -> dict[str, frozenset[str]]:
    """Return, by intermediary, the referrals on the newest version that is sealed and signed."""
    newest = {sent.intermediary: sent.exhibit for _, sent in contents(ledger, ListSent)}
    signed = {}
    for name, exhibit in newest.items():
        try:
            signed[name] = referrals_signed(journal.stored(exhibit), provider=name, key=key)
        except CauteryError as error:
            journal.fail("list", name, error)
    return signed


def _forget_unsigned(acts: Acts, signed: Mapping[str, Collection[str]]) -> None:
    for referral, published in acts.published.items():
        published[:] = [each for each in published if referral in signed.get(each.intermediary, ())]


def _nothing(_referral: Referral, _to: Intermediary) -> None:
    """No probe follows: nobody watches."""
