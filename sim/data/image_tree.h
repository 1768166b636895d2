// What lies in a folder of photographs: splits, classes, files. Names only; image_folder.h reads the pixels.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace thaw {

/// The images of one split, class by class, then by name in byte order.
struct ImagePart {
  std::filesystem::path folder;    // of the class folders
  std::string shown;               // "train/", as messages name it; empty for class folders without a split
  std::vector<std::string> names;  // "CLASS/FILE" below `folder`, byte for byte as the file system has them
  std::vector<int32_t> labels;
};

/// Splits and classes of an image folder; `test` is empty where there is none.
struct ImageTree {
  std::vector<std::string> classes;  // names of folders, sorted byte by byte
  ImagePart train, test;
  std::vector<std::string> notes;
};

/// Whether `folder` holds a folder train, test or val, or a folder with an image in it.
bool is_image_folder(const std::filesystem::path& folder);

/// Lists train/CLASS/... and test/CLASS/... . Names of splits count in small letters or capitals: train or
/// training, test or testing, and val, valid or validation, which is the test split where there is no other.
/// Without any of them the folders themselves are the classes. Classes are the folders with an image at any
/// depth; links to folders below them are not followed. Hidden files and folders, other files, images outside
/// class folders, images in subfolders, classes without images and a second validation split are named in
/// notes. Throws Error where there is no training image, and for test images of a class without training
/// images.
ImageTree list_image_tree(const std::filesystem::path& folder);

}  // namespace thaw
