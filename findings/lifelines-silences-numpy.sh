#!/usr/bin/env bash
# lifelines 0.30.0: KaplanMeierFitter.fit turns numpy's warnings about division by zero and invalid values off, for all that
# the process computes afterwards.
#
# One would guess that an estimator leaves the process as it is, and that numpy still warns of a NaN after it. Two methods of
# the fitter call numpy.seterr, which holds until it is called again; numpy.errstate would end with the method. A benchmark
# that fits the times to convergence of a few models, and then trains or scores the next one, no longer hears of its NaN;
# settings that it keeps beside a result depend on whether the survival analysis came before.
#
# Seen: numpy.geterr() says "warn" for divide and invalid before the fit and "ignore" after it; log(-1) warns before and not
# after. Within numpy.errstate() the fit changes nothing outside.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check lifelines==0.30.0 numpy==2.4.6
"$work/venv/bin/python" - <<'PYTHON'
import warnings

import lifelines
import numpy as np


def fit():
    # Steps to convergence of four runs; the last one was cut off.
    lifelines.KaplanMeierFitter().fit([200, 300, 300, 500], [True, True, True, False])


def warns():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        np.log(np.array([-1.0]))
    return bool(heard)


def state():
    return np.geterr()["divide"], np.geterr()["invalid"], warns()


before = state()
with np.errstate():
    fit()
kept = state()
fit()
after = state()
print(f"lifelines {lifelines.__version__}, numpy {np.__version__}: divide, invalid and whether log(-1) warns")
print(f"before {before}, after a fit within errstate {kept}, after a fit {after}")
assert before == kept == ("warn", "warn", True)
assert after == ("ignore", "ignore", False)
PYTHON
