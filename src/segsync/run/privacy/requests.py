"""What a shop's platform asks for on behalf of its customers: its message, checked, as somebody to look for."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from segsync.config import Config
from segsync.contract import PrivacyRequests
from segsync.errors import ConfigError, Problem
from segsync.model import PrivacyRequest
from segsync.run.privacy.whom import Who
from segsync.run.workspace import Setting, make_source
from segsync.warehouse import contacts
from segsync.warehouse.values import Unreadable


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked message of a source's platform. `origin` says so in a receipt."""

    source: str
    request: PrivacyRequest
    who: Who

    @property
    def origin(self) -> str:
        return f"a message of {self.source}'s platform"


def read_message(config: Config, setting: Setting, body: bytes, signature: str, source: str | None) -> Asked:
    """The message, once its signature was found to be the platform's.

    Raises AuthError where it is not, ConfigError where no source takes such messages or several might.
    """
    name = _source(config, source)
    made = make_source(config, config.sources[name], setting, {})
    try:
        request = cast(PrivacyRequests, made).privacy_request(body, signature)  # its spec says so
    finally:
        made.close()
    return Asked(name, request, _who(config, name, request))


def _source(config: Config, source: str | None) -> str:
    taking = [n for n, s in config.sources.items() if s.spec.reads is not None and s.spec.reads.privacy_requests]
    if source is not None and source not in taking:
        remedy = f"these do: {', '.join(taking) or 'none'}"
        raise ConfigError([Problem("--source", f"no source `{source}` takes such messages", remedy)])
    if source is None and len(taking) != 1:
        found = "several sources take such messages" if taking else "no source of the config takes such messages"
        remedy = f"say which: --source {taking[0]}" if taking else "such as one with the connector shopify"
        raise ConfigError([Problem("--source", found, remedy)], where="the command line")
    return source or taking[0]


def _who(config: Config, source: str, request: PrivacyRequest) -> Who:
    emails, phones = set(), set()
    with suppress(Unreadable):
        emails.add(contacts.email(request.email))
    with suppress(Unreadable):
        phones.add(contacts.phone((request.phone, config.shop.country)))
    return Who(
        emails=frozenset(filter(None, emails)),
        phones=frozenset(filter(None, phones)),
        records=frozenset({(source, request.customer_id)} if request.customer_id else ()),
        orders=frozenset((source, id_) for id_ in request.order_ids),
    )
