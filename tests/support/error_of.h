// What a call complains about.
#pragma once

#include <string>

#include "sim/base/error.h"

namespace thaw::testing {

/// The message of the thaw::Error that `call` throws; "no error" where it returns.
template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace thaw::testing
