// Plain text tables and numbers with units.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace thaw::cli {

/// Columns as wide as their widest cell; a column whose header begins with '>' is aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  /// One row; as many cells as the header has.
  void add(std::vector<std::string> row);
  void print(std::FILE* stream) const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace thaw::cli
