#include "tools/thaw/config_file.h"

#include "sim/base/error.h"

namespace thaw::cli {

std::filesystem::path config_file(const std::string& name, const std::string& option) {
  namespace fs = std::filesystem;
  const fs::path program = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& path :
       {fs::path("configs") / name, program / "configs" / name, program.parent_path() / "configs" / name,
        program.parent_path() / "share/thaw" / name})
    if (fs::exists(path)) return path;
  throw Error(option,
              "configs/" + name + " was found neither here nor beside the program (" + program.string() + ")",
              "Run from the repository's root, or name the file");
}

}  // namespace thaw::cli
