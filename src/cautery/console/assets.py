"""Scripts and style sheets of the room: their addresses, and the digests that browsers check."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from cautery.pages.room.render import stylesheet

_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}
_SCRIPTS = ("hls.js", "htmx.js", "live.js", "passkey.js", "play.js", "room.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that every page may load.

    Parameters
    ----------
    address : str
        With a part of its digest, so that a browser may keep it for ever.
    digest : str
        As the attribute ``integrity`` has it (W3C Subresource Integrity).
    """

    content: bytes
    media_type: str
    address: str
    digest: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return them by name."""
    folder = files("cautery.console") / "static"
    contents = {name: (folder / name).read_bytes() for name in _SCRIPTS}
    contents["room.css"] = stylesheet().encode()
    return {name: _asset(name, content) for name, content in contents.items()}


def _asset(name: str, content: bytes) -> Asset:
    digest = hashlib.sha384(content).digest()
    return Asset(
        content=content,
        media_type=_TYPES[name.rpartition(".")[2]],
        address=f"/static/{digest.hex()[:16]}/{name}",
        digest=f"sha384-{base64.b64encode(digest).decode()}",
    )
