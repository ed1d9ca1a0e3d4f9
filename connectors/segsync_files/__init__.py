"""Files as a source and a destination: a shop's exports in, audiences for upload by hand out.

As a source: what the Shopify admin exports (`shopify_export`; quirks in shopify.py, money in orders.py), and plain CSV,
TSV, Parquet and JSONL files mapped to streams (`streams`). A file that changed is read whole, the others not at all.

As a destination: `<folder>/<audience>.csv`, safe to open in a spreadsheet (audience.py).
"""

from __future__ import annotations

from segsync.contract import Connector
from segsync.model import Estimate
from segsync.spec import Reads, Spec, Writes
from segsync_files.destination import BROWSES, FilesDestination
from segsync_files.options import Options
from segsync_files.source import FilesSource

MAX_BATCH = 50_000


def _estimate(adds: int, removes: int) -> Estimate:
    """Each batch rewrites the file; a second for each is generous."""
    batches = -(-adds // MAX_BATCH) + -(-removes // MAX_BATCH)
    return Estimate(batches, float(batches))


spec = Spec(
    name="files",
    summary="Shopify admin exports and plain CSV, Parquet and JSONL files in; audiences as CSV for upload by hand out",
    options=Options,
    reads=Reads(lists_ids=True),
    writes=Writes(
        max_batch=MAX_BATCH,
        identifiers={"email": 1, "phone": 1},
        facts=("first_name", "last_name", "city", "region", "postal_code", "country"),
        keyed_by="profile",
        consent="email",
        estimate=_estimate,
        read_back=True,
        renames=True,
        deletes=True,
        browses=BROWSES,
    ),
    notes=(
        "An orders export names no customers: orders are joined by e-mail, else by phone.",
        "An export cannot tell who unsubscribed from who never subscribed: both are NOT_SUBSCRIBED.",
        "Where two exports list the same order or customer, the one whose name sorts later wins.",
        "Phones are written as +12125550123, as platforms want them; a spreadsheet that saves the file may spoil them.",
        "The audience files hold e-mails and phones in plain text. They are readable by their owner only (mode 0600).",
    ),
)

connector = Connector(spec, source=FilesSource, destination=FilesDestination)
