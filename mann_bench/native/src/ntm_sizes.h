// The sizes that an NTM is compiled for, and how its state and parameters lie in memory.
//
// Two layouts meet here. The controller works on kSequences sequences at once: a unit is a Row, the sequences
// are the vector axis. The memory works on one sequence at a time: its slots are the vector axis.
#pragma once

#include "products.h"
#include "sizes.h"

constexpr int kWriteHeads = WRITE_HEADS;
constexpr bool kLocates = LOCATES;  // heads move from their weightings of the step before, or go by content alone
constexpr int kReach = SHIFT_RANGE;
constexpr bool kPower = SHARPENS_AS_POWER;  // or in log space

constexpr int kHeads = kReadHeads + kWriteHeads;  // read heads come first
constexpr int kShifts = 2 * kReach + 1;
constexpr int kCarriedSlots = kLocates ? kSlots : 0;  // of a weighting that the next step builds on

constexpr int kLayers = CONTROLLER_LAYERS;
constexpr bool kLstm = LSTM;                        // or a feedforward controller, whose units are tanh
constexpr int kSums = (kLstm ? 4 : 1) * kUnits;     // that a layer makes of what it sees
constexpr int kCarried = kLstm ? kUnits : 0;        // units that it sees again at the next step
constexpr int kSeen = kInputs + kReads + kCarried;  // by the lowest layer: input, reads, its own carried units
constexpr int kUpperSeen = kUnits + kCarried;       // by one above: the hidden units below, its own carried ones
constexpr int kCellRows = kLstm ? kUnits : 1;       // there is no array of none

// The memory is kept every so many steps; backward writes those between again.
#ifndef MEMORY_INTERVAL
#define MEMORY_INTERVAL 16
#endif
constexpr int kInterval = MEMORY_INTERVAL;

using Row = float[kSequences];

// What the interface says to one head, and to all of them: its rows are these floats, in this order.
struct Head {
  float key[kWidth];
  float strength;
#if LOCATES
  float gate;
  float shift[kShifts];
  float sharpening;
#endif
};

struct Interface {
  Head head[kHeads];
  float erase[kWriteHeads][kWidth];
  float add[kWriteHeads][kWidth];
};

// The part of it that changes the memory.
struct Change {
  float erase[kWriteHeads][kWidth];
  float add[kWriteHeads][kWidth];
};

constexpr int kHeadRows = sizeof(Head) / sizeof(float);
constexpr int kInterfaceRows = sizeof(Interface) / sizeof(float);
constexpr int kChangeRows = sizeof(Change) / sizeof(float);

// A head's rows within the interface's.
constexpr int kStrengthRow = kWidth, kGateRow = kWidth + 1, kShiftRow = kWidth + 2, kSharpeningRow = kHeadRows - 1;
constexpr int kEraseRow = kHeads * kHeadRows, kAddRow = kEraseRow + kWriteHeads * kWidth;

// What a layer of the controller meets at a time step: its state before the step, then what the step makes of it.
struct Layer {
  Row hidden[kUnits];
  Row one[1];
  Row cell[kCellRows];

  Row sums[kSums];           // of an LSTM made the gates in place: input, forget, candidate, output
  Row cell_tanh[kCellRows];  // of the cell after the step
};

// What the controller meets at a time step.
//
// Products want what they see in a row, with a one whose weight is the bias: the lowest layer of LSTM units sees from
// the input to its one, a feedforward one from the first one to the reads; what is above a layer, another layer or the
// interface, sees its hidden units and its one.
struct alignas(64) ControllerStep {
  Row first_one[1];
  Row input[kInputs];
  Row reads[kReads];
  Layer layer[kLayers];

  Row raw[kInterfaceRows];
  Row interface[kInterfaceRows];  // clipped, and after the nonlinearities
  Row inverse_key_norm[kHeads];
};

constexpr int kSeenRows = kSeen + 1;  // with the one
constexpr int kBiasColumn = kLstm ? kSeen : 0, kFirstColumn = kLstm ? 0 : 1;  // of the controller's weights
constexpr int kStepFloats = sizeof(ControllerStep) / sizeof(float);

// The layers' weights lie side by side, the lowest one's first, and so do their activations in a state.
constexpr int upper_column(int layer) { return kSeen + (layer - 1) * kUpperSeen; }
constexpr int kControllerColumns = upper_column(kLayers);
constexpr int kControllerState = kLayers * kCarried;

// The heads' weightings of one sequence before a time step. Padding slots hold zero weight.
struct alignas(64) AddressingStep {
  Slots weighting[kHeads];
};

// What leads from a memory to the weightings; backward computes it anew.
struct alignas(64) Addressing {
  Slots inverse_norm;  // of the memory's slots
  Slots cosine[kHeads];
#if LOCATES
  Slots content[kHeads];
  Slots shifted[kHeads];
#endif
};
