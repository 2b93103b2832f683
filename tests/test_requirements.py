"""Versions of what we depend on that must not be installed, and that what we pin is among those we claim."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CLAIMED = {
    each.name: each.specifier
    for each in map(Requirement, tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])
}


@pytest.mark.parametrize("version", ["2.5.1", "2.6.0", "2.9.1"])
def test_versions_of_torch_that_run_code_of_checkpoints_are_not_admitted(version):
    assert version not in CLAIMED["torch"]


@pytest.mark.parametrize("version", ["2.6.2", "2.6.3"])
def test_releases_of_lightning_that_steal_credentials_are_not_admitted(version):
    assert version not in CLAIMED["pytorch-lightning"]


@pytest.mark.parametrize("name", CLAIMED)
def test_the_pinned_version_is_one_that_is_claimed(name):
    pins = (ROOT / "constraints.txt").read_text()
    (pinned,) = re.findall(rf"^{name}==(\S+)$", pins, re.MULTILINE | re.IGNORECASE)
    assert pinned in CLAIMED[name]
