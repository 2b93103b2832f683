// A group of sequences back through all time steps.
#pragma once

#include <cmath>

#include "dnc_forward.h"
#include "pool.h"

// Memory and link of the sequences of a group, computed anew from the start.
//
// All of them at once would not fit into the cache. A first sweep keeps them where a segment of the steps starts;
// those within a segment are computed when backward gets there.
class Recomputed {
 public:
  Recomputed(const Tape& tape, int steps)
      : tape_(tape),
        steps_(steps),
        segment_(segment_for(steps)),
        starts_(size_t{kGroup} * ((steps - 1) / segment_ + 1)),
        memories_(size_t{kGroup} * segment_),
        links_(size_t{kGroup} * (segment_ / kLinkInterval - 1)) {}

  void start(Group group, const State& start, bool shared) {
    group_ = group;
    from_ = steps_;
    for (int lane = 0; lane < group.count; ++lane) {
      to_matrices(start.link, start.memory, shared ? 0 : group.first + lane, starts_[lane]);
      for (int t = segment_; t < steps_; t += segment_) {
        advance(lane, t - segment_, t, start_of(t - segment_, lane), start_of(t, lane));
      }
    }
  }

  // To be called for falling t, before step t is asked for.
  void prepare(int t) {
    if (t >= from_) return;
    from_ = t - t % segment_;
    for (int lane = 0; lane < group_.count; ++lane) {
      for (int step = from_; step <= t; ++step) write_memory(lane, step, memory(step, lane), memory_after(step, lane));
      for (int stored = from_ + kLinkInterval; stored <= t; stored += kLinkInterval) {
        take_link(lane, stored - kLinkInterval, stored, link(stored - 1, lane), stored_link(stored, lane));
      }
    }
  }

  // The memory before a step, and after it.
  const Memory& memory(int t, int lane) const {
    return t == from_ ? start_of(t, lane).memory : memory_after(t - 1, lane);
  }
  Memory& memory_after(int t, int lane) const { return memories_[lane * segment_ + t - from_]; }

  // The last stored link before a step.
  const Link& link(int t, int lane) const {
    return t - from_ < kLinkInterval ? start_of(from_, lane).link : stored_link(t, lane);
  }

 private:
  // As many segments as a segment has links, about.
  static int segment_for(int steps) {
    const int intervals = std::ceil(std::sqrt(double(steps) / kLinkInterval));
    return intervals * kLinkInterval;
  }

  Matrices& start_of(int t, int lane) const { return starts_[t / segment_ * kGroup + lane]; }
  Link& stored_link(int t, int lane) const {
    return links_[lane * (segment_ / kLinkInterval - 1) + (t - from_) / kLinkInterval - 1];
  }

  void write_memory(int lane, int t, const Memory& before, Memory& after) const {
    const Step &step = tape_.at(group_.first + lane, t), &next = tape_.at(group_.first + lane, t + 1);
    write(retained(before, step, after), step.interface, next.weightings.write, after);
  }

  void take_link(int lane, int from, int to, const Link& before, Link& after) const {
    const Link* source = &before;
    for (int t = from; t < to; t += LinkSteps::kMost) {
      const int end = std::min(t + LinkSteps::kMost, to);
      ::link(*source, tape_.link_steps(group_.first + lane, t, end), after);
      source = &after;
    }
  }

  void advance(int lane, int from, int to, const Matrices& before, Matrices& after) const {
    take_link(lane, from, to, before.link, after.link);
    const Memory* memory = &before.memory;
    for (int t = from; t < to; ++t) {
      write_memory(lane, t, *memory, after.memory);
      memory = &after.memory;
    }
  }

  Tape tape_;
  int steps_;
  int segment_;   // steps
  int from_ = 0;  // the first step of the segment that is computed
  Group group_{0, 0};
  PooledArray<Matrices> starts_;  // [segments, kGroup]
  PooledArray<Memory> memories_;  // [kGroup, segment]: after every step of it
  PooledArray<Link> links_;       // [kGroup, stored links of a segment], save for the first
};

class BackwardPass {
 public:
  BackwardPass(const BackwardWeights& weights, const Tape& tape, int steps)
      : controller_(weights), tape_(tape), steps_(steps), recomputed_(tape, steps) {}

  // From the gradients of the state after the last step. `start` is the state before the first one, which the sequences
  // may share; `gradients` are added to.
  void start(Group group, const State& start, bool shared, const State& d_end, WeightGradients& gradients) {
    group_ = group;
    gradients_ = &gradients;
    recomputed_.start(group, start, shared);
    for (int lane = 0; lane < group.count; ++lane) {
      const int s = group.first + lane;
      Gradients& d = d_[lane];
      d.start(of_sequence(d_end.hidden, s, kUnits), of_sequence(d_end.cell, s, kUnits),
              of_sequence(d_end.reads, s, kReads));
      to_weightings(d_end, s, d.weightings);
      to_matrices(d_end.link, d_end.memory, s, d.matrices);
    }
  }

  // `d_outputs` [B, units + reads] and `d_inputs` [B, input] are those of time step t; either may be null.
  // Time steps come last to first.
  void step(int t, ptrdiff_t batch, const float* d_outputs, float* d_inputs) {
    recomputed_.prepare(t);
    for (int lane = 0; lane < group_.count; ++lane) {
      prefetch(&tape_.at(group_.first + lane, std::max(t - 1, 0)), sizeof(Step));
      if (d_outputs) {
        const float* of_sequence = d_outputs + (group_.first + lane) * kOutputs;
        prefetch(of_sequence - (t > 0 ? batch * kOutputs : 0), kOutputs * sizeof(float));
        d_[lane].add_outputs(of_sequence);
      }
      remember_backward(t, lane);
    }
    const auto d = [&](int lane) -> ControllerGradients& { return d_[lane]; };
    const auto at = [&](int lane, int later) -> const Step& { return tape_.at(group_.first + lane, t + later); };
    controller_.step(group_, at, d, *gradients_);
    if (d_inputs) controller_.inputs(group_, d, d_inputs);
  }

  void end(const State& d_start) {
    controller_.end(*gradients_);
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = group_.first + lane;
      const Gradients& d = d_[lane];
      d.end(of_sequence(d_start.hidden, s, kUnits), of_sequence(d_start.cell, s, kUnits),
            of_sequence(d_start.reads, s, kReads));
      from_weightings(d.weightings, s, d_start);
      from_matrices(d.matrices, s, d_start);
    }
  }

 private:
  // Of one sequence's state, and of what its controller makes at a step.
  struct alignas(64) Gradients : ControllerGradients {
    alignas(64) Weightings weightings;
    FollowGradients follow[kLinkInterval];  // of the steps since the link's gradient was stored
    Matrices matrices;
  };

  // The memory of one sequence, and its interface.
  void remember_backward(int t, int lane) {
    const Step &step = tape_.at(group_.first + lane, t), &next = tape_.at(group_.first + lane, t + 1);
    const Memory &before = recomputed_.memory(t, lane), &after = recomputed_.memory_after(t, lane);
    const Interface& parameters = step.interface;
    const float* d_reads = d_[lane].recurrent;
    Weightings& d = d_[lane].weightings;
    Memory& d_memory = d_[lane].matrices.memory;
    FollowGradients& d_follow = d_[lane].follow[t % kLinkInterval];

    Interface d_parameters;
    alignas(64) Slots d_read_cosine[kReadHeads], d_write_cosine, d_retained;
    read_backward(after, d_reads, d.read);
    weight_reads_backward(parameters, step, d.read, d_follow.backward, d_read_cosine, d_follow.forward, d_parameters);
    if constexpr (kMasked) compare_read_keys_backward(after, step, d_read_cosine, d_memory, d_parameters);
    write_and_compare_backward(retained(before, step, *retained_), after, step, next, d_read_cosine, d_reads, d_memory,
                               d.write, d_parameters);
    if constexpr (kDeallocation) retained_backward(before, step, d_memory, d_retained);
    precede_backward(step.weightings.precedence, next.weightings.write, d.precedence, d.write);
    follow_backward(t, lane);
    weight_write_backward(parameters, step, next.weightings, kDeallocation ? d_retained : nullptr, d, d_write_cosine,
                          d_parameters);
    compare_write_key_backward(before, step, d_write_cosine, d_memory, d_parameters);
    activate_interface_backward(step, d_parameters, d_[lane].raw);
  }

  // The link of one sequence.
  void follow_backward(int t, int lane) {
    const int s = group_.first + lane, stored = t - t % kLinkInterval;
    Gradients& d = d_[lane];
    LinkGradientSteps gradient_steps;
    for (int later = std::min(stored + kLinkInterval, steps_) - 1; later >= t; --later) {
      gradient_steps.add(tape_.at(s, later + 1).weightings.write, tape_.at(s, later).weightings.read,
                         d.follow[later % kLinkInterval]);
    }
    const auto backward = t == stored ? follow_steps_backward<true> : follow_steps_backward<false>;
    backward(recomputed_.link(t, lane), tape_.link_steps(s, stored, t + 1), gradient_steps, d.matrices.link,
             d.weightings.read, d.weightings.write, d.weightings.precedence);
  }

  ControllerBackward<true> controller_;
  Tape tape_;
  int steps_;
  Group group_{0, 0};
  WeightGradients* gradients_ = nullptr;
  Recomputed recomputed_;
  Memory retained_[kDeallocation ? 1 : 0];
  Gradients d_[kGroup];
};
