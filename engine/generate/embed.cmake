# Writes OUTPUT: a C++ file that holds the text of FILES (paths below ROOT, ascending) as raw strings.
cmake_minimum_required(VERSION 3.22)
file(WRITE ${OUTPUT}.new "// Made by engine/generate/embed.cmake from the engine's sources.\n"
  "#include \"engine/generate/embedded_files.h\"\n\nnamespace thaw {\n\n"
  "std::span<const EmbeddedFile> embedded_files() {\n  static constexpr EmbeddedFile kFiles[] = {\n")
foreach(file IN LISTS FILES)
  file(READ "${ROOT}/${file}" text)
  file(APPEND ${OUTPUT}.new "      {\"${file}\", R\"thaw(")
  file(APPEND ${OUTPUT}.new "${text}")
  file(APPEND ${OUTPUT}.new ")thaw\"},\n")
endforeach()
file(APPEND ${OUTPUT}.new "  };\n  return kFiles;\n}\n\n}  // namespace thaw\n")
file(RENAME ${OUTPUT}.new ${OUTPUT})
