#include "engine/generate/kernel_files.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "engine/generate/embedded_files.h"

namespace thaw {
namespace {

constexpr std::string_view kKernelFolder = "engine/kernels/";

/// Paths of the engine's own headers that a file includes.
std::vector<std::string> includes_of(std::string_view text) {
  constexpr std::string_view kStart = "#include \"engine/";
  std::vector<std::string> paths;
  for (size_t at = text.find(kStart); at != std::string_view::npos; at = text.find(kStart, at + 1)) {
    const size_t begin = text.find('"', at) + 1;
    paths.emplace_back(text.substr(begin, text.find('"', begin) - begin));
  }
  return paths;
}

/// A file and all headers that it includes, directly or not.
void add_with_headers(const std::string& path, std::set<std::string>& files) {
  const EmbeddedFile* file = find_embedded_file(path);
  assert(file != nullptr);
  if (!files.insert(path).second) return;
  for (const std::string& header : includes_of(file->text)) add_with_headers(header, files);
}

std::string source_of(const std::string& kernel, DeviceKernels set) {
  std::string helium = std::string(kKernelFolder) + "helium/" + kernel + "_helium.c";
  if (set == DeviceKernels::helium && find_embedded_file(helium) != nullptr) return helium;
  std::string dsp = std::string(kKernelFolder) + "dsp/" + kernel + "_dsp.c";
  if (set != DeviceKernels::portable && find_embedded_file(dsp) != nullptr) return dsp;
  return std::string(kKernelFolder) + kernel + ".c";
}

std::vector<std::string> files_under(const std::string& folder) {
  std::vector<std::string> paths;
  for (const EmbeddedFile& file : embedded_files())
    if (file.path.starts_with(folder)) paths.emplace_back(file.path);
  return paths;
}

}  // namespace

bool is_native(const Board& board) {
  return board.cpu == "native";
}

std::vector<std::string> kernel_files(const std::set<std::string>& kernels, DeviceKernels set, bool trains) {
  std::set<std::string> files;
  if (trains)
    for (const char* header : {"training_step.h", "random.h"})
      files.insert(std::string(kKernelFolder) + header);
  std::vector<std::string> open(kernels.begin(), kernels.end());
  while (!open.empty()) {
    const std::string path = source_of(open.back(), set);
    open.pop_back();
    if (files.contains(path)) continue;
    add_with_headers(path, files);
    for (const std::string& header : includes_of(find_embedded_file(path)->text)) {
      if (!header.starts_with(kKernelFolder)) continue;
      const std::string stem = header.substr(kKernelFolder.size(), header.size() - kKernelFolder.size() - 2);
      if (find_embedded_file(std::string(kKernelFolder) + stem + ".c") != nullptr) open.push_back(stem);
    }
  }
  return {files.begin(), files.end()};
}

std::vector<std::string> runtime_files(bool trains) {
  std::vector<std::string> files = files_under("engine/runtime/");
  std::erase_if(files, [&](const std::string& path) {
    const bool of_state =
        path.find("/state_") != std::string::npos || path.find("/replay.") != std::string::npos;
    return (!path.ends_with(".c") && !path.ends_with(".h")) || (of_state && !trains);
  });
  return files;
}

bool has_port(const Board& board) {
  for (const char* shared : {"common", "semihosting", "cortex-m", "riscv"})
    if (board.port == shared) return false;
  return !board.port.empty() && !files_under("engine/port/" + board.port + "/").empty();
}

std::string port_family(const Board& board) {
  return is_riscv(board) ? "riscv" : "cortex-m";
}

std::vector<std::string> port_files(const Board& board) {
  if (!has_port(board)) return {};
  std::vector<std::string> folders = {"common", board.port};
  if (!is_native(board)) folders.insert(folders.end(), {"semihosting", port_family(board)});
  std::vector<std::string> files;
  for (const std::string& folder : folders)
    for (const std::string& path : files_under("engine/port/" + folder + "/")) files.push_back(path);
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace thaw
