"""Tokens of programs in the database of an organisation: they open all of its rooms.

Reaches: the schema ``cautery_people`` of the database that was named.
Lawful basis: the organisation's own access control (GDPR, Article 32).
Manners: a row is removed to revoke its token: that holds in every room from the next request.
Format: a row for each token, as JSON (:mod:`cautery.adapters.token_folder`).
"""

from __future__ import annotations

from cautery.adapters.people_server import ServerTables
from cautery.adapters.server_place import Server
from cautery.adapters.token_folder import json_of, no_token, token_of
from cautery.model.tokens import AccessToken


class ServerTokens:
    """Keeps tokens, each as a row.

    Raises
    ------
    StorageError
        Each method, if the database cannot be reached or written.
    """

    def __init__(self, server: Server) -> None:
        self._tables = ServerTables(server)

    def add(self, token: AccessToken) -> None:
        """Keep a token."""
        with self._tables.writing() as do:
            do("INSERT INTO tokens VALUES (?, ?)", token.id, json_of(token))

    def get(self, id: str) -> AccessToken | None:
        """Return a token; ``None``: there is none, or its row is damaged."""
        rows = self._tables.rows("SELECT content FROM tokens WHERE id = ?", id)
        return token_of(id, rows[0][0]) if rows else None

    def all(self) -> tuple[AccessToken, ...]:
        """Return all of them, in any order."""
        rows = self._tables.rows("SELECT id, content FROM tokens")
        return tuple(token for id_, raw in rows if (token := token_of(id_, raw)) is not None)

    def remove(self, id: str) -> None:
        """Revoke a token.

        Raises
        ------
        AbsentError
            If there is none.
        """
        with self._tables.writing() as do:
            count = do("DELETE FROM tokens WHERE id = ?", id).rowcount
        if count != 1:
            raise no_token(id)
