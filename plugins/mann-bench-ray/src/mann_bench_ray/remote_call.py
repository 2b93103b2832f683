"""What Ray calls on a node: one run. torch is imported in the process of the call alone."""

import pickle
import platform

from mann_bench import Busy, Event, Finished, MannBenchError, Notice, Progress, Started


def do_run(pickled: bytes) -> str:
    """Do a job from its last checkpoint on, in this process; return the name of the node.

    Raises:
        MannBenchError: the node does not share the folder of the records, or a record could not be written.
        KeyboardInterrupt: the call was cancelled; the run left a checkpoint.
    """
    from mann_bench import Job, execute_job

    job: Job = pickle.loads(pickled)
    node = platform.node()
    if not job.out.is_dir():
        raise MannBenchError(
            f"executor ray: node {node} does not see the folder {job.out}. Choose one that all nodes share, with --out."
        )
    execute_job(job, _Log(), patient=True)
    return node


class _Log:
    """Prints what stands in the log of the worker, for people."""

    def __init__(self) -> None:
        self._under_way = False

    def __call__(self, event: Event) -> None:
        match event:
            case Started(run):
                print(f"started {run.key} {run.text}", flush=True)
            case Progress(key, step) if not self._under_way:
                self._under_way = True
                print(f"trains {key} from step {step}", flush=True)
            case Busy(key, owner):
                print(f"busy {key} {owner}", flush=True)
            case Notice(key, text):
                print(f"notice {key} {text}", flush=True)
            case Finished(key, outcome):
                print(f"finished {key} {outcome}", flush=True)
