"""What a paper is about in a case, and whether its form may be used there at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cautery.errors import ApprovalError, InputError
from cautery.model import Regime
from cautery.model.forms import ANY_COUNTRY, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who is shown names and accounts for a paper, and why (Directive (EU) 2016/680, art. 25).

    Parameters
    ----------
    who : str
        The person.
    why : str
        The reason, in that person's words.
    """

    who: str
    why: str

    def __post_init__(self) -> None:
        if not self.who.strip() or not self.why.strip():
            raise InputError("give the name of the reader and the reason: --who NAME --why TEXT")


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
        Pseudonyms of the persons of an operation whom it names; empty: nobody.
    instrument : str or None
        Id of a drafted instrument; ``None``: the only one of the form's kind.
    to : str or None
        Id of the agency that gets it; ``None``: it goes to no agency at the table.
    reader : Reader or None
        Who is shown names and accounts; ``None``: nobody, so it can have none.
    at : datetime
        When the paper is written, in UTC.
    leaves : bool
        Whether it is written to leave: then nothing of it may be a decoy that is still secret.
    """

    at: datetime
    referral: str | None = None
    hosts: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    instrument: str | None = None
    to: str | None = None
    reader: Reader | None = None
    leaves: bool = False

    def require_reader(self, what: str) -> Reader:
        """Return who does something that is recorded, such as reading a name.

        Raises
        ------
        InputError
            If nobody is named.
        """
        if self.reader is None:
            raise InputError(
                f"{what} is recorded, with who does it and why (Directive (EU) 2016/680, art. 25)",
                hint="Give --who NAME --why TEXT.",
            )
        return self.reader


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
    """Refuse a form of a country that the mandate does not cover; that of all fits.

    Raises
    ------
    InputError
        If so.
    """
    if form.country not in ("EU", ANY_COUNTRY) and form.country not in territories:
        raise InputError(
            f"the form {form.id} is of {form.country}, but the mandate covers "
            f"{', '.join(territories) or 'no territory'}"
        )
