"""What connectors promise the core. Small on purpose; `segsync.testing` holds connectors to every sentence.

A connector never sleeps other than by its session's `pause`, never retries, paces, logs, prints, reads the clock other
than through its kit, or opens a connection other than through its session. It raises only errors of errors.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from segsync.model import (
    Audience,
    AudienceRef,
    Batch,
    Cursor,
    Jobs,
    Listed,
    Member,
    Page,
    Present,
    PrivacyRequest,
    Receipt,
    Ticket,
)
from segsync.spec import Spec

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

    from pydantic import BaseModel, SecretStr

    from segsync.clock import Clock
    from segsync.http import Session


class Source(Protocol):
    """Something that is read."""

    def check(self) -> Sequence[str]:
        """Prove that everything `read` needs is there. Changes nothing.

        Returns what a person should know although nothing fails, such as a right that would bring more. Raises
        AuthError if the platform refuses the credential, Unavailable if it does not answer, ConfigError if an option
        cannot be right.
        """

    def streams(self) -> frozenset[str]:
        """The streams that this source, as configured, fills. Pure."""

    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        """Yield what changed since the cursor, oldest first; everything if None. It ends or raises: never trails off.

        Reading an overlap again is allowed. A row that cannot be read is a Flaw on its page, never an exception. A long
        job of the platform is put into `jobs` before it is asked about, and dropped once its last page was taken.
        """

    def close(self) -> None: ...


class ListsIds(Protocol):
    """A source whose spec says `lists_ids`."""

    def ids(self) -> Iterator[Sequence[str]] | None:
        """Every customer id that exists now, in pages. Deletions are applied only after it ended well.

        None where this source, as configured, cannot tell: then nothing is deleted. The list is always made anew: an
        older one would miss customers who have been read since, and they would be taken for vanished.
        """


class PrivacyRequests(Protocol):
    """A source whose spec says `privacy_requests`."""

    def privacy_request(self, body: bytes, signature: str) -> PrivacyRequest:
        """What a message of the platform asks for, once its signature was checked against the connector's secret.

        Touches no network. Raises AuthError for a signature that is not the platform's, ConfigError for a body that
        is no such request or speaks of another shop than this section's.
        """


class Destination(Protocol):
    """Something that is written to."""

    def check(self) -> Sequence[str]:
        """Prove that the credential works and may write. Changes nothing.

        Returns what a person should know although nothing fails. Raises AuthError if the platform refuses it,
        Unavailable if it does not answer.
        """

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        """The audience of `wanted.id` if that is known, else the one of exactly that name, else None.

        Changes nothing. Raises AudienceMissing where the id is known and gone, ConfigError where two have the name.
        """

    def create_audience(self, wanted: Audience) -> AudienceRef:
        """Make it. Called only after `find_audience` answered None; after a lost answer the engine finds first."""

    def push(self, batch: Batch) -> Receipt:
        """Apply one batch, and account for each of its members exactly once.

        Pushing the same batch again leaves the audience as it was. The engine keeps batches within
        `spec.writes.max_batch` and does the waiting: raise Unavailable, never sleep. Raises AudienceMissing
        where the audience is gone. What was pushed never changes anybody's consent.
        """

    def close(self) -> None: ...


class Settles(Protocol):
    """A destination whose spec says `settles`."""

    def settle(self, ticket: Ticket, batch: Batch) -> Receipt | None:
        """What became of the pending members, given again in `batch`; None while the platform does not know yet."""


class ReadBack(Protocol):
    """A destination whose spec says `read_back`."""

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        """Everybody the audience holds, in pages."""


class Automations(Protocol):
    """A destination whose spec says `automations`."""

    def automations(self, audience: AudienceRef) -> Sequence[str]:
        """Names of what is live and set off by somebody joining (flows, journeys). Changes nothing."""


class Renames(Protocol):
    """A destination whose spec says `renames`."""

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        """Give the audience of `audience.id` another name; doing so twice changes nothing. Raises AudienceMissing."""


class Deletes(Protocol):
    """A destination whose spec says `deletes`."""

    def delete_audience(self, audience: AudienceRef) -> None:
        """Take the audience away; its people stay on the platform. One that is gone already is no error."""


class Forgets(Protocol):
    """A destination whose spec says `forgets`."""

    def forget(self, members: Sequence[Member]) -> Receipt:
        """Ask the platform to delete these people wherever it has them, and account for each of them once.

        Accepted means that the platform took the request. Asking again for somebody who is gone is no error.
        """


class Browses(Protocol):
    """A destination whose spec says what it `browses`."""

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        """Everything of one kind that the account has, in pages. Changes nothing."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What a connector is handed: its section of the config, its secrets, its door to the network, and time."""

    name: str  # the section's name, `shopify_eu` of [sources.shopify_eu]
    options: BaseModel  # an instance of spec.options
    secrets: Mapping[str, SecretStr]
    session: Session
    clock: Clock
    home: Path  # the folder that relative paths in options start from
    scratch: Path | None = None  # where large temporary files go; what a killed run left is gone with the next one


class Sandbox(Protocol):
    """A connector's stand-in for its platform, to be served under `/<connector>`."""

    app: WSGIApplication

    def state(self) -> Mapping[str, Any]:
        """What the platform holds, as JSON values; read by tests and shown at `/__state`."""


@dataclass(frozen=True, slots=True)
class Connector:
    """What an entry point of the group `segsync.connectors` names: the spec, and how to make each part."""

    spec: Spec
    source: Callable[[Kit], Source] | None = None
    destination: Callable[[Kit], Destination] | None = None
    sandbox: Callable[[Clock], Sandbox] | None = None  # imports its web framework only when called
