// The rows of a start in buckets (nn/sparse_buckets.py): a key is compared with those of a few buckets.
//
// The rows of a bucket lie together, as the search goes through them. All of it is in one piece of memory, which Python
// keeps for as long as the start stays as it is.
#pragma once

#include "calls.h"
#include "sparse_coarse.h"

constexpr int kProbes = PROBES;

class Buckets {
 public:
  using Probed = BestOf<kProbes>;

  // As `make` has left them at `start`; null for none.
  explicit Buckets(void* start) : Buckets(start, start ? static_cast<Header*>(start)->count : 0) {}
  Buckets(void* start, int count)
      : count_(count),
        header_(static_cast<Header*>(start)),
        center_(reinterpret_cast<Block*>(header_ + 1)),
        first_(reinterpret_cast<int32_t*>(center_ + center_blocks())),
        slot_(first_ + padded(count + 1)),
        unit_(reinterpret_cast<Block*>(slot_ + most_blocks(count) * kLanes)),
        rough_(reinterpret_cast<CoarseBlock*>(unit_ + most_blocks(count))) {}

  bool any() const { return count_ > 0; }

  static ptrdiff_t bytes(int count) {
    const ptrdiff_t each = sizeof(int32_t) * kLanes + sizeof(Block) + (kCoarse ? sizeof(CoarseBlock) : 0);
    return sizeof(Header) + whole_scans((count + kLanes - 1) / kLanes) * sizeof(Block) +
           sizeof(int32_t) * padded(count + 1) + most_blocks(count) * each;
  }

  // From the rows of the start and the centers, both [.., width], and the bucket of every slot.
  void make(const float* rows, const float* center, const int64_t* bucket_of, int threads) const {
    for (ptrdiff_t b = 0; b < center_blocks(); ++b) {
      set_block(center_[b], [&](int lane) {
        const ptrdiff_t i = b * kLanes + lane;
        return i < count_ ? center + i * kWidth : nullptr;
      });
    }
    place(bucket_of);
    header_->count = count_;
    const PooledArray<float> moves(count_);
    parallel_for(count_, threads, [&](int bucket) {
      moves[bucket] = 0.0f;
      for (int b = first_[bucket]; b < first_[bucket + 1]; ++b) {
        set_block(unit_[b], [&](int lane) {
          const int32_t slot = slot_[b * kLanes + lane];
          return slot >= 0 ? rows + static_cast<ptrdiff_t>(slot) * kWidth : nullptr;
        });
        if (kCoarse) moves[bucket] = std::max(moves[bucket], to_coarse(unit_[b], rough_[b]));
      }
    });
    header_->rows_move = *std::max_element(&moves[0], &moves[0] + count_);
  }

  // Look for the buckets whose centers are most like the first `count` of the keys, with room for some more keys.
  template <int at_once>
  void probe(const float (*key)[kWidth], Probed* probed, int count) const {
    scan<at_once>(center_, center_blocks(), key, probed, count,
                  [&](int q, int bucket, float score) { probed[q].offer(score, bucket, -1); });
  }

  // Call take(slot, score) for the slots of these buckets whose scores reach the bar.
  template <typename Take>
  void search(const float (*key)[kWidth], const Probed& probed, const Nearest& nearest, Take take) const {
    CoarseKey coarse;
    if (kCoarse) coarse.set(*key, header_->rows_move);
    if (kCoarse) coarse.set_bar(nearest.bar);
    for (int i = 0; i < probed.count; ++i) {
      const ptrdiff_t first = first_[probed.slot[i]], blocks = first_[probed.slot[i] + 1] - first;
      const auto take_lane = [&](int, ptrdiff_t lane, float score) { take(slot_[first * kLanes + lane], score); };
#if defined(__AVX512VNNI__)
      if (kCoarse) {
        scan_coarse<1>(rough_ + first, unit_ + first, blocks, key, &coarse, &nearest, 1, take_lane);
        continue;
      }
#endif
      scan<1>(unit_ + first, blocks, key, &nearest, 1, take_lane);
    }
  }

 private:
  struct alignas(64) Header {
    int count;
    float rows_move;  // how far rounding moves rows at most
  };

  static constexpr ptrdiff_t most_blocks(int count) {
    return whole_scans(kSlotVectors) + static_cast<ptrdiff_t>(count) * kScanVectors;
  }
  ptrdiff_t center_blocks() const { return whole_scans((count_ + kLanes - 1) / kLanes); }

  // Lanes without a row become NaN, which no score of a slot is.
  template <typename RowOf>
  static void set_block(Block& block, RowOf row_of) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const float* row = row_of(lane);
      for (int w = 0; w < kWidth; ++w) block[w][lane] = row ? row[w] : NAN;
    }
    to_units(block);
  }

  // Set where every bucket begins, in blocks, and which slots are there, in the order of their numbers.
  void place(const int64_t* bucket_of) const {
    const PooledArray<int32_t> next(count_);
    std::fill_n(&next[0], count_, 0);
    for (int slot = 0; slot < kSlots; ++slot) next[bucket_of[slot]] += 1;
    first_[0] = 0;
    for (int bucket = 0; bucket < count_; ++bucket) {
      first_[bucket + 1] = first_[bucket] + whole_scans((next[bucket] + kLanes - 1) / kLanes);
      next[bucket] = first_[bucket] * kLanes;
    }
    std::fill_n(slot_, static_cast<ptrdiff_t>(first_[count_]) * kLanes, -1);
    for (int slot = 0; slot < kSlots; ++slot) slot_[next[bucket_of[slot]]++] = slot;
  }

  int count_;
  Header* header_;
  Block* center_;
  int32_t* first_;     // [buckets + 1]
  int32_t* slot_;      // [blocks, lanes]; -1 for none
  Block* unit_;        // [blocks]
  CoarseBlock* rough_;  // like unit_, where there are any
};
