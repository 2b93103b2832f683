// In which order the slots of a sequence were written: a few links a slot, to those written before and after it.
//
// Rae et al. 2016, supplementary D. No gradient goes through links.
#pragma once

#include "pool.h"
#include "sparse_arguments.h"
#include "sparse_search.h"

#if LINKS

// A slot and a weight.
struct Link {
  int32_t slot;
  float weight;
};

// Slots that come together, each once with the sum of its weights. Those without weight would not change anything.
template <int most>
class Candidates {
 public:
  Candidates() { std::fill_n(slot_, padded(most), -1); }

  void add(int32_t slot, float weight) {
    if (weight != 0.0f) add_always(slot, weight);
  }
  void add(const Link& from, float factor) { add(from.slot, from.weight * factor); }

  void add_always(int32_t slot, float weight) {
    const int at = find(slot);
    if (at < 0) {
      slot_[count_] = slot;
      weight_[count_++] = weight;
    } else {
      weight_[at] += weight;
    }
  }

  // The strongest ones, those with the largest weights; of equals, the first slots. Links without weight fill the rest.
  void strongest(int kept, Link* result) const {
    int taken = 0;
    for (int from = 0; from < count_; ++from) {
      const Link link{slot_[from], weight_[from]};
      if (taken == kept && !stronger(link, result[kept - 1])) continue;
      int i = taken < kept ? taken++ : kept - 1;
      for (; i > 0 && stronger(link, result[i - 1]); --i) result[i] = result[i - 1];
      result[i] = link;
    }
    std::fill(result + taken, result + kept, Link{0, 0.0f});
  }

 private:
  // NaN is the strongest, so that it shows.
  static bool stronger(const Link& a, const Link& b) {
    if (a.weight == b.weight) return a.slot < b.slot;
    return a.weight > b.weight || a.weight != a.weight;
  }

  int find(int32_t slot) const {
    for (int first = 0; first < count_; first += kLanes) {
      Mask these;
      std::memcpy(&these, slot_ + first, sizeof(these));
      if (!any(these == slot)) continue;
      for (int i = first; i < first + kLanes; ++i) {
        if (slot_[i] == slot) return i;
      }
    }
    return -1;
  }

  alignas(64) int32_t slot_[padded(most)];
  float weight_[most];
  int count_ = 0;
};

using LinkRow = Link[kLinks];

// What the links of so many sequences take, which visit so many rows.
class LinkScratch {
 public:
  // A write makes the successor links to its slot fade; they do so when they are looked at.
  struct Fading {
    int32_t step;
    int32_t earlier;  // that of the same slot, or none
    float factor;
  };

  LinkScratch(int sequences, ptrdiff_t most, int steps)
      : most_(most),
        fadings_(static_cast<ptrdiff_t>(steps) * kWrites),
        predecessors_(sequences * most),
        successors_(sequences * most),
        faded_(sequences * most),
        last_fading_(sequences * most),
        fading_(sequences * fadings_) {}

  LinkRow* predecessors(int i) const { return &predecessors_[i * most_]; }
  LinkRow* successors(int i) const { return &successors_[i * most_]; }
  int32_t* faded(int i) const { return &faded_[i * most_]; }
  int32_t* last_fading(int i) const { return &last_fading_[i * most_]; }
  Fading* fadings(int i) const { return &fading_[i * fadings_]; }

 private:
  ptrdiff_t most_;
  ptrdiff_t fadings_;
  PooledArray<LinkRow> predecessors_;
  PooledArray<LinkRow> successors_;
  PooledArray<int32_t> faded_;
  PooledArray<int32_t> last_fading_;
  PooledArray<Fading> fading_;
};

// The links of one sequence: rows for the places that it has visited, as the memory has them. All others are as at the
// start, but for what has faded.
class Links {
 public:
  void start(const State& state, const Start& start, int sequence, const LinkScratch& scratch, int index) {
    state_ = &state;
    start_ = start;
    sequence_ = start.sequences == 1 ? 0 : sequence;
    predecessors_ = scratch.predecessors(index);
    successors_ = scratch.successors(index);
    faded_ = scratch.faded(index);
    last_fading_ = scratch.last_fading(index);
    fading_ = scratch.fadings(index);
    fadings_ = 0;
    LinkRow given;
    set(state.precedence, state.precedence_weights, sequence_, given);
    Candidates<kLinks> all;
    for (const Link& link : given) all.add(link, 1.0f);
    all.strongest(kLinks, precedence_);
  }

  const LinkRow& precedence() const { return precedence_; }

  void add(int32_t place, int slot) {
    last_fading_[place] = kNone;
    faded_[place] = kNone;
    set(state_->predecessors, state_->predecessor_weights, row_of(slot), predecessors_[place]);
    set(state_->successors, state_->successor_weights, row_of(slot), successors_[place]);
  }

  // After step `t` has written to distinct places with these weights. place_of(slot) is that of a slot, or -1.
  template <typename PlaceOf>
  void write(int t, const int32_t* place, const Link* written, int count, PlaceOf place_of) {
    float total = 0.0f;
    for (int i = 0; i < count; ++i) {
      const float weight = written[i].weight;
      total += weight;
      if (weight == 0.0f) continue;
      Candidates<2 * kLinks> row;
      for (const Link& link : predecessors_[place[i]]) row.add(link, 1.0f - weight);
      for (const Link& link : precedence_) row.add(link, weight);
      row.strongest(kLinks, predecessors_[place[i]]);
      fading_[fadings_] = {t, last_fading_[place[i]], 1.0f - weight};
      last_fading_[place[i]] = fadings_++;
    }
    for (const Link& last : precedence_) {
      if (last.weight == 0.0f) continue;
      LinkRow& successors = this->successors(place_of(last.slot), t, place_of);
      Candidates<kLinks + kWrites> row;
      for (const Link& link : successors) row.add(link, 1.0f);
      for (int i = 0; i < count; ++i) row.add(written[i], last.weight);
      row.strongest(kLinks, successors);
    }
    Candidates<kLinks + kWrites> now;
    for (const Link& link : precedence_) now.add(link, 1.0f - total);
    for (int i = 0; i < count; ++i) now.add(written[i], 1.0f);
    now.strongest(kLinks, precedence_);
  }

  const LinkRow& predecessors(int32_t place) const { return predecessors_[place]; }

  // As they are after step `t`.
  template <typename PlaceOf>
  LinkRow& successors(int32_t place, int t, PlaceOf place_of) {
    if (faded_[place] < t) fade(successors_[place], faded_[place], place_of);
    faded_[place] = t;
    return successors_[place];
  }

  // The links after so many steps, [slots, links] each, and the precedence, [links]; null pointers where these are not
  // wanted.
  template <typename PlaceOf>
  void end(int steps, const State& end, ptrdiff_t s, PlaceOf place_of) {
    if (!end.predecessors) return;
    for (int n = 0; n < kSlots; ++n) {
      const int32_t place = place_of(n);
      LinkRow before, after;
      set(state_->predecessors, state_->predecessor_weights, row_of(n), before);
      set(state_->successors, state_->successor_weights, row_of(n), after);
      if (place < 0) fade(after, kNone, place_of);
      get(place < 0 ? before : predecessors_[place], s * kSlots + n, end.predecessors, end.predecessor_weights);
      get(place < 0 ? after : successors(place, steps - 1, place_of), s * kSlots + n, end.successors,
          end.successor_weights);
    }
    get(precedence_, s, end.precedence, end.precedence_weights);
  }

 private:
  static constexpr int32_t kNone = -1;

  ptrdiff_t row_of(int slot) const {
    return start_.links_alike ? sequence_ : static_cast<ptrdiff_t>(sequence_) * kSlots + slot;
  }

  static void set(const int64_t* slots, const float* weights, ptrdiff_t row, LinkRow& to) {
    for (int i = 0; i < kLinks; ++i) to[i] = {static_cast<int32_t>(slots[row * kLinks + i]), weights[row * kLinks + i]};
  }
  static void get(const LinkRow& from, ptrdiff_t row, int64_t* slots, float* weights) {
    for (int i = 0; i < kLinks; ++i) {
      slots[row * kLinks + i] = from[i].slot;
      weights[row * kLinks + i] = from[i].weight;
    }
  }

  // Let the links of a row fade by what was written after step `since`.
  template <typename PlaceOf>
  void fade(LinkRow& row, int32_t since, PlaceOf place_of) const {
    for (Link& link : row) {
      if (link.weight == 0.0f) continue;
      const int32_t place = place_of(link.slot);
      for (int32_t i = place < 0 ? kNone : last_fading_[place]; i != kNone && fading_[i].step > since;
           i = fading_[i].earlier) {
        link.weight *= fading_[i].factor;
      }
    }
  }

  const State* state_ = nullptr;
  Start start_{};
  int sequence_ = 0;
  LinkRow* predecessors_ = nullptr;
  LinkRow* successors_ = nullptr;
  int32_t* faded_ = nullptr;        // by place, the step up to which its successors have faded
  int32_t* last_fading_ = nullptr;  // by place
  LinkScratch::Fading* fading_ = nullptr;
  int32_t fadings_ = 0;
  LinkRow precedence_;
};

#endif
