// --board: a name of configs/boards or a file, with --ram and --flash on top.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "memmodel/board.h"

namespace thaw::cli {

/// The board named or held by the file `text`. Names are looked for in ./configs/boards, then beside the
/// program (of its build or installation). `ram` and `flash`, in bytes, replace the board's; `instructions`
/// is the most that a training step may take. Its name then says so. Throws Error that lists the known names,
/// or that says for which processors instructions are not known.
Board board_option(const std::string& text, std::optional<int64_t> ram, std::optional<int64_t> flash,
                   std::optional<int64_t> instructions = std::nullopt);

}  // namespace thaw::cli
