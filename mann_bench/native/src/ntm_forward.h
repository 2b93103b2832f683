// One group of sequences through all time steps.
#pragma once

#include "ntm_addressing.h"
#include "ntm_arguments.h"
#include "ntm_controller.h"
#include "ntm_memory.h"

using ControllerProduct = Panels<kSums, kSeenRows>;
using BelowProduct = Panels<kSums, kUnits + 1>;  // of an upper layer with the hidden units below and its bias
using OwnProduct = Panels<kSums, kCarried>;      // with its own hidden units
using InterfaceProduct = Panels<kInterfaceRows, kUnits + 1>;

// An upper layer's weight of what it sees, and its bias.
INLINE float upper_weight(const Weights& w, int layer, int row, int k) {
  return w.controller[row * kControllerColumns + upper_column(layer) + k];
}
INLINE float bias(const Weights& w, int layer, int row) { return w.controller_bias[layer * kSums + row]; }

struct ForwardPanels {
  struct Upper {
    alignas(64) float below[BelowProduct::kFloats];
    alignas(64) float own[OwnProduct::kFloats];
  };

  alignas(64) float controller[ControllerProduct::kFloats];
  alignas(64) float interface[InterfaceProduct::kFloats];
  Upper upper[kLayers - 1];

  explicit ForwardPanels(const Weights& w) {
    const auto element = [&](int row, int k) {
      return k == kBiasColumn ? bias(w, 0, row) : w.controller[row * kControllerColumns + k - kFirstColumn];
    };
    ControllerProduct::pack(element, controller);
    for (int i = 1; i < kLayers; ++i) {
      BelowProduct::pack([&](int row, int k) { return k < kUnits ? upper_weight(w, i, row, k) : bias(w, i, row); },
                         upper[i - 1].below);
      OwnProduct::pack([&](int row, int k) { return upper_weight(w, i, row, kUnits + k); }, upper[i - 1].own);
    }
    InterfaceProduct::pack(
        [&](int row, int k) { return k < kUnits ? w.interface[row * kUnits + k] : w.interface_bias[row]; }, interface);
  }
};

// The first row of what the controller sees.
INLINE const float* seen_by_controller(const ControllerStep& step) { return kLstm ? step.input[0] : step.first_one[0]; }

INLINE const Layer& top(const ControllerStep& step) { return step.layer[kLayers - 1]; }

// What a step of the controller says to the memories of the sequences.
inline void to_interfaces(const ControllerStep& step, Interface (&interfaces)[kSequences]) {
  from_rows(step.interface, kInterfaceRows, kSequences, interfaces[0].head[0].key, kInterfaceRows);
}

INLINE void key_norms_of(const ControllerStep& step, int lane, float* inverse_key_norm) {
  for (int h = 0; h < kHeads; ++h) inverse_key_norm[h] = step.inverse_key_norm[h][lane];
}

class ForwardPass {
 public:
  ForwardPass(const ForwardPanels& panels, const Tape& tape, Group group)
      : panels_(panels), tape_(tape), group_(group) {}

  // From a state of every sequence, or one that they share.
  void start(const State& state, bool shared) {
    ControllerStep& first = tape_.controller(group_, 0);
    const int apart = shared ? 0 : 1, from = group_.first * apart, carried = apart * kControllerState;
    for (int i = 0; i < kLayers; ++i) {
      const int layer = group_.first * carried + i * kCarried;
      to_rows(state.hidden + layer, carried, kCarried, group_.count, first.layer[i].hidden);
      to_rows(state.cell + layer, carried, kCarried, group_.count, first.layer[i].cell);
    }
    to_rows(state.reads + from * kReads, apart * kReads, kReads, group_.count, first.reads);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = from + lane * apart;
      Memory& memory = tape_.memory(group_, lane, 0);
      to_weightings(of_sequence(state.weightings, s, kHeads * kCarriedSlots), tape_.addressing(group_, lane, 0).weighting);
      if (shared && lane > 0) {
        memory = tape_.memory(group_, 0, 0);
      } else {
        to_memory(of_sequence(state.memory, s, kSlots * kWidth), memory);
      }
    }
  }

  // `inputs` [B, input] and `outputs` [B, units + reads] are those of time step t.
  void step(int t, const float* inputs, float* outputs) {
    ControllerStep& now = tape_.controller(group_, t);
    ControllerStep& next = tape_.controller(group_, t + 1);
    to_rows(inputs + group_.first * kInputs, kInputs, kInputs, group_.count, now.input);
    std::fill_n(now.first_one[0], kSequences, 1.0f);
    std::fill_n(now.layer[0].one[0], kSequences, 1.0f);
    for (Layer& layer : next.layer) std::fill_n(layer.one[0], kSequences, 1.0f);
    ControllerProduct::multiply(panels_.controller, seen_by_controller(now), now.layer[0].sums[0]);
    activate_layer(now.layer[0], next.layer[0]);
    for (int i = 1; i < kLayers; ++i) step_upper(panels_.upper[i - 1], next.layer[i - 1], now.layer[i], next.layer[i]);
    InterfaceProduct::multiply(panels_.interface, top(next).hidden[0], now.raw[0]);
    activate_interface(now);

    to_interfaces(now, interfaces_);
    for (int lane = 0; lane < group_.count; ++lane) step_memory(t, lane, now);
    to_rows(reads_[0], kReads, kReads, group_.count, next.reads);

    float* to = outputs + group_.first * kOutputs;
    from_rows(top(next).hidden, kUnits, group_.count, to, kOutputs);
    from_rows(next.reads, kReads, group_.count, to + kUnits, kOutputs);
  }

  // Null pointers stand for what is not wanted.
  void end(int steps, const State& state) const {
    const ControllerStep& last = tape_.controller(group_, steps);
    constexpr int carried = kControllerState;
    float *hidden = of_sequence(state.hidden, group_.first, carried), *cell = of_sequence(state.cell, group_.first, carried);
    for (int i = 0; i < kLayers; ++i) {
      from_rows(last.layer[i].hidden, kCarried, group_.count, hidden ? hidden + i * kCarried : nullptr, carried);
      from_rows(last.layer[i].cell, kCarried, group_.count, cell ? cell + i * kCarried : nullptr, carried);
    }
    from_rows(last.reads, kReads, group_.count, of_sequence(state.reads, group_.first, kReads), kReads);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      const AddressingStep& addressing = tape_.addressing(group_, lane, steps);
      from_weightings(addressing.weighting, of_sequence(state.weightings, s, kHeads * kCarriedSlots));
      from_memory(memory_at(steps, lane), of_sequence(state.memory, s, kSlots * kWidth));
    }
  }

 private:
  static void step_upper(const ForwardPanels::Upper& panels, const Layer& below, Layer& now, Layer& next) {
    BelowProduct::multiply(panels.below, below.hidden[0], now.sums[0]);
    if constexpr (kLstm) OwnProduct::multiply_add(panels.own, now.hidden[0], now.sums[0]);
    activate_layer(now, next);
  }

  void step_memory(int t, int lane, const ControllerStep& now) {
    const Interface& parameters = interfaces_[lane];
    float inverse_key_norm[kHeads];
    key_norms_of(now, lane, inverse_key_norm);
    Slots* weighting = tape_.addressing(group_, lane, t + 1).weighting;
    const Memory& memory = memory_at(t, lane);

    compare(memory, parameters, inverse_key_norm, addressing_);
    address(parameters, tape_.addressing(group_, lane, t).weighting, addressing_, weighting);
    read_and_write(memory, parameters, weighting, memory_at(t + 1, lane), reads_[lane]);
  }

  Memory& memory_at(int t, int lane) const {
    return tape_.keeps_memory(t) ? tape_.memory(group_, lane, t) : between_[lane];
  }

  const ForwardPanels& panels_;
  const Tape& tape_;
  Group group_;
  mutable Memory between_[kSequences];
  Addressing addressing_;  // with many slots, too large for the stack
  Interface interfaces_[kSequences];
  float reads_[kSequences][kReads];
};
