"""What the plugin says about itself before anything heavy is loaded."""

import importlib.metadata
import pkgutil
import subprocess
import sys
import tomllib

import mann_bench_modern


def test_every_target_is_there_and_every_reference_has_a_link():
    for spec in mann_bench_modern.mann_bench_models():
        assert pkgutil.resolve_name(spec.target).__doc__
        assert "https://" in spec.reference


def test_every_model_has_its_tests_of_size(all_models):
    assert {spec.name for spec in mann_bench_modern.mann_bench_models()} == set(all_models)


def test_the_entry_point_names_the_module():
    (entry_point,) = importlib.metadata.distribution("mann-bench-modern").entry_points.select(group="mann_bench")
    assert entry_point.load() is mann_bench_modern


def test_listing_the_models_does_not_import_torch():
    code = "import sys, mann_bench_modern as m; m.mann_bench_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_study_is_what_its_spec_says_and_names_all_models(all_models):
    (spec,) = mann_bench_modern.mann_bench_studies()
    study = tomllib.loads(spec.path.read_text())
    assert (study["name"], study["summary"]) == (spec.name, spec.summary)
    assert set(study["cells"][0]["models"]) >= set(all_models)
    assert len(study["cells"][0]["models"]) == 20
