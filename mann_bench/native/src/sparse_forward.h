// A group of sequences through all time steps.
#pragma once

#include "sparse_content.h"
#include "sparse_follow.h"

#include "group_controller.h"

class ForwardPass {
 public:
  ForwardPass(const ForwardWeights& weights, const Tape& tape, const Base& base, Group group, int steps)
      : weights_(weights), tape_(tape), base_(base), group_(group), scratch_(kGroup, tape.most_rows(), steps) {}

  void start(const State& state) {
    for (int lane = 0; lane < group_.count; ++lane) {
      const int s = base_.sequence(group_.first + lane);
      Step& first = tape_.at(group_.first + lane, 0);
      std::copy_n(state.reads + s * kReads, kReads, first.reads);
      to_rows(state.hidden + s * kUnits, 1, kUnits, kPaddedUnits, first.hidden);
      to_rows(state.cell + s * kUnits, 1, kUnits, kPaddedUnits, first.cell);
      memory_[lane].start(state, base_, group_.first + lane, tape_.rows(group_.first + lane), scratch_, lane);
      for (int i = 0; i < kVisits; ++i) {
        first.read.place[i] = memory_[lane].visit(static_cast<int>(state.read_slots[s * kVisits + i]));
        first.read.weight[i] = state.read_weights[s * kVisits + i];
      }
    }
  }

  // `inputs` [B, input] and `outputs` [B, units + reads] are those of time step t.
  void step(int t, const float* inputs, float* outputs) {
    const auto at = [&](int lane, int later) -> Step& { return tape_.at(group_.first + lane, t + later); };
    control<false>(weights_, group_, at, inputs);
    for (int lane = 0; lane < group_.count; ++lane) {
      Lane& now = lane_[lane];
      tell(at(lane, 0).raw, now.told);
      memory_[lane].write(now.told, at(lane, 0), now.weight_of_reused, now.weight_of_unused);
    }
    search();
    for (int lane = 0; lane < group_.count; ++lane) {
      read(lane, t, at(lane, 0), at(lane, 1));
      float* to = outputs + static_cast<ptrdiff_t>(group_.first + lane) * kOutputs;
      std::copy_n(at(lane, 1).hidden, kUnits, to);
      std::copy_n(at(lane, 1).reads, kReads, to + kUnits);
    }
  }

  // Null pointers stand for what is not wanted.
  void end(int steps, const State& state) {
    for (int lane = 0; lane < group_.count; ++lane) {
      const ptrdiff_t s = group_.first + lane;
      const Step& last = tape_.at(group_.first + lane, steps);
      from_rows(last.reads, 1, kReads, kReads, of_sequence(state.reads, s, kReads));
      from_rows(last.hidden, 1, kUnits, kUnits, of_sequence(state.hidden, s, kUnits));
      from_rows(last.cell, 1, kUnits, kUnits, of_sequence(state.cell, s, kUnits));
      from_rows(last.read.weight, 1, kVisits, kVisits, of_sequence(state.read_weights, s, kVisits));
      for (int i = 0; state.read_slots && i < kVisits; ++i) {
        state.read_slots[s * kVisits + i] = memory_[lane].rows().slot(last.read.place[i]);
      }
      memory_[lane].end(steps, state.memory ? state.memory + s * kSlots * kWidth : nullptr,
                        of_sequence(state.age, s, kSlots));
#if LINKS
      memory_[lane].end_links(steps, state, s);
#endif
    }
  }

 private:
  struct Lane {
    Told told;
    PerVisit weight_of_reused;
    float weight_of_unused[kWriteHeads];
  };

  // The slots most like the keys of all heads: among the rows changed, then among all others. Where the sequences start
  // alike, the latter serves all of them at once.
  void search() {
    float(*key)[kWidth] = queries_.key;
    Nearest* nearest = queries_.nearest;
    for (int i = 0; i < Queries::kMost; ++i) nearest[i].clear();
    for (int i = group_.count * kReadHeads; i < Queries::kMost; ++i) nearest[i].bar = INFINITY;
    // Backwards: keys that are compared in vain are those of the lane after, whose bars are high by then.
    for (int lane = group_.count - 1; lane >= 0; --lane) {
      unit_keys(lane_[lane].told, key + lane * kReadHeads);
      memory_[lane].search_visited(key + lane * kReadHeads, nearest + lane * kReadHeads);
    }
    const auto take = [&](int first_lane) {
      return [this, nearest, first_lane](int query, int slot, float score) {
        const int lane = first_lane + query / kReadHeads;
        if (!memory_[lane].is_touched(slot)) nearest[first_lane * kReadHeads + query].offer(score, slot, -1, slot);
      };
    };
    if (base_.rows_alike()) {
      for (int lane = 0; lane < group_.count; ++lane) {
        memory_[lane].search_alike(key + lane * kReadHeads, nearest + lane * kReadHeads);
      }
    } else if (base_.buckets().any()) {
      search_buckets(base_.buckets());
    } else if (base_.shared()) {
      search_base<keys_at_once(kGroup * kReadHeads)>(0, group_.count * kReadHeads, take(0));
    } else {
      for (int lane = 0; lane < group_.count; ++lane) {
        search_base<keys_at_once(kReadHeads)>(lane, kReadHeads, take(lane));
      }
    }
  }

  // Look for buckets for all keys at once, then for slots in those of one key after the other.
  void search_buckets(const Buckets& buckets) {
    const int count = group_.count * kReadHeads;
    for (int i = 0; i < Queries::kMost; ++i) probed_[i].clear();
    for (int i = count; i < Queries::kMost; ++i) probed_[i].bar = INFINITY;
    buckets.probe<keys_at_once(kGroup * kReadHeads)>(queries_.key, probed_, count);
    for (int i = 0; i < count; ++i) {
      Nearest& nearest = queries_.nearest[i];
      buckets.search(queries_.key + i, probed_[i], nearest, [&](int slot, float score) {
        if (!memory_[i / kReadHeads].is_touched(slot)) nearest.offer(score, slot, -1);
      });
    }
  }

  // Compare so many keys from those of a lane on with the rows that it starts from.
  template <int at_once, typename Take>
  void search_base(int lane, int count, Take take) {
    const int first = lane * kReadHeads, s = group_.first + lane;
    const Nearest* nearest = queries_.nearest + first;
#if defined(__AVX512VNNI__)
    if (base_.coarse()) {
      CoarseKey* coarse = queries_.coarse + first;
      for (int q = 0; q < count + at_once; ++q) {
        coarse[q].set(queries_.key[first + q], base_.rows_move());
        coarse[q].set_bar(q < count ? nearest[q].bar : INFINITY);
      }
      return scan_coarse<at_once>(base_.rough(s), base_.units(s), base_.blocks(), queries_.key + first, coarse, nearest,
                                  count, take);
    }
#endif
    scan<at_once>(base_.units(s), base_.blocks(), queries_.key + first, nearest, count, take);
  }

  // From the slots found to what is read.
  void read(int lane, int t, Step& step, Step& next) {
    Lane& now = lane_[lane];
#if LINKS
    Visits& content = step.linked.content;
#else
    Visits& content = next.read;
#endif
    for (int h = 0; h < kReadHeads; ++h) {
      Nearest& found = queries_.nearest[lane * kReadHeads + h];
      found.fill();
      found.sort();
      for (int k = 0; k < kNeighbours; ++k) {
        content.place[h * kNeighbours + k] = memory_[lane].visit(found.slot[k]);
        step.cosine[h * kNeighbours + k] = found.score[k];
      }
    }
    weigh_content(now.told, step.cosine, content.weight);
#if LINKS
    memory_[lane].link(step, now.weight_of_reused, now.weight_of_unused, t);
    follow(now.told, step, memory_[lane], t, next.read);
#endif
    memory_[lane].read(next.read, next.reads);
    memory_[lane].access(step, now.weight_of_reused, now.weight_of_unused, next.read, t);
  }

  const ForwardWeights& weights_;
  Tape tape_;
  const Base& base_;
  Group group_;
  Scratch scratch_;
  SparseMemory memory_[kGroup];
  Lane lane_[kGroup];
  Queries queries_;
  Buckets::Probed probed_[Queries::kMost];
};
