"""Debian's PostgreSQL in a temporary folder, reached through a socket in it; and a store in one of its databases."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis

from segsync.streams import COMPUTED, STREAMS

USER = "segsync"
QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=32MB -c jit=off"
DEBIAN = "/usr/lib/postgresql"


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest of several; None where it is not installed."""
    installed = sorted(Path(DEBIAN).glob("*/bin/pg_ctl"), key=lambda path: float(path.parts[-3]))
    found = installed[-1] if installed else shutil.which("pg_ctl")
    return Path(found).parent if found else None


@contextmanager
def served(bin_: Path) -> Iterator[Path]:
    """A server as long as it lasts; yields the folder that its socket is in. Nothing listens on the network."""
    with tempfile.TemporaryDirectory(prefix="segsync-pg-") as folder:
        home = Path(folder)
        if as_user := _other_user():
            os.chown(home, as_user.pw_uid, as_user.pw_gid)
        data = home / "data"
        _run(as_user, bin_ / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        start = f"-c listen_addresses='' -c unix_socket_directories='{home}' {QUICK}"
        _run(as_user, bin_ / "pg_ctl", "-D", data, "-l", home / "log", "-w", "-o", start, "start")
        try:
            yield home
        finally:
            _run(as_user, bin_ / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def _other_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to be root's."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run(user: pwd.struct_passwd | None, *command: object) -> None:
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    # Into a file: the server keeps the standard output that it was started with, and a pipe would wait for it.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run([str(part) for part in command], stdout=said, stderr=said, cwd="/", check=False, **who)
        said.seek(0)
        assert done.returncode == 0, said.read().decode()


def connect(socket: Path) -> Any:
    return ibis.postgres.connect(user=USER, host=str(socket), database="postgres")


class PostgresStore:
    """What segsync.people and segsync.segments ask of a warehouse, kept in PostgreSQL."""

    def __init__(self, con: Any) -> None:
        self.con = con
        for name, columns in {**{name: table.schema for name, table in STREAMS.items()}, **COMPUTED}.items():
            con.create_table(name, schema=ibis.schema(columns), overwrite=True)

    def copy(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows into a table that is there."""
        columns = self.con.table(name).columns
        listed = ", ".join(f'"{column}"' for column in columns)
        with self.con.con.cursor() as cursor, cursor.copy(f'COPY "{name}" ({listed}) FROM STDIN') as copying:
            for row in rows:
                copying.write_row([row[column] for column in columns])
        self.con.con.commit()

    @contextmanager
    def session(self) -> Iterator[Any]:
        yield self.con

    transaction = session

    def write(self, name: str, expr: Any) -> None:
        """A table becomes these rows, which may be computed from itself."""
        if name in COMPUTED:
            expr = expr.cast(COMPUTED[name])
        fresh = f"{name}_fresh"
        self.con.create_table(fresh, expr, overwrite=True)
        self.con.drop_table(name, force=True)
        with self.con.begin() as cursor:
            cursor.execute(f'ALTER TABLE "{fresh}" RENAME TO "{name}"')

    def append(self, name: str, expr: Any) -> None:
        self.con.insert(name, expr.cast(COMPUTED[name]))
