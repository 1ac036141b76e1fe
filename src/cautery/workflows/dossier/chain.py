"""The chain of custody in a court's bag: as it was when the bag was made, and in few words."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from cautery.evidence.custody import CustodyAct, CustodyLine
from cautery.messages import tr

_MOST_PEOPLE = 50
"""In the document; the file has all."""


def chain_bytes(chain: Sequence[CustodyLine]) -> bytes:
    """Return a chain as its file has it."""
    return b"".join(line.text() + b"\n" for line in chain)


def chain_words(chain: Sequence[CustodyLine]) -> tuple[str, ...]:
    """Return sentences for the document: how many acts there are, and by whom."""
    if not chain:
        return (tr("The chain of custody has no act before this document was made."),)
    acts: dict[str, Counter[CustodyAct]] = {}
    for line in chain:
        acts.setdefault(line.by, Counter())[line.act] += 1
    words = [
        tr(
            "Acts until this document was made: %(count)s. They stand in the file "
            "data/custody.jsonl of this bag, in order. Its SHA-256 is: %(digest)s",
            count=len(chain),
            digest=hashlib.sha256(chain_bytes(chain)).hexdigest(),
        ),
        *(
            tr(
                "%(by)s: opened %(opened)s, copied %(copied)s, handed over %(handed_over)s, "
                "received %(received)s",
                by=by,
                opened=counts[CustodyAct.OPENED],
                copied=counts[CustodyAct.COPIED],
                handed_over=counts[CustodyAct.HANDED_OVER],
                received=counts[CustodyAct.RECEIVED],
            )
            for by, counts in list(acts.items())[:_MOST_PEOPLE]
        ),
    ]
    if len(acts) > _MOST_PEOPLE:
        words.append(tr("Further people: %(count)s", count=len(acts) - _MOST_PEOPLE))
    words.append(tr("A name is what a person wrote. The key in a line of the file signed it."))
    return tuple(words)
