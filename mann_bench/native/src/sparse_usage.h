// Which slots of a sequence were not accessed for longest: a list in the order of their last accesses, O(1) an access.
//
// Slots that no step has accessed come first, in the order of the start. The others follow in a linked list.
#pragma once

#include "sparse_base.h"

class Usage {
 public:
  // Numbers that it needs for `most` visited rows.
  static ptrdiff_t numbers(ptrdiff_t most) { return 3 * most + 2; }

  void start(const Base& base, int sequence, int32_t* numbers, ptrdiff_t most) {
    base_ = &base;
    sequence_ = sequence;
    next_ = numbers;
    previous_ = next_ + most + 1;
    accessed_at_ = previous_ + most + 1;
    end_ = static_cast<int32_t>(most);
    next_[end_] = previous_[end_] = end_;
    ahead_ = waiting_ = 0;
  }

  void add(int place) { accessed_at_[place] = kNever; }

  // Call take(j, slot) for the slots that the write heads get.
  template <typename IsUntouched, typename Take>
  void least_recent(const Rows& rows, IsUntouched is_untouched, Take take) {
    for (; waiting_ < kWriteHeads && ahead_ < kSlots; ++ahead_) {
      const int slot = base_->by_age(sequence_, ahead_);
      if (is_untouched(slot)) window_[waiting_++] = slot;
    }
    int j = 0;
    for (; j < waiting_; ++j) take(j, window_[j]);
    for (int place = next_[end_]; j < kWriteHeads; ++j, place = next_[place]) take(j, rows.slot(place));
  }

  // Slots that are accessed at the same step are to come in rising order.
  void access(int place, int slot, int t) {
    if (accessed_at_[place] == kNever) {
      waiting_ = static_cast<int>(std::remove(window_, window_ + waiting_, slot) - window_);
    } else {
      next_[previous_[place]] = next_[place];
      previous_[next_[place]] = previous_[place];
    }
    next_[place] = end_;
    previous_[place] = previous_[end_];
    next_[previous_[end_]] = place;
    previous_[end_] = place;
    accessed_at_[place] = t;
  }

  bool was_accessed(int place) const { return accessed_at_[place] != kNever; }
  int accessed_at(int place) const { return accessed_at_[place]; }

 private:
  static constexpr int kNever = -1;

  const Base* base_ = nullptr;
  int sequence_ = 0;
  int32_t* next_ = nullptr;      // of a place; that of `end_` is the least recent one
  int32_t* previous_ = nullptr;
  int32_t* accessed_at_ = nullptr;
  int32_t end_ = 0;
  int ahead_ = 0;                // how far the order of the start has been gone through
  int window_[kWriteHeads];      // the first slots of it that no step has accessed
  int waiting_ = 0;
};
