// The state that Python passes, and the tape between the passes.
#pragma once

#include "arguments.h"
#include "ntm_sizes.h"

// A state or its gradients; of as many sequences as the batch, or one that stands for the same of every sequence.
struct State {
  float* hidden;      // [B, layers * units], of a feedforward controller [B, 0]
  float* cell;        // like hidden
  float* reads;       // [B, read heads, width]
  float* weightings;  // [B, heads, slots], or [B, heads, 0] where none are carried
  float* memory;      // [B, slots, width]
};

// Gradients of a start that all sequences share, summed over them.
struct SharedStart {
  alignas(64) Slots weighting[kHeads] = {};
  Memory memory = {};
  float hidden[kLayers * kCellRows] = {};
  float cell[kLayers * kCellRows] = {};
  float reads[kReads] = {};

  void add(const SharedStart& other) {
    const float* from = other.weighting[0];
    float* to = weighting[0];
    for (size_t i = 0; i < sizeof(SharedStart) / sizeof(float); ++i) to[i] += from[i];
  }
};

inline int groups_of(int batch) { return (batch + kSequences - 1) / kSequences; }

// The sequences that go through the controller together.
struct Group {
  int index;
  int first;
  int count;  // at most kSequences

  Group(int index, int batch)
      : index(index), first(index * kSequences), count(std::min(kSequences, batch - index * kSequences)) {}
};

// What the steps leave for backward, in one piece of memory, or the scratch memory of a forward pass alone. There
// are steps + 1 moments, the last one with a state only; without backward two take turns.
class Tape {
 public:
  Tape(void* start, int steps, int batch, bool kept)
      : moments_(kept ? steps + 1 : 2),
        memories_(kept ? steps / kInterval + 1 : 1),
        kept_(kept),
        controller_(static_cast<ControllerStep*>(start)),
        addressing_(reinterpret_cast<AddressingStep*>(controller_ + groups_of(batch) * moments_)),
        memory_(reinterpret_cast<Memory*>(addressing_ + batch * moments_)) {}

  ControllerStep& controller(const Group& group, int t) const {
    return controller_[group.index * moments_ + t % moments_];
  }
  AddressingStep& addressing(const Group& group, int lane, int t) const {
    return addressing_[group.first * moments_ + t % moments_ * group.count + lane];
  }

  // Whether the memory of time t has a place of its own; without backward, all times share one.
  bool keeps_memory(int t) const { return !kept_ || t % kInterval == 0; }
  Memory& memory(const Group& group, int lane, int t) const {
    return memory_[group.first * memories_ + (kept_ ? t / kInterval : 0) * group.count + lane];
  }

 private:
  ptrdiff_t moments_;
  ptrdiff_t memories_;
  bool kept_;
  ControllerStep* controller_;  // [groups, moments]
  AddressingStep* addressing_;  // [groups, moments, sequences of the group]: a step reads one stretch of memory
  Memory* memory_;              // [groups, memories, sequences of the group]
};

// Call square(sequence, row) for the first ones of squares of kLanes rows and sequences, where a group is full; return
// how many rows they cover. The others are for a loop over single values.
template <typename Square>
INLINE int over_squares(int rows, int sequences, Square square) {
  const int covered = sequences == kSequences ? rows / kLanes * kLanes : 0;
  for (int row = 0; row < covered; row += kLanes) {
    for (int s = 0; s < kSequences; s += kLanes) square(s, row);
  }
  return covered;
}

// kLanes vectors, `stride` floats apart, change their sides; call take(i, vector).
template <typename Take>
INLINE void transposed(const float* from, ptrdiff_t stride, Take take) {
  Vector square[kLanes];
  UNROLL for (int i = 0; i < kLanes; ++i) square[i] = load(from + i * stride);
  transpose(square);
  UNROLL for (int i = 0; i < kLanes; ++i) take(i, square[i]);
}

// Rows from vectors [sequence][rows], `stride` floats apart; the lanes without a sequence become zero.
inline void to_rows(const float* from, ptrdiff_t stride, int rows, int sequences, Row* to) {
  const int covered = over_squares(rows, sequences, [&](int s, int row) INLINE_BODY {
    const auto set = [&](int i, Vector v) INLINE_BODY { store(to[row + i] + s, v); };
    transposed(from + s * stride + row, stride, set);
  });
  for (int row = covered; row < rows; ++row) {
    for (int s = 0; s < kSequences; ++s) to[row][s] = s < sequences ? from[s * stride + row] : 0.0f;
  }
}

inline void add_to_rows(const float* from, ptrdiff_t stride, int rows, int sequences, Row* to) {
  const int covered = over_squares(rows, sequences, [&](int s, int row) INLINE_BODY {
    const auto add = [&](int i, Vector v) INLINE_BODY { store(to[row + i] + s, load(to[row + i] + s) + v); };
    transposed(from + s * stride + row, stride, add);
  });
  for (int row = covered; row < rows; ++row) {
    for (int s = 0; s < sequences; ++s) to[row][s] += from[s * stride + row];
  }
}

inline void from_rows(const Row* from, int rows, int sequences, float* to, ptrdiff_t stride) {
  if (!to) return;
  const int covered = over_squares(rows, sequences, [&](int s, int row) INLINE_BODY {
    const auto set = [&](int i, Vector v) INLINE_BODY { store(to + (s + i) * stride + row, v); };
    transposed(from[row] + s, kSequences, set);
  });
  for (int row = covered; row < rows; ++row) {
    for (int s = 0; s < sequences; ++s) to[s * stride + row] = from[row][s];
  }
}

// Between [heads, carried slots] and padded weightings.
inline void to_weightings(const float* from, Slots* to) {
  for (int h = 0; h < kHeads; ++h) {
    for (int n = 0; n < kPaddedSlots; ++n) to[h][n] = from && n < kCarriedSlots ? from[h * kCarriedSlots + n] : 0.0f;
  }
}

inline void from_weightings(const Slots* from, float* to) {
  for (int h = 0; to && h < kHeads; ++h) std::copy_n(from[h], kCarriedSlots, to + h * kCarriedSlots);
}
