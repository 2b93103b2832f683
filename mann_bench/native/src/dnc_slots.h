// Loops, sums and softmax over the slots of one sequence.
#pragma once

#include <cfloat>
#include <type_traits>

#include "dnc_sizes.h"
#include "functions.h"

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
  Vector partial_[(count + kLanes - 1) / kLanes * kLanes] = {};
};

// weighting = softmax(strength cosine) over the slots.
INLINE void softmax(float strength, const float* cosine, float* weighting) {
  Vector most = splat(-FLT_MAX);
  for (int v = 0; v < kSlotVectors; ++v) {
    most = maximum(most, pad_slots(v, strength * load(cosine + v * kLanes), -FLT_MAX));
  }
  const Vector top = splat(largest(most));
  Vector total{};
  for (int v = 0; v < kSlotVectors; ++v) {
    const Vector power = pad_slots(v, exponential(strength * load(cosine + v * kLanes) - top), 0.0f);
    store(weighting + v * kLanes, power);
    total += power;
  }
  const Vector scale = splat(1.0f / sum(total));
  over_slots([&](int i) { store(weighting + i, load(weighting + i) * scale); });
}

// Turn `gradient` from that of the weighting into that of the cosine; return that of the strength.
INLINE float softmax_backward(float strength, const float* cosine, const float* weighting, float* gradient) {
  Vector total{};
  over_slots([&](int i) { total += load(gradient + i) * load(weighting + i); });
  const Vector mean = splat(sum(total));
  Vector d_strength{};
  over_slots([&](int i) {
    const Vector d_logit = load(weighting + i) * (load(gradient + i) - mean);
    d_strength += d_logit * load(cosine + i);
    store(gradient + i, strength * d_logit);
  });
  return sum(d_strength);
}
