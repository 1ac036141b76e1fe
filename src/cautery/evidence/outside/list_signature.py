"""The signature in a trusted list (XAdES, ETSI TS 119 612 clause 5.7), by a pinned certificate.

A library checks it: XML signatures need canonical XML. Who signs a country's list is not looked up
anywhere: the checker gives the certificate, as it stands in the Commission's list of the lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from types import ModuleType
from typing import Any

from cryptography import x509

from cautery.errors import InputError

_ENVELOPED = "./"
"""The signature is a child of the root: anywhere else it could be around something else."""


def signed_part(
    raw: bytes, signers: Sequence[x509.Certificate], *, at: datetime
) -> tuple[bytes, x509.Certificate]:
    """Return what of a list one of some certificates has signed, in canonical XML, and which one.

    Parameters
    ----------
    raw : bytes
        A list that :func:`~cautery.evidence.outside.trusted_list.read_trusted_list` has read: it is
        within bounds and has no document type.
    at : datetime
        When the certificate has to be valid: when the list was issued.

    Raises
    ------
    InputError
        If none of them signed the whole list, or the library is not installed.
    """
    library = _library()
    why = "no certificate was given"
    for signer in signers:
        try:
            return _verified(library, raw, signer, at), signer
        except (library.InvalidInput, library.InvalidSignature, ValueError, TypeError) as error:
            why = str(error) or type(error).__name__
        except _errors_of_xml() as error:
            why = str(error)
    raise InputError(
        f"the signature of this trusted list does not hold: {why[:300]}",
        hint="Compare the certificate with the one in the Commission's list of the lists.",
    )


def _verified(library: ModuleType, raw: bytes, signer: x509.Certificate, at: datetime) -> bytes:
    expected = library.SignatureConfiguration(
        location=_ENVELOPED, expect_references=True, verification_time=at
    )
    results: list[Any] = library.XMLVerifier().verify(raw, x509_cert=signer, expect_config=expected)
    whole = [
        result.signed_data
        for result in results
        if result.signed_xml is not None
        and result.signed_xml.tag.rpartition("}")[2] == "TrustServiceStatusList"
    ]
    if len(whole) != 1:
        raise InputError("the signature of this trusted list does not cover the whole list")
    return bytes(whole[0])


def _errors_of_xml() -> type[Exception]:
    error: type[Exception] = import_module("lxml.etree").LxmlError
    return error


def _library() -> ModuleType:
    try:
        return import_module("signxml")
    except ImportError as error:
        raise InputError(
            "to check the signature of a trusted list needs the library signxml",
            hint="pip install 'cautery[trusted-lists]'",
        ) from error
