// The replacement is the JSON library's own, so that names and the files that hold them agree.
#include "sim/data/text.h"

#include <nlohmann/json.hpp>

namespace thaw {

std::string valid_utf8(std::string_view text) {
  using Json = nlohmann::json;
  const std::string quoted = Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Json::parse(quoted).get<std::string>();
}

}  // namespace thaw
