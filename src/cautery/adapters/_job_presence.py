"""What a node says of itself, as the database keeps it.

Reaches: the table ``cautery.nodes`` of the database that was named.
Lawful basis: that of :mod:`cautery.adapters.job_queue`.
Manners: one row a node.
Format: docs/reference/server-format.md.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from cautery.adapters._job_statements import NODES
from cautery.adapters._ledger_failures import failures
from cautery.adapters._servers import connected, server_name
from cautery.adapters.server_schema import require_prepared
from cautery.json_text import parsed_json
from cautery.model.ports.jobs import NodeSeen

_SILENCE_S = 5
_MOST_TEXT, _MOST_SHARDS = 500, 1000


def said_of(node: NodeSeen) -> str:
    """Return what a node says, as JSON; when, the database adds."""
    told: dict[str, Any] = asdict(replace(node, refused=node.refused[:_MOST_TEXT]))
    del told["name"], told["seen_at"]
    return json.dumps(told)


def nodes_of(rows: Iterable[tuple[Any, ...]]) -> tuple[NodeSeen, ...]:
    """Return the nodes of rows; a row that no node wrote is left out."""
    nodes = []
    for row in rows:
        with contextlib.suppress(TypeError, KeyError, ValueError, AttributeError):
            nodes.append(_node_of(*row))
    return tuple(nodes)


def seen_nodes(url: str) -> tuple[NodeSeen, ...]:
    """Return the nodes of a database as they last said of themselves, by name.

    Raises
    ------
    StorageError
        If it cannot be reached.
    InputError
        If it was not prepared for this version.
    """
    with (
        failures(server_name(url), "list the nodes of"),
        connected(url, silence_s=_SILENCE_S) as connection,
    ):
        require_prepared(connection)
        return nodes_of(connection.execute(NODES).fetchall())


def _node_of(name: str, text: str, seen_at: datetime) -> NodeSeen:
    said = parsed_json(text, most=_MOST_SHARDS + 100)
    return NodeSeen(
        name=name[:_MOST_TEXT],
        version=str(said["version"])[:_MOST_TEXT],
        recipe=str(said["recipe"])[:_MOST_TEXT],
        clock_late_s=float(said["clock_late_s"]),
        free_bytes=int(said["free_bytes"]),
        capacity=int(said["capacity"]),
        at_work=int(said["at_work"]),
        shards=tuple(str(shard)[:_MOST_TEXT] for shard in said["shards"]),
        seen_at=seen_at,
        draining=bool(said["draining"]),
        refused=str(said["refused"])[:_MOST_TEXT],
    )
