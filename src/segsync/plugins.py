"""Finding connectors: names without imports, then one import, and blame on the right party."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from segsync.errors import ConnectorBug

if TYPE_CHECKING:
    from segsync.contract import Connector

GROUP = "segsync.connectors"


def available() -> dict[str, EntryPoint]:
    """The installed connectors by name, none of them imported.

    Raises ConnectorBug where two packages claim one name.
    """
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        other = found.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise ConnectorBug(
                f"two installed packages claim the connector `{entry.name}`: {_package(other)} and "
                f"{_package(entry)}. Uninstall one of them."
            )
    return dict(sorted(found.items()))


def load(name: str) -> Connector:
    """Import one connector. Raises KeyError for an unknown name, ConnectorBug where its package is broken."""
    from segsync.contract import Connector

    entry = available()[name]
    try:
        connector = entry.load()
    except Exception as error:
        raise ConnectorBug(
            f"the connector `{name}` of {_package(entry)} could not be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(connector, Connector) or connector.spec.name != name:
        raise ConnectorBug(f"{_package(entry)}: `{entry.value}` is not the Connector called `{name}`")
    return connector


def _package(entry: EntryPoint) -> str:
    return f"the package {entry.dist.name}" if entry.dist else f"`{entry.value}`"
