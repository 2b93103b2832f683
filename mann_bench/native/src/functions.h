// Elementary functions of a vector, to about one unit in the last place. NaN stays NaN.
#pragma once

#include <cfloat>
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

// Adding 1.5 * 2^23 leaves the nearest integer to x / log 2 in the lowest bits.
constexpr float kShift = 12582912.0f;
INLINE Vector shifted_integer(Vector x) { return x * 1.44269504f + kShift; }

// exp(r) times 2^(n + scale), with n in the lowest bits of `shifted`.
INLINE Exponential exp_of(Vector r, Vector shifted, int scale = 0) {
  // The Taylor series to r^7; |r| <= log(2) / 2 leaves 6e-9.
  Vector p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  return {(Vector)(((Mask)shifted + (127 + scale)) << 23), r * r * p + r};
}

INLINE Exponential split_exp(Vector x) {
  x = clamp(x, kLeastExponent, kGreatestExponent);
  const Vector shifted = shifted_integer(x), n = shifted - kShift;
  // log 2 in two parts; n times the first is exact.
  return exp_of((x - n * 0.693359375f) + n * 2.12194440e-4f, shifted);
}

// log(x) = exact + small, and `exact` has 16 bits.
struct Logarithm {
  Vector exact;
  Vector small;
};

INLINE Logarithm split_log(Vector x) {
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
  return {n * 0.693359375f, s * 2.0f + (s * square * p - n * 2.12194440e-4f)};
}

}  // namespace detail

// Zero where the result would be subnormal; bounded above by exp(88).
INLINE Vector exponential(Vector x) {
  const auto [power, rest] = detail::split_exp(x);
  return keep_where(~(x < detail::kLeastExponent), power * rest + power);
}

// Natural logarithm of positive normal numbers.
INLINE Vector logarithm(Vector x) {
  const auto [exact, small] = detail::split_log(x);
  const Vector result = exact + small;
  return x == x ? result : x;
}

// base^exponent 2^64, for a base from 0 to little more than 1 and an exponent from 0 up. It is zero where base^exponent
// would be in float32, subnormal numbers included, and exact where these have few bits left. A subnormal base is zero.
constexpr float kPowerScale = 0x1p64f, kRootOfScale = 0x1p32f;
INLINE Vector scaled_power(Vector base, float exponent) {
  constexpr float least = -103.972077f, greatest = 40.0f;  // exp(least) = 2^-150, half of the smallest number
  const auto [exact, small] = detail::split_log(maximum(base, splat(FLT_MIN)));
  // exponent log(base) in two parts: the first one, times 8 bits of the exponent, is exact.
  const Vector all = splat(exponent), few = (Vector)((Mask)all & int32_t(0xffff0000));
  const Vector most = few * exact, rest = (all - few) * exact + all * small;
  const Vector x = most + rest, shifted = detail::shifted_integer(clamp(x, least, greatest));
  const Vector n = shifted - detail::kShift;
  const auto [power, share] = detail::exp_of(((most - n * 0.693359375f) + rest) + n * 2.12194440e-4f, shifted, 64);
  const Mask zero = (x < least) | ((base < FLT_MIN) & (all != 0.0f));
  return base == base ? keep_where(~zero, power * share + power) : base;
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
