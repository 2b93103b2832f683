// Memory that is given back to be taken again: fresh pages from the system would cost a tenth of a training step.
#pragma once

#include <algorithm>
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

// Blocks have sizes of a few kinds, eight to an octave, and each kind has a list of those that are free: a step of a sparse
// memory takes some hundred blocks, and one list of all sizes would cost more than the step.
class Pool {
 public:
  // At least `bytes`, aligned to a cache line, with unknown contents. A block of more than twice their kind's size is left
  // to those who need it.
  void* take(size_t bytes) {
    if (bytes > PTRDIFF_MAX / 2) throw OutOfMemory(bytes);
    const int kind = kind_of(bytes);
    const Guard guard(&mutex_);
    if (Block* block = first_free(kind, kind + kOctave)) return block + 1;
    // Sequences got longer: what was enough so far is not enough now, and must not pile up.
    std::free(first_free(std::max(0, kind - kOctave), kind - 1));
    Block* block = allocate(kind);
    if (!block) throw OutOfMemory(bytes);
    return block + 1;
  }

  void give_back(void* start) {
    const Guard guard(&mutex_);
    Block* block = static_cast<Block*>(start) - 1;
    block->next = std::exchange(free_[block->kind], block);
  }

 private:
  // Stands ahead of the memory that it describes.
  struct alignas(kCacheLine) Block {
    int kind;
    Block* next;
  };

  static constexpr int kOctave = 8, kKinds = 64 * kOctave;

  // The least kind of so many bytes: cache lines from 8 to 15, doubled once for every octave.
  static int kind_of(size_t bytes) {
    size_t lines = (bytes + kCacheLine - 1) / kCacheLine;
    int octaves = 0;
    for (; lines > 2 * kOctave; lines = (lines + 1) / 2) ++octaves;
    return kOctave * octaves + std::max(0, static_cast<int>(lines) - kOctave);
  }
  static size_t bytes_of(int kind) { return kCacheLine * (kOctave + kind % kOctave) << kind / kOctave; }

  static Block* allocate(int kind) {
    const size_t needed = sizeof(Block) + bytes_of(kind), alignment = needed < kHugePage ? kCacheLine : kHugePage;
    const size_t whole = (needed + alignment - 1) / alignment * alignment;
    void* start = std::aligned_alloc(alignment, whole);
    if (!start) return nullptr;
    prefer_large_pages(start, whole);
    return new (start) Block{kind, nullptr};
  }

  // Of the free blocks of some kinds, one of the first kind that has any; null for none. It is no longer free.
  Block* first_free(int first, int last) {
    for (int kind = first; kind <= last; ++kind) {
      if (free_[kind]) return std::exchange(free_[kind], free_[kind]->next);
    }
    return nullptr;
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  Block* free_[kKinds] = {};
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
