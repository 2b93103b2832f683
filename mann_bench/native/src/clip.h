// The clip of what a controller puts out, forward and backward.
#pragma once

#include "functions.h"
#include "sizes.h"

INLINE Vector clipped(Vector v) { return kClip > 0 ? clamp(v, -kClip, kClip) : v; }

// Zero where the clip holds the raw value; its ends let the gradient pass.
INLINE Vector unclipped_gradient(Vector raw, Vector gradient) {
  return kClip > 0 ? keep_where((raw >= -kClip) & (raw <= kClip), gradient) : gradient;
}
