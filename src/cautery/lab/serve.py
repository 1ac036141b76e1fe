"""Serves a world until interrupted: ``python -m cautery.lab.serve --seed 1 --run DIR``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cautery.errors import CauteryError
from cautery.lab.start import LiveLab, start_lab
from cautery.lab.world import Size, build_world


def serve(
    seed: int,
    run_dir: Path,
    *,
    cache: Path,
    size: Size = "demo",
    media_dir: Path | None = None,
    lead_s: float = 14.0,
    window_s: float | None = None,
    say: Callable[[str], None],
) -> LiveLab:
    """Build a world, start serving it and return it running.

    ``say`` is told, in sentences, what is being done and where the mandate and the truth lie.
    """

    def tell(count: int, total: int, what: str) -> None:
        say(f"rendering {count}/{total}: {what}")

    world = build_world(seed, cache, size=size, media_dir=media_dir, progress=tell)
    lab = start_lab(world, run_dir, lead_s=lead_s, window_s=window_s)
    say(f"kick-off in {lead_s:.0f} s; mandate {lab.mandate_path}, truth {lab.truth_path}")
    return lab


def main(arguments: list[str] | None = None) -> int:
    """Serve from the command line until Ctrl-C or until the world's media end."""
    parser = argparse.ArgumentParser(prog="python -m cautery.lab.serve", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", choices=("demo", "small"), default="demo")
    parser.add_argument(
        "--run", type=Path, required=True, help="Folder for the mandate, the truth and the keys."
    )
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "cautery-lab")
    parser.add_argument(
        "--media", type=Path, default=None, help="Your own media files, for the channels."
    )
    parser.add_argument("--lead", type=float, default=14.0)
    parser.add_argument("--window", type=float, default=None)
    options = parser.parse_args(arguments)

    def say(words: str) -> None:
        sys.stderr.write(words + "\n")

    try:
        lab = serve(
            options.seed,
            options.run,
            cache=options.cache,
            size=options.size,
            media_dir=options.media,
            lead_s=options.lead,
            window_s=options.window,
            say=say,
        )
    except CauteryError as error:
        say(f"{error} {error.hint}".strip())
        return 2
    with lab:
        ends = lab.t0 + lab.world.plan.timing.after_s
        try:
            while lab.alive and time.time() < ends:
                time.sleep(0.5)
        except KeyboardInterrupt:
            say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
