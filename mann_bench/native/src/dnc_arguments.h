// The state that Python passes, and the tape between the passes.
#pragma once

#include "dnc_link.h"
#include "dnc_sizes.h"
#include "group_controller.h"

// A state or its gradients; of as many sequences as the batch, or a first state that stands for that of all of them.
struct State {
  float* hidden;           // [B, units]
  float* cell;             // [B, units]
  float* reads;            // [B, read heads, width]
  float* read_weightings;  // [B, read heads, slots]
  float* write_weighting;  // [B, slots]
  float* usage;            // [B, slots]
  float* precedence;       // [B, slots]
  float* link;             // [B, slots, slots]
  float* memory;           // [B, slots, width]
};

// Fetch into the cache what is needed soon: the tape is read in an order that the processor does not foresee.
INLINE void prefetch(const void* from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(static_cast<const char*>(from) + i);
}

constexpr int kScratchMoments = kLinkInterval + 1;

// Where the steps lie that a pass over time leaves for backward: [B, moments]. There are steps + 1 moments, the
// last one with a state only; without backward as many as lead from one stored link to the next, in turn.
class Tape {
 public:
  Tape(Step* steps, int count, bool kept) : steps_(steps), moments_(kept ? count + 1 : kScratchMoments) {}

  Step& at(int sequence, int t) const { return steps_[static_cast<ptrdiff_t>(sequence) * moments_ + t % moments_]; }

  // Steps `from` to before `to` as the link takes them.
  LinkSteps link_steps(int sequence, int from, int to) const {
    LinkSteps steps;
    for (int t = from; t < to; ++t) {
      steps.add(at(sequence, t + 1).weightings.write, at(sequence, t).weightings.precedence);
    }
    return steps;
  }

 private:
  Step* steps_;
  int moments_;
};

// Between [slots, slots] and a link.
inline void to_link(const float* from, Link& to) {
  if (!from) {
    std::fill_n(to.entries, kPaddedSlots * kPaddedSlots, 0.0f);
    return;
  }
  for (int i = 0; i < kPaddedSlots; ++i) {
    for (int j = 0; j < kPaddedSlots; j += kLanes) {
      float* entries = to.entries + Link::index(i, j);
      if (i < kSlots && j + kLanes <= kSlots) {
        store(entries, load(from + i * kSlots + j));
      } else {
        for (int k = 0; k < kLanes; ++k) {
          entries[k] = i < kSlots && j + k < kSlots ? from[i * kSlots + j + k] : 0.0f;
        }
      }
    }
  }
}

inline void from_link(const Link& from, float* to) {
  for (int i = 0; to && i < kSlots; ++i) {
    for (int j = 0; j < kSlots; j += kLanes) {
      const float* entries = from.entries + Link::index(i, j);
      if (j + kLanes <= kSlots) {
        store(to + i * kSlots + j, load(entries));
      } else {
        std::copy_n(entries, kSlots - j, to + i * kSlots + j);
      }
    }
  }
}

// Sequence `s` of the tensors of a state.
inline void to_matrices(const float* link, const float* memory, int s, Matrices& to) {
  to_link(of_sequence(link, s, kSlots * kSlots), to.link);
  to_memory(of_sequence(memory, s, kSlots * kWidth), to.memory);
}

inline void from_matrices(const Matrices& from, int s, const State& state) {
  from_link(from.link, of_sequence(state.link, s, kSlots * kSlots));
  from_memory(from.memory, of_sequence(state.memory, s, kSlots * kWidth));
}

inline void to_weightings(const State& state, int s, Weightings& to) {
  const auto set = [&](const float* from, int rows, float* slots) {
    to_rows(of_sequence(from, s, rows * kSlots), rows, kSlots, kPaddedSlots, slots);
  };
  set(state.read_weightings, kReadHeads, to.read[0]);
  set(state.write_weighting, 1, to.write);
  set(state.usage, 1, to.usage);
  set(state.precedence, 1, to.precedence);
}

inline void from_weightings(const Weightings& from, int s, const State& state) {
  const auto get = [&](const float* slots, int rows, float* to) {
    from_rows(slots, rows, kSlots, kPaddedSlots, of_sequence(to, s, rows * kSlots));
  };
  get(from.read[0], kReadHeads, state.read_weightings);
  get(from.write, 1, state.write_weighting);
  get(from.usage, 1, state.usage);
  get(from.precedence, 1, state.precedence);
}
