"""Group addresses by owner: inputs spent together, unless the transaction mixes strangers.

Whoever signs a transaction holds the keys of all its inputs (Nakamoto 2008, section 10; Meiklejohn
et al., IMC 2013). Two kinds of transaction break that and join nobody here: those that look like a
coinjoin (equal outputs to as many as put in), and those that spend from a known service's purse.
What joined a cluster can be named, and taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from cautery.errors import InputError
from cautery.model import AddressTag, Transfer
from cautery.operation.money.flows import UTXO, Bools, FlowTable, Ints, distinct, table_of
from cautery.operation.tags import is_service

COINJOIN_EQUAL = 3
"""Equal outputs from which a transaction with as many inputs is called a coinjoin, whatever else it
pays. Two are enough if they are at least half of its outputs: BlockSci's rule (Kalodner et al.,
USENIX Security 2020), after Goldfeder et al. 2018."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """A partition of all addresses; an address that nothing joins is a cluster of its own.

    Parameters
    ----------
    label : ndarray, shape (addresses,), int64
        Cluster of each address of ``table``.
    joined_by : ndarray, shape (joins,), int64
        Transactions that joined clusters, the earliest that do; ``joined_in`` says which.
    refused : mapping of str to str
        Transactions with several inputs that join nobody, by id, with the reason.
    """

    table: FlowTable
    label: Ints
    joined_by: Ints
    joined_in: Ints
    refused: Mapping[str, str]
    undone: frozenset[str]
    _place: Mapping[str, int] = field(repr=False)
    _tags: Mapping[str, AddressTag] = field(repr=False)
    _change: bool = field(repr=False)

    def knows(self, address: str) -> bool:
        """Tell whether the supplied transactions know an address."""
        return address in self._place

    def of(self, address: str) -> int:
        """Return the cluster of an address.

        Raises
        ------
        InputError
            If the supplied transactions do not know it.
        """
        if address not in self._place:
            raise InputError(f"address {address[:80]}: not in the supplied transactions")
        return int(self.label[self._place[address]])

    def members(self, cluster: int) -> tuple[str, ...]:
        """Return the addresses of a cluster, sorted."""
        rows = np.flatnonzero(self.label == cluster)
        return tuple(sorted(self.table.addresses[int(row)] for row in rows))

    def why(self, cluster: int) -> tuple[str, ...]:
        """Return the transactions that joined a cluster, in order of time: enough, and no more."""
        places = np.unique(self.joined_by[self.joined_in == cluster])
        return tuple(self.table.ids[int(place)] for place in places)

    def groups(self) -> tuple[int, ...]:
        """Return the clusters of two addresses or more, largest first."""
        sizes = np.bincount(self.label)
        order = np.lexsort((np.arange(len(sizes)), -sizes))
        return tuple(int(label) for label in order if sizes[label] > 1)

    def undo(self, *transfers: str) -> Clusters:
        """Return the clusters as they are without what these transactions joined.

        Raises
        ------
        InputError
            If there is no such transaction.
        """
        unknown = set(transfers) - set(self.table.ids)
        if unknown:
            raise InputError(f"transfer {min(unknown)[:80]}: not in the supplied transactions")
        return _clustered(
            self.table, self._tags, change=self._change, undone=self.undone | set(transfers)
        )


def cluster(
    transfers: FlowTable | Iterable[Transfer],
    *,
    tags: Mapping[str, AddressTag] | None = None,
    change: bool = False,
) -> Clusters:
    """Cluster the addresses of supplied transactions by common inputs.

    Parameters
    ----------
    tags : mapping of str to AddressTag
        Attribution by address; services join nobody.
    change : bool
        Also join the one fresh output of a payment with two outputs, where the other output is no
        fresh address, no input is paid back, and it is no coinjoin. Off: it errs more often.
    """
    return _clustered(table_of(transfers), tags or {}, change=change, undone=frozenset())


def _clustered(
    table: FlowTable, tags: Mapping[str, AddressTag], *, change: bool, undone: frozenset[str]
) -> Clusters:
    count = len(table.addresses)
    place = {address: number for number, address in enumerate(table.addresses)}
    service = np.zeros(count, dtype=np.bool_)
    service[
        [place[address] for address, tag in tags.items() if address in place and is_service(tag)]
    ] = True
    tx, address = _distinct_inputs(table)
    inputs = np.bincount(tx, minlength=len(table))
    mixed = coinjoins(table, inputs)
    of_service = np.bincount(tx[service[address]], minlength=len(table)) > 0
    taken_back = np.array([tx_id in undone for tx_id in table.ids], dtype=np.bool_)
    barred = mixed | of_service | taken_back
    refused = {
        table.ids[int(row)]: (
            "withdrawn"
            if taken_back[row]
            else "equal outputs, as in a coinjoin"
            if mixed[row]
            else "spends from a known service"
        )
        for row in np.flatnonzero(barred & (inputs > 1))
    }
    left, right, why = _pairs(tx, address, barred)
    if change:
        change_pairs = _change_pairs(table, inputs, barred, service)
        left, right, why = (
            np.concatenate(two) for two in zip((left, right, why), change_pairs, strict=True)
        )
    label, joined_by, joined_in = _components(count, left, right, why)
    return Clusters(table, label, joined_by, joined_in, refused, undone, place, tags, change)


def coinjoins(table: FlowTable, inputs: Ints) -> Bools:
    """Tell for each transaction whether it looks like a coinjoin.

    Parameters
    ----------
    inputs : ndarray, shape (transactions,), int64
        How many distinct addresses it spends from.
    """
    outputs = np.bincount(table.tx[table.output], minlength=len(table))
    rows = np.flatnonzero(table.output & ((inputs > 1) & (outputs > 1))[table.tx])
    flags = np.zeros(len(table), dtype=np.bool_)
    if not rows.size:
        return flags
    # Amounts of 38 digits fit no NumPy number; their ranks are equal where they are.
    value = table.amount.gather(rows).rank("dense").to_numpy().astype(np.int64)
    # One address paid twice is one participant: a row for each (transaction, amount, address).
    order = np.lexsort((table.address[rows], value, table.tx[rows]))
    tx, value, address = table.tx[rows][order], value[order], table.address[rows][order]
    group = (np.diff(tx, prepend=-1) != 0) | (np.diff(value, prepend=-1) != 0)
    apart = group | (np.diff(address, prepend=-1) != 0)
    starts = np.flatnonzero(group)
    sizes = np.add.reduceat(apart.astype(np.int64), starts)
    equal = np.zeros(len(table), dtype=np.int64)
    np.maximum.at(equal, tx[starts], sizes)
    enough = (equal >= COINJOIN_EQUAL) | ((equal >= 2) & (2 * equal >= outputs))
    flags[:] = enough & (inputs >= equal) & (equal >= 2)
    return flags


def _distinct_inputs(table: FlowTable) -> tuple[Ints, Ints]:
    """Return each distinct (transaction, address) that is spent from, of coins that have inputs."""
    coin = np.array([asset in UTXO for asset in table.assets], dtype=np.bool_)
    rows = ~table.output & coin[table.tx]
    size = max(len(table.addresses), 1)
    keys = distinct(table.tx[rows] * size + table.address[rows])
    return keys // size, keys % size


def _pairs(tx: Ints, address: Ints, barred: Bools) -> tuple[Ints, Ints, Ints]:
    """Return the pairs that common inputs join: each input with its transaction's first."""
    if not tx.size:
        return tx, address, tx
    first = np.maximum.accumulate(np.where(np.diff(tx, prepend=-1) != 0, np.arange(tx.size), 0))
    later = (first != np.arange(tx.size)) & ~barred[tx]
    return address[first[later]], address[later], tx[later]


def _change_pairs(
    table: FlowTable, inputs: Ints, barred: Bools, service: Bools
) -> tuple[Ints, Ints, Ints]:
    """Return the pairs that the change heuristic joins: an input with the one fresh output."""
    first_seen = np.full(len(table.addresses), -1, dtype=np.int64)
    # Written from the last row to the first: the first transaction of an address stays.
    first_seen[table.address[::-1]] = table.tx[::-1]
    fresh = first_seen[table.address] == table.tx
    size = len(table)
    outputs = np.bincount(table.tx[table.output], minlength=size)
    fresh_outputs = np.bincount(table.tx[table.output & fresh], minlength=size)
    spent = set(zip(*(column.tolist() for column in _distinct_inputs(table)), strict=True))
    paid_back = np.zeros(size, dtype=np.bool_)
    rows = np.flatnonzero(table.output & (outputs[table.tx] == 2) & (inputs[table.tx] > 0))
    for row in rows.tolist():
        if (int(table.tx[row]), int(table.address[row])) in spent:
            paid_back[table.tx[row]] = True
    eligible = (outputs == 2) & (fresh_outputs == 1) & (inputs > 0) & ~barred & ~paid_back
    change = table.output & fresh & eligible[table.tx] & ~service[table.address]
    giver = np.full(size, -1, dtype=np.int64)
    spends = np.flatnonzero(~table.output)
    giver[table.tx[spends]] = table.address[spends]
    return giver[table.tx[change]], table.address[change], table.tx[change]


def _components(count: int, left: Ints, right: Ints, why: Ints) -> tuple[Ints, Ints, Ints]:
    """Return each address's cluster, and the earliest transactions that hold it together."""
    if not left.size:
        return np.arange(count, dtype=np.int64), why[:0], why[:0]
    low, high = np.minimum(left, right), np.maximum(left, right)
    key = low * count + high
    order = np.lexsort((why, key))
    earliest = order[np.diff(key[order], prepend=-1) != 0]
    # A spanning tree by time: each of its edges joined what was apart until then (Kruskal).
    # A sparse matrix drops zeros, so the first transaction must not weigh 0.
    weights = (why[earliest] + 1).astype(np.float64)
    graph = coo_array((weights, (low[earliest], high[earliest])), shape=(count, count)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    _, label = connected_components(graph, directed=False)
    labels = label.astype(np.int64)
    return labels, tree.data.astype(np.int64) - 1, labels[tree.row]


def names_of(clusters: Clusters, wanted: Sequence[int]) -> dict[int, str]:
    """Name clusters by the address of theirs that the transactions show first."""
    return {
        label: clusters.table.addresses[int(np.argmax(clusters.label == label))] for label in wanted
    }
