"""The pytest plugin: one test, marked with names, becomes a test for every clause. Light until it is used."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from mann_bench.core.errors import MannBenchError
from mann_bench.testing.clause import ConformanceError

if TYPE_CHECKING:
    from mann_bench.testing.cases import Case

_MARKER, _FIXTURE = "mann_bench", "mann_bench_case"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{_MARKER}(*names): models, tasks or plugins whose conformance is tested")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the test a case for every clause of what its marker names."""
    if _FIXTURE not in metafunc.fixturenames:
        return
    names = [name for marker in metafunc.definition.iter_markers(_MARKER) for name in marker.args]
    if not names:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} uses {_FIXTURE}, but says not of what. "
            f'Mark it: @pytest.mark.{_MARKER}("my_model")'
        )
    from mann_bench.testing.cases import find_cases

    try:
        cases = find_cases(names)
    except MannBenchError as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: {error}") from error
    metafunc.parametrize(_FIXTURE, [pytest.param(case, id=case.id, marks=list(_marks(case))) for case in cases])


def _marks(case: "Case") -> Iterator[pytest.MarkDecorator]:
    if case.missing:
        yield pytest.mark.skip(reason=f"needs {', '.join(case.missing)}, which is not installed")
    if case.expected_failure:
        yield pytest.mark.xfail(strict=True, raises=ConformanceError, reason=case.expected_failure.reason)
