"""Inference: tell where relations lead in a graph."""

from typing import Literal

import numpy as np

from mann_bench import Batch, Size, require_one_of, require_positive
from mann_bench_graphs.encoding import LABELS, UNITS, UNKNOWN, Canvas
from mann_bench_graphs.graphs import Numbers, draw_below, draw_distinct, draw_slots
from mann_bench_graphs.lessons import INFERENCE, Lesson, planar
from mann_bench_graphs.relations import EACH, FIRST, LENGTHS, Links, choose, links, relations
from mann_bench_graphs.triples import PhaseMark, Triple, TripleTask

EdgeDigits = Literal["three", "last"]
RelationDraw = Literal["by_length", "by_link"]


class GraphInference(TripleTask):
    """Inference in a graph (Graves et al. 2016, Nature 538, https://doi.org/10.1038/nature20101).

    A graph is described as in `graph_traversal`, but its edges have the digits 0 to 9 as labels. A relation is a label
    of its own, 10 to 409, that stands for a chain of 2 to 5 edges, 100 chains of each length. The chain is never shown.
    It is the same in all graphs and for all models, and has to be learned. A query tells (source, relation, _). After
    some steps of planning, in which nothing happens, the model answers with (source, relation, destination). There are
    several queries on each graph. T is the same for all sequences of a lesson; after shorter ones nothing happens.

    A lesson states how many nodes a graph has, how many edges leave a node, and how long relations are. Graphs are
    those of `graph_traversal`. Lessons 1 to 17 are the paper's; in place of a family tree, lesson 18 has relations of
    four edges on a fixed planar graph. Inputs and targets are those of `graph_traversal`.

    Lesson 1, the edges (75, 4, 175) (16, 9, 175) (175, 8, 75) (16, 6, 75) (75, 9, 16) (175, 7, 16), and the relation 51
    from 75, which stands for 4 and 7, with a dot for 0:

        options  queries=1,planning=0
        where    .=0
        inputs   1................1.......1....1.........1.............1......1...............1.......1......
        inputs   1..........1..............1...1.........1..................1.1...............1.......1......
        inputs   .1...............1.......1....1.........1.................1.1................1.......1......
        inputs   1..........1..............1...1.........1...............1...1................1.......1......
        inputs   1................1.......1....1.........1..................11..........1..............1.....
        inputs   .1...............1.......1....1.........1................1..1..........1..............1.....
        inputs   1................1.......1....1..............1.....1......................................1.
        inputs   ..........................................................................................11
        targets  - - - - - - -
        targets  1................1.......1....1..............1.....1........1..........1..............1...

    The same graph with the last digit of its edges alone, a step of planning, and then 42 from 175, which is 7 and 6:

        options  queries=2,planning=1,edge_digits=last
        where    .=0
        inputs   1................1.......1.................................11..........1..............1.....
        inputs   1..........1..............1.............................1...1................1.......1......
        inputs   .1...............1.......1................................1.1................1.......1......
        inputs   .1...............1.......1...............................1..1..........1..............1.....
        inputs   1................1.......1............................1......1...............1.......1......
        inputs   1..........1..............1................................1.1...............1.......1......
        inputs   1................1.......1....1..............1.....1......................................1.
        inputs   ..........................................................................................1.
        inputs   ..........................................................................................11
        inputs   .1...............1.......1....1.............1.......1.....................................1.
        inputs   ..........................................................................................1.
        inputs   ..........................................................................................11
        targets  - - - - - - - -
        targets  1................1.......1....1..............1.....1........1..........1..............1...
        targets  - -
        targets  .1...............1.......1....1.............1.......1.......1................1.......1....

    Chance: nine times log2 10 bits of cross-entropy for each answer, every answer wrong. The best constant answers no
    query. Who knows the question and which nodes there are, and no edge, guesses one destination of n:
    ``guess_accuracy``, 0.037 in lesson 1, where all three answers have to be right. There, half of the relations lead
    back to where they start.

    Where the paper leaves it open: `relation_list`, `relation_draw`, `edge_digits` and `phase_mark` below. Queries on
    one graph are drawn independently, so that one may come twice. Lessons 4 and 11 repeat the ones before them, as in
    the paper's table.

    Args:
        min_lesson: first lesson that is trained on, 1 or more.
        max_lesson: last lesson that is trained on, at most 17; lessons up to 18 are tested.
        queries: on each graph, 1 or more; the paper has 3.
        planning: steps between a query and its answer, 0 or more; the paper has 10.
        relation_list: which chains the relations stand for, a number from 0 up; the paper does not print its own.
        relation_draw: how a relation that applies is drawn: a length first, and then a source and a relation of this
            length; or any source and relation alike, which are mostly short. A length that leads nowhere in a graph
            gives way to the next shorter one that does.
        edge_digits: how the label of an edge is written, as three digits or as its last one alone.
        phase_mark: where the channel that marks phases is 1: at the first step of each query, planning and answer, or
            at the queries.
    """

    others_guessed = 0

    def __init__(
        self,
        *,
        min_lesson: int = 1,
        max_lesson: int = len(INFERENCE),
        queries: int = 3,
        planning: int = 10,
        relation_list: int = 0,
        relation_draw: RelationDraw = "by_length",
        edge_digits: EdgeDigits = "three",
        phase_mark: PhaseMark = "first_step",
    ) -> None:
        super().__init__(INFERENCE, planar(path=4), min_lesson, max_lesson, phase_mark)
        require_one_of(relation_draw=(relation_draw, RelationDraw), edge_digits=(edge_digits, EdgeDigits))
        require_positive(queries=queries)
        if planning < 0 or relation_list < 0:
            raise ValueError(f"planning and relation_list must be 0 or more, not {planning} and {relation_list}")
        self.queries, self.planning = queries, planning
        self.relation_draw, self.edge_digits = relation_draw, edge_digits
        self.chains = relations(relation_list)

    def chance(self, size: Size) -> dict[str, float]:
        """Digits of 0 are as likely as all others, and no relation has them."""
        return self.chance_of(float(self.queries))

    def generate(self, rng: np.random.Generator, size: Size, count: int) -> Batch:
        """Draw `count` sequences of a lesson."""
        lesson, graphs = self.lesson(size), self.graphs(rng, size, count)
        nodes = draw_distinct(rng, range(LABELS), count, lesson.nodes.high)
        edges = draw_slots(rng, np.full(count, FIRST), graphs)
        known = [links(graphs, edges, self.chains[length]) for length in range(LENGTHS.start, lesson.path.high + 1)]
        sources, asked, ends = choose(rng, known, self._lengths(rng, lesson, known, count))
        canvas = Canvas.blank(lesson.most_edges + self.queries * (self.planning + 2), count)
        written = edges + UNITS if self.edge_digits == "last" else edges
        starts = self.describe(rng, canvas, graphs, nodes, written)
        self._questions(
            canvas,
            starts,
            np.stack([np.take_along_axis(nodes, sources, 1), asked, np.take_along_axis(nodes, ends, 1)], axis=-1),
        )
        return canvas.batch()

    def _lengths(self, rng: np.random.Generator, lesson: Lesson, known: list[Links], count: int) -> Numbers:
        """Draw the lengths of relations, [B, queries]."""
        if self.relation_draw == "by_length":
            return rng.integers(lesson.path.low, lesson.path.high + 1, (count, self.queries))
        below = np.cumsum([found.counted(count) for found in known], axis=0)
        link = draw_below(rng, np.broadcast_to(below[-1][:, None], (count, self.queries)))
        lengths: Numbers = LENGTHS.start + (link >= below[:-1, :, None]).sum(0)
        return lengths

    def _questions(self, canvas: Canvas, starts: Numbers, triples: Numbers) -> None:
        """Ask for triples, [B, queries, 3], one after the other, from a step on."""
        sequences = np.repeat(np.arange(len(starts)), self.queries)
        at = (starts[:, None] + (self.planning + 2) * np.arange(self.queries)).reshape(-1)
        answers = triples.reshape(-1, 3)
        query = answers.copy()
        query[:, 2] = UNKNOWN
        canvas.tell(at, sequences, query)
        canvas.ask(at + self.planning + 1, sequences, answers)
        canvas.mark(at, sequences)
        if self.phase_mark == "first_step":
            canvas.mark(at + 1, sequences)
            canvas.mark(at + self.planning + 1, sequences)

    def answer(self, edges: list[Triple], query: list[Triple], answers: int) -> list[Triple]:
        """Look each edge of each relation up."""
        leads = {(source, edge): end for source, edge, end in edges}
        said = list[Triple]()
        for source, relation, _ in query:
            length, place = LENGTHS.start + (relation - FIRST) // EACH, (relation - FIRST) % EACH
            at = source
            for edge in self.chains[length][place].tolist():
                at = leads[at, edge]
            said.append((source, relation, at))
        return said
