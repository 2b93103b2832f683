// A Neural Turing Machine over whole sequences: the functions that Python calls.

#include "hidden.h"

#include "calls.h"
#include "ntm_backward.h"

namespace {

// Gradients of the weights are summed within so many parts of the batch and then over the parts, always in the
// same order: the result does not depend on the number of threads.
constexpr int kMostParts = 32;

void add_up(const PooledArray<WeightGradients>& parts, int count) {
  float* total = reinterpret_cast<float*>(&parts[0]);
  for (int part = 1; part < count; ++part) {
    const float* other = reinterpret_cast<const float*>(&parts[part]);
    for (size_t i = 0; i < sizeof(WeightGradients) / sizeof(float); i += kLanes) {
      store(total + i, load(total + i) + load(other + i));
    }
  }
}

// Hand out a gradient, `stride` floats a row, and the bias' in one of its columns, if any.
template <typename Gradient>
void set_gradient(const float* sum, int rows, int columns, int bias_column, float* weight, int stride, float* bias) {
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      weight[row * stride + column] = sum[Gradient::index(row, column + (bias && column >= bias_column))];
    }
    if (bias) bias[row] = sum[Gradient::index(row, bias_column)];
  }
}

void set_gradients(const WeightGradients& sum, const Weights& d) {
  set_gradient<ControllerGradient>(sum.controller, kSums, kSeen, kBiasColumn, d.controller, kControllerColumns,
                                   d.controller_bias);
  for (int i = 1; i < kLayers; ++i) {
    const WeightGradients::Upper& upper = sum.upper[i - 1];
    float *weight = d.controller + upper_column(i), *bias = d.controller_bias + i * kSums;
    set_gradient<BelowGradient>(upper.below, kSums, kUnits, kUnits, weight, kControllerColumns, bias);
    set_gradient<OwnGradient>(upper.own, kSums, kCarried, 0, weight + kUnits, kControllerColumns, nullptr);
  }
  set_gradient<InterfaceGradient>(sum.interface, kInterfaceRows, kUnits, kUnits, d.interface, kUnits,
                                  d.interface_bias);
}

void set_gradients(const SharedStart& sum, const State& d) {
  const auto copy = [](const float* from, int count, float* to) {
    if (to) std::copy_n(from, count, to);
  };
  copy(sum.hidden, kControllerState, d.hidden);
  copy(sum.cell, kControllerState, d.cell);
  copy(sum.reads, kReads, d.reads);
  from_weightings(sum.weighting, d.weightings);
  from_memory(sum.memory, d.memory);
}

}  // namespace

// Sequences in a group; steps from one kept memory to the next; bytes of the tape's three parts.
EXPORTED void ntm_layout(int* layout) {
  const int numbers[] = {kSequences, kInterval, sizeof(ControllerStep), sizeof(AddressingStep), sizeof(Memory)};
  std::copy_n(numbers, 5, layout);
}

// `inputs` [T, B, input] and `outputs` [T, B, units + reads]; `start` has B sequences, or one that stands for all.
// Null pointers: any of `end` where not wanted.
EXPORTED int64_t ntm_forward(const Weights* weights, const float* inputs, const State* start, int start_sequences,
                             float* outputs, const State* end, void* tape_start, int steps, int batch, int keep_tape,
                             int threads) {
  return bytes_lacking([&] {
    const Pooled<ForwardPanels> panels(*weights);
    const Tape tape(tape_start, steps, batch, keep_tape);
    parallel_for(groups_of(batch), threads, [&](int index) {
      const Pooled<ForwardPass> pass(*panels, tape, Group(index, batch));
      pass->start(*start, start_sequences == 1);
      for (ptrdiff_t t = 0; t < steps; ++t) {
        pass->step(t, inputs + t * batch * kInputs, outputs + t * batch * kOutputs);
      }
      pass->end(steps, *end);
    });
  });
}

// Null pointers: d_outputs and any of d_end for gradients of zero, d_inputs and any of d_start where not wanted.
EXPORTED int64_t ntm_backward(const Weights* weights, void* tape_start, const float* d_outputs, const State* d_end,
                              float* d_inputs, const Weights* d_weights, const State* d_start, int steps, int batch,
                              int start_sequences, int threads) {
  return bytes_lacking([&] {
    const Pooled<BackwardPanels> panels(*weights);
    const Tape tape(tape_start, steps, batch, true);
    const int groups = groups_of(batch), count = std::min(groups, kMostParts);
    const PooledArray<WeightGradients> parts(count);
    const PooledArray<SharedStart> shared(count);
    parallel_for(count, threads, [&](int part) {
      new (&parts[part]) WeightGradients();
      new (&shared[part]) SharedStart();
      const Pooled<BackwardPass> pass(*panels, tape, parts[part]);
      for (int index = part; index < groups; index += count) {
        pass->start(Group(index, batch), *d_end);
        for (ptrdiff_t t = steps - 1; t >= 0; --t) {
          pass->step(t, d_outputs ? d_outputs + t * batch * kOutputs : nullptr,
                     d_inputs ? d_inputs + t * batch * kInputs : nullptr);
        }
        if (start_sequences == 1) {
          pass->end(shared[part]);
        } else {
          pass->end(*d_start);
        }
      }
    });
    if (start_sequences == 1) {
      for (int part = 1; part < count; ++part) shared[0].add(shared[part]);
      set_gradients(shared[0], *d_start);
    }
    add_up(parts, count);
    set_gradients(parts[0], *d_weights);
  });
}
