"""Act: referrals under an order, the two people who approve them, and what came back.

Examples
--------
>>> from cautery.act import RULES, require_confirmed, rules_for
>>> from cautery.act.rules import unconfirmed
>>> [rule.id for rule in unconfirmed(rules_for("ES"), confirmed={})]
['es-complaint', 'es-decide-live', 'es-stale-live-address']
>>> require_confirmed(rules_for("ES")[0], lab=False, confirmed={})
"""

from cautery.act.approval import (
    CLOCK_SKEW,
    OLDEST,
    approve,
    approve_override,
    order_of,
    require_approvable,
    subjects_of,
)
from cautery.act.approved import Approved
from cautery.act.approver_keys import approver_key, public_key
from cautery.act.block_list import Envelope, ListVersion, Share, StandingList, id_of_key
from cautery.act.following import Host, Room, without_referral
from cautery.act.gate import Gate
from cautery.act.jurisdictions import acting_window, order_for
from cautery.act.lint_notice import NoticeBasis, NoticeFinding, lint_notice
from cautery.act.mandate_signatures import (
    Standing,
    check_mandate_signature,
    mandate_message,
    mandate_to_sign,
    sign_mandate,
    standing_of,
    vouched_for,
)
from cautery.act.mandate_terms import terms_digest, terms_json, terms_lines, terms_of
from cautery.act.notice import UrlInCase, draft_notice
from cautery.act.notice_approval import (
    approve_notice,
    refuse_drafter,
    refuse_faulty,
    require_approvable_notice,
)
from cautery.act.orders import in_force, orders_in_force
from cautery.act.ports import Publisher
from cautery.act.read_list import (
    AcceptedList,
    ListTrust,
    RefusedListError,
    read_head,
    read_list,
    referrals_signed,
)
from cautery.act.read_share import SharesRead
from cautery.act.referral import draft
from cautery.act.referral_text import is_target, list_subject
from cautery.act.rules import RULES, Rule, require_confirmed, rules_for
from cautery.act.signatures import check_signature, sign
from cautery.model import digest

__all__ = [
    "CLOCK_SKEW",
    "OLDEST",
    "RULES",
    "AcceptedList",
    "Approved",
    "Envelope",
    "Gate",
    "Host",
    "ListTrust",
    "ListVersion",
    "NoticeBasis",
    "NoticeFinding",
    "Publisher",
    "RefusedListError",
    "Room",
    "Rule",
    "Share",
    "SharesRead",
    "Standing",
    "StandingList",
    "UrlInCase",
    "acting_window",
    "approve",
    "approve_notice",
    "approve_override",
    "approver_key",
    "check_mandate_signature",
    "check_signature",
    "digest",
    "draft",
    "draft_notice",
    "id_of_key",
    "in_force",
    "is_target",
    "lint_notice",
    "list_subject",
    "mandate_message",
    "mandate_to_sign",
    "order_for",
    "order_of",
    "orders_in_force",
    "public_key",
    "read_head",
    "read_list",
    "referrals_signed",
    "refuse_drafter",
    "refuse_faulty",
    "require_approvable",
    "require_approvable_notice",
    "require_confirmed",
    "rules_for",
    "sign",
    "sign_mandate",
    "standing_of",
    "subjects_of",
    "terms_digest",
    "terms_json",
    "terms_lines",
    "terms_of",
    "vouched_for",
    "without_referral",
]
