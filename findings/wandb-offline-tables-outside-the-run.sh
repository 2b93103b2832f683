#!/usr/bin/env bash
# wandb 0.31.0: an offline run leaves a copy of each logged table in the user's data folder, outside of the folder that
# wandb.init(dir=...) names, and the log of the run points there by its whole path.
#
# One would guess that the folder of an offline run is whole: copied from a node without a network to one with it, it can
# be synced. The table is in the folder as a file of media, yet the artifact that holds it as a table is staged in
# ~/.local/share/wandb/artifacts/staging, and nothing removes it from there. A benchmark on a cluster that copies its
# results home leaves the tables behind, and fills the home folders of the nodes. WANDB_DATA_DIR moves the staging.
#
# Seen: one table, one run, files in the staging folder of a home that was empty before; their path stands in the log.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check wandb==0.31.0
mkdir "$work/home" "$work/out"
env -u WANDB_DATA_DIR -u XDG_DATA_HOME HOME="$work/home" WANDB_MODE=offline WANDB_SILENT=true WANDB_ERROR_REPORTING=false \
  "$work/venv/bin/python" - "$work/out" <<'PYTHON'
import sys
import time
from pathlib import Path

import wandb

run = wandb.init(dir=sys.argv[1], project="anything")
run.log({"table": wandb.Table(columns=["length"], data=[[20]])})
run.finish()
staged = [path for path in Path.home().rglob("artifacts/staging/*") if path.is_file()]
(log,) = Path(sys.argv[1]).rglob("*.wandb")
for _ in range(100):  # a process of W&B's own writes the log
    pointed_at = [path for path in staged if str(path).encode() in log.read_bytes()]
    if pointed_at:
        break
    time.sleep(0.1)
print(f"wandb {wandb.__version__}: {len(staged)} staged in the home folder, {len(pointed_at)} of them named in the log")
assert staged
assert pointed_at
PYTHON
