// Loops over the slots of one sequence, and what they add up.
#pragma once

#include <type_traits>

#include "functions.h"
#include "sizes.h"

// Vectors that stay in registers through a loop; the rest is for what passes by.
constexpr int kOperands = kRegisters * 3 / 4;

constexpr int at_least_one(int count) { return count < 1 ? 1 : count; }

INLINE Mask lane_numbers() {
  Mask numbers;
  UNROLL for (int lane = 0; lane < kLanes; ++lane) numbers[lane] = lane;
  return numbers;
}

// `value` with `padding` in the lanes of slot vector `v` that are padding slots.
INLINE Vector pad_slots(int v, Vector value, float padding) {
  if constexpr (kSlots == kPaddedSlots) return value;
  return lane_numbers() < kSlots - v * kLanes ? value : splat(padding);
}

// Call body(i) for the first slot of every slot vector.
template <typename Body>
INLINE void over_slots(Body body) {
  for (int i = 0; i < kPaddedSlots; i += kLanes) body(i);
}

// Call body(count, first) for blocks of `count` slot vectors, a compile-time constant of at most `most`.
template <int most, typename Body>
INLINE void over_slot_blocks(Body body) {
  constexpr int blocks = (kSlotVectors + most - 1) / most, size = (kSlotVectors + blocks - 1) / blocks;
  constexpr int full = kSlotVectors / size, rest = kSlotVectors % size;
  for (int block = 0; block < full; ++block) body(std::integral_constant<int, size>{}, block * size);
  if constexpr (rest > 0) body(std::integral_constant<int, rest>{}, full * size);
}

// Sums over the slots, gathered vector by vector, added up at the end kLanes at a time.
template <int count>
class SlotSums {
 public:
  INLINE void add(int i, Vector v) { partial_[i] += v; }

  INLINE void total(float* out) {
    for (int first = 0; first < count; first += kLanes) {
      Vector group[kLanes];
      UNROLL for (int i = 0; i < kLanes; ++i) group[i] = partial_[first + i];
      alignas(64) float result[kLanes];
      store(result, sums(group));
      std::copy_n(result, std::min(kLanes, count - first), out + first);
    }
  }

 private:
  Vector partial_[padded(count)] = {};
};

// The logarithm of a weighting: that of zero is that of the smallest normal number.
INLINE Vector log_floored(Vector weighting) { return logarithm(maximum(weighting, splat(FLT_MIN))); }

// A squared norm below kNormFloor counts as kNormFloor.
INLINE Vector inverse_norm_of(Vector square) { return inverse_root(maximum(square, splat(kNormFloor))); }
