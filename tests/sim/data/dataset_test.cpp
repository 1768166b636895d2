// Recognition by content, the digest, and the real data sets beside the repository.
#include "sim/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>

#include "sim/base/sha256.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using testing::bytes_of;
using testing::cifar_records;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::error_of;
using testing::golden_bytes;
using ::testing::HasSubstr;
using testing::idx_file;
using testing::TemporaryFolder;

TEST(ReadDataset, RecognisesEveryFormatByItsContent) {
  const TemporaryFolder folder;
  folder.write("cifar/data_batch_1.bin", cifar_records(2));
  folder.write("idx/train-images", idx_file({4, 3, 3}));
  folder.write("idx/train-labels", idx_file({4}));
  folder.write("photos/train/a/1.png", golden_bytes("rgb.png"));
  folder.write("arrays.dat", golden_bytes("pixels.npz"));
  folder.write("records", cifar_records(3));
  const auto format = [&](const std::string& name) { return read_dataset(folder.path / name, {}).format; };
  EXPECT_EQ(format("cifar"), "cifar");
  EXPECT_EQ(format("idx"), "idx");
  EXPECT_EQ(format("photos"), "image folder");
  EXPECT_EQ(format("arrays.dat"), "npz");
  EXPECT_EQ(format("records"), "cifar");
}

TEST(ReadDataset, AddsNameAndNumberedClasses) {
  const TemporaryFolder folder;
  folder.write("idx/train-images", idx_file({4, 3, 3}));
  folder.write("idx/train-labels", idx_file({4}));
  const Dataset dataset = read_dataset(folder.path / "idx/", {});
  EXPECT_EQ(dataset.name, "idx");
  EXPECT_THAT(dataset.class_names, ElementsAre("0", "1", "2", "3"));
  folder.write("arrays.npz", golden_bytes("pixels.npz"));
  EXPECT_EQ(read_dataset(folder.path / "arrays.npz", {}).name, "arrays");
}

TEST(ReadDataset, NamesThatAreNotUtf8AreMadeValid) {
  const TemporaryFolder folder;
  folder.write("set\xFC/train/bl\xFCte/\xE4.png", golden_bytes("rgb.png"));
  folder.write("set\xFC/train/a/\x80.txt", bytes_of("hello"));
  folder.write("set\xFC/train/a/1.png", golden_bytes("rgb.png"));
  const Dataset dataset = read_dataset(folder.path / "set\xFC", {8, 8, 3});
  EXPECT_EQ(dataset.name, "set?");
  EXPECT_THAT(dataset.class_names, ElementsAre("a", "bl?te"));
  EXPECT_THAT(dataset.train.names, ElementsAre("a/1.png", "bl?te/?.png"));
  EXPECT_THAT(dataset.notes, Contains(HasSubstr("'bl?te' holds what cannot be printed")));
}

TEST(ReadDataset, ADataSetOneFolderBelowIsNamed) {
  const TemporaryFolder folder;
  folder.write("outer/flowers/train/a/1.png", golden_bytes("rgb.png"));
  folder.write("outer/readme", bytes_of("hello"));
  EXPECT_THAT(error_of([&] { read_dataset(folder.path / "outer", {}); }),
              HasSubstr("Its folder 'flowers' does: give " + (folder.path / "outer" / "flowers").string()));
}

TEST(ReadDataset, RefusesWhatItDoesNotKnow) {
  const TemporaryFolder folder;
  folder.write("empty/readme", bytes_of("hello"));
  folder.write("text", bytes_of("hello"));
  folder.write("nothing", {});
  folder.write("only_test/test_batch.bin", cifar_records(2));
  const auto error = [&](const std::string& name) {
    return error_of([&] { read_dataset(folder.path / name, {}); });
  };
  EXPECT_THAT(error("absent"), HasSubstr("does not exist"));
  EXPECT_THAT(error("empty"), HasSubstr("holds no data set of a known format"));
  EXPECT_THAT(error("text"), HasSubstr("is no data set of a known format"));
  EXPECT_THAT(error("nothing"), HasSubstr("is no data set of a known format"));
  EXPECT_THAT(error("only_test"), HasSubstr("holds no training data"));
}

TEST(ReadDataset, DigestIsOfShapeLabelsAndSamples) {
  Dataset dataset;
  dataset.shape = {1, 2, 1};
  dataset.train.count = 1;
  dataset.train.pixels = {5, 6};
  dataset.train.labels = {1};
  const auto digest = [](std::initializer_list<int> bytes) {
    std::vector<std::byte> all;
    for (int b : bytes) all.push_back(static_cast<std::byte>(b));
    return sha256_hex(all);
  };
  const std::string text = "thaw dataset 1\npixel 1 2 1\n1 " + digest({1, 0, 0, 0}) + " " + digest({5, 6}) +
                           "\n0 " + digest({}) + " " + digest({});
  EXPECT_EQ(content_digest(dataset), sha256_hex(bytes_of(text)));
  Dataset other = dataset;
  other.train.labels = {0};
  EXPECT_NE(content_digest(other), content_digest(dataset));
  other = dataset;
  other.shape = {2, 1, 1};
  EXPECT_NE(content_digest(other), content_digest(dataset));
}

// The digests below were computed from the same files by a program of its own with Pillow and numpy.

TEST(SharedDataSlow, Cifar10Small) {
  THAW_REQUIRE_SHARED();
  const auto path = *testing::shared_folder() / "data" / "cifar10-small";
  const Dataset dataset = read_dataset(path, {128, 128, 3});
  EXPECT_EQ(dataset.train.count, 5000);
  EXPECT_EQ(dataset.test.count, 2000);
  EXPECT_THAT(dataset.class_names, ElementsAre("airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                                               "horse", "ship", "truck"));
  EXPECT_THAT(dataset.notes, ElementsAre("resized 32x32 -> 128x128 (height x width, Pillow BILINEAR)"));
  EXPECT_EQ(dataset.sha256, "2b150cbf7d9207b6ae34459e25322e73773e06de64a3b630afe65593ef94ec79");
  EXPECT_EQ(read_dataset(path, {20, 20, 1}).sha256,
            "4e0ad920f500215c0ee64909ab9f6b091a992cd20789c578c74a5e3da6249846");
}

TEST(SharedDataSlow, FlowerPhotosWithAnyNumberOfThreads) {
  THAW_REQUIRE_SHARED();
  const int threads = omp_get_max_threads();
  for (int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    const Dataset dataset = read_dataset(*testing::shared_folder() / "data" / "flower_photos", {128, 128, 3});
    EXPECT_EQ(dataset.train.count, 1000);
    EXPECT_EQ(dataset.test.count, 500);
    EXPECT_THAT(dataset.class_names, ElementsAre("daisy", "dandelion", "roses", "sunflowers", "tulips"));
    EXPECT_TRUE(std::is_sorted(dataset.train.names.begin(), dataset.train.names.end()));
    EXPECT_EQ(dataset.sha256, "fefdcaf6b0c8ed7839eda021ec98b574579a8462a23ee9769fbd6e93517e686d");
  }
  omp_set_num_threads(threads);
}

TEST(SharedDataSlow, VisualWakeWordsInGrey) {
  THAW_REQUIRE_SHARED();
  const Dataset dataset = read_dataset(*testing::shared_folder() / "data" / "vww-coco-mini", {96, 96, 1});
  EXPECT_EQ(dataset.train.count, 50);
  EXPECT_EQ(dataset.test.count, 32);
  EXPECT_THAT(dataset.class_names, ElementsAre("not_person", "person"));
  EXPECT_EQ(dataset.sha256, "c8ccb61472b39e2a485e65c0cb429a2a1edaa54d7b2262d8903155487b698d8b");
}

}  // namespace
}  // namespace thaw
