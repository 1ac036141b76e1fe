"""The nodes of an organisation: which there are, and the wish that one takes nothing new."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic

from cautery import __version__, wiring
from cautery.adapters.job_queue import job_counts
from cautery.adapters.node_key import make_node_key, read_node_key
from cautery.adapters.node_register import NodeRegister
from cautery.adapters.server_place import Server
from cautery.errors import InputError
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.model.nodes import NodesSeen
from cautery.projections.presence import Fit
from cautery.wiring.server import required_server

NODE_KEY = "CAUTERY_NODE_KEY"
"""Environment variable that names the file of the nodes' key; ``--node-key`` goes before it."""
_AS_SEEN_S = 1.0
"""Pages that ask within so long of each other share one answer of the database."""


def fit_word() -> str:
    """Return what a node must be, as the queues of jobs spell it."""
    recipe = hashlib.sha256(DEFAULT_RECIPE.name.encode()).hexdigest()
    return f"{__version__}/{recipe[:12]}"


def fit() -> Fit:
    """Return what a node must be for a watch of this Cautery."""
    return Fit(version=__version__, recipe=DEFAULT_RECIPE.name)


def node_key(file: Path | None) -> bytes:
    """Return the nodes' key, of a file that was named or that the environment names.

    Raises
    ------
    InputError
        If none is named, or it cannot be used.
    """
    key_path = os.environ.get(NODE_KEY, "") if file is None else str(file)
    if not key_path:
        raise InputError(
            "the nodes' key is not named",
            hint=f"Give --node-key FILE, or set {NODE_KEY}. To make one: cautery node key FILE, "
            "once for the whole organisation.",
        )
    return read_node_key(Path(key_path))


def make_key(file: Path) -> None:
    """Make the nodes' key in a new file.

    Raises
    ------
    CauteryError
        As the adapter says.
    """
    make_node_key(file)


@contextmanager
def register() -> Iterator[NodeRegister]:
    """Open the table of nodes.

    Raises
    ------
    CauteryError
        If no server is named, or it cannot be reached.
    """
    opened = _register_of(required_server())
    try:
        yield opened
    finally:
        opened.close()


def nodes_seen() -> NodesSeen:
    """Return all nodes and how many jobs there are.

    Raises
    ------
    CauteryError
        If no server is named, or it cannot be reached.
    """
    with register() as opened:
        return opened.seen()


class NodesShown:
    """What the room shows of the nodes: asked once a second, however many look.

    Parameters
    ----------
    on_server : bool
        Whether the room shows cases of the organisation's server; others have no nodes.
    """

    def __init__(self, *, on_server: bool) -> None:
        self._on_server = on_server
        self._lock = Lock()
        self._register: NodeRegister | None = None
        self._cluster: NodesSeen | None = None
        self._until_s = float("-inf")

    def __call__(self) -> NodesSeen | None:
        """Return all nodes; ``None``: the organisation has no server.

        Raises
        ------
        CauteryError
            If the server cannot be reached.
        """
        with self._lock:
            if monotonic() > self._until_s:
                self._cluster = self._asked()
                self._until_s = monotonic() + _AS_SEEN_S
            return self._cluster

    def _asked(self) -> NodesSeen | None:
        if not self._on_server:
            return None
        if self._register is None:
            self._register = _register_of(required_server())
        return self._register.seen()


def _register_of(place: Server) -> NodeRegister:
    return NodeRegister(place, wiring.clock().now, counts=job_counts)
