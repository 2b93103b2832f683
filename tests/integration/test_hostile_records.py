"""A short campaign of hostile records; `fuzz_records.py` is the long one."""

import warnings

import pytest
from integration.fuzz_records import Campaign


@pytest.mark.parametrize("seed", range(4))
def test_hostile_records_are_refused_or_reported(tmp_path, seed):
    campaign = Campaign(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for batch in range(3):
            campaign.batch(tmp_path / f"runs{batch}", drawn=seed == 0 and batch == 0)
    assert campaign.bugs == {}
    assert campaign.counts["cases"] == 90
    assert min(campaign.counts[each] for each in ("accepted", "refused")) > 10
