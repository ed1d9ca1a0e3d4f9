"""What no API call does but tests and demonstrations need: what people do in Klaviyo's own pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.wrappers import Request, Response

from segsync_klaviyo.sandbox.account import Account, MailingList, Poison, Profile
from segsync_klaviyo.sandbox.answers import answer, invalid, not_found


def state(account: Account) -> dict[str, Any]:
    """Everything the account holds, as JSON values."""
    return {
        "lists": {one.id: _list(account, one) for one in account.lists.values()},
        "profiles": {one.id: _profile(one) for one in account.profiles.values()},
        "flows": {
            one.id: {"name": one.name, "list": one.list_id, "status": one.status, "archived": one.archived}
            for one in account.flows.values()
        },
        "jobs": {
            one.id: {"status": one.status, "rows": len(one.rows), "failed": len(one.errors), "lists": [*one.list_ids]}
            for one in account.jobs.values()
        },
    }


def _list(account: Account, one: MailingList) -> dict[str, Any]:
    members = sorted(account.profiles[id].label for id in one.members)
    return {"name": one.name, "opt_in_process": one.opt_in_process, "members": members, "ids": list(one.members)}


def _profile(one: Profile) -> dict[str, Any]:
    filled = {name: value for name, value in one.core.items() if value is not None}
    return {**filled, "properties": dict(one.properties), "consent": one.consent, "suppressed": one.suppressed}


# --- single deeds; each names people by e-mail or phone, and lists by id or name -----------------------------------


def profile(
    account: Account, *, consent: str = "NEVER_SUBSCRIBED", lists: tuple[str, ...] = (), **given: Any
) -> Profile:
    """Somebody who is there already, in these lists."""
    made, _ = account.upsert(given)
    made.consent = consent
    for name in lists:
        account.join(find_list(account, name), [made.id])
    return made


def suppress(account: Account, *, who: str, reason: str = "USER_SUPPRESSED") -> None:
    find_profile(account, who).suppressed = reason


def change_email(account: Account, *, who: str, to: str | None) -> None:
    account.set_identifier(find_profile(account, who), "email", to)


def delete_profile(account: Account, *, who: str) -> None:
    account.delete_profile(find_profile(account, who).id)


def merge(account: Account, *, who: str, into: str) -> None:
    account.merge(source=find_profile(account, who).id, into=find_profile(account, into).id)


def mailing_list(account: Account, *, name: str, opt_in_process: str = "double_opt_in") -> MailingList:
    return account.create_list(name, opt_in_process)


def delete_list(account: Account, *, name: str) -> None:
    del account.lists[find_list(account, name).id]


def flow(account: Account, *, list: str, name: str, status: str = "live", archived: bool = False) -> None:
    """An automation on "added to list"."""
    account.create_flow(find_list(account, list).id, name, status=status, archived=archived)


def poison(
    account: Account,
    *,
    who: str,
    code: str = "invalid",
    detail: str = "It could not be imported.",
    anonymous: bool = False,
) -> None:
    """Rows of bulk imports with this e-mail or phone fail; `anonymous` errors do not say which row it was."""
    account.poison[who] = Poison(code, detail, anonymous)


def jobs(account: Account, *, polls: int | None = None, seconds: float | None = None) -> None:
    """After how many polls, or how many seconds, an import is through."""
    account.job_polls = polls if polls is not None else account.job_polls
    account.job_seconds = seconds if seconds is not None else account.job_seconds


def cancel_jobs(account: Account) -> None:
    for job in account.jobs.values():
        if job.status != "complete":
            job.status = "cancelled"


def find_profile(account: Account, who: str) -> Profile:
    found = account.find("email", who) or account.find("phone_number", who) or account.find("id", who)
    if found is None:
        raise not_found("profile", who)
    return found


def find_list(account: Account, name: str) -> MailingList:
    found = next((one for one in account.lists.values() if name in (one.id, one.name)), None)
    if found is None:
        raise not_found("list", name)
    return found


DEEDS: Mapping[str, Callable[..., object]] = {
    deed.__name__: deed
    for deed in (
        profile,
        suppress,
        change_email,
        delete_profile,
        merge,
        mailing_list,
        delete_list,
        flow,
        poison,
        jobs,
        cancel_jobs,
    )
}


def from_request(account: Account, request: Request) -> Response:
    """`POST /klaviyo/__seed` with a list of `{"do": "profile", …arguments}`; answers the state afterwards."""
    try:
        deeds = json.loads(request.get_data())
        for deed in deeds if isinstance(deeds, list) else [deeds]:
            given = dict(deed)
            DEEDS[given.pop("do")](account, **given)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid(f"{error}; one of {', '.join(DEEDS)} with its arguments", pointer="/do") from error
    return answer(state(account))
