"""A trial of a token: a key is made, signs in a closed process, and is destroyed."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import InvalidSignature

from cautery.adapters._token_keys import destroy_all, make_in_token
from cautery.adapters._token_settings import token_settings
from cautery.errors import InputError, TokenError
from cautery.evidence.signing import verifier_key

TRIAL = "token-trial:"
"""Asks a signer process for a trial of the token that the folder names."""
_LABEL = "cautery trial"


class TokenTrial:
    """A key that only shows that a token can do what a case needs.

    Parameters
    ----------
    folder : Path
        With the settings of the token.

    Raises
    ------
    InputError, TokenError
        If the token cannot make it.
    """

    def __init__(self, folder: Path) -> None:
        settings = token_settings(folder)
        if settings is None:
            raise InputError(f"{folder}: no token is named here")
        # A trial that failed once the process was closed in could not destroy its key.
        destroy_all(settings, _LABEL)
        self._private = make_in_token(settings)
        self.case, self.name = TRIAL, "cautery/trial"
        self.key = verifier_key(self.name, self._private.public_key().public_bytes_raw())

    def rehearse(self) -> None:
        """Sign before the process is closed in; the key is destroyed if that fails."""
        try:
            self._private.called(_LABEL)
            self._sign()
        except BaseException:
            self._private.destroy()
            raise

    def conclude(self) -> None:
        """Sign in the closed process, and destroy the key.

        Raises
        ------
        TokenError
            If the library cannot do it there.
        """
        try:
            self._sign()
            self._private.destroy()
        except TokenError as error:
            raise TokenError(
                f"closed in, the signer cannot go on with this token: {error}",
                hint="Name the folders that its library reads and writes: --reach DIR. One that "
                "opens connections to sign cannot be used.",
            ) from error

    def _sign(self) -> None:
        text = b"A trial of a token\n"
        try:
            self._private.public_key().verify(self._private.sign(text), text)
        except InvalidSignature as error:
            raise TokenError("the token signs otherwise than RFC 8032 says") from error
