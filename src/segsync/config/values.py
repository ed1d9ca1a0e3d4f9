"""What the rest of segsync sees of a configuration: checked, frozen, and without a single secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel

from segsync.config.core import Guards, Identity, Retention, Shop, Store
from segsync.model import Purpose
from segsync.spec import ConsentRule, Spec

KeyPath = tuple[str | int, ...]
Mode = Literal["mirror", "add-only"]
ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Section:
    """One source or destination. `options` is an instance of `spec.options`; references are `file:` texts."""

    name: str
    connector: str
    spec: Spec
    options: BaseModel
    secret_references: Mapping[str, str]
    timezone: str | None = None  # a source's own, where it differs from the shop's
    currency: str | None = None
    ids_every: timedelta | None = None  # a source's own, where it differs from its spec's
    keep_records: timedelta | None = None  # a source's own, where they differ from [retention]
    keep_events: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """The standing pairing of a segment with a destination."""

    segment: str
    destination: str
    audience: str
    description: str | None
    purpose: Purpose
    mode: Mode
    consent: ConsentRule  # `none` where a rule says who has given it
    consent_rule: str | None
    adopt: bool
    owned: bool  # also who was put there by others is removed
    leave_after: timedelta | None  # how long somebody must be out before they are removed
    verify_every: timedelta
    max_removed: float | None  # a share of what is held; None for the guards' own
    max_added: float | None
    options: BaseModel | None  # an instance of the connector's `sync_options`, where it has some

    @property
    def consent_name(self) -> str:
        """What the sync's rule of consent is called among the segments' rules: no segment can be called so."""
        return f"{self.segment}__{self.destination}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A named rule, as text; `to` holds its syncs by destination."""

    name: str
    label: str | None
    description: str | None
    rule: str
    renamed_from: str | None
    to: Mapping[str, Sync]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that was configured. `home` is where relative paths start; `state_dir` need not exist yet."""

    path: Path
    home: Path
    state_dir: Path
    environment: str | None
    shop: Shop
    identity: Identity
    guards: Guards
    retention: Retention
    warehouse: Store
    forget_key: str | None  # a `file:` reference to the secret that names of forgotten people are hidden by
    sources: Mapping[str, Section]
    destinations: Mapping[str, Section]
    traits: Mapping[str, str]  # the user's own: name to the text of its value
    segments: Mapping[str, Segment]
    places: Callable[[KeyPath], tuple[str, int | None]] = field(repr=False, compare=False)

    @property
    def consents(self) -> dict[str, str]:
        """The rules of consent, each by its `consent_name`."""
        syncs = (sync for segment in self.segments.values() for sync in segment.to.values())
        return {sync.consent_name: sync.consent_rule for sync in syncs if sync.consent_rule is not None}

    def line(self, path: KeyPath) -> int | None:
        """The line on which a key, such as `("segments", "vip", "rule")`, stands in its file; None where in none."""
        return self.places(path)[1]

    def place(self, path: KeyPath) -> str:
        """How a message names a key: by its dotted path, its file where that is not `path`, or its variable."""
        return self.places(path)[0]


def below(written: Any, part: str | int) -> Any:
    """What a table holds under a key, or a list at an index; ABSENT if nothing."""
    if isinstance(written, Mapping):
        return written.get(part, ABSENT)
    if isinstance(written, (list, tuple)) and isinstance(part, int) and part < len(written):
        return written[part]
    return ABSENT


def at(written: Any, path: KeyPath) -> Any:
    """What stands at a path; ABSENT if nothing."""
    for part in path:
        written = below(written, part)
    return written
