import subprocess
import sys


def test_the_hooks_load_without_torch_and_ray():
    code = "import sys, mann_bench_ray as it; assert it.mann_bench_executors(); "
    code += "assert not {'torch', 'ray'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)
