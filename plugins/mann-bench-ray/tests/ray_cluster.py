"""A Ray cluster of several nodes on this machine, for tests."""

import os
import re
from collections import Counter
from pathlib import Path

STORE_BYTES = 80 * 2**20


class RayCluster:
    """A head without cores, which lives, and a node with one. Use as a context manager."""

    def __enter__(self):
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.add_node()
        return self

    def __exit__(self, *_):
        self._cluster.shutdown()

    @property
    def address(self):
        return self._cluster.address

    def add_node(self):
        """Return another node with one core."""
        node = self._cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
        self._cluster.wait_for_nodes()
        return node

    def kill(self, node):
        """Kill all of a node at once, as a loss of power does."""
        self._cluster.remove_node(node, allow_graceful=False)

    def logged(self, pattern):
        """Return how often the workers have logged what matches `pattern`, whose first group is a run key."""
        files = Path(self._cluster.head_node.get_logs_dir_path()).glob("worker-*.out")
        return Counter(re.findall(pattern, "".join(file.read_text() for file in files), re.MULTILINE))
