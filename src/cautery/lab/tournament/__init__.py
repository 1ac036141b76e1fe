"""A tournament as a world: a month of matches in several countries, with gaps that are known.

Examples
--------
>>> world = tournament(seed=3)
>>> world.matches[-1].stage, len({one.territory for one in world.orders})
('final', 5)
"""

from cautery.lab.tournament.folder import write_tournament
from cautery.lab.tournament.spec import Gap, TournamentWorld
from cautery.lab.tournament.world import tournament

__all__ = ["Gap", "TournamentWorld", "tournament", "write_tournament"]
