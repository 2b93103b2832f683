"""Fixtures that several packages' tests share."""

import torch

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)
