// Pieces of C text: identifiers, comments, arrays.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace thaw {

/// An identifier made of a name's letters and digits, at most 40 of them, and a number that keeps it unique:
/// "b7.dw/biases", 104 gives "b7_dw_biases_104".
std::string identifier(std::string_view name, int32_t number);

/// The name as it may stand in a comment: printable ASCII, no ends of comments, at most 80 characters.
std::string comment_text(std::string_view name);

/// "static const int8_t name[3] = {1, 2, 3};\n" of the bytes of a constant. `type` is int8_t, uint8_t,
/// uint16_t, int16_t or int32_t; the size must be a multiple of it.
std::string constant_array(std::string_view type, const std::string& name, std::span<const std::byte> bytes);

/// sizeof of such a type.
int64_t c_type_bytes(std::string_view type);

/// A float as a C hexadecimal constant, exact.
std::string float_text(float value);

}  // namespace thaw
