// The folder of a firmware as the builds of others want it: where sources lie, and the files that describe
// them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/generate/build_files.h"

namespace thaw {

/// Names of --for, in the order of the enumeration.
std::span<const std::string_view> ecosystem_names();

/// Throws Error naming those that there are.
Ecosystem ecosystem_named(const std::string& name);

/// Where sources and headers lie in the folder: "src/", or "" for the folder itself. It is the include path.
std::string source_folder_of(Ecosystem ecosystem);

/// What its build reads besides sources; paths relative to the folder. Empty for Ecosystem::cmake, whose
/// files build_files.h makes.
///   arduino     library.properties, examples (Arduino library specification 1.5)
///   esp_idf     CMakeLists.txt with idf_component_register, idf_component.yml
///   zephyr      zephyr/module.yml, Kconfig, CMakeLists.txt with zephyr_library
///   platformio  library.json
///   cmsis_pack  Thaw.NAME.pdsc (Open-CMSIS-Pack schema 1.7)
///   stm32cube   Middlewares/Third_Party/NAME with its CMakeLists.txt
std::vector<GeneratedFile> ecosystem_files(const FirmwareBuild& build);

/// What a person does with the folder, for the README.
std::string how_to_add(Ecosystem ecosystem);

}  // namespace thaw
