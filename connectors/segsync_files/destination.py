"""Writing: one CSV file an audience, rewritten whole by each batch, for a person to upload."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import cast

from segsync.contract import Kit
from segsync.errors import AudienceMissing, ConfigError, Problem, Unavailable
from segsync.model import Action, Audience, AudienceRef, Batch, Identifiers, Listed, Present, Receipt, Reject
from segsync_files.audience import Line, file_name, is_ours, line_of, read, sweep, write
from segsync_files.options import Options

PAGE = 10_000
BROWSES = ("audiences",)


class FilesDestination:
    """Files as a destination. An audience's id is its file's name; a member's is the key in the column `person`."""

    def __init__(self, kit: Kit) -> None:
        self._options = cast(Options, kit.options)
        self._home = kit.home
        self._name = kit.name
        self._lock = Lock()
        if self._options.folder:
            sweep(self._folder())

    def check(self) -> Sequence[str]:
        folder = self._folder()
        there = folder
        while not there.exists() and there != there.parent:
            there = there.parent
        if not there.is_dir():
            raise self._wrong(f"{there} is not a folder", "name a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise self._wrong(f"{there} may not be written to", f"chmod u+wx '{there}', or name another folder")
        return ()

    def find_audience(self, wanted: Audience) -> AudienceRef | None:
        folder = self._folder()
        name = file_name(wanted.name)
        with self._writing(folder):
            if wanted.id is None:
                return AudienceRef(name, wanted.name) if (folder / name).is_file() else None
            self._path(AudienceRef(wanted.id, wanted.name))
        return AudienceRef(wanted.id, wanted.name if wanted.id == name else Path(wanted.id).stem)

    def create_audience(self, wanted: Audience) -> AudienceRef:
        folder = self._folder()
        ref = AudienceRef(file_name(wanted.name), wanted.name)
        with self._lock, self._writing(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (folder / ref.id).exists():
                write(folder / ref.id, {})
        return ref

    def push(self, batch: Batch) -> Receipt:
        accepted: dict[str, str | None] = {}
        rejects: list[Reject] = []
        with self._lock, self._writing(self._folder()):
            path = self._path(batch.audience)
            lines = read(path)
            ours = {line["person"]: line for line in lines if line["person"]}
            before = dict(ours)
            for member in batch.members:
                key = member.platform_id or member.person
                if batch.action is Action.REMOVE:
                    ours.pop(key, None)
                elif isinstance(line := line_of(key, member.identifiers), str):
                    rejects.append(Reject(member.person, line, code="invalid"))
                    continue
                else:
                    ours[key] = line
                accepted[member.person] = key
            if ours != before:
                write(path, ours, strangers=[line for line in lines if not line["person"]])
        return Receipt(batch.id, accepted, rejects)

    def read_back(self, audience: AudienceRef) -> Iterator[Sequence[Present]]:
        with self._writing(self._folder()):
            lines = iter(read(self._path(audience)))
        while page := [_present(line) for line in islice(lines, PAGE)]:
            yield page

    def rename_audience(self, audience: AudienceRef, name: str) -> AudienceRef:
        renamed = AudienceRef(file_name(name), name)
        with self._lock, self._writing(self._folder()):
            new = self._folder() / renamed.id
            if not (self._folder() / Path(audience.id).name).is_file() and new.is_file():
                read(new)  # it was renamed already; a file of somebody else's is refused
                return renamed
            old = self._path(audience)
            if new.exists() and not new.samefile(old):
                remedy = "move it away, or name the audience otherwise"
                raise ConfigError([Problem(str(new), "is there already", remedy)], where="the audience files")
            old.replace(new)
        return renamed

    def delete_audience(self, audience: AudienceRef) -> None:
        with self._lock, self._writing(self._folder()):
            path = self._folder() / Path(audience.id).name
            if path.is_file():
                read(path)
                path.unlink()

    def browse(self, kind: str) -> Iterator[Sequence[Listed]]:
        if kind not in BROWSES:
            raise ConfigError([Problem(kind, "there is no such thing to list", f"there are: {', '.join(BROWSES)}")])
        with self._writing(self._folder()):
            yield [Listed(path.name, path.stem) for path in sorted(self._folder().glob("*.csv")) if is_ours(path)]

    def close(self) -> None:
        pass

    def _folder(self) -> Path:
        if not self._options.folder:
            raise ConfigError([Problem(f"destinations.{self._name}.folder", "missing", 'add: folder = "audiences"')])
        return self._home / Path(self._options.folder).expanduser()

    def _path(self, audience: AudienceRef) -> Path:
        """The audience's file. Raises AudienceMissing."""
        path = self._folder() / Path(audience.id).name
        if not path.is_file():
            raise AudienceMissing(f"the audience `{audience.name}` is gone: there is no file {path} any more")
        return path

    def _wrong(self, found: str, remedy: str) -> ConfigError:
        return ConfigError([Problem(f"destinations.{self._name}.folder", found, remedy)])

    @contextmanager
    def _writing(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise self._wrong(f"{error.filename or folder} may not be written to: {error.strerror}", "") from None
        except OSError as error:
            raise Unavailable(f"{folder} could not be written to: {error.strerror or type(error).__name__}") from error


def _present(line: Line) -> Present:
    """Somebody as the file has them; without a key (put there by hand) they go by e-mail or phone."""
    emails, phones = (tuple(filter(None, (line[name],))) for name in ("email", "phone"))
    facts = Identifiers(
        emails,
        phones,
        first_name=line["first_name"] or None,
        last_name=line["last_name"] or None,
        city=line["city"] or None,
        region=line["region"] or None,
        postal_code=line["postal_code"] or None,
        country=line["country"] or None,
    )
    return Present(line["person"] or line["email"] or line["phone"], facts)
