// A data set in memory: every sample decoded and brought to the model's input shape, with labels and names.
// Images stay bytes (pixel p is the int8 input p - 128); tensors of .npz files stay float32 until to_int8.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "sim/data/windows.h"

namespace thaw {

/// What a model wants as input, without the batch dimension. 0 keeps what the file holds.
struct SampleShape {
  int32_t height = 0;
  int32_t width = 0;
  int32_t channels = 0;

  bool operator==(const SampleShape&) const = default;
};

/// pixel: bytes p, the model's int8 input is p - 128 (int8 samples of .npz are kept as v + 128, so this holds
/// for them too). float32: real values, quantised by the scale and zero point of the model's input.
enum class ElementType { pixel, float32 };

/// Training or test samples, in the order of the file (image folders: class by class, names in byte order).
/// Exactly one of `pixels` and `values` is in use, as Dataset::element_type says. It holds count samples of
/// sample_elements() elements each, row-major in Dataset::shape (images: H, W, C, channels interleaved).
struct Split {
  int64_t count = 0;
  std::vector<uint8_t> pixels;
  std::vector<float> values;
  std::vector<int32_t> labels;     // count numbers, each 0 .. class_names.size() - 1
  std::vector<std::string> names;  // image folders: "CLASS/FILE" for each sample; else empty
  std::vector<int32_t>
      recordings;  // windows of recordings: number of the file that each was cut from; else empty
  std::vector<float> targets = {};  // Truth::numbers: as many for every sample, real values; else empty

  /// Elements of one sample; 0 for an empty split.
  int64_t sample_elements() const {
    return count == 0 ? 0 : static_cast<int64_t>(pixels.size() + values.size()) / count;
  }
};

/// What a task needs to know of each sample. `numbers`: y holds one or more real numbers a sample, which
/// become Split::targets, and all labels are 0. `nothing`: y may be absent, then all labels are 0.
enum class Truth { classes, numbers, nothing };

/// A data set. `train` is never empty; `test` may be (then `notes` says so).
struct Dataset {
  std::string name;            // last part of the path, without extension
  std::string format;          // "cifar", "idx", "image folder", "csv folder", "wav folder" or "npz"
  std::vector<int32_t> shape;  // of one sample: {H, W, C}; recordings: {time, channels}; npz: any shape
  ElementType element_type = ElementType::pixel;
  std::vector<std::string> class_names;  // by label, valid UTF-8; decimal numbers where there are no names
  Split train, test;
  std::string sha256;                 // content_digest() of this
  std::vector<std::string> notes;     // what was changed, left out or absent: one sentence each
  std::vector<std::string> warnings;  // what is likely a mistake, with the remedy: one sentence or two each
};

/// Reads the data set at `path` and brings its images to `wanted`. Recognised by content:
/// - a folder with data_batch_*.bin / test_batch.bin, or one such file: CIFAR-10 binary (cifar.h)
/// - a folder with train-images*, train-labels*, t10k-* or test-*, each also gzip: IDX (idx.h)
/// - a folder with train/CLASS/*.jpg|jpeg|png and test/CLASS/..., or with class folders: image folder
///   (image_folder.h)
/// - the same with .wav files, or .csv files, in place of images: recordings, cut into windows
/// (recording_folder.h)
/// - an .npz file with x_train, y_train, x_test, y_test (npz.h)
/// Small images (CIFAR, IDX, uint8 npz) are resized whole; photographs are resized to cover and
/// centre-cropped (fit.h). What cannot be printed in a name becomes '?'. Throws Error naming file
/// and byte offset or field where the data cannot be read, where training data are absent, or where samples
/// cannot take the wanted shape, or where numbers are asked for of a format that holds classes alone.
Dataset read_dataset(const std::filesystem::path& path, const SampleShape& wanted,
                     const WindowRequest& windows = {}, Truth truth = Truth::classes);

/// SHA-256 of what training sees: element type, shape, and labels and samples of both splits as little-endian
/// bytes. The same for any file layout, compression or thread count that decodes to the same samples.
std::string content_digest(const Dataset& dataset);

}  // namespace thaw
