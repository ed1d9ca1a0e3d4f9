"""Reading: files that are new or changed, whole; the others not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import cast

from segsync.contract import Kit
from segsync.errors import ConfigError, Problem
from segsync.model import Cursor, Flaw, Jobs, Page
from segsync.streams import ROOTS
from segsync_files.finding import File, Print, cursor, fingerprint, header, search, unchanged, unmoved
from segsync_files.options import Options, StreamFile
from segsync_files.pages import PAGE, Export, closed, exported, exported_ids, mapped_pages
from segsync_files.plain import SUFFIXES, Mapped, problems, records
from segsync_files.shopify import kind_of, meant_as, wanted


@dataclass(frozen=True, slots=True)
class Found:
    """All that the options name: exports, files by mapped stream, what was left alone, and what is wrong."""

    exports: tuple[Export, ...]
    plain: Mapping[str, tuple[Mapped, tuple[File, ...]]]
    ignored: tuple[Flaw, ...]
    problems: tuple[Problem, ...]


class FilesSource:
    """Files as a source. Looks at the disk only when asked something."""

    def __init__(self, kit: Kit) -> None:
        self._options = cast(Options, kit.options)
        self._home = kit.home
        self._scratch = kit.scratch
        self._name = kit.name

    def check(self) -> Sequence[str]:
        self._sound(self._find())
        return ()

    def streams(self) -> frozenset[str]:
        exported = (*ROOTS["customers"], *ROOTS["orders"]) if self._options.shopify_export else ()
        return frozenset(exported) | frozenset(self._options.mapped())

    def read(self, root: str, since: Cursor | None, jobs: Jobs) -> Iterator[Page]:
        del jobs  # files have none
        found = self._find()
        self._sound(found)
        exports = [one for one in found.exports if one.kind == root]
        group = {name: found.plain[name] for name in ROOTS[root] if name in found.plain}
        grouped = [file for _, files in group.values() for file in files]
        prints = {file: fingerprint(file) for file in dict.fromkeys([*(e.file for e in exports), *grouped])}
        config = hashlib.sha256(self._options.model_dump_json(exclude={"folder", "complete"}).encode()).hexdigest()
        same = unchanged(prints, config, since)
        # A changed export may list what later ones list too, and later ones win: so those are read again as well.
        changed = next((i for i, one in enumerate(exports) if one.file not in same), len(exports))
        parts = [exported(one) for one in exports[changed:]]
        if any(file not in same for file in grouped):
            parts.append(mapped_pages(root, group, self._scratch))
        after = cursor(prints, config)
        if parts:
            notes = found.ignored if self._first_root(found) == root else ()
            yield from closed(chain.from_iterable(parts), notes, lambda: _unmoved(prints), after)
        elif prints and after != since:
            yield Page({}, after)

    def ids(self) -> Iterator[Sequence[str]] | None:
        found = self._find()
        self._sound(found)
        exports = [one for one in found.exports if one.kind == "customers"]
        if not self._options.complete or not (exports or "customers" in found.plain):
            return None
        return self._ids(exports, found.plain.get("customers"))

    def close(self) -> None:
        pass

    # --- finding ---------------------------------------------------------------------------------------------------

    def _place(self, *keys: str) -> str:
        return ".".join(("sources", self._name, *keys))

    def _sound(self, found: Found) -> None:
        if found.problems:
            raise ConfigError(found.problems, where=f"the files of [sources.{self._name}]")

    def _first_root(self, found: Found) -> str:
        return next((root for root in ROOTS if any(e.kind == root for e in found.exports)), "")

    def _find(self) -> Found:
        wrong: list[Problem] = []
        mapped = self._options.mapped()
        if not self._options.shopify_export and not mapped:
            remedy = 'add: shopify_export = "<the folder with the exports>"'
            wrong.append(Problem(self._place(), "nothing to read", remedy))
        for part, root in (
            (p, r) for r, (_, *parts) in ROOTS.items() for p in parts if p in mapped and r not in mapped
        ):
            remedy = f"add [{self._place('streams', root)}]: {part.replace('_', ' ')} land with their {root}"
            wrong.append(
                Problem(self._place("streams", part), f"there is no file of {root} that they belong to", remedy)
            )
        exports, ignored = self._find_exports(wrong)
        plain = {name: self._find_plain(name, options, wrong) for name, options in mapped.items()}
        return Found(tuple(exports), plain, tuple(ignored), tuple(wrong))

    def _find_exports(self, wrong: list[Problem]) -> tuple[list[Export], list[Flaw]]:
        place = self._place("shopify_export")
        looked = search(self._options.shopify_export, self._home, place, (".csv",))
        wrong += looked.problems
        exports, ignored = [], []
        for file in looked.files:
            try:
                head = header(file, self._options.encoding, None)
            except ConfigError as error:
                wrong += [Problem(place, f"{p.place}: {p.found}", p.remedy) for p in error.problems]
                continue
            kind = kind_of(head.names)
            if kind is not None:
                exports.append(Export(file, kind, head))
            elif meant_as(file.path.name) or self._named(file):
                text = f"{file.label} is no export of Shopify's orders or customers"
                wrong.append(Problem(place, text, wanted(meant_as(file.path.name))))
            else:
                ignored.append(Flaw(f"{file.label}:1", "", "no export of orders or customers: the file was left alone"))
        if self._options.shopify_export and looked.files and not exports and not wrong:
            wrong.append(Problem(place, "none of the files is an export of orders or customers", wanted(None)))
        return exports, ignored

    def _named(self, file: File) -> bool:
        """Whether the options name this very file, rather than a folder or a pattern that it is in."""
        return any((self._home / path).expanduser() == file.path for path in self._options.shopify_export)

    def _find_plain(self, name: str, options: StreamFile, wrong: list[Problem]) -> tuple[Mapped, tuple[File, ...]]:
        place = self._place("streams", name)
        looked = search(options.path, self._home, f"{place}.path", tuple(SUFFIXES))
        wrong += looked.problems
        mapped = Mapped(name, options, self._options.encoding)
        for file in looked.files:
            try:
                wrong += problems(mapped, file, place)
            except ConfigError as error:
                wrong += [Problem(f"{place}.path", f"{p.place}: {p.found}", p.remedy) for p in error.problems]
        return mapped, tuple(looked.files)

    # --- reading ---------------------------------------------------------------------------------------------------

    def _ids(self, exports: Sequence[Export], plain: tuple[Mapped, Sequence[File]] | None) -> Iterator[Sequence[str]]:
        """Ids also of rows whose other cells cannot be read: a spoilt line is no vanished customer."""
        for export in exports:
            yield from exported_ids(export)
        if plain is not None:
            mapped, files = plain
            for part in chain.from_iterable(records(mapped, file, PAGE["customers"]) for file in files):
                yield [*(str(id_) for id_ in part.columns["customer_id"]), *part.spoilt]


def _unmoved(prints: Mapping[File, Print]) -> None:
    for file, then in prints.items():
        unmoved(file, then)
