// The sizes that a DNC is compiled for, and how its state and parameters lie in memory.
//
// All that belongs to a sequence lies together: a few sequences go through time at once, so that their links
// stay in cache, and share each load of a weight. Vectors run over the units and over the slots.
#pragma once

#include "group_sizes.h"

constexpr bool kMasked = MASKED, kDeallocation = DEALLOCATION, kSharpened = SHARPENED;
constexpr float kUsageFloor = 1e-6f;  // of dnc_memory.py

// Sequences that go through time together: as many as share a load of a weight to advantage, and as few as
// keep their links in a cache of a megabyte or so.
constexpr int kGroup = std::clamp((1 << 18) / (kPaddedSlots * kPaddedSlots), 1, 4);

// Steps from one stored link to the next: more of them the further from the processor the link has to be stored.
#ifdef LINK_INTERVAL
constexpr int kLinkInterval = LINK_INTERVAL;
#else
constexpr int kLinkInterval = kPaddedSlots <= 128 ? 1 : kPaddedSlots <= 700 ? 2 : 4;
#endif

using KeyNorms = float[kReadHeads + 1];  // of the read keys, then the write key

// What the interface says to the memory: the interface's outputs in their order. Of switches that are off there are
// arrays of none, an extension that GCC and Clang share.
struct Interface {
  float read_key[kReadHeads][kWidth];
  float read_strength[kReadHeads];
  float write_key[kWidth];
  float write_strength;
  float erase[kWidth];
  float write_vector[kWidth];
  float free_gate[kReadHeads];
  float allocation_gate;
  float write_gate;
  float read_mode[kReadHeads][3];  // shares of the backward, content and forward weighting
  float read_mask[kMasked ? kReadHeads : 0][kWidth];
  float write_mask[kMasked ? kWidth : 0];
  float forward_exponent[kSharpened ? kReadHeads : 0];
  float backward_exponent[kSharpened ? kReadHeads : 0];
};

constexpr int kInterface = sizeof(Interface) / sizeof(float);
constexpr int kInterfaceFloats = padded(kInterface) + kLanes;  // vectors may reach beyond the last value

// What a sequence's memory brings along from step to step, besides its matrices. Padding slots hold zero.
struct Weightings {
  Slots read[kReadHeads];
  Slots write;
  Slots usage;
  Slots precedence;
};

// One sequence at one time step: the state before the step, then what the step makes of it.
struct alignas(64) Step {
  float input[kInputs];
  float reads[kReads];
  float hidden[kPaddedUnits];
  alignas(64) float cell[kPaddedUnits];
  Weightings weightings;
  Slots inverse_norm;  // of the memory's slots

  float gates[4][kPaddedUnits];   // input, forget, candidate, output, after their nonlinearities
  float cell_tanh[kPaddedUnits];  // of the cell after the step, before its clip
  float raw[kInterfaceFloats];
  union {
    Interface interface;  // clipped, and after the nonlinearities
    float interface_floats[kInterfaceFloats];
  };
  KeyNorms inverse_key_norm;

  alignas(64) int32_t free_list[kPaddedSlots];  // slots in the order of rising usage
  Slots usage_ahead;                            // for each slot, the product of the usages before it in the list
  Slots write_cosine;
  Slots write_content;
  Slots read_cosine[kReadHeads];
  Slots read_content[kReadHeads];
  Slots forward[kReadHeads];
  Slots backward[kReadHeads];
  Slots sharp_forward[kSharpened ? kReadHeads : 0];
  Slots sharp_backward[kSharpened ? kReadHeads : 0];
  Slots masked_inverse_norm[kMasked ? kReadHeads + 1 : 0];  // of slots under the masks of read keys, then write key
};

// Entry [i, j] is to what degree slot i was written after slot j. Padding slots hold zero.
//
// A pass takes a panel of columns after the other, so that all it needs of these slots stays in the first cache, and
// in a panel a few rows at a time: a tile of these rows and one slot vector lies in a row.
struct Link {
  static constexpr int kRows = std::min(kLanes, 8);
  static constexpr int kPanel = std::min(kPaddedSlots, 256);

  alignas(64) float entries[kPaddedSlots * kPaddedSlots];

  // The vector of row `i` from column `j` on, a multiple of kLanes; that of the next row of the tile comes after it.
  static constexpr int index(int i, int j) {
    const int panel = j / kPanel * kPanel, width = std::min(kPanel, kPaddedSlots - panel), first = i / kRows * kRows;
    return panel * kPaddedSlots + first * width + (j - panel) * kRows + i % kRows * kLanes;
  }
};

struct alignas(64) Matrices {
  Memory memory;
  Link link;
};
