// Weightings of the slots most like a key: the softmax over them of strength * cosine, forward and backward.
#pragma once

#include "sparse_memory.h"

// Set `key` to the keys of all heads at length one; those of no length stay zero.
inline void unit_keys(const Told& told, float (*key)[kWidth]) {
  for (int h = 0; h < kReadHeads; ++h) {
    float square = 0.0f;
    for (int w = 0; w < kWidth; ++w) square += told.key(h)[w] * told.key(h)[w];
    const float scale = 1.0f / std::sqrt(square < kNormFloor ? kNormFloor : square);
    for (int w = 0; w < kWidth; ++w) key[h][w] = told.key(h)[w] * scale;
  }
}

inline void weigh_content(const Told& told, const PerVisit& cosine, PerVisit& weight) {
  alignas(64) float power[padded(kVisits)] = {};
  for (int h = 0; h < kReadHeads; ++h) {
    const float *of_head = cosine + h * kNeighbours, top = *std::max_element(of_head, of_head + kNeighbours);
    for (int k = 0; k < kNeighbours; ++k) power[h * kNeighbours + k] = told.strength(h) * (of_head[k] - top);
  }
  for (int i = 0; i < kVisits; i += kLanes) store(power + i, exponential(load(power + i)));
  for (int h = 0; h < kReadHeads; ++h) {
    float total = 0.0f;
    for (int k = 0; k < kNeighbours; ++k) total += power[h * kNeighbours + k];
    for (int k = 0; k < kNeighbours; ++k) weight[h * kNeighbours + k] = power[h * kNeighbours + k] / total;
  }
}

// Gradients of the above, from `d_weight`: keys and strengths of `d` are set, those of the rows, [places, width], are
// added to.
inline void content_backward(const Told& told, const int32_t* place, const PerVisit& cosine, const PerVisit& weight,
                             const PerVisit& d_weight, const Rows& rows, float* d_rows, Told& d) {
  for (int h = 0; h < kReadHeads; ++h) {
    const int first = h * kNeighbours;
    const float* key = told.key(h);
    float mean = 0.0f, square = 0.0f, d_strength = 0.0f, d_unit_key[kWidth] = {};
    for (int i = first; i < first + kNeighbours; ++i) mean += weight[i] * d_weight[i];
    for (int w = 0; w < kWidth; ++w) square += key[w] * key[w];
    const float inverse = 1.0f / std::sqrt(square < kNormFloor ? kNormFloor : square);
    for (int i = first; i < first + kNeighbours; ++i) {
      const float d_z = weight[i] * (d_weight[i] - mean), d_cosine = told.strength(h) * d_z;
      const float* row = rows.row(place[i]);
      float row_square = 0.0f;
      for (int w = 0; w < kWidth; ++w) row_square += row[w] * row[w];
      const float row_inverse = 1.0f / std::sqrt(row_square < kNormFloor ? kNormFloor : row_square);
      d_strength += d_z * cosine[i];
      // Through a norm that is not floored: d cosine / d row = (unit key - cosine unit row) / |row|.
      const float along = row_square < kNormFloor ? 0.0f : cosine[i] * row_inverse;
      float* d_row = d_rows + static_cast<ptrdiff_t>(place[i]) * kWidth;
      for (int w = 0; w < kWidth; ++w) {
        d_unit_key[w] += d_cosine * (row[w] * row_inverse);
        d_row[w] += d_cosine * row_inverse * (key[w] * inverse - along * row[w]);
      }
    }
    float along = 0.0f;
    for (int w = 0; w < kWidth; ++w) along += d_unit_key[w] * key[w] * inverse;
    if (square < kNormFloor) along = 0.0f;
    for (int w = 0; w < kWidth; ++w) d.key(h)[w] = inverse * (d_unit_key[w] - along * (key[w] * inverse));
    d.strength(h) = d_strength;
  }
}
