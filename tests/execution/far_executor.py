"""An executor as a plugin may bring it: it sees records alone."""

import mann_bench


class FarExecutor(mann_bench.Executor):
    """Does jobs where nobody listens, and tells what their folders show.

    Args:
        each: a number of something, 1 or more.
    """

    def __init__(self, *, each: int = 1) -> None:
        if each < 1:
            raise ValueError(f"each must be at least 1, not {each}")
        self.each = each

    def execute(self, jobs, observe):
        follower = mann_bench.Follower(jobs, observe)
        for job in jobs:
            mann_bench.execute_job(job, lambda event: None)
            follower.look()
