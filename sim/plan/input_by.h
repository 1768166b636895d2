// How the application gives a model its input.
#pragma once

namespace thaw {

/// `image`: whole, in the arena. `rows`: row after row, so that only the rows in use lie in RAM.
enum class InputBy { image, rows };

/// "image" or "rows".
constexpr const char* input_by_name(InputBy input) {
  return input == InputBy::rows ? "rows" : "image";
}

}  // namespace thaw
