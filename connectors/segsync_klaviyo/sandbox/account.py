"""What one Klaviyo account holds, and how Klaviyo recognises somebody in it. No HTTP here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from segsync.clock import Clock

CORE = ("email", "phone_number", "external_id", "first_name", "last_name", "organization", "locale", "title", "image")
IDENTIFIERS = ("email", "phone_number", "external_id")
JOB_KEPT = timedelta(days=7)


@dataclass(slots=True)
class Profile:
    """Somebody as Klaviyo knows them. `consent` is that of e-mail marketing, which no call here may change."""

    id: str
    created: datetime
    updated: datetime
    core: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(CORE))
    location: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    consent: str = "NEVER_SUBSCRIBED"
    suppressed: str | None = None  # the reason

    @property
    def label(self) -> str:
        """The e-mail, else the phone, else the id: how tests name somebody."""
        return str(self.core["email"] or self.core["phone_number"] or self.id)


@dataclass(slots=True)
class MailingList:
    """A list; `members` maps profile ids to when they joined, in that order."""

    id: str
    name: str
    opt_in_process: str
    created: datetime
    updated: datetime
    members: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """An automation that somebody's joining of a list sets off."""

    id: str
    name: str
    list_id: str
    status: str
    created: datetime
    archived: bool = False


@dataclass(frozen=True, slots=True)
class FailedRow:
    """Why a row of a job failed."""

    id: str
    code: str
    title: str
    detail: str
    pointer: str
    payload: Mapping[str, Any] | None


@dataclass(slots=True)
class Job:
    """A bulk import: rows as they were sent; worked on once it was polled often enough or is old enough."""

    id: str
    rows: list[Mapping[str, Any]]
    list_ids: tuple[str, ...]
    created: datetime
    status: str = "queued"
    polls: int = 0
    started: datetime | None = None
    completed: datetime | None = None
    profiles: list[str] = field(default_factory=list)
    errors: list[FailedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Poison:
    """The import error of whoever has it. `anonymous`: the error does not carry the row."""

    code: str
    detail: str
    anonymous: bool = False


class Conflict(Exception):
    """The identifiers given belong to two profiles; `other` is the id of the one that is not the closest match."""

    def __init__(self, other: str) -> None:
        super().__init__(other)
        self.other = other


class Account:
    """The whole state. Not thread-safe: the app holds its lock around each request."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.profiles: dict[str, Profile] = {}
        self.lists: dict[str, MailingList] = {}
        self.flows: dict[str, Flow] = {}
        self.jobs: dict[str, Job] = {}
        self.poison: dict[str, Poison] = {}  # by e-mail or phone
        self.job_polls = 2
        self.job_seconds = 5.0
        self._known: dict[tuple[str, str], str] = {}  # identifier kind and folded value to profile id
        self._made = 0

    # --- people ----------------------------------------------------------------------------------------------

    def find(self, kind: str, value: str) -> Profile | None:
        """The profile with this identifier; e-mails without regard to case."""
        id = value if kind == "id" else self._known.get((kind, _folded(kind, value)), "")
        return self.profiles.get(id)

    def upsert(self, attributes: Mapping[str, Any], *, id: str | None = None) -> tuple[Profile, bool]:
        """Create or update a profile; True where it was created.

        The id decides, else e-mail, phone and external id together. Null clears a field, a missing one stays,
        properties merge key by key. Raises Conflict where the identifiers meet in two profiles.
        """
        matches = [self.profiles[id]] if id is not None else []
        for kind in IDENTIFIERS:
            found = self.find(kind, attributes[kind]) if attributes.get(kind) else None
            if found is not None and found not in matches:
                matches.append(found)
        if len(matches) > 1:
            raise Conflict(matches[1].id)
        now = self.clock.now()
        profile = matches[0] if matches else Profile(self._id("01JW", 26), now, now)
        self.profiles[profile.id] = profile
        self._forget_identifiers(profile)
        profile.core.update({name: value for name, value in attributes.items() if name in CORE})
        profile.location.update(attributes.get("location") or {})
        profile.properties.update(attributes.get("properties") or {})
        profile.updated = now
        self._know_identifiers(profile)
        return profile, not matches

    def set_identifier(self, profile: Profile, kind: str, value: str | None) -> None:
        """What somebody does by hand in Klaviyo's own pages."""
        self._forget_identifiers(profile)
        profile.core[kind] = value
        self._know_identifiers(profile)

    def merge(self, *, source: str, into: str) -> None:
        """Klaviyo's irreversible merge: `source` is gone, its memberships move."""
        gone = self.profiles.pop(source)
        self._forget_identifiers(gone)
        for mailing_list in self.lists.values():
            joined = mailing_list.members.pop(source, None)
            if joined is not None:
                mailing_list.members.setdefault(into, joined)

    def delete_profile(self, id: str) -> None:
        self._forget_identifiers(self.profiles.pop(id))
        for mailing_list in self.lists.values():
            mailing_list.members.pop(id, None)

    def _know_identifiers(self, profile: Profile) -> None:
        for kind in IDENTIFIERS:
            if profile.core[kind]:
                self._known[kind, _folded(kind, profile.core[kind])] = profile.id

    def _forget_identifiers(self, profile: Profile) -> None:
        for kind in IDENTIFIERS:
            if profile.core[kind]:
                self._known.pop((kind, _folded(kind, profile.core[kind])), None)

    # --- lists and flows -------------------------------------------------------------------------------------

    def create_list(self, name: str, opt_in_process: str = "double_opt_in") -> MailingList:
        now = self.clock.now()
        made = MailingList(self._id("Ls", 6), name, opt_in_process, now, now)
        self.lists[made.id] = made
        return made

    def join(self, mailing_list: MailingList, ids: Iterable[str]) -> None:
        now = self.clock.now()
        for id in ids:
            mailing_list.members.setdefault(id, now)
        mailing_list.updated = now

    def create_flow(self, list_id: str, name: str, *, status: str, archived: bool = False) -> Flow:
        flow = Flow(self._id("Fl", 6), name, list_id, status, self.clock.now(), archived)
        self.flows[flow.id] = flow
        return flow

    # --- jobs ------------------------------------------------------------------------------------------------

    def create_job(self, rows: list[Mapping[str, Any]], list_ids: tuple[str, ...]) -> Job:
        job = Job(self._id("job-", 26), rows, list_ids, self.clock.now())
        self.jobs[job.id] = job
        return job

    def work(self) -> None:
        """Finish every job that is old enough."""
        now = self.clock.now()
        for job in list(self.jobs.values()):
            if job.status in ("queued", "processing") and (now - job.created).total_seconds() >= self.job_seconds:
                self._finish(job)

    def poll(self, job: Job) -> None:
        """Somebody asked: one step on."""
        job.polls += 1
        if job.status == "queued":
            job.status, job.started = "processing", self.clock.now()
        if job.status == "processing" and job.polls >= self.job_polls:
            self._finish(job)

    def _finish(self, job: Job) -> None:
        for place, row in enumerate(job.rows):
            self._import(job, place, row)
        for list_id in job.list_ids:
            if list_id in self.lists:
                self.join(self.lists[list_id], job.profiles)
        job.status, job.completed = "complete", self.clock.now()
        job.started = job.started or job.completed

    def _import(self, job: Job, place: int, row: Mapping[str, Any]) -> None:
        attributes = row["attributes"]
        spoiled = next((self.poison[v] for v in map(attributes.get, IDENTIFIERS) if v in self.poison), None)
        if spoiled is None:
            try:
                profile, _ = self.upsert({k: v for k, v in attributes.items() if v is not None}, id=row.get("id"))
            except Conflict:
                spoiled = Poison("duplicate_profile", "A profile already exists with one of these identifiers.")
            else:
                if profile.id not in job.profiles[-1:]:
                    job.profiles.append(profile.id)
                return
        pointer = f"/data/attributes/profiles/data/{place}"
        payload = None if spoiled.anonymous else row
        job.errors.append(
            FailedRow(f"{job.id}-{place}", spoiled.code, "Invalid input.", spoiled.detail, pointer, payload)
        )

    def _id(self, prefix: str, length: int) -> str:
        self._made += 1
        return prefix + str(self._made).rjust(length - len(prefix), "0")


def _folded(kind: str, value: str) -> str:
    return value.strip().lower() if kind == "email" else value.strip()
