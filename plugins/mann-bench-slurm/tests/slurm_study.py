"""A small study whose near side is a process of its own, so that tests can do things to the cluster meanwhile."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter

import mann_bench

RUNS = 12
_STUDY = {
    "models": ["lstm:layers=1,units=4"],
    "tasks": ["copy:max_length=3"],
    "protocol": "collier2018:batch_size=2,evaluate_every=500,validation_sequences=4,probe_every=500,test_sequences=2",
    "device": "cpu",
    "backend": "eager",
    "wandb": "disabled",
}
# Ctrl-C is ignored by what a shell starts in the background, and by all that this starts in turn.
_NEAR_SIDE = """
import json, signal, sys
import mann_bench
signal.signal(signal.SIGINT, signal.default_int_handler)
mann_bench.run(**json.loads(sys.argv[1]))
"""
_TIMES = {"seconds", "provenance", "peak_memory_bytes"}


class Study:
    """A study of `RUNS` runs.

    Args:
        cluster: where it is done.
        out: folder of its records.
    """

    def __init__(self, cluster, out):
        self.cluster, self.out, self._near_sides = cluster, out, []

    def start(self, executor, steps, runs=RUNS):
        """Start a near side; `steps` make the runs as long as a test needs them."""
        given = _STUDY | {"seeds": list(range(runs)), "out": str(self.out), "executor": executor}
        given["protocol"] += f",max_steps={steps}"
        near_side = subprocess.Popen(
            [sys.executable, "-c", _NEAR_SIDE, json.dumps(given)],
            env=self.cluster.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._near_sides.append(near_side)
        return near_side

    def end(self):
        for near_side in self._near_sides:
            near_side.kill()
            near_side.communicate()
        self.cluster.run("scancel", "--me")

    def records(self):
        """Return all records by key, without what differs from time to time and place to place."""
        files = self.out.glob("*/record.json")
        loaded = [json.loads(file.read_text()) for file in files]
        for record in loaded:
            for row in record["curve"]:
                del row["training_seconds"]
        return {each["key"]: {k: v for k, v in each.items() if k not in _TIMES} for each in loaded}

    def local_records(self, steps, runs=RUNS):
        """Return the records of the same runs, done in this process."""
        given = _STUDY | {"protocol": f"{_STUDY['protocol']},max_steps={steps}"}
        elsewhere = Study(self.cluster, self.out.with_name("local"))
        mann_bench.run(**given, seeds=range(runs), out=elsewhere.out, progress=False)
        return elsewhere.records()

    def log(self):
        """Return what all jobs have logged."""
        return "".join(file.read_text() for file in self.out.glob("slurm/*_log.out"))

    def logged(self, word):
        """Return how often jobs logged `word`, by key."""
        return Counter(re.findall(rf"^{word} (\w+)", self.log(), re.MULTILINE))

    def running(self, node):
        """Return whether a job of the study runs on a node."""
        return bool(self.cluster.run("squeue", "--noheader", "--states=RUNNING", f"--nodelist={node}"))

    def began(self, runs=1):
        """Return whether so many runs have begun."""
        return len(self.logged("started")) >= runs

    def interrupt(self, near_side):
        """Press Ctrl-C and return what the near side says."""
        near_side.send_signal(signal.SIGINT)
        return near_side.communicate(timeout=60)[1]
