// Every folder is listed sorted, so the tree does not depend on the file system.
#include "sim/data/class_tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "sim/base/error.h"
#include "sim/data/folder.h"

namespace thaw {
namespace {

constexpr int deepest_subfolder = 16;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

struct KindRow {
  const char *one, *many;
  std::vector<std::string> extensions;
};

/// By FileKind.
const KindRow& row_of(FileKind kind) {
  static const std::array<KindRow, 3> rows = {{{"image", "images", {".jpg", ".jpeg", ".png"}},
                                               {"WAV file", "WAV files", {".wav"}},
                                               {"CSV file", "CSV files", {".csv", ".tsv"}}}};
  return rows[static_cast<size_t>(kind)];
}

bool is_of_kind(const std::string& name, FileKind kind) {
  const std::string extension = lower(std::filesystem::path(name).extension().string());
  const std::vector<std::string>& known = row_of(kind).extensions;
  return std::find(known.begin(), known.end(), extension) != known.end();
}

/// What was left out on the way, counted over the whole tree.
struct LeftOut {
  FileKind kind = FileKind::image;
  int64_t hidden = 0;
  std::string first_hidden;

  void hide(const std::string& shown) {
    if (hidden++ == 0) first_hidden = shown;
  }
};

/// Removes hidden names from a listing of `shown`.
std::vector<std::string> visible(std::vector<std::string> names, const std::string& shown,
                                 LeftOut& left_out) {
  std::erase_if(names, [&](const std::string& name) {
    if (!is_hidden(name)) return false;
    left_out.hide(shown + name);
    return true;
  });
  return names;
}

/// Files of the kind and other files of one class folder, at any depth.
struct ClassFiles {
  std::vector<std::string> found;  // below the class folder
  int64_t below = 0;               // of them in subfolders
  int64_t others = 0;
  int64_t skipped_folders = 0;  // links, and what lies too deep
};

void collect(const std::filesystem::path& folder, const std::string& prefix, const std::string& shown,
             int depth, ClassFiles& files, LeftOut& left_out) {
  for (const std::string& name : visible(list_files(folder), shown, left_out)) {
    if (!is_of_kind(name, left_out.kind)) {
      ++files.others;
      continue;
    }
    files.found.push_back(prefix + name);
    files.below += prefix.empty() ? 0 : 1;
  }
  for (const std::string& name : visible(list_folders(folder), shown, left_out)) {
    if (depth == deepest_subfolder || std::filesystem::is_symlink(folder / name))
      ++files.skipped_folders;
    else
      collect(folder / name, prefix + name + "/", shown + name + "/", depth + 1, files, left_out);
  }
}

/// Adds the files of one class, and what is to be said of its folder.
void add_class(const std::string& name, int32_t label, ClassPart& part, LeftOut& left_out,
               std::vector<std::string>& notes) {
  const std::string shown = part.shown + name;
  ClassFiles files;
  collect(part.folder / name, "", shown + "/", 0, files, left_out);
  std::sort(files.found.begin(), files.found.end());
  for (const std::string& file : files.found) {
    part.names.push_back(name + "/" + file);
    part.labels.push_back(label);
  }
  if (files.found.empty()) return;
  if (files.below > 0)
    notes.push_back(shown + ": " + std::to_string(files.below) + " " + kind_text(left_out.kind, true) +
                    " in its subfolders are read too");
  if (files.others > 0)
    notes.push_back(shown + ": left out " + std::to_string(files.others) + " files that are no " +
                    kind_text(left_out.kind, true));
  if (files.skipped_folders > 0)
    notes.push_back(shown + ": left out " + std::to_string(files.skipped_folders) +
                    " folders that are links or lie deeper than " + std::to_string(deepest_subfolder));
}

/// Files of the known classes of one split; `classes` is filled first where it is empty.
void list_part(ClassPart& part, std::vector<std::string>& classes, LeftOut& left_out,
               std::vector<std::string>& notes) {
  const bool is_training = classes.empty();
  for (const std::string& name : visible(list_folders(part.folder), part.shown, left_out)) {
    const auto known = std::lower_bound(classes.begin(), classes.end(), name);
    const bool is_known = known != classes.end() && *known == name;
    const auto label =
        static_cast<int32_t>(is_training ? classes.size() : static_cast<size_t>(known - classes.begin()));
    const size_t before = part.names.size();
    add_class(name, label, part, left_out, notes);
    const bool has_files = part.names.size() > before;
    if (has_files && is_training) classes.push_back(name);
    if (!has_files && !is_known)
      notes.push_back(part.shown + name + ": left out, it holds no " + kind_text(left_out.kind, false));
    if (!has_files || is_training || is_known) continue;
    const auto other = std::find_if(classes.begin(), classes.end(),
                                    [&](const std::string& c) { return lower(c) == lower(name); });
    throw Error((part.folder / name).string(),
                "is a class without training " + kind_text(left_out.kind, true),
                other == classes.end() ? "Add train/" + name + " or remove the folder"
                                       : "The training " + kind_text(left_out.kind, true) + " have '" +
                                             *other + "': name both folders alike");
  }
  const std::vector<std::string> files = visible(list_files(part.folder), part.shown, left_out);
  const auto strays = std::count_if(files.begin(), files.end(),
                                    [&](const std::string& name) { return is_of_kind(name, left_out.kind); });
  if (strays > 0)
    notes.push_back((part.shown.empty() ? "the folder" : part.shown.substr(0, part.shown.size() - 1)) +
                    ": left out " + std::to_string(strays) + " " + kind_text(left_out.kind, true) +
                    " that lie in no class folder");
}

/// The folder of one of these names, in small letters or capitals.
std::optional<std::string> find_split(const std::filesystem::path& folder,
                                      const std::vector<std::string>& wanted) {
  std::optional<std::string> found;
  for (const std::string& name : list_folders(folder)) {
    if (std::find(wanted.begin(), wanted.end(), lower(name)) == wanted.end()) continue;
    if (found)
      throw Error(folder.string(), "holds both '" + *found + "' and '" + name + "'",
                  "Keep one of these folders");
    found = name;
  }
  return found;
}

struct Splits {
  std::optional<std::string> train, test, validation;
};

Splits find_splits(const std::filesystem::path& folder) {
  return {find_split(folder, {"train", "training"}), find_split(folder, {"test", "testing"}),
          find_split(folder, {"val", "valid", "validation"})};
}

/// Whether `folder` holds a file of the kind, down to `depth` folders below it.
bool holds_kind(const std::filesystem::path& folder, FileKind kind, int depth) {
  const std::vector<std::string> files = list_files(folder);
  if (std::any_of(files.begin(), files.end(),
                  [&](const std::string& name) { return is_of_kind(name, kind) && !is_hidden(name); }))
    return true;
  if (depth == 0) return false;
  const std::vector<std::string> folders = list_folders(folder);
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& name) {
    return !is_hidden(name) && !std::filesystem::is_symlink(folder / name) &&
           holds_kind(folder / name, kind, depth - 1);
  });
}

void note_absent_classes(const ClassPart& part, const std::vector<std::string>& classes,
                         std::vector<std::string>& notes) {
  for (size_t label = 0; label < classes.size(); ++label)
    if (std::find(part.labels.begin(), part.labels.end(), static_cast<int32_t>(label)) == part.labels.end())
      notes.push_back(part.shown + classes[label] + ": absent");
}

/// The test split, or the validation split in its place.
void list_test(const std::filesystem::path& folder, const Splits& splits, ClassTree& tree,
               LeftOut& left_out) {
  const std::optional<std::string>& name = splits.test ? splits.test : splits.validation;
  if (!name) return;
  if (!splits.test) tree.notes.push_back(*name + " is read as the test split: there is no folder test");
  if (splits.test && splits.validation)
    tree.notes.push_back(*splits.validation +
                         " is not read: validation samples are cut from the training samples");
  tree.test.folder = folder / *name;
  tree.test.shown = *name + "/";
  list_part(tree.test, tree.classes, left_out, tree.notes);
  if (!tree.test.names.empty()) note_absent_classes(tree.test, tree.classes, tree.notes);
}

}  // namespace

std::string kind_text(FileKind kind, bool many) {
  return many ? row_of(kind).many : row_of(kind).one;
}

std::optional<FileKind> class_folder_kind(const std::filesystem::path& folder) {
  const Splits splits = find_splits(folder);
  const bool has_split = splits.train || splits.test || splits.validation;
  const std::filesystem::path classes =
      has_split ? folder / splits.train.value_or(splits.test.value_or(splits.validation.value_or("")))
                : folder;
  const std::vector<std::string> folders = list_folders(classes);
  for (FileKind kind : {FileKind::image, FileKind::wav, FileKind::csv})
    if (std::any_of(folders.begin(), folders.end(), [&](const std::string& name) {
          return !is_hidden(name) && holds_kind(classes / name, kind, has_split ? deepest_subfolder : 0);
        }))
      return kind;
  return has_split ? std::optional(FileKind::image) : std::nullopt;
}

ClassTree list_class_tree(const std::filesystem::path& folder, FileKind kind) {
  ClassTree tree;
  LeftOut left_out{kind, 0, {}};
  const Splits splits = find_splits(folder);
  if (!splits.train && (splits.test || splits.validation))
    throw Error(folder.string(),
                "holds the folder '" + splits.test.value_or(splits.validation.value_or("")) +
                    "', but no folder train",
                "Put the training " + kind_text(kind, true) + " into train/CLASS/");
  tree.train.folder = splits.train ? folder / *splits.train : folder;
  tree.train.shown = splits.train ? *splits.train + "/" : "";
  list_part(tree.train, tree.classes, left_out, tree.notes);
  if (tree.classes.empty())
    throw Error(tree.train.folder.string(),
                kind == FileKind::image
                    ? "holds no image (.jpg, .jpeg, .png) and no recording (.wav, .csv) in any class folder"
                    : "holds no " + kind_text(kind, false) + " in any class folder",
                "Put " + kind_text(kind, true) + " into train/CLASS/");
  if (!splits.train)
    tree.notes.insert(tree.notes.begin(),
                      "there is no folder train: the folders of the data are the classes, " +
                          std::to_string(tree.classes.size()) + " in all");
  list_test(folder, splits, tree, left_out);
  if (left_out.hidden > 0)
    tree.notes.push_back("left out " + std::to_string(left_out.hidden) +
                         " hidden files and folders, the first is " + left_out.first_hidden);
  return tree;
}

}  // namespace thaw
