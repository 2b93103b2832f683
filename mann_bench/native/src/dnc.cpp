// A Differentiable Neural Computer over whole sequences: the functions that Python calls.

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

#include "dnc_backward.h"

namespace {

// Ask for large pages: the system hands out a tape of 50 MB in small ones as slowly as a quarter of all arithmetic.
void prefer_large_pages([[maybe_unused]] void* from, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  const size_t page = sysconf(_SC_PAGESIZE), address = reinterpret_cast<size_t>(from);
  const size_t first = (address + page - 1) / page * page, end = (address + bytes) / page * page;
  // Where it is refused, all goes on with small pages.
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

int groups_of(int batch) { return (batch + kGroup - 1) / kGroup; }

// Gradients of the weights are summed within so many parts of the batch and then over the parts, always in the
// same order: the result does not depend on the number of threads.
constexpr int kMostParts = 8;

void set_gradients(const WeightGradients& sum, const Weights& d) {
  for (int row = 0; row < kGateFloats; ++row) {
    if (!is_unit(row)) continue;
    for (int k = 0; k < kSeen; ++k) d.controller[gate_row(row) * kSeen + k] = sum.gates.at(row, k);
    d.controller_bias[gate_row(row)] = sum.gates.at(row, kSeen);
  }
  for (int row = 0; row < kInterface; ++row) {
    for (int k = 0; k < kUnits; ++k) d.interface[row * kUnits + k] = sum.interface.at(row, k);
    d.interface_bias[row] = sum.interface.at(row, kUnits);
  }
}

}  // namespace

extern "C" {

// Floats of a step on the tape.
int dnc_step_floats() { return sizeof(Step) / sizeof(float); }

// `inputs` [T, B, input] and `outputs` [T, B, units + reads]. Where `keep_tape` is zero, the tape is scratch.
void dnc_forward(const Weights* weights, const float* inputs, const State* start, float* outputs, const State* end,
                 Step* tape, int steps, int batch, int keep_tape, int threads) {
  const auto packed = std::make_unique<ForwardWeights>(*weights);
  if (keep_tape) prefer_large_pages(tape, sizeof(Step) * batch * (steps + 1));
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
  for (int index = 0; index < groups_of(batch); ++index) {
    const FlushSubnormals flush;
    const std::unique_ptr<ForwardPass> pass(
        new ForwardPass(*packed, Tape(tape, steps, keep_tape), Group(index, batch)));
    pass->start(*start);
    for (ptrdiff_t t = 0; t < steps; ++t) pass->step(t, inputs + t * batch * kInputs, outputs + t * batch * kOutputs);
    pass->end(steps, *end);
  }
}

// Of `start`, link and memory are needed. Null pointers: d_outputs and any of d_end for gradients of zero,
// d_inputs and any of d_start where not wanted.
void dnc_backward(const Weights* weights, const State* start, Step* tape, const float* d_outputs, const State* d_end,
                  float* d_inputs, const Weights* d_weights, const State* d_start, int steps, int batch, int threads) {
  const auto packed = std::make_unique<BackwardWeights>(*weights);
  const int groups = groups_of(batch), count = std::min(groups, kMostParts);
  const auto parts = std::make_unique<WeightGradients[]>(count);
#pragma omp parallel num_threads(threads) if (threads > 1)
  {
    const FlushSubnormals flush;
    const std::unique_ptr<BackwardPass> pass(new BackwardPass(*packed, Tape(tape, steps, true), steps));
#pragma omp for schedule(dynamic)
    for (int part = 0; part < count; ++part) {
      for (int index = part; index < groups; index += count) {
        pass->start(Group(index, batch), *start, *d_end, parts[part]);
        for (ptrdiff_t t = steps - 1; t >= 0; --t) {
          pass->step(t, d_outputs ? d_outputs + t * batch * kOutputs : nullptr,
                     d_inputs ? d_inputs + t * batch * kInputs : nullptr);
        }
        pass->end(*d_start);
      }
    }
  }
  for (int part = 1; part < count; ++part) parts[0].add(parts[part]);
  set_gradients(parts[0], *d_weights);
}
}
