// A group of sequences back through all time steps.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "dnc_forward.h"

// Both weights' gradients, with their biases' in the last column.
struct WeightGradients {
  MatrixGradient<kGateFloats, kSeen + 1> gates;
  MatrixGradient<kInterface, kUnits + 1> interface;

  void add(const WeightGradients& other) {
    gates.add(other.gates);
    interface.add(other.interface);
  }
};

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

// A thread keeps this memory from call to call, up to a size: to get it anew from the system takes as long as to
// fill it. In a namespace without a name, for a static variable of an inline function would be shared with the
// libraries for other sizes.
namespace {
thread_local std::vector<Matrices> matrices_of_thread;
}

// Memory and link of the sequences of a group at every time step, computed anew from the start.
//
// All of them at once would not fit into the cache. A first sweep keeps them every so many steps, a checkpoint;
// those between are computed when backward gets there.
class Recomputed {
 public:
  Recomputed(const Tape& tape, int steps)
      : tape_(tape),
        steps_(steps),
        interval_(std::ceil(std::sqrt(steps))),
        checkpoints_((steps - 1) / interval_ + 1) {
    const size_t count = static_cast<size_t>(checkpoints_ + interval_) * kGroup;
    if (matrices_of_thread.size() < count) matrices_of_thread.resize(count);
    matrices_ = matrices_of_thread.data();
  }

  ~Recomputed() {
    constexpr size_t most_kept = (64 << 20) / sizeof(Matrices);
    if (matrices_of_thread.size() > most_kept) std::vector<Matrices>().swap(matrices_of_thread);
  }

  Recomputed(const Recomputed&) = delete;
  Recomputed& operator=(const Recomputed&) = delete;

  void start(Group group, const State& start) {
    group_ = group;
    between_from_ = steps_;
    for (int lane = 0; lane < group.count; ++lane) {
      to_matrices(start.link, start.memory, group.first + lane, checkpoint(0, lane));
      for (int t = 0; t < (checkpoints_ - 1) * interval_; ++t) {
        advance(t, lane, is_checkpoint(t) ? at(t, lane) : between(0, lane),
                is_checkpoint(t + 1) ? at(t + 1, lane) : between(0, lane));
      }
    }
  }

  // To be called for falling t, before the matrices at t and t + 1 are asked for.
  void prepare(int t) {
    if (t >= between_from_) return;
    between_from_ = t - t % interval_;
    for (int lane = 0; lane < group_.count; ++lane) {
      for (int step = between_from_; step <= t; ++step) {
        if (!is_checkpoint(step + 1)) advance(step, lane, at(step, lane), at(step + 1, lane));
      }
    }
  }

  Matrices& at(int t, int lane) const {
    return is_checkpoint(t) ? checkpoint(t / interval_, lane) : between((t - 1) % interval_, lane);
  }

 private:
  bool is_checkpoint(int t) const { return t % interval_ == 0 && t < steps_; }
  Matrices& checkpoint(int index, int lane) const { return matrices_[index * kGroup + lane]; }
  Matrices& between(int index, int lane) const { return checkpoint(checkpoints_ + index, lane); }

  void advance(int t, int lane, const Matrices& before, Matrices& after) const {
    const Step &step = tape_.at(group_.first + lane, t), &next = tape_.at(group_.first + lane, t + 1);
    const Step& soon = tape_.at(group_.first + lane, std::min(t + 2, steps_));
    prefetch(&soon.weightings, sizeof(Weightings));
    prefetch(&soon.interface, sizeof(Interface));
    write(before.memory, step.interface, next.weightings.write, after.memory);
    link(before.link, next.weightings.write, step.weightings.precedence, after.link);
  }

  Tape tape_;
  int steps_;
  int interval_;
  int checkpoints_;
  int between_from_ = 0;
  Group group_{0, 0};
  Matrices* matrices_;
};

class BackwardPass {
 public:
  BackwardPass(const BackwardWeights& weights, const Tape& tape, int steps)
      : weights_(weights), tape_(tape), recomputed_(tape, steps) {}

  // From the gradients of the state after the last step. `start` is the state before the first one; `gradients`
  // are added to.
  void start(Group group, const State& start, const State& d_end, WeightGradients& gradients) {
    group_ = group;
    gradients_ = &gradients;
    recomputed_.start(group, start);
    for (int lane = 0; lane < group.count; ++lane) {
      const int s = group.first + lane;
      Gradients& d = d_[lane];
      std::fill_n(d.recurrent, kRecurrentFloats, 0.0f);
      to_rows(of_sequence(d_end.reads, s, kReads), 1, kReads, kReads, d.recurrent);
      to_rows(of_sequence(d_end.hidden, s, kUnits), 1, kUnits, kUnits, d.recurrent + kReads);
      to_rows(of_sequence(d_end.cell, s, kUnits), 1, kUnits, kPaddedUnits, d.cell);
      to_weightings(d_end, s, d.weightings);
      to_matrices(d_end.link, d_end.memory, s, d.matrices);
    }
  }

  // `d_outputs` [B, units + reads] and `d_inputs` [B, input] are those of time step t; either may be null.
  // Time steps come last to first.
  void step(int t, const float* d_outputs, float* d_inputs) {
    recomputed_.prepare(t);
    for (int lane = 0; lane < group_.count; ++lane) {
      prefetch(&tape_.at(group_.first + lane, std::max(t - 1, 0)), sizeof(Step));
      if (d_outputs) add_outputs(d_outputs + (group_.first + lane) * kOutputs, d_[lane].recurrent);
      remember_backward(t, lane);
    }
    control_backward(t);
    if (d_inputs) input_backward(d_inputs);
  }

  void end(const State& d_start) {
    gates_products_.add_to(gradients_->gates);
    interface_products_.add_to(gradients_->interface);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      const Gradients& d = d_[lane];
      from_rows(d.recurrent, 1, kReads, kReads, of_sequence(d_start.reads, s, kReads));
      from_rows(d.recurrent + kReads, 1, kUnits, kUnits, of_sequence(d_start.hidden, s, kUnits));
      from_rows(d.cell, 1, kUnits, kUnits, of_sequence(d_start.cell, s, kUnits));
      from_weightings(d.weightings, s, d_start);
      from_matrices(d.matrices, s, d_start);
    }
  }

 private:
  static constexpr int kRecurrentFloats = padded(kReads + kPaddedUnits);

  // Of one sequence's state, and of what its controller makes at a step.
  struct alignas(64) Gradients {
    float recurrent[kRecurrentFloats];  // reads, then hidden
    alignas(64) float cell[kPaddedUnits];
    float gates[kGateFloats];
    float raw[kInterfaceFloats];
    Weightings weightings;
    Matrices matrices;
  };

  static void add_outputs(const float* d_outputs, float* d_recurrent) {
    for (int i = 0; i < kUnits; ++i) d_recurrent[kReads + i] += d_outputs[i];
    for (int i = 0; i < kReads; ++i) d_recurrent[i] += d_outputs[kUnits + i];
  }

  // The memory of one sequence, and its interface.
  void remember_backward(int t, int lane) {
    const Step &step = tape_.at(group_.first + lane, t), &next = tape_.at(group_.first + lane, t + 1);
    const Matrices &before = recomputed_.at(t, lane), &after = recomputed_.at(t + 1, lane);
    const Interface& parameters = step.interface;
    const float* d_reads = d_[lane].recurrent;
    Weightings& d = d_[lane].weightings;
    Matrices& d_matrices = d_[lane].matrices;

    Interface d_parameters;
    alignas(64) Slots d_backward[kReadHeads], d_forward[kReadHeads], d_read_cosine[kReadHeads], d_write_cosine;
    read_backward(after.memory, d_reads, d.read);
    weight_reads_backward(parameters, step, d.read, d_backward, d_read_cosine, d_forward, d_parameters);
    write_and_compare_backward(before.memory, after.memory, step, next, d_read_cosine, d_reads, d_matrices.memory,
                               d.write, d_parameters);
    precede_backward(step.weightings.precedence, next.weightings.write, d.precedence, d.write);
    link_and_follow_backward(before.link, after.link, next.weightings.write, step.weightings.precedence,
                             step.weightings.read, d_forward, d_backward, d_matrices.link, d.read, d.write,
                             d.precedence);
    weight_write_backward(parameters, step, next.weightings, d, d_write_cosine, d_parameters);
    compare_backward(before.memory, parameters.write_key, step.inverse_key_norm[kReadHeads], step.inverse_norm,
                     step.write_cosine, d_write_cosine, d_matrices.memory, d_parameters.write_key);
    activate_interface_backward(step, d_parameters, d_[lane].raw);
  }

  // The controller, from the gradients of raw interface and state to those of its gates and of the state before.
  void control_backward(int t) {
    const float *raw[kGroup], *gates[kGroup];
    float *hidden[kGroup], *recurrent[kGroup];
    for (int lane = 0; lane < group_.count; ++lane) {
      Gradients& d = d_[lane];
      raw[lane] = d.raw;
      gates[lane] = d.gates;
      hidden[lane] = d.recurrent + kReads;
      recurrent[lane] = d.recurrent;
    }
    weights_.hidden.multiply_add(group_.count, raw, hidden);
    for (int lane = 0; lane < group_.count; ++lane) {
      Gradients& d = d_[lane];
      const Step& step = tape_.at(group_.first + lane, t);
      lstm_backward(step, hidden[lane], d.cell, d.gates);
      std::fill_n(d.recurrent, kRecurrentFloats, 0.0f);
      gates_products_.push(d.gates, step.input, gradients_->gates);
      interface_products_.push(d.raw, tape_.at(group_.first + lane, t + 1).hidden, gradients_->interface);
    }
    weights_.recurrent.multiply_add(group_.count, gates, recurrent);
  }

  void input_backward(float* d_inputs) {
    const float* gates[kGroup];
    float d_input[kGroup][padded(kInputs)] = {}, *to[kGroup];
    for (int lane = 0; lane < group_.count; ++lane) {
      gates[lane] = d_[lane].gates;
      to[lane] = d_input[lane];
    }
    weights_.input.multiply_add(group_.count, gates, to);
    for (int lane = 0; lane < group_.count; ++lane) {
      std::copy_n(d_input[lane], kInputs, d_inputs + (group_.first + lane) * kInputs);
    }
  }

  const BackwardWeights& weights_;
  Tape tape_;
  Group group_{0, 0};
  WeightGradients* gradients_ = nullptr;
  Recomputed recomputed_;
  OuterProducts<decltype(WeightGradients::gates)> gates_products_;
  OuterProducts<decltype(WeightGradients::interface)> interface_products_;
  Gradients d_[kGroup];
};
