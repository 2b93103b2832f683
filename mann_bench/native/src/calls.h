// What the functions that Python calls have in common: threads, and an answer where memory runs out.
#pragma once

#include <atomic>
#include <cstdint>

#include "pool.h"
#include "vector.h"

// Call body(index) for every index below `count`, on so many threads.
template <typename Body>
void parallel_for(int count, [[maybe_unused]] int threads, Body body) {
  std::atomic<size_t> lacking{0};
#pragma omp parallel for num_threads(threads) schedule(dynamic) if (threads > 1)
  for (int index = 0; index < count; ++index) {
    const FlushSubnormals flush;
    // What leaves a thread of its own would end the process.
    try {
      if (!lacking) body(index);
    } catch (const OutOfMemory& error) {
      lacking = error.bytes;
    }
  }
  if (lacking) throw OutOfMemory(lacking);
}

// Call body(); return 0, or how many bytes it asked for in vain.
template <typename Body>
int64_t bytes_lacking(Body body) {
  try {
    body();
  } catch (const OutOfMemory& error) {
    return static_cast<int64_t>(error.bytes);
  }
  return 0;
}

// Memory for a tape; null where there is none.
EXPORTED inline void* pool_take(ptrdiff_t bytes) {
  void* start = nullptr;
  bytes_lacking([&] { start = pool().take(bytes); });
  return start;
}

EXPORTED inline void pool_give_back(void* start) { pool().give_back(start); }
