// Firmware from a Plan: C sources that compute, step for step, what the Executor computes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/layout.h"
#include "memmodel/totals.h"
#include "sim/plan/plan.h"

namespace thaw {

/// Whose build the folder is laid out for.
enum class Ecosystem { cmake, arduino, esp_idf, zephyr, platformio, cmsis_pack, stm32cube };

/// What a firmware is made of. `plan` comes from `training_plan` or `inference_plan`; `layout` from
/// `plan_layout`.
struct FirmwareRequest {
  const Plan& plan;
  const Layout& layout;
  const Board& board;
  std::array<int32_t, 4> input = {1, 0, 0, 0};  // N, H, W, C
  double input_scale = 1.0;
  int32_t input_zero_point = 0;
  LearningRate rate = {};                    // until the application sets another
  std::array<LearningRate, 128> rates = {};  // of thaw_set_schedule (arithmetic section 2)
  std::string name = "";                     // in the place of "thaw" in every symbol and file (naming.h)
  Ecosystem ecosystem = Ecosystem::cmake;
  bool uint8_in_file = false;  // the model file's input is uint8: said where the API is
  // Of the output that a task compares, or that a firmware for inference alone gives (its plan is from
  // `inference_plan`, and rates do not count).
  double output_scale = 1.0;
  int32_t output_zero_point = 0;
  std::optional<int64_t> anomaly_threshold = std::nullopt;  // of an autoencoder, as thaw_last_loss gives it
};

/// A file of the firmware's folder; `path` is relative to it.
struct GeneratedFile {
  std::string path;
  std::string text;
};

/// The request for a firmware that infers and does not train: `plan` and `layout` are of
/// `inference_plan(graph)`. Throws Error where the model has several inputs or outputs, or one that is not
/// int8 (float32 ones behind QUANTIZE and DEQUANTIZE are).
FirmwareRequest inference_request(const Graph& graph, const Plan& plan, const Layout& layout,
                                  const Board& board);

/// All files, ascending by path: thaw_model.{h,c}, thaw_constants.h, the kernels and the runtime that they
/// use, README.md, LICENSE, firmware.json, and what the ecosystem's build reads; for CMake that is Makefile,
/// CMakeLists.txt, and for boards with a port the test program. Throws Error with required, available and
/// excess bytes where the plan does not fit the board.
std::vector<GeneratedFile> generate(const FirmwareRequest& request);

}  // namespace thaw
