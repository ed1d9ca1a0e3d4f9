"""What can be said in `[sources.files]` and `[destinations.files]`: one declaration for parser, texts and docs."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from segsync.streams import PHONE_COUNTRY, STREAMS, Kind, Table

# Streams whose rows may bring values that have no column of their own, and the column that keeps them as JSON.
LOOSE: Mapping[str, str] = {"customers": "attributes", "events": "properties"}


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError("that names no encoding (usual ones are utf-8, cp1252 and utf-16)") from None
    return name


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Encoding = Annotated[str, AfterValidator(_known_encoding)]
Paths = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamFile(_Strict):
    """Plain files that hold one stream, and how their columns are called there."""

    path: Paths = Field(
        description="a file, a glob or a list of those; relative to segsync.toml", examples=["orders.csv"], min_length=1
    )
    columns: Any = Field(
        default=None,
        description="our column = the file's column; left out, the file's columns have our names",
        examples=[{"order_id": "Order No", "ordered_at": "Date", "net": "Total"}],
    )
    constants: Any = Field(
        default=None, description="our column = a value that holds for every row", examples=[{"currency": "USD"}]
    )
    values: Any = Field(
        default=None,
        description="our column = how the file's values read in ours",
        examples=[{"email_subscription_status": {"yes": "SUBSCRIBED", "no": "NOT_SUBSCRIBED"}}],
    )
    format: Literal["csv", "tsv", "parquet", "jsonl"] | None = Field(
        default=None, description="what the file is, where its name does not end in it", examples=["csv"]
    )
    delimiter: str | None = Field(
        default=None, description="what stands between a CSV's cells", examples=[";"], min_length=1, max_length=1
    )
    encoding: Encoding | None = Field(default=None, description="the text's encoding", examples=["cp1252"])
    date_format: str | None = Field(
        default=None, description="how times and days are written, as in strptime", examples=["%d.%m.%Y %H:%M"]
    )
    day_first: bool = Field(default=False, description="01/02/2026 is the first of February", examples=[True])
    decimal_comma: bool = Field(default=False, description="1.234,50 is one thousand and a bit", examples=[True])

    def named(self) -> dict[str, Any]:
        """Every mapped column of ours with the file's name for it, loose ones as `attributes.<name>`."""
        return _flat(self.columns)

    def fixed(self) -> dict[str, Any]:
        """Every column of ours that has one value for all rows."""
        return _flat(self.constants)

    def meanings(self) -> dict[str, dict[str, str]]:
        """For columns of ours, what the file's values mean."""
        return self.values.model_dump(exclude_none=True) if self.values is not None else {}


def _flat(model: BaseModel | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in model.model_dump(exclude_none=True).items() if model is not None else ():
        if isinstance(value, dict):
            found |= {f"{name}.{part}": text for part, text in value.items()}
        else:
            found[name] = value
    return found


def _columns_of(table: Table, purpose: str, value: Any) -> type[BaseModel]:
    """A model with one optional field for each column that a file may fill, so that others are unknown keys."""
    fields: dict[str, Any] = {
        column.name: (value | None, Field(default=None, description=f"{purpose} `{column.name}` ({column.kind})"))
        for column in table.columns
        if column.kind is not Kind.DERIVED and column.name != LOOSE.get(table.name)
    }
    if any(column.kind is Kind.PHONE for column in table.columns):
        text = f"{purpose} the country in which a phone without a prefix is meant"
        fields[PHONE_COUNTRY] = (value | None, Field(default=None, description=text))
    if loose := LOOSE.get(table.name):
        text = f"{purpose} values that have no column: {loose}.<name>"
        fields[loose] = (dict[str, value] | None, Field(default=None, description=text))
    return create_model(
        f"{table.name.title().replace('_', '')}{purpose.split()[0].title()}", __base__=_Strict, **fields
    )


def _file_of(table: Table) -> type[StreamFile]:
    kinds: dict[str, tuple[str, Any]] = {
        "columns": ("column of", str),
        "constants": ("constant for", str | bool | int | float),
        "values": ("values of", dict[str, str]),
    }
    fields: dict[str, Any] = {}
    for name, (purpose, value) in kinds.items():
        of = StreamFile.model_fields[name]
        text = Field(default=None, description=of.description, examples=of.examples)
        fields[name] = (_columns_of(table, purpose, value) | None, text)
    return create_model(f"{table.name.title().replace('_', '')}File", __base__=StreamFile, **fields)


_STREAM_FIELDS: dict[str, Any] = {
    name: (_file_of(table) | None, Field(default=None, description=f"files that hold {name.replace('_', ' ')}"))
    for name, table in STREAMS.items()
}
Streams = create_model("Streams", __base__=_Strict, **_STREAM_FIELDS)


class Options(_Strict):
    """Files as a source (`shopify_export`, `streams`) and as a destination (`folder`)."""

    shopify_export: Paths = Field(
        default=(),
        description="exports of the Shopify admin: a folder, a file, a glob or a list; relative to segsync.toml",
        examples=["exports"],
    )
    streams: Streams | None = Field(  # type: ignore[valid-type]  # built from streams.py, so mypy cannot see it
        default=None,
        description="plain CSV, TSV, Parquet or JSONL files by the stream that they hold",
        examples=[{"orders": {"path": "orders.csv", "columns": {"order_id": "Order No"}}}],
    )
    complete: bool = Field(
        default=True,
        description="the customer files hold every customer: who is absent from them has vanished from the shop",
        examples=[False],
    )
    encoding: Encoding = Field(default="utf-8", description="the text's encoding", examples=["cp1252"])
    folder: str | None = Field(
        default=None, description="where audiences are written, one CSV each", examples=["audiences"]
    )

    def mapped(self) -> dict[str, StreamFile]:
        """The streams that plain files hold."""
        found: Sequence[tuple[str, StreamFile | None]] = [(n, getattr(self.streams, n, None)) for n in STREAMS]
        return {name: file for name, file in found if file is not None}
