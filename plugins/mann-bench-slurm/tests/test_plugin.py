import subprocess
import sys


def test_the_hooks_load_without_torch():
    code = "import sys, mann_bench_slurm as it; assert it.mann_bench_executors(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
