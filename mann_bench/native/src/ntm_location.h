// The heads' weightings by content and location, forward and backward.
//
// Graves et al. 2014, equations 7 to 9; sharpening as a softmax of logarithms or to the letter. gated = (1 - gate)
// previous + gate content; shifted is gated, circularly convolved; weighting = softmax(sharpening log shifted), or
// shifted^sharpening over the sum of these.
#pragma once

#include <cfloat>

#include "ntm_content.h"

// Slots with kReach more on either side, so that a shift is a load from elsewhere.
class Ring {
 public:
  float* slots() { return storage_ + kReach; }

  // To be called when all slots are set.
  void close() {
    for (int i = 0; i < kReach; ++i) {
      slots()[kSlots + i] = slots()[i];
      slots()[-1 - i] = slots()[kSlots - 1 - i];
    }
  }

 private:
  alignas(64) float storage_[kReach + kPaddedSlots + kReach];
};

// From step.cosine to step.content and step.shifted; `previous` are the weightings before the time step.
inline void gate_and_shift(const Interface& parameters, const Slots* previous, Addressing& step) {
  PerHead scale;
  content_powers(parameters, step, step.content, scale);

  Ring gated[kHeads];
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector content = load(step.content[h] + i) * scale[h];
      store(step.content[h] + i, content);
      store(gated[h].slots() + i, interpolate(load(previous[h] + i), content, parameters.head[h].gate));
    }
  }
  UNROLL for (int h = 0; h < kHeads; ++h) gated[h].close();

  for (int v = 0; v < kSlotVectors; ++v) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Head& head = parameters.head[h];
      Vector shifted{};
      // Entry d of the shift weighting moves weight from slot j to slot j + d - kReach.
      UNROLL for (int d = 0; d < kShifts; ++d) {
        shifted += head.shift[d] * load(gated[h].slots() + v * kLanes + kReach - d);
      }
      store(step.shifted[h] + v * kLanes, pad_slots(v, shifted, 0.0f));
    }
  }
}

// Set `inverse` to one over the sum of the scaled powers of step.shifted; `each` takes these, by head and slot.
template <typename Each>
INLINE void over_powers(const Interface& parameters, const Addressing& step, PerHead& inverse, Each each) {
  PerHead total{};
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector power = scaled_power(load(step.shifted[h] + i), parameters.head[h].sharpening);
      total[h] += power;
      each(h, i, power);
    }
  }
  spread(total, sum);
  UNROLL for (int h = 0; h < kHeads; ++h) inverse[h] = 1.0f / total[h];
}

// To the letter: 0 / 0 where all powers underflow.
inline void sharpen_as_power(const Interface& parameters, const Addressing& step, Slots* weighting) {
  PerHead inverse;
  over_powers(parameters, step, inverse, [&](int h, int i, Vector power) { store(weighting[h] + i, power); });
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) store(weighting[h] + i, load(weighting[h] + i) * inverse[h]);
  }
}

// From step.shifted to `weighting`, [heads, slots].
inline void sharpen(const Interface& parameters, const Addressing& step, Slots* weighting) {
  if constexpr (kPower) return sharpen_as_power(parameters, step, weighting);
  PerHead top, total{}, scale;
  UNROLL for (int h = 0; h < kHeads; ++h) top[h] = splat(-FLT_MAX);
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector logit = parameters.head[h].sharpening * log_floored(load(step.shifted[h] + i));
      store(weighting[h] + i, logit);
      top[h] = maximum(top[h], logit);
    }
  }
  spread(top, largest);
  for (int v = 0; v < kSlotVectors; ++v) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Vector power = pad_slots(v, exponential(load(weighting[h] + v * kLanes) - top[h]), 0.0f);
      total[h] += power;
      store(weighting[h] + v * kLanes, power);
    }
  }
  spread(total, sum);
  UNROLL for (int h = 0; h < kHeads; ++h) scale[h] = 1.0f / total[h];
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) store(weighting[h] + i, load(weighting[h] + i) * scale[h]);
  }
}

// From step.cosine to `weighting`; `previous` are the weightings before the time step.
inline void address(const Interface& parameters, const Slots* previous, Addressing& step, Slots* weighting) {
  gate_and_shift(parameters, previous, step);
  sharpen(parameters, step, weighting);
}

// Set what backward needs of `step` besides the cosines.
inline void readdress(const Interface& parameters, const Slots* previous, Addressing& step) {
  gate_and_shift(parameters, previous, step);
}

// Gradients of `address`, whose weightings were `before` and became `weighting`. `d_weighting` is that of the latter,
// and becomes that of the former; `d_cosine` is set, and `d_parameters` save for keys, erase and add.
inline void address_backward(const Interface& parameters, const Slots* before, const Addressing& step,
                             const Slots* weighting, Slots* d_weighting, Slots* d_cosine, Interface& d_parameters) {
  PerHead mean{}, d_sharpening{}, d_gate{}, content_mean{}, d_strength{};
  Vector d_shift[kHeads][kShifts] = {};
  Ring d_shifted[kHeads];

  // A softmax p of x gives x the gradient p (d p - sum p d p).
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) mean[h] += load(d_weighting[h] + i) * load(weighting[h] + i);
  }
  spread(mean, sum);
  PerHead inverse;
  if constexpr (kPower) over_powers(parameters, step, inverse, [](int, int, Vector) {});
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const float sharpening = parameters.head[h].sharpening;
      const Vector shifted = load(step.shifted[h] + i);
      const Vector centred = load(d_weighting[h] + i) - mean[h];
      const Vector d_logit = load(weighting[h] + i) * centred;
      d_sharpening[h] += d_logit * log_floored(shifted);
      if constexpr (kPower) {
        // Overflows where PyTorch's gradient does, so that all backends end in NaN alike.
        const Vector d_power = centred * (inverse[h] * kPowerScale);
        const Vector slope = sharpening * (scaled_power(shifted, sharpening - 1.0f) / kRootOfScale);
        store(d_shifted[h].slots() + i, d_power / kRootOfScale * slope);
      } else {
        const Vector d = sharpening * d_logit / shifted;
        store(d_shifted[h].slots() + i, keep_where(~(shifted < FLT_MIN), d));
      }
    }
  }
  UNROLL for (int h = 0; h < kHeads; ++h) d_shifted[h].close();

  for (int v = 0; v < kSlotVectors; ++v) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const int i = v * kLanes;
      const Head& head = parameters.head[h];
      const Vector previous = load(before[h] + i), content = load(step.content[h] + i);
      const Vector gated = interpolate(previous, content, head.gate);
      Vector d_gated{};
      UNROLL for (int d = 0; d < kShifts; ++d) {
        const Vector moved = pad_slots(v, load(d_shifted[h].slots() + i + d - kReach), 0.0f);
        d_gated += head.shift[d] * moved;
        d_shift[h][d] += gated * moved;
      }
      d_gate[h] += d_gated * (content - previous);
      content_mean[h] += d_gated * content;
      store(d_cosine[h] + i, d_gated);
      store(d_weighting[h] + i, (1.0f - head.gate) * d_gated);
    }
  }
  spread(content_mean, sum);
  for (int i = 0; i < kPaddedSlots; i += kLanes) {
    UNROLL for (int h = 0; h < kHeads; ++h) {
      const Head& head = parameters.head[h];
      const Vector d_z = head.gate * load(step.content[h] + i) * (load(d_cosine[h] + i) - content_mean[h]);
      d_strength[h] += d_z * load(step.cosine[h] + i);
      store(d_cosine[h] + i, head.strength * d_z);
    }
  }

  UNROLL for (int h = 0; h < kHeads; ++h) {
    Head& d_head = d_parameters.head[h];
    d_head.strength = sum(d_strength[h]);
    d_head.gate = sum(d_gate[h]);
    UNROLL for (int d = 0; d < kShifts; ++d) d_head.shift[d] = sum(d_shift[h][d]);
    d_head.sharpening = sum(d_sharpening[h]);
  }
}
