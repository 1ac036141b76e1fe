"""The package of evidence has a size, and what is encrypted stays out of it and is named."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cautery.errors import InputError
from cautery.model import ClockOffset, Exhibit, ExhibitId, digest_of
from cautery.model.forms import Fact, Filled, fill
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.package import package_of

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
STORED = {ExhibitId(digest_of(data)): data for data in (b"segment", b"ciphertext")}
OPEN, ENCRYPTED = STORED


def sealed(exhibit: ExhibitId, *, confidential: bool) -> Exhibit:
    return Exhibit(
        id=exhibit,
        size=len(STORED[exhibit]),
        media_type="video/mp2t",
        sealed_at=NOON,
        clock=ClockOffset(seconds=0.0, uncertainty_s=0.1, method="test"),
        confidential=confidential,
        subject="panel" if confidential else None,
    )


SEALED = {OPEN: sealed(OPEN, confidential=False), ENCRYPTED: sealed(ENCRYPTED, confidential=True)}


def filled(most_bytes: int) -> Filled:
    form = replace(form_named("uk/target-servers"), most_bytes=most_bytes)
    fact = Fact(value=tuple(STORED), exhibits=tuple(STORED))
    return fill(form, {"exhibit.digests": fact}, {})


def test_what_is_encrypted_stays_out_and_is_named() -> None:
    packed = package_of(filled(100), {"list.csv": b"x"}, SEALED, STORED.__getitem__, at=NOON)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        hexed = OPEN.removeprefix("sha256:")
        assert archive.namelist() == [
            "list.csv",
            "exhibits.csv",
            f"exhibits/{hexed}.ts",
            "SHA256SUMS",
        ]
        rows = list(csv.DictReader(io.StringIO(archive.read("exhibits.csv").decode())))
    assert [row["file"] for row in rows] == [
        f"exhibits/{hexed}.ts",
        "not included: encrypted",
    ]


def test_the_same_paper_is_the_same_bytes() -> None:
    first, second = (
        package_of(filled(100), {"list.csv": b"x"}, SEALED, STORED.__getitem__, at=NOON)
        for _ in range(2)
    )
    assert first == second


def test_a_package_that_is_too_large_is_refused_before_anything_is_read() -> None:
    def unread(exhibit: ExhibitId) -> bytes:
        raise AssertionError(exhibit)

    with pytest.raises(InputError, match=r"the exhibits have 7 bytes; the form .* allows 6"):
        package_of(filled(6), {}, SEALED, unread, at=NOON)
