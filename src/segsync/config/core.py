"""The core's own keys: each a field with a description and an example, from which error texts are made as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import pycountry
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from segsync.config.words import suggestion
from segsync.model import Purpose
from segsync.options import Span

NAME = re.compile(r"(?!.*__)[a-z][a-z0-9_]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        ends = {zone.rpartition("/")[2]: zone for zone in sorted(available_timezones())}
        close = suggestion(name, ends.values(), cutoff=0.8) or ends.get(suggestion(name, ends, cutoff=0.8) or "")
        hint = f"; did you mean `{close}`?" if close else ""
        raise ValueError(f"is no IANA time zone{hint}") from None
    return name


def _currency(code: str) -> str:
    if pycountry.currencies.get(alpha_3=code.upper()) is None:
        raise ValueError("is no ISO 4217 currency, which has three letters")
    return code.upper()


def _country(code: str) -> str:
    if len(code) != 2 or pycountry.countries.get(alpha_2=code.upper()) is None:
        raise ValueError("is no ISO 3166-1 country, which has two letters")
    return code.upper()


def _no_flag(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is true or false where a number belongs")
    return value


def _name(value: str) -> str:
    if not NAME.fullmatch(value):
        raise ValueError("is no name, which starts with a-z and holds a-z, 0-9 and single _")
    return value


Zone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Country = Annotated[str, AfterValidator(_country)]
Name = Annotated[str, AfterValidator(_name)]
Share = Annotated[float, BeforeValidator(_no_flag), Field(ge=0, le=1, allow_inf_nan=False)]
Multiple = Annotated[float, BeforeValidator(_no_flag), Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_no_flag), Field(ge=0)]
Rate = Annotated[Decimal, BeforeValidator(_no_flag), Field(gt=0, allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1, max_length=500)]


class Keys(BaseModel):
    """Keys of one part of the file. Whoever validates forbids others."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="forbid")


class Shop(Keys):
    """What the numbers mean."""

    timezone: Zone = Field(description="the shop's time zone: where its days begin", examples=["America/New_York"])
    currency: Currency = Field(description="the shop's currency, ISO 4217", examples=["USD"])
    country: Country | None = Field(default=None, description="the shop's country, ISO 3166-1", examples=["US"])
    rates: Mapping[Currency, Rate] = Field(
        default_factory=dict, description="other currencies: one unit of each in the shop's", examples=[{"EUR": 1.08}]
    )


class Identity(Keys):
    """How customers are joined."""

    max_customers: Annotated[int, BeforeValidator(_no_flag), Field(ge=2)] = Field(
        default=10, description="the most customers that are believed to be one person", examples=[10]
    )


class Guards(Keys):
    """When a plan looks like an accident."""

    max_removed: Share = Field(
        default=0.2, description="the share of what is held that one push may remove: 0.2 is 20 %", examples=[0.2]
    )
    max_added: Multiple = Field(
        default=2.0, description="what one push may add, as a multiple of what is held", examples=[2.0]
    )
    guard_floor: Count = Field(default=50, description="changes of fewer people are never stopped", examples=[50])
    max_new_profiles: Count | None = Field(
        default=None, description="the most profiles that one push may create", examples=[1000]
    )
    max_rejected: Share = Field(
        default=0.01, description="the share of rejects above which a run ends with exit code 6", examples=[0.01]
    )
    max_stale: Span = Field(
        default=timedelta(days=3), description="how old a source's last pull may be", examples=["3d"]
    )


class Retention(Keys):
    """How long records and details are kept."""

    records: Span | None = Field(
        default=None, description="drop orders, refunds and checkouts that are older", examples=["1825d"]
    )
    events: Span | None = Field(default=None, description="drop events that are older", examples=["400d"])
    ledger: Span | None = Field(
        default=None, description="drop the details of runs that are older; totals stay", examples=["400d"]
    )


class Privacy(Keys):
    """How people who asked to be forgotten are kept out."""

    forget_key: Annotated[str, Field(pattern=r"^file:.+")] | None = Field(
        default=None,
        description="where the key stands that hides the names of forgotten people, if in a file",
        examples=["file:/run/secrets/segsync_forget_key"],
    )


class Store(Keys):
    """Where records and people live."""

    memory_limit: Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*[KMGTkmgt]i?[Bb]$")] | None = Field(
        default=None, description="the most memory that the warehouse may take", examples=["4GB"]
    )


class SourceKeys(Keys):
    connector: str | None = Field(
        default=None, description="what reads it; the section's name if left out", examples=["files"]
    )
    timezone: Zone | None = Field(
        default=None, description="the zone of its times, where not the shop's", examples=["Europe/Berlin"]
    )
    currency: Currency | None = Field(default=None, description="its currency, where not the shop's", examples=["EUR"])
    ids_every: Span | None = Field(
        default=None, description="how often to look for customers who have vanished from it", examples=["7d"]
    )
    keep_records: Span | None = Field(
        default=None, description="as `records` in [retention], for this source", examples=["1825d"]
    )
    keep_events: Span | None = Field(
        default=None, description="as `events` in [retention], for this source", examples=["400d"]
    )


class DestinationKeys(Keys):
    connector: str | None = Field(
        default=None, description="what writes to it; the section's name if left out", examples=["klaviyo"]
    )


class TraitKeys(Keys):
    value: Annotated[str, Field(min_length=1)] = Field(
        description="what the trait is for a person, in the language of rules",
        examples=["sum(orders_placed.amount, date >= -365d)"],
    )
    description: str | None = Field(
        default=None, description="what the trait means", examples=["Money spent within a year"]
    )


class SegmentKeys(Keys):
    label: Words | None = Field(default=None, description="the segment's name for people", examples=["VIP customers"])
    description: str | None = Field(
        default=None, description="what the segment is for", examples=["Our best customers"]
    )
    rule: Annotated[str, Field(min_length=1)] = Field(
        description="the condition that makes a member", examples=["number_of_orders >= 3"]
    )
    renamed_from: Name | None = Field(
        default=None, description="the segment's former name, whose audiences it takes over", examples=["vip"]
    )


class SyncKeys(Keys):
    audience: Words | None = Field(
        default=None,
        description="the audience's name on the platform; the segment's label if left out",
        examples=["VIP customers"],
    )
    description: str | None = Field(
        default=None, description="what the platform is told about it", examples=["Made by segsync"]
    )
    purpose: Purpose = Field(default=Purpose.TARGET, description="what the audience is used for", examples=["target"])
    mode: Literal["mirror", "add-only"] = Field(
        default="mirror", description="add and remove, or never remove", examples=["mirror"]
    )
    consent: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="the consent a member must have given: email, sms, ads, none, or a rule",
        examples=["email"],
    )
    adopt: bool = Field(
        default=False, description="may segsync take over an audience that it did not create?", examples=[True]
    )
    owned: bool = Field(
        default=False,
        description="is everybody in the audience ours to remove, also who was put there by others?",
        examples=[True],
    )
    leave_after: Span | None = Field(
        default=None,
        description="how long somebody must be out of the segment before they are removed",
        examples=["7d"],
    )
    verify_every: Span = Field(
        default=timedelta(days=1), description="how often to see that the audience still exists", examples=["1d"]
    )
    max_removed: Share | None = Field(default=None, description="as in [guards], for this sync", examples=[0.2])
    max_added: Multiple | None = Field(default=None, description="as in [guards], for this sync", examples=[2.0])
