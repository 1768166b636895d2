#include "tools/thaw/replay_options.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "sim/base/byte_size.h"
#include "sim/base/error.h"
#include "tools/thaw/common_options.h"

namespace thaw::cli {

void add_replay(CLI::App& command, Replay& replay) {
  command
      .add_option("--replay", replay.samples,
                  "After every sample train so many kept ones again, as a device does from stored latents")
      ->check(from_to(0, 1000))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--replay-memory",
          [&replay](const std::string& text) {
            try {
              replay.memory_bytes = std::min<int64_t>(parse_byte_size(text, "--replay-memory"), INT32_MAX);
            } catch (const Error& error) {
              throw CLI::ValidationError(error.what());
            }
          },
          "Memory of the device for what it keeps of them")
      ->type_name("BYTES|192K")
      ->default_str("16K");
}

}  // namespace thaw::cli
