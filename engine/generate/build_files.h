// What builds and explains a firmware: Makefile, CMakeLists.txt, README.md, firmware.json, linker scripts.
#pragma once

#include <string>
#include <vector>

#include "engine/generate/generate.h"

namespace thaw {

/// `sources` are the .c files of the folder; `firmware` says whether a test program is among them.
struct FirmwareBuild {
  const FirmwareRequest& request;
  const MemoryTotals& sizes;
  std::vector<std::string> sources;
  bool firmware = false;
};

std::string makefile(const FirmwareBuild& build);
std::string cmake_file(const FirmwareBuild& build);
std::string readme(const FirmwareBuild& build);
std::string firmware_json(const FirmwareBuild& build);

/// A linker script with the board's sizes in the place of @RAM_BYTES@, @FLASH_BYTES@ and @STACK_BYTES@.
std::string linker_script(std::string text, const Board& board);

}  // namespace thaw
