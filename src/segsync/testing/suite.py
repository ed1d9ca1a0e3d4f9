"""How a contract suite is held whole: a connector takes all of it, but for what its spec does not declare."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from segsync.errors import SegsyncError
from segsync.spec import Spec
from segsync.testing.fake_time import FakeTime

Test = TypeVar("Test", bound=Callable[..., None])


def needs(*abilities: str) -> Callable[[Test], Test]:
    """Mark a test as one for connectors with all of these abilities; `not x` asks for the lack of `x`."""

    def mark(test: Test) -> Test:
        test.__dict__["needs"] = abilities
        return test

    return mark


def raises(kind: type[SegsyncError], act: Callable[[], object]) -> None:
    """Assert that `act` raises this kind of error, whose text says something."""
    try:
        got = act()
    except kind as error:
        said = str(error).strip()
    else:
        raise AssertionError(f"expected {kind.__name__}, got {got!r}")
    assert said, f"a {kind.__name__} without a word"


def assert_texts(warnings: object) -> None:
    """Assert that `check()` answered with a list of texts, or an empty one."""
    assert isinstance(warnings, Sequence), f"check() answered {warnings!r}, not a list of texts"
    assert not isinstance(warnings, str), "check() answered one text, not a list of them"
    assert all(isinstance(text, str) and text.strip() for text in warnings), "check() warns of nothing"


class Suite(ABC):
    """Base of the suites. pytest collects a subclass; no test of it skips, and none may be overridden.

    A test that asks for an ability which the subclass does not have is not collected, since it promises nothing.
    """

    spec: ClassVar[Spec]

    @classmethod
    def abilities(cls) -> Mapping[str, bool]:
        """What the connector declares, by the names that `needs` uses. Raises TypeError for a broken declaration."""
        return {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "spec"):
            return
        contract = _contract_tests(cls)
        if changed := sorted(contract.keys() & vars(cls).keys()):
            raise TypeError(f"{cls.__name__} overrides {', '.join(changed)}: a contract is taken whole")
        abilities = cls.abilities()
        for name, test in contract.items():
            setattr(cls, name, test if _wanted(test, abilities) else None)

    @cached_property
    def time(self) -> FakeTime:
        """The time of this one test. Hand `time.clock` to the connector, and to its platform's stand-in."""
        return FakeTime()

    def wait(self, seconds: float) -> None:
        """Let so much time pass for the connector and its platform."""
        self.time.advance(seconds)


def _contract_tests(cls: type[Suite]) -> dict[str, Callable[..., None]]:
    """The tests of the contract itself: of the bases that have no spec yet."""
    found: dict[str, Callable[..., None]] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Suite) and not hasattr(base, "spec"):
            found.update({name: value for name, value in vars(base).items() if name.startswith("test_")})
    return found


def _wanted(test: Callable[..., None], abilities: Mapping[str, bool]) -> bool:
    asked: tuple[str, ...] = getattr(test, "needs", ())
    return all(not abilities[name[4:]] if name.startswith("not ") else abilities[name] for name in asked)
