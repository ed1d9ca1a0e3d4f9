"""Plain files as columns of a stream: CSV, TSV, Parquet and JSONL, a page at a time, mapped as the options say."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from segsync.errors import ConfigError, Problem
from segsync.model import Flaw
from segsync.streams import PHONE_COUNTRY, PLACE, STREAMS, Kind, Table
from segsync_files.finding import File, body, cut_short, flaw, header, missing, opening
from segsync_files.lines import lines_of, open_text
from segsync_files.options import LOOSE, StreamFile

SUFFIXES: Mapping[str, str] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
# Ids that a file may lack: the record's place under its parent stands in (its own digest, for an event).
MADE_UP = {"order_lines": "line_id", "addresses": "address_id", "refunds": "refund_id", "events": "event_id"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A stream, the options of its files, and the encoding they have unless those say otherwise."""

    stream: str
    options: StreamFile
    encoding: str

    @property
    def table(self) -> Table:
        return STREAMS[self.stream]

    def format_of(self, file: File) -> str | None:
        return self.options.format or SUFFIXES.get(file.path.suffix.lower())


@dataclass(slots=True)
class Records:
    """Records of one stream as columns of equal length (a `place` among them), and what could not become records.

    `spoilt` are the customer ids that can still be told in lines that are no records.
    """

    columns: dict[str, list[Any]]
    flaws: list[Flaw] = field(default_factory=list)
    spoilt: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.columns[PLACE])


def problems(mapped: Mapped, file: File, place: str) -> list[Problem]:
    """What is wrong with a file, as it is mapped: its kind, its header, and columns that it should have."""
    kind = mapped.format_of(file)
    if kind is None:
        return [Problem(place, f"what {file.label} is cannot be told from its name", 'add: format = "csv"')]
    if (names := _names(mapped, file, kind)) is None:
        return []
    named = mapped.options.named()
    found = missing(file, names, list(named.values()), f"{place}.columns")
    known = (
        set(named) | set(mapped.options.fixed()) if mapped.options.columns else set(names) | set(mapped.options.fixed())
    )
    for key in mapped.table.key:
        if key not in known and MADE_UP.get(mapped.stream) != key:
            found.append(
                Problem(f"{place}.columns", f"`{key}` is not mapped", f'add: {key} = "<the column in {file.label}>"')
            )
    return found


def records(mapped: Mapped, file: File, size: int) -> Iterator[Records]:
    """The file's records, at most `size` at a time. Raises ConfigError where the file is not what the options say."""
    if wrong := problems(mapped, file, mapped.stream):
        raise ConfigError(wrong, where="the files")
    read = {"parquet": _parquet, "jsonl": _jsonl}.get(mapped.format_of(file) or "csv", _csv)
    for found in read(mapped, file, size):
        found.columns = _shape(mapped, found.columns)
        _without_keys(mapped, found)
        yield found


def _names(mapped: Mapped, file: File, kind: str) -> Sequence[str] | None:
    """The file's columns; None where only its records can tell."""
    if kind == "jsonl":
        return None
    if kind == "parquet":
        return _parquet_file(file).schema_arrow.names  # type: ignore[no-any-return]  # pyarrow brings no types
    return header(file, mapped.options.encoding or mapped.encoding, _delimiter(mapped, file)).names


def _delimiter(mapped: Mapped, file: File) -> str | None:
    return mapped.options.delimiter or ("\t" if mapped.format_of(file) == "tsv" else None)


def _sources(mapped: Mapped, names: Sequence[str] | None) -> dict[str, str]:
    """Our columns and the file's names for them. Without `columns`, the file's columns that have our names."""
    if mapped.options.columns is not None:
        return mapped.options.named()
    ours = [c.name for c in mapped.table.columns if c.kind is not Kind.DERIVED] + [PHONE_COUNTRY]
    return {name: name for name in ours if names is None or name in names}


def _csv(mapped: Mapped, file: File, size: int) -> Iterator[Records]:
    head = header(file, mapped.options.encoding or mapped.encoding, _delimiter(mapped, file))
    at = {ours: head.at[theirs] for ours, theirs in _sources(mapped, head.names).items()}
    rows = body(file, head)
    while batch := list(islice(rows, size)):
        good = [row for row in batch if not row.trouble]
        columns = {name: [row.cells[i].strip() or None for row in good] for name, i in at.items()}
        bad = [row for row in batch if row.trouble]
        id_at = at.get("customer_id", 0)
        yield Records(
            columns | {PLACE: [f"{file.label}:{row.line}" for row in good]},
            [flaw(file, row) for row in bad],
            [id_ for row in bad if len(row.cells) > id_at and (id_ := row.cells[id_at].strip())],
        )


def _jsonl(mapped: Mapped, file: File, size: int) -> Iterator[Records]:
    sources = _sources(mapped, None)
    encoding = mapped.options.encoding or mapped.encoding
    with opening(file.path), open_text(file.path, encoding) as stream:
        rows = lines_of(stream, encoding)
        while batch := list(islice(rows, size)):
            good: list[tuple[str, dict[str, Any]]] = []
            bad = Records({})
            for row in batch:
                place = f"{file.label}:{row.line}"
                record, trouble = ({}, row.trouble) if row.trouble else _object(row.cells[0])
                if trouble:
                    if not row.ended:
                        raise cut_short(file, row)
                    bad.flaws.append(Flaw(place, "", trouble))
                    bad.spoilt += _salvaged(row.cells, sources.get("customer_id"))
                else:
                    good.append((place, record))
            columns = {ours: [_blank(r.get(theirs)) for _, r in good] for ours, theirs in sources.items()}
            yield Records(columns | {PLACE: [place for place, _ in good]}, bad.flaws, bad.spoilt)


def _object(line: str) -> tuple[dict[str, Any], str]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {}, f"not JSON: {getattr(error, 'msg', 'nested too deep')}"
    return (value, "") if isinstance(value, dict) else ({}, "not a JSON object")


def _salvaged(cells: Sequence[str], name: str | None) -> list[str]:
    """The id in a broken line of JSON, if it can be seen."""
    seen = re.search(rf'"{re.escape(name)}"\s*:\s*"?([^",}}]+)', cells[0]) if name and cells else None
    return [seen[1].strip()] if seen else []


def _parquet_file(file: File) -> pq.ParquetFile:
    try:
        with opening(file.path):
            return pq.ParquetFile(file.path)
    except pa.ArrowInvalid:
        raise ConfigError([Problem(file.label, "is not a Parquet file")], where="the files") from None


def _parquet(mapped: Mapped, file: File, size: int) -> Iterator[Records]:
    source = _parquet_file(file)
    sources = _sources(mapped, source.schema_arrow.names)
    first = 1
    for batch in source.iter_batches(size, columns=sorted(set(sources.values()))):
        values = batch.to_pydict()
        columns = {ours: [_blank(v) for v in values[theirs]] for ours, theirs in sources.items()}
        yield Records(columns | {PLACE: [f"{file.label}:{first + i}" for i in range(batch.num_rows)]})
        first += batch.num_rows


def _blank(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    return None if value != value else value  # NaN is no value


# --- from the file's values to the stream's ------------------------------------------------------------------------


def _shape(mapped: Mapped, raw: dict[str, list[Any]]) -> dict[str, list[Any]]:
    count = len(raw[PLACE])
    columns = raw | {name: [value] * count for name, value in mapped.options.fixed().items()}
    for name, meaning in mapped.options.meanings().items():
        if name in columns:
            columns[name] = [meaning.get(v, v) if isinstance(v, str) else v for v in columns[name]]
    kinds = {column.name: column.kind for column in mapped.table.columns}
    for name in list(columns):
        if read := _reader(kinds.get(name), mapped.options):
            columns[name] = [read(value) if isinstance(value, str) else value for value in columns[name]]
    if loose := LOOSE.get(mapped.stream):
        _gather_loose(columns, loose)
    return columns


def _gather_loose(columns: dict[str, list[Any]], into: str) -> None:
    """Turn the columns `attributes.<name>` into one column of JSON objects."""
    parts = {name.removeprefix(f"{into}."): columns.pop(name) for name in list(columns) if name.startswith(f"{into}.")}
    if parts:
        rows = zip(*parts.values(), strict=True)
        objects = ({k: v for k, v in zip(parts, row, strict=True) if v is not None} for row in rows)
        columns[into] = [json.dumps(o, default=str, sort_keys=True, ensure_ascii=False) if o else None for o in objects]


def _reader(kind: Kind | None, options: StreamFile) -> Callable[[str], Any] | None:
    """How text of this kind is to be read before it lands, where landing could not know."""
    if kind is Kind.LIST:
        return lambda text: [part for piece in text.split(",") if (part := piece.strip())]
    if kind in (Kind.TIME, Kind.DAY) and options.date_format:
        return lambda text: _dated(text, options.date_format or "")
    if kind in (Kind.TIME, Kind.DAY) and options.day_first:
        return _day_first
    if kind is Kind.MONEY and options.decimal_comma:
        return lambda text: re.sub(r"[.\s']", "", text).replace(",", ".")
    return None


def _dated(text: str, format_: str) -> str:
    """The instant as ISO 8601; text that is not in the format stays as it is, for landing to name."""
    try:
        return datetime.strptime(text, format_).isoformat()  # noqa: DTZ007  # landing knows the source's zone
    except ValueError:
        return f"{text} (not in its date_format)"


_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(.*)", re.DOTALL)


def _day_first(text: str) -> str:
    found = _DAY_FIRST.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}{found[4]}" if found else text


# --- keys ----------------------------------------------------------------------------------------------------------


def _without_keys(mapped: Mapped, found: Records) -> None:
    """Leave out records without an id, as flaws; give those an id whose stream can do without."""
    made_up = MADE_UP.get(mapped.stream)
    if mapped.stream == "events" and made_up is not None:
        _number_events(found)
    needed = [key for key in _needed(mapped) if key != made_up]
    none: list[Any] = [None] * len(found)
    for key in needed:
        column = found.columns.get(key, none)
        for i in (i for i, value in enumerate(column) if value is None):
            found.flaws.append(Flaw(found.columns[PLACE][i], key, "missing: a record needs it"))
    keep = [all(found.columns.get(key, none)[i] is not None for key in needed) for i in range(len(found))]
    if not all(keep):
        found.columns = {n: [v for v, k in zip(c, keep, strict=True) if k] for n, c in found.columns.items()}


def _needed(mapped: Mapped) -> tuple[str, ...]:
    return ("order_id", "refund_id") if mapped.stream == "refunds" else mapped.table.key


def _number_events(found: Records) -> None:
    """Ids for events without: a digest of all they say, so that one that is read again is the same event."""
    names = sorted(name for name in found.columns if name not in (PLACE, "event_id"))
    rows = zip(*(found.columns[name] for name in names), strict=True) if names else iter([()] * len(found))
    texts = [json.dumps(row, default=_text, ensure_ascii=False) for row in rows]
    own = found.columns.get("event_id", [None] * len(found))
    found.columns["event_id"] = [
        mine if mine is not None else hashlib.sha256(text.encode()).hexdigest()[:32]
        for mine, text in zip(own, texts, strict=True)
    ]


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
