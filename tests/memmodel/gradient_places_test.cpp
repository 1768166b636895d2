#include "memmodel/gradient_places.h"

#include <gtest/gtest.h>

namespace thaw {
namespace {

void add_buffer(Plan& plan, Layout& layout, BufferKind kind, int64_t bytes, int32_t first, int32_t last,
                int64_t offset) {
  Buffer buffer;
  buffer.id = BufferId(plan.buffers.size());
  buffer.kind = kind;
  buffer.bytes = bytes;
  buffer.first_step = first;
  buffer.last_step = last;
  plan.buffers.push_back(buffer);
  layout.offsets.emplace_back(offset);
}

TEST(GradientPlaces, CountsGradientsOnActivationsThatAreDead) {
  Plan plan;
  plan.steps.resize(4);
  Layout layout;
  add_buffer(plan, layout, BufferKind::activation, 100, 0, 1, 0);   // dead when the gradients come
  add_buffer(plan, layout, BufferKind::activation, 40, 0, 3, 100);  // alive to the end
  add_buffer(plan, layout, BufferKind::gradient, 60, 2, 3, 20);     // on the first
  add_buffer(plan, layout, BufferKind::gradient, 8, 2, 3, 140);     // on none
  layout.peak = 148;
  layout.lower_bound = 140;
  const PassNote note = gradient_places(plan, layout);
  EXPECT_EQ(note.bytes_saved, 60);
  EXPECT_EQ(note.peak_bytes_saved, 140 + 68 - 140);  // activations, gradients, both in one arena
  EXPECT_EQ(note.what, "1 gradient tensors lie where activations have died");
}

}  // namespace
}  // namespace thaw
