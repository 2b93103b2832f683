// The memory of one sequence: compared with keys, written and read, forward and backward.
//
// Graves et al. 2016, Methods, "Content-based addressing" and "Reading and writing to memory". The write key is
// compared with the memory M before the step, the read keys with M' = M (1 - w e) + w v after the write.
#pragma once

#include "dnc_sizes.h"
#include "slots.h"

// Inverse norms of a memory's slots.
inline void measure(const Memory& memory, float* inverse_norm) {
  over_slots([&](int i) {
    Vector square{};
    for (int w = 0; w < kWidth; ++w) square += load(memory.column[w] + i) * load(memory.column[w] + i);
    store(inverse_norm + i, inverse_norm_of(square));
  });
}

// Cosines of a key with every slot.
inline void compare(const Memory& memory, const float* key, float inverse_key_norm, const float* inverse_norm,
                    float* cosine) {
  over_slot_blocks<kOperands>([&](auto size, int first) {
    constexpr int count = size;
    Vector dot[count] = {};
    for (int w = 0; w < kWidth; ++w) {
      UNROLL for (int v = 0; v < count; ++v) dot[v] += key[w] * load(memory.column[w] + (first + v) * kLanes);
    }
    UNROLL for (int v = 0; v < count; ++v) {
      const int i = (first + v) * kLanes;
      store(cosine + i, dot[v] * inverse_key_norm * load(inverse_norm + i));
    }
  });
}

INLINE Vector written(Vector slot, Vector weight, float erase, float added) {
  return slot * (1.0f - weight * erase) + weight * added;
}

// The memory after the write; `after` may be `before`.
inline void write(const Memory& before, const Interface& parameters, const float* weighting, Memory& after) {
  for (int w = 0; w < kWidth; ++w) {
    const float erase = parameters.erase[w], added = parameters.write_vector[w];
    over_slots([&](int i) {
      store(after.column[w] + i, written(load(before.column[w] + i), load(weighting + i), erase, added));
    });
  }
}

// Write, then measure the memory and compare it with the read keys.
inline void write_and_compare(const Memory& before, const Interface& parameters, const KeyNorms& inverse_key_norm,
                              const float* weighting, Memory& after, float* inverse_norm, Slots* cosine) {
  over_slot_blocks<at_least_one(kOperands / (kReadHeads + 2))>([&](auto size, int first) {
    constexpr int count = size;
    Vector square[count] = {}, dot[kReadHeads][count] = {};
    for (int w = 0; w < kWidth; ++w) {
      const float erase = parameters.erase[w], added = parameters.write_vector[w];
      UNROLL for (int v = 0; v < count; ++v) {
        const int i = (first + v) * kLanes;
        const Vector made = written(load(before.column[w] + i), load(weighting + i), erase, added);
        store(after.column[w] + i, made);
        square[v] += made * made;
        UNROLL for (int h = 0; h < kReadHeads; ++h) dot[h][v] += parameters.read_key[h][w] * made;
      }
    }
    UNROLL for (int v = 0; v < count; ++v) {
      const int i = (first + v) * kLanes;
      const Vector inverse = inverse_norm_of(square[v]);
      store(inverse_norm + i, inverse);
      UNROLL for (int h = 0; h < kReadHeads; ++h) store(cosine[h] + i, dot[h][v] * inverse_key_norm[h] * inverse);
    }
  });
}

// Set `reads`, [read heads, width].
inline void read(const Memory& memory, const Slots* weighting, float* reads) {
  SlotSums<kReads> total;
  over_slot_blocks<at_least_one(kOperands / kReadHeads)>([&](auto size, int first) {
    constexpr int count = size;
    for (int w = 0; w < kWidth; ++w) {
      Vector part[kReadHeads] = {};
      UNROLL for (int i = first * kLanes; i < (first + count) * kLanes; i += kLanes) {
        const Vector m = load(memory.column[w] + i);
        UNROLL for (int h = 0; h < kReadHeads; ++h) part[h] += load(weighting[h] + i) * m;
      }
      UNROLL for (int h = 0; h < kReadHeads; ++h) total.add(h * kWidth + w, part[h]);
    }
  });
  total.total(reads);
}

// Add to `d_weighting` what comes through the reads; the memory's share is left to `write_and_compare_backward`.
inline void read_backward(const Memory& memory, const float* d_reads, Slots* d_weighting) {
  over_slot_blocks<at_least_one(kOperands / kReadHeads)>([&](auto size, int first) {
    constexpr int count = size;
    Vector d[kReadHeads][count] = {};
    for (int w = 0; w < kWidth; ++w) {
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes);
        UNROLL for (int h = 0; h < kReadHeads; ++h) d[h][v] += d_reads[h * kWidth + w] * m;
      }
    }
    UNROLL for (int h = 0; h < kReadHeads; ++h) {
      UNROLL for (int v = 0; v < count; ++v) {
        float* to = d_weighting[h] + (first + v) * kLanes;
        store(to, load(to) + d[h][v]);
      }
    }
  });
}

// The gradient of key . slot, without the share of the key's norm, and that of the slot's squared norm times -2:
// with cosine = dot / (|key| |slot|), d |slot|^2 = -cosine d_cosine / (2 |slot|^2). A floored norm is constant.
INLINE Vector d_dot(Vector d_cosine, float inverse_key_norm, Vector inverse_norm) {
  return d_cosine * inverse_key_norm * inverse_norm;
}

INLINE Vector d_norm(Vector d_cosine, Vector cosine, Vector inverse_norm) {
  const Vector greatest = inverse_norm_of(Vector{});
  return keep_where(inverse_norm < greatest, d_cosine * cosine * inverse_norm * inverse_norm);
}

// Gradients of `write_and_compare` and of the memory under `read`, whose weighting and gradient are given.
// `d_memory` is that of the memory after, and becomes that of the one before; `d_write` is added to; read keys,
// erase and write vector of `d_parameters` are set, but for the part through the keys' own norms. Where keys have
// masks, what comes through their cosines is left to `compare_read_keys_backward`.
inline void write_and_compare_backward(const Memory& before, const Memory& after, const Step& step, const Step& next,
                                       const Slots* d_cosine, const float* d_reads, Memory& d_memory, float* d_write,
                                       Interface& d_parameters) {
  const Interface& parameters = step.interface;
  SlotSums<kReads> d_key;
  SlotSums<kWidth> d_erase, d_write_vector;
  over_slot_blocks<at_least_one(kOperands / (3 + 2 * kReadHeads))>([&](auto size, int first) {
    constexpr int count = size;
    Vector dot[kReadHeads][count] = {}, norm[count] = {}, d_weight[count] = {};
    UNROLL for (int v = 0; !kMasked && v < count; ++v) {
      const int i = (first + v) * kLanes;
      const Vector inverse = load(next.inverse_norm + i);
      UNROLL for (int h = 0; h < kReadHeads; ++h) {
        const Vector d = load(d_cosine[h] + i);
        dot[h][v] = d_dot(d, step.inverse_key_norm[h], inverse);
        norm[v] += d_norm(d, load(step.read_cosine[h] + i), inverse);
      }
    }
    for (int w = 0; w < kWidth; ++w) {
      const float erase = parameters.erase[w], added = parameters.write_vector[w];
      Vector key_part[kReadHeads] = {}, erase_part{}, write_vector_part{};
      UNROLL for (int v = 0; v < count; ++v) {
        const int i = (first + v) * kLanes;
        const Vector m = load(before.column[w] + i), made = load(after.column[w] + i);
        Vector d = load(d_memory.column[w] + i) - norm[v] * made;
        UNROLL for (int h = 0; h < kReadHeads; ++h) {
          d += parameters.read_key[h][w] * dot[h][v] + d_reads[h * kWidth + w] * load(next.weightings.read[h] + i);
          key_part[h] += dot[h][v] * made;
        }
        const Vector weighted = d * load(next.weightings.write + i);
        d_weight[v] += d * (added - erase * m);
        erase_part -= weighted * m;
        write_vector_part += weighted;
        store(d_memory.column[w] + i, d - weighted * erase);
      }
      UNROLL for (int h = 0; h < kReadHeads; ++h) d_key.add(h * kWidth + w, key_part[h]);
      d_erase.add(w, erase_part);
      d_write_vector.add(w, write_vector_part);
    }
    UNROLL for (int v = 0; v < count; ++v) {
      float* to = d_write + (first + v) * kLanes;
      store(to, load(to) + d_weight[v]);
    }
  });
  if (!kMasked) d_key.total(d_parameters.read_key[0]);
  d_erase.total(d_parameters.erase);
  d_write_vector.total(d_parameters.write_vector);
}

// Gradients of `compare`: `d_memory` is added to; `d_key` is set, but for the part through the key's own norm.
inline void compare_backward(const Memory& memory, const float* key, float inverse_key_norm,
                             const float* inverse_norm, const float* cosine, const float* d_cosine,
                             Memory& d_memory, float* d_key) {
  SlotSums<kWidth> total;
  over_slot_blocks<kOperands / 3>([&](auto size, int first) {
    constexpr int count = size;
    Vector dot[count], norm[count];
    UNROLL for (int v = 0; v < count; ++v) {
      const int i = (first + v) * kLanes;
      const Vector inverse = load(inverse_norm + i), d = load(d_cosine + i);
      dot[v] = d_dot(d, inverse_key_norm, inverse);
      norm[v] = d_norm(d, load(cosine + i), inverse);
    }
    for (int w = 0; w < kWidth; ++w) {
      Vector part{};
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes);
        float* d = d_memory.column[w] + (first + v) * kLanes;
        store(d, load(d) + key[w] * dot[v] - norm[v] * m);
        part += dot[v] * m;
      }
      total.add(w, part);
    }
  });
  total.total(d_key);
}
