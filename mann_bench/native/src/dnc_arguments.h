// The state that Python passes, and the tape between the passes.
#pragma once

#include "arguments.h"
#include "dnc_sizes.h"

// A state or its gradients.
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

// Where the steps lie that a pass over time leaves for backward: [B, moments]. There are steps + 1 moments, the
// last one with a state only; without backward two, in turn.
class Tape {
 public:
  Tape(Step* steps, int count, bool kept) : steps_(steps), moments_(kept ? count + 1 : 2) {}

  Step& at(int sequence, int t) const { return steps_[static_cast<ptrdiff_t>(sequence) * moments_ + t % moments_]; }

 private:
  Step* steps_;
  int moments_;
};

// The sequences that go through time together.
struct Group {
  int first;
  int count;  // at most kGroup

  Group(int index, int batch) : first(index * kGroup), count(std::min(kGroup, batch - first)) {}
};

// Between rows of a tensor and padded ones. A null pointer stands for zeros, or for what is not wanted.
inline void to_rows(const float* from, int rows, int columns, int padded_columns, float* to) {
  std::fill_n(to, rows * padded_columns, 0.0f);
  for (int row = 0; from && row < rows; ++row) std::copy_n(from + row * columns, columns, to + row * padded_columns);
}

inline void from_rows(const float* from, int rows, int columns, int padded_columns, float* to) {
  for (int row = 0; to && row < rows; ++row) std::copy_n(from + row * padded_columns, columns, to + row * columns);
}

// Sequence `s` of the tensors of a state.
inline void to_matrices(const float* link, const float* memory, int s, Matrices& to) {
  std::fill_n(to.link.row[0], kPaddedSlots * kPaddedSlots, 0.0f);
  to_rows(of_sequence(link, s, kSlots * kSlots), kSlots, kSlots, kPaddedSlots, to.link.row[0]);
  to_memory(of_sequence(memory, s, kSlots * kWidth), to.memory);
}

inline void from_matrices(const Matrices& from, int s, const State& state) {
  from_rows(from.link.row[0], kSlots, kSlots, kPaddedSlots, of_sequence(state.link, s, kSlots * kSlots));
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
