// One step of a Plan as a C statement that calls its kernel, with its parameters as constant structures.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "memmodel/layout.h"
#include "sim/plan/plan.h"

namespace thaw {

/// What the statements of a plan need around them. It grows with every call of `kernel_call`.
class CallContext {
 public:
  CallContext(const Plan& plan, const Layout& layout) : plan_(plan), layout_(layout) {}

  const Plan& plan() const { return plan_; }

  /// An expression of type `type*` for the buffer, an address constant; "NULL" where it is absent. Remembers
  /// the type: constants and state members are declared with it. `offset` in bytes, into the arena only.
  std::string address(BufferId id, const std::string& type, int64_t offset = 0);

  /// The name of a constant structure with this initialiser; equal ones share a name.
  std::string parameters(const std::string& type, const std::string& initialiser);

  /// Remembers that file NAME.c of the kernels is needed.
  void use_kernel(const std::string& name) { kernels_.insert(name); }

  /// The name under which a buffer is declared.
  std::string name(BufferId id) const;

  const std::map<BufferId, std::string>& types() const { return types_; }
  const std::vector<std::string>& definitions() const { return definitions_; }
  const std::set<std::string>& kernels() const { return kernels_; }

 private:
  const Plan& plan_;
  const Layout& layout_;
  std::map<BufferId, std::string> types_;
  std::vector<std::string> definitions_;      // of parameter structures, in order of first use
  std::map<std::string, std::string> names_;  // definition without its name -> name
  std::map<std::string, int32_t> count_;      // of structures by type
  std::set<std::string> kernels_;
};

/// The statement or statements of one step, indented by two spaces. Steps must come in the plan's order.
std::string kernel_call(const Step& step, CallContext& context);

}  // namespace thaw
