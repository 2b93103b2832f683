// The temporal link of one sequence: which slot was written after which, forward and backward.
//
// Graves et al. 2016, Methods, "Temporal memory linkage". With w the write weighting, p the precedence and r a
// read weighting of the step before:
//   L'[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j], and zero where i = j
//   forward[i] = sum_j L'[i, j] r[j],  backward[j] = sum_i L'[i, j] r[i]
// The matrix is what a DNC spends its time on: each pass does all there is to do with an element at once.
#pragma once

#include "dnc_sizes.h"
#include "slots.h"

// So many rows together as their constants and sums find room in the registers; a power of two.
constexpr int link_rows(int row_operands, int column_operands) {
  int rows = kLanes;
  while (rows > 1 && rows * row_operands + column_operands > kRegisters) rows /= 2;
  return rows;
}

// Call body(crosses, v) for every slot vector v of the rows from `row` on; `crosses` is std::true_type where
// these rows meet the diagonal.
template <typename Body>
INLINE void over_columns(int row, Body body) {
  const int crossing = row / kLanes;
  for (int v = 0; v < crossing; ++v) body(std::false_type{}, v);
  body(std::true_type{}, crossing);
  for (int v = crossing + 1; v < kSlotVectors; ++v) body(std::false_type{}, v);
}

// Zero in the lane of the diagonal, if the vector crosses it.
template <bool crosses>
INLINE Vector off_diagonal(std::bool_constant<crosses>, Vector value, int row) {
  if constexpr (!crosses) return value;
  return keep_where(lane_numbers() != row % kLanes, value);
}

INLINE Vector linked(Vector link, Vector own, Vector kept, Vector precedence) {
  return link * (kept - own) + own * precedence;
}

// The link after a step; `after` may be `before`.
inline void link(const Link& before, const float* write, const float* precedence, Link& after) {
  constexpr int rows = link_rows(2, 6);
  for (int first = 0; first < kPaddedSlots; first += rows) {
    Vector own[rows];
    UNROLL for (int k = 0; k < rows; ++k) own[k] = splat(write[first + k]);
    over_columns(first, [&](auto crosses, int v) INLINE_BODY {
      const int j = v * kLanes;
      const Vector kept = 1.0f - load(write + j), p = load(precedence + j);
      UNROLL for (int k = 0; k < rows; ++k) {
        const Vector l = linked(load(before.row[first + k] + j), own[k], kept, p);
        store(after.row[first + k] + j, off_diagonal(crosses, l, first + k));
      }
    });
  }
}

// The same, and where the link leads from `read`, [read heads].
inline void link_and_follow(const Link& before, const float* write, const float* precedence, const Slots* read,
                            Link& after, Slots* forward, Slots* backward) {
  constexpr int rows = link_rows(2 + 2 * kReadHeads, 4 + 2 * kReadHeads);
  std::fill_n(backward[0], kReadHeads * kPaddedSlots, 0.0f);
  for (int block = 0; block < kPaddedSlots; block += kLanes) {
    Vector forward_parts[kReadHeads][kLanes];
    for (int first = block; first < block + kLanes; first += rows) {
      Vector own[rows], r[kReadHeads][rows], total[kReadHeads][rows] = {};
      UNROLL for (int k = 0; k < rows; ++k) {
        own[k] = splat(write[first + k]);
        UNROLL for (int h = 0; h < kReadHeads; ++h) r[h][k] = splat(read[h][first + k]);
      }
      over_columns(first, [&](auto crosses, int v) INLINE_BODY {
        const int j = v * kLanes;
        const Vector kept = 1.0f - load(write + j), p = load(precedence + j);
        Vector back[kReadHeads];
        UNROLL for (int h = 0; h < kReadHeads; ++h) back[h] = load(backward[h] + j);
        UNROLL for (int k = 0; k < rows; ++k) {
          Vector l = linked(load(before.row[first + k] + j), own[k], kept, p);
          l = off_diagonal(crosses, l, first + k);
          store(after.row[first + k] + j, l);
          UNROLL for (int h = 0; h < kReadHeads; ++h) {
            total[h][k] += l * load(read[h] + j);
            back[h] += r[h][k] * l;
          }
        }
        UNROLL for (int h = 0; h < kReadHeads; ++h) store(backward[h] + j, back[h]);
      });
      UNROLL for (int h = 0; h < kReadHeads; ++h) {
        UNROLL for (int k = 0; k < rows; ++k) forward_parts[h][first - block + k] = total[h][k];
      }
    }
    UNROLL for (int h = 0; h < kReadHeads; ++h) store(forward[h] + block, sums(forward_parts[h]));
  }
}

// Gradients of `link_and_follow`. `d_link` is that of the link after the step, and becomes that of the one
// before; `d_read` is set; `d_write` and `d_precedence` are added to.
//
// With D the gradient of L' in full, D = d_link + sum_h (d_forward r^T + r d_backward^T), zero where i = j:
//   d_read = L'^T d_forward + L' d_backward
//   d_write[i] += sum_j D[i, j] (p[j] - L[i, j]) - sum_j D[j, i] L[j, i],  d_precedence += D^T w
inline void link_and_follow_backward(const Link& before, const Link& after, const float* write,
                                     const float* precedence, const Slots* read, const Slots* d_forward,
                                     const Slots* d_backward, Link& d_link, Slots* d_read, float* d_write,
                                     float* d_precedence) {
  constexpr int rows = link_rows(2 + 3 * kReadHeads, 7 + 3 * kReadHeads);
  std::fill_n(d_read[0], kReadHeads * kPaddedSlots, 0.0f);
  for (int block = 0; block < kPaddedSlots; block += kLanes) {
    Vector d_write_parts[kLanes], d_read_parts[kReadHeads][kLanes];
    for (int first = block; first < block + kLanes; first += rows) {
      Vector own[rows], r[kReadHeads][rows], d_ahead[kReadHeads][rows];
      Vector d_own[rows] = {}, d_r[kReadHeads][rows] = {};
      UNROLL for (int k = 0; k < rows; ++k) {
        own[k] = splat(write[first + k]);
        UNROLL for (int h = 0; h < kReadHeads; ++h) {
          r[h][k] = splat(read[h][first + k]);
          d_ahead[h][k] = splat(d_forward[h][first + k]);
        }
      }
      over_columns(first, [&](auto crosses, int v) INLINE_BODY {
        const int j = v * kLanes;
        const Vector kept = 1.0f - load(write + j), p = load(precedence + j);
        Vector d_other = load(d_write + j), d_p = load(d_precedence + j), d_from[kReadHeads];
        Vector r_j[kReadHeads], d_back_j[kReadHeads];
        UNROLL for (int h = 0; h < kReadHeads; ++h) r_j[h] = load(read[h] + j), d_back_j[h] = load(d_backward[h] + j);
        UNROLL for (int h = 0; h < kReadHeads; ++h) d_from[h] = load(d_read[h] + j);
        UNROLL for (int k = 0; k < rows; ++k) {
          const Vector l = load(before.row[first + k] + j), made = load(after.row[first + k] + j);
          Vector d = load(d_link.row[first + k] + j);
          UNROLL for (int h = 0; h < kReadHeads; ++h) {
            const Vector d_back = d_back_j[h];
            d += d_ahead[h][k] * r_j[h] + r[h][k] * d_back;
            d_from[h] += made * d_ahead[h][k];
            d_r[h][k] += made * d_back;
          }
          d = off_diagonal(crosses, d, first + k);
          d_other -= d * l;
          d_own[k] += d * (p - l);
          d_p += d * own[k];
          store(d_link.row[first + k] + j, d * (kept - own[k]));
        }
        UNROLL for (int h = 0; h < kReadHeads; ++h) store(d_read[h] + j, d_from[h]);
        store(d_write + j, d_other);
        store(d_precedence + j, d_p);
      });
      UNROLL for (int k = 0; k < rows; ++k) {
        d_write_parts[first - block + k] = d_own[k];
        UNROLL for (int h = 0; h < kReadHeads; ++h) d_read_parts[h][first - block + k] = d_r[h][k];
      }
    }
    store(d_write + block, load(d_write + block) + sums(d_write_parts));
    UNROLL for (int h = 0; h < kReadHeads; ++h) {
      store(d_read[h] + block, load(d_read[h] + block) + sums(d_read_parts[h]));
    }
  }
}
