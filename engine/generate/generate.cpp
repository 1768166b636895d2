#include "engine/generate/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/generate/build_files.h"
#include "engine/generate/embedded_files.h"
#include "engine/generate/kernel_files.h"
#include "engine/generate/model_source.h"
#include "memmodel/kernel_choice.h"
#include "sim/base/error.h"

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

}  // namespace

std::vector<GeneratedFile> generate(const FirmwareRequest& request) {
  const Board& board = request.board;
  const MemoryTotals sizes = totals(request.plan, request.layout, board);
  refuse_what_does_not_fit(sizes, board);
  const ModelSource model = model_source(request, sizes);
  std::vector<GeneratedFile> files = {
      {"thaw_model.h", model.header}, {"thaw_model.c", model.source}, {"thaw_constants.h", model.constants}};
  for (const auto& paths :
       {kernel_files(model.kernels, takes_dsp_kernels(board)), runtime_files(), port_files(board)})
    for (const std::string& path : paths) files.push_back(copied(path, board));
  FirmwareBuild build{request, sizes, {}, has_port(board)};
  for (const GeneratedFile& file : files)
    if (file.path.ends_with(".c")) build.sources.push_back(file.path);
  std::sort(build.sources.begin(), build.sources.end());
  files.push_back({"Makefile", makefile(build)});
  files.push_back({"CMakeLists.txt", cmake_file(build)});
  files.push_back({"README.md", readme(build)});
  files.push_back({"firmware.json", firmware_json(build)});
  std::sort(files.begin(), files.end(),
            [](const GeneratedFile& a, const GeneratedFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace thaw
