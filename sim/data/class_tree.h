// What lies in a folder of class folders: splits, classes, files of one kind. Names only; image_folder.h
// reads pixels, recording_folder.h CSV and WAV files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace thaw {

/// What the files of a class tree are.
enum class FileKind { image, wav, csv };

/// "image" or "images", "WAV file", "CSV files": how messages name files of a kind.
std::string kind_text(FileKind kind, bool many);

/// The files of one split, class by class, then by name in byte order.
struct ClassPart {
  std::filesystem::path folder;    // of the class folders
  std::string shown;               // "train/", as messages name it; empty for class folders without a split
  std::vector<std::string> names;  // "CLASS/FILE" below `folder`, byte for byte as the file system has them
  std::vector<int32_t> labels;
};

/// Splits and classes of a folder; `test` is empty where there is none.
struct ClassTree {
  std::vector<std::string> classes;  // names of folders, sorted byte by byte
  ClassPart train, test;
  std::vector<std::string> notes;
};

/// The kind of the files that `folder` holds in its class folders: images wherever there is one (.jpg, .jpeg,
/// .png), else .wav, else .csv or .tsv. A folder train, test or val with none of them counts as a folder of
/// images; nothing where there is neither a split nor a folder with such a file in it.
std::optional<FileKind> class_folder_kind(const std::filesystem::path& folder);

/// Lists train/CLASS/... and test/CLASS/... . Names of splits count in small letters or capitals: train or
/// training, test or testing, and val, valid or validation, which is the test split where there is no other.
/// Without any of them the folders themselves are the classes. Classes are the folders with a file of `kind`
/// at any depth; links to folders below them are not followed. Hidden files and folders, other files, files
/// outside class folders, files in subfolders, classes without files and a second validation split are named
/// in notes. Throws Error where there is no training file, and for test files of a class without training
/// files.
ClassTree list_class_tree(const std::filesystem::path& folder, FileKind kind);

}  // namespace thaw
