"""What is wrong with a configuration: all of it at once, each with its place, its line and what to type."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from config_texts import FULL, GOOD, Read, Refused

from segsync import plugins
from segsync.config import load
from segsync.contract import Connector
from segsync.errors import ConfigError, ConnectorBug, Problem

HERE = Path(__file__).parent


def one(problems: tuple[Problem, ...]) -> Problem:
    assert len(problems) == 1, "\n".join(map(str, problems))
    return problems[0]


def test_ten_mistakes_make_ten_messages() -> None:
    with pytest.raises(ConfigError) as caught:
        load(HERE / "ten_mistakes.toml", environ={})
    assert str(caught.value) + "\n" == (HERE / "ten_mistakes.txt").read_text()
    assert len(caught.value.problems) == 10
    assert all(problem.line and problem.remedy for problem in caught.value.problems)
    assert "hush" not in str(caught.value)


# Each: what to change in the good file, by what, and the problem's place, line, words, and what to type.
MISTAKES = {
    "no version": ("config_version = 1\n", "\n", "config_version", None, "missing", "config_version = 1"),
    "newer version": (
        "config_version = 1",
        "config_version = 2",
        "config_version",
        1,
        "of version 2",
        "update segsync",
    ),
    "odd version": (
        "config_version = 1",
        "config_version = true",
        "config_version",
        1,
        "found true or false",
        "config_version = 1",
    ),
    "no currency": ('currency = "USD"', "", "shop.currency", 2, "missing", 'add: currency = "USD"'),
    "no such currency": ('"USD"', '"Dollar"', "shop.currency", 4, '`"Dollar"` is no ISO 4217', 'currency = "USD"'),
    "no such zone": (
        '"America/New_York"',
        '"New York"',
        "shop.timezone",
        3,
        "is no IANA time zone",
        "did you mean `America/New_York`?",
    ),
    "zone is a folder": ('"America/New_York"', '"America"', "shop.timezone", 3, "is no IANA time zone", "timezone ="),
    "zone climbs": (
        '"America/New_York"',
        '"../../etc/passwd"',
        "shop.timezone",
        3,
        "is no IANA time zone",
        "timezone =",
    ),
    "own rate": (
        'currency = "USD"',
        'currency = "USD"\nrates = { USD = 2 }',
        "shop.rates.USD",
        5,
        "own currency",
        "remove",
    ),
    "bad rate": (
        'currency = "USD"',
        'currency = "USD"\nrates.EUR = -1',
        "shop.rates.EUR",
        5,
        "`-1` must be more than 0",
        "EUR",
    ),
    "rate is true": (
        'currency = "USD"',
        'currency = "USD"\nrates.EUR = true',
        "shop.rates.EUR",
        5,
        "where a number belongs",
        "",
    ),
    "rate of nothing": (
        'currency = "USD"',
        'currency = "USD"\nrates.EURO = 1',
        "shop.rates.EURO",
        5,
        "is no ISO 4217",
        "",
    ),
    "unknown table": ("[shop]", "[shopp]\n[shop]", "shopp", 2, "unknown key", "did you mean `shop`?"),
    "shop is text": (
        "config_version = 1\n[shop]",
        'config_version = 1\nshop = "hush"\n[sources.x]\nconnector="files"',
        "shop",
        2,
        "expected a table, found text",
        "[shop]",
    ),
    "identity too small": (
        "[sources.shopify]",
        "[identity]\nmax_customers = 1\n[sources.shopify]",
        "identity.max_customers",
        6,
        "`1` must be at least 2",
        "max_customers = 10",
    ),
    "share above one": (
        "[sources.shopify]",
        "[guards]\nmax_removed = 20\n[sources.shopify]",
        "guards.max_removed",
        6,
        "`20` must be at most 1",
        "max_removed = 0.2",
    ),
    "share is nan": (
        "[sources.shopify]",
        "[guards]\nmax_removed = nan\n[sources.shopify]",
        "guards.max_removed",
        6,
        "must be",
        "max_removed = 0.2",
    ),
    "span": (
        "[sources.shopify]",
        '[guards]\nmax_stale = "three days"\n[sources.shopify]',
        "guards.max_stale",
        6,
        "is no span of time",
        'max_stale = "3d"',
    ),
    "span is a number": (
        "[sources.shopify]",
        "[guards]\nmax_stale = 3\n[sources.shopify]",
        "guards.max_stale",
        6,
        "`3` is no span of time",
        'max_stale = "3d"',
    ),
    "memory": (
        "[sources.shopify]",
        '[warehouse]\nmemory_limit = "lots"\n[sources.shopify]',
        "warehouse.memory_limit",
        6,
        "is not written as it should be",
        '"4GB"',
    ),
    "unknown option": (
        'shop = "acme"',
        'shop = "acme"\nshpo = "hush"',
        "sources.shopify.shpo",
        7,
        "unknown key",
        "did you mean `shop`?",
    ),
    "hopeless option": (
        'shop = "acme"',
        'shop = "acme"\nqqqq = "hush"',
        "sources.shopify.qqqq",
        7,
        "unknown key",
        "keys here: shop, ids, page_size",
    ),
    "missing option": (
        'shop = "acme"',
        "",
        "sources.shopify.shop",
        5,
        "missing",
        'add: shop = "acme"   (the part before .myshopify.com)',
    ),
    "wrong type": (
        'shop = "acme"',
        "shop = 7",
        "sources.shopify.shop",
        6,
        "expected text, found a whole number",
        'shop = "acme"',
    ),
    "connector's own check": (
        'shop = "acme"',
        'shop = "hush.example.com"',
        "sources.shopify.shop",
        6,
        "`…` holds a dot",
        'shop = "acme"',
    ),
    "option out of bounds": (
        'shop = "acme"',
        'shop = "acme"\npage_size = 1000',
        "sources.shopify.page_size",
        7,
        "a whole number must be at most 250",
        "page_size = 100",
    ),
    "item of a list": (
        'shop = "acme"',
        'shop = "acme"\nids = ["1",\n 2]',
        "sources.shopify.ids[1]",
        8,
        "expected text, found a whole number",
        "",
    ),
    "union": (
        'shop = "acme"',
        'shop = "acme"\nstreams.orders.files = 3',
        "sources.shopify.streams.orders.files",
        7,
        "expected text or a list, found a whole number",
        'files = "orders*.csv"',
    ),
    "inside a union": (
        'shop = "acme"',
        'shop = "acme"\nstreams.orders.files = ["a",\n3]',
        "sources.shopify.streams.orders.files[1]",
        8,
        "expected text, found a whole number",
        "",
    ),
    "unknown deep key": (
        'shop = "acme"',
        'shop = "acme"\n[sources.shopify.streams.orders]\nfiles = "a"\ncolums = "hush"',
        "sources.shopify.streams.orders.colums",
        9,
        "unknown key",
        "did you mean `columns`?",
    ),
    "missing deep key": (
        'shop = "acme"',
        'shop = "acme"\n[sources.shopify.streams.orders]',
        "sources.shopify.streams.orders.files",
        7,
        "missing",
        'add: files = "orders*.csv"',
    ),
    "unknown connector": (
        "[sources.shopify]",
        '[sources.shopify]\nconnector = "shopfy"',
        "sources.shopify.connector",
        6,
        "no connector is called `shopfy`",
        "did you mean `shopify`?",
    ),
    "unknown section": (
        "[sources.shopify]",
        "[sources.shopify_eu]",
        "sources.shopify_eu",
        5,
        "no connector is called `shopify_eu`",
        'connector = "shopify"',
    ),
    "cannot be read": (
        "[sources.shopify]",
        '[sources.shopify]\nconnector = "klaviyo"',
        "sources.shopify.connector",
        6,
        "`klaviyo` cannot be read from",
        "[destinations.shopify]",
    ),
    "cannot be written": (
        "[destinations.klaviyo]",
        '[destinations.klaviyo]\nconnector = "shopify"',
        "destinations.klaviyo.connector",
        8,
        "cannot be written to",
        "[sources.klaviyo]",
    ),
    "section is text": (
        "[sources.shopify]",
        '[sources]\nfiles = "hush"\n[sources.shopify]',
        "sources.files",
        6,
        "expected a table, found text",
        "[sources.files]",
    ),
    "name with a hyphen": (
        "[sources.shopify]",
        '[sources.my-shop]\nconnector = "files"\n[sources.shopify]',
        "sources.my-shop",
        5,
        "cannot be a name",
        "my_shop",
    ),
    "name with two lines": (
        "[sources.shopify]",
        '[sources.my__shop]\nconnector = "files"\n[sources.shopify]',
        "sources.my__shop",
        5,
        "cannot be a name",
        "my_shop",
    ),
    "name in unicode": (
        "[sources.shopify]",
        '[sources."шоп"]\nconnector = "files"\n[sources.shopify]',
        'sources."шоп"',
        5,
        "cannot be a name",
        "such as",
    ),
    "one name twice": (
        "[destinations.klaviyo]",
        '[destinations.shopify]\nconnector = "files"\n[destinations.klaviyo]',
        "destinations.shopify",
        7,
        "a source has this name already",
        '[destinations.shopify_out], with connector = "files"',
    ),
    "zone of a source": (
        'shop = "acme"',
        'shop = "acme"\ntimezone = "Mars"',
        "sources.shopify.timezone",
        7,
        "is no IANA time zone",
        'timezone = "Europe/Berlin"',
    ),
    "zone of a destination": (
        "[destinations.klaviyo]",
        '[destinations.klaviyo]\ntimezone = "UTC"',
        "destinations.klaviyo.timezone",
        8,
        "unknown key",
        "keys here",
    ),
    "no rule": (
        'rule = "number_of_orders >= 3"',
        "",
        "segments.vip.rule",
        8,
        "missing",
        'add: rule = "number_of_orders >= 3"',
    ),
    "empty rule": (
        'rule = "number_of_orders >= 3"',
        'rule = "  "',
        "segments.vip.rule",
        10,
        "must not be empty",
        "rule =",
    ),
    "rule is a list": (
        'rule = "number_of_orders >= 3"',
        "rule = []",
        "segments.vip.rule",
        10,
        "expected text, found a list",
        "rule =",
    ),
    "unknown segment key": ("label =", "lable =", "segments.vip.lable", 9, "unknown key", "did you mean `label`?"),
    "later key": (
        "[segments.vip.to.klaviyo]",
        '[segments.vip.to.klaviyo]\nexclude_from_ad_sets = ["1"]',
        "segments.vip.to.klaviyo.exclude_from_ad_sets",
        12,
        "unknown key",
        "keys here: ",
    ),
    "unknown destination": (
        "to.klaviyo]",
        "to.klavyio]",
        "segments.vip.to.klavyio",
        11,
        "no destination called `klavyio`",
        "did you mean `klaviyo`?",
    ),
    "a source as destination": (
        "to.klaviyo]",
        "to.shopify]",
        "segments.vip.to.shopify",
        11,
        "`shopify` is a source, not a destination",
        "klaviyo",
    ),
    "purpose": (
        "[segments.vip.to.klaviyo]",
        '[segments.vip.to.klaviyo]\npurpose = "exlude"',
        "segments.vip.to.klaviyo.purpose",
        12,
        'found `"exlude"`',
        "did you mean 'exclude'?",
    ),
    "mode": (
        "[segments.vip.to.klaviyo]",
        '[segments.vip.to.klaviyo]\nmode = "add_only"',
        "segments.vip.to.klaviyo.mode",
        12,
        "expected 'mirror' or 'add-only'",
        "did you mean 'add-only'?",
    ),
    "consent": (
        "[segments.vip.to.klaviyo]",
        '[segments.vip.to.klaviyo]\nconsent = "all"',
        "segments.vip.to.klaviyo.consent",
        12,
        "expected 'email', 'sms', 'ads', 'none' or a rule, found `all`",
        "such as: consent =",
    ),
    "consent misspelled": (
        "[segments.vip.to.klaviyo]",
        '[segments.vip.to.klaviyo]\nconsent = "e-mail"',
        "segments.vip.to.klaviyo.consent",
        12,
        "found `e-mail`",
        "did you mean 'email'?",
    ),
    "sync option": (
        "[segments.vip.to.klaviyo]",
        "[segments.vip.to.klaviyo]\nlookalikes = 3",
        "segments.vip.to.klaviyo.lookalikes",
        12,
        "expected a list, found a whole number",
        'lookalikes = ["US"]',
    ),
    "renamed from one that stays": (
        "label =",
        'renamed_from = "vip"\nlabel =',
        "segments.vip.renamed_from",
        9,
        "segments.vip is still there",
        "remove",
    ),
    "list instead of segments": (
        "[segments.vip]",
        "[[segments.vip]]",
        "segments.vip",
        8,
        "expected a table, found a list",
        "[segments.vip]",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_has_place_line_and_remedy(refused: Refused, case: str) -> None:
    old, new, place, line, found, remedy = MISTAKES[case]
    assert old in GOOD
    problems = refused(GOOD.replace(old, new, 1))
    problem = next((problem for problem in problems if problem.place == place), None)
    assert problem is not None, "\n".join(map(str, problems))
    assert problem.line == line
    assert found in problem.found
    assert remedy in problem.remedy
    if case not in {"shop is text", "list instead of segments", "cannot be read", "cannot be written"}:
        one(problems)


def test_every_part_is_checked_even_where_others_are_wrong(refused: Refused) -> None:
    problems = refused(
        "[shop]\nx = 1\n[sources.nope]\n[destinations.files]\ny = 1\n[segments.a]\nz = 1\nto.files.w = 1\n"
    )
    assert [problem.place for problem in problems] == [
        "shop.timezone",
        "shop.currency",
        "shop.x",
        "sources.nope",
        "destinations.files.y",
        "segments.a.rule",
        "segments.a.z",
        "segments.a.to.files.w",
        "config_version",
    ]


def test_nothing_at_all_is_missing(refused: Refused) -> None:
    assert [(p.place, p.remedy[:16]) for p in refused("")] == [
        ("config_version", "add at the top o"),
        ("shop.timezone", "add under [shop]"),
        ("shop.currency", "add under [shop]"),
    ]


def test_two_syncs_onto_one_audience_are_both_named(refused: Refused) -> None:
    problem = one(
        refused(GOOD + '[segments.other]\nrule = "x"\n[segments.other.to.klaviyo]\naudience = " VIP customers"\n')
    )
    assert (problem.place, problem.line) == ("segments.other.to.klaviyo.audience", 15)
    assert "segments.vip.to.klaviyo" in problem.found


def test_two_segments_cannot_have_one_former_name(refused: Refused) -> None:
    text = 'config_version = 1\n[shop]\ntimezone="UTC"\ncurrency="USD"\n'
    text += '[segments.a]\nrule="x"\nrenamed_from="c"\n[segments.b]\nrule="x"\nrenamed_from="c"\n'
    assert one(refused(text)).place == "segments.b.renamed_from"


# --- secrets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "found", "remedies"),
    [
        (
            'api_key = "pk_hush"',
            "a secret must not stand",
            (
                "segsync secrets set klaviyo.api_key",
                "SEGSYNC_SECRET__KLAVIYO__API_KEY=…",
                '"file:/run/secrets/klaviyo_api_key"',
            ),
        ),
        ('api_key = "file:"', "a secret must not stand", ("segsync secrets set klaviyo.api_key",)),
        ('apikey = "pk_hush"', "unknown key, and a secret", ("segsync secrets set klaviyo.api_key",)),
        ('token = "pk_hush"', "unknown key, and a secret", ("segsync secrets set klaviyo.api_key",)),
        ('password = { a = "hush" }', "unknown key, and a secret", ("segsync secrets set klaviyo.api_key",)),
        ("api_key = 12345", "expected a reference to a file, found a whole number", ("file:/run/secrets",)),
        ('"api-key" = "pk_hush"', "unknown key, and a secret", ("segsync secrets set klaviyo.api_key",)),
    ],
)
def test_a_secret_in_the_file_is_refused(refused: Refused, line: str, found: str, remedies: tuple[str, ...]) -> None:
    problem = one(refused(GOOD.replace("[destinations.klaviyo]", f"[destinations.klaviyo]\n{line}")))
    assert problem.line == 8
    assert problem.found.startswith(found)
    for remedy in remedies:
        assert remedy in problem.remedy


def test_a_secret_is_refused_wherever_it_stands(refused: Refused) -> None:
    text = GOOD.replace("[shop]", '[shop]\nclient_secret = "hush"') + 'password = "hush"\n'
    text += '[sources.nope]\naccess_token = "hush"\n[other]\ntoken = "hush"\n'
    places = {problem.place: problem for problem in refused(text)}
    assert {"shop.client_secret", "segments.vip.to.klaviyo.password", "sources.nope.access_token"} <= set(places)
    assert "segsync secrets set SECTION.NAME" in places["shop.client_secret"].remedy
    assert "segsync secrets set nope.access_token" in places["sources.nope.access_token"].remedy


def test_a_secret_under_another_layer_is_refused_too(refused: Refused) -> None:
    base = GOOD.replace("[destinations.klaviyo]", '[destinations.klaviyo]\napi_key = "hush"')
    problem = one(refused(base, staging='destinations.klaviyo.api_key = "file:k"\n'))
    assert (problem.place, problem.line) == ("destinations.klaviyo.api_key", 8)
    problem = one(refused(GOOD, staging='\ndestinations.klaviyo.api_key = "hush"\n'))
    assert (problem.place, problem.line) == ("segsync.staging.toml: destinations.klaviyo.api_key", 2)


def test_a_secret_in_the_wrong_variable_is_refused(refused: Refused) -> None:
    problem = one(refused(GOOD, environ={"SEGSYNC__DESTINATIONS__KLAVIYO__API_KEY": "pk_hush"}))
    assert problem.place == "SEGSYNC__DESTINATIONS__KLAVIYO__API_KEY"
    assert "SEGSYNC_SECRET__KLAVIYO__API_KEY" in problem.remedy


# --- the environment -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "found", "remedy"),
    [
        ("SEGSYNC__SOURCES__SHOPIFY__SHPO", "hush", "unknown variable", "SEGSYNC__SOURCES__SHOPIFY__SHOP"),
        ("SEGSYNC__SHOPP__TIMEZONE", "hush", "unknown variable", "SEGSYNC__SHOP…"),
        ("SEGSYNC__", "hush", "unknown variable", "SEGSYNC__TABLE__KEY"),
        ("SEGSYNC__KLAVIYO__API_KEY", "hush", "unknown variable", "SEGSYNC_SECRET__SECTION__NAME"),
        ("SEGSYNC__SHOP__", "hush", "unknown variable", "keys here"),
        ("SEGSYNC__SHOP__CURRENCY", "Euro", '`"Euro"` is no ISO 4217', "SEGSYNC__SHOP__CURRENCY=…"),
        ("SEGSYNC__SHOP__CURRENCY__X", "hush", "expected text, found a table", ""),
        ("SEGSYNC__SOURCES__SHOPIFY__PAGE_SIZE", "many", "expected a whole number, found text", "page_size = 100"),
        ("SEGSYNC__SOURCES__SHOPIFY__IDS", "[1, hush", "expected a list, found text", "ids = "),
        ("SEGSYNC__SHOP", "hush", "expected a table, found text", ""),
        ("SEGSYNC__SOURCES__NEW__CONNECTOR", "shopfy", "no connector is called `shopfy`", "shopify"),
        ("SEGSYNC__SEGMENTS__VIP__TO__KLAVYIO__ADOPT", "true", "no destination called `klavyio`", "klaviyo"),
        ("SEGSYNC__CONFIG_VERSION", "2x", "expected 1, found text", "config_version = 1"),
    ],
)
def test_a_wrong_variable_is_named(refused: Refused, name: str, value: str, found: str, remedy: str) -> None:
    problems = refused(GOOD, environ={name: value})
    problem = next((p for p in problems if p.found.startswith(found)), None)
    assert problem is not None, "\n".join(map(str, problems))
    assert problem.line is None
    assert remedy in problem.remedy


def test_a_missing_key_of_a_section_from_the_environment(refused: Refused) -> None:
    problem = one(refused(GOOD, environ={"SEGSYNC__SOURCES__SHOP2__CONNECTOR": "shopify"}))
    assert (problem.place, problem.line) == ("sources.shop2.shop", None)
    assert problem.remedy.startswith("add under [sources.shop2]: shop = ")


# --- files that are none -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "found", "remedy"),
    [
        (GOOD + "a = \n", 12, "is not valid TOML, at column 5", "text needs quotes"),
        (GOOD + "token = hush\n", 12, "is not valid TOML", "text needs quotes"),
        ("a = 1\nb 2\n", 2, "is not valid TOML", "key = value"),
        ("[shop]\na=1\n[shop]\n", 3, "is not valid TOML", "twice"),
        ("[shop]\na=1\na=2\n", 3, "is not valid TOML", "twice"),
        ("é = 1\n", 1, "is not valid TOML", "quotes"),
        ("a = [1,\n2\n", 3, "is not valid TOML", "has no ]"),
        ("a = '''hush\n\n", 3, "is not valid TOML", "a quote"),
        ('a = "C:\\dir"\n', 1, "is not valid TOML", "single quotes"),
        (b"\xef\xbb\xbf" + GOOD.encode(), 1, "byte order mark", "UTF-8 without BOM"),
        (b"\xff\xfea\x00", 1, "is UTF-16", "UTF-8"),
        (b"a = 1\nb = 'caf\xe9'\n", 2, "is not UTF-8", "UTF-8"),
        (b"a = 1\n\x00", 2, "is not valid TOML", ""),
        ("a = " + "[" * 5_000, None, "is nested too deeply", ""),
        ("a = " + "9" * 5_000, None, "a number that is too long", ""),
        (b"#" * 5_000_000, None, "is larger than 4 MB", "right file"),
    ],
)
def test_a_file_that_is_no_configuration(
    refused: Refused, content: str | bytes, line: int | None, found: str, remedy: str
) -> None:
    problem = one(refused(content))
    assert (problem.place, problem.line) == ("segsync.toml", line)
    assert found in problem.found
    assert remedy in problem.remedy


def test_folders_absent_files_and_unreadable_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is a folder\n.*--config .*/segsync.toml"):
        load(tmp_path, environ={})
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "gone.toml", environ={})
    with pytest.raises(ConfigError, match="is not a file"):
        load(Path("/dev/null"), environ={})


def test_an_environment_without_its_file(tmp_path: Path) -> None:
    path = tmp_path / "segsync.toml"
    path.write_text(GOOD)
    with pytest.raises(ConfigError, match=r"segsync\.staging\.toml: there is no such file"):
        load(path, environ={}, environment_name="staging")
    with pytest.raises(ConfigError, match="--env"):
        load(path, environ={}, environment_name="../x")


def test_problems_of_two_files_name_theirs(refused: Refused) -> None:
    problems = refused(
        GOOD.replace('"USD"', '"X"'), staging='\n[shop]\ntimezone = "Y"\nfoo = 1\n[segments.vip]\nlabl = 1\n'
    )
    assert [(p.place, p.line) for p in problems] == [
        ("shop.currency", 4),
        ("segsync.staging.toml: shop.timezone", 3),
        ("segsync.staging.toml: shop.foo", 4),
        ("segsync.staging.toml: segments.vip.labl", 6),
    ]


# --- hostile -------------------------------------------------------------------------------------------------


def test_a_large_file_is_read(read: Read) -> None:
    text = GOOD + "".join(f'[segments.s{n}]\nrule = "number_of_orders = {n}"\n' for n in range(3_000))
    assert len(read(text).segments) == 3_001


def test_many_problems_keep_their_lines(refused: Refused) -> None:
    problems = refused(GOOD + "".join(f"[segments.s{n}]\nrul = 1\n" for n in range(500)))
    assert len(problems) == 1_000
    assert problems[-1].line == 11 + 1_000


def test_deep_nesting_is_a_problem_not_a_crash(refused: Refused) -> None:
    refused(GOOD + "x = " + "[" * 200 + "]" * 200)
    refused(GOOD + "x = " + "{a=" * 150 + "1" + "}" * 150)
    refused(GOOD + "[" + ".".join(["segments"] + ["a"] * 2_000) + "]\n")
    refused(GOOD, environ={"SEGSYNC__SHOP__RATES": '{"a":' * 2_000})
    refused(GOOD, environ={"SEGSYNC__SEGMENTS__" + "__".join(["A"] * 2_000): "1"})


def test_odd_keys_are_quoted_and_short(refused: Refused) -> None:
    text = GOOD.replace(
        "[shop]", '[shop]\n"a\\u001b[31m\\nb" = 1\n"' + "k" * 500 + '" = 2\n"" = 3\n"ключ" = 4\n"a.b" = 5'
    )
    places = [problem.place for problem in refused(text)]
    assert '"a\\u001b[31m\\nb"' in places[0]
    assert len(places[1]) < 80
    assert places[2:] == ['shop.""', 'shop."ключ"', 'shop."a.b"']


def test_arrays_of_tables_have_lines(refused: Refused) -> None:
    problem = refused(GOOD + "[[priority]]\na = 1\n[[priority]]\nb = 2\n")
    assert (one(problem).place, one(problem).line) == ("priority", 12)


def test_a_broken_connector_is_the_connectors_fault(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> Connector:
        raise ConnectorBug(f"the connector `{name}` could not be imported")

    monkeypatch.setattr(plugins, "load", broken)
    with pytest.raises(ConnectorBug):
        read(GOOD)


def test_only_named_connectors_are_imported(
    read: Read, monkeypatch: pytest.MonkeyPatch, connectors: dict[str, Connector]
) -> None:
    asked: list[str] = []

    def loading(name: str) -> Connector:
        asked.append(name)
        return connectors[name]

    monkeypatch.setattr(plugins, "load", loading)
    read(GOOD)
    assert set(asked) == {"shopify", "klaviyo"}


def test_nothing_secret_in_any_form(read: Read) -> None:
    config = read(FULL, environ={"SEGSYNC_SECRET__KLAVIYO__API_KEY": "pk_hush", "SEGSYNC_SECRET__NOBODY__X": "hush"})
    assert "hush" not in repr(config) + str(config) + json.dumps(config.shop.model_dump(), default=str)
