"""Every value that crosses the contract between the core and a connector. All frozen; nothing here acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import pandas

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Action(StrEnum):
    ADD = "add"
    REMOVE = "remove"


class Purpose(StrEnum):
    TARGET = "target"
    EXCLUDE = "exclude"


# --- reading -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next read of a root resumes. `value` is the source's own text; the core only keeps it."""

    value: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """A value or a row that could not be used: where it stands and why. Never holds a person's data."""

    place: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one step of a read yields: frames by stream (an orders page carries its lines and refunds).

    A frame has the stream's columns or fewer (missing ones are null), values as text or typed, and may carry
    `place` and `phone_country` (see streams.py). `cursor` stands only where resuming after this page is safe.
    """

    frames: Mapping[str, pandas.DataFrame]
    cursor: Cursor | None = None
    flaws: Sequence[Flaw] = ()


class Jobs(Protocol):
    """A source's memory of the platform's long jobs, kept in the ledger so that a restart resumes them."""

    def get(self, name: str) -> tuple[str, Mapping[str, Any]] | None:
        """The id and detail last put under `name`, or None."""

    def put(self, name: str, id: str, detail: Mapping[str, Any] = _NOTHING) -> None:
        """Remember a job before it is polled."""

    def drop(self, name: str) -> None:
        """Forget a job that is through."""


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a shop's platform asks for on behalf of a customer, or of itself: normalised no more than its own text.

    `erase` and `access` are about one customer, `erase_source` about everything that the source ever gave.
    """

    kind: Literal["erase", "erase_source", "access"]
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_ids: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"PrivacyRequest({self.kind})"


# --- writing -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Facts a platform can match on: normalised, plain, best first. A connector hashes where its platform wants it."""

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    external_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    city: str | None = None
    region: str | None = None
    postal_code: str | None = None
    country: str | None = None
    birth_date: date | None = None
    gender: str | None = None

    def __repr__(self) -> str:
        return f"Identifiers({len(self.emails)} emails, {len(self.phones)} phones)"


@dataclass(frozen=True, slots=True)
class Member:
    """A person to add to or remove from an audience. `person` is segsync's key and means nothing to the platform."""

    person: str
    identifiers: Identifiers
    platform_id: str | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """What the config wants to exist on the platform. `id` is the platform's own, once segsync knows it."""

    name: str
    id: str | None = None
    description: str = ""
    purpose: Purpose = Purpose.TARGET
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AudienceRef:
    """An audience that exists: the platform's id and the name it has there now."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Batch:
    """The members of one call: one audience, one action. For removals, identifiers are those that were sent."""

    id: str
    seq: int
    audience: AudienceRef
    action: Action
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a platform gives instead of an answer. `due_at`: not worth asking before; `detail`: the connector's own."""

    id: str
    taken_at: datetime
    due_at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A member that the platform refused. `reason` is the platform's words; `retry` says that time alone may help."""

    person: str
    reason: str
    code: str = ""
    retry: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: every person of it is in exactly one of accepted, rejects, pending.

    `accepted` maps each person to the platform's id of them where the platform told it. A receipt with pending
    members carries the ticket to settle them by.
    """

    batch_id: str
    accepted: Mapping[str, str | None] = field(default_factory=dict)
    rejects: Sequence[Reject] = ()
    pending: frozenset[str] = frozenset()
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody whom an audience was seen to hold, when it was read back."""

    platform_id: str
    identifiers: Identifiers


@dataclass(frozen=True, slots=True)
class Listed:
    """Something of the platform's that a config may name: its id, its name there, and whether it is in use now."""

    id: str
    name: str
    live: bool | None = None  # None: the platform does not say


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a push costs under the platform's limits: requests, and the seconds they take at the allowed pace."""

    requests: int
    seconds: float
