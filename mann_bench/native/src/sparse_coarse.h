// A first look at many slots in whole numbers of 8 bits, four times as fast as in floats, that leaves out no slot.
//
// Rounding a unit row to such numbers moves it, by a distance that is measured, and so does rounding a key. By Cauchy
// and Schwarz their product moves by no more than both together. What cannot reach a key's bar within this margin is
// passed over; everything else is compared in floats.
#pragma once

#include "sparse_search.h"

#if defined(__AVX512VNNI__)
constexpr bool kCoarse = kSlots >= 1024;  // fewer are not worth it
#else
constexpr bool kCoarse = false;
#endif

constexpr int kQuads = (kWidth + 3) / 4;
constexpr float kCoarseOne = 127.0f;   // what stands for one
constexpr float kFloatMargin = 1e-5f;  // for the roundings of the floats themselves
constexpr int kKeyOffset = 128;        // keys become positive, as the instruction wants it

// kLanes rows by quads of numbers, and what takes away the offset of the keys.
struct alignas(64) CoarseBlock {
  int8_t quad[kQuads][kLanes][4];
  int32_t start[kLanes];
};

// Round `exact` times `one`; return the square of how far that moves it. NaN becomes zero, and moves it by NaN.
INLINE float coarse(float exact, float one, int& rounded) {
  const float scaled = exact * one;
  rounded = scaled == scaled ? static_cast<int>(std::lrintf(std::clamp(scaled, -127.0f, 127.0f))) : 0;
  const float moved = exact - static_cast<float>(rounded) / one;
  return moved * moved;
}

// Set `to`; return how far the row that moves most moves. Lanes of NaN, where there are no slots, do not count.
inline float to_coarse(const Block& from, CoarseBlock& to) {
  std::memset(&to, 0, sizeof(to));
  float most = 0.0f;
  for (int lane = 0; lane < kLanes; ++lane) {
    float square = 0.0f;
    for (int w = 0; w < kWidth; ++w) {
      int rounded;
      square += coarse(from[w][lane], kCoarseOne, rounded);
      to.quad[w / 4][lane][w % 4] = static_cast<int8_t>(rounded);
      to.start[lane] -= kKeyOffset * rounded;
    }
    most = std::max(most, square);
  }
  return std::sqrt(most);
}

// A key, and from what whole number on a slot has to be looked at.
struct CoarseKey {
  uint8_t quad[kQuads][4];
  float one;     // what stands for one
  float margin;  // by how much a product may move
  int32_t bar;

  void set(const float* key, float rows_move) {
    float most = 0.0f, square = 0.0f;
    for (int w = 0; w < kWidth; ++w) most = std::max(most, std::abs(key[w]));
    one = most > 0.0f ? kCoarseOne / most : kCoarseOne;
    std::memset(quad, kKeyOffset, sizeof(quad));
    for (int w = 0; w < kWidth; ++w) {
      int rounded;
      square += coarse(key[w], one, rounded);
      quad[w / 4][w % 4] = static_cast<uint8_t>(kKeyOffset + rounded);
    }
    // The rounded row is at most as long as the row and its move together.
    margin = rows_move + (1.0f + rows_move) * std::sqrt(square) + kFloatMargin;
  }

  // A key of NaN has nothing to look at.
  void set_bar(float exact) {
    const float whole = std::floor((exact - margin) * one * kCoarseOne);
    bar = whole < 1e9f ? (whole > -1e9f ? static_cast<int32_t>(whole) : INT32_MIN) : INT32_MAX;
  }
};

// The keys of all heads of a group of sequences, a sequence after the other, with room for keys that are compared in
// vain.
struct Queries {
  static constexpr int kMost = kGroup * kReadHeads + kOperands;

  alignas(64) float key[kMost][kWidth] = {};
  Nearest nearest[kMost];
  CoarseKey coarse[kMost];
};

#if defined(__AVX512VNNI__)

INLINE Mask load_whole(const void* from) {
  Mask v;
  std::memcpy(&v, from, sizeof(v));
  return v;
}

// As `scan` over `blocks`, which `rough` stands for. The bars of `coarse_key` are set anew after each call of `take`.
template <int at_once, typename Take>
inline void scan_coarse(const CoarseBlock* rough, const Block* blocks, ptrdiff_t count_of_blocks,
                        const float (*key)[kWidth], CoarseKey* coarse_key, const Nearest* nearest, int count,
                        Take take) {
  for (ptrdiff_t block = 0; block < count_of_blocks; block += kScanVectors) {
    for (int first = 0; first < count; first += at_once) {
      Mask sum[at_once][kScanVectors];
      UNROLL for (int q = 0; q < at_once; ++q) {
        UNROLL for (int v = 0; v < kScanVectors; ++v) sum[q][v] = load_whole(rough[block + v].start);
      }
      for (int i = 0; i < kQuads; ++i) {
        Mask row[kScanVectors];
        UNROLL for (int v = 0; v < kScanVectors; ++v) row[v] = load_whole(rough[block + v].quad[i]);
        UNROLL for (int q = 0; q < at_once; ++q) {
          int32_t four;
          std::memcpy(&four, coarse_key[first + q].quad[i], sizeof(four));
          const __m512i factor = _mm512_set1_epi32(four);
          UNROLL for (int v = 0; v < kScanVectors; ++v) {
            sum[q][v] = (Mask)_mm512_dpbusd_epi32((__m512i)sum[q][v], factor, (__m512i)row[v]);
          }
        }
      }
      Mask reached{};
      UNROLL for (int q = 0; q < at_once; ++q) {
        UNROLL for (int v = 0; v < kScanVectors; ++v) reached |= sum[q][v] >= coarse_key[first + q].bar;
      }
      if (!any(reached)) continue;
      Mask sums[at_once][kScanVectors];
      std::memcpy(sums, sum, sizeof(sums));
      for (int q = 0; q < std::min(at_once, count - first); ++q) {
        for (int v = 0; v < kScanVectors; ++v) {
          if (!any(sums[q][v] >= coarse_key[first + q].bar)) continue;
          Vector score{};
          for (int w = 0; w < kWidth; ++w) score += splat(key[first + q][w]) * load(blocks[block + v][w]);
          for (int lane = 0; lane < kLanes; ++lane) {
            if (score[lane] >= nearest[first + q].bar) take(first + q, (block + v) * kLanes + lane, score[lane]);
          }
          coarse_key[first + q].set_bar(nearest[first + q].bar);
        }
      }
    }
  }
}

#endif
