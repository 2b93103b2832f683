"""Whether any node has room for a run at all, as Ray says nothing when none has."""

import time
from collections.abc import Iterator
from typing import Any

import ray

from mann_bench_ray.messages import Refused, Remark, Work

_LOOK_SECONDS = 10.0


class Room:
    """Compares what was asked for with the largest of the nodes that are alive.

    Args:
        fixed: whether no node can join, so that who waits would wait for ever.
    """

    def __init__(self, fixed: bool) -> None:
        self._fixed = fixed
        self._asked: set[tuple[float, float]] = set()
        self._too_large: set[tuple[float, float]] = set()
        self._next = 0.0

    def ask(self, work: Work) -> None:
        """Note what a run reserves."""
        if (asked := (work.cpus, work.gpus)) not in self._asked:
            self._asked.add(asked)
            self._next = 0.0

    def look(self) -> Iterator[Refused | Remark]:
        """Yield once, for what no node has room for, that it has to wait or cannot be done; look every ten seconds."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _LOOK_SECONDS
        known: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        nodes = [node["Resources"] for node in known if node["Alive"]]
        before, self._too_large = self._too_large, too_large(self._asked, nodes)
        for cpus, gpus in self._too_large - before:
            has = f"no node has the {cpus:g} CPUs and {gpus:g} GPUs that a run asks for"
            if self._fixed:
                yield Refused(f"{has}. Ask for less with --threads, cpus or gpus")
            else:
                yield Remark(f"Ray: {has}; such runs wait until one joins the cluster.")


def too_large(asked: set[tuple[float, float]], nodes: list[dict[str, float]]) -> set[tuple[float, float]]:
    """Return the pairs of CPUs and GPUs among `asked` that fit on none of the nodes, whatever else runs there."""
    return {
        (cpus, gpus)
        for cpus, gpus in asked
        if not any(node.get("CPU", 0.0) >= cpus and node.get("GPU", 0.0) >= gpus for node in nodes)
    }
