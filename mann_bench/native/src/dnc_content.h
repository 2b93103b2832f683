// Where keys meet the memory of one sequence, forward and backward; and what is left of the memory for a write.
//
// Csordas & Schmidhuber 2019: under masks, key k and slot M are compared where mask m lets them, as k m and M m
// (section 3.1). A mask belongs to a key, so the masked memory is never formed: the dot product is that of k m^2 with
// M, the slot's squared norm that of M weighted by m^2. Deallocation erases what is freed before the write (3.2).
#pragma once

#include "dnc_allocation.h"
#include "dnc_controller.h"
#include "dnc_memory.h"

struct MaskedKey {
  float masked[kWidth];  // k m
  float key[kWidth];     // k m^2
  float square[kWidth];  // m^2
  float inverse_norm;

  MaskedKey(const float* k, const float* m) {
    for (int w = 0; w < kWidth; ++w) {
      masked[w] = k[w] * m[w];
      key[w] = masked[w] * m[w];
      square[w] = m[w] * m[w];
    }
    inverse_norm = inverse_norm_of_key(masked);
  }
};

// Cosines with every slot, and the inverse norms of the slots under the mask.
inline void compare(const Memory& memory, const MaskedKey& key, float* inverse_norm, float* cosine) {
  over_slot_blocks<kOperands / 2>([&](auto size, int first) {
    constexpr int count = size;
    Vector dot[count] = {}, square[count] = {};
    for (int w = 0; w < kWidth; ++w) {
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes);
        dot[v] += key.key[w] * m;
        square[v] += key.square[w] * (m * m);
      }
    }
    UNROLL for (int v = 0; v < count; ++v) {
      const int i = (first + v) * kLanes;
      const Vector inverse = inverse_norm_of(square[v]);
      store(inverse_norm + i, inverse);
      store(cosine + i, dot[v] * key.inverse_norm * inverse);
    }
  });
}

// Gradients of key and mask, whose strength has the gradient `d_strength`. `d_memory` is added to.
inline void compare_backward(const Memory& memory, const float* k, const float* m, const float* inverse_norm,
                             const float* cosine, const float* d_cosine, float strength, float d_strength,
                             Memory& d_memory, float* d_k, float* d_m) {
  const MaskedKey key(k, m);
  SlotSums<kWidth> of_key, of_square;
  over_slot_blocks<kOperands / 3>([&](auto size, int first) {
    constexpr int count = size;
    Vector dot[count], norm[count];
    UNROLL for (int v = 0; v < count; ++v) {
      const int i = (first + v) * kLanes;
      const Vector inverse = load(inverse_norm + i), d = load(d_cosine + i);
      dot[v] = d_dot(d, key.inverse_norm, inverse);
      norm[v] = d_norm(d, load(cosine + i), inverse);
    }
    for (int w = 0; w < kWidth; ++w) {
      Vector key_part{}, square_part{};
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector slot = load(memory.column[w] + (first + v) * kLanes);
        float* d = d_memory.column[w] + (first + v) * kLanes;
        store(d, load(d) + key.key[w] * dot[v] - key.square[w] * norm[v] * slot);
        key_part += dot[v] * slot;
        square_part += norm[v] * slot * slot;
      }
      of_key.add(w, key_part);
      of_square.add(w, square_part);
    }
  });
  float d_key[kWidth], d_square[kWidth], d_masked[kWidth] = {};
  of_key.total(d_key);
  of_square.total(d_square);  // times -2
  norm_backward(key.masked, strength, d_strength, d_masked);
  for (int w = 0; w < kWidth; ++w) {
    d_k[w] = d_key[w] * key.square[w] + d_masked[w] * m[w];
    d_m[w] = 2.0f * d_key[w] * key.masked[w] - d_square[w] * m[w] + d_masked[w] * k[w];
  }
}

// From step.interface to step.write_cosine.
inline void compare_write_key(const Memory& memory, Step& step) {
  const Interface& parameters = step.interface;
  if constexpr (kMasked) {
    const MaskedKey key(parameters.write_key, parameters.write_mask);
    compare(memory, key, step.masked_inverse_norm[kReadHeads], step.write_cosine);
  } else {
    compare(memory, parameters.write_key, step.inverse_key_norm[kReadHeads], step.inverse_norm, step.write_cosine);
  }
}

inline void compare_write_key_backward(const Memory& memory, const Step& step, const float* d_cosine,
                                       Memory& d_memory, Interface& d_parameters) {
  const Interface& parameters = step.interface;
  if constexpr (kMasked) {
    compare_backward(memory, parameters.write_key, parameters.write_mask, step.masked_inverse_norm[kReadHeads],
                     step.write_cosine, d_cosine, parameters.write_strength, d_parameters.write_strength, d_memory,
                     d_parameters.write_key, d_parameters.write_mask);
  } else {
    compare_backward(memory, parameters.write_key, step.inverse_key_norm[kReadHeads], step.inverse_norm,
                     step.write_cosine, d_cosine, d_memory, d_parameters.write_key);
  }
}

// Write, and set step.read_cosine; `after` may be `before`.
inline void write_and_compare(const Memory& before, const float* weighting, Step& step, Memory& after,
                              float* inverse_norm) {
  const Interface& parameters = step.interface;
  if constexpr (kMasked) {
    write(before, parameters, weighting, after);
    for (int h = 0; h < kReadHeads; ++h) {
      const MaskedKey key(parameters.read_key[h], parameters.read_mask[h]);
      compare(after, key, step.masked_inverse_norm[h], step.read_cosine[h]);
    }
  } else {
    write_and_compare(before, parameters, step.inverse_key_norm, weighting, after, inverse_norm, step.read_cosine);
  }
}

// Add to `d_memory`, of the memory after the write, what comes through the masked read keys.
inline void compare_read_keys_backward(const Memory& memory, const Step& step, const Slots* d_cosine,
                                       Memory& d_memory, Interface& d_parameters) {
  const Interface& p = step.interface;
  for (int h = 0; h < kReadHeads; ++h) {
    compare_backward(memory, p.read_key[h], p.read_mask[h], step.masked_inverse_norm[h], step.read_cosine[h],
                     d_cosine[h], p.read_strength[h], d_parameters.read_strength[h], d_memory,
                     d_parameters.read_key[h], d_parameters.read_mask[h]);
  }
}

// The memory that a write meets: with deallocation, less of what was freed, in `room`, which may be `memory`.
inline const Memory& retained(const Memory& memory, const Step& step, Memory& room) {
  if constexpr (!kDeallocation) return memory;
  alignas(64) Slots share;
  over_slots([&](int i) { store(share + i, retention(step.interface, step.weightings.read, i)); });
  for (int w = 0; w < kWidth; ++w) {
    over_slots([&](int i) { store(room.column[w] + i, load(memory.column[w] + i) * load(share + i)); });
  }
  return room;
}

// Turn `d_memory` from the gradient of the memory that is retained into that of `memory`; set that of the retention.
inline void retained_backward(const Memory& memory, const Step& step, Memory& d_memory, float* d_retention) {
  over_slots([&](int i) {
    const Vector share = retention(step.interface, step.weightings.read, i);
    Vector total{};
    for (int w = 0; w < kWidth; ++w) {
      const Vector d = load(d_memory.column[w] + i);
      total += d * load(memory.column[w] + i);
      store(d_memory.column[w] + i, d * share);
    }
    store(d_retention + i, total);
  });
}
