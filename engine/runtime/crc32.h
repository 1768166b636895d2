// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320): the checksum of gzip and PNG.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Continues a checksum over `count` more bytes; start with 0. thaw_crc32(0, "123456789", 9) is 0xCBF43926.
uint32_t thaw_crc32(uint32_t crc, const void* bytes, uint32_t count);

#ifdef __cplusplus
}
#endif
