// Products of a weight matrix with the activations of a few sequences, each a vector of its own.
//
// Vectors run over the matrix's rows, so every load of a weight serves all sequences: at most kGroup, which the sizes
// of a recurrence say.
#pragma once

#include "sizes.h"

// So many vectors of rows together as find room in the registers with so many sequences.
constexpr int row_vectors(int columns) { return std::max(1, std::min(4, kRegisters * 3 / 4 / columns)); }

// A matrix [rows, depth] in the order in which the product reads it: blocks of rows, each [depth, rows].
template <int rows, int depth>
class PackedMatrix {
 public:
  static constexpr int kRows = padded(rows);

  // Element (row, k) is element(row, k).
  template <typename Element>
  explicit PackedMatrix(Element element) {
    // In squares, for elements that lie in a row one way or the other.
    constexpr int side = 16;
    for (int first = 0; first < kRows; first += kBlock) {
      const int width = std::min(kBlock, kRows - first);
      float* block = packed_ + first * depth;
      for (int from = 0; from < depth; from += side) {
        for (int row = 0; row < width; ++row) {
          for (int k = from; k < std::min(from + side, depth); ++k) {
            block[k * width + row] = first + row < rows ? element(first + row, k) : 0.0f;
          }
        }
      }
    }
  }

  // Add the matrix times in[s], [depth], to out[s], [kRows], for so many sequences.
  void multiply_add(int sequences, const float* const* in, float* const* out) const {
    dispatch<kGroup>(sequences, in, out);
  }

 private:
  static constexpr int kVectors = row_vectors(kGroup), kBlock = kVectors * kLanes;

  template <int sequences>
  void dispatch(int wanted, const float* const* in, float* const* out) const {
    if constexpr (sequences > 1) {
      if (wanted < sequences) return dispatch<sequences - 1>(wanted, in, out);
    }
    constexpr int full = kRows / kBlock, rest = kRows % kBlock / kLanes;
    for (int block = 0; block < full; ++block) multiply_block<sequences, kVectors>(block, in, out);
    if constexpr (rest > 0) multiply_block<sequences, rest>(full, in, out);
  }

  template <int sequences, int vectors>
  INLINE void multiply_block(int block, const float* const* in, float* const* out) const {
    const float* weights = packed_ + block * kBlock * depth;
    Vector total[sequences][vectors];
    const float* from[sequences];
    UNROLL for (int s = 0; s < sequences; ++s) {
      from[s] = in[s];
      UNROLL for (int v = 0; v < vectors; ++v) total[s][v] = load(out[s] + block * kBlock + v * kLanes);
    }
    for (int k = 0; k < depth; ++k, weights += vectors * kLanes) {
      UNROLL for (int s = 0; s < sequences; ++s) {
        UNROLL for (int v = 0; v < vectors; ++v) total[s][v] += load(weights + v * kLanes) * from[s][k];
      }
    }
    UNROLL for (int s = 0; s < sequences; ++s) {
      UNROLL for (int v = 0; v < vectors; ++v) store(out[s] + block * kBlock + v * kLanes, total[s][v]);
    }
  }

  alignas(64) float packed_[kRows * depth];
};

// The gradient of a weight matrix, [rows, columns].
template <int rows, int columns>
struct MatrixGradient {
  static constexpr int kRows = padded(rows), kColumns = columns;

  float at(int row, int column) const { return sum[column][row]; }

  void add(const MatrixGradient& other) {
    for (int i = 0; i < columns * kRows; i += kLanes) store(sum[0] + i, load(sum[0] + i) + load(other.sum[0] + i));
  }

  alignas(64) float sum[columns][kRows] = {};
};

// Outer products that make up a gradient, gathered so that many are added at once.
template <typename Gradient>
class OuterProducts {
 public:
  // Take the product of left, [padded rows], and right, [columns - 1], with 1 after it: its column is the bias.
  void push(const float* left, const float* right, Gradient& gradient) {
    std::copy_n(left, kRows, left_[count_]);
    std::copy_n(right, kColumns - 1, right_[count_])[0] = 1.0f;
    if (++count_ == kMost) add_to(gradient);
  }

  // Add all that was taken.
  void add_to(Gradient& gradient) {
    over_blocks<kRows / kLanes, kVectors>([&](auto vectors, int row) {
      over_blocks<kColumns, kColumnBlock>([&](auto width, int column) {
        add_block<decltype(vectors)::value, decltype(width)::value>(row * kLanes, column, gradient);
      });
    });
    count_ = 0;
  }

 private:
  static constexpr int kRows = Gradient::kRows, kColumns = Gradient::kColumns;
  static constexpr int kMost = 128, kColumnBlock = 6, kVectors = row_vectors(kColumnBlock);

  // Call body(size, first) for blocks of `size`, a compile-time constant of at most `most`.
  template <int count, int most, typename Body>
  static void over_blocks(Body body) {
    for (int first = 0; first + most <= count; first += most) body(std::integral_constant<int, most>{}, first);
    if constexpr (count % most > 0) body(std::integral_constant<int, count % most>{}, count / most * most);
  }

  template <int vectors, int width>
  INLINE void add_block(int row, int column, Gradient& gradient) const {
    Vector total[width][vectors] = {};
    for (int i = 0; i < count_; ++i) {
      Vector factor[vectors];  // in registers, as in products.h
      UNROLL for (int v = 0; v < vectors; ++v) factor[v] = load(left_[i] + row + v * kLanes);
      UNROLL for (int k = 0; k < width; ++k) {
        UNROLL for (int v = 0; v < vectors; ++v) total[k][v] += factor[v] * right_[i][column + k];
      }
    }
    UNROLL for (int k = 0; k < width; ++k) {
      UNROLL for (int v = 0; v < vectors; ++v) {
        float* to = gradient.sum[column + k] + row + v * kLanes;
        store(to, load(to) + total[k][v]);
      }
    }
  }

  int count_ = 0;
  alignas(64) float left_[kMost][kRows];
  float right_[kMost][kColumns];
};
