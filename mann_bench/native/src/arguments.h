// What Python passes: pointers to contiguous float32 tensors, time first. Null pointers stand for gradients that
// are zero, or not wanted.
#pragma once

#include "sizes.h"

// Weights, or their gradients. The layers of a controller lie side by side.
struct Weights {
  float* controller;       // of an LSTM [4 units, input + reads + hidden], else [units, input + reads]
  float* controller_bias;  // of an LSTM [layers * 4 units], else [layers * units]
  float* interface;        // [interface, units]
  float* interface_bias;   // [interface]
};

// Part of sequence `s` in a tensor of `floats` floats a sequence; null for none.
template <typename Pointer>
Pointer of_sequence(Pointer tensor, ptrdiff_t s, ptrdiff_t floats) {
  return tensor ? tensor + s * floats : nullptr;
}

// Between [slots, width] and the transposed memory.
inline void to_memory(const float* from, Memory& to) {
  for (int w = 0; w < kWidth; ++w) {
    for (int n = 0; n < kPaddedSlots; ++n) to.column[w][n] = from && n < kSlots ? from[n * kWidth + w] : 0.0f;
  }
}

inline void from_memory(const Memory& from, float* to) {
  for (int n = 0; to && n < kSlots; ++n) {
    for (int w = 0; w < kWidth; ++w) to[n * kWidth + w] = from.column[w][n];
  }
}
