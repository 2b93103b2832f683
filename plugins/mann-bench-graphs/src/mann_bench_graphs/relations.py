"""Relations: labels that stand for chains of edges, the same for all graphs and never shown."""

from functools import cache
from typing import NamedTuple

import numpy as np

from mann_bench_graphs.graphs import Graphs, Numbers, draw_below

LENGTHS = range(2, 6)
EACH = 100
"""Relations of each length."""

FIRST = 10
"""The label of the first relation; edges have the labels below it."""


class Links(NamedTuple):
    """Where relations lead. n links.

    Attributes:
        graphs: number of each link's graph, in rising order, [n].
        sources, ends: nodes, [n].
        relations: labels, [n].
    """

    graphs: Numbers
    sources: Numbers
    relations: Numbers
    ends: Numbers

    def counted(self, graphs: int) -> Numbers:
        """Return how many links each of so many graphs has."""
        return np.bincount(self.graphs, minlength=graphs)


@cache
def relations(relation_list: int) -> dict[int, Numbers]:
    """Return the chains of a list by their length: at [i] that of the i-th label of this length, [100, length].

    The 100 chains of a length are distinct; those of length 2 are all that there are.
    """
    chains = {}
    for length in LENGTHS:
        rng = np.random.Generator(np.random.Philox(key=np.array([relation_list, length], dtype=np.uint64)))
        numbers = rng.permutation(FIRST**length)[:EACH]
        chains[length] = np.stack([numbers // FIRST**place % FIRST for place in reversed(range(length))], axis=-1)
    return chains


def label_of(length: int, place: int) -> int:
    """Return the label of a relation by its place in the list of its length."""
    return FIRST + EACH * (length - LENGTHS.start) + place


def links(graphs: Graphs, edges: Numbers, chains: Numbers) -> Links:
    """Follow relations of one length from every node; return those that lead somewhere.

    Args:
        graphs: B graphs of N nodes.
        edges: labels of the edges, all below 10, [B, N, K].
        chains: labels to follow, [100, length].
    """
    count, places, slots = graphs.ends.shape
    leads = np.full((count, places, FIRST), -1)
    graph, source, slot = np.nonzero(np.arange(slots) < graphs.degrees[..., None])
    leads[graph, source, edges[graph, source, slot]] = graphs.ends[graph, source, slot]
    # From here on a link is a number: of the graph, and in it of the source and of the relation.
    ends = leads[:, :, chains[:, 0]].reshape(-1)
    found = np.flatnonzero(ends >= 0)
    ends = ends[found]
    for edge in chains.T[1:]:
        ends = leads[found // (places * EACH), ends, edge[found % EACH]]
        found, ends = found[ends >= 0], ends[ends >= 0]
    place = label_of(chains.shape[1], 0) + found % EACH
    return Links(found // (places * EACH), found // EACH % places, place, ends)


def choose(rng: np.random.Generator, of_lengths: list[Links], wanted: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Choose links, all of a length as likely as each other in their graph.

    Args:
        rng: the generator.
        of_lengths: the links of lengths 2, 3 and so on; every graph has some of length 2.
        wanted: lengths, [B, queries]. If a length leads nowhere in a graph, the next shorter one that does replaces it.

    Returns:
        Sources, relations and ends of the links, each [B, queries].
    """
    chosen = np.zeros((3, *wanted.shape), dtype=np.int64)
    for length, found in zip(LENGTHS, of_lengths, strict=False):
        counts = found.counted(len(wanted))
        graph, query = np.nonzero((wanted >= length) & (counts[:, None] > 0))
        link = (np.cumsum(counts) - counts)[graph] + draw_below(rng, counts[graph])
        chosen[:, graph, query] = found.sources[link], found.relations[link], found.ends[link]
    sources, labels, ends = chosen
    return sources, labels, ends
