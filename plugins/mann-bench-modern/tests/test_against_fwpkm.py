"""What the public package fast-weight-product-key-memory finds and reads; it runs on a CPU."""

import torch

from mann_bench_modern.product_keys import address

NAME = "fast-weight-product-key-memory"


def test_slots_and_answers_are_those_of_fwpkm(public):
    """Slots, their weights and what is read are compared; what they write differs by design."""
    fwpkm = public("fast_weight_product_key_memory", NAME)
    torch.manual_seed(0)
    memory = fwpkm.fwPKM(12, heads=3, chunk_size=8, num_memories=16, dim_queries_keys=15, dim_values=12, topk=4)
    torch.nn.init.normal_(memory.keys)
    tokens = torch.randn(2, 7, 12)
    _, found = memory.retrieve(tokens)
    queries = torch.cat([found["q1"], found["q2"]], dim=-1).transpose(1, 2)
    weights = address(queries, memory.keys, 4)
    expected = torch.zeros(2, 7, 3, 16).scatter(-1, found["final_indices"], found["final_scores"])
    torch.testing.assert_close(weights.transpose(1, 2), expected, rtol=1e-4, atol=1e-5)
    answers = weights @ memory.memories.transpose(0, 1)
    torch.testing.assert_close(answers.transpose(1, 2), found["values"], rtol=1e-4, atol=1e-5)
