// Arrays and archives as numpy writes them, made in memory.
#pragma once

#include <gtest/gtest.h>
#include <zip.h>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thaw::testing {

/// A version 1 .npy file of this header text and these data.
inline std::vector<std::byte> npy_file(const std::string& header, std::span<const std::byte> data) {
  const std::string start = {static_cast<char>(0x93),
                             'N',
                             'U',
                             'M',
                             'P',
                             'Y',
                             1,
                             0,
                             static_cast<char>(header.size() & 0xFF),
                             static_cast<char>(header.size() >> 8)};
  std::vector<std::byte> file;
  for (char c : start + header) file.push_back(static_cast<std::byte>(c));
  file.insert(file.end(), data.begin(), data.end());
  return file;
}

/// The same with data bytes 0, 1, 2, ...
inline std::vector<std::byte> npy_file(const std::string& header, size_t data_bytes) {
  std::vector<std::byte> data;
  for (size_t i = 0; i < data_bytes; ++i) data.push_back(static_cast<std::byte>(i));
  return npy_file(header, data);
}

/// An array in C order; `type` and `shape` as numpy spells them: "<f4", "(2, 3)".
template <class T>
std::vector<std::byte> npy_array(const std::string& type, const std::string& shape,
                                 const std::vector<T>& values) {
  return npy_file("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n",
                  std::as_bytes(std::span(values)));
}

/// A zip archive of these members, encrypted where there is a password.
inline std::vector<std::byte> zip_file(
    const std::vector<std::pair<std::string, std::vector<std::byte>>>& members,
    const std::string& password = "") {
  zip_source_t* target = zip_source_buffer_create(nullptr, 0, 0, nullptr);
  zip_source_keep(target);
  zip_t* archive = zip_open_from_source(target, ZIP_TRUNCATE, nullptr);
  for (const auto& [name, content] : members) {
    zip_source_t* source = zip_source_buffer(archive, content.data(), content.size(), 0);
    const auto index = static_cast<zip_uint64_t>(zip_file_add(archive, name.c_str(), source, 0));
    if (!password.empty()) zip_file_set_encryption(archive, index, ZIP_EM_AES_256, password.c_str());
  }
  EXPECT_EQ(zip_close(archive), 0) << zip_strerror(archive);
  zip_stat_t about;
  zip_source_stat(target, &about);
  std::vector<std::byte> file(about.size);
  zip_source_open(target);
  EXPECT_EQ(zip_source_read(target, file.data(), file.size()), static_cast<zip_int64_t>(file.size()));
  zip_source_close(target);
  zip_source_free(target);
  return file;
}

}  // namespace thaw::testing
