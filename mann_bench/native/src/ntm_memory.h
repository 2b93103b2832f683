// The memory of one sequence: compared with keys, read and written, forward and backward.
//
// Graves et al. 2014, equations 2 to 4 and 6. All heads meet the memory M of the step before; the write heads
// make M' = M prod_k (1 - w_k e_k) + sum_k w_k a_k of it. Slots lie in blocks that fit the registers.
#pragma once

#include "ntm_sizes.h"
#include "slots.h"

// Cosines of the keys with every slot.
inline void compare(const Memory& memory, const Interface& parameters, const float* inverse_key_norm,
                    Addressing& step) {
  over_slot_blocks<at_least_one(kOperands / (kHeads + 1))>([&](auto block, int first) INLINE_BODY {
    constexpr int count = decltype(block)::value;
    Vector square[count] = {}, dot[kHeads][count] = {};
    for (int w = 0; w < kWidth; ++w) {
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes);
        square[v] += m * m;
        UNROLL for (int h = 0; h < kHeads; ++h) dot[h][v] += parameters.head[h].key[w] * m;
      }
    }
    UNROLL for (int v = 0; v < count; ++v) {
      const Vector inverse_norm = inverse_norm_of(square[v]);
      store(step.inverse_norm + (first + v) * kLanes, inverse_norm);
      UNROLL for (int h = 0; h < kHeads; ++h) {
        store(step.cosine[h] + (first + v) * kLanes, dot[h][v] * inverse_key_norm[h] * inverse_norm);
      }
    }
  });
}

// Load the weights of some heads at a block of slots. This goes before the loop over the width, for the compiler
// cannot know that a store into the memory leaves the weightings alone.
template <int heads, int count>
INLINE void load_block(const Slots* weighting, int first, Vector (&weight)[heads][count]) {
  UNROLL for (int h = 0; h < heads; ++h) {
    UNROLL for (int v = 0; v < count; ++v) weight[h][v] = load(weighting[h] + (first + v) * kLanes);
  }
}

// Column `w` of the memory after the write heads, at a block of slots. `parameters` have erase and add.
template <int count, typename Parameters>
INLINE void write_block(const Vector (&m)[count], const Parameters& parameters, int w,
                        const Vector (*weight)[count], float* after) {
  Vector result[count];
  UNROLL for (int v = 0; v < count; ++v) {
    Vector added{};
    result[v] = m[v];
    UNROLL for (int k = 0; k < kWriteHeads; ++k) {
      result[v] *= 1.0f - weight[k][v] * parameters.erase[k][w];
      added += weight[k][v] * parameters.add[k][w];
    }
    result[v] += added;
  }
  UNROLL for (int v = 0; v < count; ++v) store(after + v * kLanes, result[v]);
}

inline void write(const Memory& before, const Change& parameters, const Slots* weighting, Memory& after) {
  over_slot_blocks<at_least_one(kOperands / (kWriteHeads + 2))>([&](auto block, int first) INLINE_BODY {
    constexpr int count = decltype(block)::value;
    Vector weight[kWriteHeads][count];
    load_block(weighting + kReadHeads, first, weight);
    for (int w = 0; w < kWidth; ++w) {
      Vector m[count];
      UNROLL for (int v = 0; v < count; ++v) m[v] = load(before.column[w] + (first + v) * kLanes);
      write_block(m, parameters, w, weight, after.column[w] + first * kLanes);
    }
  });
}

// Write, and set `reads`, [read heads, width], to what the read heads read of the memory before.
inline void read_and_write(const Memory& before, const Interface& parameters, const Slots* weighting, Memory& after,
                           float* reads) {
  SlotSums<kReads> read;
  over_slot_blocks<at_least_one(kOperands / (kHeads + 2))>([&](auto block, int first) INLINE_BODY {
    constexpr int count = decltype(block)::value;
    Vector weight[kHeads][count];
    load_block(weighting, first, weight);
    for (int w = 0; w < kWidth; ++w) {
      Vector m[count], part[kReadHeads] = {};
      UNROLL for (int v = 0; v < count; ++v) m[v] = load(before.column[w] + (first + v) * kLanes);
      UNROLL for (int r = 0; r < kReadHeads; ++r) {
        UNROLL for (int v = 0; v < count; ++v) part[r] += weight[r][v] * m[v];
        read.add(r * kWidth + w, part[r]);
      }
      write_block(m, parameters, w, weight + kReadHeads, after.column[w] + first * kLanes);
    }
  });
  read.total(reads);
}

// Gradients of `read_and_write`: `d_memory` is that of the memory after, and becomes that of the one before;
// `d_weighting` is added to; erase and add of `d_parameters` are set.
inline void read_and_write_backward(const Memory& memory, const Interface& parameters, const Slots* weighting,
                                    const float* d_reads, Memory& d_memory, Slots* d_weighting,
                                    Interface& d_parameters) {
  SlotSums<kWriteHeads * kWidth> d_erase, d_add;
  over_slot_blocks<at_least_one(kOperands / (2 * kHeads))>([&](auto block, int first) INLINE_BODY {
    constexpr int count = decltype(block)::value;
    Vector weight[kHeads][count], d_weight[kHeads][count] = {};
    load_block(weighting, first, weight);
    for (int w = 0; w < kWidth; ++w) {
      Vector d_erase_part[kWriteHeads] = {}, d_add_part[kWriteHeads] = {}, before[count];
      float* d_column = d_memory.column[w] + first * kLanes;
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes), after = load(d_column + v * kLanes);
        Vector keep[kWriteHeads];
        before[v] = after;
        UNROLL for (int k = 0; k < kWriteHeads; ++k) {
          keep[k] = 1.0f - weight[kReadHeads + k][v] * parameters.erase[k][w];
          before[v] *= keep[k];
        }
        UNROLL for (int k = 0; k < kWriteHeads; ++k) {
          Vector d_keep = after * m;
          UNROLL for (int other = 0; other < kWriteHeads; ++other) {
            if (other != k) d_keep *= keep[other];
          }
          d_weight[kReadHeads + k][v] += after * parameters.add[k][w] - d_keep * parameters.erase[k][w];
          d_erase_part[k] -= d_keep * weight[kReadHeads + k][v];
          d_add_part[k] += after * weight[kReadHeads + k][v];
        }
        UNROLL for (int r = 0; r < kReadHeads; ++r) {
          d_weight[r][v] += d_reads[r * kWidth + w] * m;
          before[v] += d_reads[r * kWidth + w] * weight[r][v];
        }
      }
      UNROLL for (int v = 0; v < count; ++v) store(d_column + v * kLanes, before[v]);
      UNROLL for (int k = 0; k < kWriteHeads; ++k) {
        d_erase.add(k * kWidth + w, d_erase_part[k]);
        d_add.add(k * kWidth + w, d_add_part[k]);
      }
    }
    UNROLL for (int h = 0; h < kHeads; ++h) {
      UNROLL for (int v = 0; v < count; ++v) {
        float* to = d_weighting[h] + (first + v) * kLanes;
        store(to, load(to) + d_weight[h][v]);
      }
    }
  });
  d_erase.total(d_parameters.erase[0]);
  d_add.total(d_parameters.add[0]);
}

// Gradients of `compare`: `d_memory` is added to; the keys of `d_parameters` are set, save for the part that
// goes through the keys' own norms.
inline void compare_backward(const Memory& memory, const Interface& parameters, const float* inverse_key_norm,
                             const Addressing& step, const Slots* d_cosine, Memory& d_memory,
                             Interface& d_parameters) {
  const Vector floored = inverse_norm_of(Vector{});
  SlotSums<kHeads * kWidth> d_key;
  over_slot_blocks<at_least_one(kOperands / (kHeads + 2))>([&](auto block, int first) INLINE_BODY {
    constexpr int count = decltype(block)::value;
    Vector d_dot[kHeads][count], d_square[count];
    UNROLL for (int v = 0; v < count; ++v) {
      const int slot = (first + v) * kLanes;
      const Vector inverse_norm = load(step.inverse_norm + slot);
      Vector through_norm{};
      UNROLL for (int h = 0; h < kHeads; ++h) {
        const Vector d = load(d_cosine[h] + slot);
        through_norm += d * load(step.cosine[h] + slot);
        d_dot[h][v] = d * inverse_key_norm[h] * inverse_norm;
      }
      // With q = |M|^2: d cosine / d q = -cosine / (2 q), and d q / d M = 2 M. A floored norm is constant.
      d_square[v] = keep_where(~(inverse_norm >= floored), through_norm * inverse_norm * inverse_norm);
    }
    for (int w = 0; w < kWidth; ++w) {
      Vector part[kHeads] = {}, d[count];
      float* d_column = d_memory.column[w] + first * kLanes;
      UNROLL for (int v = 0; v < count; ++v) {
        const Vector m = load(memory.column[w] + (first + v) * kLanes);
        d[v] = load(d_column + v * kLanes) - d_square[v] * m;
        UNROLL for (int h = 0; h < kHeads; ++h) {
          d[v] += parameters.head[h].key[w] * d_dot[h][v];
          part[h] += d_dot[h][v] * m;
        }
      }
      UNROLL for (int v = 0; v < count; ++v) store(d_column + v * kLanes, d[v]);
      UNROLL for (int h = 0; h < kHeads; ++h) d_key.add(h * kWidth + w, part[h]);
    }
  });
  float totals[kHeads][kWidth];
  d_key.total(totals[0]);
  for (int h = 0; h < kHeads; ++h) std::copy_n(totals[h], kWidth, d_parameters.head[h].key);
}
