// The sizes that a recurrence is compiled for, and how its memory lies.
#pragma once

#include <algorithm>
#include <cstddef>

#include "vector.h"

constexpr int kInputs = INPUT_SIZE;
constexpr int kUnits = CONTROLLER_SIZE;
constexpr int kSlots = MEMORY_SLOTS;
constexpr int kWidth = SLOT_WIDTH;
constexpr int kReadHeads = READ_HEADS;
constexpr float kClip = CLIP;  // zero for none

constexpr int kReads = kReadHeads * kWidth;
constexpr int kOutputs = kUnits + kReads;
constexpr float kNormFloor = 1e-20f;  // of addressing.py

constexpr int padded(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

constexpr int kPaddedSlots = padded(kSlots);
constexpr int kSlotVectors = kPaddedSlots / kLanes;

using Slots = float[kPaddedSlots];

// Memory of one sequence, transposed. Padding slots hold zero.
struct alignas(64) Memory {
  Slots column[kWidth];
};
