"""A connector's description of itself: data that the engine, the error texts and the docs pages all read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

from segsync.model import Estimate

if TYPE_CHECKING:
    from pydantic import BaseModel

ConsentRule = Literal["email", "sms", "ads", "none"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a platform lets one account call a group of endpoints: fixed windows of a second and a minute."""

    name: str
    per_second: int
    per_minute: int


@dataclass(frozen=True, slots=True)
class SecretSpec:
    """A secret that a connector needs: its option name, what it is, and where a person finds it."""

    name: str
    description: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Reads:
    """What a source can do."""

    deliverable: bool = True  # may identifiers that come from here reach a destination?
    lists_ids: bool = False  # implements ListsIds: deletions can be noticed
    ids_every: timedelta = timedelta(0)  # how often its ids are listed, unless the config says otherwise; 0: each pull
    privacy_requests: bool = False  # implements PrivacyRequests: its platform asks for people to be erased


@dataclass(frozen=True, slots=True)
class Writes:
    """What a destination can do; each field changes a decision of the engine."""

    max_batch: int  # members a push() call takes
    identifiers: Mapping[str, int]  # kind (`email`, `phone`) to how many of a member's it uses
    keyed_by: Literal["profile", "identifier"]  # does a member's identifiers meet in one profile, or stand alone?
    consent: ConsentRule  # the sync option's default
    estimate: Callable[[int, int], Estimate]  # of so many adds and removes
    facts: tuple[str, ...] = ()  # fields of Identifiers, such as `first_name`, that it uses beside identifiers
    creates_profiles: bool = False  # an add may create a profile that the platform bills
    settles: bool = False  # implements Settles: push() may answer with a ticket
    read_back: bool = False  # implements ReadBack: drift can be seen
    automations: bool = False  # implements Automations: joining may set off messages
    renames: bool = False  # implements Renames: an audience's name follows the config
    deletes: bool = False  # implements Deletes: an audience can be taken away whole
    forgets: bool = False  # implements Forgets: people can be deleted outright, not only taken out of audiences
    browses: tuple[str, ...] = ()  # what Browses can list, such as `lists`
    chosen_by: str | None = None  # the sync option that names an audience by its id: that one keeps its own name


@dataclass(frozen=True, slots=True)
class Spec:
    """Name, promises and provenance. `last_proven_live` is a date, or None for never: the README shows it."""

    name: str
    summary: str
    options: type[BaseModel]
    secrets: tuple[SecretSpec, ...] = ()
    reads: Reads | None = None
    writes: Writes | None = None
    sync_options: type[BaseModel] | None = None  # keys a sync may add for this destination
    limits: tuple[Limit, ...] = ()
    api_version: str | None = None
    api_ends: date | None = None
    last_proven_live: date | None = None
    notes: tuple[str, ...] = field(default=())  # quirks a user should know; shown on the docs page
