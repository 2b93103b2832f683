// Which slots are in use, and where a write to a free slot goes; one sequence, forward and backward.
//
// Graves et al. 2016, Methods, "Dynamic memory allocation". Names follow dnc_memory.py.
#pragma once

#include <cstring>

#include "dnc_sizes.h"
#include "slots.h"

// psi = prod_h (1 - f_h r_h): what is kept of each slot; without the factor of head `without`, if any.
INLINE Vector retention(const Interface& parameters, const Slots* read_weighting, int i, int without = -1) {
  Vector kept = splat(1.0f);
  UNROLL for (int h = 0; h < kReadHeads; ++h) {
    if (h != without) kept *= 1.0f - parameters.free_gate[h] * load(read_weighting[h] + i);
  }
  return kept;
}

// u' = (u + w - u w) psi, with the weightings of the step before.
inline void use(const Interface& parameters, const Weightings& before, float* usage) {
  over_slots([&](int i) {
    const Vector u = load(before.usage + i), w = load(before.write + i);
    store(usage + i, (u + w - u * w) * retention(parameters, before.read, i));
  });
}

// `d` is the gradient of the weightings after the step. Usage becomes that of the one before, write is set to
// that of the one before, and read is added to; the free gates' gradients are set. `d_retained`, null without
// deallocation, is what comes through the memory that is retained.
inline void use_backward(const Interface& parameters, const Weightings& before, const float* d_retained,
                         Weightings& d, Interface& d_parameters) {
  Vector d_free[kReadHeads] = {};
  over_slots([&](int i) {
    const Vector u = load(before.usage + i), w = load(before.write + i), d_usage = load(d.usage + i);
    const Vector d_used = d_usage * retention(parameters, before.read, i);
    Vector d_retention = d_usage * (u + w - u * w);
    if (kDeallocation) d_retention += load(d_retained + i);
    store(d.usage + i, d_used * (1.0f - w));
    store(d.write + i, d_used * (1.0f - u));
    UNROLL for (int h = 0; h < kReadHeads; ++h) {
      const Vector d_freed = d_retention * retention(parameters, before.read, i, h);
      d_free[h] -= d_freed * load(before.read[h] + i);
      store(d.read[h] + i, load(d.read[h] + i) - d_freed * parameters.free_gate[h]);
    }
  });
  for (int h = 0; h < kReadHeads; ++h) d_parameters.free_gate[h] = sum(d_free[h]);
}

// Usage as the allocation takes it: never zero, so that its running product has a finite gradient.
INLINE Vector lifted(Vector usage) { return kUsageFloor + (1.0f - kUsageFloor) * usage; }

// Integers in the same order as the floats, NaN included: ranks among them are always a permutation.
INLINE Mask sortable(Vector v) { return (Mask)v ^ ((Mask)v >> 31 & 0x7fffffff); }

INLINE Mask load_integers(const int32_t* from) {
  Mask integers;
  std::memcpy(&integers, from, sizeof(Mask));
  return integers;
}

INLINE void store_integers(int32_t* to, Mask integers) { std::memcpy(to, &integers, sizeof(Mask)); }

// A slot's rank is the number of slots ahead of it: without branches, and fast for few slots.
inline void sort_by_ranks(const int32_t* keys, int32_t* free_list) {
  alignas(64) int32_t rank[kLanes];
  over_slots([&](int i) {
    const Mask own = load_integers(keys + i), index = lane_numbers() + i;
    Mask ahead{};
    const int end = std::min(i + kLanes, kSlots);
    for (int j = 0; j < i; ++j) ahead -= keys[j] <= own;
    for (int j = i; j < end; ++j) ahead -= (keys[j] < own) | ((keys[j] == own) & (j < index));
    for (int j = end; j < kSlots; ++j) ahead -= keys[j] < own;
    store_integers(rank, ahead);
    for (int slot = i; slot < end; ++slot) free_list[rank[slot - i]] = slot;
  });
}

// By one byte of the keys after the other, lowest first.
inline void sort_by_bytes(const int32_t* keys, int32_t* free_list) {
  int32_t sorted[kSlots], *from = sorted, *to = free_list;
  for (int slot = 0; slot < kSlots; ++slot) free_list[slot] = slot;
  for (int shift = 0; shift < 32; shift += 8) {
    std::swap(from, to);
    // The keys have a sign, which comes first among the bytes.
    const auto byte = [&](int slot) { return (static_cast<uint32_t>(keys[slot]) ^ 0x80000000u) >> shift & 255; };
    int place[257] = {};
    for (int slot = 0; slot < kSlots; ++slot) ++place[byte(slot) + 1];
    for (int i = 0; i < 256; ++i) place[i + 1] += place[i];
    for (int i = 0; i < kSlots; ++i) to[place[byte(from[i])]++] = from[i];
  }
}

// Order the slots by rising usage, ties by index.
inline void sort_slots(const float* usage, int32_t* free_list) {
  alignas(64) int32_t keys[kPaddedSlots];
  over_slots([&](int i) { store_integers(keys + i, sortable(lifted(load(usage + i)))); });
  constexpr auto sort = kSlots > 256 ? sort_by_bytes : sort_by_ranks;
  sort(keys, free_list);
}

// Set step.free_list, and step.usage_ahead to the exclusive running product along it.
inline void order(const float* usage, Step& step) {
  sort_slots(usage, step.free_list);
  float product = 1.0f;
  for (int place = 0; place < kSlots; ++place) {
    const int slot = step.free_list[place];
    step.usage_ahead[slot] = product;
    product *= kUsageFloor + (1.0f - kUsageFloor) * usage[slot];
  }
  std::fill_n(step.usage_ahead + kSlots, kPaddedSlots - kSlots, 0.0f);
}

// a = (1 - u) prod_{ahead} u.
INLINE Vector allocation(const Step& step, Vector usage, int i) {
  return (1.0f - lifted(usage)) * load(step.usage_ahead + i);
}

// Add to `d_usage` what comes through the allocation, whose gradient is `d_allocation`.
inline void allocate_backward(const Step& step, const float* usage, const float* d_allocation, float* d_usage) {
  // A slot's usage is a factor of the product of every slot after it.
  alignas(64) Slots share, behind;
  over_slots([&](int i) { store(share + i, load(d_allocation + i) * allocation(step, load(usage + i), i)); });
  float total = 0.0f;
  for (int place = kSlots - 1; place >= 0; --place) {
    const int slot = step.free_list[place];
    behind[slot] = total;
    total += share[slot];
  }
  std::fill_n(behind + kSlots, kPaddedSlots - kSlots, 0.0f);
  over_slots([&](int i) {
    const Vector d = load(behind + i) / lifted(load(usage + i)) - load(d_allocation + i) * load(step.usage_ahead + i);
    store(d_usage + i, load(d_usage + i) + (1.0f - kUsageFloor) * d);
  });
}
