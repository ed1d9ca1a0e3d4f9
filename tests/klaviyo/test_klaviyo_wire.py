"""The pure parts: documents, filters, rows, options."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from klaviyo_world import person, phone_number
from pydantic import ValidationError

from segsync_klaviyo import Options, connector, wire
from segsync_klaviyo.rows import Row, rows_of


def test_importing_the_connector_loads_no_web_framework() -> None:
    code = "import sys, segsync_klaviyo; sys.exit('werkzeug' in sys.modules or 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_query_is_encoded_throughout() -> None:
    query = wire.query(
        filter=wire.equals("email", "a+b&c@example.com"), page_size=100, fields_profile="email,phone_number"
    )
    assert "+" not in query
    assert query.count("&") == 2
    assert unquote(query) == (
        'filter=equals(email,"a+b&c@example.com")&page[size]=100&fields[profile]=email,phone_number'
    )


@given(st.lists(st.text(min_size=1, max_size=300), unique=True))
def test_lookups_ask_for_each_value_once_within_bounds(values: list[str]) -> None:
    asked = list(wire.lookups("email", values, most=100))
    assert [value for part, _ in asked for value in part] == values
    for part, text in asked:
        assert len(part) <= 100
        assert len(wire.query(filter=text)) <= wire.MAX_QUERY or len(part) == 1
        assert json.loads(text.removeprefix("any(email,").removesuffix(")")) == part


@given(st.lists(st.integers(1, 500), unique=True, max_size=40), st.integers(300, 2_000))
def test_bulk_bodies_carry_every_row_once_in_order(lengths: list[int], most: int) -> None:
    emails = [f"{'ü' * length}@example.com" for length in lengths]
    before, wire.MAX_BYTES = wire.MAX_BYTES, most
    try:
        bodies = list(wire.bulk_imports([Row(email, None, ("p",)) for email in emails], "L1"))
    finally:
        wire.MAX_BYTES = before
    sent = [
        one["attributes"]["email"]
        for _, body in bodies
        for one in json.loads(body)["data"]["attributes"]["profiles"]["data"]
    ]
    assert sent == emails == [row.email for rows, _ in bodies for row in rows]
    assert all(len(body) <= most or len(rows) == 1 for rows, body in bodies)


def test_rows_stop_at_the_most_that_one_import_takes() -> None:
    rows = [Row(f"p{n}@example.com", None, (str(n),)) for n in range(wire.MAX_ROWS + 1)]
    assert [len(part) for part, _ in wire.bulk_imports(rows, "L1")] == [wire.MAX_ROWS, 1]


def test_people_who_share_an_identifier_share_a_row() -> None:
    phone = phone_number(1)
    members = [person(1, phone=phone), person(2, email="person1@example.com"), person(3, email=None, phone=phone)]
    assert rows_of(members, phones_beside_emails=True) == (
        [Row("person1@example.com", phone, ("p1", "p2"), ("p3",))],
        [],
    )
    apart = [Row("person1@example.com", None, ("p1", "p2")), Row(None, phone, (), ("p3",))]
    assert rows_of(members, phones_beside_emails=False) == (apart, [])


@given(st.lists(st.tuples(st.sampled_from(["", "a@x.org", "b@x.org", "c@x.org"]), st.sampled_from([None, "+1", "+2"]))))
def test_every_person_is_in_one_row_or_rejected(facts: list[tuple[str, str | None]]) -> None:
    members = [person(n, email=email or None, phone=phone) for n, (email, phone) in enumerate(facts)]
    for beside in (True, False):
        rows, rejects = rows_of(members, phones_beside_emails=beside)
        people = [p for row in rows for p in row.persons] + [reject.person for reject in rejects]
        assert sorted(people) == sorted(member.person for member in members)
        assert len({row.email for row in rows if row.email}) == sum(bool(row.email) for row in rows)
        assert len({row.phone for row in rows if row.phone}) == sum(bool(row.phone) for row in rows)


@pytest.mark.parametrize(
    "payload",
    [
        {"email": "A@Example.com", "phone_number": "+12025550101"},
        {"attributes": {"email": "a@example.com", "phone_number": "+12025550101"}, "type": "profile"},
        {"data": {"attributes": {"email": "a@example.com", "phone_number": "+12025550101"}}},
    ],
)
def test_an_import_error_is_read_whatever_its_payloads_shape(payload: dict[str, object]) -> None:
    document = {"data": [{"attributes": {"code": "x", "title": "T", "detail": "D", "original_payload": payload}}]}
    ((error),) = wire.import_errors(document)
    assert wire.failed_identifiers(error) == ("a@example.com", "+12025550101")


@pytest.mark.parametrize("payload", [None, "text", {}, {"email": 7}, {"data": None}])
def test_an_import_error_may_name_nobody(payload: object) -> None:
    ((error),) = wire.import_errors({"data": [{"attributes": {"original_payload": payload}}]})
    assert wire.failed_identifiers(error) == (None, None)


def test_klaviyos_words_are_masked() -> None:
    ((complaint),) = wire.complaints(
        {"errors": [{"code": "invalid", "detail": "jane.doe@example.com and +12025550101"}]}
    )
    assert "jane.doe" not in complaint.words
    assert "5550101" not in complaint.words


@pytest.mark.parametrize("document", [{}, {"errors": None}, {"errors": ["x"]}, {"data": 3, "links": []}])
def test_odd_documents_hold_nothing(document: dict[str, object]) -> None:
    assert wire.complaints(document) == []
    assert wire.import_errors(document) == []
    assert wire.next_link(document) is None


@pytest.mark.parametrize("url", ["http://a.klaviyo.com", "ftp://127.0.0.1", "a.klaviyo.com", "", "http://10.0.0.1/x"])
def test_the_key_travels_only_where_it_is_safe(url: str) -> None:
    with pytest.raises(ValidationError):
        Options(base_url=url)


def test_options_say_what_they_are_for() -> None:
    for model in (connector.spec.options, connector.spec.sync_options):
        assert model is not None
        for name, field in model.model_fields.items():
            assert field.description, name
            assert field.examples, name
