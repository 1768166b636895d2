#include "search/strategies/strategy.h"

#include "search/strategies/freeze.h"
#include "sim/base/error.h"

namespace thaw {

std::span<const Strategy> strategies() {
  static const Strategy table[] = {
      {"freeze", "from all that fits, freeze what costs least accuracy per byte until accuracy falls",
       freeze},
  };
  return table;
}

const Strategy& strategy_named(const std::string& name) {
  std::string known;
  for (const Strategy& strategy : strategies()) {
    if (strategy.name == name) return strategy;
    known += (known.empty() ? "" : ", ") + strategy.name;
  }
  throw Error("--strategy", "there is no '" + name + "'", "Choose one of: " + known);
}

}  // namespace thaw
