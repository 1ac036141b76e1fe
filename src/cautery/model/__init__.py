"""The shared nouns of Cautery: frozen, checked at birth, no I/O.

Example
-------
>>> from datetime import UTC, datetime
>>> from cautery.model import Window
>>> match = Window(
...     start=datetime(2026, 11, 24, 20, 30, tzinfo=UTC),
...     end=datetime(2026, 11, 24, 23, 0, tzinfo=UTC),
... )
>>> match.seconds
9000.0
"""

from cautery.model.act import (
    Acknowledgement,
    Approval,
    BlockEntry,
    DarkProbe,
    Effect,
    Notice,
    Referral,
)
from cautery.model.capture import (
    CertificateFacts,
    CoHosted,
    DedicatedFact,
    Limits,
    NetworkFact,
    Registration,
    Response,
    SharedFact,
)
from cautery.model.estimate import ErrorRate, Estimate, Money
from cautery.model.evidence import (
    Checkpoint,
    Digest,
    Entry,
    Exhibit,
    ExhibitId,
    Json,
    Record,
    digest_of,
)
from cautery.model.graph import (
    Asset,
    CriminalNetwork,
    Edge,
    Link,
    Membership,
    Role,
    Service,
    SupplyGraph,
)
from cautery.model.intervention import (
    ActionPlan,
    Collateral,
    Decision,
    GuardVerdict,
    Intervention,
    Lever,
    Reason,
)
from cautery.model.mandate import (
    Access,
    Approver,
    Channel,
    CourtOrder,
    Event,
    Intermediary,
    Mandate,
    NetworkPolicy,
    Partner,
    Regime,
    Source,
    Work,
    host_of,
)
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp
from cautery.model.media import AUDIO_RATE_HZ, LUMA_RATE_HZ, LUMA_SHAPE, Decoded
from cautery.model.operation import (
    Agency,
    LedCategory,
    Operation,
    Person,
    Search,
    Seizure,
    StatementKind,
)
from cautery.model.sighting import Offer, RedactedUrl, Sighting, keyed_hash
from cautery.model.times import ClockOffset, Window, iso, require_utc, to_utc
from cautery.model.verdict import Finding, Observation, Verdict, Witness, verbal
from cautery.model.wire import from_json, to_json

__all__ = [
    "AUDIO_RATE_HZ",
    "LUMA_RATE_HZ",
    "LUMA_SHAPE",
    "Access",
    "Acknowledgement",
    "ActionPlan",
    "Agency",
    "Approval",
    "Approver",
    "Asset",
    "BlockEntry",
    "CertificateFacts",
    "Channel",
    "Checkpoint",
    "ClockOffset",
    "CoHosted",
    "Collateral",
    "CourtOrder",
    "CriminalNetwork",
    "DarkProbe",
    "Decision",
    "Decoded",
    "DedicatedFact",
    "Digest",
    "Edge",
    "Effect",
    "Entry",
    "ErrorRate",
    "Estimate",
    "Event",
    "Exhibit",
    "ExhibitId",
    "Finding",
    "GuardVerdict",
    "HandlingCode",
    "Intermediary",
    "Intervention",
    "Json",
    "LedCategory",
    "Lever",
    "Limits",
    "Link",
    "Mandate",
    "Marking",
    "Membership",
    "Money",
    "NetworkFact",
    "NetworkPolicy",
    "Notice",
    "Observation",
    "Offer",
    "Operation",
    "Pap",
    "Partner",
    "Person",
    "Reason",
    "Record",
    "RedactedUrl",
    "Referral",
    "Regime",
    "Registration",
    "Response",
    "Role",
    "Search",
    "Seizure",
    "Service",
    "SharedFact",
    "Sighting",
    "Source",
    "StatementKind",
    "SupplyGraph",
    "Tlp",
    "Verdict",
    "Window",
    "Witness",
    "Work",
    "digest_of",
    "from_json",
    "host_of",
    "iso",
    "keyed_hash",
    "require_utc",
    "to_json",
    "to_utc",
    "verbal",
]
