// One vector of floats, as wide as the processor's registers, in the compilers' portable vector extension.
//
// Arithmetic and comparisons are the language's own operators, lane by lane. Selections are written so that
// NaN, for which every comparison is false, comes out as NaN.
#pragma once

#include <cstdint>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#include <xmmintrin.h>
#endif

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX__)
constexpr int kLanes = 8;
#else
constexpr int kLanes = 4;
#endif

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

// Loops over arrays of vectors must be unrolled in full, or the arrays stay in memory.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

#define INLINE inline __attribute__((always_inline))
#define INLINE_BODY __attribute__((always_inline))  // of a lambda

typedef float Vector __attribute__((vector_size(sizeof(float) * kLanes)));
typedef int32_t Mask __attribute__((vector_size(sizeof(float) * kLanes)));
typedef float UnalignedVector __attribute__((vector_size(sizeof(float) * kLanes), aligned(4), may_alias));

INLINE Vector load(const float* from) { return *reinterpret_cast<const UnalignedVector*>(from); }
INLINE void store(float* to, Vector v) { *reinterpret_cast<UnalignedVector*>(to) = v; }
INLINE Vector splat(float x) { return x - Vector{}; }

INLINE Vector maximum(Vector v, Vector other) { return v < other ? other : v; }
INLINE Vector minimum(Vector v, Vector other) { return v > other ? other : v; }
INLINE Vector clamp(Vector v, float low, float high) { return minimum(maximum(v, splat(low)), splat(high)); }
INLINE Vector keep_where(Mask mask, Vector v) { return (Vector)(mask & (Mask)v); }

// Lanes of `a` and `b` in any order: an index below kLanes picks from `a`, one from kLanes on from `b`.
template <int... index>
INLINE Vector shuffle(Vector a, Vector b) {
#if defined(__clang__)
  return __builtin_shufflevector(a, b, index...);
#else
  return __builtin_shuffle(a, b, Mask{index...});
#endif
}

namespace detail {

template <int distance, int... lane>
INLINE Vector rotate(Vector v, std::integer_sequence<int, lane...>) {
  return shuffle<(lane + distance) % kLanes...>(v, v);
}

// Lane i holds a[i] + a[i ^ bit] where i has `bit` clear, b[i] + b[i ^ bit] where it is set.
template <int bit, int... lane>
INLINE Vector add_pairs(Vector a, Vector b, std::integer_sequence<int, lane...>) {
  return shuffle<(lane & bit ? lane + kLanes : lane)...>(a, b) +
         shuffle<(lane & bit ? (lane ^ bit) + kLanes : lane ^ bit)...>(a, b);
}

template <int distance>
INLINE Vector fold(Vector v, Vector (*combine)(Vector, Vector)) {
  if constexpr (distance == 0) {
    return v;
  } else {
    constexpr auto lanes = std::make_integer_sequence<int, kLanes>{};
    return fold<distance / 2>(combine(v, rotate<distance>(v, lanes)), combine);
  }
}

template <int bit>
INLINE void fold_all(Vector* v) {
  if constexpr (bit > 0) {
    UNROLL for (int i = 0; i < bit; ++i) {
      v[i] = add_pairs<bit>(v[i], v[i + bit], std::make_integer_sequence<int, kLanes>{});
    }
    fold_all<bit / 2>(v);
  }
}

INLINE Vector plus(Vector a, Vector b) { return a + b; }

// Exchange the lanes of `a` that have `bit` set for those of `b` that have it clear.
template <int bit, int... lane>
INLINE void exchange(Vector& a, Vector& b, std::integer_sequence<int, lane...>) {
  const Vector low = shuffle<(lane & bit ? (lane ^ bit) + kLanes : lane)...>(a, b);
  b = shuffle<(lane & bit ? lane + kLanes : lane ^ bit)...>(a, b);
  a = low;
}

template <int bit>
INLINE void exchange_all(Vector* v) {
  if constexpr (bit > 0) {
    UNROLL for (int i = 0; i < kLanes; ++i) {
      if (!(i & bit)) exchange<bit>(v[i], v[i | bit], std::make_integer_sequence<int, kLanes>{});
    }
    exchange_all<bit / 2>(v);
  }
}

}  // namespace detail

INLINE float sum(Vector v) { return detail::fold<kLanes / 2>(v, detail::plus)[0]; }
INLINE float largest(Vector v) { return detail::fold<kLanes / 2>(v, maximum)[0]; }

// The sums of kLanes vectors at a fraction of the cost of one after the other: lane i is the sum of v[i].
// Uses up `v`.
INLINE Vector sums(Vector (&v)[kLanes]) {
  detail::fold_all<kLanes / 2>(v);
  return v[0];
}

// Lane j of v[i] becomes lane i of v[j].
INLINE void transpose(Vector (&v)[kLanes]) { detail::exchange_all<kLanes / 2>(v); }

// While it lives, this thread takes subnormal numbers for zero: some processors need 100 cycles for each,
// and a focused weighting is full of them.
class FlushSubnormals {
 public:
#if defined(__x86_64__) || defined(__i386__)
  FlushSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~FlushSubnormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif defined(__aarch64__)
  FlushSubnormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
    __asm__ volatile("msr fpcr, %0" : : "r"(before_ | (uint64_t{1} << 24)));
  }
  ~FlushSubnormals() { __asm__ volatile("msr fpcr, %0" : : "r"(before_)); }

 private:
  uint64_t before_;
#endif
};
