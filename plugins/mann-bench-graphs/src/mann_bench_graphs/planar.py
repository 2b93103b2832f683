"""A fixed planar graph to test on: 25 nodes and 84 directed edges, of our own making.

The paper tests traversal on the London Underground and inference on a family tree, and publishes the data of neither.
This graph stands in their place and is like neither: results on it are no results on London. It is the Gabriel graph of
25 random points: two are joined, both ways, where no third lies in the circle that has them as a diameter.
"""

POINTS = (
    *((6, 88), (8, 57), (96, 7), (49, 49), (87, 59), (88, 70), (33, 86), (69, 67), (57, 38)),
    *((25, 17), (21, 22), (31, 42), (7, 5), (70, 8), (46, 98), (20, 96), (60, 90), (75, 13)),
    *((34, 7), (12, 79), (55, 32), (12, 39), (98, 28), (46, 79), (13, 68)),
)
"""Where the nodes lie, in a square of 100 x 100."""

JOINED = (
    *((0, 15), (0, 19), (1, 21), (1, 24), (2, 17), (2, 22), (3, 7), (3, 8), (3, 11)),
    *((3, 23), (4, 5), (4, 7), (4, 8), (4, 22), (5, 7), (6, 14), (6, 15), (6, 19)),
    *((6, 23), (7, 16), (7, 23), (8, 20), (9, 10), (9, 12), (9, 18), (9, 20), (10, 11)),
    *((10, 12), (10, 21), (11, 20), (11, 21), (13, 17), (13, 18), (13, 20), (14, 16), (14, 23)),
    *((15, 19), (16, 23), (17, 20), (17, 22), (18, 20), (19, 24)),
)
"""Which nodes are joined, the lower number first."""

NEIGHBOURS = tuple(tuple(b if a == node else a for a, b in JOINED if node in (a, b)) for node in range(len(POINTS)))
"""Where the edges of each node lead."""

DEGREES = tuple(map(len, NEIGHBOURS))
"""How many edges leave each node."""
