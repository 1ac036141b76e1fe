"""Ports that more than one stage or workflow needs. Adapters fulfil them; stages get values."""

from cautery.model.ports.case import Ledger, Signer, Vault
from cautery.model.ports.decoys import DecoyKeeper
from cautery.model.ports.jobs import (
    Handler,
    JobAnswer,
    JobAsked,
    Jobs,
    JobServer,
    NodeMoment,
    NodeSeen,
)
from cautery.model.ports.machine import Clock, Decoder, Engine, Readers
from cautery.model.ports.network import (
    Certificates,
    Facts,
    Fetcher,
    Names,
    Registry,
    Streams,
    VerifiedFetcher,
)
from cautery.model.ports.references import ReferenceShelf

__all__ = [
    "Certificates",
    "Clock",
    "Decoder",
    "DecoyKeeper",
    "Engine",
    "Facts",
    "Fetcher",
    "Handler",
    "JobAnswer",
    "JobAsked",
    "JobServer",
    "Jobs",
    "Ledger",
    "Names",
    "NodeMoment",
    "NodeSeen",
    "Readers",
    "ReferenceShelf",
    "Registry",
    "Signer",
    "Streams",
    "Vault",
    "VerifiedFetcher",
]
