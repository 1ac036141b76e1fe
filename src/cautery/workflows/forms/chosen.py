"""What a paper is about in a case, and whether its form may be used there at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.errors import ApprovalError, InputError
from cautery.model import Regime
from cautery.model.forms import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a paper is about.

    Parameters
    ----------
    referral : str or None
        Id of a referral; ``None``: the only one of the form's country.
    hosts : tuple of str
        Hosts; empty: all of the case.
    persons : tuple of str
        Pseudonyms of persons of an operation; empty: all.
    at : datetime
        When the paper is written, in UTC.
    leaves : bool
        Whether it is written to leave: then nothing of it may be a decoy that is still secret.
    """

    at: datetime
    referral: str | None = None
    hosts: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    leaves: bool = False


def refuse_regime(form: Form, regime: Regime) -> None:
    """Refuse a form that the data-protection law of a case does not allow.

    Raises
    ------
    ApprovalError
        If so.
    """
    if regime not in form.regimes:
        allowed = " or ".join(repr(allowed.value) for allowed in form.regimes)
        raise ApprovalError(
            f"the form {form.id} needs regime {allowed}, but this case has {regime.value!r}",
            hint="cautery form list shows the regime of each form.",
        )


def refuse_country(form: Form, territories: tuple[str, ...]) -> None:
    """Refuse a form of a country that the mandate does not cover; one of the Union fits all.

    Raises
    ------
    InputError
        If so.
    """
    if form.country != "EU" and form.country not in territories:
        raise InputError(
            f"the form {form.id} is of {form.country}, but the mandate covers "
            f"{', '.join(territories) or 'no territory'}"
        )
