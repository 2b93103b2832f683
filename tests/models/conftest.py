import pytest
import torch


@pytest.fixture
def draw():
    """Draw bits [T, B, 3] from one seeded stream a test."""
    rng = torch.Generator().manual_seed(0)
    return lambda steps, batch: torch.randint(0, 2, (steps, batch, 3), generator=rng).float()
