"""What this plugin brings to mann-bench; the tasks themselves are loaded on first use."""

from pathlib import Path

from mann_bench import ConvergenceRule, StudySpec, TaskSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)

_DELETANG = "Deletang et al. 2023, https://arxiv.org/abs/2207.02098"

_TASKS = {
    "even_pairs": ("regular:EvenPairs", "tell whether the number of unequal neighbours is odd"),
    "modular_arithmetic": ("regular:ModularArithmetic", "compute an expression without brackets modulo 5"),
    "parity_check": ("regular:ParityCheck", "tell whether the number of ones is odd"),
    "cycle_navigation": ("regular:CycleNavigation", "follow a walk on a ring of five places"),
    "modular_arithmetic_brackets": ("brackets:ModularArithmeticBrackets", "compute a bracketed expression modulo 5"),
    "reverse_string": ("strings:ReverseString", "say bits backwards"),
    "solve_equation": ("brackets:SolveEquation", "find the digit that is hidden in an equation modulo 5"),
    "stack_manipulation": ("stack:StackManipulation", "push and pop, and say what the stack holds"),
    "duplicate_string": ("strings:DuplicateString", "say bits twice"),
    "missing_duplicate_string": ("strings:MissingDuplicateString", "find the bit that is hidden in a doubled string"),
    "odds_first": ("strings:OddsFirst", "say every second bit, then the others"),
    "binary_addition": ("numbers:BinaryAddition", "add two binary numbers"),
    "binary_multiplication": ("numbers:BinaryMultiplication", "multiply two binary numbers"),
    "compute_sqrt": ("numbers:ComputeSqrt", "take the square root of a binary number"),
    "bucket_sort": ("strings:BucketSort", "sort symbols of five kinds"),
}
"""Class and summary of each task of Deletang et al. 2023."""


@hookimpl
def mann_bench_tasks() -> list[TaskSpec]:
    """Return the fifteen tasks of the Chomsky hierarchy, and the word problem."""
    chomsky = [_spec(name, target, summary, _DELETANG) for name, (target, summary) in _TASKS.items()]
    barrington = "Barrington 1989, https://doi.org/10.1016/0022-0000(89)90037-8"
    word_problem = _spec("word_problem", "groups:WordProblem", "multiply elements of a finite group", barrington)
    return [*chomsky, word_problem]


@hookimpl
def mann_bench_studies() -> list[StudySpec]:
    """Return the studies; some of their models come with mann-bench-baselines."""
    return [
        StudySpec(
            "chomsky",
            Path(__file__).with_name("chomsky.toml"),
            "NTM, DNC and baselines on the fifteen tasks of the Chomsky hierarchy, a short budget",
        ),
        StudySpec(
            "word-problems",
            Path(__file__).with_name("word-problems.toml"),
            "NTM, DNC and baselines on the word problems of S3, S4, A5 and S5, a short budget",
        ),
    ]


def _spec(name: str, target: str, summary: str, reference: str) -> TaskSpec:
    """Return a spec with the rule of all tasks of labels: fewer than 0.1 wrong answers a sequence."""
    rule = ConvergenceRule("token_errors", below=0.1)
    return TaskSpec(name, 1, f"mann_bench_formal.{target}", summary, reference, rule)
