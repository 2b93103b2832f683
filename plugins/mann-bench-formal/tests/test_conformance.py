import pytest

from mann_bench.testing import Case


@pytest.mark.mann_bench(
    "even_pairs",
    "modular_arithmetic",
    "parity_check",
    "cycle_navigation",
    "modular_arithmetic_brackets",
    "reverse_string",
    "solve_equation",
    "stack_manipulation",
    "duplicate_string",
    "missing_duplicate_string",
    "odds_first",
    "binary_addition",
    "binary_multiplication",
    "compute_sqrt",
    "bucket_sort",
    "word_problem:group=S3",
    "word_problem:group=S4",
    "word_problem:group=A5",
    "word_problem:group=S5",
    "parity_check:min_length=3,max_length=8,longest=50",
)
def test_conformance(mann_bench_case: Case) -> None:
    assert not (mann_bench_case.check() or "").startswith("warning")
