// See work.h.
#include "memmodel/cost/work.h"

#include "memmodel/cost/shapes.h"

namespace thaw {
namespace {

/// One overload a kernel that devices have versions of.
struct DeviceWork {
  const Plan& plan;
  const Step& step;
  bool helium = false, learns = false;

  Work operator()(const ConvolutionForward& k) const {
    const bool masked = learns && k.mask.present();
    if (k.depthwise) return helium ? helium_depthwise(plan, k, masked) : dsp_depthwise(plan, k, masked);
    return helium ? helium_convolution(plan, k, masked) : dsp_convolution(plan, k, masked);
  }
  Work operator()(const AddForward& k) const {
    const bool masked = learns && k.mask.present();
    return helium ? helium_add(k, masked) : dsp_add(k, masked);
  }
  Work operator()(const MakeGradient& k) const {
    Work work = helium ? helium_gradient(plan, k) : dsp_gradient(plan, k);
    work.add("gradient: call", 1);
    return work;
  }
  Work operator()(const UpdateWeights& k) const {
    Work work = k.depthwise ? update_of_depthwise(k) : helium ? helium_update(plan, k) : dsp_update(plan, k);
    work.add("update: call", 1);
    return work;
  }
  Work operator()(const UpdateBiases& k) const {
    Work work = update_of_biases(plan, k);
    work.add("update biases: call", 1);
    return work;
  }
  template <class Other>
  Work operator()(const Other&) const {
    return plain_work(plan, step, learns);
  }
};

}  // namespace

Work step_work(const Plan& plan, const Step& step, DeviceKernels kernels, bool learns) {
  return std::visit(DeviceWork{plan, step, kernels == DeviceKernels::helium, learns}, step.kernel);
}

Work frame_work(const Plan& plan, bool learns) {
  Work work;
  work.add(learns ? "frame: training step" : "frame: inference", 1);
  work.add("frame: row of the image", plan.input_rows);
  for (const BufferId input : plan.inputs)
    work.add("frame: byte of the image", static_cast<double>(plan.buffer(input).bytes));
  if (!learns) work.add("frame: class", plan.classes);
  return work;
}

}  // namespace thaw
