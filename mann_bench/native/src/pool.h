// Memory that is given back to be taken again: fresh pages from the system would cost a tenth of a training step.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

class Pool {
  static constexpr size_t kCacheLine = 64, kHugePage = size_t{1} << 21;

 public:
  // At least `bytes`, aligned to a cache line, with unknown contents.
  void* take(size_t bytes) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto by_size = [](const Block& a, const Block& b) { return a.bytes < b.bytes; };
    const auto best = std::lower_bound(free_.begin(), free_.end(), Block{nullptr, bytes}, by_size);
    Block block{nullptr, bytes};
    if (best != free_.end()) {
      block = *best;
      free_.erase(best);
    } else {
      // Sequences got longer: what was enough so far is not enough now, and must not pile up.
      if (!free_.empty()) {
        std::free(free_.back().start);
        free_.pop_back();
      }
      const size_t alignment = bytes < kHugePage ? kCacheLine : kHugePage;
      block.bytes = (bytes + alignment - 1) / alignment * alignment;
      block.start = std::aligned_alloc(alignment, block.bytes);
      if (!block.start) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
      if (alignment == kHugePage) madvise(block.start, block.bytes, MADV_HUGEPAGE);
#endif
    }
    taken_.push_back(block);
    return block.start;
  }

  void give_back(void* start) {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto block = std::find_if(taken_.begin(), taken_.end(), [&](const Block& b) { return b.start == start; });
    const auto place = std::find_if(free_.begin(), free_.end(), [&](const Block& b) { return b.bytes >= block->bytes; });
    free_.insert(place, *block);
    taken_.erase(block);
  }

 private:
  struct Block {
    void* start;
    size_t bytes;
  };

  std::mutex mutex_;
  std::vector<Block> free_;  // smallest first
  std::vector<Block> taken_;
};

inline Pool& pool() {
  static Pool instance;
  return instance;
}

// A T in memory of the pool, for as long as the owner lives.
template <typename T>
class Pooled {
 public:
  template <typename... Arguments>
  explicit Pooled(Arguments&&... arguments) : value_(new (pool().take(sizeof(T))) T(arguments...)) {}
  Pooled(Pooled&& other) : value_(std::exchange(other.value_, nullptr)) {}
  ~Pooled() {
    if (value_) {
      value_->~T();
      pool().give_back(value_);
    }
  }

  T& operator*() const { return *value_; }
  T* operator->() const { return value_; }

 private:
  T* value_;
};
