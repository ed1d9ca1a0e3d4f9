"""Putting people into a list: a few one by one, many through bulk imports that are settled later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from segsync.model import AudienceRef, Batch, Member, Receipt, Reject, Ticket
from segsync_klaviyo import limits, wire
from segsync_klaviyo.api import Answer, Api
from segsync_klaviyo.membership import Membership
from segsync_klaviyo.rows import Row, rows_of

ROUNDS: Final = 25  # how often a bulk import is sent again without the rows that Klaviyo pointed at
PAGE: Final = 100
UNTOLD: Final = "Klaviyo reported failures in this import without saying whose; it will be sent again"


@dataclass(slots=True)
class Outcome:
    """What became of rows, gathered while working through them."""

    accepted: dict[str, str | None] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)


class Adds:
    """The add side of the destination. `phones_beside_emails`: see rows.py."""

    def __init__(self, api: Api, membership: Membership, *, phones_beside_emails: bool) -> None:
        self._api = api
        self._membership = membership
        self._beside = phones_beside_emails

    def push(self, batch: Batch, now: datetime) -> Receipt:
        rows, rejects = rows_of(batch.members, phones_beside_emails=self._beside)
        if len(rows) <= limits.SINGLY:
            outcome = self._singly(batch.audience, rows)
            return Receipt(batch.id, outcome.accepted, [*rejects, *outcome.rejects])
        jobs: list[tuple[str, Sequence[Row]]] = []
        for part, body in wire.bulk_imports(rows, batch.audience.id):
            job_id, sent, refused = self._start(batch.audience, part, body)
            rejects += refused
            if job_id is not None:
                jobs.append((job_id, sent))
        if not jobs:
            return Receipt(batch.id, rejects=rejects)
        pending = frozenset(person for _, sent in jobs for row in sent for person in row.persons)
        return Receipt(batch.id, rejects=rejects, pending=pending, ticket=_ticket(jobs, now))

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        ids = [str(id) for id in ticket.detail["jobs"]]
        jobs = [self._job(id) for id in ids]
        if any(job is not None and not job.ended for job in jobs):
            return None
        total = Outcome()
        for job, members in zip(jobs, _shares(ticket, batch.members), strict=True):
            outcome = self._settled(batch.audience, job, members)
            total.accepted.update(outcome.accepted)
            total.rejects += outcome.rejects
        return Receipt(batch.id, total.accepted, total.rejects)

    # --- one by one ------------------------------------------------------------------------------------------

    def _singly(self, ref: AudienceRef, rows: Iterable[Row]) -> Outcome:
        """Import each row's profile, then put their ids into the list."""
        outcome = Outcome()
        persons: dict[str, list[str]] = {}
        queue = list(rows)
        while queue:
            row = queue.pop(0)
            answer = self._import(row)
            if answer.status in (200, 201):
                found = str(answer.resource["id"])
                self._membership.remember(row, found)
                persons.setdefault(found, []).extend(row.persons)
                continue
            retries, rejects = _without_phone(row, answer)
            queue[:0] = retries
            outcome.rejects += rejects
        gone = self._membership.add(ref, list(persons))
        for found, who in persons.items():
            if found in gone:
                reason = "the profile vanished from Klaviyo while it was being added"
                outcome.rejects += [Reject(person, reason, code="profile_gone", retry=True) for person in who]
            else:
                outcome.accepted.update(dict.fromkeys(who, found))
        return outcome

    def _import(self, row: Row) -> Answer:
        body = wire.encoded(wire.single_import(row))
        return self._api.call(
            "POST", "/api/profile-import", limits.PROFILE_IMPORT, expect=(200, 201, 400, 409), body=body
        )

    # --- in bulk ---------------------------------------------------------------------------------------------

    def _start(
        self, ref: AudienceRef, rows: Sequence[Row], body: bytes
    ) -> tuple[str | None, Sequence[Row], list[Reject]]:
        """Start one import; the job's id, the rows it took, and rejects for those that had to be left out.

        Klaviyo takes all of an import or none of it, and points at the rows that it cannot read.
        """
        rejects: list[Reject] = []
        path = "/api/profile-bulk-import-jobs"
        for _ in range(ROUNDS):
            answer = self._api.call("POST", path, limits.JOB_CREATE, expect=(202, 400, 404), body=body)
            if answer.status == 202:
                return str(answer.resource["id"]), rows, rejects
            mended, refused = self._mended(ref, rows, answer)
            rejects += refused
            imports = list(wire.bulk_imports(mended, ref.id))
            if not imports:
                return None, [], rejects
            (rows, body), *overflow = imports
            rejects += _refused_for_now((row for part, _ in overflow for row in part), "the import grew too large")
        return None, [], rejects + _refused_for_now(rows, f"Klaviyo refused this import {ROUNDS} times for other rows")

    def _mended(self, ref: AudienceRef, rows: Sequence[Row], answer: Answer) -> tuple[list[Row], list[Reject]]:
        """The rows to send again after Klaviyo refused an import, and rejects for those that it pointed at."""
        about_list = answer.status == 404 or any(complaint.about_list for complaint in answer.complaints)
        if about_list:
            self._membership.must_exist(ref)
        faults: dict[int, wire.Complaint] = {}
        for complaint in answer.complaints:
            if complaint.row is not None and complaint.row < len(rows):
                faults.setdefault(complaint.row, complaint)
        if not faults:
            return [], _refused_for_now(rows, answer.words)
        kept, rejects = [], []
        for place, row in enumerate(rows):
            if place not in faults:
                kept.append(row)
                continue
            better, refused = _mend(row, faults[place])
            kept += better
            rejects += refused
        return kept, rejects

    # --- settling --------------------------------------------------------------------------------------------

    def _job(self, id: str) -> wire.JobState | None:
        """The state of an import; None where Klaviyo has forgotten it."""
        answer = self._api.get(f"/api/profile-bulk-import-jobs/{wire.segment(id)}", limits.JOB, missing=True)
        return wire.job(answer.resource) if answer.status == 200 else None

    def _settled(self, ref: AudienceRef, job: wire.JobState | None, members: Sequence[Member]) -> Outcome:
        """What an import that ended did for each of its members."""
        if job is None or job.status == "cancelled":
            what = "Klaviyo no longer knows this import" if job is None else "Klaviyo cancelled this import"
            code = "import_forgotten" if job is None else "import_cancelled"
            return Outcome(rejects=[Reject(m.person, f"{what}; it will be sent again", code, True) for m in members])
        if job.failed == 0 and job.adds_up:
            return Outcome(accepted={member.person: None for member in members})
        rows = _Index(rows_of(members, phones_beside_emails=self._beside)[0])
        errors = self._errors(job.id)
        failed: dict[Row, wire.Complaint] = {}
        for error in errors:
            row = rows.find(*wire.failed_identifiers(error))
            if row is not None:
                failed.setdefault(row, error)
        outcome = self._repaired(ref, failed)
        rest = [row for row in rows.all if row not in failed]
        if len(failed) == len(errors) == job.failed and job.adds_up:
            outcome.accepted.update({person: None for row in rest for person in row.persons})
        else:
            self._verified(job, rest, outcome)
        return outcome

    def _repaired(self, ref: AudienceRef, failed: Mapping[Row, wire.Complaint]) -> Outcome:
        """Failed rows again by their e-mail alone, where the phone was the trouble; rejects for the others."""
        again: list[Row] = []
        rejects: list[Reject] = []
        for row, complaint in failed.items():
            better, refused = _mend(row, complaint)
            again += better
            rejects += refused
        outcome = self._singly(ref, again)
        outcome.rejects += rejects
        return outcome

    def _verified(self, job: wire.JobState, rows: Iterable[Row], outcome: Outcome) -> None:
        """Klaviyo's count of failures and its list of them differ: accept only whom the import shows as done."""
        done: dict[str, str] = {}
        query = wire.query(page_size=PAGE, fields_profile="email,phone_number")
        path = f"/api/profile-bulk-import-jobs/{wire.segment(job.id)}/profiles?{query}"
        for page in self._api.pages(path, limits.JOB_PROFILES):
            for seen in map(wire.present, page.resources):
                done.update(dict.fromkeys([*seen.identifiers.emails, *seen.identifiers.phones], seen.platform_id))
        for row in rows:
            found = done.get(wire.folded(row.email) if row.email else row.phone or "")
            if found is not None:
                outcome.accepted.update(dict.fromkeys(row.persons, found))
            else:
                outcome.rejects += row.rejected(UNTOLD, "import_unclear", retry=True)

    def _errors(self, job_id: str) -> list[wire.Complaint]:
        path = f"/api/profile-bulk-import-jobs/{wire.segment(job_id)}/import-errors?{wire.query(page_size=PAGE)}"
        pages = self._api.pages(path, limits.JOB_ERRORS)
        return [error for page in pages for error in wire.import_errors(page.document)]


class _Index:
    """Rows by the identifiers that an error names."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.all = rows
        self._emails = {wire.folded(row.email): row for row in rows if row.email}
        self._phones = {row.phone: row for row in rows if row.phone}

    def find(self, email: str | None, phone: str | None) -> Row | None:
        return self._emails.get(email) if email is not None else self._phones.get(phone or "")


def _without_phone(row: Row, answer: Answer) -> tuple[list[Row], list[Reject]]:
    """After a refused single import: rows to try instead, and rejects."""
    complaints = answer.complaints or [wire.Complaint("", answer.words)]
    worst = next((one for one in complaints if not one.about_phone), complaints[0])
    if answer.status == 409:
        worst = replace(worst, code="duplicate_profile")
    return _mend(row, worst)


def _mend(row: Row, complaint: wire.Complaint) -> tuple[list[Row], list[Reject]]:
    """What to send in place of a refused row, and rejects for whom nothing is left to try.

    A conflict (the phone is another profile's) ends with each identifier standing for itself; a phone that Klaviyo
    cannot dial is left out. Profiles are never merged: Klaviyo's merge cannot be undone.
    """
    alone = row.phone_alone()
    if complaint.about_email and row.email is not None:
        refused = [Reject(person, complaint.words, complaint.code) for person in row.by_email]
        return ([alone] if alone else []), refused
    if row.email is None or row.phone is None or not (complaint.is_conflict or complaint.about_phone):
        return [], row.rejected(complaint.words, complaint.code or "refused")
    if complaint.is_conflict:
        return [row.without_phone(), *([alone] if alone else [])], []
    return [row.without_phone()], [Reject(person, complaint.words, complaint.code) for person in row.by_phone]


def _refused_for_now(rows: Iterable[Row], reason: str) -> list[Reject]:
    return [reject for row in rows for reject in row.rejected(reason, "import_refused", retry=True)]


def _ticket(jobs: Sequence[tuple[str, Sequence[Row]]], now: datetime) -> Ticket:
    """`shares` says which members each job carries, where there are several jobs."""
    ids = [id for id, _ in jobs]
    detail: dict[str, object] = {"jobs": ids}
    if len(jobs) > 1:
        detail["shares"] = [[person for row in sent for person in row.persons] for _, sent in jobs]
    seconds = 2 + sum(len(sent) for _, sent in jobs) / 500
    return Ticket(ids[0], now, now + timedelta(seconds=seconds), detail)


def _shares(ticket: Ticket, members: Sequence[Member]) -> list[Sequence[Member]]:
    """The members of each job of the ticket."""
    shares = ticket.detail.get("shares")
    if shares is None:
        return [members]
    by_person = {member.person: member for member in members}
    return [[by_person[person] for person in share if person in by_person] for share in shares]
