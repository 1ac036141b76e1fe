"""STIX 2.1: bundles for tools of threat intelligence, out and in.

>>> from cautery.exchange.stix import FORMAT
>>> FORMAT.suffix
'.json'
"""

from cautery.exchange.stix.objects_out import stix_objects

__all__ = ["stix_objects"]
