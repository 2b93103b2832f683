// Products of a weight matrix with the activations of a few sequences, held in registers.
//
// Activations are rows of kSequences floats: one row a unit, one column a sequence. The sequences are the
// vector axis, so any number of units is as good as another.
#pragma once

#include <algorithm>
#include <cstddef>

#include "vector.h"

constexpr int kSequences = 16;
constexpr int kRowVectors = kSequences / kLanes;

// A matrix [rows, depth] in the order in which the product reads it: panels of kPanel rows, each [depth, kPanel].
template <int rows, int depth>
class Panels {
 public:
  static constexpr int kFloats = rows * depth;

  // The matrix's element (row, k) is element(row, k).
  template <typename Element>
  static void pack(Element element, float* packed) {
    for (int first = 0; first < rows; first += kPanel) {
      const int width = std::min(kPanel, rows - first);
      for (int k = 0; k < depth; ++k) {
        for (int row = first; row < first + width; ++row) *packed++ = element(row, k);
      }
    }
  }

  // out [rows, kSequences] = matrix times in [depth, kSequences].
  static void multiply(const float* packed, const float* in, float* out) { product<false>(packed, in, out); }

  // The same, added to what `out` holds.
  static void multiply_add(const float* packed, const float* in, float* out) { product<true>(packed, in, out); }

 private:
  // As many accumulators as three quarters of the registers; the rest is for operands. Panels of equal size
  // serve better than full ones and a small rest.
  static constexpr int kMost = kRegisters * 3 / 4 / kRowVectors;
  static constexpr int kPanels = (rows + kMost - 1) / kMost;
  static constexpr int kPanel = (rows + kPanels - 1) / kPanels;

  template <bool add>
  static void product(const float* packed, const float* in, float* out) {
    constexpr int full = rows / kPanel, rest = rows % kPanel;
    for (int panel = 0; panel < full; ++panel) {
      panel_product<kPanel, add>(packed + panel * kPanel * depth, in, out + panel * kPanel * kSequences);
    }
    if constexpr (rest > 0) {
      panel_product<rest, add>(packed + full * kPanel * depth, in, out + full * kPanel * kSequences);
    }
  }

  template <int width, bool add>
  static INLINE void panel_product(const float* __restrict packed, const float* __restrict in, float* __restrict out) {
    Vector total[width][kRowVectors] = {};
    for (int k = 0; k < depth; ++k) {
      // The few operands of all rows stay in registers, and each row's own is used up at once: with the loops the other
      // way round, 16 registers do not hold the totals too.
      Vector right[kRowVectors];
      UNROLL for (int v = 0; v < kRowVectors; ++v) right[v] = load(in + k * kSequences + v * kLanes);
      UNROLL for (int row = 0; row < width; ++row) {
        UNROLL for (int v = 0; v < kRowVectors; ++v) total[row][v] += packed[k * width + row] * right[v];
      }
    }
    UNROLL for (int row = 0; row < width; ++row) {
      UNROLL for (int v = 0; v < kRowVectors; ++v) {
        float* to = out + row * kSequences + v * kLanes;
        // Added last: small terms added to a large one, each for itself, would all be rounded like it.
        store(to, add ? load(to) + total[row][v] : total[row][v]);
      }
    }
  }
};

// The gradient of a weight matrix: a sum over time steps and sequences of left [rows] times right [columns].
//
// A tile of the gradient stays in registers while all steps and sequences are added up. Its rows are the vector
// axis, so `left` is transposed first, a panel of rows at a time.
template <int rows, int columns>
class OuterProduct {
  static constexpr int kVectors = (rows + kLanes - 1) / kLanes;
  static constexpr int kPaddedRows = kVectors * kLanes;
  // A tile's totals fill three quarters of the registers. The rest holds a step's row vectors and one operand.
  static constexpr int kPanelVectors = kRegisters >= 32 ? 3 : 2;
  static constexpr int kTileColumns = kRegisters * 3 / 4 / kPanelVectors;
  static constexpr int kTileFloats = kTileColumns * kSequences;
  static constexpr int kTiles = (columns + kTileColumns - 1) / kTileColumns;

 public:
  static constexpr int kFloats = kPaddedRows * columns;
  // So many steps can be added at once: few enough for the caches, and for sums of few roundings.
  static constexpr int kMostSteps = 16;
  static constexpr int kScratchFloats = kMostSteps * (kTiles * kTileFloats + kSequences * kPanelVectors * kLanes);

  // Where element (row, column) lies.
  static constexpr int index(int row, int column) { return column * kPaddedRows + row; }

  // Add `steps` products; a step's rows of `left` lie left_stride floats after those of the step before. Up to
  // kLanes rows after the last may be read, to no effect.
  static void accumulate(const float* left, ptrdiff_t left_stride, const float* right, ptrdiff_t right_stride,
                         int steps, float* gradient, float* scratch) {
    // Tiles with their steps in a row: strides of a power of two or near it would fight for the cache.
    float* panel = scratch + kTiles * steps * kTileFloats;
    for (int tile = 0; tile < kTiles; ++tile) {
      const int width = std::min(kTileColumns, columns - tile * kTileColumns);
      for (int step = 0; step < steps; ++step) {
        std::copy_n(right + step * right_stride + tile * kTileFloats, width * kSequences,
                    scratch + (tile * steps + step) * kTileFloats);
      }
    }
    constexpr int full = kVectors / kPanelVectors, rest = kVectors % kPanelVectors;
    for (int i = 0; i < full; ++i) {
      accumulate_panel<kPanelVectors>(left, left_stride, i * kPanelVectors, steps, gradient, scratch, panel);
    }
    if constexpr (rest > 0) {
      accumulate_panel<rest>(left, left_stride, full * kPanelVectors, steps, gradient, scratch, panel);
    }
  }

 private:
  template <int vectors>
  static void accumulate_panel(const float* left, ptrdiff_t left_stride, int first, int steps, float* gradient,
                               const float* right, float* panel) {
    for (int step = 0; step < steps; ++step) {
      for (int v = 0; v < vectors; ++v) {
        transpose_rows(left + step * left_stride + (first + v) * kLanes * kSequences, vectors * kLanes,
                       panel + (step * kSequences * vectors + v) * kLanes);
      }
    }
    gradient += first * kLanes;
    constexpr int full = columns / kTileColumns, rest = columns % kTileColumns;
    for (int tile = 0; tile < full; ++tile) {
      accumulate_tile<vectors, kTileColumns>(panel, right + tile * steps * kTileFloats, steps,
                                             gradient + tile * kTileColumns * kPaddedRows);
    }
    if constexpr (rest > 0) {
      accumulate_tile<vectors, rest>(panel, right + full * steps * kTileFloats, steps,
                                     gradient + full * kTileColumns * kPaddedRows);
    }
  }

  // kLanes rows become one vector a sequence, `stride` floats apart.
  static INLINE void transpose_rows(const float* from, int stride, float* to) {
    for (int s = 0; s < kSequences; s += kLanes) {
      Vector block[kLanes];
      UNROLL for (int i = 0; i < kLanes; ++i) block[i] = load(from + i * kSequences + s);
      transpose(block);
      UNROLL for (int i = 0; i < kLanes; ++i) store(to + (s + i) * stride, block[i]);
    }
  }

  template <int vectors, int width>
  static INLINE void accumulate_tile(const float* __restrict left, const float* __restrict right, int steps,
                                     float* __restrict gradient) {
    Vector total[width][vectors] = {};
    for (int step = 0; step < steps; ++step, right += kTileFloats) {
      for (int s = 0; s < kSequences; ++s, left += vectors * kLanes) {
        Vector row[vectors];
        UNROLL for (int v = 0; v < vectors; ++v) row[v] = load(left + v * kLanes);
        UNROLL for (int column = 0; column < width; ++column) {
          UNROLL for (int v = 0; v < vectors; ++v) total[column][v] += right[column * kSequences + s] * row[v];
        }
      }
    }
    UNROLL for (int column = 0; column < width; ++column) {
      UNROLL for (int v = 0; v < vectors; ++v) {
        float* to = gradient + column * kPaddedRows + v * kLanes;
        store(to, load(to) + total[column][v]);
      }
    }
  }
};
