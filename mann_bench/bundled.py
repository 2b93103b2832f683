"""What the other distributions of this repository bring, for who asks for it where they are not installed."""

from collections.abc import Mapping, Sequence

BUNDLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "mann-bench-baselines": {
        "model": ["gru", "transformer", "deltanet", "rnn", "tape_rnn", "stack_rnn"],
        "study": ["first-rows"],
    },
    "mann-bench-formal": {
        "task": [
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
            "word_problem",
        ],
        "study": ["chomsky", "word-problems"],
    },
    "mann-bench-graphs": {
        "task": ["graph_traversal", "graph_inference"],
        "syllabus": ["lessons"],
        "study": ["graph-lessons"],
    },
    "mann-bench-modern": {
        "model": ["gated_deltanet", "mlstm", "slstm", "mamba2", "rwkv7", "titans", "ttt_linear", "kv_memory", "lrua"],
        "study": ["modern-rows"],
    },
    "mann-bench-ray": {"executor": ["ray"]},
    "mann-bench-recall": {"task": ["mqar", "selective_copying"]},
    "mann-bench-slurm": {"executor": ["slurm"]},
    "mann-bench-torchrecurrent": {
        "model": [
            "antisymmetric_rnn",
            "gated_antisymmetric_rnn",
            "atr",
            "br",
            "nbr",
            "cfn",
            "cornn",
            "dsgu",
            "fast_rnn",
            "fast_grnn",
            "indrnn",
            "intersection_rnn",
            "janet",
            "lem",
            "light_ru",
            "ligru",
            "mclstm",
            "mgu",
            "minimal_rnn",
            "miru1",
            "miru2",
            "multiplicative_lstm",
            "mut1",
            "mut2",
            "mut3",
            "nas",
            "original_lstm",
            "peephole_lstm",
            "ran",
            "res_lstm",
            "scrn",
            "sgrn",
            "sgu",
            "star",
            "tgru",
            "tlstm",
            "trnn",
            "ugrnn",
            "unicornn",
            "wmclstm",
        ]
    },
}
"""By distribution and kind, the names that its plugin registers."""


def brought_by(kind: str, name: str) -> str | None:
    """Return the distribution that brings a name of a kind, such as ``model``; None where none of them does."""
    return next((each for each, kinds in BUNDLED.items() if name in kinds.get(kind, ())), None)
