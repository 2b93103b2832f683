"""A SLURM cluster of virtual nodes on this machine, without systemd: for tests, and for trying things out.

    python slurm_cluster.py -- sinfo

starts one, gives the command its environment (``SLURM_CONF``) and stops the cluster with it. It needs Debian's
packages slurmctld, slurmd, slurm-client and munge: ``make slurm-packages``.
"""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
NODES = ("node1", "node2")
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
_WAIT_SECONDS = 120.0

# A requeued job waits for its credential to expire, so that is short here, and so are the waits for dead nodes.
_CONFIGURATION = """\
ClusterName=virtual
SlurmctldHost={host}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
SlurmctldPort={ports[0]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_min_interval=100000,bf_interval=5
ReturnToService=2
SlurmdTimeout=10
KillWait=5
NodeName=node1 NodeHostname={host} Port={ports[1]} CPUs={cpus} RealMemory=8000
NodeName=node2 NodeHostname={host} Port={ports[2]} CPUs={cpus} RealMemory=8000
PartitionName=cpu Nodes=node[1-2] Default=YES MaxTime=60 State=UP
"""


class SlurmCluster:
    """Two nodes under one controller. Use as a context manager.

    Args:
        folder: where everything that it writes goes; its path must be short, for it holds sockets.
        cpus: of each node, whatever the machine has.
    """

    def __init__(self, folder: Path, cpus: int = 2) -> None:
        self.folder, self._cpus = folder, cpus
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": _PATH}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "SlurmCluster":
        self.folder.chmod(0o755)  # munge wants its socket within reach of everyone
        (self.folder / "state").mkdir()
        host, user = socket.gethostname().split(".")[0], getpass.getuser()
        text = _CONFIGURATION.format(folder=self.folder, host=host, user=user, ports=_free_ports(3), cpus=self._cpus)
        (self.folder / "slurm.conf").write_text(text)
        try:
            self._start_munge()
            self._start("slurmctld", "slurmctld", "-D", "-i")
            self.mend()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._signal(signal.SIGKILL)
        for daemon in self._daemons.values():
            daemon.kill()
            daemon.wait()

    def run(self, *command: str) -> str:
        """Return what a command says in this cluster; raises CalledProcessError."""
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def node_state(self, node: str) -> str:
        """Return the state of a node in sinfo's words, or nothing where no controller answers."""
        with contextlib.suppress(subprocess.CalledProcessError):
            return self.run("sinfo", "--noheader", f"--nodes={node}", "--format=%t").strip()
        return ""

    def wait_for(self, what: str, holds: Callable[[], bool], seconds: float = _WAIT_SECONDS) -> None:
        """Return once `holds` does; raises TimeoutError, which names `what` was waited for."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {seconds:.0f} s, but not: {what}. Logs: {self.folder}/*.log")
            time.sleep(0.2)

    def mend(self) -> None:
        """Give every node its daemon, let it take jobs, and return when all are idle."""
        for node in NODES:
            if node not in self._daemons or self._daemons[node].poll() is not None:
                self._start(node, "slurmd", "-D", "-N", node)
            if self.node_state(node).startswith("dr"):
                self.run("scontrol", "update", f"NodeName={node}", "State=RESUME")
        self.wait_for("all nodes are idle", lambda: all(self.node_state(node) == "idle" for node in NODES))

    def kill_daemon(self, node: str) -> None:
        """Kill the daemon of a node; its jobs go on, unknown to the controller, which gives them up after a while."""
        self._daemons[node].kill()
        self._daemons[node].wait()

    def crash(self, node: str) -> None:
        """Kill the daemon of a node and all that it runs, at once, as a loss of power does."""
        self.kill_daemon(node)
        self._signal(signal.SIGKILL, node)

    def freeze(self, node: str) -> None:
        """Let all that a node runs stand still."""
        self._signal(signal.SIGSTOP, node)

    def thaw(self, node: str) -> None:
        """Let what was frozen go on."""
        self._signal(signal.SIGCONT, node)

    def _start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        files = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log", "seed-file": "munge.seed"}
        options = [f"--{option}={self.folder / name}" for option, name in files.items()]
        self._start("munged", "munged", "--foreground", "--num-threads=2", f"--key-file={key}", *options)
        self.wait_for("munge answers", (self.folder / "munge.socket").exists)

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self._daemons[name] = subprocess.Popen(
                command, env=self.environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL
            )

    def _signal(self, signum: int, node: str | None = None) -> None:
        for pid in self._processes(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)

    def _processes(self, node: str | None) -> Iterator[int]:
        """Yield the processes that jobs of this cluster started, each after the step daemon that would report its end.

        Args:
            node: only of this node.
        """
        ours = f"SLURM_CONF={self.folder / 'slurm.conf'}".encode()
        at = b"SLURMD_NODENAME=" + (node or "").encode()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                variables = (entry / "environ").read_bytes().split(b"\0")
                if ours in variables and any(v == at if node else v.startswith(at) for v in variables):
                    yield from (*_step_daemons(int(entry.name)), int(entry.name))


def _step_daemons(pid: int) -> Iterator[int]:
    """Yield the step daemon above a process, if there is one."""
    while pid > 1:
        name, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
        if "slurmstepd" in name:
            yield pid
        pid = int(fields.split()[1])


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("", 0))
        return [each.getsockname()[1] for each in sockets]


def missing_programs() -> list[str]:
    """Return the programs that a cluster needs and this machine lacks."""
    return [program for program in PROGRAMS if shutil.which(program, path=_PATH) is None]


def main() -> int:
    """Run the command after ``--`` in a cluster of its own."""
    if missing_programs():
        print(f"not installed: {', '.join(missing_programs())}. Try: make slurm-packages", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, SlurmCluster(Path(folder)) as cluster:
        return subprocess.run(sys.argv[2:], env=cluster.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
