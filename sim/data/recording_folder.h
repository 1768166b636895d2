// Recordings sorted into folders: train/CLASS/*.csv or *.wav and, if there is one, test/CLASS/..., or
// CLASS/... .
#pragma once

#include <filesystem>

#include "sim/data/class_tree.h"
#include "sim/data/dataset.h"
#include "sim/data/windows.h"

namespace thaw {

/// Reads the files of `kind` (csv or wav) that list_class_tree finds and cuts them into windows of `request`,
/// of the shape {rows, columns}. Labels are the ranks of the classes, Split::recordings the files' numbers,
/// names "CLASS/FILE@ROW" with the first row of the window. All files must have the first one's columns,
/// their names and order, and sample rate. `name`, `sha256` are left for read_dataset. Throws Error naming
/// every file that cannot be used (the first ten, and how many); files shorter than a window are among them,
/// unless request.pad.
Dataset read_recording_folder(const std::filesystem::path& folder, FileKind kind,
                              const WindowRequest& request);

}  // namespace thaw
