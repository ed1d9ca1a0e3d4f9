"""What a pydantic model says about the key at a path: its field, and the keys beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from segsync.config.words import toml


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The model's fields by the key that is written for them."""
    return {
        field.validation_alias if isinstance(field.validation_alias, str) else name: field
        for name, field in model.model_fields.items()
    }


def field_at(model: type[BaseModel], path: Sequence[str | int]) -> FieldInfo | None:
    """The field whose key the path ends in; None where it leads into keys of the user's own."""
    found: FieldInfo | None = None
    here: list[Any] = [model]
    for part in path:
        found = next((keys(each)[str(part)] for each in _models(here) if part in keys(each)), None)
        here = [found.annotation] if found else list(_items(here))
    return found


def keys_at(model: type[BaseModel], path: Sequence[str | int]) -> dict[str, FieldInfo]:
    """The keys that may stand in the table at the path; empty where any may."""
    here: list[Any] = [model]
    for part in path:
        below = [keys(each)[str(part)].annotation for each in _models(here) if part in keys(each)]
        here = below or list(_items(here))
    found: dict[str, FieldInfo] = {}
    for each in _models(here):
        found |= keys(each)
    return found


def example(name: str, field: FieldInfo | None) -> str:
    """A line to type, with what it means: `shop = "acme"   (the part before .myshopify.com)`."""
    if field is None:
        return ""
    line = f"{name} = {toml(field.examples[0])}" if field.examples else f"{name} = …"
    return f"{line}   ({field.description})" if field.description else line


def nearest_example(model: type[BaseModel], path: Sequence[str | int]) -> str:
    """The example of the key at the path, else of the key that it stands under."""
    for length in range(len(path), 0, -1):
        if line := example(str(path[length - 1]), field_at(model, path[:length])):
            return line
    return ""


def _models(annotations: Sequence[Any]) -> Iterator[type[BaseModel]]:
    for annotation in annotations:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        elif not _is_container(annotation):
            yield from _models(get_args(annotation))


def _items(annotations: Sequence[Any]) -> Iterator[Any]:
    """What the lists and tables among these hold."""
    for annotation in annotations:
        if _is_container(annotation):
            yield from get_args(annotation)[-1:] if get_args(annotation)[-1:] != (...,) else get_args(annotation)[:1]
        else:
            yield from _items(get_args(annotation))


def _is_container(annotation: Any) -> bool:
    origin = get_origin(annotation)
    return isinstance(origin, type) and hasattr(origin, "__iter__")
