// To be included first: hides what follows from other libraries, but for the system's own headers.
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
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#pragma GCC visibility push(hidden)

// A function that Python calls.
#define EXPORTED extern "C" __attribute__((visibility("default"), used))
