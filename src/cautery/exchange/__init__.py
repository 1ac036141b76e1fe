"""Exchange: ours to theirs. Here the two formats in which block lists are consumed.

Examples
--------
>>> from cautery.exchange import owner_name
>>> owner_name("pirate.example")
'pirate.example'
"""

from cautery.exchange.nftables import nftables_set
from cautery.exchange.rpz import owner_name, rpz_zone

__all__ = ["nftables_set", "owner_name", "rpz_zone"]
