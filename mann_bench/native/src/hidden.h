// To be included after headers of the system and before all others: hides what follows from other libraries.
// Large headers cost every build dear: <immintrin.h> and <mutex> would be a sixth of its time.
//
// Two libraries, for two sizes, have constants of one name; seen from outside, these would become one constant.
#pragma once

#include <algorithm>
#include <atomic>
#include <cfloat>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <pthread.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#pragma GCC visibility push(hidden)

// A function that Python calls.
#define EXPORTED extern "C" __attribute__((visibility("default"), used))
