"""Compile and cache the kernels: ``cautery warm`` runs this."""

from __future__ import annotations

from cautery.formats._m3u_runs import Runs
from cautery.kernels import only_compiled


@only_compiled()
def warm() -> None:
    """Run the kernels once on one entry."""
    Runs(b'#EXTINF:-1 a="b",T\nhttp://h.example/1\n').read(0, 0, most=1)


if __name__ == "__main__":
    warm()
