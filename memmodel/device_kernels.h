// The sets of kernels of which a firmware has one.
#pragma once

namespace thaw {

/// All have the same functions and bits: `portable` those of engine/kernels; `dsp` those of
/// engine/kernels/dsp in the place of the ones that they replace; `helium` likewise those of
/// engine/kernels/helium, and those of dsp where they have none.
enum class DeviceKernels { portable, dsp, helium };

}  // namespace thaw
