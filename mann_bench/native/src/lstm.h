// A layer of LSTM units, forward and backward: `floats` activations side by side, of one sequence or of several.
#pragma once

#include "clip.h"

// From the gates' sums to the gates in place (input, forget, candidate, output), and to what the next step sees.
// `tanh_of_cell` is that of the cell before its clip.
template <int floats, bool clips>
inline void lstm_forward(float* gates, const float* cell_before, float* tanh_of_cell, float* cell_after,
                         float* hidden_after) {
  for (int i = 0; i < floats; i += kLanes) {
    const Vector in = sigmoid(load(gates + i)), forget = sigmoid(load(gates + floats + i));
    const Vector candidate = hyperbolic_tangent(load(gates + 2 * floats + i));
    const Vector out = sigmoid(load(gates + 3 * floats + i));
    const Vector cell = forget * load(cell_before + i) + in * candidate, tanh = hyperbolic_tangent(cell);
    store(gates + i, in);
    store(gates + floats + i, forget);
    store(gates + 2 * floats + i, candidate);
    store(gates + 3 * floats + i, out);
    store(tanh_of_cell + i, tanh);
    store(cell_after + i, clips ? clipped(cell) : cell);
    store(hidden_after + i, clips ? clipped(out * tanh) : out * tanh);
  }
}

// Set `d_sums`, the gradient before the gates' nonlinearities; `d_cell` is that of the cell after the step, and becomes
// that of the one before.
template <int floats, bool clips>
inline void lstm_backward(const float* gates, const float* cell_before, const float* tanh_of_cell,
                          const float* d_hidden, float* d_cell, float* d_sums) {
  for (int i = 0; i < floats; i += kLanes) {
    const Vector in = load(gates + i), forget = load(gates + floats + i);
    const Vector candidate = load(gates + 2 * floats + i), out = load(gates + 3 * floats + i);
    const Vector before = load(cell_before + i), tanh = load(tanh_of_cell + i);
    Vector dh = load(d_hidden + i), d_after = load(d_cell + i);
    if constexpr (clips) {
      dh = unclipped_gradient(out * tanh, dh);
      d_after = unclipped_gradient(forget * before + in * candidate, d_after);
    }
    const Vector dc = d_after + dh * out * (1.0f - tanh * tanh);
    store(d_sums + i, dc * candidate * in * (1.0f - in));
    store(d_sums + floats + i, dc * before * forget * (1.0f - forget));
    store(d_sums + 2 * floats + i, dc * in * (1.0f - candidate * candidate));
    store(d_sums + 3 * floats + i, dh * tanh * out * (1.0f - out));
    store(d_cell + i, dc * forget);
  }
}
