// Where one sequence writes and reads: content, allocation and links blended; forward and backward.
//
// Graves et al. 2016, Methods. Write: w' = g (a_g a + (1 - a_g) c), p' = (1 - sum w') p + w'; read, each head:
// r' = m_0 backward + m_1 c + m_2 forward, the links' weightings sharpened if so switched (Csordas & Schmidhuber 2019,
// section 3.3).
#pragma once

#include <cfloat>

#include "dnc_allocation.h"

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

// sharp = weighting^exponent over the sum of these, as a softmax of logarithms.
inline void sharpen(float exponent, const float* weighting, float* sharp) {
  alignas(64) Slots logs;
  over_slots([&](int i) { store(logs + i, log_floored(load(weighting + i))); });
  softmax(exponent, logs, sharp);
}

// Turn `gradient` from that of what is sharp into that of the weighting; return that of the exponent.
inline float sharpen_backward(float exponent, const float* weighting, const float* sharp, float* gradient) {
  alignas(64) Slots logs;
  over_slots([&](int i) { store(logs + i, log_floored(load(weighting + i))); });
  const float d_exponent = softmax_backward(exponent, logs, sharp, gradient);
  over_slots([&](int i) {
    const Vector w = load(weighting + i);
    store(gradient + i, keep_where(~(w < FLT_MIN), load(gradient + i) / w));
  });
  return d_exponent;
}

// From step.write_cosine to the weightings after the step, save for the read heads'.
inline void weight_write(const Interface& parameters, Step& step, Weightings& after) {
  use(parameters, step.weightings, after.usage);
  order(after.usage, step);
  softmax(parameters.write_strength, step.write_cosine, step.write_content);
  Vector total{};
  over_slots([&](int i) {
    const Vector allocated = allocation(step, load(after.usage + i), i);
    const Vector blend = interpolate(load(step.write_content + i), allocated, parameters.allocation_gate);
    store(after.write + i, parameters.write_gate * blend);
    total += parameters.write_gate * blend;
  });
  const Vector kept = splat(1.0f - sum(total));
  over_slots([&](int i) {
    store(after.precedence + i, kept * load(step.weightings.precedence + i) + load(after.write + i));
  });
}

// Turn `d_precedence`, of the precedence after the step, into that of the one before; add to `d_write`.
inline void precede_backward(const float* before, const float* write, float* d_precedence, float* d_write) {
  Vector total{}, product{};
  over_slots([&](int i) {
    total += load(write + i);
    product += load(d_precedence + i) * load(before + i);
  });
  const Vector kept = splat(1.0f - sum(total)), d_kept = splat(sum(product));
  for (int v = 0; v < kSlotVectors; ++v) {
    const int i = v * kLanes;
    const Vector d = load(d_precedence + i);
    store(d_write + i, load(d_write + i) + pad_slots(v, d - d_kept, 0.0f));
    store(d_precedence + i, kept * d);
  }
}

// `d` is the gradient of the weightings after the step, complete for the write weighting and the usage; usage
// and write become those of the weightings before, and read is added to. `d_cosine`, of the write key, is set;
// `d_retained` is as for `use_backward`.
inline void weight_write_backward(const Interface& parameters, const Step& step, const Weightings& after,
                                  const float* d_retained, Weightings& d, float* d_cosine, Interface& d_parameters) {
  alignas(64) Slots d_allocation;
  Vector d_write_gate{}, d_allocation_gate{};
  over_slots([&](int i) {
    const Vector content = load(step.write_content + i), allocated = allocation(step, load(after.usage + i), i);
    const Vector d_write = load(d.write + i), d_blend = parameters.write_gate * d_write;
    d_write_gate += d_write * interpolate(content, allocated, parameters.allocation_gate);
    d_allocation_gate += d_blend * (allocated - content);
    store(d_allocation + i, parameters.allocation_gate * d_blend);
    store(d_cosine + i, (1.0f - parameters.allocation_gate) * d_blend);
  });
  d_parameters.write_gate = sum(d_write_gate);
  d_parameters.allocation_gate = sum(d_allocation_gate);
  d_parameters.write_strength =
      softmax_backward(parameters.write_strength, step.write_cosine, step.write_content, d_cosine);
  allocate_backward(step, after.usage, d_allocation, d.usage);
  use_backward(parameters, step.weightings, d_retained, d, d_parameters);
}

// Where the links lead, as it is blended.
INLINE const Slots* forward_of(const Step& step) { return kSharpened ? step.sharp_forward : step.forward; }
INLINE const Slots* backward_of(const Step& step) { return kSharpened ? step.sharp_backward : step.backward; }

// From step.read_cosine, step.forward and step.backward to the read weightings after the step.
inline void weight_reads(const Interface& parameters, Step& step, Slots* weighting) {
  for (int h = 0; h < kReadHeads; ++h) {
    softmax(parameters.read_strength[h], step.read_cosine[h], step.read_content[h]);
    if constexpr (kSharpened) {
      sharpen(parameters.forward_exponent[h], step.forward[h], step.sharp_forward[h]);
      sharpen(parameters.backward_exponent[h], step.backward[h], step.sharp_backward[h]);
    }
    const auto& mode = parameters.read_mode[h];
    const float *backward = backward_of(step)[h], *forward = forward_of(step)[h];
    over_slots([&](int i) {
      store(weighting[h] + i, mode[0] * load(backward + i) + mode[1] * load(step.read_content[h] + i) +
                                  mode[2] * load(forward + i));
    });
  }
}

// Set the gradients of step.backward, step.read_cosine and step.forward.
inline void weight_reads_backward(const Interface& parameters, const Step& step, const Slots* d_weighting,
                                  Slots* d_backward, Slots* d_cosine, Slots* d_forward, Interface& d_parameters) {
  for (int h = 0; h < kReadHeads; ++h) {
    const auto& mode = parameters.read_mode[h];
    const float *backward = backward_of(step)[h], *forward = forward_of(step)[h];
    Vector d_mode[3] = {};
    over_slots([&](int i) {
      const Vector d = load(d_weighting[h] + i);
      d_mode[0] += d * load(backward + i);
      d_mode[1] += d * load(step.read_content[h] + i);
      d_mode[2] += d * load(forward + i);
      store(d_backward[h] + i, mode[0] * d);
      store(d_cosine[h] + i, mode[1] * d);
      store(d_forward[h] + i, mode[2] * d);
    });
    UNROLL for (int m = 0; m < 3; ++m) d_parameters.read_mode[h][m] = sum(d_mode[m]);
    d_parameters.read_strength[h] =
        softmax_backward(parameters.read_strength[h], step.read_cosine[h], step.read_content[h], d_cosine[h]);
    if constexpr (kSharpened) {
      d_parameters.forward_exponent[h] =
          sharpen_backward(parameters.forward_exponent[h], step.forward[h], forward, d_forward[h]);
      d_parameters.backward_exponent[h] =
          sharpen_backward(parameters.backward_exponent[h], step.backward[h], backward, d_backward[h]);
    }
  }
}
