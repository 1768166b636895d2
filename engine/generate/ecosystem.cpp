#include "engine/generate/ecosystem.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/generate/c_text.h"
#include "sim/base/error.h"
#include "sim/base/json.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

constexpr std::array<std::string_view, 7> kNames = {"cmake",      "arduino",    "esp-idf",  "zephyr",
                                                    "platformio", "cmsis-pack", "stm32cube"};
constexpr const char* kVersion = "0.1.0";

std::string sentence_of(const FirmwareBuild& build) {
  return fmt::format("Inference {}of one int8 model in plain C11, made by 'thaw generate'",
                     infers_only(build.request.plan) ? "" : "and training ");
}

std::string listed(const std::vector<std::string>& paths, const std::string& separator) {
  return fmt::format("{}", fmt::join(paths, separator));
}

constexpr const char* kSketch =
    R"c(// Trains on noise, so that it runs on any board: put your sensor in the place of fill().
#include <thaw_model.h>

static void fill(int8_t* image) {
  for (long i = 0; i < THAW_INPUT_BYTES; ++i) image[i] = (int8_t)random(-128, 128);
}

void setup() {
  Serial.begin(115200);
  thaw_init(1);
}

void loop() {
  int8_t* image = thaw_input();
  fill(image);
#if THAW_CLASSES
  thaw_train_step(image, random(THAW_CLASSES));
#elif THAW_TARGET_BYTES
  static int8_t target[THAW_TARGET_BYTES];  // what the output should be
  thaw_train_step(image, target);
#else
  thaw_train_step(image, 0);  // the input is its own target
#endif
  Serial.println((long)(thaw_last_loss() >> 6));  // times 1024
}
)c";

constexpr const char* kInferenceSketch =
    R"c(// Infers noise, so that it runs on any board: put your sensor in the place of fill().
#include <thaw_model.h>

static int8_t row[THAW_INPUT_ROW_BYTES];

static void fill() {
  for (long i = 0; i < THAW_INPUT_ROW_BYTES; ++i) row[i] = (int8_t)random(-128, 128);
}

void setup() {
  Serial.begin(115200);
}

void loop() {
  thaw_begin();
  for (long i = 0; i < THAW_INPUT_ROWS; ++i) {
    fill();
    thaw_rows(row, 1);
  }
  Serial.println((long)thaw_finish());
}
)c";

std::vector<GeneratedFile> arduino(const FirmwareBuild& build) {
  return {
      {"library.properties",
       fmt::format("name=thaw_model\nversion={}\nauthor=Thaw\nmaintainer=Thaw\nsentence={}.\n"
                   "paragraph=No heap, no operating system, no other libraries.\ncategory=Data Processing\n"
                   "url=https://arduino.github.io/arduino-cli/latest/library-specification/\n"
                   "architectures=*\nincludes=thaw_model.h\ndot_a_linkage=true\n",
                   kVersion, sentence_of(build))},
      infers_only(build.request.plan)
          ? GeneratedFile{"examples/infer_noise/infer_noise.ino", kInferenceSketch}
          : GeneratedFile{"examples/train_on_noise/train_on_noise.ino", kSketch}};
}

std::vector<GeneratedFile> esp_idf(const FirmwareBuild& build) {
  return {{"CMakeLists.txt", fmt::format("# A component: put this folder under components/ of the project.\n"
                                         "idf_component_register(\n  SRCS\n    {}\n  INCLUDE_DIRS \".\")\n",
                                         listed(build.sources, "\n    "))},
          {"idf_component.yml", fmt::format("version: \"{}\"\ndescription: {}\nlicense: Apache-2.0\n",
                                            kVersion, sentence_of(build))}};
}

std::vector<GeneratedFile> zephyr(const FirmwareBuild& build) {
  return {{"zephyr/module.yml", "name: thaw_model\nbuild:\n  cmake: .\n  kconfig: Kconfig\n"},
          {"Kconfig", fmt::format("config THAW_MODEL\n\tbool \"{}\"\n", sentence_of(build))},
          {"CMakeLists.txt",
           fmt::format("# A module: list this folder in ZEPHYR_EXTRA_MODULES, and set CONFIG_THAW_MODEL=y.\n"
                       "if(CONFIG_THAW_MODEL)\n  zephyr_library_named(thaw_model)\n"
                       "  zephyr_library_sources(\n    {}\n  )\n  zephyr_include_directories(.)\nendif()\n",
                       listed(build.sources, "\n    "))}};
}

std::vector<GeneratedFile> platformio(const FirmwareBuild& build) {
  const nlohmann::ordered_json library = {
      {"name", "thaw_model"},     {"version", kVersion}, {"description", sentence_of(build)},
      {"license", "Apache-2.0"},  {"frameworks", "*"},   {"platforms", "*"},
      {"headers", "thaw_model.h"}};
  return {{"library.json", json_text(library)}};
}

std::vector<GeneratedFile> cmsis_pack(const FirmwareBuild& build) {
  std::string files =
      "        <file category=\"include\" name=\"./\"/>\n"
      "        <file category=\"header\" name=\"thaw_model.h\"/>\n";
  for (const std::string& source : build.sources)
    files += fmt::format("        <file category=\"sourceC\" name=\"{}\"/>\n", source);
  return {
      {"Thaw.thaw_model.pdsc",
       fmt::format(
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<package schemaVersion=\"1.7.7\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
           "    xs:noNamespaceSchemaLocation=\"https://raw.githubusercontent.com/Open-CMSIS-Pack/"
           "Open-CMSIS-Pack-Spec/v1.7.7/schema/PACK.xsd\">\n"
           "  <vendor>Thaw</vendor>\n  <name>thaw_model</name>\n  <description>{0}</description>\n"
           "  <url></url>\n  <license>LICENSE</license>\n  <releases>\n"
           "    <release version=\"{1}\" date=\"2026-01-01\">Made by thaw generate</release>\n  </releases>\n"
           "  <conditions>\n    <condition id=\"C11\">\n      <description>A C11 compiler</description>\n"
           "      <accept Tcompiler=\"GCC\"/>\n      <accept Tcompiler=\"CLANG\"/>\n"
           "      <accept Tcompiler=\"ARMCC\"/>\n    </condition>\n  </conditions>\n  <components>\n"
           "    <component Cclass=\"Machine Learning\" Cgroup=\"Thaw\" Csub=\"thaw_model\" Cversion=\"{1}\" "
           "condition=\"C11\">\n      <description>{0}</description>\n      <files>\n{2}"
           "      </files>\n    </component>\n  </components>\n</package>\n",
           sentence_of(build), kVersion, files)}};
}

}  // namespace

std::span<const std::string_view> ecosystem_names() {
  return kNames;
}

Ecosystem ecosystem_named(const std::string& name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end())
    throw Error("--for", "there is no '" + name + "'",
                fmt::format("Choose one of: {}", fmt::join(kNames, ", ")));
  return static_cast<Ecosystem>(std::distance(kNames.begin(), found));
}

std::string source_folder_of(Ecosystem ecosystem) {
  switch (ecosystem) {
    case Ecosystem::arduino:
    case Ecosystem::platformio:
      return "src/";
    case Ecosystem::stm32cube:
      return "Middlewares/Third_Party/thaw_model/";
    case Ecosystem::cmake:
    case Ecosystem::esp_idf:
    case Ecosystem::zephyr:
    case Ecosystem::cmsis_pack:
      break;
  }
  return "";
}

std::vector<GeneratedFile> ecosystem_files(const FirmwareBuild& build) {
  switch (build.request.ecosystem) {
    case Ecosystem::arduino:
      return arduino(build);
    case Ecosystem::esp_idf:
      return esp_idf(build);
    case Ecosystem::zephyr:
      return zephyr(build);
    case Ecosystem::platformio:
      return platformio(build);
    case Ecosystem::cmsis_pack:
      return cmsis_pack(build);
    case Ecosystem::stm32cube:
      return {{source_folder_of(Ecosystem::stm32cube) + "CMakeLists.txt", cmake_file(build)}};
    case Ecosystem::cmake:
      break;
  }
  return {};
}

std::string how_to_add(Ecosystem ecosystem) {
  switch (ecosystem) {
    case Ecosystem::arduino:
      return "Zip this folder and choose *Sketch > Include Library > Add .ZIP Library*, or put it into "
             "`libraries/` of the sketchbook.\nThe example runs on noise.";
    case Ecosystem::esp_idf:
      return "Put this folder under `components/` of the project; whoever uses it says `REQUIRES thaw_model` "
             "(the folder's name).";
    case Ecosystem::zephyr:
      return "`west build ... -- -DZEPHYR_EXTRA_MODULES=THIS_FOLDER`, with `CONFIG_THAW_MODEL=y` in "
             "`prj.conf`.";
    case Ecosystem::platformio:
      return "Put this folder into `lib/` of the project, or name it in `lib_deps`.";
    case Ecosystem::cmsis_pack:
      return "`cpackget add Thaw.thaw_model.pdsc`, then choose the component *Machine "
             "Learning:Thaw:thaw_model*.";
    case Ecosystem::stm32cube:
      return "Copy `Middlewares` into the project. CubeMX's CMake: "
             "`add_subdirectory(Middlewares/Third_Party/thaw_model)` and link `thaw_model`. CubeIDE: add\n"
             "`Middlewares/Third_Party/thaw_model` to the source locations and to the include paths.";
    case Ecosystem::cmake:
      break;
  }
  return "";
}

}  // namespace thaw
