"""The job in pandas, vectorised, from the same landed tables as Parquet; what it computes goes back to Parquet."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet  # noqa: F401 - pandas imports it at its first file; here it is an "import"

from bench.job import AS_OF, DAY, MAX_CUSTOMERS, RATES, RUN
from bench.measure import report
from segsync.streams import ADS_CONSENT, EMAIL_CONSENT, SMS_CONSENT

NOW, TODAY = pd.Timestamp(AS_OF).tz_localize(None), pd.Timestamp(DAY)
FACTS = ["first_name", "last_name", "language", "account_status", "birth_date", "gender"]
CUSTOMERS = [
    *("source", "customer_id", "email", "phone", *FACTS, "last_name_key", "tags_key", "ads_consent", "deleted_at"),
    *("email_subscription_status", "email_consent_at", "sms_subscription_status", "sms_consent_at"),
    *("created_at", "created_on", "updated_at", "verified_email"),
]
ORDERS = [
    *("source", "order_id", "owner", "email", "phone", "ordered_at", "ordered_on", "live"),
    *("currency", "net", "country_key"),
]
NODE, ORDER = ["source", "customer_id"], ["source", "order_id"]
LAST = 10**9  # the place of what only an order gave: after every record


def run(folder: Path) -> None:
    customers = pd.read_parquet(folder / "customers.parquet", columns=CUSTOMERS)
    orders = pd.read_parquet(folder / "orders.parquet", columns=ORDERS).rename(columns={"owner": "customer_id"})
    addresses = pd.read_parquet(folder / "addresses.parquet")
    identities = join(customers, orders)
    identities.to_parquet(folder / "identities.parquet")
    named = identities[[*NODE, "person"]]
    records, owners = known(customers, orders, named)
    facts = identifiers(records, owners)
    facts.to_parquet(folder / "identifiers.parquet")
    everybody = people(records, owners, addresses, facts)
    everybody.to_parquet(folder / "people.parquet")
    lines = pd.read_parquet(folder / "order_lines.parquet", columns=[*ORDER, "tags_key"])
    found = traits(everybody, orders, lines, addresses, named)
    found.to_parquet(folder / "traits.parquet")
    members(found).to_parquet(folder / "members.parquet")


# --- who is one person -------------------------------------------------------------------------------------


def join(customers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """source, customer_id, person, joined_by, since."""
    living, gone = customers[customers.deleted_at.isna()], customers[customers.deleted_at.notna()]
    owners = orders[[*NODE, "email"]].drop_duplicates(NODE)
    owners = owners.merge(customers[NODE], on=NODE, how="left", indicator=True)
    owners = owners[owners.pop("_merge") == "left_only"]
    contacts = pd.concat([gone[["source", name]].set_axis(["source", "value"], axis=1) for name in ("email", "phone")])
    contacts = contacts[~contacts.value.isin(living.email) & ~contacts.value.isin(living.phone)].dropna()
    contacts["customer_id"] = "guest:" + contacts.value
    vanished = contacts[NODE].drop_duplicates()
    owners = owners.merge(vanished, on=NODE, how="left", indicator=True)
    owners = owners[owners.pop("_merge") == "left_only"]
    nodes = pd.concat(
        [living[[*NODE, "email", "phone", "last_name_key"]].assign(customer=True), owners.assign(customer=False)],
        ignore_index=True,
    )
    own = nodes.source + ":" + nodes.customer_id
    homes = nodes[nodes.phone.notna() & nodes.last_name_key.notna()].groupby(["phone", "last_name_key"], sort=False)
    homes = homes.agg(home_email=("email", "min"), other=("email", "max"), size=("customer", "size")).reset_index()
    homes = homes[homes.home_email.isna() | (homes.home_email == homes.other)].drop(columns="other")
    nodes = nodes.merge(homes, on=["phone", "last_name_key"], how="left")
    home = (nodes.phone + ":" + nodes.last_name_key).where(nodes["size"].notna())
    key = nodes.email.fillna(nodes.home_email).fillna(home).fillna(own)
    crowd = nodes.customer.groupby(key).transform("sum") > MAX_CUSTOMERS
    by_email = nodes.groupby("email").email.transform("size") > 1
    joined_by = np.select([crowd, by_email, nodes["size"] > 1], ["id", "email", "phone"], "id")
    person = pd.Series(pd.factorize(key.where(~crowd, own))[0] + 1).astype(str)
    return nodes[NODE].assign(person="p1-" + person, joined_by=joined_by, since=NOW)


# --- what is known of each person --------------------------------------------------------------------------


def known(customers: pd.DataFrame, orders: pd.DataFrame, named: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customer records with their person and place (0 the newest); what owners who are no customers gave."""
    living = customers[customers.deleted_at.isna() & ~(customers.created_at > NOW)]
    records = living.merge(named, on=NODE)
    records = records.sort_values(["updated_at", "created_at", *NODE], ascending=[False, False, True, True])
    records["place"] = records.groupby("person", sort=False).cumcount()
    nobody = named.merge(customers[NODE], on=NODE, how="left", indicator=True)
    nobody = nobody[nobody.pop("_merge") == "left_only"]
    bought = orders.loc[orders.ordered_at <= NOW, [*NODE, "email", "phone", "ordered_at"]].merge(nobody, on=NODE)
    owners = bought.groupby(["person", "source", "email", "phone"], dropna=False, sort=False)
    return records, owners.ordered_at.max().rename("latest").reset_index()


def identifiers(records: pd.DataFrame, owners: pd.DataFrame) -> pd.DataFrame:
    """person, kind, value, rank, sources, consent, consent_at, deliverable."""
    parts = []
    for kind, order in (("email", EMAIL_CONSENT), ("phone", SMS_CONSENT)):
        status, at = ("email", "email") if kind == "email" else ("sms", "sms")
        mine = records[["person", "source", kind, "place"]].assign(
            verified=records.verified_email.fillna(False) if kind == "email" else False
        )
        theirs = owners[["person", "source", kind, "latest"]].assign(verified=False, place=LAST)
        given = pd.concat([mine, theirs]).dropna(subset=kind)
        each = given.groupby(["person", kind], sort=False).agg(
            verified=("verified", "any"), place=("place", "min"), latest=("latest", "max")
        )
        each["sources"] = sources(given, ["person", kind])
        each = each.reset_index()
        words = records[[kind, f"{status}_subscription_status", f"{at}_consent_at"]].dropna(subset=kind)
        words = words.set_axis([kind, "consent", "consent_at"], axis=1).dropna(subset="consent")
        words["strict"] = words.consent.map({word: place for place, word in enumerate(order)})
        words = words.sort_values(["strict", "consent_at"], ascending=[True, False]).drop_duplicates(kind)
        each = each.merge(words.drop(columns="strict"), on=kind, how="left")
        each = each.sort_values(["verified", "place", "latest", kind], ascending=[False, True, False, True])
        each["rank"] = each.groupby("person", sort=False).cumcount() + 1
        parts.append(each.rename(columns={kind: "value"}).assign(kind=kind, deliverable=True))
    columns = ["person", "kind", "value", "rank", "sources", "consent", "consent_at", "deliverable"]
    return pd.concat(parts, ignore_index=True)[columns]


def sources(rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """The sources of each group as a sorted list, by way of one bit a source."""
    names = sorted(rows.source.unique())
    bits = rows.source.map({name: 1 << n for n, name in enumerate(names)}).astype("int64")
    lists = {m: [name for n, name in enumerate(names) if m >> n & 1] for m in range(1 << len(names))}
    seen = bits.groupby([rows[column] for column in by], sort=False)
    if len(names) > 2:
        raise NotImplementedError("this job has two sources")
    return (seen.max() | seen.min()).map(lists)


def people(records: pd.DataFrame, owners: pd.DataFrame, addresses: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """One row a person, the best of each fact."""
    pairs = pd.concat([records[["person", "source"]], owners[["person", "source"]]])
    found = sources(pairs, ["person"]).rename("sources").reset_index()
    ordered = records.sort_values("place")
    best = ordered.groupby("person", sort=False)[FACTS].first()  # passes over records that lack the fact
    best["customer_added_on"] = records.groupby("person", sort=False).created_on.min()
    places = records.ads_consent.map({word: place for place, word in enumerate(ADS_CONSENT)})
    best["ads_consent"] = places.groupby(records.person, sort=False).min().map(dict(enumerate(ADS_CONSENT)))
    tags = records[["person", "tags_key"]].explode("tags_key").dropna().drop_duplicates().sort_values("tags_key")
    best["tags_key"] = tags.groupby("person", sort=False).tags_key.agg(list)
    best["guest"] = False
    found = found.merge(best.reset_index(), on="person", how="left")
    for kind, status in (("email", "email_subscription_status"), ("phone", "sms_subscription_status")):
        first = facts[(facts["rank"] == 1) & (facts.kind == kind)][["person", "value", "consent"]]
        found = found.merge(first.set_axis(["person", kind, status], axis=1), on="person", how="left")
    default = addresses[addresses.is_default].merge(records[[*NODE, "person", "place"]], on=NODE)
    default = default.sort_values(["place", "address_id"]).drop_duplicates("person")
    found = found.merge(default[["person", "country", "region", "city", "postal_code"]], on="person", how="left")
    return found.assign(guest=found.guest.isna(), ads_consent=found.ads_consent.fillna("UNKNOWN"))


# --- traits and segments -----------------------------------------------------------------------------------


def traits(
    everybody: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    addresses: pd.DataFrame,
    named: pd.DataFrame,
) -> pd.DataFrame:
    """A row a person: the traits that the rules use, and a column a segment."""
    live = orders[orders.live & (orders.ordered_at <= NOW)].merge(named, on=NODE)
    rate = live.currency.map({"USD": 1.0, **{currency: float(rate) for currency, rate in RATES.items()}})
    live["amount"] = (live.net * rate).round(4)
    live["ordered_on"] = pd.to_datetime(live.ordered_on)
    live["north"] = live.country_key.isin(["us", "ca"])
    bought = live.groupby("person", sort=False).agg(
        number_of_orders=("amount", "size"),
        spent=("amount", "sum"),
        priced=("amount", "count"),
        first_order_date=("ordered_on", "min"),
        last_order_date=("ordered_on", "max"),
        north=("north", "any"),
    )
    recent = live.loc[live.ordered_on >= TODAY - pd.Timedelta(days=365), [*ORDER, "person"]]
    tagged = lines.merge(recent, on=ORDER)
    tagged = tagged[["organic" in tags for tags in tagged.tags_key]]
    bought["organic"] = tagged.groupby("person").size()
    there = addresses[addresses.country_key.isin(["us", "ca"])].merge(named, on=NODE).person.unique()
    everybody = everybody[~(pd.to_datetime(everybody.customer_added_on) > TODAY)]
    columns = ["person", "tags_key", "email_subscription_status"]
    rows = everybody[columns].rename(columns={"tags_key": "customer_tags"})
    rows = rows.merge(bought.reset_index(), on="person", how="left")
    rows["number_of_orders"] = rows.number_of_orders.fillna(0).astype("int64")
    rows["amount_spent"] = rows.spent.fillna(0).round(2)
    rows["average_order_value"] = (rows.spent / rows.priced.where(rows.priced > 0)).round(2)
    return with_segments(rows, there).drop(columns=["spent", "priced", "north", "organic"])


def with_segments(rows: pd.DataFrame, there: np.ndarray) -> pd.DataFrame:
    spent, last = rows.amount_spent, rows.last_order_date
    tags = rows[["person", "customer_tags"]].explode("customer_tags")
    wholesale = tags.person[tags.customer_tags == "wholesale"]
    vip = (rows.number_of_orders >= 3) & (spent > 500)
    subscribed = rows.email_subscription_status == "SUBSCRIBED"
    return rows.assign(
        in_vip=vip,
        in_lapsed=(last < TODAY - pd.Timedelta(days=120)) & (rows.number_of_orders >= 4),
        in_recent=last >= TODAY - pd.Timedelta(days=30),
        in_organic=rows.organic >= 2,
        in_north_america=rows.north.fillna(False).astype(bool) | rows.person.isin(there),
        in_wholesale=rows.person.isin(wholesale),
        in_subscribed=subscribed.fillna(False),
        in_quiet=~(last >= TODAY - pd.Timedelta(days=60)),
        in_middle=spent.between(100, 300),
        in_subscribed_vip=vip & subscribed.fillna(False),
    )


def members(rows: pd.DataFrame) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"segment": column[3:], "person": rows.person[rows[column]]})
        for column in rows.columns
        if column.startswith("in_")
    ]
    return pd.concat(parts, ignore_index=True).assign(entered_on=DAY, run_id=RUN)


if __name__ == "__main__":
    report(lambda: run(Path(sys.argv[1])))
