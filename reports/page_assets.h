// The texts of reports/assets, put into the program by the build.
#pragma once

#include <string_view>

namespace thaw {

std::string_view page_style();
std::string_view page_script();
std::string_view chart_style();

/// Chart.js with its licences: reports/assets/third_party.
std::string_view chart_library();

}  // namespace thaw
