import pkgutil
import subprocess
import sys
from pathlib import Path

import mann_bench.core


def test_core_imports_neither_torch_nor_lightning():
    names = [module.name for module in pkgutil.iter_modules(mann_bench.core.__path__, "mann_bench.core.")]
    code = f"import sys, {', '.join(names)}; print(*{{'torch', 'pytorch_lightning'}} & set(sys.modules))"
    root = Path(mann_bench.core.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
