"""Exchange: what the tools of others read. Block lists for DNS (RPZ) and for nftables.

Examples
--------
>>> from cautery.exchange import owner_name
>>> owner_name("pirate.example")
'pirate.example'
"""

from cautery.exchange.nftables import nftables_set
from cautery.exchange.rpz import owner_name, rpz_zone

__all__ = ["nftables_set", "owner_name", "rpz_zone"]
