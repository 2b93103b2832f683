"""Traversal: follow edges through a graph."""

from typing import Literal

import numpy as np
from jaxtyping import Float
from torch import Tensor

from mann_bench import Batch, Size, require_one_of
from mann_bench_graphs.encoding import LABELS, UNKNOWN, Canvas
from mann_bench_graphs.graphs import Graphs, Numbers, draw_below, draw_distinct, draw_slots
from mann_bench_graphs.lessons import TRAVERSAL, planar
from mann_bench_graphs.triples import PhaseMark, Triple, TripleTask, is_end

End = Literal["scored", "trained", "none"]

_END = 0
"""The label that ends an answer, in all three places; no node and no edge has it."""


class GraphTraversal(TripleTask):
    """Traversal of a graph (Graves et al. 2016, Nature 538, https://doi.org/10.1038/nature20101).

    A graph is described edge by edge: at each step the model is told a triple (source, edge, destination) of labels, in
    a random order. A query follows, the first node of a walk and its edges: (source, edge, _), and for every further
    step (_, edge, _). Then the model says the whole walk, triple by triple, at steps without input, and ends with 000
    in all three places. T is the same for all sequences of a lesson; after shorter ones come steps in which nothing
    happens.

    A lesson states how many nodes a graph has, how many edges leave a node, and how long a walk is. Nodes are random
    points of the unit square, and edges go from each to the nearest others. All labels are drawn anew for each graph:
    as many for edges as there are nodes, and those of the edges that leave a node are distinct. Lessons 1 to 14 are the
    paper's; in place of London, lesson 15 has walks of seven steps on a fixed planar graph.

    Inputs: three labels of three decimal digits, each one-hot of 10, all 0 for a label that is not told; a channel that
    marks phases, and one that is 1 at each step that wants an answer. Targets: nine digits.

    Lesson 1, the edges (389, 654, 137) (540, 654, 389) (137, 19, 540) (137, 274, 389) (389, 19, 540) (540, 274, 137),
    and from 540 along 274, with a dot for 0:

        where    .=0
        inputs   ...1..............1..........1......1........1........1......1...........1.............1....
        inputs   .....1........1.....1...............1........1........1........1..............1..........1..
        inputs   .1...........1.............1..1..........1.................1.....1........1.....1...........
        inputs   .1...........1.............1....1..............1......1........1..............1..........1..
        inputs   ...1..............1..........11..........1.................1.....1........1.....1...........
        inputs   .....1........1.....1...........1..............1......1......1...........1.............1....
        inputs   .....1........1.....1...........1..............1......1...................................1.
        inputs   ..........................................................................................11
        inputs   ...........................................................................................1
        targets  - - - - - - -
        targets  .....1........1.....1...........1..............1......1......1...........1.............1..
        targets  1.........1.........1.........1.........1.........1.........1.........1.........1.........

    The edges (753, 647, 456) (456, 895, 355) (355, 955, 753) (355, 647, 456) (456, 647, 753) (753, 895, 355), and from
    753 along 647 and 647, in lesson 2:

        options  end=none,phase_mark=query
        where    .=0
        inputs   .......1.......1.......1............1.......1............1......1..........1..........1.....
        inputs   ....1..........1..........1...........1..........1.....1.......1...........1.........1......
        inputs   ...1...........1.........1.............1.....1.........1...........1.......1.......1........
        inputs   ...1...........1.........1..........1.......1............1......1..........1..........1.....
        inputs   ....1..........1..........1.........1.......1............1.........1.......1.......1........
        inputs   .......1.......1.......1..............1..........1.....1.......1...........1.........1......
        inputs   .......1.......1.......1............1.......1............1................................1.
        inputs   ....................................1.......1............1................................1.
        inputs   ...........................................................................................1
        inputs   ...........................................................................................1
        targets  - - - - - - - -
        targets  .......1.......1.......1............1.......1............1......1..........1..........1...
        targets  ....1..........1..........1.........1.......1............1.........1.......1.......1......

    Chance: nine times log2 10 bits of cross-entropy for each triple, every triple wrong. The best constant answers no
    triple. Who knows the question and which nodes there are, and no edge, guesses one destination of n - 1:
    ``guess_accuracy``, 0.23 in lesson 1.

    Where the paper leaves it open: labels are 1 to 999, so that 000 can end an answer, as in the code of Collier
    (https://github.com/MarkPKCollier/NeuralTuringMachine); that code scores the end, too. A node of a graph with N
    nodes has at most N - 1 edges. There, the answer has one step too few, so that the first triple is due at the last
    step of the query; here, it has as many as it needs.

    Args:
        min_lesson: first lesson that is trained on, 1 or more.
        max_lesson: last lesson that is trained on, at most 14; lessons up to 15 are tested.
        phase_mark: where the channel that marks phases is 1: at the first step of the query and of the answer, or at
            all steps of the query, as in the code of Collier.
        end: whether the end of an answer is trained and scored, as a part of the whole answer; or trained alone; or
            left out.
    """

    others_guessed = 1

    def __init__(
        self,
        *,
        min_lesson: int = 1,
        max_lesson: int = len(TRAVERSAL),
        phase_mark: PhaseMark = "first_step",
        end: End = "scored",
    ) -> None:
        super().__init__(TRAVERSAL, planar(path=7), min_lesson, max_lesson, phase_mark)
        require_one_of(end=(end, End))
        self.end = end

    def chance(self, size: Size) -> dict[str, float]:
        """Digits of 0 are as likely as all others, and no label holds them alone."""
        path = self.lesson(size).path
        return self.chance_of((path.low + path.high) / 2, float(self.end != "none"))

    def score_mask(self, batch: Batch) -> Float[Tensor, "T B"]:
        """Return 1 at the triples of the path, and at the end of the answer if it is scored."""
        return batch.mask if self.end == "scored" else batch.mask * ~is_end(batch.targets)

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of a lesson."""
        lesson, graphs = self.lesson(size), self.graphs(rng, size, count)
        pools = (draw_distinct(rng, range(_END + 1, LABELS), count, lesson.nodes.high) for _ in ("nodes", "edges"))
        nodes, pool = pools
        edges = pool[np.arange(count)[:, None, None], draw_slots(rng, graphs.nodes, graphs)]
        lengths = rng.integers(lesson.path.low, lesson.path.high + 1, count)
        paths = _walk(rng, graphs, nodes, edges, lesson.path.high)
        canvas = Canvas.blank(lesson.most_edges + 2 * lesson.path.high + (self.end != "none"), count)
        self._question(canvas, self.describe(rng, canvas, graphs, nodes, edges), paths, lengths)
        return canvas.batch()

    def _question(self, canvas: Canvas, starts: Numbers, paths: Numbers, lengths: Numbers) -> None:
        """Ask for the first triples of each path, [B, path, 3], from a step on."""
        sequences, steps = np.nonzero(np.arange(paths.shape[1]) < lengths[:, None])
        triples, queries = paths[sequences, steps], starts[sequences] + steps
        canvas.ask(queries + lengths[sequences], sequences, triples)
        query = np.full_like(triples, UNKNOWN)
        query[:, 1] = triples[:, 1]
        query[steps == 0, 0] = triples[steps == 0, 0]
        canvas.tell(queries, sequences, query)
        every, ends = np.arange(len(paths)), starts + 2 * lengths
        if self.phase_mark == "first_step":
            canvas.mark(starts, every)
            canvas.mark(starts + lengths, every)
        else:
            canvas.mark(queries, sequences)
        if self.end != "none":
            canvas.ask(ends, every, np.full((len(paths), 3), _END))

    def answer(self, edges: list[Triple], query: list[Triple], answers: int) -> list[Triple]:
        """Look each edge up."""
        leads = {(source, edge): end for source, edge, end in edges}
        at, said = query[0][0], list[Triple]()
        for _, edge, _ in query:
            said.append((at, edge, leads[at, edge]))
            at = leads[at, edge]
        return [*said, *[(_END, _END, _END)] * (answers - len(said))]


def _walk(rng: np.random.Generator, graphs: Graphs, nodes: Numbers, edges: Numbers, length: int) -> Numbers:
    """Walk along random edges from random nodes; return labels, [B, length, 3]."""
    every, at = np.arange(len(nodes)), draw_below(rng, graphs.nodes)
    triples = np.empty((len(nodes), length, 3), dtype=np.int64)
    for step in range(length):
        edge = draw_below(rng, graphs.degrees[every, at])
        then = graphs.ends[every, at, edge]
        triples[:, step] = np.stack([nodes[every, at], edges[every, at, edge], nodes[every, then]], axis=-1)
        at = then
    return triples
