// Opens a page in headless Chromium, as a reader's browser would, and brings back what a probe found in it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/reports/example_run.h"

namespace thaw::testing {

inline bool has_browser() {
  return fs::exists("/usr/bin/chromium");
}

/// `probe`: what the probe returned. `console`: every line that the page wrote to the console, and every
/// error.
struct Opened {
  Json probe;
  std::string console;
};

/// Runs Chromium on `page` with a profile of its own, which is removed; returns standard output, and standard
/// error in `messages`.
inline std::string run_browser(const fs::path& page, const std::string& flags, std::string& messages) {
  const fs::path profile = page.parent_path() / "browser-profile", log = page.parent_path() / "browser.log";
  const std::string command =
      "timeout 120 /usr/bin/chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
      "--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars "
      "--enable-logging=stderr --user-data-dir='" +
      profile.string() + "' " + flags + " 'file://" + page.string() + "' 2>'" + log.string() + "'";
  std::string out;
  std::array<char, 65536> block;
  FILE* pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  for (size_t n = 0; (n = std::fread(block.data(), 1, block.size(), pipe)) > 0;) out.append(block.data(), n);
  EXPECT_EQ(pclose(pipe), 0) << command;
  messages = read_text(log);
  fs::remove_all(profile);
  return out;
}

/// Opens a copy of `page` with `probe` (a JavaScript function body that returns a value) run at its end.
inline Opened open_page(const fs::path& page, const std::string& probe, const std::string& flags = "") {
  std::string html = read_text(page);
  const std::string end = "</body>";
  const size_t at = html.rfind(end);
  EXPECT_NE(at, std::string::npos);
  html.insert(at, "<script>{const found = (() => {" + probe +
                      "})(), place = document.createElement('script');\n"
                      "place.type = 'application/json'; place.id = 'probe';\n"
                      "place.textContent = JSON.stringify(found).replaceAll('<', '\\\\u003c');\n"
                      "document.body.append(place);}</script>");
  const fs::path copy = page.parent_path() / ("probed-" + page.filename().string());
  write_text(copy, html);
  std::string messages;
  const std::string dom = run_browser(copy, "--dump-dom " + flags, messages);
  Opened opened;
  const std::string begin = "id=\"probe\">";
  const size_t from = dom.rfind(begin);
  EXPECT_NE(from, std::string::npos) << messages;
  if (from != std::string::npos)
    opened.probe =
        Json::parse(dom.substr(from + begin.size(), dom.find("</script>", from) - from - begin.size()));
  std::istringstream lines(messages);
  for (std::string line; std::getline(lines, line);)
    if (line.find("CONSOLE") != std::string::npos) opened.console += line + "\n";
  return opened;
}

}  // namespace thaw::testing
