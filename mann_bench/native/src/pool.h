// Memory that is given back to be taken again: fresh pages from the system would cost a tenth of a training step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include <pthread.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

// So many bytes were asked for, and are not to be had.
struct OutOfMemory : std::bad_alloc {
  explicit OutOfMemory(size_t bytes) : bytes(bytes) {}
  size_t bytes;
};

constexpr size_t kCacheLine = 64, kHugePage = size_t{1} << 21;

// Ask for large pages: the system hands out 50 MB in small ones as slowly as a quarter of all arithmetic.
inline void prefer_large_pages([[maybe_unused]] void* start, [[maybe_unused]] size_t bytes) {
#if defined(MADV_HUGEPAGE)
  const uintptr_t address = reinterpret_cast<uintptr_t>(start);
  const uintptr_t first = (address + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = (address + bytes) / kHugePage * kHugePage;
  // Where it is refused, all goes on with small pages.
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}

class Guard {
 public:
  explicit Guard(pthread_mutex_t* mutex) : mutex_(mutex) { pthread_mutex_lock(mutex_); }
  Guard(const Guard&) = delete;
  ~Guard() { pthread_mutex_unlock(mutex_); }

 private:
  pthread_mutex_t* mutex_;
};

class Pool {
 public:
  // At least `bytes`, aligned to a cache line, with unknown contents. A block of more than twice as many is left to
  // those who need it.
  void* take(size_t bytes) {
    const Guard guard(&mutex_);
    Block** best = place_for(bytes);
    if (*best && (*best)->bytes / 2 <= bytes) return remove(best) + 1;
    drop_outgrown(bytes);
    Block* block = allocate(bytes);
    return block + 1;
  }

  void give_back(void* start) {
    const Guard guard(&mutex_);
    Block* block = static_cast<Block*>(start) - 1;
    Block** place = place_for(block->bytes);
    block->next = *place;
    *place = block;
  }

 private:
  // Stands ahead of the memory that it describes.
  struct alignas(kCacheLine) Block {
    size_t bytes;
    Block* next;
  };

  static Block* allocate(size_t bytes) {
    const size_t alignment = bytes < kHugePage ? kCacheLine : kHugePage;
    if (bytes > PTRDIFF_MAX - sizeof(Block) - alignment) throw OutOfMemory(bytes);
    const size_t whole = (sizeof(Block) + bytes + alignment - 1) / alignment * alignment;
    void* start = std::aligned_alloc(alignment, whole);
    if (!start) throw OutOfMemory(bytes);
    prefer_large_pages(start, whole);
    return new (start) Block{whole - sizeof(Block), nullptr};
  }

  // Of the blocks that nobody has, the smallest one of so many bytes.
  Block** place_for(size_t bytes) {
    Block** place = &free_;
    while (*place && (*place)->bytes < bytes) place = &(*place)->next;
    return place;
  }

  static Block* remove(Block** place) { return std::exchange(*place, (*place)->next); }

  // Sequences got longer: what was enough so far is not enough now, and must not pile up.
  void drop_outgrown(size_t bytes) {
    Block** place = place_for(bytes / 2);
    if (*place && (*place)->bytes < bytes) std::free(remove(place));
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Block* free_ = nullptr;  // smallest first
};

inline Pool& pool() {
  static Pool instance;
  return instance;
}

// So many Ts in memory of the pool, for as long as the owner lives, with unknown contents. T needs no constructor
// and no destructor.
template <typename T>
class PooledArray {
 public:
  explicit PooledArray(size_t count) : first_(static_cast<T*>(pool().take(count * sizeof(T)))) {}
  PooledArray(const PooledArray&) = delete;
  ~PooledArray() { pool().give_back(first_); }

  T& operator[](size_t index) const { return first_[index]; }

 private:
  T* first_;
};

// One T, constructed.
template <typename T>
class Pooled {
 public:
  template <typename... Arguments>
  explicit Pooled(Arguments&&... arguments) : memory_(1) {
    new (&memory_[0]) T(arguments...);
  }
  ~Pooled() { memory_[0].~T(); }

  T& operator*() const { return memory_[0]; }
  T* operator->() const { return &memory_[0]; }

 private:
  PooledArray<T> memory_;
};
