// The sizes of a controller of one LSTM layer, where a few sequences go through time together.
#pragma once

#include "sizes.h"

constexpr int kSeen = kInputs + kReads + kUnits;  // by the controller: input, reads and its hidden activation
constexpr int kPaddedUnits = padded(kUnits);
constexpr int kGateFloats = 4 * kPaddedUnits;
