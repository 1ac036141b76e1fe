"""The exhibits of an agency's case: entered, moved and corrected, all of a batch or none.

What may show or name a person, a photo or an account's number, is sealed under a key of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from cautery.errors import InputError
from cautery.model import (
    Competence,
    CustodyAct,
    CustodyEntry,
    Exhibit,
    ExhibitKind,
    SeizedExhibit,
    to_json,
)
from cautery.model.photograph import MAX_PHOTO_BYTES, picture_type
from cautery.operation.details import check_iban, mask_iban
from cautery.operation.register import Act, Correction, ValueMoved, entry_digest, taken
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import Book

LONGEST_BEFORE = timedelta(days=20 * 365)
"""That an older case's exhibit may be older than the operation. Judgement: a slip of the year."""


def register_exhibit(
    desk: Desk,
    exhibit: SeizedExhibit,
    *,
    custody: CustodyEntry | None = None,
    photo: bytes | None = None,
    at: datetime | None = None,
    book: Book | None = None,
) -> SeizedExhibit:
    """Enter one exhibit; return it as recorded, its photo sealed and its account masked.

    Raises
    ------
    InputError
        Naming the rule that it breaks; nothing is recorded then.
    """
    entry = (exhibit, custody, photo)
    return register_exhibits(desk, [entry], at=at, book=book)[0]


def register_exhibits(
    desk: Desk,
    entries: Sequence[tuple[SeizedExhibit, CustodyEntry | None, bytes | None]],
    *,
    at: datetime | None = None,
    book: Book | None = None,
) -> tuple[SeizedExhibit, ...]:
    """Enter many exhibits with their first link and photo: all of them or none.

    Raises
    ------
    InputError
        At the first that breaks a rule; no record is written then.
    """
    book = book or Book(desk)
    moment = at or desk.case.clock.now()
    check_exhibits(desk, entries, at=moment, book=book)  # before the first byte is sealed
    sealed = [
        (_with_photo(desk, _masked(desk, exhibit, moment), photo, moment), custody)
        for exhibit, custody, photo in entries
    ]
    book.write([taken(exhibit, custody) for exhibit, custody in sealed], at=moment)
    return tuple(exhibit for exhibit, _ in sealed)


def check_exhibits(
    desk: Desk,
    entries: Sequence[tuple[SeizedExhibit, CustodyEntry | None, bytes | None]],
    *,
    at: datetime | None = None,
    book: Book | None = None,
) -> None:
    """Check exhibits as :func:`register_exhibits` does; record nothing.

    Raises
    ------
    InputError
        At the first that breaks a rule.
    """
    moment = at or desk.case.clock.now()
    for exhibit, _, photo in entries:
        _check_authority(desk, exhibit, moment)
        if photo is not None:
            _media_type(exhibit.number, photo)
    acts = [taken(exhibit, custody) for exhibit, custody, _ in entries]
    (book or Book(desk)).check(acts, at=moment)


def move_exhibit(
    desk: Desk, *links: CustodyEntry, at: datetime | None = None, book: Book | None = None
) -> None:
    """Add links of custody, all or none. A transfer is stated by this desk unless it says whose.

    Raises
    ------
    InputError
        Naming the gap or contradiction.
    """
    stated: list[Act] = []
    for link in links:
        if link.act is CustodyAct.TRANSFERRED:
            desk.operation.agency(link.to_agency or "")
            link = replace(link, stated_by=link.stated_by or desk.agency.id)  # noqa: PLW2901
        stated.append(link)
    (book or Book(desk)).write(stated, at=at)


def move_value(
    desk: Desk, move: ValueMoved, *, at: datetime | None = None, book: Book | None = None
) -> None:
    """Record that coins of a seized wallet went to a wallet of the state.

    Raises
    ------
    InputError
        If it does not fit what was found.
    """
    (book or Book(desk)).write([move], at=at)


def correct_exhibit(
    desk: Desk,
    number: str,
    changes: Mapping[str, Any],
    *,
    reason: str,
    by: str,
    at: datetime | None = None,
    book: Book | None = None,
) -> Correction:
    """Correct an entry by a new record that names it; the old one stays.

    Raises
    ------
    InputError
        If a correction must not make this change, or breaks a rule.
    """
    book = book or Book(desk)
    moment = at or desk.case.clock.now()
    exhibit = book.register[number].exhibit
    if exhibit.kind is ExhibitKind.BANK_ACCOUNT and "details" in changes:
        masked = _masked(desk, replace(exhibit, details=changes["details"]), moment)
        changes = {**changes, "details": masked.details}
    correction = Correction(
        number=number,
        corrects=entry_digest(exhibit),
        changes=to_json(dict(changes)),
        reason=reason,
        by=by,
        at=moment,
    )
    book.write([correction], at=moment)
    return correction


def _check_authority(desk: Desk, exhibit: SeizedExhibit, moment: datetime) -> None:
    agency = desk.operation.agency(exhibit.agency)
    if not agency.may(Competence.SEIZE):
        raise InputError(
            f"exhibit {exhibit.number}: {agency.id} has no competence to seize",
            hint="Enter it for the agency that seized it.",
        )
    if exhibit.seized_at > moment:
        raise InputError(f"exhibit {exhibit.number}: the time of seizure is after the entry")
    if exhibit.seized_at < desk.operation.opened_at - LONGEST_BEFORE:
        raise InputError(
            f"exhibit {exhibit.number}: seized {exhibit.seized_at:%Y-%m-%d}, decades before the "
            "operation was opened"
        )
    if exhibit.valued_at is not None and exhibit.valued_at > moment:
        raise InputError(f"exhibit {exhibit.number}: the time of valuation is after the entry")


def _masked(desk: Desk, exhibit: SeizedExhibit, moment: datetime) -> SeizedExhibit:
    """Replace an account's IBAN by its mask and keyed hash; the whole one is sealed encrypted."""
    if exhibit.kind is not ExhibitKind.BANK_ACCOUNT or "iban" not in exhibit.details:
        return exhibit
    iban = check_iban(str(exhibit.details["iban"]))
    pseudonym = desk.case.pseudonyms.of(iban)
    sealed = _seal(desk, iban.encode(), "text/plain", f"account:{pseudonym}", moment)
    details = {name: value for name, value in exhibit.details.items() if name != "iban"}
    return replace(
        exhibit,
        details=details
        | {"iban_masked": mask_iban(iban), "account_hash": pseudonym, "sealed": sealed.id},
    )


def _with_photo(
    desk: Desk, exhibit: SeizedExhibit, photo: bytes | None, moment: datetime
) -> SeizedExhibit:
    """Seal the photo encrypted under the exhibit's own subject: it may show a person."""
    if photo is None:
        return exhibit
    media_type = _media_type(exhibit.number, photo)
    sealed = _seal(desk, photo, media_type, f"exhibit:{exhibit.number}", moment)
    return replace(exhibit, photo=sealed.id)


def _seal(desk: Desk, data: bytes, media_type: str, subject: str, moment: datetime) -> Exhibit:
    return desk.case.vault.seal(
        data, media_type=media_type, at=moment, clock=desk.case.clock.offset(), subject=subject
    )


def _media_type(number: str, photo: bytes) -> str:
    if len(photo) > MAX_PHOTO_BYTES:
        raise InputError(f"exhibit {number}: the photo is larger than {MAX_PHOTO_BYTES >> 20} MiB")
    media_type = picture_type(photo)
    if media_type is None:
        raise InputError(f"exhibit {number}: the photo must be a JPEG, PNG or WebP")
    return media_type
