// Ranks of a program without MPI: it is always alone, and where a launcher started it, `thaw-mpi` goes on.
#include "search/mpi/ranks.h"

#include <unistd.h>

#include <cassert>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "sim/base/error.h"

namespace thaw {
namespace {

/// Whether mpirun or srun started several processes of this program, or may have.
bool one_of_several() {
  if (const char* count = std::getenv("OMPI_COMM_WORLD_SIZE")) return std::string_view(count) != "1";
  return std::getenv("PMIX_RANK") != nullptr || std::getenv("PMI_RANK") != nullptr;
}

}  // namespace

void Ranks::go_on_with_mpi(char** argv) {
  if (!one_of_several()) return;
  std::error_code none;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
  execv((self.parent_path() / "thaw-mpi").c_str(), argv);
  throw Error("mpirun", "started several processes, but there is no thaw-mpi beside this program",
              "Build Thaw where MPI is installed, or with -DTHAW_MPI=ON (docs/cluster.md)");
}

Ranks::Ranks() = default;

void Ranks::send(int32_t, const std::string&) {
  assert(joined_);
}

std::optional<RankMessage> Ranks::receive() {
  assert(joined_);
  return std::nullopt;
}

void Ranks::finish() {}

}  // namespace thaw
