"""What the plugin says about itself before anything heavy is loaded."""

import importlib.metadata
import pkgutil
import subprocess
import sys
import tomllib

import mann_bench_baselines


def test_every_target_is_there_and_every_reference_has_a_link():
    for spec in mann_bench_baselines.mann_bench_models():
        assert pkgutil.resolve_name(spec.target).__doc__
        assert "https://" in spec.reference


def test_the_study_names_this_plugins_models_and_says_what_it_lacks():
    (spec,) = mann_bench_baselines.mann_bench_studies()
    study = tomllib.loads(spec.path.read_text())
    assert (study["name"], study["summary"]) == (spec.name, spec.summary)
    brought = {model.name for model in mann_bench_baselines.mann_bench_models()}
    assert set(study["cells"][0]["models"]) - {"ntm", "dnc", "lstm_matched"} == brought - {"rnn", "tape_rnn"}


def test_the_entry_point_names_the_module():
    (entry_point,) = importlib.metadata.distribution("mann-bench-baselines").entry_points.select(group="mann_bench")
    assert entry_point.load() is mann_bench_baselines


def test_listing_the_models_does_not_import_torch():
    code = "import sys, mann_bench_baselines as m; m.mann_bench_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
