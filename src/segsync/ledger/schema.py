"""The ledger's tables. Small transactions on SQLite now; nothing here is SQLite's own.

Times are UTC ISO 8601 text, so that every engine sorts and prints them alike; details are JSON text.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

VERSION = 2

metadata = MetaData()

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("as_of", Text, nullable=False),
    Column("ended_at", Text),
    Column("exit_code", Integer),
    Column("summary", Text),  # one sentence
    sqlite_autoincrement=True,
)

reads = Table(  # what a run's read of one root of one source came to
    "reads",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("root", Text, primary_key=True),
    Column("records", Integer, nullable=False),
    Column("flaws", Integer, nullable=False),
    Column("ended_at", Text, nullable=False),
    Column("error", Text),
)

flaws = Table(  # the first of each read's unusable values, for `segsync rejects`
    "flaws",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("root", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("column", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("flaws_of", "source", "root", "run_id"),
)

sizes = Table(  # living records by stream after a pull, so that history needs no warehouse
    "sizes",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("records", Integer, nullable=False),
)

segment_sizes = Table(
    "segment_sizes",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("segment", Text, primary_key=True),
    Column("members", Integer, nullable=False),
    Column("entered", Integer, nullable=False),
    Column("left", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("source", Text, primary_key=True),
    Column("root", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("written_at", Text, nullable=False),
)

platform_jobs = Table(
    "platform_jobs",
    metadata,
    Column("section", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

audiences = Table(
    "audiences",
    metadata,
    Column("key", Text, primary_key=True),  # segsync's own, kept when a segment or an audience is renamed
    Column("segment", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("platform_id", Text),
    Column("making", Boolean, nullable=False),  # creation was begun: whatever has the name now is ours
    Column("ours", Boolean, nullable=False),  # made by segsync, or adopted
    Column("verified_at", Text),
    Column("held", Integer, nullable=False),
    Column("pushed_at", Text),  # the last push that ended well
    Column("pushed_run", Integer),
    Column("rule", Text),  # as it was at that push
    Column("baseline", Text),  # the sources' sizes at that push, JSON
    Column("undone", Text),  # the run whose push was undone and the rule it had followed, JSON
    Column("named", Text),  # what the config called it when its name was last followed
    Column("renaming", Text),  # a rename to this name was begun: whatever answers to it may be the one of platform_id
    UniqueConstraint("segment", "destination"),
)

plans = Table(
    "plans",
    metadata,
    Column("serial", Integer, primary_key=True),
    Column("id", Text, nullable=False),
    Column("audience", ForeignKey("audiences.key"), nullable=False),
    Column("run_id", ForeignKey("runs.id"), nullable=False),
    Column("made_at", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("stops", Text, nullable=False),  # guard to number, JSON
    Column("state", Text, nullable=False),  # shown, open, done, abandoned
    Index("plans_by_id", "id"),
    sqlite_autoincrement=True,
)

batches = Table(
    "batches",
    metadata,
    Column("seq", Integer, primary_key=True),  # only ever grows: held rows are ordered by it
    Column("plan", ForeignKey("plans.serial"), nullable=False),
    Column("audience", ForeignKey("audiences.key"), nullable=False),
    Column("number", Integer, nullable=False),  # the outbox's batch
    Column("phase", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sent_at", Text),
    Index("batches_of", "plan"),
    sqlite_autoincrement=True,
)

receipts = Table(
    "receipts",
    metadata,
    Column("batch", ForeignKey("batches.seq"), primary_key=True),
    Column("taken_at", Text, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    Column("body", Text),  # who was what, until it is folded
    Column("ticket", Text),
    Column("folded_at", Text),
    Column("elapsed", Float),
)

rejects = Table(
    "rejects",
    metadata,
    Column("audience", ForeignKey("audiences.key"), primary_key=True),
    Column("person", Text, primary_key=True),
    Column("action", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("retry", Boolean, nullable=False),
    Column("identifiers", Text, nullable=False),  # a digest of what was sent
    Column("first_run", Integer, nullable=False),
    Column("last_run", Integer, nullable=False),
    Column("last_at", Text, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("audience", ForeignKey("audiences.key"), nullable=False),
    Column("plan", Text, nullable=False),
    Column("limits", Text, nullable=False),  # guard to the largest number it lets pass, JSON
    Column("granted_at", Text, nullable=False),
    Column("expires_at", Text, nullable=False),
)

locks = Table(
    "locks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("command", Text, nullable=False),
    Column("since", Text, nullable=False),
)

suppressions = Table(  # people who must not be sent anywhere any more, as the operator named them
    "suppressions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # email, phone, person
    Column("value", Text, nullable=False),  # normalised
    Column("reason", Text),
    Column("added_at", Text, nullable=False),
    UniqueConstraint("kind", "value"),
)

suppressed_people = Table(  # whom suppressions were seen to name: other e-mails or a merge do not free them
    "suppressed_people",
    metadata,
    Column("suppression", ForeignKey("suppressions.id"), primary_key=True),
    Column("person", Text, primary_key=True),
)

erasures = Table(  # requests to forget somebody, or a whole source; nobody's data, but what a receipt needs
    "erasures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # person, source
    Column("who", Text, nullable=False),  # masked
    Column("origin", Text, nullable=False),  # how it was asked for: typed, or a platform's message
    Column("asked_at", Text, nullable=False),
    Column("erased", Text, nullable=False),  # what is gone here, by table, and what else a receipt tells, JSON
    Column("sealed", Text),  # whom it is about, encrypted; until everything here is gone
    Column("done_at", Text),  # every platform has answered for good
    sqlite_autoincrement=True,
)

forgotten = Table(  # who is kept out for good: a keyed digest of each identifier
    "forgotten",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # email, phone, customer
    Column("erasure", ForeignKey("erasures.id"), nullable=False),
)

errands = Table(  # what a platform must do for an erasure; sealed identifiers go once it has answered for good
    "errands",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("erasure", ForeignKey("erasures.id"), nullable=False),
    Column("destination", Text, nullable=False),
    Column("audience", ForeignKey("audiences.key")),  # null: delete the person at the platform
    Column("person", Text, nullable=False),
    Column("sealed", Text),
    Column("waits_for", ForeignKey("batches.seq")),  # an add of this person that the platform has not answered yet
    Column("ticket", Text),  # of the removal itself, where the platform took it for later
    Column("state", Text, nullable=False),  # pending, done, refused, out of reach
    Column("asked_at", Text),
    Column("answered_at", Text),
    Column("answer", Text),  # the platform's, in words
    sqlite_autoincrement=True,
)

written_files = Table(  # files outside the state folder that may hold people: traces with bodies
    "written_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("written_at", Text, nullable=False),
)

pruned = Table(  # what retention took away, in all
    "pruned",
    metadata,
    Column("source", Text, primary_key=True),
    Column("stream", Text, primary_key=True),
    Column("records", Integer, nullable=False),
    Column("before", Text, nullable=False),  # the day; nothing older is kept
)
