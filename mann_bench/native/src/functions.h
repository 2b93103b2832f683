// Elementary functions of a vector, to about one unit in the last place. NaN stays NaN.
#pragma once

#include <cmath>

#include "vector.h"

namespace detail {

constexpr float kLeastExponent = -87.0f;    // exp of less is below the smallest normal number
constexpr float kGreatestExponent = 88.0f;  // exp of more overflows

// exp(x) = power * (1 + rest), with power = 2^n and rest in [-0.3, 0.42].
struct Exponential {
  Vector power;
  Vector rest;
};

INLINE Exponential split_exp(Vector x) {
  x = clamp(x, kLeastExponent, kGreatestExponent);
  // Adding 1.5 * 2^23 leaves n, the nearest integer to x / log 2, in the lowest bits.
  const Vector shifted = x * 1.44269504f + 12582912.0f;
  const Vector n = shifted - 12582912.0f;
  // log 2 in two parts; n times the first is exact.
  const Vector r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  // The Taylor series to r^7; |r| <= log(2) / 2 leaves 6e-9.
  Vector p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  return {(Vector)(((Mask)shifted + 127) << 23), r * r * p + r};
}

}  // namespace detail

// Zero where the result would be subnormal; bounded above by exp(88).
INLINE Vector exponential(Vector x) {
  const auto [power, rest] = detail::split_exp(x);
  return keep_where(~(x < detail::kLeastExponent), power * rest + power);
}

// Natural logarithm of positive normal numbers.
INLINE Vector logarithm(Vector x) {
  // x = 2^n m with m in [sqrt(1/2), sqrt(2)).
  constexpr int32_t kRootOfHalf = 0x3f3504f3;
  const Mask bits = (Mask)x - kRootOfHalf;
  const Vector n = __builtin_convertvector(bits >> 23, Vector);
  const Vector m = (Vector)((bits & 0x7fffff) + kRootOfHalf);
  // log m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| < 0.172: the series to s^9 leaves 7e-10.
  const Vector s = (m - 1.0f) / (m + 1.0f), square = s * s;
  Vector p = square * (2.0f / 9) + 2.0f / 7;
  p = p * square + 2.0f / 5;
  p = p * square + 2.0f / 3;
  const Vector result = n * 0.693359375f + (s * 2.0f + (s * square * p - n * 2.12194440e-4f));
  return x == x ? result : x;
}

INLINE Vector sigmoid(Vector x) { return 1.0f / (1.0f + exponential(-x)); }

// -t / (2 + t) with t = exp(-2|x|) - 1, which keeps its relative accuracy near zero.
INLINE Vector hyperbolic_tangent(Vector x) {
  const Vector size = x < 0.0f ? -x : x;
  const auto [power, rest] = detail::split_exp(size * -2.0f);
  const Vector t = power * rest + (power - 1.0f);
  const Vector result = -t / (t + 2.0f);
  return x < 0.0f ? -result : result;
}

// log(1 + exp(x)) = max(x, 0) + log(1 + u) with u = exp(-|x|).
INLINE Vector softplus(Vector x) {
  const Vector u = exponential(x < 0.0f ? x : -x), y = u + 1.0f;
  // log(y) u / (y - 1) corrects for the rounding of y, to first order.
  const Vector tail = y == 1.0f ? u : logarithm(y) * u / (y - 1.0f);
  return maximum(x, Vector{}) + tail;
}

// 1 / sqrt(x) of positive numbers. The vector extension has no square root; compilers make one of the loop.
INLINE Vector inverse_root(Vector x) {
  Vector root;
  UNROLL for (int lane = 0; lane < kLanes; ++lane) root[lane] = __builtin_sqrtf(x[lane]);
  return 1.0f / root;
}

// (1 - share) start + share end, from whichever end is nearer: what is small there would drown in the other's
// rounding.
INLINE Vector interpolate(Vector start, Vector end, float share) {
  const Vector difference = end - start;
  return share < 0.5f ? start + share * difference : end - (1.0f - share) * difference;
}
