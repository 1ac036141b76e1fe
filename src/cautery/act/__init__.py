"""Act: referrals under an order, the two people who approve them, and what came back.

Example
-------
>>> from cautery.act import RULES, require_confirmed, rules_for
>>> [rule.mark for rule in rules_for("FR")]
['S59']
>>> require_confirmed(rules_for("FR")[0], lab=False, confirmed={})
"""

from cautery.act.approval import Approved, approve, approve_override, digest, public_key, sign
from cautery.act.expiry import expired, in_effect, latest
from cautery.act.notice import draft_notice
from cautery.act.orders import in_force, orders_in_force
from cautery.act.ports import Publisher
from cautery.act.referral import draft
from cautery.act.rules import RULES, Rule, require_confirmed, rules_for

__all__ = [
    "RULES",
    "Approved",
    "Publisher",
    "Rule",
    "approve",
    "approve_override",
    "digest",
    "draft",
    "draft_notice",
    "expired",
    "in_effect",
    "in_force",
    "latest",
    "orders_in_force",
    "public_key",
    "require_confirmed",
    "rules_for",
    "sign",
]
