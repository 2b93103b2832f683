// The temporal link of one sequence: which slot was written after which, forward and backward.
//
// Graves et al. 2016, Methods, "Temporal memory linkage". With w the write weighting, p the precedence and r a
// read weighting of the step before:
//   L'[i, j] = (1 - w[i] - w[j]) L[i, j] + w[i] p[j], and zero where i = j
//   forward[i] = sum_j L'[i, j] r[j],  backward[j] = sum_i L'[i, j] r[i]
// The matrix is what a DNC spends its time on. A pass over it does all there is to do with an element at once; and
// since to load and store an element takes longer than a step's arithmetic, the link and its gradient are stored
// every kLinkInterval steps only. A pass takes the steps since then again, in registers.
#pragma once

#include "dnc_sizes.h"
#include "slots.h"

// So many vectors over the slots, `width` floats of each side by side: a processor foresees what is read of a few
// stretches of memory, not of one for every vector.
template <int width>
class Operands {
 public:
  explicit Operands(int count) : stride_(count * width) {}

  // Vector `place` is from(i) at the slots from i on.
  template <typename From>
  INLINE void set(int place, From from) {
    float* to = floats_ + place * width;
    for (int i = 0; i < kPaddedSlots; i += kLanes) {
      alignas(64) float values[kLanes];
      store(values, from(i));
      for (int part = 0; part < kLanes; part += width, to += stride_) std::copy_n(values + part, width, to);
    }
  }

  // Those of the slots from `slot` on; those of the next `width` slots come `stride` floats later.
  const float* at(int slot) const { return floats_ + slot / width * stride_; }
  int stride() const { return stride_; }

 private:
  static constexpr int kMost = std::max(16, kLinkInterval * (1 + 2 * kReadHeads));

  int stride_;
  alignas(64) float floats_[kPaddedSlots * kMost];
};

// Steps that lead from a link in memory to a later one, in their order.
struct LinkSteps {
  static constexpr int kMost = std::max(8, kLinkInterval);
  static constexpr int kRowOperands = 1;     // w
  static constexpr int kColumnOperands = 2;  // 1 - w and p

  int count = 0;
  const float* write[kMost];
  const float* precedence[kMost];

  void add(const float* w, const float* p) {
    write[count] = w;
    precedence[count++] = p;
  }

  template <int rows>
  Operands<rows> row_operands() const {
    Operands<rows> operands(count);
    for (int s = 0; s < count; ++s) operands.set(s, [&](int i) { return load(write[s] + i); });
    return operands;
  }

  Operands<kLanes> column_operands() const {
    Operands<kLanes> operands(count * kColumnOperands);
    for (int s = 0; s < count; ++s) {
      operands.set(s * kColumnOperands, [&](int j) { return 1.0f - load(write[s] + j); });
      operands.set(s * kColumnOperands + 1, [&](int j) { return load(precedence[s] + j); });
    }
    return operands;
  }
};

// Gradients of where the link leads at one step.
struct FollowGradients {
  Slots forward[kReadHeads];
  Slots backward[kReadHeads];
};

// Steps that lead from the stored gradient of the link to an earlier one, last step first.
struct LinkGradientSteps {
  static constexpr int kRowOperands = 1 + 2 * kReadHeads;     // w; of every head, d_forward and r
  static constexpr int kColumnOperands = 1 + 2 * kReadHeads;  // 1 - w; of every head, r and d_backward

  int count = 0;
  const float* write[kLinkInterval];
  const Slots* read[kLinkInterval];
  const FollowGradients* d_follow[kLinkInterval];

  void add(const float* w, const Slots* r, const FollowGradients& d) {
    write[count] = w;
    read[count] = r;
    d_follow[count++] = &d;
  }

  template <int rows>
  Operands<rows> row_operands() const {
    Operands<rows> operands(count * kRowOperands);
    for (int s = 0, place = 0; s < count; ++s) {
      operands.set(place++, [&](int i) { return load(write[s] + i); });
      for (int h = 0; h < kReadHeads; ++h) {
        operands.set(place++, [&](int i) { return load(d_follow[s]->forward[h] + i); });
        operands.set(place++, [&](int i) { return load(read[s][h] + i); });
      }
    }
    return operands;
  }

  Operands<kLanes> column_operands() const {
    Operands<kLanes> operands(count * kColumnOperands);
    for (int s = 0, place = 0; s < count; ++s) {
      operands.set(place++, [&](int j) { return 1.0f - load(write[s] + j); });
      for (int h = 0; h < kReadHeads; ++h) {
        operands.set(place++, [&](int j) { return load(read[s][h] + j); });
        operands.set(place++, [&](int j) { return load(d_follow[s]->backward[h] + j); });
      }
    }
    return operands;
  }
};

// So many rows of a tile together as their sums find room in the registers.
constexpr int link_rows(int row_operands, int column_operands) {
  int rows = Link::kRows;
  while (rows > 1 && rows * row_operands + column_operands > kRegisters) rows /= 2;
  return rows;
}

// Call body(begin, end) for every panel of columns.
template <typename Body>
INLINE void over_panels(Body body) {
  for (int j = 0; j < kPaddedSlots; j += Link::kPanel) body(j, std::min(j + Link::kPanel, kPaddedSlots));
}

// Load a few rows of a tile. What lies 8 KB further on is fetched into the cache meanwhile: left to itself, the
// processor waits for a matrix that has outgrown the caches twice as long.
template <int rows>
INLINE void load_rows(const float* tile, Vector (&to)[rows]) {
  constexpr int ahead = 2048;
  UNROLL for (int k = 0; k < rows; ++k) {
    if (kPaddedSlots > 200) __builtin_prefetch(tile + ahead + k * kLanes);
    to[k] = load(tile + k * kLanes);
  }
}

// Clear what is on the diagonal, in the rows from `first` on and at the slots from `j` on.
template <int rows>
INLINE void clear_diagonal(int first, int j, Vector (&v)[rows]) {
  if (first / kLanes * kLanes != j) return;
  UNROLL for (int k = 0; k < rows; ++k) v[k] = keep_where(lane_numbers() != (first + k) % kLanes, v[k]);
}

INLINE Vector linked(Vector link, Vector own, Vector kept, Vector precedence) {
  return link * (kept - own) + own * precedence;
}

// Take elements of a few rows of a tile through so many steps.
template <int rows>
INLINE void take_steps(int count, const float* row, const float* column, Vector (&link)[rows]) {
  for (int s = 0; s < count; ++s, row += rows, column += LinkSteps::kColumnOperands * kLanes) {
    const Vector kept = load(column), p = load(column + kLanes);
    UNROLL for (int k = 0; k < rows; ++k) link[k] = linked(link[k], splat(row[k]), kept, p);
  }
}

// The link after the steps; `after` may be `before`.
inline void link(const Link& before, const LinkSteps& steps, Link& after) {
  constexpr int rows = Link::kRows;
  const auto row_operands = steps.row_operands<rows>();
  const auto column_operands = steps.column_operands();
  const int count = steps.count, stride = column_operands.stride();
  over_panels([&](int begin, int end) {
    for (int first = 0; first < kPaddedSlots; first += rows) {
      const float* from = before.entries + Link::index(first, begin);
      float* to = after.entries + Link::index(first, begin);
      const float *row = row_operands.at(first), *column = column_operands.at(begin);
      for (int j = begin; j < end; j += kLanes, from += rows * kLanes, to += rows * kLanes, column += stride) {
        Vector l[rows];
        load_rows(from, l);
        take_steps(count, row, column, l);
        clear_diagonal(first, j, l);
        UNROLL for (int k = 0; k < rows; ++k) store(to + k * kLanes, l[k]);
      }
    }
  });
}

// Of a few rows at a panel's columns from `j` to `end`: set `forward`, its lanes not summed up, and add to `backward`.
template <bool kept, int rows>
INLINE void follow_rows(int count, int first, int j, int end, const float* __restrict row,
                        const float* __restrict column, int stride, const Slots* read, float* __restrict tile,
                        Vector (&forward)[kReadHeads][rows], Slots* __restrict backward) {
  Vector total[kReadHeads][rows] = {}, r[kReadHeads][rows];
  UNROLL for (int h = 0; h < kReadHeads; ++h) {
    UNROLL for (int k = 0; k < rows; ++k) r[h][k] = splat(read[h][first + k]);
  }
  for (; j < end; j += kLanes, tile += Link::kRows * kLanes, column += stride) {
    Vector l[rows];
    load_rows(tile, l);
    take_steps(count, row, column, l);
    clear_diagonal(first, j, l);
    UNROLL for (int k = 0; kept && k < rows; ++k) store(tile + k * kLanes, l[k]);
    UNROLL for (int h = 0; h < kReadHeads; ++h) {
      const Vector from = load(read[h] + j);
      Vector back{};
      UNROLL for (int k = 0; k < rows; ++k) {
        total[h][k] += l[k] * from;
        back += r[h][k] * l[k];
      }
      store(backward[h] + j, load(backward[h] + j) + back);
    }
  }
  UNROLL for (int h = 0; h < kReadHeads; ++h) {
    UNROLL for (int k = 0; k < rows; ++k) forward[h][k] = total[h][k];
  }
}

// Where the link leads after the steps from `read`, [read heads]. The link itself stays as it is, or is `kept`
// as it is after the steps.
template <bool kept>
inline void follow_steps(Link& link, const LinkSteps& steps, const Slots* read, Slots* forward, Slots* backward) {
  constexpr int rows = link_rows(1 + kReadHeads, 4 + 2 * kReadHeads);
  const auto row_operands = steps.row_operands<rows>();
  const auto column_operands = steps.column_operands();
  std::fill_n(forward[0], kReadHeads * kPaddedSlots, 0.0f);
  std::fill_n(backward[0], kReadHeads * kPaddedSlots, 0.0f);
  over_panels([&](int begin, int end) {
    for (int i = 0; i < kPaddedSlots; i += kLanes) {
      Vector sums_of[kReadHeads][kLanes], part[kReadHeads][rows];
      UNROLL for (int k = 0; k < kLanes; k += rows) {
        follow_rows<kept>(steps.count, i + k, begin, end, row_operands.at(i + k), column_operands.at(begin),
                          column_operands.stride(), read, link.entries + Link::index(i + k, begin), part, backward);
        UNROLL for (int h = 0; h < kReadHeads; ++h) std::copy_n(part[h], rows, sums_of[h] + k);
      }
      UNROLL for (int h = 0; h < kReadHeads; ++h) store(forward[h] + i, load(forward[h] + i) + sums(sums_of[h]));
    }
  });
}

inline void follow(Link& link, const LinkSteps& steps, const Slots* read, Slots* forward, Slots* backward) {
  const auto pass = steps.count == kLinkInterval ? follow_steps<true> : follow_steps<false>;
  pass(link, steps, read, forward, backward);
}

// Add to the gradient of the link after a step what comes through where it leads.
template <int rows>
INLINE void add_follow_gradients(const float* row, const float* column, Vector (&d)[rows]) {
  UNROLL for (int h = 0; h < kReadHeads; ++h) {
    const float *d_forward = row + (1 + 2 * h) * rows, *r = d_forward + rows;
    const Vector from = load(column + (1 + 2 * h) * kLanes), d_back = load(column + (2 + 2 * h) * kLanes);
    UNROLL for (int k = 0; k < rows; ++k) d[k] += d_forward[k] * from + r[k] * d_back;
  }
}

// What the passes over a few rows and a panel's columns add up.
template <int rows>
struct RowSums {
  Vector d_write[rows] = {};
  Vector d_read[kReadHeads][rows] = {};
};

// Gradients at a few rows and a panel's columns from `j` to `end`: see `follow_steps_backward`.
template <bool kept_gradient, int rows>
INLINE void follow_rows_backward(int before, int pending, int first, int j, int end, const float* __restrict row,
                                 const float* __restrict column, int stride, const float* __restrict d_row,
                                 const float* __restrict d_column, int d_stride, const float* __restrict tile,
                                 float* __restrict d_tile, RowSums<rows>& sums, Slots* __restrict d_read,
                                 float* __restrict d_write, float* __restrict d_precedence) {
  constexpr int row_step = LinkGradientSteps::kRowOperands * rows;
  constexpr int column_step = LinkGradientSteps::kColumnOperands * kLanes;
  const float *own_row = row + before * rows, *own_d_row = d_row + pending * row_step;
  RowSums<rows> total;
  for (; j < end; j += kLanes) {
    Vector l[rows], d[rows];
    load_rows(d_tile, d);
    for (int s = 0; s < pending; ++s) {
      add_follow_gradients(d_row + s * row_step, d_column + s * column_step, d);
      const Vector kept = load(d_column + s * column_step);
      UNROLL for (int k = 0; k < rows; ++k) d[k] *= kept - d_row[s * row_step + k];
    }
    const float* own_d_column = d_column + pending * column_step;
    add_follow_gradients(own_d_row, own_d_column, d);
    clear_diagonal(first, j, d);

    load_rows(tile, l);
    take_steps(before, row, column, l);
    const float* own_column = column + before * LinkSteps::kColumnOperands * kLanes;
    const Vector kept = load(own_column), p = load(own_column + kLanes);
    Vector d_other{}, d_p{};
    UNROLL for (int k = 0; k < rows; ++k) {
      const Vector own = splat(own_row[k]);
      d_other += d[k] * l[k];
      total.d_write[k] += d[k] * (p - l[k]);
      d_p += d[k] * own;
      l[k] = linked(l[k], own, kept, p);
      if (kept_gradient) store(d_tile + k * kLanes, d[k] * (kept - own));
    }
    clear_diagonal(first, j, l);
    store(d_write + j, load(d_write + j) - d_other);
    store(d_precedence + j, load(d_precedence + j) + d_p);
    UNROLL for (int h = 0; h < kReadHeads; ++h) {
      const Vector d_back = load(own_d_column + (2 + 2 * h) * kLanes);
      Vector d_from{};
      UNROLL for (int k = 0; k < rows; ++k) {
        d_from += l[k] * own_d_row[(1 + 2 * h) * rows + k];
        total.d_read[h][k] += l[k] * d_back;
      }
      store(d_read[h] + j, load(d_read[h] + j) + d_from);
    }
    tile += Link::kRows * kLanes;
    d_tile += Link::kRows * kLanes;
    column += stride;
    d_column += d_stride;
  }
  sums = total;
}

// Gradients of the last one of `steps`: of its `link` and its `follow`. The last one of `gradient_steps` is the same
// step. `d_read` is set; `d_write` and `d_precedence` are added to. `d_link` stays as it is, or is `kept`: becomes the
// gradient of the link before the step.
//
// With D the gradient of L' in full, D = d_link + sum_h (d_forward r^T + r d_backward^T), zero where i = j:
//   d_read = L'^T d_forward + L' d_backward,  d_L = D (1 - w[i] - w[j])
//   d_write[i] += sum_j D[i, j] (p[j] - L[i, j]) - sum_j D[j, i] L[j, i],  d_precedence += D^T w
template <bool kept>
inline void follow_steps_backward(const Link& link, const LinkSteps& steps, const LinkGradientSteps& gradient_steps,
                                  Link& d_link, Slots* d_read, float* d_write, float* d_precedence) {
  constexpr int rows = link_rows(3 + kReadHeads, 6);
  const auto row_operands = steps.row_operands<rows>(), d_row_operands = gradient_steps.row_operands<rows>();
  const auto column_operands = steps.column_operands(), d_column_operands = gradient_steps.column_operands();
  std::fill_n(d_read[0], kReadHeads * kPaddedSlots, 0.0f);
  over_panels([&](int begin, int end) {
    for (int i = 0; i < kPaddedSlots; i += kLanes) {
      Vector d_write_of[kLanes], d_read_of[kReadHeads][kLanes];
      UNROLL for (int k = 0; k < kLanes; k += rows) {
        const int index = Link::index(i + k, begin);
        RowSums<rows> part;
        follow_rows_backward<kept>(steps.count - 1, gradient_steps.count - 1, i + k, begin, end,
                                   row_operands.at(i + k), column_operands.at(begin), column_operands.stride(),
                                   d_row_operands.at(i + k), d_column_operands.at(begin), d_column_operands.stride(),
                                   link.entries + index, d_link.entries + index, part, d_read, d_write, d_precedence);
        std::copy_n(part.d_write, rows, d_write_of + k);
        UNROLL for (int h = 0; h < kReadHeads; ++h) std::copy_n(part.d_read[h], rows, d_read_of[h] + k);
      }
      store(d_write + i, load(d_write + i) + sums(d_write_of));
      UNROLL for (int h = 0; h < kReadHeads; ++h) store(d_read[h] + i, load(d_read[h] + i) + sums(d_read_of[h]));
    }
  });
}
