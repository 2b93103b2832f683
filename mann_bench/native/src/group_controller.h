// The controller of a few sequences that go through time together, and its interface, forward and backward.
//
// To be included where kGroup, kInterface and kInterfaceFloats are known. What belongs to a sequence and a step is a
// Step: input, reads and hidden activation in a row, cell, gates, cell_tanh and raw interface.
#pragma once

#include "arguments.h"
#include "group_products.h"
#include "group_sizes.h"
#include "lstm.h"

// Between rows of a tensor and padded ones. A null pointer stands for zeros, or for what is not wanted.
inline void to_rows(const float* from, int rows, int columns, int padded_columns, float* to) {
  for (int row = 0; row < rows; ++row, to += padded_columns) {
    const int given = from ? columns : 0;
    std::fill_n(std::copy_n(from + row * given, given, to), padded_columns - given, 0.0f);
  }
}

inline void from_rows(const float* from, int rows, int columns, int padded_columns, float* to) {
  for (int row = 0; to && row < rows; ++row) std::copy_n(from + row * padded_columns, columns, to + row * columns);
}

// The sequences that go through time together.
struct Group {
  int first;
  int count;  // at most kGroup

  Group(int index, int batch) : first(index * kGroup), count(std::min(kGroup, batch - first)) {}
};

inline int groups_of(int batch) { return (batch + kGroup - 1) / kGroup; }

// Each gate has rows up to the padded number of units; this is the place of those that are units.
INLINE bool is_unit(int row) { return row % kPaddedUnits < kUnits; }
INLINE int gate_row(int row) { return row / kPaddedUnits * kUnits + row % kPaddedUnits; }

INLINE float gate_weight(const Weights& w, int row, int k) {
  return is_unit(row) ? w.controller[gate_row(row) * kSeen + k] : 0.0f;
}

struct ForwardWeights {
  PackedMatrix<kGateFloats, kSeen> gates;
  PackedMatrix<kInterface, kUnits> interface;
  alignas(64) float gates_bias[kGateFloats];
  alignas(64) float interface_bias[padded(kInterface)];

  explicit ForwardWeights(const Weights& w)
      : gates([&](int row, int k) { return gate_weight(w, row, k); }),
        interface([&](int row, int k) { return w.interface[row * kUnits + k]; }) {
    to_rows(w.controller_bias, 4, kUnits, kPaddedUnits, gates_bias);
    to_rows(w.interface_bias, 1, kInterface, padded(kInterface), interface_bias);
  }
};

// From the state of each sequence before a step to its raw interface. `at(lane, later)` is the Step of a sequence, or
// the next one; `inputs` [B, input] are those of the step.
template <bool clips, typename At>
void control(const ForwardWeights& weights, Group group, At at, const float* inputs) {
  const float *seen[kGroup], *hidden[kGroup];
  float *gates[kGroup], *raw[kGroup];
  for (int lane = 0; lane < group.count; ++lane) {
    auto& step = at(lane, 0);
    std::copy_n(inputs + (group.first + lane) * kInputs, kInputs, step.input);
    std::copy_n(weights.gates_bias, kGateFloats, step.gates[0]);
    std::copy_n(weights.interface_bias, padded(kInterface), step.raw);
    seen[lane] = step.input;
    gates[lane] = step.gates[0];
    hidden[lane] = at(lane, 1).hidden;
    raw[lane] = step.raw;
  }
  weights.gates.multiply_add(group.count, seen, gates);
  for (int lane = 0; lane < group.count; ++lane) {
    auto &step = at(lane, 0), &next = at(lane, 1);
    lstm_forward<kPaddedUnits, clips>(step.gates[0], step.cell, step.cell_tanh, next.cell, next.hidden);
  }
  weights.interface.multiply_add(group.count, hidden, raw);
}

// Both weights' gradients, with their biases' in the last column.
struct WeightGradients {
  MatrixGradient<kGateFloats, kSeen + 1> gates;
  MatrixGradient<kInterface, kUnits + 1> interface;

  void add(const WeightGradients& other) {
    gates.add(other.gates);
    interface.add(other.interface);
  }

  void hand_out(const Weights& d) const {
    for (int row = 0; row < kGateFloats; ++row) {
      if (!is_unit(row)) continue;
      for (int k = 0; k < kSeen; ++k) d.controller[gate_row(row) * kSeen + k] = gates.at(row, k);
      d.controller_bias[gate_row(row)] = gates.at(row, kSeen);
    }
    for (int row = 0; row < kInterface; ++row) {
      for (int k = 0; k < kUnits; ++k) d.interface[row * kUnits + k] = interface.at(row, k);
      d.interface_bias[row] = interface.at(row, kUnits);
    }
  }
};

// Gradients of the weights are summed within so many parts of the batch and then over the parts, always in the
// same order: the result does not depend on the number of threads.
constexpr int kMostParts = 8;

// The weights' transposes. The inputs' part has its own, for it is seldom needed.
struct BackwardWeights {
  PackedMatrix<kReads + kUnits, kGateFloats> recurrent;
  PackedMatrix<kInputs, kGateFloats> input;
  PackedMatrix<kUnits, kInterface> hidden;

  explicit BackwardWeights(const Weights& w)
      : recurrent([&](int row, int k) { return gate_weight(w, k, kInputs + row); }),
        input([&](int row, int k) { return gate_weight(w, k, row); }),
        hidden([&](int row, int k) { return w.interface[k * kUnits + row]; }) {}
};

// Of one sequence's state, and of what its controller makes at a step.
struct alignas(64) ControllerGradients {
  static constexpr int kRecurrentFloats = padded(kReads + kPaddedUnits);

  float recurrent[kRecurrentFloats];  // reads, then hidden
  alignas(64) float cell[kPaddedUnits];
  float gates[kGateFloats];
  float raw[kInterfaceFloats];

  // From those of the state after the last step, [units] and [reads].
  void start(const float* d_hidden, const float* d_cell, const float* d_reads) {
    std::fill_n(recurrent, kRecurrentFloats, 0.0f);
    to_rows(d_reads, 1, kReads, kReads, recurrent);
    to_rows(d_hidden, 1, kUnits, kUnits, recurrent + kReads);
    to_rows(d_cell, 1, kUnits, kPaddedUnits, cell);
  }

  // Those of the state before the first step.
  void end(float* d_hidden, float* d_cell, float* d_reads) const {
    from_rows(recurrent, 1, kReads, kReads, d_reads);
    from_rows(recurrent + kReads, 1, kUnits, kUnits, d_hidden);
    from_rows(cell, 1, kUnits, kUnits, d_cell);
  }

  void add_outputs(const float* d_outputs) {
    for (int i = 0; i < kUnits; ++i) recurrent[kReads + i] += d_outputs[i];
    for (int i = 0; i < kReads; ++i) recurrent[i] += d_outputs[kUnits + i];
  }
};

template <bool clips>
class ControllerBackward {
 public:
  explicit ControllerBackward(const BackwardWeights& weights) : weights_(weights) {}

  // From the gradients of raw interface and state to those of the gates and of the state before. `at` is that of
  // `control`; d(lane) has the ControllerGradients of a sequence.
  template <typename At, typename Of>
  void step(Group group, At at, Of d, WeightGradients& gradients) {
    const float *raw[kGroup], *gates[kGroup];
    float *hidden[kGroup], *recurrent[kGroup];
    for (int lane = 0; lane < group.count; ++lane) {
      raw[lane] = d(lane).raw;
      gates[lane] = d(lane).gates;
      hidden[lane] = d(lane).recurrent + kReads;
      recurrent[lane] = d(lane).recurrent;
    }
    weights_.hidden.multiply_add(group.count, raw, hidden);
    for (int lane = 0; lane < group.count; ++lane) {
      const auto& step = at(lane, 0);
      lstm_backward<kPaddedUnits, clips>(step.gates[0], step.cell, step.cell_tanh, hidden[lane], d(lane).cell,
                                         d(lane).gates);
      std::fill_n(d(lane).recurrent, ControllerGradients::kRecurrentFloats, 0.0f);
      gates_products_.push(d(lane).gates, step.input, gradients.gates);
      interface_products_.push(d(lane).raw, at(lane, 1).hidden, gradients.interface);
    }
    weights_.recurrent.multiply_add(group.count, gates, recurrent);
  }

  // `d_inputs` [B, input] are those of the step.
  template <typename Of>
  void inputs(Group group, Of d, float* d_inputs) const {
    const float* gates[kGroup];
    float d_input[kGroup][padded(kInputs)] = {}, *to[kGroup];
    for (int lane = 0; lane < group.count; ++lane) {
      gates[lane] = d(lane).gates;
      to[lane] = d_input[lane];
    }
    weights_.input.multiply_add(group.count, gates, to);
    for (int lane = 0; lane < group.count; ++lane) {
      std::copy_n(d_input[lane], kInputs, d_inputs + (group.first + lane) * kInputs);
    }
  }

  // Add what has been gathered so far.
  void end(WeightGradients& gradients) {
    gates_products_.add_to(gradients.gates);
    interface_products_.add_to(gradients.interface);
  }

 private:
  const BackwardWeights& weights_;
  OuterProducts<decltype(WeightGradients::gates)> gates_products_;
  OuterProducts<decltype(WeightGradients::interface)> interface_products_;
};
