// What the heads of an SDNC read: the slots most like the key, and those that links lead to from what was read before;
// forward and backward.
#pragma once

#include "sparse_memory.h"

#if LINKS

// Mix where the links lead with step.linked.content, and keep a head's `kNeighbours` largest weights.
inline void follow(const Told& told, Step& step, SparseMemory& memory, int t, Visits& read) {
  const Visits &before = step.read, &content = step.linked.content;
  for (int h = 0; h < kReadHeads; ++h) {
    const int first = h * kNeighbours;
    const LinkRow* row[2][kNeighbours];
    for (int j = 0; j < kNeighbours; ++j) {
      row[0][j] = &memory.predecessors(before.place[first + j]);
      row[1][j] = &memory.successors(before.place[first + j], t);
    }
    Candidates<kNeighbours * (2 * kLinks + 1)> all;
    for (int m = 0; m < 2; ++m) {
      for (int j = 0; j < kNeighbours; ++j) {
        for (const Link& link : *row[m][j]) all.add(link, told.mode(h, 2 * m) * before.weight[first + j]);
      }
    }
    // These are enough to choose from, whatever their weights are.
    for (int i = first; i < first + kNeighbours; ++i) {
      all.add_always(memory.rows().slot(content.place[i]), told.mode(h, 1) * content.weight[i]);
    }
    Link kept[kNeighbours];
    all.strongest(kNeighbours, kept);
    for (int k = 0; k < kNeighbours; ++k) {
      read.place[first + k] = memory.visit(kept[k].slot);
      read.weight[first + k] = kept[k].weight;
      for (int m = 0; m < 2; ++m) {
        for (int j = 0; j < kNeighbours; ++j) {
          float followed = 0.0f;
          for (const Link& link : *row[m][j]) followed += link.slot == kept[k].slot ? link.weight : 0.0f;
          step.linked.followed[m][h][j][k] = followed;
        }
      }
    }
  }
}

// Gradients of the above from those of the weights read: those of the content's weights and of the weights read before
// are set, and the modes of `d`.
inline void follow_backward(const Told& told, const Step& step, const Visits& read, const PerVisit& d_weight,
                            PerVisit& d_content, PerVisit& d_before, Told& d) {
  const Visits& content = step.linked.content;
  std::fill_n(d_content, kVisits, 0.0f);
  std::fill_n(d_before, kVisits, 0.0f);
  for (int h = 0; h < kReadHeads; ++h) {
    const int first = h * kNeighbours;
    for (int k = 0; k < kNeighbours; ++k) {
      const float d_mixed = d_weight[first + k];
      for (int m = 0; m < 2; ++m) {
        for (int j = 0; j < kNeighbours; ++j) {
          const float followed = step.linked.followed[m][h][j][k] * d_mixed;
          d.mode(h, 2 * m) += followed * step.read.weight[first + j];
          d_before[first + j] += followed * told.mode(h, 2 * m);
        }
      }
      for (int i = first; i < first + kNeighbours; ++i) {
        if (content.place[i] != read.place[first + k]) continue;
        d.mode(h, 1) += d_mixed * content.weight[i];
        d_content[i] = d_mixed * told.mode(h, 1);
      }
    }
  }
}

#endif
