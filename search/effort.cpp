#include "search/effort.h"

#include "sim/base/error.h"

namespace thaw {

std::span<const Effort> efforts() {
  static const Effort table[] = {
      {"quick", 1, 1000, 2, 4, 40, 1, 1},
      {"normal", 2, 2000, 4, 6, 100, 3, 3},
      {"thorough", 3, SIZE_MAX, 8, 8, 300, 5, 5},
  };
  return table;
}

const Effort& effort_named(const std::string& name) {
  std::string known;
  for (const Effort& effort : efforts()) {
    if (effort.name == name) return effort;
    known += (known.empty() ? "" : ", ") + effort.name;
  }
  throw Error("--effort", "there is no '" + name + "'", "Choose one of: " + known);
}

}  // namespace thaw
