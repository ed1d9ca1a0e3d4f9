"""From a rule's text to its tree, or to its first problem of syntax, told in words.

Limits are held before parsing: 16 KiB of UTF-8 and 64 open parentheses.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from segsync.rules.build import Builder
from segsync.rules.problems import Sheet
from segsync.rules.syntax import Condition, Span, Value

MOST_BYTES = 16 * 1024
MOST_OPEN = 64

_STRING_OR_COMMENT = re.compile(r"'(?:\\.|[^'\\\n])*'|(?:(?<=\s)|\A)--(?=\s|$)[^\n]*", re.MULTILINE)
_CONDITION = re.compile(r"[<>=!]|(?:and|or|between|in|is|not|contains|matches|starts|ends)\b", re.IGNORECASE)
_QUERY = re.compile(r"\s*(FROM\s+customers)\b", re.IGNORECASE)  # as Shopify's editor shows a segment
_WORD = re.compile(r"\w+|[^\w\s]+|.", re.DOTALL)


def parse(sheet: Sheet) -> Condition | None:
    """The tree of the sheet's rule. None where it cannot be made; then the sheet says why."""
    condition: Condition | None = _read(sheet, "start")
    return condition


def parse_value(sheet: Sheet) -> Value | None:
    """The tree of a value, such as a trait of the user's own. None where it cannot be made; then the sheet says why."""
    value: Value | None = _read(sheet, "value")
    return value


def _read(sheet: Sheet, start: str) -> Any:
    if not _within_limits(sheet):
        return None
    try:
        tree = lark().parse(sheet.text, start=start)
    except UnexpectedInput as error:
        _tell(sheet, error)
        return None
    return Builder(sheet).transform(tree)


@cache
def lark() -> Lark:
    """The parser of grammar.lark, for a rule (`start`) or a value (`value`)."""
    grammar = files("segsync.rules").joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=["start", "value"],
        propagate_positions=True,
        maybe_placeholders=False,
    )


def _within_limits(sheet: Sheet) -> bool:
    text = sheet.text
    start = Span(0, 1)
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size > MOST_BYTES:
        message = f"the {sheet.what} is {size:,} bytes long; {MOST_BYTES:,} is the most"
        sheet.problem(start, message, "split it into segments")
        return False
    for at, char in enumerate(text):
        if (ord(char) < 32 and char not in "\t\n\r") or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF:
            sheet.problem(Span(at, at + 1), f"the character U+{ord(char):04X} may not stand in a rule", "take it out")
            return False
    if (deep := _too_deep(text)) is not None:
        sheet.problem(Span(deep, deep + 1), f"more than {MOST_OPEN} parentheses are open", "split it into segments")
        return False
    if not _bare(text).strip():
        example = "number_of_orders >= 1" if sheet.section != "traits" else "amount_spent / number_of_orders"
        sheet.problem(start, f"the {sheet.what} is empty", f"write one, such as `{example}`")
        return False
    return True


def _too_deep(text: str) -> int | None:
    depth = 0
    for at, char in enumerate(_bare(text)):
        depth += (char == "(") - (char == ")" and depth > 0)
        if depth > MOST_OPEN:
            return at
    return None


def _bare(text: str) -> str:
    """The text with strings and comments blanked, each character in its place."""
    return _STRING_OR_COMMENT.sub(
        lambda found: ("_" if found[0][0] == "'" else " ") * len(found[0]),
        text,
    )


# --- saying what was expected ------------------------------------------------------------------------------


def _tell(sheet: Sheet, error: UnexpectedInput) -> None:
    at, expected = _where(sheet.text, error)
    rest = sheet.text[at:]
    if not rest:
        _tell_end(sheet, expected)
        return
    word = _WORD.match(rest)
    found = word[0] if word else rest[:1]
    span = Span(at, at + len(found))
    if whole := _QUERY.match(sheet.text):
        message = "a rule is a condition alone"
        sheet.problem(Span(whole.start(1), whole.end(1)), message, "write what stands between WHERE and ORDER BY")
        return
    if sheet.section == "traits" and _CONDITION.match(rest):
        message = "a trait is a value, and this makes it a condition"
        sheet.problem(span, message, "write the value alone; conditions stand in rules")
        return
    for pattern, message, remedy in _MISTAKES:
        if mistake := pattern.match(rest):
            sheet.problem(Span(at, at + max(1, len(mistake[0]))), message, remedy)
            return
    if found.startswith("'"):
        _tell_quote(sheet, at, rest)
    elif found.startswith(","):
        sheet.problem(Span(at, at + 1), "`,` may not stand here", "numbers take no thousands separators: write 1000")
    elif found.startswith(")"):
        if _bare(sheet.text)[: at + 1].count(")") > _bare(sheet.text)[:at].count("("):
            sheet.problem(Span(at, at + 1), "this `)` closes nothing", "take it out")
        else:
            sheet.problem(Span(at, at + 1), "unexpected `)`", f"expected {_words(expected)}")
    else:
        sheet.problem(span, f"unexpected `{found}`", f"expected {_words(expected)}")


# What people bring from SQL and other languages; matched where the parser stopped.
_MISTAKES = (
    (re.compile("--"), "`--` is no comment here", "a comment has a space before and behind its `--`"),
    (re.compile("&&?"), "`&` is no part of the language", "write AND"),
    (re.compile(r"\|\|?"), "`|` is no part of the language", "write OR"),
    (re.compile(r"!(?!=)"), "`!` may not stand alone", "write NOT ( … )"),
    (re.compile(r"[\"“”‘’`]"), "the text is not closed", "text stands between single quotes: 'x'"),
    (re.compile(r";"), "a rule has no `;`", "take it out"),
    (re.compile(r"%"), "`%` may not stand here", "write the number alone"),
    (
        re.compile(r"x?like\b|ilike\b", re.I),
        "LIKE is no part of the language",
        "write STARTS WITH, ENDS WITH or CONTAINS",
    ),
    (re.compile(r"xor\b", re.I), "XOR is no part of the language", "write (a OR b) AND NOT (a AND b)"),
    (re.compile(r"[+-]\d+[dwmy]\b"), "an offset may stand only where a value starts", "write it after an operator"),
    (re.compile(r"not\b", re.I), "NOT may not stand here", "it stands before one clause, or before parentheses"),
)


def _where(text: str, error: UnexpectedInput) -> tuple[int, set[str]]:
    if isinstance(error, UnexpectedToken):
        expected = set(error.accepts or error.expected)
        return (len(text) if error.token.type == "$END" else int(error.token.start_pos or 0)), expected
    if isinstance(error, UnexpectedCharacters):
        return int(error.pos_in_stream or 0), set(error.allowed or ())
    return len(text), set()


def _tell_end(sheet: Sheet, expected: set[str]) -> None:
    end = len(sheet.text.rstrip())
    last = Span(max(0, end - 1), end)
    missing = _bare(sheet.text).count("(") - _bare(sheet.text).count(")")
    if missing > 0 and "RPAR" in expected:
        what = "a parenthesis is" if missing == 1 else f"{missing} parentheses are"
        sheet.problem(last, f"{what} not closed", f"add {')' * missing}")
    else:
        sheet.problem(last, f"the {sheet.what} ends too early", f"expected {_words(expected)}")


def _tell_quote(sheet: Sheet, at: int, rest: str) -> None:
    line = rest.split("\n", 1)[0]
    closed = re.match(r"'(?:\\.|[^'\\])*'", line)
    if not closed:
        sheet.problem(Span(at, at + len(line)), "the text is not closed", "add a ' at its end")
    elif at and sheet.text[at - 1] == "'":
        sheet.problem(Span(at - 1, at + 1), "two texts stand side by side", r"inside text a quote is written \'")
    else:
        sheet.problem(Span(at, at + len(closed[0])), f"unexpected text {closed[0]}", "an operator is missing before it")


def _words(expected: set[str]) -> str:
    if "NAME" in expected and "_NOT" in expected:
        return "a clause, such as `number_of_orders >= 3`"
    if "NAME" in expected and "NUMBER" not in expected:
        return "a parameter, such as `date >= -30d`" + (", or `)`" if "RPAR" in expected else "")
    if "NAME" in expected or "NUMBER" in expected:
        return "a value, such as 3, 'text', 2026-05-30 or -30d"
    if "CMP" in expected:
        return "an operator, such as `>=`, `=`, BETWEEN, CONTAINS, MATCHES or IS NULL"
    names = {"_AND": "AND", "_OR": "OR", "RPAR": "`)`", "LPAR": "`(`", "COMMA": "`,`", "$END": "the end"}
    words = [word for terminal, word in names.items() if terminal in expected]
    words += sorted(t.lstrip("_").split("_")[0] for t in expected if t.startswith("_") and t not in names)
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words) or "something else"
