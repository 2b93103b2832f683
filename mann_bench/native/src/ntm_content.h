// What the heads' weightings have of the content of one sequence's memory.
//
// Graves et al. 2014, equation 5: z is strength * cosine, and content = softmax(z).
#pragma once

#include <cfloat>

#include "ntm_sizes.h"
#include "slots.h"

// One number a head, in every lane.
using PerHead = Vector[kHeads];

template <typename Reduce>
INLINE void spread(PerHead& values, Reduce reduce) {
  UNROLL for (int h = 0; h < kHeads; ++h) values[h] = splat(reduce(values[h]));
}

// No z exceeds the strength. Within this bound that serves as well as the greatest z, and needs no search.
constexpr bool kStrengthServes = kClip > 0 && kClip <= 40;

// What the content softmax subtracts before it exponentiates.
INLINE void content_top(const Interface& parameters, const Addressing& step, PerHead& top) {
  UNROLL for (int h = 0; h < kHeads; ++h) top[h] = splat(kStrengthServes ? parameters.head[h].strength : -FLT_MAX);
  if constexpr (kStrengthServes) return;
  for (int v = 0; v < kSlotVectors; ++v) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector z = parameters.head[h].strength * load(step.cosine[h] + v * kLanes);
      top[h] = maximum(top[h], pad_slots(v, z, -FLT_MAX));
    }
  }
  spread(top, largest);
}

// Set `powers` to those of the content softmax and `scale` to one over their sums. The heads go side by side: one's
// sums are waited for while another's are computed.
INLINE void content_powers(const Interface& parameters, const Addressing& step, Slots* powers, PerHead& scale) {
  PerHead top, total{};
  content_top(parameters, step, top);
  for (int v = 0; v < kSlotVectors; ++v) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector z = parameters.head[h].strength * load(step.cosine[h] + v * kLanes);
      const Vector power = pad_slots(v, exponential(z - top[h]), 0.0f);
      total[h] += power;
      store(powers[h] + v * kLanes, power);
    }
  }
  spread(total, sum);
  UNROLL for (int h = 0; h < kHeads; ++h) scale[h] = 1.0f / total[h];
}
