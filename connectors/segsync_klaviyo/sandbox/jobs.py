"""The endpoints of bulk profile imports."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request, Response

from segsync_klaviyo.sandbox import bodies
from segsync_klaviyo.sandbox.account import JOB_KEPT, Account, FailedRow, Job
from segsync_klaviyo.sandbox.answers import (
    Complaint,
    Refused,
    answer,
    collection,
    invalid,
    not_found,
    only_parameters,
    single,
    sparse,
)
from segsync_klaviyo.sandbox.filters import conditions
from segsync_klaviyo.sandbox.profiles import show_profile

ROWS = "/data/attributes/profiles/data"


def create_job(account: Account, request: Request) -> Response:
    """202, or 400 with a pointer at every row that cannot be read; then nothing of the job is accepted."""
    only_parameters(request, "fields[profile-bulk-import-job]")
    body = bodies.document(request, most_bytes=bodies.IMPORT_BYTES)
    members = frozenset({"attributes", "relationships"})
    data = bodies.resource(body["data"], "profile-bulk-import-job", "/data", members=members)
    rows = _rows(data)
    faults = [fault for place, row in enumerate(rows) for fault in bodies.profile_faults(row, f"{ROWS}/{place}")]
    if faults:
        raise Refused(400, *faults[:100])
    return answer(single(request, _show(request, account.create_job(rows, _lists(account, data)))), status=202)


def get_jobs(account: Account, request: Request) -> Response:
    only_parameters(request, "filter", "sort", "fields[profile-bulk-import-job]", "page[size]", "page[cursor]")
    jobs = list(account.jobs.values())
    for condition in conditions(request, {"status": frozenset({"equals", "any"})}):
        jobs = [job for job in jobs if job.status in condition.values]
    return answer(collection(request, jobs, lambda job: _show(request, job), default=20, most=100))


def get_job(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "include", "fields[list]", "fields[profile-bulk-import-job]")
    job = _job(account, id)
    account.poll(job)
    return answer(single(request, _show(request, job)))


def get_job_profiles(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "fields[profile]", "additional-fields[profile]", "page[size]", "page[cursor]")
    profiles = [account.profiles[one] for one in _job(account, id).profiles if one in account.profiles]
    return answer(collection(request, profiles, lambda one: show_profile(request, one), default=20, most=100))


def get_job_errors(account: Account, request: Request, id: str) -> Response:
    only_parameters(request, "fields[import-error]", "page[size]", "page[cursor]")
    errors = _job(account, id).errors
    return answer(collection(request, errors, lambda one: _show_error(request, id, one), default=20, most=100))


def _rows(data: dict[str, Any]) -> list[Any]:
    """The rows of `attributes.profiles.data`. What else stands in `attributes` is ignored, as Klaviyo does."""
    profiles = bodies.attributes(data, "/data").get("profiles")
    rows = profiles.get("data") if isinstance(profiles, dict) else None
    if not isinstance(rows, list) or not rows:
        raise invalid("'profiles.data' is a list of profiles.", pointer=ROWS, code="required")
    if len(rows) > bodies.IMPORT_ROWS:
        raise invalid(f"A maximum of {bodies.IMPORT_ROWS} profiles is allowed per job.", pointer=ROWS)
    return rows


def _lists(account: Account, data: dict[str, Any]) -> tuple[str, ...]:
    related = data.get("relationships", {})
    given = related.get("lists", {}).get("data", []) if isinstance(related, dict) else []
    ids = []
    for place, one in enumerate(given):
        at = f"/data/relationships/lists/data/{place}"
        id = bodies.resource(one, "list", at, members=frozenset({"id"})).get("id")
        if id not in account.lists:
            raise Refused(404, Complaint("not_found", "Not found.", f"List {id} does not exist.", f"{at}/id"))
        ids.append(str(id))
    return tuple(ids)


def _job(account: Account, id: str) -> Job:
    job = account.jobs.get(id)
    if job is None or account.clock.now() >= job.created + JOB_KEPT:
        raise not_found("profile-bulk-import-job", id)
    return job


def _show(request: Request, job: Job) -> dict[str, Any]:
    done = job.status == "complete"
    attributes = {
        "status": job.status,
        "created_at": job.created.isoformat(),
        "total_count": len(job.rows),
        "completed_count": len(job.rows) - len(job.errors) if done else 0,
        "failed_count": len(job.errors),
        "started_at": job.started.isoformat() if job.started else None,
        "completed_at": job.completed.isoformat() if job.completed else None,
        "expires_at": (job.created + JOB_KEPT).isoformat(),
    }
    link = f"{request.root_url}api/profile-bulk-import-jobs/{job.id}"
    return {
        "type": "profile-bulk-import-job",
        "id": job.id,
        "attributes": sparse(request, "profile-bulk-import-job", attributes),
        "relationships": {
            "lists": {"links": {"self": f"{link}/relationships/lists", "related": f"{link}/lists"}},
            "profiles": {"links": {"self": f"{link}/relationships/profiles", "related": f"{link}/profiles"}},
            "import-errors": {"links": {"related": f"{link}/import-errors"}},
        },
        "links": {"self": link},
    }


def _show_error(request: Request, job_id: str, error: FailedRow) -> dict[str, Any]:
    attributes = {
        "code": error.code,
        "title": error.title,
        "detail": error.detail,
        "source": {"pointer": error.pointer},
        "original_payload": dict(error.payload) if error.payload is not None else None,
    }
    link = f"{request.root_url}api/profile-bulk-import-jobs/{job_id}/import-errors/{error.id}"
    shown = sparse(request, "import-error", attributes)
    return {"type": "import-error", "id": error.id, "attributes": shown, "links": {"self": link}}
