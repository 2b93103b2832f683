// A group of sequences back through all time steps.
#pragma once

#include "sparse_forward.h"

// The gradients of a sequence's first state, but for the memory.
struct StartGradients {
  float hidden[kUnits];
  float cell[kUnits];
  float reads[kReads];
  PerVisit read_weights;

  void add(const StartGradients& other) {
    const auto from = reinterpret_cast<const float*>(&other);
    const auto to = reinterpret_cast<float*>(this);
    for (size_t i = 0; i < sizeof(StartGradients) / sizeof(float); ++i) to[i] += from[i];
  }

  void hand_out(ptrdiff_t s, const State& d) const {
    from_rows(hidden, 1, kUnits, kUnits, of_sequence(d.hidden, s, kUnits));
    from_rows(cell, 1, kUnits, kUnits, of_sequence(d.cell, s, kUnits));
    from_rows(reads, 1, kReads, kReads, of_sequence(d.reads, s, kReads));
    from_rows(read_weights, 1, kVisits, kVisits, of_sequence(d.read_weights, s, kVisits));
  }
};

// Rows of memory while backward undoes one write after the other, and the gradients of what they hold.
class Undone {
 public:
  // From the rows after the last step; the tape keeps its own. `d_memory` [slots, width], or null for zero.
  void start(const Rows& last, const Rows& scratch, const float* d_memory, float* d_rows) {
    rows_ = scratch;
    d_rows_ = d_rows;
    rows_.count() = last.count();
    for (int place = 0; place < last.count(); ++place) {
      rows_.slot(place) = last.slot(place);
      std::copy_n(last.row(place), kWidth, rows_.row(place));
      const float* from = d_memory ? d_memory + static_cast<ptrdiff_t>(last.slot(place)) * kWidth : nullptr;
      to_rows(from, 1, kWidth, kWidth, d_row(place));
    }
  }

  // Put back what a step's write replaced.
  void undo(const Step& step) const {
    for (int i = 0; i < step.changes; ++i) std::copy_n(step.before[i], kWidth, rows_.row(step.changed[i]));
  }

  const Rows& rows() const { return rows_; }
  float* d_rows() const { return d_rows_; }
  float* d_row(int place) const { return d_rows_ + static_cast<ptrdiff_t>(place) * kWidth; }

 private:
  Rows rows_{nullptr, 0};
  float* d_rows_ = nullptr;
};

// Gradients of reading by `read`: those of the rows and the weights are added to.
inline void read_backward(const Visits& read, const float* d_reads, const Undone& memory, PerVisit& d_weight) {
  for (int i = 0; i < kVisits; ++i) {
    const float *d_read = d_reads + i / kNeighbours * kWidth, *row = memory.rows().row(read.place[i]);
    float *d_row = memory.d_row(read.place[i]), dot = 0.0f;
    for (int w = 0; w < kWidth; ++w) {
      dot += d_read[w] * row[w];
      d_row[w] += read.weight[i] * d_read[w];
    }
    d_weight[i] += dot;
  }
}

// Gradients of writing, from those of the rows after it to those of the rows before it. Words and gates of `d` and the
// weights of what was read before, `d_weight`, are set.
inline void write_backward(const Told& told, const Step& step, const Undone& memory, PerVisit& d_weight, Told& d) {
  PerVisit of_reused;
  float of_unused[kWriteHeads];
  SparseMemory::write_weights(told, step.read, of_reused, of_unused);
  for (int j = 0; j < kWriteHeads; ++j) {
    const float gate = told.write_gate(j), reuse = told.interpolation_gate(j), *word = told.word(j);
    float d_word[kWidth] = {}, d_gate = 0.0f, d_reuse = 0.0f;
    const auto through = [&](int32_t place, float weight) {
      const float* d_row = memory.d_row(place);
      float dot = 0.0f;
      for (int w = 0; w < kWidth; ++w) {
        dot += d_row[w] * word[w];
        d_word[w] += weight * d_row[w];
      }
      return dot;
    };
    for (int i = j * kReused; i < (j + 1) * kReused; ++i) {
      const float dot = through(step.read.place[i], of_reused[i]), share = kWriteHeads / float(kReadHeads);
      d_weight[i] = gate * reuse * share * dot;
      d_gate += reuse * share * step.read.weight[i] * dot;
      d_reuse += gate * share * step.read.weight[i] * dot;
    }
    const float dot = through(step.unused[j], of_unused[j]);
    d.write_gate(j) = d_gate + (1.0f - reuse) * dot;
    d.interpolation_gate(j) = d_reuse - gate * dot;
    std::copy_n(d_word, kWidth, d.word(j));
  }
  for (int j = 0; j < kWriteHeads; ++j) std::fill_n(memory.d_row(step.unused[j]), kWidth, 0.0f);
}

class BackwardPass {
 public:
  BackwardPass(const BackwardWeights& weights, const Tape& tape, WeightGradients& gradients)
      : controller_(weights),
        tape_(tape),
        gradients_(gradients),
        rows_(kGroup * Rows::bytes(tape.most_rows())) {}

  // From the gradients of the state after the last step. `d_rows` [B, most rows, width].
  void start(Group group, const State& d_end, float* d_rows) {
    group_ = group;
    const ptrdiff_t most = tape_.most_rows();
    for (int lane = 0; lane < group.count; ++lane) {
      const ptrdiff_t s = group.first + lane;
      Lane& now = lane_[lane];
      now.controller.start(of_sequence(d_end.hidden, s, kUnits), of_sequence(d_end.cell, s, kUnits),
                           of_sequence(d_end.reads, s, kReads));
      to_rows(of_sequence(d_end.read_weights, s, kVisits), 1, kVisits, kVisits, now.d_weight);
      now.memory.start(tape_.rows(s), Rows(&rows_[lane * Rows::bytes(most)], most),
                       d_end.memory ? d_end.memory + s * kSlots * kWidth : nullptr, d_rows + s * most * kWidth);
    }
  }

  // `d_outputs` [B, units + reads] and `d_inputs` [B, input] are those of time step t; either may be null.
  // Time steps come last to first.
  void step(int t, const float* d_outputs, float* d_inputs) {
    const auto at = [&](int lane, int later) -> const Step& { return tape_.at(group_.first + lane, t + later); };
    const auto of = [&](int lane) -> ControllerGradients& { return lane_[lane].controller; };
    for (int lane = 0; lane < group_.count; ++lane) {
      if (d_outputs) of(lane).add_outputs(d_outputs + static_cast<ptrdiff_t>(group_.first + lane) * kOutputs);
      remember_backward(at(lane, 0), at(lane, 1), lane_[lane]);
    }
    controller_.step(group_, at, of, gradients_);
    if (d_inputs) controller_.inputs(group_, of, d_inputs);
  }

  void end(StartGradients* d_start) {
    controller_.end(gradients_);
    for (int lane = 0; lane < group_.count; ++lane) {
      StartGradients& d = d_start[group_.first + lane];
      lane_[lane].controller.end(d.hidden, d.cell, d.reads);
      std::copy_n(lane_[lane].d_weight, kVisits, d.read_weights);
    }
  }

 private:
  struct Lane {
    ControllerGradients controller;
    PerVisit d_weight;  // of what was read
    Undone memory;
  };

  static void remember_backward(const Step& step, const Step& next, Lane& lane) {
    Told told, d = {};
    tell(step.raw, told);
    const Undone& memory = lane.memory;
    read_backward(next.read, lane.controller.recurrent, memory, lane.d_weight);
#if LINKS
    const Visits& content = step.linked.content;
    PerVisit d_content, d_before;
    follow_backward(told, step, next.read, lane.d_weight, d_content, d_before, d);
#else
    const Visits& content = next.read;
    const PerVisit &d_content = lane.d_weight, d_before = {};
#endif
    content_backward(told, content.place, step.cosine, content.weight, d_content, memory.rows(), memory.d_rows(), d);
    write_backward(told, step, memory, lane.d_weight, d);
    for (int i = 0; i < kVisits; ++i) lane.d_weight[i] += d_before[i];
    memory.undo(step);
    tell_backward(step.raw, told, d, lane.controller.raw);
  }

  ControllerBackward<false> controller_;
  Tape tape_;
  WeightGradients& gradients_;
  Group group_{0, 0};
  PooledArray<char> rows_;  // [lanes, bytes]
  Lane lane_[kGroup];
};
