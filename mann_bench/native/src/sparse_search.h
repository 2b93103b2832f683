// The slots most like a key: exact, over all slots that are looked at. A key and a row go by their unit vectors.
//
// Unit rows lie in blocks of kLanes slots, transposed. Equal rows have equal scores to the bit, wherever they lie: what
// makes units and scores of them does so lane by lane, in one order.
#pragma once

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "functions.h"
#include "slots.h"
#include "sparse_sizes.h"

using Block = float[kWidth][kLanes];

constexpr int kScanVectors = 3;  // blocks that are compared at once
constexpr ptrdiff_t whole_scans(ptrdiff_t blocks) { return (blocks + kScanVectors - 1) / kScanVectors * kScanVectors; }

// So many keys that are compared at once, where there are `all`.
constexpr int keys_at_once(int all) {
  constexpr int most = at_least_one(kOperands / kScanVectors);
  return (all + (all + most - 1) / most - 1) / ((all + most - 1) / most);
}

// Scale the rows of a block to length one; rows of no length stay zero.
inline void to_units(Block& block) {
  Vector square{};
  for (int w = 0; w < kWidth; ++w) square += load(block[w]) * load(block[w]);
  const Vector scale = inverse_norm_of(square);
  for (int w = 0; w < kWidth; ++w) store(block[w], load(block[w]) * scale);
}

inline bool any(Mask mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#else
  int32_t all = 0;
  UNROLL for (int lane = 0; lane < kLanes; ++lane) all |= mask[lane];
  return all != 0;
#endif
}

// The `most` best slots for a key so far, best first. Of equal ones, those with the lowest numbers come first.
template <int most>
struct BestOf {
  float bar;  // a score below it cannot be among them
  int count;
  float score[most];
  int32_t slot[most];
  int32_t place[most];  // among the visited rows; -1 for others

  void clear() {
    bar = -INFINITY;
    count = 0;
  }

  // Whether it is among the best so far. NaN is not.
  bool could_take(float offered, int32_t its_slot) const {
    return offered >= bar && (count < most || ahead(offered, its_slot, most - 1));
  }

  // Slots that are offered later are above `from`.
  void offer(float offered, int32_t its_slot, int32_t its_place, int32_t from = -1) {
    if (!could_take(offered, its_slot)) return;
    int i = count == most ? most - 1 : count++;
    for (; i > 0 && ahead(offered, its_slot, i - 1); --i) set(i, score[i - 1], slot[i - 1], place[i - 1]);
    set(i, offered, its_slot, its_place);
    if (count < most) return;
    const float least = score[most - 1];
    bar = slot[most - 1] <= from ? std::nextafter(least, INFINITY) : least;
  }

  // Where NaN leaves too few slots, take the first others.
  void fill() {
    for (int32_t candidate = 0; count < most; ++candidate) {
      if (std::find(slot, slot + count, candidate) == slot + count) set(count++, NAN, candidate, -1);
    }
  }

  // In the order of sparse.py: by number, those that are as good as the last one after all others.
  void sort() {
    int32_t order[most];
    const BestOf old = *this;
    const float least = score[most - 1];
    for (int i = 0; i < most; ++i) order[i] = i;
    std::sort(order, order + most, [&](int a, int b) {
      const bool last_a = !(old.score[a] > least), last_b = !(old.score[b] > least);
      return last_a != last_b ? last_b : old.slot[a] < old.slot[b];
    });
    for (int i = 0; i < most; ++i) set(i, old.score[order[i]], old.slot[order[i]], old.place[order[i]]);
  }

 private:
  bool ahead(float offered, int32_t its_slot, int i) const {
    return offered > score[i] || (offered == score[i] && its_slot < slot[i]);
  }
  void set(int i, float its_score, int32_t its_slot, int32_t its_place) {
    score[i] = its_score;
    slot[i] = its_slot;
    place[i] = its_place;
  }
};

using Nearest = BestOf<kNeighbours>;

// Compare the first `count` of the keys, some at once, with all slots of so many blocks, and call
// take(key, slot, score) for every score that reaches the key's bar.
template <int at_once, typename Best, typename Take>
inline void scan(const Block* blocks, ptrdiff_t count_of_blocks, const float (*key)[kWidth], const Best* nearest,
                 int count, Take take) {
  for (ptrdiff_t block = 0; block < count_of_blocks; block += kScanVectors) {
    for (int first = 0; first < count; first += at_once) {
      Vector score[at_once][kScanVectors] = {};
      for (int w = 0; w < kWidth; ++w) {
        Vector unit[kScanVectors];
        UNROLL for (int v = 0; v < kScanVectors; ++v) unit[v] = load(blocks[block + v][w]);
        UNROLL for (int q = 0; q < at_once; ++q) {
          const Vector factor = splat(key[first + q][w]);
          UNROLL for (int v = 0; v < kScanVectors; ++v) score[q][v] += factor * unit[v];
        }
      }
      Mask reached{};
      UNROLL for (int q = 0; q < at_once; ++q) {
        UNROLL for (int v = 0; v < kScanVectors; ++v) reached |= score[q][v] >= nearest[first + q].bar;
      }
      if (!any(reached)) continue;
      alignas(64) float scores[at_once][kScanVectors * kLanes];
      UNROLL for (int q = 0; q < at_once; ++q) {
        UNROLL for (int v = 0; v < kScanVectors; ++v) store(scores[q] + v * kLanes, score[q][v]);
      }
      for (int q = 0; q < std::min(at_once, count - first); ++q) {
        for (int i = 0; i < kScanVectors * kLanes; ++i) {
          if (scores[q][i] >= nearest[first + q].bar) take(first + q, block * kLanes + i, scores[q][i]);
        }
      }
    }
  }
}
