"""Thousands of tests ask the same of tables of the same shape: what SQL an expression comes to is worked out once.

SQL is made of an expression alone; which file its tables are in plays no part. So the backends of all tests count as
one here, and what was compiled before is not compiled again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from segsync.warehouse.duckdb import Backend

MOST = 4096  # expressions that are remembered


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Any:
    compiled = Backend.compile
    known = lru_cache(maxsize=MOST)(lambda op, con: compiled(con, op.to_expr()))

    def compile(self: Backend, expr: Any, /, **options: Any) -> str:
        return compiled(self, expr, **options) if any(options.values()) else known(expr.op(), self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backend, "db_identity", "any file")
        patch.setattr(Backend, "compile", compile)
        yield
