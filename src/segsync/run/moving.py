"""Carrying the whole state to another machine in one file, and putting it up there: all of it or nothing.

The archive is a gzipped tar: `manifest.json` first, with each other file's size and SHA-256, then the files. Secrets
are not in it. Whoever has it has the people in it: it is made for its owner alone (0600).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from filelock import FileLock, Timeout

from segsync import __version__
from segsync.config import Config
from segsync.errors import ConfigError, Problem, StoreBusy
from segsync.ledger import Ledger, lock
from segsync.ledger import schema as ledger_schema
from segsync.ledger.store import FILE as LEDGER
from segsync.ledger.store import LOCK
from segsync.run.workspace import Setting, open_warehouse
from segsync.warehouse import schema as warehouse_schema
from segsync.warehouse.store import FILE as WAREHOUSE

FORMAT = 1
MANIFEST = "manifest.json"
FOLDERS = ("held", "receipts")  # beside ledger and warehouse: copies of what audiences hold, receipts of erasures
ARRIVING = "arriving"  # where an archive is unpacked, within the state folder
PIECE = 1 << 20  # bytes read at a time
MOST_MANIFEST = 1 << 24
_NAME = re.compile(rf"{re.escape(LEDGER)}|{re.escape(WAREHOUSE)}|({'|'.join(FOLDERS)})/[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Moved:
    """What an archive holds: whose store, when it was made, and its files with their sizes in bytes."""

    store_id: str
    made_at: str
    files: Mapping[str, int]


def pack(config: Config, ledger: Ledger, setting: Setting, path: Path) -> Moved:
    """Write the state to a new file (0600), whole or not at all.

    Raises StoreBusy while another run holds the store, ConfigError where the file is there or cannot be written,
    GuardStop where warehouse and ledger do not belong together.
    """
    clock, folder = setting.clock, config.state_dir
    if path.exists():
        raise _wrong(path, "it is there already, and was not touched", "name a new file")
    with lock.held(ledger, folder, command=setting.command, pid=setting.pid, clock=clock):
        warehouse = open_warehouse(config, ledger, clock)
        with warehouse.session() as con:
            con.raw_sql("CHECKPOINT")  # what stands in the write-ahead log comes along
        with _ledger_copy(ledger, folder) as copied:
            files = {LEDGER: copied, WAREHOUSE: warehouse.path}
            files |= {f"{name}/{each.name}": each for name in FOLDERS for each in _kept(folder / name)}
            manifest = _manifest(ledger.store_id, clock.now().isoformat(), files)
            unfinished = path.with_name(f".{path.name}.new")
            try:
                _write(unfinished, manifest, files)
                unfinished.replace(path)
            except OSError as error:
                unfinished.unlink(missing_ok=True)
                raise _wrong(path, f"it cannot be written: {error.strerror}", "name another place") from None
    return _moved(manifest)


def unpack(config: Config, path: Path) -> Moved:
    """Put up the state that a file holds. What was cut off is begun anew by doing it again.

    Raises ConfigError where there is a state already, and where the file is damaged, newer, or no such archive: then
    nothing has changed. Raises StoreBusy while another process writes here.
    """
    folder = config.state_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    try:
        with FileLock(folder / LOCK, mode=0o600).acquire(timeout=0):
            return _unpack(folder, path)
    except Timeout:
        raise StoreBusy(f"another segsync is writing in {folder}: try again once it is through") from None


def _unpack(folder: Path, path: Path) -> Moved:
    arriving = folder / ARRIVING
    placing = arriving / "placing"  # from its making on, files of this archive stand in their places
    if placing.exists() and not (folder / LEDGER).exists():
        for name in (WAREHOUSE, *FOLDERS):
            _take_away(folder / name)
    _take_away(arriving)
    there = [name for name in (LEDGER, WAREHOUSE, *FOLDERS) if (folder / name).exists()]
    if there:
        remedy = f"move it away first, and keep it: mv '{folder}' '{folder}.before'"
        raise _wrong(folder, "there is a state already, and nothing was changed", remedy)
    try:
        manifest = _read(path, arriving)
    except BaseException:
        _take_away(arriving)
        raise
    placing.touch(mode=0o600)
    for name in (*FOLDERS, WAREHOUSE, LEDGER):  # the ledger last: without it there is no state
        if (arriving / name).exists():
            (arriving / name).replace(folder / name)
    _take_away(arriving)
    return _moved(manifest)


# --- out -----------------------------------------------------------------------------------------------------


@contextmanager
def _ledger_copy(ledger: Ledger, folder: Path) -> Iterator[Path]:
    """The ledger as it is now, in a file of its own, gone at the end."""
    copied = folder / f"{LEDGER}.moving.new"  # what a killed run leaves is swept by this ending
    copied.unlink(missing_ok=True)
    copied.touch(mode=0o600)
    try:
        with closing(sqlite3.connect(ledger.path)) as source, closing(sqlite3.connect(copied)) as target:
            source.backup(target)
            target.execute("DELETE FROM locks")
            target.commit()
            target.execute("PRAGMA journal_mode=DELETE")
        yield copied
    finally:
        copied.unlink(missing_ok=True)


def _kept(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix != ".new") if folder.is_dir() else []


def _manifest(store_id: str, made_at: str, files: Mapping[str, Path]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "segsync": __version__,
        "store_id": store_id,
        "made_at": made_at,
        "ledger": ledger_schema.VERSION,
        "warehouse": warehouse_schema.version(),
        "files": [{"name": name, "size": each.stat().st_size, "sha256": _digest(each)} for name, each in files.items()],
    }


def _write(path: Path, manifest: Mapping[str, Any], files: Mapping[str, Path]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        text = json.dumps(manifest, indent=2).encode()
        archive.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
        for told in manifest["files"]:
            with files[told["name"]].open("rb") as stream:
                archive.addfile(_entry(told["name"], told["size"]), stream)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.size, found.mode = size, 0o600
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# --- in ------------------------------------------------------------------------------------------------------


def _read(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack into a new folder, every file held against the manifest. Raises ConfigError."""
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(path, "r:gz") as archive:
            manifest = _read_manifest(path, archive)
            left = {told["name"]: told for told in manifest["files"]}
            while (entry := archive.next()) is not None:
                told = left.pop(entry.name, None)
                stream = archive.extractfile(entry) if entry.isreg() else None
                if told is None or stream is None or not _NAME.fullmatch(entry.name):
                    raise _damaged(path, "it holds something that its list does not name")
                _place(path, folder / entry.name, stream, told)
    except (OSError, EOFError, tarfile.TarError) as error:
        if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
            raise _wrong(path, f"it cannot be read: {error.strerror}", "name the file that was written") from None
        raise _damaged(path, "it cannot be unpacked to its end") from None
    if left:
        raise _damaged(path, f"{min(left)} is missing")
    return manifest


def _read_manifest(path: Path, archive: tarfile.TarFile) -> dict[str, Any]:
    first = archive.next()
    stream = archive.extractfile(first) if first is not None and first.isreg() and first.name == MANIFEST else None
    if first is None or stream is None or first.size > MOST_MANIFEST:
        raise _wrong(path, "it is no state of segsync", "name a file that segsync state export has written")
    try:
        manifest: dict[str, Any] = json.loads(stream.read())
        versions = [int(manifest[name]) for name in ("format", "ledger", "warehouse")]
        names = [told["name"] for told in manifest["files"] if int(told["size"]) >= 0 and str(told["sha256"])]
    except (ValueError, TypeError, KeyError):
        raise _damaged(path, "its list of files cannot be read") from None
    known = (FORMAT, ledger_schema.VERSION, warehouse_schema.version())
    if any(theirs > ours for theirs, ours in zip(versions, known, strict=True)):
        written = str(manifest.get("segsync", "?"))[:20]
        raise _wrong(path, f"a newer segsync ({written}) wrote it", f"update this one ({__version__}) first")
    if not {LEDGER, WAREHOUSE} <= set(names) or not all(_NAME.fullmatch(name) for name in names):
        raise _damaged(path, "its list names other files than a state has")
    return manifest


def _place(archive: Path, path: Path, stream: Any, told: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.touch(mode=0o600)
    with path.open("wb") as target:
        size, digest = _copied(stream, target)
    if (size, digest) != (told["size"], told["sha256"]):
        raise _damaged(archive, f"{told['name']} is not as it was written")


def _copied(source: BinaryIO, target: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return size, digest.hexdigest()


def _take_away(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _moved(manifest: Mapping[str, Any]) -> Moved:
    files = {told["name"]: told["size"] for told in manifest["files"]}
    return Moved(str(manifest["store_id"]), str(manifest["made_at"]), files)


def _damaged(path: Path, what: str) -> ConfigError:
    return _wrong(path, f"it is damaged: {what}. Nothing was changed", "copy it again from where it was written")


def _wrong(path: Path, found: str, remedy: str) -> ConfigError:
    return ConfigError([Problem(str(path), found, remedy)], where="what was asked for")
