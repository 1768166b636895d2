// Generated models compiled for this machine and loaded into the test, which calls their functions.
#pragma once

#include <dlfcn.h>
#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "tests/engine/generate/firmware.h"
#include "tests/support/project_folders.h"

namespace thaw::testing {

/// Of model number `model`.
inline std::filesystem::path folder_of(const std::filesystem::path& all, size_t model) {
  return all / std::to_string(model);
}

/// Compiles the models that folder_of(all, 0) and so on hold: one compiler call for the kernels, which all
/// share, and a short one a model, which makes its model.so.
inline CommandResult compile_models(const std::filesystem::path& all, size_t models) {
  const std::string root = source_folder();
  std::string command = "cd '" + all.string() +
                        "' && mkdir -p kernels && cd kernels && gcc -std=c11 -O1 -fPIC -I'" + root +
                        "' -c '" + root + "'/engine/kernels/*.c '" + root + "'/engine/runtime/*.c";
  for (size_t i = 0; i < models; ++i)
    command +=
        " && cd ../" + std::to_string(i) +
        " && gcc -std=c11 -O1 -fPIC -shared -Wl,-Bsymbolic -I. thaw_model.c ../kernels/*.o -o model.so";
  return run_command(command);
}

/// The functions of one model.
class LoadedModel {
 public:
  explicit LoadedModel(const std::filesystem::path& library)
      : handle_(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {}
  ~LoadedModel() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  bool loaded() const { return handle_ != nullptr; }
  template <class Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(dlsym(handle_, name));
  }

 private:
  void* handle_;
};

inline uint32_t crc_of(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace thaw::testing
