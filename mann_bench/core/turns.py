"""Threads of one process take turns where they would meet in what is the process's."""

import threading

GENERATORS = threading.RLock()
"""Held by whoever seeds or draws from the global generators of torch, numpy or Python, or sets torch's threads."""
