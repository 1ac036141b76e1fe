"""Check the details of each kind of exhibit, and the roles of the people who handle it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cautery.errors import InputError
from cautery.model import ExhibitKind, SeizedExhibit
from cautery.payments.addresses import check_address, spelled

MOST_DECIMALS = 18
"""Of an amount: ether's smallest unit, the finest of the coins here."""
MOST_DIGITS = 20
"""Before the point: more than all the money of the world in any unit."""
MEASURES = frozenset({"registrar-lock", "sinkhole", "splash-page"})
_SHA256 = re.compile(r"(sha256:)?[0-9a-f]{64}")
_DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
"""RFC 1035 section 2.3.4 and RFC 5890: labels of at most 63, 253 in all, A-labels."""
_LONGEST_ROLE = 80


def require_role(what: str, text: str) -> None:
    """Refuse a text that is no service number or role: officers stand in no record by name.

    Roles are written small (``exhibits officer``), service numbers in capitals and digits
    (``it-postal/4471``). A capital that small letters follow looks like a name.

    Raises
    ------
    InputError
        If it is empty, long, or looks like a name.

    Examples
    --------
    >>> require_role("finder", "it-postal/4471")
    >>> require_role("finder", "Mario Rossi")
    Traceback (most recent call last):
    cautery.errors.InputError: finder: 'Mario Rossi' looks like a name
    """
    if not text.strip() or len(text) > _LONGEST_ROLE or not text.isprintable():
        raise InputError(f"{what}: the service number or role is missing")
    if any(
        word[0].isupper() and any(letter.islower() for letter in word[1:])
        for word in re.split(r"[^\w']+", text)
        if word
    ):
        raise InputError(
            f"{what}: {text!r} looks like a name",
            hint="Write a service number (it-postal/4471) or a role in lower case.",
        )


def check_details(exhibit: SeizedExhibit) -> None:
    """Check the details of an exhibit by its kind; further ones may stand beside.

    Raises
    ------
    InputError
        Naming what is missing or wrong.
    """
    where = f"exhibit {exhibit.number}, {exhibit.kind.value}"
    if not isinstance(exhibit.details, Mapping):
        raise InputError(f"{where}: details must be names with values")
    check = _CHECKS.get(exhibit.kind)
    if check is not None:
        check(where, exhibit)


def mask_iban(iban: str) -> str:
    """Return an IBAN as it may be shown: country, check digits and its last four letters.

    Examples
    --------
    >>> mask_iban("IT60 X054 2811 1010 0000 0123 456")
    'IT60...3456'
    """
    compact = "".join(iban.split()).upper()
    return f"{compact[:4]}...{compact[-4:]}"


def check_iban(iban: str) -> str:
    """Return an IBAN without spaces after checking it.

    Raises
    ------
    InputError
        If country, length, structure or checksum (ISO 13616, ISO 7064 mod 97-10) is wrong; the
        message shows it masked.
    """
    # Its table of all countries' structures is read from a file: only when an account is seized.
    from stdnum import iban as number  # noqa: PLC0415
    from stdnum.exceptions import InvalidChecksum, ValidationError  # noqa: PLC0415

    masked = mask_iban(iban[:42])
    try:
        return number.validate(iban)
    except InvalidChecksum as error:
        raise InputError(f"IBAN {masked}: wrong check digits (ISO 13616)") from error
    except ValidationError as error:
        raise InputError(f"IBAN {masked}: wrong country code, length or structure") from error


def decimal_of(what: str, value: Any) -> Decimal:
    """Return a positive amount written as a string or whole number.

    Raises
    ------
    InputError
        If it is not such an amount; a float is refused, since it is not what was written.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InputError(
            f"{what}: {value!r} is not a valid amount; write it as a string, such as '1.25'"
        )
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise InputError(f"{what}: {str(value)[:40]!r} is not a valid amount") from error
    if not amount.is_finite() or amount < 0:
        raise InputError(f"{what}: the amount {str(value)[:40]} must be finite and not negative")
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    if amount.adjusted() > MOST_DIGITS or exponent < -MOST_DECIMALS:
        raise InputError(
            f"{what}: {str(value)[:40]} has more than {MOST_DIGITS} digits "
            f"or {MOST_DECIMALS} decimals"
        )
    return amount


def _text(where: str, exhibit: SeizedExhibit, name: str) -> str:
    value = exhibit.details.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: the detail {name!r} is missing")
    return value


def _disk(where: str, exhibit: SeizedExhibit) -> None:
    if not _SHA256.fullmatch(_text(where, exhibit, "image_sha256")):
        raise InputError(
            f"{where}: image_sha256 must be 64 hex digits, the SHA-256 of the forensic image"
        )


def _domain(where: str, exhibit: SeizedExhibit) -> None:
    name = _text(where, exhibit, "name")
    if not _DOMAIN.fullmatch(name):
        raise InputError(f"{where}: {name[:80]!r} is not a domain name in lower-case ASCII")
    if _text(where, exhibit, "measure") not in MEASURES:
        raise InputError(f"{where}: measure must be one of {', '.join(sorted(MEASURES))}")


def _wallet(where: str, exhibit: SeizedExhibit) -> None:
    asset = _text(where, exhibit, "asset")
    check_address(asset, _text(where, exhibit, "address"))
    amount = decimal_of(f"{where}: amount", exhibit.details.get("amount"))
    transfer = exhibit.details.get("transfer")
    if transfer is None:
        return
    if not isinstance(transfer, Mapping) or not {"id", "to", "amount"} <= set(transfer):
        raise InputError(
            f"{where}: a transfer needs id, to and amount (fee is optional)",
            hint="Leave the transfer out until the coins are moved; record the movement later.",
        )
    check_address(asset, str(transfer["to"]))
    if spelled(str(transfer["to"])) == spelled(str(exhibit.details["address"])):
        raise InputError(f"{where}: the transfer goes from the wallet to the same wallet")
    arrived = decimal_of(f"{where}: transfer amount", transfer["amount"])
    fee = decimal_of(f"{where}: transfer fee", transfer.get("fee", 0))
    if not str(transfer["id"]).strip() or arrived == 0:
        raise InputError(f"{where}: a transfer needs an id and an amount greater than 0")
    if arrived + fee > amount:
        raise InputError(
            f"{where}: {arrived} moved and a fee of {fee} are more than the {amount} found"
        )


def _firearm(where: str, exhibit: SeizedExhibit) -> None:
    _text(where, exhibit, "class")
    _text(where, exhibit, "serial")


def _drugs(where: str, exhibit: SeizedExhibit) -> None:
    _text(where, exhibit, "substance")
    if not decimal_of(f"{where}: grams", _exact(exhibit.details.get("grams"))):
        raise InputError(f"{where}: grams must be more than 0")


def _cash(where: str, exhibit: SeizedExhibit) -> None:
    if exhibit.value is None or exhibit.value.amount == 0:
        raise InputError(f"{where}: cash needs a value with its currency and its date")


def _account(where: str, exhibit: SeizedExhibit) -> None:
    for name, value in exhibit.details.items():
        if name != "iban" and isinstance(value, str) and _is_iban(value):
            raise InputError(
                f"{where}: {name} contains a complete IBAN, {mask_iban(value)}",
                hint="Write it as 'iban': it is then sealed encrypted, and no record shows it.",
            )
    iban = exhibit.details.get("iban")
    if iban is not None:
        check_iban(_text(where, exhibit, "iban"))
        return
    if not {"iban_masked", "account_hash"} & set(exhibit.details):
        raise InputError(f"{where}: the detail 'iban' is missing")


def _is_iban(text: str) -> bool:
    from stdnum import iban as number  # noqa: PLC0415 - as in check_iban

    # An IBAN has 34 letters at most (ISO 13616); in groups of four there are 8 spaces between.
    return len(text) <= 42 and bool(number.is_valid(text))


def _exact(value: Any) -> Any:
    """Weights come as numbers: their shortest spelling is what the scale showed."""
    return repr(value) if isinstance(value, float) else value


_CHECKS: Mapping[ExhibitKind, Callable[[str, SeizedExhibit], None]] = {
    ExhibitKind.DISK: _disk,
    ExhibitKind.DOMAIN: _domain,
    ExhibitKind.WALLET: _wallet,
    ExhibitKind.FIREARM: _firearm,
    ExhibitKind.DRUGS: _drugs,
    ExhibitKind.CASH: _cash,
    ExhibitKind.BANK_ACCOUNT: _account,
}
