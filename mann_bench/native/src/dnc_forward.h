// A group of sequences through all time steps.
#pragma once

#include "dnc_arguments.h"
#include "dnc_content.h"
#include "dnc_controller.h"
#include "dnc_link.h"
#include "dnc_weighting.h"

class ForwardPass {
 public:
  ForwardPass(const ForwardWeights& weights, const Tape& tape, Group group)
      : weights_(weights), tape_(tape), group_(group) {}

  // From a state of every sequence, or one that they share.
  void start(const State& state, bool shared) {
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = shared ? 0 : group_.first + lane;
      Step& first = tape_.at(group_.first + lane, 0);
      std::copy_n(state.reads + s * kReads, kReads, first.reads);
      to_rows(state.hidden + s * kUnits, 1, kUnits, kPaddedUnits, first.hidden);
      to_rows(state.cell + s * kUnits, 1, kUnits, kPaddedUnits, first.cell);
      to_weightings(state, s, first.weightings);
      to_matrices(state.link, state.memory, s, matrices_[lane]);
      measure(matrices_[lane].memory, first.inverse_norm);
    }
  }

  // `inputs` [B, input] and `outputs` [B, units + reads] are those of time step t.
  void step(int t, const float* inputs, float* outputs) {
    control<true>(weights_, group_, [&](int lane, int later) -> Step& { return tape_.at(group_.first + lane, t + later); },
                  inputs);
    for (int lane = 0; lane < group_.count; ++lane) {
      activate_interface(tape_.at(group_.first + lane, t));
      const int s = group_.first + lane;
      Step& next = tape_.at(s, t + 1);
      remember(tape_.at(s, t), next, tape_.link_steps(s, t - t % kLinkInterval, t + 1), matrices_[lane]);
      std::copy_n(next.hidden, kUnits, outputs + s * kOutputs);
      std::copy_n(next.reads, kReads, outputs + s * kOutputs + kUnits);
    }
  }

  // Null pointers stand for what is not wanted.
  void end(int steps, const State& state) {
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      const Step& last = tape_.at(s, steps);
      from_rows(last.reads, 1, kReads, kReads, of_sequence(state.reads, s, kReads));
      from_rows(last.hidden, 1, kUnits, kUnits, of_sequence(state.hidden, s, kUnits));
      from_rows(last.cell, 1, kUnits, kUnits, of_sequence(state.cell, s, kUnits));
      from_weightings(last.weightings, s, state);
      const int since = steps % kLinkInterval;
      Link& stored = matrices_[lane].link;
      if (since > 0 && state.link) link(stored, tape_.link_steps(s, steps - since, steps), stored);
      from_matrices(matrices_[lane], s, state);
    }
  }

 private:
  // The memory of one sequence; `link_steps` lead from the stored link to the one after the step.
  static void remember(Step& step, Step& next, const LinkSteps& link_steps, Matrices& matrices) {
    const Interface& parameters = step.interface;
    compare_write_key(matrices.memory, step);
    weight_write(parameters, step, next.weightings);
    const Memory& before = retained(matrices.memory, step, matrices.memory);
    write_and_compare(before, next.weightings.write, step, matrices.memory, next.inverse_norm);
    follow(matrices.link, link_steps, step.weightings.read, step.forward, step.backward);
    weight_reads(parameters, step, next.weightings.read);
    read(matrices.memory, next.weightings.read, next.reads);
  }

  const ForwardWeights& weights_;
  Tape tape_;
  Group group_;
  Matrices matrices_[kGroup];
};
