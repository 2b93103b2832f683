// The memory of one sequence over time: the rows that it has visited, how to find them, and how they change.
#pragma once

#include "sparse_controller.h"
#include "sparse_links.h"
#include "sparse_usage.h"

// Scratch memory of so many sequences, each of which visits at most so many rows in so many steps.
class Scratch {
 public:
  Scratch(int sequences, ptrdiff_t most, [[maybe_unused]] int steps)
      : most_(most),
        blocks_(whole_scans((most + kLanes - 1) / kLanes)),
        table_(table_size(most)),
        block_(sequences * blocks_),
        entry_(sequences * table_),
        touched_(sequences * kWords),
        usage_(sequences * Usage::numbers(most)),
        seen_(sequences * most),
        sum_(sequences * most)
#if LINKS
        ,
        links(sequences, most, steps)
#endif
  {
  }

  // Where a slot is among the visited rows.
  struct Entry {
    int32_t slot;  // kNone for none
    int32_t place;
  };
  static constexpr int32_t kNone = -1;
  static constexpr ptrdiff_t kWords = kSlots / 64 + 2;

  ptrdiff_t most() const { return most_; }
  ptrdiff_t table() const { return table_; }
  Block* blocks(int i) const { return &block_[i * blocks_]; }
  Entry* entries(int i) const { return &entry_[i * table_]; }
  uint64_t* touched(int i) const { return &touched_[i * kWords]; }
  int32_t* usage(int i) const { return &usage_[i * Usage::numbers(most_)]; }
  int32_t* seen(int i) const { return &seen_[i * most_]; }
  float* sum(int i) const { return &sum_[i * most_]; }

 private:
  static ptrdiff_t table_size(ptrdiff_t most) {
    ptrdiff_t size = 16;
    while (size < 2 * most) size *= 2;
    return size;
  }

  ptrdiff_t most_;
  ptrdiff_t blocks_;
  ptrdiff_t table_;  // a power of two, at most half full
  PooledArray<Block> block_;
  PooledArray<Entry> entry_;
  PooledArray<uint64_t> touched_;
  PooledArray<int32_t> usage_;
  PooledArray<int32_t> seen_;
  PooledArray<float> sum_;

#if LINKS
 public:
  LinkScratch links;
#endif
};

class SparseMemory {
 public:
  // From a first state; `index` is that of the sequence in the scratch memory.
  void start([[maybe_unused]] const State& state, const Base& base, int sequence, const Rows& rows,
             const Scratch& scratch, int index) {
    base_ = &base;
    sequence_ = sequence;
    rows_ = rows;
    rows_.count() = 0;
    block_ = scratch.blocks(index);
    entry_ = scratch.entries(index);
    table_ = scratch.table();
    touched_ = scratch.touched(index);
    seen_ = scratch.seen(index);
    sum_ = scratch.sum(index);
    moment_ = 0;
    first_untouched_ = 0;
    std::fill_n(&entry_->slot, 2 * table_, Scratch::kNone);
    std::fill_n(touched_, Scratch::kWords, 0);
    usage_.start(base, sequence, scratch.usage(index), scratch.most());
#if LINKS
    links_.start(state, base.start(), sequence, scratch.links, index);
    for (const Link& link : links_.precedence()) {
      if (link.weight != 0.0f) visit(link.slot);
    }
#endif
  }

  const Rows& rows() const { return rows_; }
  const Usage& usage() const { return usage_; }

  // The place of a slot among the visited rows, which it joins where it is not there yet.
  int32_t visit(int slot) {
    Scratch::Entry* entry = find(slot);
    if (entry->slot == slot) return entry->place;
    const int32_t place = rows_.count()++;
    *entry = {slot, place};
    rows_.slot(place) = slot;
    std::copy_n(base_->row(sequence_, slot), kWidth, rows_.row(place));
    usage_.add(place);
#if LINKS
    links_.add(place, slot);
#endif
    seen_[place] = 0;
    // A fresh lane is NaN, which no key finds.
    if (place % (kScanVectors * kLanes) == 0) {
      std::fill_n(reinterpret_cast<float*>(block_ + place / kLanes), kScanVectors * kWidth * kLanes, NAN);
    }
    return place;
  }

  // Write before the step's reads: erase the unused slots, then add every head's word. Sets what the tape keeps.
  void write(const Told& told, Step& step, PerVisit& weights_of_reused, float* weight_of_unused) {
    take_unused(step);
    write_weights(told, step.read, weights_of_reused, weight_of_unused);
    step.changes = 0;
    moment_ += 1;
    for (int j = 0; j < kWriteHeads; ++j) keep(step, step.unused[j]);
    for (int i = 0; i < kVisits; ++i) keep(step, step.read.place[i]);
    for (int j = 0; j < kWriteHeads; ++j) std::fill_n(rows_.row(step.unused[j]), kWidth, 0.0f);
    for (int j = 0; j < kWriteHeads; ++j) {
      for (int i = 0; i < kReused; ++i) {
        add(told.word(j), weights_of_reused[j * kReused + i], step.read.place[j * kReused + i]);
      }
      add(told.word(j), weight_of_unused[j], step.unused[j]);
    }
    compare_changed(step);
  }

  // Where a slot is among the visited rows; -1 where it is not.
  int32_t place_of(int slot) const {
    const Scratch::Entry* entry = find(slot);
    return entry->slot == slot ? entry->place : -1;
  }

  // What each write head makes of its gates and of the weights of what was read before.
  static void write_weights(const Told& told, const Visits& read, PerVisit& of_reused, float* of_unused) {
    for (int j = 0; j < kWriteHeads; ++j) {
      const float gate = told.write_gate(j), reuse = told.interpolation_gate(j);
      for (int i = j * kReused; i < (j + 1) * kReused; ++i) {
        of_reused[i] = gate * reuse * (read.weight[i] / (kReadHeads / kWriteHeads));
      }
      of_unused[j] = gate * (1.0f - reuse);
    }
  }

  // Look for the slots most like the keys of this sequence's heads among the rows that it has changed.
  void search_visited(const float (*key)[kWidth], Nearest* nearest) const {
    const ptrdiff_t blocks = whole_scans((rows_.count() + kLanes - 1) / kLanes);
    scan<keys_at_once(kReadHeads)>(block_, blocks, key, nearest, kReadHeads, [&](int h, int place, float score) {
      nearest[h].offer(score, rows_.slot(place), place);
    });
  }

  // Look on where rows are alike that no step has changed: the first ones of them are as good as any.
  void search_alike(const float (*key)[kWidth], Nearest* nearest) {
    while (first_untouched_ < kSlots && is_touched(first_untouched_)) ++first_untouched_;
    const auto best_of_alike = [&](int h, int i, float score) {
      if (i > 0) return;
      for (int slot = first_untouched_; slot < kSlots && nearest[h].could_take(score, slot); ++slot) {
        if (!is_touched(slot)) nearest[h].offer(score, slot, -1);
      }
    };
    scan<keys_at_once(kReadHeads)>(base_->units(sequence_), kScanVectors, key, nearest, kReadHeads, best_of_alike);
  }

  bool is_touched(int slot) const { return touched_[slot / 64] >> slot % 64 & 1; }

  // Read by `read`, whose places and weights are set, and set `reads`.
  void read(const Visits& read, float* reads) const {
    std::fill_n(reads, kReads, 0.0f);
    for (int i = 0; i < kVisits; ++i) {
      const float *row = rows_.row(read.place[i]), weight = read.weight[i];
      float* to = reads + i / kNeighbours * kWidth;
      for (int w = 0; w < kWidth; ++w) to[w] += weight * row[w];
    }
  }

  // Count as accessed at step `t` what all heads together read or wrote by more than the threshold.
  void access(const Step& step, const PerVisit& weights_of_reused, const float* weight_of_unused, const Visits& read,
              int t) {
    int32_t all[kWrites + kVisits];
    int count = sum_writes(step, weights_of_reused, weight_of_unused, all);
    for (int i = 0; i < kVisits; ++i) sum(read.place[i], read.weight[i], all, count);
    const auto accessed = [&](int32_t place) { return sum_[place] > kAccessThreshold; };
    count = static_cast<int>(std::partition(all, all + count, accessed) - all);
    std::sort(all, all + count, [&](int32_t a, int32_t b) { return rows_.slot(a) < rows_.slot(b); });
    for (int i = 0; i < count; ++i) usage_.access(all[i], rows_.slot(all[i]), t);
  }

  // Set `all` to the places that a step wrote to, each once, and sum_ to the weights; return how many these are.
  int sum_writes(const Step& step, const PerVisit& weights_of_reused, const float* weight_of_unused, int32_t* all) {
    int count = 0;
    moment_ += 1;
    for (int i = 0; i < kVisits; ++i) sum(step.read.place[i], weights_of_reused[i], all, count);
    for (int j = 0; j < kWriteHeads; ++j) sum(step.unused[j], weight_of_unused[j], all, count);
    return count;
  }

#if LINKS
  // Link what step `t` wrote to what was written before.
  void link(const Step& step, const PerVisit& weights_of_reused, const float* weight_of_unused, int t) {
    int32_t all[kWrites];
    Link written[kWrites];
    const int count = sum_writes(step, weights_of_reused, weight_of_unused, all);
    for (int i = 0; i < count; ++i) written[i] = {rows_.slot(all[i]), sum_[all[i]]};
    links_.write(t, all, written, count, [this](int slot) { return place_of(slot); });
  }

  const LinkRow& predecessors(int32_t place) const { return links_.predecessors(place); }
  const LinkRow& successors(int32_t place, int t) {
    return links_.successors(place, t, [this](int slot) { return place_of(slot); });
  }
  void end_links(int steps, const State& end, ptrdiff_t s) {
    links_.end(steps, end, s, [this](int slot) { return place_of(slot); });
  }
#endif

  // The memory after so many steps, [slots, width], and how long ago each slot was accessed, [slots].
  void end(int steps, float* memory, int64_t* age) const {
    for (ptrdiff_t n = 0; memory && n < kSlots; ++n) {
      std::copy_n(base_->row(sequence_, static_cast<int>(n)), kWidth, memory + n * kWidth);
    }
    if (memory) rows_.put(memory);
    for (int n = 0; age && n < kSlots; ++n) age[n] = base_->age(sequence_, n) + steps;
    for (int place = 0; age && place < rows_.count(); ++place) {
      if (usage_.was_accessed(place)) age[rows_.slot(place)] = steps - 1 - usage_.accessed_at(place);
    }
  }

 private:
  Scratch::Entry* find(int slot) const {
    const uint32_t mask = static_cast<uint32_t>(table_ - 1);
    uint32_t at = static_cast<uint32_t>(slot) * 2654435761u >> 7;
    while (entry_[at & mask].slot != slot && entry_[at & mask].slot != Scratch::kNone) ++at;
    return entry_ + (at & mask);
  }

  void take_unused(Step& step) {
    const auto is_untouched = [&](int slot) {
      const int32_t place = place_of(slot);
      return place < 0 || !usage_.was_accessed(place);
    };
    int32_t slots[kWriteHeads];
    usage_.least_recent(rows_, is_untouched, [&](int j, int slot) { slots[j] = slot; });
    for (int j = 0; j < kWriteHeads; ++j) step.unused[j] = visit(slots[j]);
  }

  void sum(int32_t place, float weight, int32_t* all, int& count) {
    if (seen_[place] != moment_) {
      seen_[place] = moment_;
      sum_[place] = 0.0f;
      all[count++] = place;
    }
    sum_[place] += weight;
  }

  // Keep a row for backward, once a step.
  void keep(Step& step, int32_t place) {
    if (seen_[place] == moment_) return;
    seen_[place] = moment_;
    std::copy_n(rows_.row(place), kWidth, step.before[step.changes]);
    step.changed[step.changes++] = place;
  }

  void add(const float* word, float weight, int32_t place) const {
    float* row = rows_.row(place);
    for (int w = 0; w < kWidth; ++w) row[w] += weight * word[w];
  }

  // From now on, search the rows that a step has changed here, and no longer among those of the start.
  void compare_changed(const Step& step) {
    int32_t place[kWrites];
    int count = 0;
    for (int i = 0; i < step.changes; ++i) {
      const int slot = rows_.slot(step.changed[i]);
      const bool differs = std::memcmp(rows_.row(step.changed[i]), base_->row(sequence_, slot), sizeof(float) * kWidth);
      if (!differs && !is_touched(slot)) continue;
      touched_[slot / 64] |= uint64_t{1} << slot % 64;
      place[count++] = step.changed[i];
    }
    set_units(place, count);
  }

  // Set the unit rows of these places.
  void set_units(const int32_t* place, int count) const {
    for (int first = 0; first < count; first += kLanes) {
      alignas(64) Block block;
      const int lanes = std::min(kLanes, count - first);
      for (int w = 0; w < kWidth; ++w) {
        for (int i = 0; i < kLanes; ++i) block[w][i] = rows_.row(place[first + std::min(i, lanes - 1)])[w];
      }
      to_units(block);
      for (int i = 0; i < lanes; ++i) {
        Block& to = block_[place[first + i] / kLanes];
        for (int w = 0; w < kWidth; ++w) to[w][place[first + i] % kLanes] = block[w][i];
      }
    }
  }

  const Base* base_ = nullptr;
  int sequence_ = 0;
  Rows rows_{nullptr, 0};
  Block* block_ = nullptr;  // unit rows of the places
  Scratch::Entry* entry_ = nullptr;
  ptrdiff_t table_ = 0;
  uint64_t* touched_ = nullptr;  // a bit a slot: whether its row has changed
  int32_t* seen_ = nullptr;      // by place, the moment when it was last looked at
  float* sum_ = nullptr;
  int32_t moment_ = 0;
  int first_untouched_ = 0;
  Usage usage_;
#if LINKS
  Links links_;
#endif
};
