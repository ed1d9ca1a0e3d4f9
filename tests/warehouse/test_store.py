"""The file itself: private, one writer at a time, whole writes, migrations, and copies of what cannot be rebuilt."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from datetime import datetime
from decimal import Decimal

import duckdb as engine
import ibis
import pandas as pd
import pyarrow as pa
import pytest

from segsync.errors import ConfigError, GuardStop, SegsyncError, StoreBusy
from segsync.streams import COMPUTED, STREAMS
from segsync.warehouse import schema


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def held(*people: str, seq: int = 1, audience: str = "a", state: str = "held") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"audience": audience, "person": person, "platform_id": None, "identifiers": "{}", "batch_seq": seq,
             "accepted_at": datetime(2026, 6, 1), "state": state, "was": None, "value": Decimal("1.5")}
            for person in people
        ]
    )  # fmt: skip


def people(stored, **wanted) -> list[str]:
    return [r["person"] for r in stored("held") if all(r[k] == v for k, v in wanted.items())]


# --- the file ---------------------------------------------------------------------------------------------------


def test_everything_made_is_private(warehouse, land) -> None:
    land(customers=[{"customer_id": "1"}])
    with warehouse.transaction() as con:
        con.raw_sql("CREATE TABLE other AS SELECT * FROM range(100000)")
        inside = {path: mode(path) for path in warehouse.folder.rglob("*")}
    copy = warehouse.export_held()
    assert mode(warehouse.folder) == 0o700
    assert mode(warehouse.folder.parent) == 0o700
    assert inside
    assert all(found & 0o077 == 0 for found in inside.values())
    assert mode(warehouse.path) == 0o600
    assert mode(copy) == 0o600
    assert mode(copy.parent) == 0o700


def test_the_process_keeps_its_own_umask(warehouse) -> None:
    before = os.umask(0o022)
    try:
        with warehouse.session():
            pass
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_new_file_has_every_declared_table_with_its_types(warehouse) -> None:
    assert warehouse.new
    with warehouse.reading() as con:
        for name, columns in {**{n: t.schema for n, t in STREAMS.items()}, **COMPUTED}.items():
            found = {c: str(t).replace("timestamp(6)", "timestamp") for c, t in con.table(name).schema().items()}
            assert found == dict(columns)


def test_an_existing_file_is_opened_as_it_is(warehouse, reopen, land) -> None:
    land(customers=[{"customer_id": "1"}])
    again = reopen()
    assert not again.new
    assert again.migrated is None
    assert again.counts() == {"shop": {"customers": 1}}


def test_a_file_half_made_by_a_killed_process_is_made_again(tmp_path, reopen) -> None:
    folder = tmp_path / "a" / ".segsync"
    folder.mkdir(parents=True)
    (folder / "warehouse.new").write_bytes(b"half")
    (folder / "warehouse.new.wal").write_bytes(b"half")
    assert reopen().new


def test_the_log_of_a_lost_file_is_not_played_into_a_new_one(warehouse, reopen, stored) -> None:
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute(\"INSERT INTO members VALUES ('s', 'p', NULL, 1)\"); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(warehouse.path)], check=False, timeout=60)
    assert [row["person"] for row in stored("members")] == ["p"]
    warehouse.path.unlink()
    assert reopen().new
    assert stored("members") == []
    assert (warehouse.folder / "warehouse.left.wal").exists()


def test_another_store_s_file_stops_with_the_way_back(warehouse, reopen) -> None:
    with pytest.raises(GuardStop, match="adopt = true"):
        reopen(store_id="store-2")


@pytest.mark.parametrize("content", [b"", b"x", b"not a database " * 1000])
def test_a_file_that_is_no_warehouse_says_what_to_do(warehouse, reopen, content) -> None:
    warehouse.path.write_bytes(content)
    with pytest.raises(SegsyncError, match="segsync state restore") as caught:
        reopen()
    assert str(warehouse.path) in str(caught.value)


@pytest.mark.parametrize("start", [4096, 12288])
def test_a_damaged_file_says_what_to_do(warehouse, reopen, land, start) -> None:
    land(customers=[{"customer_id": "1"}])
    content = warehouse.path.read_bytes()
    warehouse.path.write_bytes(content[:start] + b"\xff" * (len(content) - start))
    with pytest.raises(SegsyncError, match="segsync state restore, segsync pull"):
        reopen()


def test_somebody_else_s_duckdb_file_is_left_alone(warehouse, reopen) -> None:
    warehouse.path.unlink()
    with engine.connect(str(warehouse.path)) as con:
        con.execute("CREATE TABLE mine (x INT)")
    with pytest.raises(SegsyncError, match="no segsync warehouse"):
        reopen()


def test_a_folder_that_cannot_be_made_is_named(tmp_path, fake_time) -> None:
    from segsync.warehouse import Warehouse

    (tmp_path / "taken").write_text("a file")
    with pytest.raises(SegsyncError, match="taken"):
        Warehouse.open(tmp_path / "taken", clock=fake_time.clock, store_id="s")


def test_a_memory_limit_that_is_none_is_explained(reopen) -> None:
    with pytest.raises(SegsyncError, match=r"\[warehouse\]"):
        reopen(memory_limit="plenty")


def test_the_memory_limit_reaches_the_engine(reopen) -> None:
    with reopen(memory_limit="512MiB").session() as con:
        found = con.raw_sql("SELECT current_setting('memory_limit'), current_setting('TimeZone')").fetchone()
    assert found == ("512.0 MiB", "UTC")


# --- versions ---------------------------------------------------------------------------------------------------


def larger(con) -> None:
    con.raw_sql("ALTER TABLE customers ADD COLUMN shoe_size INTEGER")


def test_an_older_file_is_copied_and_migrated(warehouse, reopen, land, monkeypatch) -> None:
    land(customers=[{"customer_id": "1"}])
    before = schema.version()
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, larger])
    again = reopen()
    with again.reading() as con:
        assert "shoe_size" in con.table("customers").columns
        assert schema.get(con, "schema_version") == str(before + 1)
    assert again.migrated.name == f"warehouse.v{before}.duckdb"
    assert mode(again.migrated) == 0o600
    with engine.connect(str(again.migrated), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM customers").fetchone() == (1,)
        assert con.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone() == (str(before),)
    assert reopen().migrated is None


def test_a_migration_that_fails_leaves_the_file_as_it_was(warehouse, reopen, monkeypatch) -> None:
    def second(con):
        raise OSError("the machine stops here")

    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, larger, second])
        with pytest.raises(OSError, match="stops here"):
            reopen()
    with reopen().reading() as con:
        assert "shoe_size" not in con.table("customers").columns


# The customers of version 1, as they were: what a migration starts from does not change with the program.
CUSTOMERS_V1 = """
CREATE TABLE customers (
    source VARCHAR, customer_id VARCHAR, email VARCHAR, phone VARCHAR, first_name VARCHAR, last_name VARCHAR,
    language VARCHAR, last_name_key VARCHAR, account_status VARCHAR, tags VARCHAR[], tags_key VARCHAR[],
    email_subscription_status VARCHAR, email_consent_at TIMESTAMP, sms_subscription_status VARCHAR,
    sms_consent_at TIMESTAMP, ads_consent VARCHAR, birth_date DATE, gender VARCHAR, created_at TIMESTAMP,
    created_on DATE, updated_at TIMESTAMP, deleted_at TIMESTAMP, verified_email BOOLEAN, subscriber_status VARCHAR,
    platform_scores VARCHAR, attributes VARCHAR, pulled_at TIMESTAMP, run_id BIGINT
)
"""


@pytest.fixture
def version_1(warehouse):
    """A file of version 1, with a customer in it."""
    with warehouse.transaction() as con:
        con.raw_sql("DROP TABLE customers")
        con.raw_sql(CUSTOMERS_V1)
        con.raw_sql("INSERT INTO customers (source, customer_id, email) VALUES ('shop', '1', 'ada@example.com')")
        schema.put(con, "schema_version", "1")


def test_a_file_of_version_1_takes_what_platforms_count(version_1, reopen, land, stored) -> None:
    again = reopen()
    assert again.migrated.name == "warehouse.v1.duckdb"
    with again.reading() as con:
        columns = {c: str(t).replace("timestamp(6)", "timestamp") for c, t in con.table("customers").schema().items()}
    assert columns == STREAMS["customers"].schema
    (row,) = stored("customers")
    assert (row["email"], row["platform_orders"]) == ("ada@example.com", None)
    land(customers=[{"customer_id": "2", "subscriber_status": "ACTIVE", "platform_orders": 7}])
    assert [(row["subscriber_status"], row["platform_orders"]) for row in stored("customers")] == [
        (None, None),
        ("ACTIVE", 7),
    ]


def test_a_newer_file_is_refused(warehouse, reopen) -> None:
    with warehouse.transaction() as con:
        schema.put(con, "schema_version", "99")
    with pytest.raises(ConfigError, match="upgrade"):
        reopen()


# --- one at a time ----------------------------------------------------------------------------------------------


@pytest.fixture
def holder(warehouse):
    """Another process that has the file open."""
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(warehouse.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"open\n"
        yield process
        process.stdin.close()
        process.wait(timeout=30)


@pytest.mark.parametrize("way", ["session", "reading"])
def test_a_file_that_another_process_has_is_waited_for_then_named(warehouse, holder, fake_time, way) -> None:
    with pytest.raises(StoreBusy, match=str(holder.pid)), getattr(warehouse, way)():
        pass
    assert 5 <= sum(fake_time.naps) < 6


def test_a_file_that_becomes_free_meanwhile_is_opened(warehouse, holder, fake_time) -> None:
    def sleep(seconds):
        holder.stdin.close()
        holder.wait(timeout=30)

    warehouse._clock = type(fake_time.clock)(
        now=fake_time.clock.now, monotonic=lambda: 0.0, sleep=sleep, random=lambda: 0.0
    )
    with warehouse.session() as con:
        assert con.table("people").count().execute() == 0


def test_the_file_is_free_between_statements(warehouse) -> None:
    with warehouse.session():
        pass
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('SELECT 1 FROM people')"
    subprocess.run([sys.executable, "-c", code, str(warehouse.path)], check=True, timeout=60)


def test_sessions_inside_one_another_share_the_connection(warehouse) -> None:
    with warehouse.session() as outer, warehouse.session() as inner, warehouse.reading() as innermost:
        assert outer is inner is innermost
    with warehouse.reading(), pytest.raises(RuntimeError, match="writing session"):
        warehouse.session().__enter__()


def test_threads_take_turns(warehouse) -> None:
    warehouse.write("held", held())

    def add(n):
        for i in range(3):
            warehouse.append("held", held(f"{n}-{i}"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with warehouse.reading() as con:
        assert con.table("held").count().execute() == 12


# --- computed tables --------------------------------------------------------------------------------------------


def test_a_table_is_written_whole_from_frames_and_expressions(warehouse, stored) -> None:
    warehouse.write("held", held("x", "y"))
    assert people(stored) == ["x", "y"]
    with warehouse.session() as con:
        warehouse.write("held", con.table("held").filter(lambda t: t.person == "x").mutate(batch_seq=7))
        warehouse.write("traits", con.table("held").select("person", orders=ibis.literal(3)))
        warehouse.write("traits", con.table("traits").mutate(more=ibis.literal("a")))
    assert people(stored, batch_seq=7) == ["x"]
    assert stored("traits") == [{"person": "x", "orders": 3, "more": "a"}]
    assert warehouse.exists("traits")
    assert not warehouse.exists("trait")


def test_rows_that_do_not_fit_a_declared_table_are_refused(warehouse) -> None:
    with pytest.raises(ValueError, match=r"unknown columns \['colour'\], missing columns \['was'\]"):
        warehouse.write("held", held("x").drop(columns="was").assign(colour="red"))
    with pytest.raises(pa.ArrowInvalid):
        warehouse.write("held", held("x").assign(batch_seq="many"))


def test_memory_tables_inside_an_expression_are_found(warehouse, stored) -> None:
    warehouse.write("held", held("x", "y", "z"))
    with warehouse.session() as con:
        wanted = ibis.memtable({"person": ["x", "z"]})
        warehouse.write("held", con.table("held").semi_join(wanted, "person"))
    assert people(stored) == ["x", "z"]


def test_merging_replaces_by_key_and_adds_the_rest(warehouse, stored) -> None:
    warehouse.write("held", held("x", "y", seq=1))
    assert warehouse.upsert("held", held("y", "z", seq=2), ("audience", "person")) == 2
    assert people(stored, batch_seq=1) == ["x"]
    assert people(stored, batch_seq=2) == ["y", "z"]


def test_only_a_higher_number_replaces(warehouse, stored) -> None:
    key = ("audience", "person")
    warehouse.write("held", held("x", "y", "z", seq=5))
    incoming = pd.concat([held("x", seq=4), held("y", seq=5), held("z", seq=7), held("z", seq=6), held("w", seq=1)])
    for _ in range(2):  # folding twice changes nothing
        warehouse.upsert("held", incoming.assign(state="removed"), key, newer="batch_seq")
        assert people(stored, state="held") == ["x", "y"]
        assert people(stored, state="removed", batch_seq=7) == ["z"]
        assert people(stored, state="removed", batch_seq=1) == ["w"]


def test_one_key_twice_is_an_error_not_a_guess(warehouse, stored) -> None:
    with pytest.raises(ValueError, match="twice"):
        warehouse.upsert("held", pd.concat([held("x"), held("x")]), ("audience", "person"))
    assert stored("held") == []


def test_rows_are_deleted_by_condition_or_by_key(warehouse, stored) -> None:
    warehouse.write("held", held(*"abcdef"))
    with warehouse.session() as con:
        table = con.table("held")
        assert warehouse.delete("held", table.person == "a") == 1
        assert warehouse.delete("held", lambda t: t.person.isin(["b", "zz"])) == 1
        assert warehouse.delete("held", table.filter(table.person == "c").select("audience", "person")) == 1
    assert warehouse.delete("held", pd.DataFrame({"person": ["d"]})) == 1
    assert people(stored) == ["e", "f"]


def test_a_transaction_lands_together_or_not_at_all(warehouse, stored) -> None:
    def half():
        with warehouse.transaction():
            warehouse.append("held", held("y"))
            warehouse.write("members", _members("p"))
            raise OSError("the machine stops here")

    warehouse.write("held", held("x"))
    with pytest.raises(OSError, match="stops here"):
        half()
    assert people(stored) == ["x"]
    assert stored("members") == []
    with warehouse.transaction(), warehouse.transaction():
        warehouse.append("held", held("y"))
    assert people(stored) == ["x", "y"]


def test_a_statement_that_fails_rolls_back_and_the_next_one_works(warehouse, stored) -> None:
    def half():
        with warehouse.transaction() as con:
            warehouse.append("held", held("x"))
            con.raw_sql("SELECT no_such_column FROM held")

    with pytest.raises(engine.Error):
        half()
    warehouse.append("held", held("y"))
    assert people(stored) == ["y"]


def test_a_killed_process_leaves_only_what_was_whole(warehouse, stored) -> None:
    code = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute('BEGIN');"
        "c.execute(\"INSERT INTO members VALUES ('s', 'p', NULL, 1)\"); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(warehouse.path)], check=False, timeout=60)
    assert stored("members") == []


def _members(*persons: str) -> pd.DataFrame:
    return pd.DataFrame([{"segment": "s", "person": p, "entered_on": None, "run_id": 1} for p in persons])


def test_rows_come_all_in_order_and_in_small_frames(warehouse) -> None:
    with warehouse.session() as con:
        con.raw_sql("CREATE TABLE many AS SELECT range AS n FROM range(25000)")
        table = con.table("many")
        frames = list(warehouse.rows(table.order_by("n"), 10_000))
        assert [len(frame) for frame in frames] == [10_000, 10_000, 5_000]
        assert pd.concat(frames)["n"].tolist() == list(range(25_000))


def test_rows_survive_a_write_on_the_shared_connection(warehouse) -> None:
    with warehouse.session() as con:
        con.raw_sql("CREATE TABLE many AS SELECT range AS n FROM range(300000)")
        seen = 0
        for frame in warehouse.rows(con.table("many"), 10_000):
            seen += len(frame)
            con.raw_sql("INSERT INTO many VALUES (-1)")
        assert seen == 300_000


def test_a_stream_that_ends_early_is_an_error(warehouse, monkeypatch) -> None:
    from segsync.warehouse import duckdb

    monkeypatch.setattr(duckdb, "_counted", lambda cursor, select: 7)
    with warehouse.session() as con, pytest.raises(SegsyncError, match="0 rows where it had counted 7"):
        list(warehouse.rows(con.table("held")))


def test_rows_inside_a_transaction_are_refused(warehouse) -> None:
    with warehouse.transaction() as con, pytest.raises(RuntimeError, match="open transaction"):
        next(warehouse.rows(con.table("held")))


# --- copies of held ---------------------------------------------------------------------------------------------


def test_held_comes_back_from_its_copy_and_three_are_kept(warehouse, stored, fake_time) -> None:
    copies = []
    for n in range(5):
        warehouse.write("held", held(*[f"p{i}" for i in range(n)]))
        copies.append(warehouse.export_held())
        fake_time.advance(1)
    assert [path.exists() for path in copies] == [False, False, True, True, True]
    before = stored("held")
    warehouse.write("held", held())
    assert warehouse.restore_held(copies[-1]) == 4
    assert stored("held") == before


def test_a_file_that_is_no_copy_of_held_changes_nothing(warehouse, stored, tmp_path) -> None:
    warehouse.write("held", held("x"))
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "other.parquet")
    for name in ("junk.parquet", "other.parquet", "absent.parquet"):
        with pytest.raises(SegsyncError, match="held"):
            warehouse.restore_held(tmp_path / name)
    assert people(stored) == ["x"]
