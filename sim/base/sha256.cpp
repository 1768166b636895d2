#include "sim/base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <new>

namespace thaw {

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned count = 0;
  // Memory is all that it can lack.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &count, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  std::string hex;
  for (unsigned i = 0; i < count; ++i) {
    hex.push_back("0123456789abcdef"[digest[i] >> 4U]);
    hex.push_back("0123456789abcdef"[digest[i] & 0xFU]);
  }
  return hex;
}

}  // namespace thaw
