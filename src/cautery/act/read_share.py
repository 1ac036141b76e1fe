"""Read what another case has on a list of the organisation, as an access provider would read it.

An access provider refuses a whole list for one fault. So what a provider would refuse of one case
stays off the list, and costs that case alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cautery.act.block_list import SHARE_TYPE, ListPart, Share
from cautery.act.read_list import ListTrust, read_referral
from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import Digest, digest_of

MOST_REFERRALS = 10_000
"""Of one case on one list. Judgement: each has two approvals by hand."""
MOST_FAULTS = 100


class SharesRead:
    """Reads shares again and again, and checks each signature once.

    Parameters
    ----------
    trust : ListTrust
        Whom the access provider believes; its ``list_key`` signs the list.
    """

    def __init__(self, trust: ListTrust) -> None:
        if trust.list_key is None:
            raise InputError("the key of the list must be known to judge a share of it")
        self._trust, self._key = trust, trust.list_key
        self._checked: dict[Digest, tuple[Digest, ListPart]] = {}

    def check(self, part: Mapping[str, Any]) -> tuple[Digest, ListPart]:
        """Return a referral that may be on the list, with its digest.

        Raises
        ------
        RefusedListError
            If the access provider would refuse it.
        """
        whole = digest_of(canonical(part))
        checked = self._checked.get(whole)
        if checked is None:
            subject, entries = read_referral(
                part, self._trust, territory=self._trust.territory, key=self._key
            )
            if not entries:
                raise InputError(f"referral {subject} has no entries")
            checked = subject, ListPart.of(part["text"], part["approvals"])
            self._checked[whole] = checked
        return checked

    def read(self, raw: bytes) -> tuple[Share, tuple[InputError, ...]]:
        """Return a share, and why some of its referrals are left out.

        Raises
        ------
        InputError
            If it is not a share.
        """
        try:
            share = parsed_json(raw)
            if share["type"] != SHARE_TYPE:
                raise InputError(f"this is not {SHARE_TYPE}")
            if len(share["referrals"]) > MOST_REFERRALS:
                raise InputError(f"a share of over {MOST_REFERRALS} referrals")
            referrals = [dict(part) for part in share["referrals"]]
            withdrawn = {(Digest(subject), str(target)) for subject, target in share["withdrawn"]}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise InputError(f"this is not {SHARE_TYPE}") from error
        parts: dict[Digest, ListPart] = {}
        faults: list[InputError] = []
        for part in referrals:
            if len(faults) == MOST_FAULTS:
                faults.append(InputError(f"after {MOST_FAULTS} faults no more of it is read"))
                break
            try:
                subject, read = self.check(part)
            except (InputError, ValueError, TypeError, RecursionError) as error:
                faults.append(error if isinstance(error, InputError) else InputError(str(error)))
                continue
            parts[subject] = read
        known = {(subject, target) for subject, part in parts.items() for target in part.ends}
        return Share(parts, withdrawn & known), tuple(faults)

    def forget_all_but(self, subjects: Iterable[Digest]) -> None:
        """Keep no check of a referral that is on no list any more."""
        kept = set(subjects)
        self._checked = {
            whole: checked for whole, checked in self._checked.items() if checked[0] in kept
        }
