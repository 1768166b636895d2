// What the kernels of a plan repeat, counted: the loops of a kernel run as often as shapes, selected channels
// and shifts say, so the instructions of a step are a sum over kinds of repeated work, each times what one
// costs on a processor (instruction_costs.h). Nothing of it depends on the data but for branches that most
// data take alike.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "memmodel/device_kernels.h"
#include "sim/plan/plan.h"

namespace thaw {

/// How often each kind of work is done, by its name: "KERNEL: what is repeated".
class Work {
 public:
  void add(const std::string& unit, double count) {
    if (count > 0) units_[unit] += count;
  }
  void add(const Work& other, double times = 1.0) {
    for (const auto& [unit, count] : other.units_) add(unit, count * times);
  }
  const std::map<std::string, double>& units() const { return units_; }

 private:
  std::map<std::string, double> units_;
};

/// Of one step. `learns`: as part of a training step, in which the forward pass fills masks too; an inference
/// leaves them out. `kernels` is `dsp` or `helium`: devices have no others.
Work step_work(const Plan& plan, const Step& step, DeviceKernels kernels, bool learns);

/// Of what the generated frame does around the steps of an inference or, with `learns`, a training step.
Work frame_work(const Plan& plan, bool learns);

}  // namespace thaw
