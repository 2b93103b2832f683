"""What the server of worker processes imports before it forks them. Its import does all that there is to do."""

import contextlib

from mann_bench.core.collector import imported_for_good

with contextlib.suppress(Exception), imported_for_good():  # what cannot be imported fails in the worker, with words
    import mann_bench.execution.worker  # noqa: F401
