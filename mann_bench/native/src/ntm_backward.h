// One group of sequences back through all time steps.
#pragma once

#include "ntm_forward.h"

using ControllerGradient = OuterProduct<kSums, kSeenRows>;
using InterfaceGradient = OuterProduct<kInterfaceRows, kUnits + 1>;

// Both weights' gradients, each with its bias' in a column of its own.
struct WeightGradients {
  alignas(64) float controller[ControllerGradient::kFloats];
  alignas(64) float interface[InterfaceGradient::kFloats];

  WeightGradients() : controller{}, interface{} {}
};

// The weights' transposes. The inputs' part has its own, for it is seldom needed.
struct BackwardPanels {
  using Seen = Panels<kReads + kCarried, kSums>;
  using Input = Panels<kInputs, kSums>;
  using Hidden = Panels<kUnits, kInterfaceRows>;

  alignas(64) float seen[Seen::kFloats];
  alignas(64) float input[Input::kFloats];
  alignas(64) float hidden[Hidden::kFloats];

  explicit BackwardPanels(const Weights& w) {
    Seen::pack([&](int row, int k) { return w.controller[k * kSeen + kInputs + row]; }, seen);
    Input::pack([&](int row, int k) { return w.controller[k * kSeen + row]; }, input);
    Hidden::pack([&](int row, int k) { return w.interface[k * kUnits + row]; }, hidden);
  }
};

class BackwardPass {
 public:
  BackwardPass(const BackwardPanels& panels, const Tape& tape, WeightGradients& gradients)
      : panels_(panels), tape_(tape), gradients_(gradients) {}

  // From the gradients of the state after the last step.
  void start(Group group, const State& d_end) {
    group_ = group;
    const int b = group.first;
    std::fill_n(recomputed_from_, kSequences, -1);
    gradient_rows(d_end.hidden, b, kCarried, d_seen_ + kReads);
    gradient_rows(d_end.reads, b, kReads, d_seen_);
    gradient_rows(d_end.cell, b, kCarried, d_cell_);
    for (int lane = 0; lane < group.count; ++lane) {
      const int s = group.first + lane;
      to_weightings(of_sequence(d_end.weightings, s, kHeads * kSlots), d_weighting_[lane]);
      to_memory(of_sequence(d_end.memory, s, kSlots * kWidth), d_memory_[lane]);
    }
  }

  // `d_outputs` [B, units + reads] and `d_inputs` [B, input] are those of time step t; either may be null.
  // Time steps come last to first.
  void step(int t, const float* d_outputs, float* d_inputs) {
    const ControllerStep& now = tape_.controller(group_, t);
    const int slot = t % ControllerGradient::kMostSteps;
    Row *d_sums = d_sums_[slot], *d_raw = d_raw_[slot], *d_hidden = d_seen_ + kReads;
    if (!kLstm) std::fill_n(d_hidden[0], kUnits * kSequences, 0.0f);
    if (d_outputs) {
      const float* from = d_outputs + group_.first * kOutputs;
      add_to_rows(from, kOutputs, kUnits, group_.count, d_hidden);
      add_to_rows(from + kUnits, kOutputs, kReads, group_.count, d_seen_);
    }
    if (group_.count < kSequences) std::fill_n(d_raw[0], kInterfaceRows * kSequences, 0.0f);
    for (int lane = 0; lane < group_.count; ++lane) step_memory(t, lane, now, d_raw);
    activate_interface_backward(now, d_raw);
    BackwardPanels::Hidden::multiply_add(panels_.hidden, d_raw[0], d_hidden[0]);

    if constexpr (kLstm) {
      lstm_backward(now, d_hidden, d_cell_, d_sums);
    } else {
      feedforward_backward(tape_.controller(group_, t + 1), d_hidden, d_sums);
    }
    BackwardPanels::Seen::multiply(panels_.seen, d_sums[0], d_seen_[0]);
    if (d_inputs) {
      Row d_input[kInputs];
      BackwardPanels::Input::multiply(panels_.input, d_sums[0], d_input[0]);
      from_rows(d_input, kInputs, group_.count, d_inputs + group_.first * kInputs, kInputs);
    }
    pending_ += 1;
    if (slot == 0) add_weight_gradients(t);
  }

  void end(const State& d_start) const {
    const int b = group_.first;
    from_rows(d_seen_ + kReads, kCarried, group_.count, d_start.hidden + b * kCarried, kCarried);
    from_rows(d_seen_, kReads, group_.count, d_start.reads + b * kReads, kReads);
    from_rows(d_cell_, kCarried, group_.count, d_start.cell + b * kCarried, kCarried);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      from_weightings(d_weighting_[lane], of_sequence(d_start.weightings, s, kHeads * kSlots));
      from_memory(d_memory_[lane], of_sequence(d_start.memory, s, kSlots * kWidth));
    }
  }

 private:
  void gradient_rows(const float* from, int first, int rows, Row* to) const {
    if (from) {
      to_rows(from + first * rows, rows, rows, group_.count, to);
    } else {
      std::fill_n(to[0], rows * kSequences, 0.0f);
    }
  }

  void step_memory(int t, int lane, const ControllerStep& now, Row* d_interface) {
    const Interface parameters = interface_of(now, lane);
    float inverse_key_norm[kHeads], d_reads[kReads];
    key_norms_of(now, lane, inverse_key_norm);
    for (int i = 0; i < kReads; ++i) d_reads[i] = d_seen_[i][lane];
    Addressing addressing;
    const Slots* before = tape_.addressing(group_, lane, t).weighting;
    const Slots* weighting = tape_.addressing(group_, lane, t + 1).weighting;
    const Memory& memory = memory_at(t, lane);
    Slots* d_weighting = d_weighting_[lane];

    compare(memory, parameters, inverse_key_norm, addressing);
    gate_and_shift(parameters, before, addressing);

    Interface d_parameters;
    alignas(64) Slots d_cosine[kHeads];
    read_and_write_backward(memory, parameters, weighting, d_reads, d_memory_[lane], d_weighting, d_parameters);
    address_backward(parameters, before, addressing, weighting, d_weighting, d_cosine, d_parameters);
    compare_backward(memory, parameters, inverse_key_norm, addressing, d_cosine, d_memory_[lane], d_parameters);

    const float* from = d_parameters.head[0].key;
    for (int row = 0; row < kInterfaceRows; ++row) d_interface[row][lane] = from[row];
  }

  // The memory before step t. All up to there from the last one kept are written again when it is first asked for.
  const Memory& memory_at(int t, int lane) {
    const int kept = t - t % kInterval;
    Memory* again = recomputed_[lane];
    if (kept != recomputed_from_[lane]) {
      recomputed_from_[lane] = kept;
      for (int step = kept; step < t; ++step) {
        const Memory& before = step == kept ? tape_.memory(group_, lane, kept) : again[step - kept - 1];
        const Slots* weighting = tape_.addressing(group_, lane, step + 1).weighting;
        write(before, interface_of(tape_.controller(group_, step), lane), weighting, again[step - kept]);
      }
    }
    return t == kept ? tape_.memory(group_, lane, kept) : again[t - kept - 1];
  }

  // The products of the `pending_` steps from time t on.
  void add_weight_gradients(int t) {
    constexpr ptrdiff_t step = kStepFloats;
    const ControllerStep& now = tape_.controller(group_, t);
    const ControllerStep& next = tape_.controller(group_, t + 1);
    ControllerGradient::accumulate(d_sums_[0][0], kSums * kSequences, seen_by_controller(now), step, pending_,
                                   gradients_.controller, scratch_);
    InterfaceGradient::accumulate(d_raw_[0][0], kInterfaceRows * kSequences, next.hidden[0], step, pending_,
                                  gradients_.interface, scratch_);
    pending_ = 0;
  }

  const BackwardPanels& panels_;
  const Tape& tape_;
  WeightGradients& gradients_;
  Group group_{0, 0};
  int pending_ = 0;

  alignas(64) Row d_seen_[kReads + kUnits];  // reads and hidden, as in ControllerStep
  Row d_cell_[kCellRows];
  Row d_sums_[ControllerGradient::kMostSteps][kSums];
  Row d_raw_[ControllerGradient::kMostSteps][kInterfaceRows];
  alignas(64) Slots d_weighting_[kSequences][kHeads];
  Memory d_memory_[kSequences];
  int recomputed_from_[kSequences];  // the time of the memory kept, of every sequence
  Memory recomputed_[kSequences][std::max(kInterval - 1, 1)];
  alignas(64) float scratch_[std::max(ControllerGradient::kScratchFloats, InterfaceGradient::kScratchFloats)];
};
