"""Where the cases of an organisation lie.

Reaches: nothing.
Lawful basis: that of :mod:`cautery.adapters.case_server`.
Manners: those of :mod:`cautery.adapters.case_server`.
Format: URLs of libpq and of S3.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the cases of an organisation lie.

    Parameters
    ----------
    database : str
        URL of a database of PostgreSQL; it may have a password.
    vault : str
        ``s3://BUCKET/PREFIX``.
    """

    database: str = field(repr=False)
    vault: str
