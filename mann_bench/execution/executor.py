"""What every executor is: it takes jobs, sees to it that they are done somewhere, and tells what happens."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mann_bench.core.events import Observer
from mann_bench.core.jobs import Job


class Executor(ABC):
    """Does jobs, each by a call of `mann_bench.execute_job` in some process.

    Its options are the keyword-only parameters of its ``__init__``, each with a type and a default, as those of a
    model, and are explained under ``Args:`` of the class's docstring; ``__init__`` raises ValueError where they do
    not go together. The checks `mann_bench.testing.EXECUTOR_CHECKS` test all that an executor promises.
    """

    @abstractmethod
    def execute(self, jobs: Sequence[Job], observe: Observer) -> None:
        """Do all jobs, in any order, and return when each of them is over.

        - Every job ends in exactly one `Finished`: with its folder once the record stands there, or without one
          and with a problem in words, among them that the process which did it was lost.
        - The events of a job come in order: `Started` first, `Finished` last, steps rising between them; of one that
          somebody else's process did, `Busy` and `Finished` alone. Those of several jobs may mix. Who sees records
          alone tells them by `mann_bench.Follower`.
        - `observe` is called in the thread that called this.
        - When this is left early, because `observe` or a signal raised, what it started is stopped, or goes on
          somewhere and is said to; in either case the same jobs can be given again and lose no record.

        Args:
            jobs: what to do. They can be pickled; their `out` may be relative to the current folder of this process.
            observe: is told what happens.

        Raises:
            StoreError: a record could not be written.
            MannBenchError: the executor cannot do jobs at all; the message says how to mend that.
            KeyboardInterrupt: the user stopped it.
        """
