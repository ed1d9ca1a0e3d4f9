"""The ledger's tables. Small transactions on SQLite now; nothing here is SQLite's own.

Times are UTC ISO 8601 text, so that every engine sorts and prints them alike; details are JSON text.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, UniqueConstraint

VERSION = 1

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
