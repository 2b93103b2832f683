// The heads' weightings by content alone, forward and backward: `weighting` is the content softmax.
#pragma once

#include "ntm_content.h"

// From step.cosine to `weighting`.
inline void address(const Interface& parameters, const Slots*, const Addressing& step, Slots* weighting) {
  PerHead scale;
  content_powers(parameters, step, weighting, scale);
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) store(weighting[h] + i, load(weighting[h] + i) * scale[h]);
  }
}

// Backward needs no more of `step` than the cosines.
inline void readdress(const Interface&, const Slots*, Addressing&) {}

// Gradients of `address`, which made `weighting`. `d_weighting` is its gradient, and becomes zero, that of the weighting
// before; `d_cosine` and the strengths of `d_parameters` are set.
inline void address_backward(const Interface& parameters, const Slots*, const Addressing& step, const Slots* weighting,
                             Slots* d_weighting, Slots* d_cosine, Interface& d_parameters) {
  PerHead mean{}, d_strength{};
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) mean[h] += load(d_weighting[h] + i) * load(weighting[h] + i);
  }
  spread(mean, sum);
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector d_z = load(weighting[h] + i) * (load(d_weighting[h] + i) - mean[h]);
      d_strength[h] += d_z * load(step.cosine[h] + i);
      store(d_cosine[h] + i, parameters.head[h].strength * d_z);
      store(d_weighting[h] + i, Vector{});
    }
  }
  UNROLL for (int h = 0; h < kHeads; ++h) d_parameters.head[h].strength = sum(d_strength[h]);
}
