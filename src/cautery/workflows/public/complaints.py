"""Take complaints in by a form that needs no script, and show where each one stands."""

from __future__ import annotations

import secrets
from datetime import datetime
from urllib.parse import parse_qsl

from cautery.act.complaint import (
    MOST_TEXT,
    Complaint,
    RefusedComplaintError,
    complaint_of,
    is_token,
    number_of,
)
from cautery.act.ports import PublicFiles
from cautery.errors import CauteryError, InputError, StorageError
from cautery.json_text import parsed_json
from cautery.messages import tr
from cautery.model.web import Answered, Asked, neighbourhood
from cautery.pages.public import Decision, Desk
from cautery.workflows.public.answers import moment, page, refusal
from cautery.workflows.public.fairness import Fairness
from cautery.workflows.public.lookup import LookUp, target_of
from cautery.workflows.public.shelf import Shelf

MOST_WAITING = 2_000
"""Complaints that wait for the case. Judgement: then somebody floods the form."""
_BUSY_S = 600
_STATES = ("filed", "granted", "rejected", "no-entry")


class ComplaintDesk:
    """The form, its receipts and the pages of complaints."""

    def __init__(self, look_up: LookUp, desk: Desk) -> None:
        self._look_up = look_up
        self._desk = desk
        self._fair = Fairness(per_s=1 / 60, burst=5)

    def answer(self, asked: Asked, now: datetime) -> Answered:
        """Answer a request below ``/complaint``."""
        token = asked.path.removeprefix("/complaint").strip("/")
        if token:
            return self._state(token)
        if asked.method != "POST":
            return self._form({"target": asked.query.get("target", "")})
        return self._take(asked, now)

    def _take(self, asked: Asked, now: datetime) -> Answered:
        if not self._fair.admits(neighbourhood(asked.address), now.timestamp()):
            return refusal(
                self._desk,
                status=429,
                heading=tr("Too many complaints from your network"),
                words=tr("Wait some minutes, or write to %(contact)s.", contact=self._desk.contact),
                rule="too-often",
                later_s=60,
            )
        fields: dict[str, str] = {}
        try:
            fields = _fields(asked)
            try:
                target = target_of(fields.get("target", ""))
            except InputError as error:
                raise RefusedComplaintError("target", str(error)) from error
            # The number is a digest of the token, so who reads the case's files cannot open the
            # complainant's page.
            token = secrets.token_hex(16)
            complaint = complaint_of(
                number=number_of(token),
                target=target,
                standing=fields.get("standing", ""),
                text=fields.get("text", "").replace("\r\n", "\n"),
                mail=fields.get("mail", "").strip(),
                at=now,
            )
            self._keep(self._shelf_for(target, now), complaint)
        except RefusedComplaintError as error:
            return self._form(fields, error=error)
        except StorageError:
            return refusal(
                self._desk,
                status=503,
                heading=tr("Your complaint cannot be taken now"),
                words=tr(
                    "Send it by mail to %(contact)s, or try again later.",
                    contact=self._desk.contact,
                ),
                rule="busy",
                later_s=_BUSY_S,
            )
        return page(
            "receipt",
            self._desk,
            status=201,
            number=complaint.number,
            token=token,
            target=complaint.target,
            at=moment(now),
        )

    def _shelf_for(self, target: str, now: datetime) -> Shelf:
        """Return the folder of the case that blocks a target, or blocked it.

        Where some lists are secret, a complaint about any name is taken: to refuse it would say
        that no list has the name. It goes where the secrets are, whose case says no more of it.
        """
        known = [self._look_up.shelf_of(target, now), *self._look_up.secret_shelves()]
        shelf = next((shelf for shelf in known if shelf is not None), None)
        if shelf is None:
            raise RefusedComplaintError("no-entry", f"no list of ours has or had {target}")
        return shelf

    def _keep(self, shelf: Shelf, complaint: Complaint) -> None:
        """Put a complaint into a folder that has room for it.

        The folders that keep secrets are full together: else whoever fills the one that takes any
        complaint could see which complaints go into another.
        """
        secret = self._look_up.secret_shelves()
        together = secret if shelf in secret else (shelf,)
        if any(len(each.files.names("complaints")) >= MOST_WAITING for each in together):
            raise StorageError("the form is flooded")
        shelf.files.write(f"complaints/{complaint.number}.json", complaint.body())

    def _form(
        self, fields: dict[str, str], *, error: RefusedComplaintError | None = None
    ) -> Answered:
        return page(
            "complaint",
            self._desk,
            status=200 if error is None else 422,
            keeps=error is None and not fields.get("target"),
            target=fields.get("target", "")[:2_000],
            standing=fields.get("standing", ""),
            text=fields.get("text", "")[:MOST_TEXT],
            mail=fields.get("mail", "")[:254],
            most=MOST_TEXT,
            fault="" if error is None else _words(error),
            rule="" if error is None else error.rule,
        )

    def _state(self, token: str) -> Answered:
        number, secret = number_of(token), self._look_up.secret_shelves()
        for shelf in self._look_up.shelves() if is_token(token) else ():
            if shelf.files.stamp(f"complaints/{number}.json") is not None:
                # Where some lists are secret, one folder may be emptied sooner than another.
                state = "filed" if shelf in secret else "received"
                return page("state", self._desk, decision=Decision(number=number, state=state))
            decision = _decision(shelf.files, number)
            if decision is not None:
                return page("state", self._desk, decision=decision)
        return refusal(
            self._desk,
            status=404,
            heading=tr("There is no such complaint"),
            words=tr("Compare the link with the one of your receipt."),
            rule="",
        )


def _decision(files: PublicFiles, number: str) -> Decision | None:
    try:
        decision = parsed_json(files.read(f"decisions/{number}.json") or b"null")
        if not isinstance(decision, dict) or decision["state"] not in _STATES:
            return None
        return Decision(
            number=number,
            state=str(decision["state"]),
            target=str(decision["target"]),
            due=str(decision.get("due") or ""),
            due_confirmed=decision.get("due_confirmed") is not False,
            why=str(decision.get("why") or ""),
        )
    except (CauteryError, ValueError, KeyError, RecursionError):
        return None


def _fields(asked: Asked) -> dict[str, str]:
    media_type = asked.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise RefusedComplaintError("form", "this is not what the form sends")
    try:
        pairs = parse_qsl(
            asked.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=False,
            errors="strict",
            max_num_fields=20,
        )
    except ValueError as error:
        raise RefusedComplaintError("form", "this is not what the form sends") from error
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


def _words(error: RefusedComplaintError) -> str:
    texts = {
        "no-entry": tr(
            "No list of ours has this name or address, or had it in the last weeks, so we cannot "
            "unblock it. Ask your access provider who blocks it."
        ),
        "target": tr("Write one name such as www.example.org, one address, or a link."),
        "text": tr("Write in a sentence why the block is wrong."),
        "mail": tr("The mail address is not valid; leave it out, or correct it."),
        "standing": tr("Say who you are."),
        "too-long": tr("The text is too long."),
    }
    return texts.get(error.rule, tr("This is not what the form sends; fill it in again."))
