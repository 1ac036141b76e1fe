"""Compile and cache the kernels of graphs: ``cautery warm`` runs this."""

from __future__ import annotations

import numpy as np

from cautery.graph.evidence import with_links
from cautery.graph.links_table import table_of
from cautery.graph.membership import probabilities
from cautery.graph.mirrors import Domain, mirror_families
from cautery.graph.networks import find_networks
from cautery.kernels import only_compiled


@only_compiled()
def warm() -> None:
    """Run every kernel once on a few links."""
    table = table_of([(f"s{n % 5}", "k", f"v{n % 3}", 0.0, 0.0) for n in range(15)])
    evidence, _ = table.evidence()
    part = find_networks(evidence, common=np.empty(0, np.int64), seed=0)
    part.worths()  # large networks alone are weighed by it
    probabilities(part)
    first = np.zeros(1, np.int64)
    for writeable in (True, False):  # a state's arrays may be either
        evidence.value.flags.writeable = evidence.v_subjects.flags.writeable = writeable
        with_links(evidence, first, first, evidence.kind, evidence.subjects)
    mirror_families(Domain(name=f"{name}.example") for name in ("arena", "arenas", "parade"))


if __name__ == "__main__":
    warm()
