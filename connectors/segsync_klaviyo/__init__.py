"""Klaviyo lists as a destination: options, spec, and the connector itself."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

from segsync.contract import Connector
from segsync.options import BaseUrl
from segsync.spec import SecretSpec, Spec, Writes
from segsync_klaviyo import limits
from segsync_klaviyo.api import REVISION
from segsync_klaviyo.destination import BROWSES, KlaviyoLists

if TYPE_CHECKING:
    from segsync.clock import Clock
    from segsync.contract import Sandbox

__all__ = ["Options", "SyncOptions", "connector", "spec"]


class Options(BaseModel):
    """What `[destinations.klaviyo]` may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: BaseUrl = Field(
        default="https://a.klaviyo.com",
        description="Where Klaviyo's API is. Change it only to talk to a sandbox.",
        examples=["http://127.0.0.1:8808/klaviyo"],
    )
    phones: Literal["without_email", "always"] = Field(
        default="without_email",
        description=(
            "Which phones are sent: only those of people who have no e-mail, or also beside e-mails. Klaviyo takes "
            "an e-mail and a phone that come together for one person: with `always` it may give an existing "
            "profile that has this phone a new e-mail."
        ),
        examples=["always"],
    )


class SyncOptions(BaseModel):
    """What a sync to Klaviyo may add."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    list_id: str | None = Field(
        default=None,
        description=(
            "The list to fill, by the id in its address in Klaviyo, instead of by the audience's name. Such a list "
            "keeps its name, whatever the config calls it."
        ),
        examples=["Y6nRLr"],
    )


spec = Spec(
    name="klaviyo",
    summary="Klaviyo lists: members are added by e-mail or phone, and removed again; consent is never touched.",
    options=Options,
    secrets=(
        SecretSpec(
            "api_key",
            "A private API key (pk_…) with full access to lists and profiles and read access to flows; "
            "in Klaviyo under Settings > API keys.",
        ),
    ),
    writes=Writes(
        max_batch=limits.MAX_BATCH,
        identifiers={"email": 1, "phone": 1},
        keyed_by="profile",
        consent="email",
        estimate=limits.estimate,
        creates_profiles=True,
        settles=True,
        read_back=True,
        automations=True,
        renames=True,
        deletes=True,
        forgets=True,
        browses=BROWSES,
        chosen_by="list_id",
    ),
    sync_options=SyncOptions,
    limits=limits.ALL,
    api_version=REVISION,
    api_ends=date(2028, 10, 15),
    last_proven_live=None,
    notes=(
        "Being in a list is not consent: Klaviyo mails a list's members by their own consent and suppression.",
        "`segsync forget --delete-profiles` needs a key with the scope data-privacy:write, too. Klaviyo deletes some "
        "time after it took the request, and does not say when; it shows deleted profiles on a page of its own.",
        "Deleting a list deletes none of its profiles; the flows that it set off stop.",
        'Flows set off by "added to list" run for everybody who joins, also at the first push.',
        "Where an e-mail and a phone belong to two profiles in Klaviyo, the e-mail's profile joins the list.",
        "Somebody in Klaviyo who changes a profile's e-mail hides it from removals that were planned by the old one.",
        "Limits count per account: other tools that use Klaviyo's API at the same time make a push slower.",
    ),
)


def _sandbox(clock: Clock) -> Sandbox:
    from segsync_klaviyo.sandbox import KlaviyoSandbox

    return KlaviyoSandbox(clock)


connector = Connector(spec, destination=KlaviyoLists, sandbox=_sandbox)
