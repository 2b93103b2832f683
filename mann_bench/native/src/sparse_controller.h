// What a sequence's interface tells its memory: forward and backward.
#pragma once

#include "clip.h"
#include "sparse_sizes.h"

// The interface after its nonlinearities, or the gradient of that.
struct alignas(64) Told {
  float value[kInterfaceFloats];

  const float* key(int h) const { return value + h * kKeyApart; }
  const float* word(int j) const { return value + kWordAt + j * kHeadFloats; }
  float strength(int h) const { return value[kStrengthAt + h * kStrengthApart]; }
  float mode(int h, int m) const { return value[kModeAt + 3 * h + m]; }
  float write_gate(int j) const { return value[kWriteGateAt + j * kHeadFloats]; }
  float interpolation_gate(int j) const { return value[kInterpolationAt + j * kHeadFloats]; }

  float* key(int h) { return value + h * kKeyApart; }
  float* word(int j) { return value + kWordAt + j * kHeadFloats; }
  float& strength(int h) { return value[kStrengthAt + h * kStrengthApart]; }
  float& mode(int h, int m) { return value[kModeAt + 3 * h + m]; }
  float& write_gate(int j) { return value[kWriteGateAt + j * kHeadFloats]; }
  float& interpolation_gate(int j) { return value[kInterpolationAt + j * kHeadFloats]; }
};

// Set to[i] = f(from[i], with[i]) for `count` numbers that lie `apart` from each other.
template <int count, typename F>
INLINE void set_apart(int apart, const float* from, const float* with, float* to, F f) {
  alignas(64) float a[padded(count)] = {}, b[padded(count)] = {};
  for (int i = 0; i < count; ++i) a[i] = from[i * apart], b[i] = with[i * apart];
  for (int i = 0; i < count; i += kLanes) store(a + i, f(load(a + i), load(b + i)));
  for (int i = 0; i < count; ++i) to[i * apart] = a[i];
}

template <int count, typename F>
INLINE void set_apart(int apart, float* values, F f) {
  set_apart<count>(apart, values, values, values, [&](Vector v, Vector) { return f(v); });
}

// From the raw interface.
inline void tell(const float* raw, Told& told) {
  for (int i = 0; i < kInterface; i += kLanes) store(told.value + i, clipped(load(raw + i)));
  set_apart<kReadHeads>(kStrengthApart, told.value + kStrengthAt, [](Vector v) { return 1.0f + softplus(v); });
  for (const int gate : {kWriteGateAt, kInterpolationAt}) {
    set_apart<kWriteHeads>(kHeadFloats, told.value + gate, sigmoid);
  }
  for (int h = 0; kLinked && h < kReadHeads; ++h) {
    alignas(64) float share[padded(3)];
    const float top = std::max({told.mode(h, 0), told.mode(h, 1), told.mode(h, 2)});
    for (int m = 0; m < padded(3); ++m) share[m] = told.mode(h, std::min(m, 2)) - top;
    store(share, exponential(load(share)));
    const float scale = 1.0f / (share[0] + share[1] + share[2]);
    for (int m = 0; m < 3; ++m) told.mode(h, m) = share[m] * scale;
  }
}

// From the gradient of what was told, which is used up, to that of the raw interface.
inline void tell_backward(const float* raw, const Told& told, Told& d, float* d_raw) {
  set_apart<kReadHeads>(kStrengthApart, d.value + kStrengthAt, raw + kStrengthAt, d.value + kStrengthAt,
                        [](Vector v, Vector from) { return v * sigmoid(from); });
  for (const int gate : {kWriteGateAt, kInterpolationAt}) {
    set_apart<kWriteHeads>(kHeadFloats, d.value + gate, told.value + gate, d.value + gate,
                           [](Vector v, Vector share) { return v * share * (1.0f - share); });
  }
  for (int h = 0; kLinked && h < kReadHeads; ++h) {
    float mean = 0.0f;
    for (int m = 0; m < 3; ++m) mean += d.mode(h, m) * told.mode(h, m);
    for (int m = 0; m < 3; ++m) d.mode(h, m) = told.mode(h, m) * (d.mode(h, m) - mean);
  }
  for (int i = 0; i < kInterface; i += kLanes) store(d_raw + i, unclipped_gradient(load(raw + i), load(d.value + i)));
  std::fill(d_raw + kInterface, d_raw + padded(kInterface), 0.0f);
}
