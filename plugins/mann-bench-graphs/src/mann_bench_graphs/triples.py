"""What the two tasks share: lessons as sizes, phases, and how triples are judged."""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mann_bench import Batch, SequenceTask, Size, require_one_of
from mann_bench_graphs.encoding import ANSWER, DIGITS, LABEL, PHASE, PLACES, TABLE, TRIPLE, Canvas, written
from mann_bench_graphs.graphs import Graphs, Numbers, draw_graphs, planar_graphs
from mann_bench_graphs.lessons import Lesson

PhaseMark = Literal["first_step", "query"]

_ORACLE_LOGIT = 30.0
_SOFTMAXES = 3 * PLACES

Triple = tuple[int, int, int]
"""Labels of the source, the edge and the destination."""


class TripleTask(SequenceTask):
    """A task that describes a graph, a triple a step, and asks for triples.

    Args:
        lessons: the lessons of the paper, from the first on.
        after: what stands after them, in place of the paper's test graph.
        min_lesson: first lesson that is trained on, 1 or more.
        max_lesson: last lesson that is trained on; those after it are tested on.
        phase_mark: where the channel that marks phases is 1.
    """

    sequence_scores = frozenset({"guess_accuracy"})
    others_guessed: ClassVar[int]
    """Nodes that a guess leaves out: where a walk stands, it does not stay."""

    def __init__(
        self, lessons: Sequence[Lesson], after: Lesson, min_lesson: int, max_lesson: int, phase_mark: PhaseMark
    ) -> None:
        super().__init__()
        if not 1 <= min_lesson <= max_lesson <= len(lessons):
            raise ValueError(
                f"expected 1 <= min_lesson <= max_lesson <= {len(lessons)}, the lessons that the paper has, not "
                f"{min_lesson} and {max_lesson}"
            )
        require_one_of(phase_mark=(phase_mark, PhaseMark))
        self.lessons = [*lessons, after]
        self.min_lesson, self.max_lesson, self.phase_mark = min_lesson, max_lesson, phase_mark
        self.input_size, self.output_size = TRIPLE + 2, TRIPLE

    @abstractmethod
    def answer(self, edges: list[Triple], query: list[Triple], answers: int) -> list[Triple]:
        """Answer one question about one graph by a plain program; -1 stands for a label that is not told."""

    def training_sizes(self) -> list[Size]:
        """Return every lesson from `min_lesson` to `max_lesson`."""
        return [{"lesson": n} for n in range(self.min_lesson, self.max_lesson + 1)]

    def test_sizes(self) -> list[Size]:
        """Return every lesson from `min_lesson` on, and after the last lesson the planar graph."""
        return [{"lesson": n} for n in range(self.min_lesson, len(self.lessons) + 1)]

    def lesson(self, size: Size) -> Lesson:
        """Return what a size is drawn from.

        Raises:
            ValueError: there is no such lesson.
        """
        if not 1 <= size["lesson"] <= len(self.lessons):
            raise ValueError(f"expected a lesson from 1 to {len(self.lessons)}, not {size['lesson']}")
        return self.lessons[size["lesson"] - 1]

    def graphs(self, rng: np.random.Generator, size: Size, count: int) -> Graphs:
        """Draw graphs of a lesson; after the last lesson, all are the planar graph."""
        lesson = self.lesson(size)
        return planar_graphs(count) if size["lesson"] == len(self.lessons) else draw_graphs(rng, lesson, count)

    def describe(
        self, rng: np.random.Generator, canvas: Canvas, graphs: Graphs, nodes: Numbers, edges: Numbers
    ) -> Numbers:
        """Tell all edges of each graph in a random order.

        Args:
            rng: the generator.
            canvas: where.
            graphs: whose edges.
            nodes: codes of the nodes, [B, N].
            edges: codes of the edges, [B, N, K].

        Returns:
            How many steps each description takes, [B].
        """
        sequences, sources, slots = np.nonzero(np.arange(edges.shape[2]) < graphs.degrees[..., None])
        order = np.lexsort((rng.random(len(sequences)), sequences))
        sequences, sources, slots = sequences[order], sources[order], slots[order]
        steps: Numbers = graphs.degrees.sum(1)
        starts = np.cumsum(steps) - steps
        ends = graphs.ends[sequences, sources, slots]
        triples = [nodes[sequences, sources], edges[sequences, sources, slots], nodes[sequences, ends]]
        canvas.tell(np.arange(len(sequences)) - starts[sequences], sequences, np.stack(triples, axis=-1))
        return steps

    def loss(self, logits: Float[Tensor, "T B O"], batch: Batch) -> Float[Tensor, "B"]:
        """Return the sum of the nine cross-entropies of each triple, in nats a sequence."""
        each = _by_digit(logits).log_softmax(-1) * _by_digit(batch.targets)
        return -(each.sum((-1, -2)) * batch.mask).sum(0)

    def scores(self, logits: Float[Tensor, "T B O"], batch: Batch) -> dict[str, Float[Tensor, "B"]]:
        """Return the scores of each sequence. A network answers with the most likely digit of each of its softmaxes.

        - ``loss_bits``: cross-entropy, in bits a sequence
        - ``triple_errors``: triples with a wrong digit, without the end of the answer
        - ``triple_accuracy``: the share of triples without one
        - ``sequence_error_rate``: 0 where every triple is right, and so is the end of the answer if it is scored; else
          1
        - ``sequence_accuracy``: the same the other way round
        - ``guess_accuracy``: how likely every triple is right by guessing, for who knows the question and the nodes of
          the graph, and no edge
        """
        said, wanted = (_by_digit(each).argmax(-1) for each in (logits, batch.targets))
        wrong = (said != wanted).any(-1) * self.score_mask(batch)
        asked = self.score_mask(batch) * ~is_end(batch.targets)
        triples, errors = asked.sum(0), (wrong * asked).sum(0)
        rate = wrong.any(0).to(logits.dtype)
        return {
            "loss_bits": self.loss(logits, batch) / math.log(2.0),
            "triple_errors": errors,
            "triple_accuracy": 1 - errors / triples,
            "sequence_error_rate": rate,
            "sequence_accuracy": 1 - rate,
            "guess_accuracy": (_nodes(batch.inputs) - self.others_guessed).to(logits.dtype) ** -triples,
        }

    def chance_of(self, triples: float, ends: float = 0.0) -> dict[str, float]:
        """Return the scores of digits that are all as likely, with so many triples and ends of answers a sequence."""
        loss_bits = (triples + ends) * _SOFTMAXES * math.log2(DIGITS)
        return {"loss_bits": loss_bits, "triple_errors": triples, "sequence_error_rate": 1.0}

    def probabilities(self, logits: Float[Tensor, "T B O"]) -> Float[Tensor, "T B O"]:
        """Return the probability of each digit."""
        return _by_digit(logits).softmax(-1).flatten(-2)

    def oracle(self, inputs: Float[Tensor, "T B I"]) -> Float[Tensor, "T B O"]:
        """Read each sequence by its marks and answer it by the plain program `answer`."""
        logits = torch.zeros(*inputs.shape[:2], self.output_size)
        for b, sequence in enumerate(inputs.unbind(1)):
            told = [tuple(triple) for triple in written(sequence[:, :TRIPLE])]
            starts, asked = (sequence[:, channel].nonzero().flatten().tolist() for channel in (PHASE, ANSWER))
            edges = told[: starts[0]]
            query = [triple for triple in told[starts[0] : asked[-1] + 1] if triple != (-1, -1, -1)]
            said = torch.tensor(self.answer(edges, query, len(asked)))
            logits[asked, b] = _ORACLE_LOGIT * torch.from_numpy(TABLE)[said].flatten(1)
        return logits


def is_end(targets: Float[Tensor, "T B O"]) -> Bool[Tensor, "T B"]:
    """Tell where a target is the end of an answer: all nine digits are 0."""
    return targets[..., ::DIGITS].sum(-1) == _SOFTMAXES


def _by_digit(channels: Float[Tensor, "T B O"]) -> Float[Tensor, "T B digits values"]:
    """Return what channels hold by the digit that they belong to."""
    return channels.reshape(*channels.shape[:-1], _SOFTMAXES, DIGITS)


def _nodes(inputs: Float[Tensor, "T B I"]) -> Int[Tensor, "B"]:
    """Count the sources that the description of each graph tells: an edge leaves every node."""
    source, worth = inputs[..., :LABEL], torch.arange(LABEL, device=inputs.device)
    # Digits in places are numbers of their own: no two labels have the same sum.
    numbers = (source * (worth % DIGITS * DIGITS ** (PLACES - 1 - worth // DIGITS))).sum(-1)
    described = (inputs[..., PHASE].cumsum(0) == 0) & source.any(-1)
    ordered = torch.where(described, numbers, -1.0).sort(0).values
    return ((ordered[1:] != ordered[:-1]) & (ordered[1:] >= 0)).sum(0) + (ordered[0] >= 0)
