// Ranks where Thaw was built without MPI: a process is always alone.
#include <cassert>
#include <cstdlib>
#include <string_view>

#include "search/mpi/ranks.h"
#include "sim/base/error.h"

namespace thaw {

Ranks::Ranks() {
  const char* size = std::getenv("OMPI_COMM_WORLD_SIZE");
  if (size != nullptr && std::string_view(size) != "1")
    throw Error("mpirun", "started several processes, but this thaw was built without MPI",
                "Build it with -DTHAW_MPI=ON");
}

Ranks::~Ranks() = default;

void Ranks::send(int32_t, const std::string&) {
  assert(joined_);
}

std::optional<RankMessage> Ranks::receive() {
  assert(joined_);
  return std::nullopt;
}

void Ranks::finish() {}

}  // namespace thaw
