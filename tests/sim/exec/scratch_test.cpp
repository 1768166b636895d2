// The plan's scratch is what the engine's kernels ask for.
#include "sim/plan/scratch.h"

#include <gtest/gtest.h>

#include "engine/kernels/gradient.h"
#include "engine/kernels/update.h"
#include "tests/support/noise.h"

namespace thaw {
namespace {

Window random_window(testing::Noise& noise) {
  Window w;
  w.input_height = noise.in(1, 40);
  w.input_width = noise.in(1, 70);
  w.input_channels = noise.in(1, 70);
  w.output_height = noise.in(1, 40);
  w.output_width = noise.in(1, 70);
  w.output_channels = noise.in(1, 70);
  w.kernel_height = noise.in(0, 1) == 0 ? 1 : noise.in(1, 7);
  w.kernel_width = noise.in(0, 1) == 0 ? 1 : noise.in(1, 7);
  w.stride_height = noise.in(1, 3);
  w.stride_width = noise.in(1, 3);
  w.dilation_height = noise.in(1, 2);
  w.dilation_width = noise.in(1, 2);
  w.pad_top = noise.in(0, 2) == 0 ? noise.in(0, 3) : 0;
  w.pad_left = noise.in(0, 2) == 0 ? noise.in(0, 3) : 0;
  return w;
}

TEST(Scratch, OfForwardKernelsIsTheEngines) {
  testing::Noise noise(7);
  for (int i = 0; i < 2000; ++i) {
    ConvolutionForward k;
    k.window = random_window(noise);
    k.depthwise = noise.in(0, 1) == 0;
    if (k.depthwise) {
      const thaw_depthwise depthwise = depthwise_of(k);
      ASSERT_EQ(scratch_bytes(k), thaw_depthwise_scratch_bytes(&depthwise));
      continue;
    }
    const int32_t trained =
        noise.in(0, 1) == 0 ? k.window.input_channels : noise.in(0, k.window.input_channels);
    k.trained_channels.resize(static_cast<size_t>(trained));
    if (trained < k.window.input_channels) k.weights = BufferId(size_t{0});
    ASSERT_EQ(scratch_bytes(k), thaw_conv2d_scratch_bytes(&k.window, k.weights.present(), trained));
  }
}

TEST(Scratch, OfBackwardKernelsIsTheEngines) {
  testing::Noise noise(8);
  for (int i = 0; i < 2000; ++i) {
    UpdateWeights update;
    update.window = random_window(noise);
    ASSERT_EQ(scratch_bytes(update), thaw_update_conv2d_weights_scratch_bytes(&update.window));

    MakeGradient k;
    k.channels = noise.in(1, 70);
    thaw_conv2d conv[2];
    thaw_depthwise depthwise[2];
    thaw_gradient_source sources[2] = {};
    const int32_t count = noise.in(1, 2);
    for (int32_t j = 0; j < count; ++j) {
      GradientSource source;
      if (noise.in(0, 2) == 0) {
        sources[j].kind = THAW_SOURCE_STORED;
        source.from = FromStored{};
      } else {
        FromConvolution from;
        from.window = random_window(noise);
        from.depthwise = noise.in(0, 1) == 0;
        conv[j] = from.window;
        depthwise[j] = depthwise_of(from);
        sources[j].kind = from.depthwise ? THAW_SOURCE_DEPTHWISE : THAW_SOURCE_CONV2D;
        sources[j].conv = &conv[j];
        sources[j].depthwise = &depthwise[j];
        source.from = from;
      }
      k.sources.push_back(source);
    }
    const thaw_gradient_target target = {1, k.channels, 7, nullptr, nullptr};
    ASSERT_EQ(scratch_bytes(k), thaw_gradient_scratch_bytes(&target, sources, count));
  }
}

// Layers that are streamed by rows share what the whole layer was given.
TEST(Scratch, OfABandIsNoLargerThanOfTheWholeLayer) {
  testing::Noise noise(9);
  for (int i = 0; i < 2000; ++i) {
    ConvolutionForward whole;
    whole.window = random_window(noise);
    whole.depthwise = noise.in(0, 1) == 0;
    whole.weights = BufferId(size_t{0});
    ConvolutionForward band = whole;
    band.window.output_height = noise.in(1, whole.window.output_height);
    band.window.input_height = noise.in(1, whole.window.input_height);
    band.window.pad_top = noise.in(0, whole.window.pad_top);
    if (!whole.depthwise && whole.window.taps() == 1) continue;  // depends on where the input ends
    ASSERT_LE(scratch_bytes(band), scratch_bytes(whole));
  }
}

}  // namespace
}  // namespace thaw
