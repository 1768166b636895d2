// The one exception type of Thaw: bad input, named precisely enough to be mended.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace thaw {

/// Thrown at the boundary that read the bad input; `main` prints it on one line and exits 1.
/// `where` names the file and the field or byte offset, `what_is_wrong` what was found and what was
/// expected, `hint` what the user can do. Broken invariants of our own are assertions, never this.
struct Error : std::runtime_error {
  Error(std::string where_, std::string what_is_wrong_, std::string hint_ = "")
      : std::runtime_error(where_ + ": " + what_is_wrong_ + (hint_.empty() ? "" : ". " + hint_)),
        where(std::move(where_)),
        what_is_wrong(std::move(what_is_wrong_)),
        hint(std::move(hint_)) {}

  std::string where;
  std::string what_is_wrong;
  std::string hint;
};

}  // namespace thaw
