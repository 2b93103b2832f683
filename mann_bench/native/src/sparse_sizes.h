// The sizes that a SAM or an SDNC is compiled for, and what belongs to a sequence and a step.
//
// A SAM's heads read and write, each for itself. An SDNC has links between slots, and one head that writes where all
// heads have read.
#pragma once

#include "group_sizes.h"

constexpr int kNeighbours = NEIGHBOURS;
constexpr int kLinks = LINKS;  // of a slot to others, each way; none in a SAM
constexpr bool kLinked = kLinks > 0;
constexpr int kWriteHeads = kLinked ? 1 : kReadHeads;

constexpr int kVisits = kReadHeads * kNeighbours;  // slots that all heads read in a step
constexpr int kReused = kVisits / kWriteHeads;     // of these, the ones that a write head writes to next
constexpr int kWrites = kVisits + kWriteHeads;     // those, and the unused ones
constexpr int kFirstRows = kVisits + kLinks;       // that a first state tells of
constexpr int kFurtherRows = kWrites + (kLinked ? kVisits : 0);  // a step may visit, by content and by links
constexpr float kAccessThreshold = 0.005f;         // of sparse.py

// Sequences that go through time together: as many as share a load of a weight, or of a slot, to advantage.
constexpr int kGroup = 4;

// The interface, a row of numbers. A SAM's has a key, its strength, a word and two gates a head; an SDNC's has all
// keys, strengths and read modes, then what its one write head is told.
constexpr int kHeadFloats = 2 * kWidth + 3;
constexpr int kKeyApart = kLinked ? kWidth : kHeadFloats;
constexpr int kStrengthAt = kLinked ? kReads : kWidth, kStrengthApart = kLinked ? 1 : kHeadFloats;
constexpr int kModeAt = kReads + kReadHeads;
constexpr int kWordAt = kLinked ? kReads + 4 * kReadHeads : kWidth + 1;
constexpr int kWriteGateAt = kWordAt + kWidth, kInterpolationAt = kWriteGateAt + 1;
constexpr int kInterface = kLinked ? kInterpolationAt + 1 : kReadHeads * kHeadFloats;
constexpr int kInterfaceFloats = padded(kInterface) + kLanes;  // vectors may reach beyond the last value

// One number a slot, for the slots that all heads read, a head after the other.
using PerVisit = float[kVisits];

// Slots, by their places among the visited rows, and their weights.
struct Visits {
  int32_t place[kVisits];
  PerVisit weight;
};

// What the links add to a step's tape: where the content alone leads, and how much of each slot read comes from each
// slot read before. Backward and forward in time, in the order of the read modes.
struct LinkedStep {
  Visits content;
  float followed[2][kReadHeads][kNeighbours][kNeighbours];  // [.., read before, read now]
};
struct NoStep {};

// One sequence at one time step: the state before the step, then what the step makes of it.
struct alignas(64) Step {
  float input[kInputs];
  float reads[kReads];
  float hidden[kPaddedUnits];
  alignas(64) float cell[kPaddedUnits];
  Visits read;

  alignas(64) float gates[4][kPaddedUnits];  // input, forget, candidate, output, after their nonlinearities
  float cell_tanh[kPaddedUnits];
  float raw[kInterfaceFloats];
  PerVisit cosine;                // of keys and the slots most like them
  int32_t unused[kWriteHeads];    // places of the least recently used slots
  int32_t changes;                // rows that the step changed
  int32_t changed[kWrites];       // their places
  float before[kWrites][kWidth];  // what they held: a write is undone by putting it back
  std::conditional_t<kLinked, LinkedStep, NoStep> linked;
};
