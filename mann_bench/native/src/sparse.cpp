// A Sparse Access Memory, or a sparse DNC, over whole sequences: the functions that Python calls.

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "hidden.h"

#include "calls.h"
#include "sparse_backward.h"

namespace {

// Add the gradients of a sequence's last memory, if any, that no step has changed, and those of the rows visited.
void add_memory(const Rows& rows, const float* d_rows, const float* d_end, float* d_memory) {
  const PooledArray<bool> visited(kSlots);
  std::fill_n(&visited[0], d_end ? kSlots : 0, false);
  for (int place = 0; place < rows.count(); ++place) {
    const ptrdiff_t slot = rows.slot(place);
    if (d_end) visited[slot] = true;
    for (int w = 0; w < kWidth; ++w) d_memory[slot * kWidth + w] += d_rows[place * kWidth + w];
  }
  for (ptrdiff_t n = 0; d_end && n < kSlots; ++n) {
    if (visited[n]) continue;
    for (int w = 0; w < kWidth; ++w) d_memory[n * kWidth + w] += d_end[n * kWidth + w];
  }
}

// Hand out the gradients of the first state, summed over the sequences where they share it.
void set_start(const Tape& tape, const PooledArray<StartGradients>& starts, const PooledArray<float>& d_rows,
               const State& d_end, const State& d_start, int batch, bool shared, int threads) {
  for (int s = 1; shared && s < batch; ++s) starts[0].add(starts[s]);
  for (int s = 0; s < (shared ? 1 : batch); ++s) starts[s].hand_out(s, d_start);
  if (!d_start.memory) return;
  const ptrdiff_t floats = static_cast<ptrdiff_t>(kSlots) * kWidth;
  const auto add = [&](ptrdiff_t s, float* to) {
    add_memory(tape.rows(s), &d_rows[s * tape.most_rows() * kWidth], d_end.memory ? d_end.memory + s * floats : nullptr,
               to);
  };
  if (shared) {
    std::fill_n(d_start.memory, floats, 0.0f);
    for (int s = 0; s < batch; ++s) add(s, d_start.memory);
  } else {
    parallel_for(batch, threads, [&](ptrdiff_t s) {
      std::fill_n(d_start.memory + s * floats, floats, 0.0f);
      add(s, d_start.memory + s * floats);
    });
  }
}

}  // namespace

// Bytes of a step; those of a sequence's rows are row_header + rows row, of `first` rows and `further` ones a step at
// most, rounded up to `rounded`.
EXPORTED void sparse_layout(int* layout) {
  layout[0] = sizeof(Step);
  layout[1] = static_cast<int>(Rows::bytes(0));
  layout[2] = static_cast<int>(Rows::bytes(1) - Rows::bytes(0));
  layout[3] = kFirstRows;
  layout[4] = kFurtherRows;
  layout[5] = Rows::kRounded;
  layout[6] = kSlots;
}

// Bytes that so many buckets of a start take.
EXPORTED int64_t sparse_buckets_bytes(int count) { return Buckets::bytes(count); }

// Set `buckets` from the rows of a start, [slots, width], the centers, [count, width], and the bucket of every slot.
EXPORTED int64_t sparse_buckets_make(const float* rows, const float* centers, const int64_t* bucket_of, void* buckets,
                                     int count, int threads) {
  return bytes_lacking([&] { Buckets(buckets, count).make(rows, centers, bucket_of, threads); });
}

// `inputs` [T, B, input] and `outputs` [T, B, units + reads]; `state` has as many sequences as `start` says, B or one.
// Null pointers: `buckets` to search all rows, any of `end` where not wanted.
EXPORTED int64_t sparse_forward(const Weights* weights, const float* inputs, const State* state, const Start* start,
                                void* buckets, float* outputs, const State* end, void* tape_start, int steps, int batch,
                                int keep_tape, int threads) {
  return bytes_lacking([&] {
    const Pooled<ForwardWeights> packed(*weights);
    const Tape tape(tape_start, steps, batch, keep_tape);
    const Base base(*state, *start, buckets, tape.most_rows(), threads);
    parallel_for(groups_of(batch), threads, [&](int index) {
      const Pooled<ForwardPass> pass(*packed, tape, base, Group(index, batch), steps);
      pass->start(*state);
      for (ptrdiff_t t = 0; t < steps; ++t) {
        pass->step(t, inputs + t * batch * kInputs, outputs + t * batch * kOutputs);
      }
      pass->end(steps, *end);
    });
  });
}

// Null pointers: d_outputs and any of d_end for gradients of zero, d_inputs and any of d_start where not wanted.
EXPORTED int64_t sparse_backward(const Weights* weights, void* tape_start, const float* d_outputs, const State* d_end,
                                 float* d_inputs, const Weights* d_weights, const State* d_start, int steps, int batch,
                                 int start_sequences, int threads) {
  return bytes_lacking([&] {
    const Pooled<BackwardWeights> packed(*weights);
    const Tape tape(tape_start, steps, batch, true);
    const int groups = groups_of(batch), count = std::min(groups, kMostParts);
    const PooledArray<WeightGradients> parts(count);
    const PooledArray<StartGradients> starts(batch);
    const PooledArray<float> d_rows(batch * tape.most_rows() * kWidth);
    parallel_for(count, threads, [&](int part) {
      new (&parts[part]) WeightGradients();
      const Pooled<BackwardPass> pass(*packed, tape, parts[part]);
      for (int index = part; index < groups; index += count) {
        pass->start(Group(index, batch), *d_end, &d_rows[0]);
        for (ptrdiff_t t = steps - 1; t >= 0; --t) {
          pass->step(t, d_outputs ? d_outputs + t * batch * kOutputs : nullptr,
                     d_inputs ? d_inputs + t * batch * kInputs : nullptr);
        }
        pass->end(&starts[0]);
      }
    });
    set_start(tape, starts, d_rows, *d_end, *d_start, batch, start_sequences == 1, threads);
    for (int part = 1; part < count; ++part) parts[0].add(parts[part]);
    parts[0].hand_out(*d_weights);
  });
}

// Undo the writes of all steps as backward does, and set the rows visited of `memory`, [B, slots, width].
EXPORTED int64_t sparse_undo(void* tape_start, float* memory, int steps, int batch) {
  return bytes_lacking([&] {
    const Tape tape(tape_start, steps, batch, true);
    const PooledArray<char> scratch(Rows::bytes(tape.most_rows()));
    const PooledArray<float> d_rows(tape.most_rows() * kWidth);
    for (int s = 0; s < batch; ++s) {
      Undone undone;
      undone.start(tape.rows(s), Rows(&scratch[0], tape.most_rows()), nullptr, &d_rows[0]);
      for (int t = steps - 1; t >= 0; --t) undone.undo(tape.at(s, t));
      undone.rows().put(memory + static_cast<ptrdiff_t>(s) * kSlots * kWidth);
    }
  });
}
