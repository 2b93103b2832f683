// A Differentiable Neural Computer over whole sequences: the functions that Python calls.

#include "hidden.h"

#include "calls.h"
#include "dnc_backward.h"

// Bytes of a step on the tape, and how many moments are there where the tape is scratch.
EXPORTED void dnc_layout(int* layout) {
  layout[0] = sizeof(Step);
  layout[1] = kScratchMoments;
}

// `inputs` [T, B, input] and `outputs` [T, B, units + reads]; `start` has B sequences, or one that stands for all.
// Where `keep_tape` is zero, the tape is scratch. Null pointers: any of `end` where not wanted.
EXPORTED int64_t dnc_forward(const Weights* weights, const float* inputs, const State* start, int start_sequences,
                             float* outputs, const State* end, Step* tape, int steps, int batch, int keep_tape,
                             int threads) {
  return bytes_lacking([&] {
    const Pooled<ForwardWeights> packed(*weights);
    if (end->link) prefer_large_pages(end->link, sizeof(float) * kSlots * kSlots * batch);
    parallel_for(groups_of(batch), threads, [&](int index) {
      const Pooled<ForwardPass> pass(*packed, Tape(tape, steps, keep_tape), Group(index, batch));
      pass->start(*start, start_sequences == 1);
      for (ptrdiff_t t = 0; t < steps; ++t) {
        pass->step(t, inputs + t * batch * kInputs, outputs + t * batch * kOutputs);
      }
      pass->end(steps, *end);
    });
  });
}

// Of `start`, link and memory are needed. Null pointers: d_outputs and any of d_end for gradients of zero,
// d_inputs and any of d_start where not wanted.
EXPORTED int64_t dnc_backward(const Weights* weights, const State* start, Step* tape, const float* d_outputs,
                              const State* d_end, float* d_inputs, const Weights* d_weights, const State* d_start,
                              int steps, int batch, int start_sequences, int threads) {
  return bytes_lacking([&] {
    const Pooled<BackwardWeights> packed(*weights);
    const int groups = groups_of(batch), count = std::min(groups, kMostParts);
    const PooledArray<WeightGradients> parts(count);
    parallel_for(count, threads, [&](int part) {
      new (&parts[part]) WeightGradients();
      const Pooled<BackwardPass> pass(*packed, Tape(tape, steps, true), steps);
      for (int index = part; index < groups; index += count) {
        pass->start(Group(index, batch), *start, start_sequences == 1, *d_end, parts[part]);
        for (ptrdiff_t t = steps - 1; t >= 0; --t) {
          pass->step(t, batch, d_outputs ? d_outputs + t * batch * kOutputs : nullptr,
                     d_inputs ? d_inputs + t * batch * kInputs : nullptr);
        }
        pass->end(*d_start);
      }
    });
    for (int part = 1; part < count; ++part) parts[0].add(parts[part]);
    parts[0].hand_out(*d_weights);
  });
}
