// The state that Python passes, and the tape between the passes.
#pragma once

#include "arguments.h"
#include "sparse_sizes.h"

// A state or its gradients; of as many sequences as the batch, or one that stands for the same of every sequence.
struct State {
  float* hidden;         // [B, units]
  float* cell;           // [B, units]
  float* reads;          // [B, read heads, width]
  int64_t* read_slots;   // [B, read heads, neighbours]
  float* read_weights;   // like read_slots
  int64_t* age;          // [B, slots], steps since each slot was accessed
#if LINKS
  int64_t* predecessors;        // [B, slots, links]
  float* predecessor_weights;   // like predecessors
  int64_t* successors;          // [B, slots, links]
  float* successor_weights;     // like successors
  int64_t* precedence;          // [B, 1, links]
  float* precedence_weights;    // like precedence
#endif
  float* memory;         // [B, slots, width]
};

// What a first state tells of itself: where all slots are alike, it has one for all of them.
struct Start {
  int sequences;
  int rows_alike;  // memory is [B, 1, width]
  int ages_alike;  // age is [B, 1]
  int links_alike;  // predecessors and successors are [B, 1, links]
};

// Of the rows of a sequence that it has visited, in the order of its first visits, their slots and what they hold. All
// other rows are as at the start.
class Rows {
 public:
  Rows(void* start, ptrdiff_t most)
      : count_(static_cast<int32_t*>(start)),
        slot_(count_ + kHeader),
        row_(reinterpret_cast<float*>(slot_ + most)) {}

  // Steps may visit so many rows, rounded up.
  static ptrdiff_t most(ptrdiff_t steps) {
    const ptrdiff_t rows = std::min<ptrdiff_t>(kSlots, kFirstRows + steps * kFurtherRows);
    return (rows + kRounded - 1) / kRounded * kRounded;
  }
  static ptrdiff_t bytes(ptrdiff_t most) { return sizeof(int32_t) * (kHeader + most) + sizeof(float) * kWidth * most; }

  int32_t& count() const { return *count_; }
  int32_t& slot(int place) const { return slot_[place]; }
  float* row(int place) const { return row_ + static_cast<ptrdiff_t>(place) * kWidth; }

  // Put the rows where they belong in a memory, [slots, width].
  void put(float* memory) const {
    for (int place = 0; place < count(); ++place) {
      std::copy_n(row(place), kWidth, memory + static_cast<ptrdiff_t>(slot(place)) * kWidth);
    }
  }

  static constexpr ptrdiff_t kRounded = 16;

 private:
  static constexpr ptrdiff_t kHeader = 16;

  int32_t* count_;
  int32_t* slot_;
  float* row_;
};

// What the steps leave for backward: [B, moments] steps and the rows of every sequence. There are steps + 1 moments,
// the last one with a state only; without backward two take turns.
class Tape {
 public:
  Tape(void* start, int steps, int batch, bool kept)
      : steps_(static_cast<Step*>(start)),
        moments_(kept ? steps + 1 : 2),
        rows_(reinterpret_cast<char*>(steps_ + batch * moments_)),
        most_(Rows::most(steps)) {}

  Step& at(int sequence, int t) const { return steps_[sequence * moments_ + t % moments_]; }
  Rows rows(int sequence) const { return Rows(rows_ + sequence * Rows::bytes(most_), most_); }
  ptrdiff_t most_rows() const { return most_; }

 private:
  Step* steps_;
  ptrdiff_t moments_;
  char* rows_;
  ptrdiff_t most_;
};
