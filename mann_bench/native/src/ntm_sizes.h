// The sizes that an NTM is compiled for, and how its state and parameters lie in memory.
//
// Two layouts meet here. The controller works on kSequences sequences at once: a unit is a Row, the sequences
// are the vector axis. The memory works on one sequence at a time: its slots are the vector axis.
#pragma once

#include "products.h"

constexpr int kInputs = INPUT_SIZE;
constexpr int kUnits = CONTROLLER_SIZE;
constexpr int kSlots = MEMORY_SLOTS;
constexpr int kWidth = SLOT_WIDTH;
constexpr int kReadHeads = READ_HEADS;
constexpr int kWriteHeads = WRITE_HEADS;
constexpr int kReach = SHIFT_RANGE;
constexpr float kClip = CLIP;  // zero for none

constexpr int kHeads = kReadHeads + kWriteHeads;  // read heads come first
constexpr int kShifts = 2 * kReach + 1;
constexpr int kReads = kReadHeads * kWidth;
constexpr int kOutputs = kUnits + kReads;
constexpr float kNormFloor = 1e-20f;  // of addressing.py

// The same on every processor, so that Python need not know kLanes.
constexpr int kPaddedSlots = (kSlots + 15) / 16 * 16;
constexpr int kSlotVectors = kPaddedSlots / kLanes;

// The memory is kept every so many steps; backward computes the steps between anew.
#ifndef MEMORY_INTERVAL
#define MEMORY_INTERVAL 4
#endif
constexpr int kInterval = MEMORY_INTERVAL;

using Row = float[kSequences];
using Slots = float[kPaddedSlots];

// What the interface says to one head, and to all of them: its rows are these floats, in this order.
struct Head {
  float key[kWidth];
  float strength;
  float gate;
  float shift[kShifts];
  float sharpening;
};

struct Interface {
  Head head[kHeads];
  float erase[kWriteHeads][kWidth];
  float add[kWriteHeads][kWidth];
};

constexpr int kHeadRows = sizeof(Head) / sizeof(float);
constexpr int kInterfaceRows = sizeof(Interface) / sizeof(float);

// A head's rows within the interface's.
constexpr int kStrengthRow = kWidth, kGateRow = kWidth + 1, kShiftRow = kWidth + 2, kSharpeningRow = kHeadRows - 1;
constexpr int kEraseRow = kHeads * kHeadRows, kAddRow = kEraseRow + kWriteHeads * kWidth;

// What the controller meets at a time step: the state before the step, then what the step makes of it.
struct alignas(64) ControllerStep {
  Row input[kInputs];
  Row reads[kReads];
  Row hidden[kUnits];
  Row one[1];  // whose weight is the bias
  Row cell[kUnits];

  Row gates[4 * kUnits];  // input, forget, candidate, output, after their nonlinearities
  Row cell_tanh[kUnits];  // of the cell after the step
  Row raw[kInterfaceRows];
  Row interface[kInterfaceRows];  // clipped, and after the nonlinearities
  Row inverse_key_norm[kHeads];
};

constexpr int kSeenRows = kInputs + kReads + kUnits + 1;  // input, reads, hidden, one
constexpr int kStepFloats = sizeof(ControllerStep) / sizeof(float);

// The same for the heads of one sequence. Padding slots hold zero weight.
struct alignas(64) AddressingStep {
  Slots weighting[kHeads];

  Slots inverse_norm;  // of the memory's slots
  Slots cosine[kHeads];
  Slots content[kHeads];
  Slots shifted[kHeads];
};

// Memory of one sequence, transposed. Padding slots hold zero.
struct alignas(64) Memory {
  Slots column[kWidth];
};

// `value` with `padding` in the lanes of slot vector `v` that are padding slots.
INLINE Vector pad_slots(int v, Vector value, float padding) {
  if constexpr (kSlots == kPaddedSlots) return value;
  Mask slot;
  UNROLL for (int lane = 0; lane < kLanes; ++lane) slot[lane] = v * kLanes + lane;
  return slot < kSlots ? value : splat(padding);
}

// Call body(count, first) for blocks of `count` slot vectors, a compile-time constant of at most `most`.
template <int most, typename Body>
INLINE void over_slot_blocks(Body body) {
  constexpr int blocks = (kSlotVectors + most - 1) / most, size = (kSlotVectors + blocks - 1) / blocks;
  constexpr int full = kSlotVectors / size, rest = kSlotVectors % size;
  for (int block = 0; block < full; ++block) body(std::integral_constant<int, size>{}, block * size);
  if constexpr (rest > 0) body(std::integral_constant<int, rest>{}, full * size);
}
