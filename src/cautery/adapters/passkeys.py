"""Passkeys: what browsers are asked, and what they answer.

Reaches: nothing.
Lawful basis: GDPR art. 32(1): a key that signs for one site alone cannot be phished.
Manners: no attestation is asked for: nobody learns which device somebody has. Whether a passkey can
    leave its device, its device says.
Format: W3C Web Authentication, level 3, sections 7.1 and 7.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cautery.errors import ApprovalError, InputError
from cautery.json_text import parsed_json
from cautery.model.account import Account, Passkey
from cautery.model.passkey import Made
from cautery.model.signing_keys import signed_by_passkey

_MOST = 12_000
_NAME = "Cautery"
_BROKEN = (
    *(WebAuthnException, ValueError, LookupError, TypeError),
    *(AttributeError, ArithmeticError, RecursionError),
)
"""What an answer of a stranger makes of the functions that read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAuthn:
    """Asks and checks (port :class:`~cautery.workflows.people.ports.Authenticators`).

    Parameters
    ----------
    site : str
        Name of the host, without a port: passkeys belong to it.
    origin : str
        Of the room's pages.
    """

    site: str
    origin: str

    def to_make(self, account: Account, challenge: bytes, known: Sequence[Passkey]) -> str:
        """Return what a browser is asked to make a passkey, as JSON."""
        return options_to_json(
            generate_registration_options(
                rp_id=self.site,
                rp_name=_NAME,
                user_id=account.id.encode(),
                user_name=account.name,
                challenge=challenge,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[
                    PublicKeyCredentialDescriptor(id=passkey.id) for passkey in known
                ],
            )
        )

    def to_come_in(self, challenge: bytes) -> str:
        """Return what a browser is asked to show a passkey, as JSON."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.site,
                challenge=challenge,
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def to_approve(self, challenge: bytes, id: bytes) -> str:
        """Return what a browser is asked to sign with one passkey, as JSON."""
        return options_to_json(
            generate_authentication_options(
                rp_id=self.site,
                challenge=challenge,
                allow_credentials=[PublicKeyCredentialDescriptor(id=id)],
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def challenge(self, answer: str) -> bytes:
        """Return the challenge that an answer is to.

        Raises
        ------
        InputError
            If it is no answer.
        """
        try:
            raw = parsed_json(answer[:_MOST])
            kind = raw["response"]
            credential = (
                parse_registration_credential_json(raw)
                if "attestationObject" in kind
                else parse_authentication_credential_json(raw)
            )
            return bytes(parse_client_data_json(credential.response.client_data_json).challenge)
        except _BROKEN as error:
            raise InputError("this is not the answer of a passkey") from error

    def made(self, answer: str, challenge: bytes) -> Made:
        """Return the passkey that an answer brings.

        Raises
        ------
        ApprovalError
            If it does not hold, or its key cannot be read.
        """
        try:
            asked = parse_registration_credential_json(answer[:_MOST])
            _require_own_page(asked.response.client_data_json)
            registration = verify_registration_response(
                credential=answer[:_MOST],
                expected_challenge=challenge,
                expected_rp_id=self.site,
                expected_origin=self.origin,
                require_user_verification=True,
            )
            _subject_public_key_info(registration.credential_public_key)
        except _BROKEN as error:
            raise ApprovalError("this passkey does not hold") from error
        bound = registration.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
        return Made(
            id=registration.credential_id,
            key=registration.credential_public_key,
            count=registration.sign_count,
            approves_at=self.origin if bound and not registration.credential_backed_up else "",
        )

    def key_of(self, answer: str) -> bytes:
        """Return the id of the passkey that an answer is of.

        Raises
        ------
        InputError
            If it is no answer.
        """
        try:
            return bytes(parse_authentication_credential_json(answer[:_MOST]).raw_id)
        except _BROKEN as error:
            raise InputError("this is not the answer of a passkey") from error

    def used(self, answer: str, challenge: bytes, passkey: Passkey) -> int:
        """Return the counter of a passkey that signed a challenge.

        Raises
        ------
        ApprovalError
            If it did not, or its counter went back: then it was copied.
        """
        try:
            asked = parse_authentication_credential_json(answer[:_MOST])
            _require_own_page(asked.response.client_data_json)
            return verify_authentication_response(
                credential=answer[:_MOST],
                expected_challenge=challenge,
                expected_rp_id=self.site,
                expected_origin=self.origin,
                credential_public_key=passkey.key,
                credential_current_sign_count=passkey.count,
                require_user_verification=True,
            ).new_sign_count
        except _BROKEN as error:
            raise ApprovalError("this passkey does not hold") from error

    def approval(self, answer: str) -> str:
        """Return what an answer says, as an approval has it; whoever reads that checks it.

        Raises
        ------
        InputError
            If it is no answer.
        """
        try:
            parts = parse_authentication_credential_json(answer[:_MOST]).response
        except _BROKEN as error:
            raise InputError("this is not the answer of a passkey") from error
        return signed_by_passkey(parts.authenticator_data, parts.client_data_json, parts.signature)


def _require_own_page(client_data: bytes) -> None:
    """Raise ValueError if the page that asked was inside one of another site."""
    told = parsed_json(client_data)
    if told.get("crossOrigin", False) is not False or "topOrigin" in told:
        raise ValueError("the page that asked the passkey was inside another one")


def public_key_of(passkey: Passkey) -> bytes:
    """Return the public key of a passkey, as a SubjectPublicKeyInfo.

    Raises
    ------
    InputError
        If it is of a kind that approves nothing.
    """
    try:
        return _subject_public_key_info(passkey.key)
    except _BROKEN as error:
        raise InputError(f"the passkey {passkey.name!r} cannot be read") from error


def _subject_public_key_info(key: bytes) -> bytes:
    decoded = decoded_public_key_to_cryptography(decode_credential_public_key(key))
    return decoded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
