"""OpenCTI: STIX 2.1 with what OpenCTI needs beside it (docs/howto/connect-opencti.md).

>>> from cautery.exchange.opencti import FORMAT
>>> FORMAT.name
'opencti'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cautery.exchange.shape import Format
from cautery.exchange.stix import bundle_id, looks_like_a_bundle, read, stix_objects
from cautery.exchange.stix.bundle import written
from cautery.exchange.stix.extension import ITEM_IDS, extension_in
from cautery.model.exchange import Package

__all__ = ["FORMAT", "opencti_objects", "write"]

_OPENCTI = "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba"
