// The memory before the first step, which no step changes: what the rows are that a sequence has not visited.
#pragma once

#include "calls.h"
#include "sparse_arguments.h"
#include "sparse_buckets.h"

class Base {
 public:
  static constexpr ptrdiff_t kBlocks = whole_scans(kSlotVectors);

  // `most` is how many slots a sequence may visit; `buckets` are those of the rows, or null to search all of them.
  Base(const State& state, const Start& start, void* buckets, ptrdiff_t most, int threads)
      : state_(state),
        start_(start),
        buckets_(buckets),
        blocks_(start.rows_alike ? kScanVectors : buckets_.any() ? 0 : kBlocks),
        ordered_(start.ages_alike ? 0 : std::min<ptrdiff_t>(kSlots, most + kWriteHeads)),
        units_(start.sequences * blocks_),
        order_(start.sequences * (start.ages_alike ? 0 : kSlots)),
        rough_(coarse() ? start.sequences * blocks_ : 0) {
    const int chunk = 256, chunks = (blocks_ + chunk - 1) / chunk;
    const PooledArray<float> moves(start.sequences * chunks);
    parallel_for(start.sequences * chunks, threads, [&](int index) {
      const int s = index / chunks, first = index % chunks * chunk;
      moves[index] = 0.0f;
      for (int b = first; b < std::min<int>(first + chunk, blocks_); ++b) {
        set_block(s, b);
        const ptrdiff_t i = s * blocks_ + b;
        if (coarse()) moves[index] = std::max(moves[index], to_coarse(units_[i], rough_[i]));
      }
    });
    for (int i = 0; i < start.sequences * chunks; ++i) rows_move_ = std::max(rows_move_, moves[i]);
    if (!start.ages_alike) parallel_for(start.sequences, threads, [&](int s) { set_order(s); });
  }

  const Start& start() const { return start_; }
  bool shared() const { return start_.sequences == 1; }
  bool rows_alike() const { return start_.rows_alike; }
  // Those of the rows, which all sequences share; none where all rows are searched.
  const Buckets& buckets() const { return buckets_; }
  int sequence(int s) const { return shared() ? 0 : s; }

  const float* row(int s, int slot) const {
    return rows(s) + static_cast<ptrdiff_t>(rows_alike() ? 0 : slot) * kWidth;
  }
  int64_t age(int s, int slot) const {
    const ptrdiff_t first = static_cast<ptrdiff_t>(sequence(s)) * (start_.ages_alike ? 1 : kSlots);
    return state_.age[first + (start_.ages_alike ? 0 : slot)];
  }

  // Unit rows; of rows that are all alike, of some of them.
  const Block* units(int s) const { return &units_[sequence(s) * blocks_]; }
  ptrdiff_t blocks() const { return blocks_; }

  // The same in whole numbers, where a search is to go through these first, and how far that moves rows at most.
  bool coarse() const { return kCoarse && !rows_alike(); }
  const CoarseBlock* rough(int s) const { return &rough_[sequence(s) * blocks_]; }
  float rows_move() const { return rows_move_; }

  // The slot that comes i-th by its age, the oldest first.
  int by_age(int s, int i) const {
    return start_.ages_alike ? i : order_[static_cast<ptrdiff_t>(sequence(s)) * kSlots + i];
  }

 private:
  const float* rows(int s) const {
    return state_.memory + static_cast<ptrdiff_t>(sequence(s)) * (rows_alike() ? 1 : kSlots) * kWidth;
  }

  // Lanes beyond the last slot become NaN, which no score of a slot is.
  void set_block(int s, int b) const {
    Block& block = units_[s * blocks_ + b];
    const int first = b * kLanes, count = rows_alike() ? kLanes : std::clamp(kSlots - first, 0, kLanes);
    const float* from = rows(s) + static_cast<ptrdiff_t>(rows_alike() ? 0 : first) * kWidth;
    const int apart = rows_alike() ? 0 : kWidth;
    int w = 0;
    for (; count == kLanes && w + kLanes <= kWidth; w += kLanes) {
      Vector square[kLanes];
      UNROLL for (int i = 0; i < kLanes; ++i) square[i] = load(from + i * apart + w);
      transpose(square);
      UNROLL for (int i = 0; i < kLanes; ++i) store(block[w + i], square[i]);
    }
    for (; w < kWidth; ++w) {
      for (int i = 0; i < kLanes; ++i) block[w][i] = i < count ? from[i * apart + w] : NAN;
    }
    to_units(block);
  }

  void set_order(int s) const {
    const int64_t* age = state_.age + static_cast<ptrdiff_t>(s) * kSlots;
    int32_t* order = &order_[static_cast<ptrdiff_t>(s) * kSlots];
    for (int n = 0; n < kSlots; ++n) order[n] = n;
    const auto older = [&](int a, int b) { return age[a] != age[b] ? age[a] > age[b] : a < b; };
    if (ordered_ < kSlots) std::nth_element(order, order + ordered_, order + kSlots, older);
    std::sort(order, order + ordered_, older);
  }

  State state_;
  Start start_;
  Buckets buckets_;
  ptrdiff_t blocks_;
  ptrdiff_t ordered_;
  float rows_move_ = 0.0f;
  PooledArray<Block> units_;         // [sequences, blocks]
  PooledArray<int32_t> order_;       // [sequences, slots], the first `ordered_` of them in order
  PooledArray<CoarseBlock> rough_;   // like units_
};
