// The 59 calls of quantize_multiplier that were recorded from the reference kernels.
#include "sim/graph/quantized_multiplier.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/support/shared_folder.h"

namespace thaw {
namespace {

TEST(QuantizedMultiplier, RecordedCalls) {
  std::ifstream file(testing::golden_folder() / "tflm" / "primitives.csv");
  ASSERT_TRUE(file);
  int calls = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    std::string function, a, b, c, multiplier, shift;
    for (std::string* column : {&function, &a, &b, &c, &multiplier, &shift})
      std::getline(columns, *column, ',');
    if (function != "quantize_multiplier") continue;
    const QuantizedMultiplier expected{static_cast<int32_t>(std::stol(multiplier)), std::stoi(shift)};
    EXPECT_EQ(quantize_multiplier(std::strtod(a.c_str(), nullptr)), expected) << line;
    ++calls;
  }
  EXPECT_EQ(calls, 59);
}

}  // namespace
}  // namespace thaw
