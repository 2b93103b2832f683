// One group of sequences back through all time steps.
#pragma once

#include "ntm_forward.h"

using ControllerGradient = OuterProduct<kSums, kSeenRows>;
using BelowGradient = OuterProduct<kSums, kUnits + 1>;
using OwnGradient = OuterProduct<kSums, kCarried>;
using InterfaceGradient = OuterProduct<kInterfaceRows, kUnits + 1>;

// The weights' gradients, each with its bias' in a column of its own.
struct WeightGradients {
  struct Upper {
    alignas(64) float below[BelowGradient::kFloats];
    alignas(64) float own[OwnGradient::kFloats];
  };

  alignas(64) float controller[ControllerGradient::kFloats];
  alignas(64) float interface[InterfaceGradient::kFloats];
  Upper upper[kLayers - 1];

  WeightGradients() : controller{}, interface{}, upper{} {}
};

// The weights' transposes. The inputs' part has its own, for it is seldom needed.
struct BackwardPanels {
  using Seen = Panels<kReads + kCarried, kSums>;
  using Input = Panels<kInputs, kSums>;
  using Below = Panels<kUnits, kSums>;
  using Own = Panels<kCellRows, kSums>;
  using Hidden = Panels<kUnits, kInterfaceRows>;

  struct Upper {
    alignas(64) float below[Below::kFloats];
    alignas(64) float own[Own::kFloats];
  };

  alignas(64) float seen[Seen::kFloats];
  alignas(64) float input[Input::kFloats];
  alignas(64) float hidden[Hidden::kFloats];
  Upper upper[kLayers - 1];

  explicit BackwardPanels(const Weights& w) {
    Seen::pack([&](int row, int k) { return w.controller[k * kControllerColumns + kInputs + row]; }, seen);
    Input::pack([&](int row, int k) { return w.controller[k * kControllerColumns + row]; }, input);
    for (int i = 1; i < kLayers; ++i) {
      Below::pack([&](int row, int k) { return upper_weight(w, i, k, row); }, upper[i - 1].below);
      if (kLstm) Own::pack([&](int row, int k) { return upper_weight(w, i, k, kUnits + row); }, upper[i - 1].own);
    }
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
    recomputed_from_ = -1;
    gradient_rows(d_end.hidden, b, kControllerState, d_seen_ + kReads);
    gradient_rows(d_end.reads, b, kReads, d_seen_);
    gradient_rows(d_end.cell, b, kControllerState, d_cell_);
    for (int lane = 0; lane < group.count; ++lane) {
      const int s = group.first + lane;
      to_weightings(of_sequence(d_end.weightings, s, kHeads * kCarriedSlots), d_weighting_[lane]);
      to_memory(of_sequence(d_end.memory, s, kSlots * kWidth), d_memory_[lane]);
    }
  }

  // `d_outputs` [B, units + reads] and `d_inputs` [B, input] are those of time step t; either may be null.
  // Time steps come last to first.
  void step(int t, const float* d_outputs, float* d_inputs) {
    const ControllerStep& now = tape_.controller(group_, t);
    const int slot = t % ControllerGradient::kMostSteps;
    Row *d_sums = d_sums_[slot], *d_raw = d_raw_[slot], *d_top = d_hidden(kLayers - 1);
    if (!kLstm) std::fill_n(d_hidden(0)[0], kLayers * kUnits * kSequences, 0.0f);
    if (d_outputs) {
      const float* from = d_outputs + group_.first * kOutputs;
      add_to_rows(from, kOutputs, kUnits, group_.count, d_top);
      add_to_rows(from + kUnits, kOutputs, kReads, group_.count, d_seen_);
    }
    recompute_memories(t);
    to_interfaces(now, interfaces_);
    from_rows(d_seen_, kReads, kSequences, d_reads_[0], kReads);
    for (int lane = 0; lane < group_.count; ++lane) step_memory(t, lane, now);
    to_rows(d_interfaces_[0].head[0].key, kInterfaceRows, kInterfaceRows, group_.count, d_raw);
    activate_interface_backward(now, d_raw);
    BackwardPanels::Hidden::multiply_add(panels_.hidden, d_raw[0], d_top[0]);

    const ControllerStep& next = tape_.controller(group_, t + 1);
    for (int i = kLayers - 1; i > 0; --i) step_upper(i, now.layer[i], next.layer[i], d_sums + i * kSums);
    activate_layer_backward(now.layer[0], next.layer[0], d_hidden(0), d_cell_, d_sums);
    BackwardPanels::Seen::multiply(panels_.seen, d_sums[0], d_seen_[0]);
    if (d_inputs) {
      Row d_input[kInputs];
      BackwardPanels::Input::multiply(panels_.input, d_sums[0], d_input[0]);
      from_rows(d_input, kInputs, group_.count, d_inputs + group_.first * kInputs, kInputs);
    }
    pending_ += 1;
    if (slot == 0) add_weight_gradients(t);
  }

  // Null pointers stand for what is not wanted.
  void end(const State& d_start) const {
    const int b = group_.first;
    constexpr int carried = kControllerState;
    from_rows(d_seen_ + kReads, carried, group_.count, of_sequence(d_start.hidden, b, carried), carried);
    from_rows(d_seen_, kReads, group_.count, of_sequence(d_start.reads, b, kReads), kReads);
    from_rows(d_cell_, carried, group_.count, of_sequence(d_start.cell, b, carried), carried);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      from_weightings(d_weighting_[lane], of_sequence(d_start.weightings, s, kHeads * kCarriedSlots));
      from_memory(d_memory_[lane], of_sequence(d_start.memory, s, kSlots * kWidth));
    }
  }

  // The same where all sequences share the start; the gradients are added to.
  void end(SharedStart& d_start) const {
    const auto add_rows = [](const Row* from, int rows, float* to) {
      for (int row = 0; row < rows; ++row) {
        over_lanes([&](int lane) { to[row] += sum(load(from[row] + lane)); });
      }
    };
    add_rows(d_seen_ + kReads, kControllerState, d_start.hidden);
    add_rows(d_seen_, kReads, d_start.reads);
    add_rows(d_cell_, kControllerState, d_start.cell);
    for (int lane = 0; lane < group_.count; ++lane) {
      for (int h = 0; h < kHeads; ++h) add_slots(d_weighting_[lane][h], d_start.weighting[h]);
      for (int w = 0; w < kWidth; ++w) add_slots(d_memory_[lane].column[w], d_start.memory.column[w]);
    }
  }

 private:
  static void add_slots(const float* from, float* to) {
    over_slots([&](int i) { store(to + i, load(to + i) + load(from + i)); });
  }

  void gradient_rows(const float* from, int first, int rows, Row* to) const {
    if (from) {
      to_rows(from + first * rows, rows, rows, group_.count, to);
    } else {
      std::fill_n(to[0], rows * kSequences, 0.0f);
    }
  }

  Row* d_hidden(int layer) { return d_seen_ + kReads + layer * kUnits; }

  // Set `d_sums`; turn the gradient of the layer's state after the step into that of the one before, and add to that of
  // the hidden units below.
  void step_upper(int i, const Layer& now, const Layer& next, Row* d_sums) {
    activate_layer_backward(now, next, d_hidden(i), d_cell_ + i * kCarried, d_sums);
    BackwardPanels::Below::multiply_add(panels_.upper[i - 1].below, d_sums[0], d_hidden(i - 1)[0]);
    if (kLstm) BackwardPanels::Own::multiply(panels_.upper[i - 1].own, d_sums[0], d_hidden(i)[0]);
  }

  void step_memory(int t, int lane, const ControllerStep& now) {
    const Interface& parameters = interfaces_[lane];
    Interface& d_parameters = d_interfaces_[lane];
    float inverse_key_norm[kHeads];
    key_norms_of(now, lane, inverse_key_norm);
    const Slots* before = tape_.addressing(group_, lane, t).weighting;
    const Slots* weighting = tape_.addressing(group_, lane, t + 1).weighting;
    const Memory& memory = memory_at(t, lane);
    Slots* d_weighting = d_weighting_[lane];

    compare(memory, parameters, inverse_key_norm, addressing_);
    readdress(parameters, before, addressing_);

    read_and_write_backward(memory, parameters, weighting, d_reads_[lane], d_memory_[lane], d_weighting, d_parameters);
    address_backward(parameters, before, addressing_, weighting, d_weighting, d_cosine_, d_parameters);
    compare_backward(memory, parameters, inverse_key_norm, addressing_, d_cosine_, d_memory_[lane], d_parameters);
  }

  // Write the memories from the last ones kept up to those before step t again, where that is not done.
  void recompute_memories(int t) {
    const int kept = t - t % kInterval;
    if (kept == recomputed_from_) return;
    recomputed_from_ = kept;
    for (int step = kept; step < t; ++step) {
      const Row* from = tape_.controller(group_, step).interface + kEraseRow;
      from_rows(from, kChangeRows, kSequences, changes_[step - kept][0].erase[0], kChangeRows);
    }
    for (int lane = 0; lane < group_.count; ++lane) {
      for (int step = kept; step < t; ++step) {
        const Slots* weighting = tape_.addressing(group_, lane, step + 1).weighting;
        write(memory_at(step, lane), changes_[step - kept][lane], weighting, recomputed_[lane][step - kept]);
      }
    }
  }

  // The memory before step t.
  const Memory& memory_at(int t, int lane) const {
    const int since = t - recomputed_from_;
    return since == 0 ? tape_.memory(group_, lane, t) : recomputed_[lane][since - 1];
  }

  // The products of the `pending_` steps from time t on.
  void add_weight_gradients(int t) {
    constexpr ptrdiff_t step = kStepFloats;
    const ControllerStep& now = tape_.controller(group_, t);
    const ControllerStep& next = tape_.controller(group_, t + 1);
    constexpr ptrdiff_t sums = kLayers * kSums * kSequences;
    ControllerGradient::accumulate(d_sums_[0][0], sums, seen_by_controller(now), step, pending_, gradients_.controller,
                                   scratch_);
    for (int i = 1; i < kLayers; ++i) {
      const float* d_sums = d_sums_[0][i * kSums];
      WeightGradients::Upper& gradients = gradients_.upper[i - 1];
      BelowGradient::accumulate(d_sums, sums, next.layer[i - 1].hidden[0], step, pending_, gradients.below, scratch_);
      if constexpr (kLstm) {
        OwnGradient::accumulate(d_sums, sums, now.layer[i].hidden[0], step, pending_, gradients.own, scratch_);
      }
    }
    InterfaceGradient::accumulate(d_raw_[0][0], kInterfaceRows * kSequences, top(next).hidden[0], step, pending_,
                                  gradients_.interface, scratch_);
    pending_ = 0;
  }

  const BackwardPanels& panels_;
  const Tape& tape_;
  WeightGradients& gradients_;
  Group group_{0, 0};
  int pending_ = 0;

  alignas(64) Row d_seen_[kReads + kLayers * kUnits];  // reads, then every layer's hidden units
  Row d_cell_[kLayers * kCellRows];
  Row d_sums_[ControllerGradient::kMostSteps][kLayers * kSums];
  Row d_raw_[ControllerGradient::kMostSteps][kInterfaceRows];
  alignas(64) Slots d_weighting_[kSequences][kHeads];
  Addressing addressing_;  // with many slots, too large for the stack, as the next one
  alignas(64) Slots d_cosine_[kHeads];
  Memory d_memory_[kSequences];
  int recomputed_from_ = -1;  // the time of the memories kept
  Memory recomputed_[kSequences][std::max(kInterval - 1, 1)];
  Change changes_[std::max(kInterval - 1, 1)][kSequences];
  Interface interfaces_[kSequences];
  Interface d_interfaces_[kSequences];
  float d_reads_[kSequences][kReads];
  alignas(64) float scratch_[std::max({ControllerGradient::kScratchFloats, BelowGradient::kScratchFloats,
                                       InterfaceGradient::kScratchFloats})];
};
