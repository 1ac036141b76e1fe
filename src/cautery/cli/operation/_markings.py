"""A marking in a table: all of it, since what is not seen is not kept to."""

from __future__ import annotations

from cautery.model import Marking


def marking_lines(marking: Marking) -> str:
    """Return TLP, PAP, handling codes with the words of H3, and the evaluation, each on a line."""
    evaluation = f"{marking.source or '-'}{marking.accuracy or '-'}"
    return "\n".join(
        (
            marking.tlp.value,
            marking.pap.value,
            *sorted(
                f"{handling.value}: {marking.h3_text}" if handling.value == "H3" else handling.value
                for handling in marking.handling
            ),
            *([evaluation] if evaluation != "--" else []),
        )
    )
