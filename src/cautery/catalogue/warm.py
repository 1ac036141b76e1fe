"""Compile and cache the kernels: ``cautery warm`` runs this."""

from __future__ import annotations

from cautery.catalogue.resolve import Resolver
from cautery.catalogue.rights import Catalogue, Right
from cautery.kernels import only_compiled


@only_compiled()
def warm() -> None:
    """Run every kernel once on two channels."""
    channels = Catalogue(
        (
            Right(id="a", kind="channel", names=("Arena 1",), country="es"),
            Right(id="b", kind="channel", names=("WQZX 4.1",), country="us"),
        )
    )
    Resolver(channels).resolve("|ES| ARENA 1 FHD")


if __name__ == "__main__":
    warm()
