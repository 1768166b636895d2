#include "engine/generate/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/generate/build_files.h"
#include "engine/generate/ecosystem.h"
#include "engine/generate/embedded_files.h"
#include "engine/generate/kernel_files.h"
#include "engine/generate/model_source.h"
#include "engine/generate/naming.h"
#include "memmodel/kernel_choice.h"
#include "sim/base/error.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

void refuse_what_does_not_fit(const MemoryTotals& sizes, const Board& board) {
  const auto refuse = [&](const char* memory, const Budget& budget, const char* hint) {
    throw Error("board '" + board.name + "'",
                fmt::format("the firmware needs {} bytes of {}, the board has {}: {} bytes too many",
                            budget.required, memory, budget.available, budget.excess()),
                hint);
  };
  if (!sizes.ram.fits())
    refuse("RAM", sizes.ram, "Update fewer layers or channels; 'thaw plan' shows what takes the space");
  if (!sizes.flash.fits()) refuse("flash", sizes.flash, "Choose a smaller model or another board");
}

/// A file of the engine as it goes into the firmware's folder.
GeneratedFile copied(const std::string& path, const Board& board) {
  constexpr std::string_view kTemplate = ".in";
  const std::string text(find_embedded_file(path)->text);
  if (!path.ends_with(kTemplate)) return {path, text};
  return {path.substr(0, path.size() - kTemplate.size()), linker_script(text, board)};
}

/// A file under the model's name, below a folder.
GeneratedFile under_name(const GeneratedFile& file, const FirmwareRequest& request,
                         const std::string& folder = "") {
  return {renamed(folder, request.name) + renamed(file.path, request.name), renamed(file.text, request.name)};
}

/// Who may use a source: its first line.
GeneratedFile licensed(GeneratedFile file) {
  if (file.path.ends_with(".c") || file.path.ends_with(".h"))
    file.text.insert(0, "// SPDX-License-Identifier: Apache-2.0\n");
  return file;
}

std::vector<GeneratedFile> sources_of(const FirmwareRequest& request, const MemoryTotals& sizes,
                                      bool test_program) {
  const ModelSource model = model_source(request, sizes);
  std::vector<GeneratedFile> files = {
      {"thaw_model.h", model.header}, {"thaw_model.c", model.source}, {"thaw_constants.h", model.constants}};
  const bool trains = !infers_only(request.plan);
  for (const auto& paths :
       {kernel_files(model.kernels, device_kernels(request.board), trains), runtime_files(trains),
        test_program ? port_files(request.board) : std::vector<std::string>{}})
    for (const std::string& path : paths) files.push_back(copied(path, request.board));
  return files;
}

}  // namespace

std::vector<GeneratedFile> generate(const FirmwareRequest& request) {
  check_model_name(request.name);
  const Board& board = request.board;
  const MemoryTotals sizes = totals(request.plan, request.layout, board);
  refuse_what_does_not_fit(sizes, board);
  const bool for_cmake = request.ecosystem == Ecosystem::cmake;
  FirmwareBuild build{request, sizes, {}, for_cmake && has_port(board)};
  std::vector<GeneratedFile> files = sources_of(request, sizes, build.firmware);
  for (const GeneratedFile& file : files)
    if (file.path.ends_with(".c")) build.sources.push_back(file.path);
  std::sort(build.sources.begin(), build.sources.end());
  for (GeneratedFile& file : files)
    file = under_name(licensed(std::move(file)), request, source_folder_of(request.ecosystem));
  std::vector<GeneratedFile> others = ecosystem_files(build);
  if (for_cmake) others = {{"Makefile", makefile(build)}, {"CMakeLists.txt", cmake_file(build)}};
  others.push_back({"README.md", readme(build)});
  others.push_back({"LICENSE", std::string(find_embedded_file("LICENSE")->text)});
  others.push_back({"firmware.json", firmware_json(build)});
  for (GeneratedFile& file : others) files.push_back(under_name(file, request));
  std::sort(files.begin(), files.end(),
            [](const GeneratedFile& a, const GeneratedFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace thaw
