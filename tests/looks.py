"""Looks in this process, as a watch on one machine has them."""

from __future__ import annotations

from typing import Any

from cautery.identify.references.held import References
from cautery.lab.readers import ReadersHere
from cautery.model.ports import Decoder, Engine
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.probing.alignments import piece_from
from cautery.workflows.watch.probing.here import LooksHere
from cautery.workflows.watch.probing.looker import LookPorts


def looks_here(
    references: References,
    tape: Tape,
    *,
    fetcher: Any,
    decoder: Decoder,
    engine: Engine,
    journal: Journal,
) -> LooksHere:
    """Return looks that compare with these references."""
    ports = LookPorts(
        fetcher=fetcher,
        readers=ReadersHere(),
        decoder=decoder,
        engine=engine,
        stamps_s=tape.stamps_s,
    )
    return LooksHere(references, ports, piece_from(tape, journal), journal=journal)
