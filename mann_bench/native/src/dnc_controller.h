// The controller's and the interface's nonlinearities of one sequence, forward and backward.
#pragma once

#include <cmath>

#include "dnc_sizes.h"
#include "lstm.h"

// Index of a member of Interface among its floats.
#define INTERFACE_INDEX(member) (offsetof(Interface, member) / sizeof(float))

// The interface's parts in order, by how their raw values become parameters: call linear(first, end),
// oneplus(first, end), sigmoids(first, end) and modes(first, end).
template <typename Linear, typename Oneplus, typename Sigmoids, typename Modes>
INLINE void over_interface(Linear linear, Oneplus oneplus, Sigmoids sigmoids, Modes modes) {
  linear(INTERFACE_INDEX(read_key), INTERFACE_INDEX(read_strength));
  oneplus(INTERFACE_INDEX(read_strength), INTERFACE_INDEX(write_key));
  linear(INTERFACE_INDEX(write_key), INTERFACE_INDEX(write_strength));
  oneplus(INTERFACE_INDEX(write_strength), INTERFACE_INDEX(erase));
  sigmoids(INTERFACE_INDEX(erase), INTERFACE_INDEX(write_vector));
  linear(INTERFACE_INDEX(write_vector), INTERFACE_INDEX(free_gate));
  sigmoids(INTERFACE_INDEX(free_gate), INTERFACE_INDEX(read_mode));
  modes(INTERFACE_INDEX(read_mode), INTERFACE_INDEX(read_mask));
  if (kMasked) sigmoids(INTERFACE_INDEX(read_mask), INTERFACE_INDEX(forward_exponent));
  if (kSharpened) oneplus(INTERFACE_INDEX(forward_exponent), kInterface);
}

// Set to[i] = f(i) for i in [first, end), vector by vector. The last one may reach beyond `end`: parts are
// set in rising order, so what is there is set afterwards.
template <typename F>
INLINE void set_range(int first, int end, float* to, F f) {
  for (int i = first; i < end; i += kLanes) store(to + i, f(i));
}

INLINE float squared_norm(const float* key) {
  float square = 0.0f;
  for (int w = 0; w < kWidth; ++w) square += key[w] * key[w];
  return square;
}

// NaN stays NaN.
INLINE float inverse_norm_of_key(const float* key) {
  const float square = squared_norm(key);
  return 1.0f / std::sqrt(square < kNormFloor ? kNormFloor : square);
}

// The shares of each head's three modes: a softmax of their raw values.
template <typename Raw>
INLINE void set_modes(int first, int end, float* to, Raw raw) {
  alignas(64) float top[kInterfaceFloats] = {};
  set_range(first, end, to, raw);
  for (int i = first; i < end; i += 3) std::fill_n(top + i, 3, std::max({to[i], to[i + 1], to[i + 2]}));
  set_range(first, end, to, [&](int i) { return exponential(raw(i) - load(top + i)); });
  for (int i = first; i < end; i += 3) {
    const float scale = 1.0f / (to[i] + to[i + 1] + to[i + 2]);
    for (int m = i; m < i + 3; ++m) to[m] *= scale;
  }
}

// From step.raw to step.interface and step.inverse_key_norm.
inline void activate_interface(Step& step) {
  float* to = step.interface_floats;
  const auto raw = [&](int i) { return clipped(load(step.raw + i)); };
  const auto oneplus = [&](int i) { return 1.0f + softplus(raw(i)); };
  over_interface([&](int first, int end) { set_range(first, end, to, raw); },
                 [&](int first, int end) { set_range(first, end, to, oneplus); },
                 [&](int first, int end) { set_range(first, end, to, [&](int i) { return sigmoid(raw(i)); }); },
                 [&](int first, int end) { set_modes(first, end, to, raw); });
  for (int h = 0; h < kReadHeads; ++h) step.inverse_key_norm[h] = inverse_norm_of_key(step.interface.read_key[h]);
  step.inverse_key_norm[kReadHeads] = inverse_norm_of_key(step.interface.write_key);
}

// Through a key's own norm. With q = |k|^2: d cosine / d q = -cosine / (2 q), and the sum over the slots of
// d_cosine cosine is strength d_strength. A floored norm is constant.
INLINE void norm_backward(const float* key, float strength, float d_strength, float* d_key) {
  const float square = squared_norm(key);
  if (square < kNormFloor) return;
  const float through_norm = strength * d_strength / square;
  for (int w = 0; w < kWidth; ++w) d_key[w] -= through_norm * key[w];
}

// From the gradient of step.interface, but for the keys' norms, to that of step.raw.
inline void activate_interface_backward(const Step& step, Interface& d, float* d_raw) {
  const Interface& p = step.interface;
  if constexpr (!kMasked) {  // those under masks are done
    for (int h = 0; h < kReadHeads; ++h) {
      norm_backward(p.read_key[h], p.read_strength[h], d.read_strength[h], d.read_key[h]);
    }
    norm_backward(p.write_key, p.write_strength, d.write_strength, d.write_key);
  }

  alignas(64) float from[kInterfaceFloats] = {};
  std::copy_n(d.read_key[0], kInterface, from);
  const auto value = [&](int i) { return load(step.interface_floats + i); };
  const auto set = [&](int first, int end, auto f) INLINE_BODY {
    set_range(first, end, d_raw, [&](int i) { return unclipped_gradient(load(step.raw + i), load(from + i) * f(i)); });
  };
  over_interface([&](int first, int end) { set(first, end, [](int) { return splat(1.0f); }); },
                 [&](int first, int end) { set(first, end, [&](int i) { return sigmoid(load(step.raw + i)); }); },
                 [&](int first, int end) { set(first, end, [&](int i) { return value(i) * (1.0f - value(i)); }); },
                 [&](int first, int end) {
                   for (int i = first; i < end; i += 3) {
                     const float* share = step.interface_floats + i;
                     const float mean = from[i] * share[0] + from[i + 1] * share[1] + from[i + 2] * share[2];
                     for (int m = i; m < i + 3; ++m) from[m] -= mean;
                   }
                   set(first, end, value);
                 });
  std::fill(d_raw + kInterface, d_raw + padded(kInterface), 0.0f);
}
