// The controller's and the interface's nonlinearities, kSequences sequences at once, forward and backward.
#pragma once

#include "lstm.h"
#include "ntm_sizes.h"

// Call body(lane) for every vector of a row; a row's vector begins at `lane`.
template <typename Body>
INLINE void over_lanes(Body body) {
  for (int lane = 0; lane < kSequences; lane += kLanes) body(lane);
}

// From a layer's sums to its state of the next step.
inline void activate_layer(Layer& now, Layer& next) {
  if constexpr (kLstm) {
    lstm_forward<kUnits * kSequences, false>(now.sums[0], now.cell[0], now.cell_tanh[0], next.cell[0], next.hidden[0]);
  } else {
    for (int unit = 0; unit < kUnits; ++unit) {
      over_lanes([&](int lane) { store(next.hidden[unit] + lane, hyperbolic_tangent(load(now.sums[unit] + lane))); });
    }
  }
}

// Set `d_sums`, the gradient before the nonlinearities; `d_cell`, of an LSTM, is that of the cell after the step, and
// becomes that of the one before.
inline void activate_layer_backward(const Layer& now, const Layer& next, const Row* d_hidden, Row* d_cell,
                                    Row* d_sums) {
  if constexpr (kLstm) {
    lstm_backward<kUnits * kSequences, false>(now.sums[0], now.cell[0], now.cell_tanh[0], d_hidden[0], d_cell[0],
                                              d_sums[0]);
  } else {
    for (int unit = 0; unit < kUnits; ++unit) {
      over_lanes([&](int lane) {
        const Vector hidden = load(next.hidden[unit] + lane);
        store(d_sums[unit] + lane, load(d_hidden[unit] + lane) * (1.0f - hidden * hidden));
      });
    }
  }
}

INLINE Vector squared_key_norm(const Row* key, int lane) {
  Vector square{};
  for (int w = 0; w < kWidth; ++w) square += load(key[w] + lane) * load(key[w] + lane);
  return square;
}

// From step.raw to step.interface and step.inverse_key_norm.
inline void activate_interface(ControllerStep& step) {
  over_lanes([&](int lane) {
    const auto raw = [&](int row) { return clipped(load(step.raw[row] + lane)); };
    const auto set = [&](int row, Vector v) { store(step.interface[row] + lane, v); };
    for (int h = 0; h < kHeads; ++h) {
      const int head = h * kHeadRows, shift = head + kShiftRow;
      for (int w = 0; w < kWidth; ++w) set(head + w, hyperbolic_tangent(raw(head + w)));
      set(head + kStrengthRow, softplus(raw(head + kStrengthRow)));
      if constexpr (kLocates) {
        set(head + kGateRow, sigmoid(raw(head + kGateRow)));
        set(head + kSharpeningRow, 1.0f + softplus(raw(head + kSharpeningRow)));

        Vector top = raw(shift), total{};
        for (int d = 1; d < kShifts; ++d) top = maximum(top, raw(shift + d));
        for (int d = 0; d < kShifts; ++d) total += exponential(raw(shift + d) - top);
        for (int d = 0; d < kShifts; ++d) set(shift + d, exponential(raw(shift + d) - top) / total);
      }

      const Vector square = squared_key_norm(step.interface + head, lane);
      store(step.inverse_key_norm[h] + lane, inverse_root(maximum(square, splat(kNormFloor))));
    }
    for (int row = kEraseRow; row < kAddRow; ++row) set(row, sigmoid(raw(row)));
    for (int row = kAddRow; row < kInterfaceRows; ++row) set(row, hyperbolic_tangent(raw(row)));
  });
}

// Turn `gradient` from that of step.interface into that of step.raw.
inline void activate_interface_backward(const ControllerStep& step, Row* gradient) {
  over_lanes([&](int lane) {
    const auto value = [&](int row) { return load(step.interface[row] + lane); };
    const auto raw = [&](int row) { return load(step.raw[row] + lane); };
    const auto d = [&](int row) { return load(gradient[row] + lane); };
    const auto set = [&](int row, Vector v) { store(gradient[row] + lane, unclipped_gradient(raw(row), v)); };
    const auto tanh_backward = [&](int row) { set(row, d(row) * (1.0f - value(row) * value(row))); };
    const auto sigmoid_backward = [&](int row) { set(row, d(row) * value(row) * (1.0f - value(row))); };
    const auto softplus_backward = [&](int row) { set(row, d(row) * sigmoid(raw(row))); };

    for (int h = 0; h < kHeads; ++h) {
      const int head = h * kHeadRows, shift = head + kShiftRow;
      // Through the key's norm. With q = |k|^2: d cosine / d q = -cosine / (2 q), and the sum over the slots
      // of d_cosine cosine is strength d_strength. A floored norm is constant.
      const Vector square = squared_key_norm(step.interface + head, lane);
      const Vector through_norm =
          keep_where(square >= kNormFloor, value(head + kStrengthRow) * d(head + kStrengthRow) / square);
      for (int w = 0; w < kWidth; ++w) {
        store(gradient[head + w] + lane, d(head + w) - through_norm * value(head + w));
        tanh_backward(head + w);
      }
      softplus_backward(head + kStrengthRow);
      if constexpr (kLocates) {
        sigmoid_backward(head + kGateRow);
        softplus_backward(head + kSharpeningRow);

        Vector mean{};
        for (int s = shift; s < shift + kShifts; ++s) mean += d(s) * value(s);
        for (int s = shift; s < shift + kShifts; ++s) set(s, value(s) * (d(s) - mean));
      }
    }
    for (int row = kEraseRow; row < kAddRow; ++row) sigmoid_backward(row);
    for (int row = kAddRow; row < kInterfaceRows; ++row) tanh_backward(row);
  });
}
