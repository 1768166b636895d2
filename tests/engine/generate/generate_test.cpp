// What is generated, without compiling it: files, sizes, refusals.
#include "engine/generate/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "engine/generate/c_text.h"
#include "engine/generate/embedded_files.h"
#include "engine/generate/initialisers.h"
#include "engine/generate/kernel_files.h"
#include "engine/generate/model_id.h"
#include "memmodel/kernel_choice.h"
#include "sim/base/error.h"
#include "tests/engine/generate/firmware.h"
#include "tests/sim/plan/small_model.h"
#include "tests/support/error_of.h"
#include "tests/support/project_folders.h"

namespace thaw {
namespace {

using testing::board_named;
using ::testing::Contains;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::PlannedFirmware;

Network small_network() {
  return reduce(testing::SmallModel().graph(), {.classes = 2});
}

Schedule schedule_of(const std::vector<LayerUpdate>& update) {
  Schedule schedule;
  schedule.classes = 2;
  schedule.update = update;
  return schedule;
}

/// Weights of the last convolution and the classifier.
Schedule last_layers() {
  return schedule_of(
      {{2, "project", true, UpdatedWeights::all, {}}, {3, "classifier", true, UpdatedWeights::all, {}}});
}

std::vector<GeneratedFile> files_for(const Schedule& schedule, const Board& board) {
  return generate(PlannedFirmware(small_network(), schedule, 100).request(board));
}

std::vector<std::string> paths_of(const std::vector<GeneratedFile>& files) {
  std::vector<std::string> paths;
  for (const GeneratedFile& file : files) paths.push_back(file.path);
  return paths;
}

const std::string& text_of(const std::vector<GeneratedFile>& files, const std::string& path) {
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const GeneratedFile& f) { return f.path == path; });
  EXPECT_NE(found, files.end()) << path;
  return found->text;
}

TEST(Generate, TakesOnlyTheKernelsThatAreUsed) {
  const auto paths = paths_of(files_for(last_layers(), board_named("mps2-an500")));
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
  for (const char* used :
       {"thaw_model.c", "thaw_model.h", "thaw_constants.h", "Makefile", "CMakeLists.txt", "README.md",
        "firmware.json", "engine/kernels/dsp/gradient_dsp.c",
        "engine/kernels/dsp/update_conv2d_weights_dsp.c", "engine/kernels/fixed_point.h",
        "engine/kernels/conv2d_input_gradient.c", "engine/runtime/state_slots.c",
        "engine/port/mps2-an500/link.ld", "engine/port/cortex-m/sections.ld", "engine/port/cortex-m/start.c"})
    EXPECT_THAT(paths, Contains(used));
  for (const char* unused : {"engine/kernels/add.c", "engine/kernels/softmax.c",
                             "engine/kernels/max_pool2d.c", "engine/kernels/update_depthwise_weights.c",
                             "engine/port/host/port.c", "engine/port/mps2-an386/link.ld"})
    EXPECT_THAT(paths, Not(Contains(unused)));
  const auto frozen = paths_of(
      files_for(schedule_of({{3, "classifier", true, UpdatedWeights::all, {}}}), board_named("mps2-an500")));
  EXPECT_THAT(frozen, Not(Contains("engine/kernels/dsp/gradient_dsp.c")));
}

TEST(Generate, HostAndPortlessBoards) {
  const auto host = paths_of(files_for(last_layers(), board_named("host")));
  EXPECT_THAT(host, Contains("engine/port/host/port.c"));
  EXPECT_THAT(host, Not(Contains("engine/port/cortex-m/start.c")));
  const auto files = files_for(last_layers(), board_named("cortex-m4-192k"));
  EXPECT_THAT(paths_of(files), Not(Contains(HasSubstr("engine/port"))));
  EXPECT_THAT(text_of(files, "firmware.json"), HasSubstr("\"program\": null"));
  EXPECT_THAT(text_of(files, "Makefile"), Not(HasSubstr("firmware.elf:")));
  EXPECT_THAT(text_of(files, "Makefile"), HasSubstr("-mcpu=cortex-m4"));
}

TEST(Generate, ARecordsLimitsAreThoseOfTheContract) {
  const auto files = files_for(last_layers(), board_named("host"));
  // `project`: 3 biases of 4 products each, 12 weights.
  const std::string biases = ".bytes = 12, .limit = " + std::to_string(INT32_MAX - 4 * 255 * 127) + "},";
  EXPECT_THAT(text_of(files, "thaw_model.c"), HasSubstr(biases));
  EXPECT_THAT(text_of(files, "thaw_model.c"), HasSubstr(".bytes = 12, .limit = 127},"));
}

TEST(Generate, EqualRequestsGiveEqualBytes) {
  const auto one = files_for(last_layers(), board_named("mps2-an500"));
  const auto two = files_for(last_layers(), board_named("mps2-an500"));
  ASSERT_EQ(one.size(), two.size());
  for (size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].path, two[i].path);
    EXPECT_EQ(one[i].text, two[i].text) << one[i].path;
  }
}

TEST(Generate, HeaderAndLinkerScriptHoldTheSizes) {
  const Board board = board_named("mps2-an500");
  const PlannedFirmware made(small_network(), last_layers(), 100);
  const MemoryTotals sizes = totals(made.plan, made.layout, board);
  const auto files = generate(made.request(board));
  const std::string& header = text_of(files, "thaw_model.h");
  EXPECT_THAT(header, HasSubstr("#define THAW_ARENA_BYTES " + std::to_string(sizes.arena) + "\n"));
  EXPECT_THAT(header, HasSubstr("#define THAW_PERSISTENT_BYTES " + std::to_string(sizes.persistent) + "\n"));
  EXPECT_THAT(header, HasSubstr("#define THAW_RAM_BYTES " + std::to_string(sizes.ram.required) + "\n"));
  EXPECT_THAT(header, HasSubstr("#define THAW_CLASSES 2\n"));
  EXPECT_THAT(text_of(files, "engine/port/mps2-an500/link.ld"), HasSubstr("LENGTH = 262144"));
  EXPECT_THAT(text_of(files, "engine/port/cortex-m/sections.ld"), HasSubstr(". += 2048;"));
}

TEST(Generate, HeaderSaysWhereTheFileHasUint8) {
  const Board board = board_named("mps2-an500");
  const PlannedFirmware made(small_network(), last_layers(), 100);
  FirmwareRequest request = made.request(board);
  EXPECT_THAT(text_of(generate(request), "thaw_model.h"), Not(HasSubstr("uint8:")));
  request.uint8_in_file = true;
  const auto files = generate(request);
  EXPECT_THAT(text_of(files, "thaw_model.h"),
              HasSubstr("is uint8: here it is each of those bytes minus 128"));
  EXPECT_THAT(text_of(files, "README.md"), HasSubstr("for the model file's uint8 bytes: byte - 128"));
}

TEST(Generate, RefusesWhatDoesNotFit) {
  Board board = board_named("mps2-an500");
  const PlannedFirmware made(small_network(), last_layers(), 100);
  const MemoryTotals sizes = totals(made.plan, made.layout, board);
  board.ram_bytes = sizes.ram.required - 1;
  EXPECT_EQ(
      error_of([&] { generate(made.request(board)); }),
      "board 'mps2-an500': the firmware needs " + std::to_string(sizes.ram.required) +
          " bytes of RAM, the board has " + std::to_string(board.ram_bytes) +
          ": 1 bytes too many. Update fewer layers or channels; 'thaw plan' shows what takes the space");
  board.ram_bytes = sizes.ram.required;
  EXPECT_EQ(error_of([&] { generate(made.request(board)); }), "no error");
  board.flash_bytes = sizes.flash.required - 10;
  EXPECT_THAT(error_of([&] { generate(made.request(board)); }), HasSubstr("bytes of flash, the board has"));
  EXPECT_THAT(error_of([&] { generate(made.request(board)); }), HasSubstr(": 10 bytes too many"));
}

uint32_t model_id_of(const Schedule& schedule, uint32_t steps = 100) {
  return model_id(PlannedFirmware(small_network(), schedule, steps).plan);
}

TEST(ModelId, TellsSchedulesAndModelsApart) {
  const Plan plan = PlannedFirmware(small_network(), last_layers(), 100).plan;
  const Schedule other = schedule_of({{3, "classifier", true, UpdatedWeights::all, {}}});
  EXPECT_NE(model_id(plan), model_id_of(other));
  Plan renamed = plan;
  renamed.model_sha256[0] = 'b';
  EXPECT_NE(model_id(plan), model_id(renamed));
}

TEST(ModelId, CoversWhatGivesEqualBytesAnotherMeaning) {
  const auto with_channels = [](const std::vector<int32_t>& channels) {
    return schedule_of({{2, "project", true, UpdatedWeights::channels, channels},
                        {3, "classifier", true, UpdatedWeights::all, {}}});
  };
  EXPECT_NE(model_id_of(with_channels({0, 1})), model_id_of(with_channels({2, 3})));
  EXPECT_EQ(model_id_of(with_channels({2, 3})), model_id_of(with_channels({2, 3})));
  Schedule fractions = last_layers();
  fractions.training.fraction_bits = 8;
  EXPECT_NE(model_id_of(fractions), model_id_of(last_layers()));
  Schedule ten = last_layers();
  ten.training.gradient_bits = 10;
  Schedule eleven = last_layers();
  eleven.training.gradient_bits = 11;
  EXPECT_NE(model_id_of(ten), model_id_of(eleven));
  Schedule classifier_biases = last_layers();
  classifier_biases.update.back().weights = UpdatedWeights::none;
  EXPECT_NE(model_id_of(classifier_biases), model_id_of(last_layers()));
}

TEST(ModelId, OutlivesAnotherRateAndAnotherSeed) {
  EXPECT_EQ(model_id_of(last_layers(), 100), model_id_of(last_layers(), 7));
  Schedule other = last_layers();
  other.training.learning_rate /= 2;
  other.training.epochs = 9;
  other.training.seed = 5;
  EXPECT_EQ(model_id_of(other), model_id_of(last_layers()));
}

TEST(EmbeddedFiles, AreTheFilesOfTheRepository) {
  int count = 0;
  for (const EmbeddedFile& file : embedded_files()) {
    std::ifstream in(std::filesystem::path(testing::source_folder()) / file.path);
    std::stringstream text;
    text << in.rdbuf();
    EXPECT_EQ(text.str(), file.text) << file.path;
    ++count;
  }
  EXPECT_GT(count, 50);
  EXPECT_EQ(find_embedded_file("engine/kernels/nothing.c"), nullptr);
}

TEST(KernelFiles, FollowTheSourcesThatASourceIncludes) {
  const auto softmax = kernel_files({"softmax"}, DeviceKernels::portable);
  EXPECT_THAT(softmax, Contains("engine/kernels/exponential.c"));
  EXPECT_THAT(softmax, Contains("engine/kernels/softmax.c"));
  EXPECT_THAT(softmax, Not(Contains("engine/kernels/softmax_loss.c")));
  EXPECT_THAT(kernel_files({}, DeviceKernels::dsp),
              ::testing::ElementsAre("engine/kernels/random.h", "engine/kernels/training_step.h"));
}

TEST(KernelFiles, TakeTheFastestVersionThatThereIs) {
  const struct {
    DeviceKernels set;
    std::string folder, ending;
  } versions[] = {{DeviceKernels::helium, "engine/kernels/helium/", "_helium.c"},
                  {DeviceKernels::dsp, "engine/kernels/dsp/", "_dsp.c"}};
  for (const auto& version : versions)
    for (const EmbeddedFile& file : embedded_files()) {
      if (!file.path.starts_with(version.folder) || !file.path.ends_with(version.ending)) continue;
      const size_t rest = version.folder.size() + version.ending.size();
      const std::string stem(file.path.substr(version.folder.size(), file.path.size() - rest));
      const std::string portable = "engine/kernels/" + stem + ".c";
      EXPECT_THAT(kernel_files({stem}, version.set), Contains(std::string(file.path)));
      EXPECT_THAT(kernel_files({stem}, version.set), Not(Contains(portable)));
      EXPECT_THAT(kernel_files({stem}, DeviceKernels::portable), Contains(portable));
    }
}

TEST(KernelFiles, FollowTheFlagsOfTheCompiler) {
  const struct {
    const char* flag;
    bool dsp, helium;
  } cases[] = {{"-mcpu=cortex-m0", false, false},        {"-mcpu=cortex-m3", false, false},
               {"-mcpu=cortex-m4", true, false},         {"-mcpu=cortex-m7", true, false},
               {"-mcpu=cortex-m33", true, false},        {"-mcpu=cortex-m55", true, true},
               {"-mcpu=cortex-m85", true, true},         {"-mcpu=cortex-m55+nofp", true, true},
               {"-mcpu=cortex-m55+nomve", true, false},  {"-mcpu=cortex-m7+nofp", true, false},
               {"-mcpu=cortex-m33+nodsp", false, false}, {"-mcpu=cortex-m3+nofp", false, false}};
  for (const auto& c : cases) {
    Board board;
    board.cpu_flags = {"-mthumb", c.flag};
    EXPECT_EQ(has_dsp(board), c.dsp) << c.flag;
    EXPECT_EQ(device_kernels(board), DeviceKernels::dsp) << c.flag;
    for (const char* abi : {"-mfloat-abi=soft", "-mfloat-abi=softfp", "-mfloat-abi=hard"}) {
      board.cpu_flags = {"-mthumb", c.flag, abi};
      const bool helium = c.helium && abi != std::string("-mfloat-abi=soft");
      EXPECT_EQ(has_helium(board), helium) << c.flag << abi;
      EXPECT_EQ(device_kernels(board), helium ? DeviceKernels::helium : DeviceKernels::dsp) << c.flag << abi;
    }
    board.cpu_flags.emplace_back("-mbig-endian");
    EXPECT_EQ(device_kernels(board), DeviceKernels::portable) << c.flag;
  }
}

TEST(KernelFiles, TheCompilingMachineKeepsThePortableOnes) {
  EXPECT_EQ(device_kernels(board_named("host")), DeviceKernels::portable);
  EXPECT_EQ(device_kernels(board_named("virt")), DeviceKernels::dsp);
}

TEST(Initialisers, NameEveryMember) {
  EXPECT_EQ(initialiser({{"first", "1"}, {"second", "NULL"}}), "{.first = 1, .second = NULL}");
  thaw_mean mean = {};
  mean.dims[0] = 1;
  mean.dims[3] = 5;
  mean.axes = 6;
  mean.shift = -3;
  EXPECT_EQ(initialiser(mean),
            "{.dims = {1, 0, 0, 5}, .axes = 6, .multiplier = 0, .shift = -3, .input_offset = 0, "
            ".output_zero_point = 0}");
  thaw_quantize quantize = {};
  quantize.scale = 0.5F;
  EXPECT_EQ(initialiser(quantize), "{.elements = 0, .scale = 0x1p-1F, .zero_point = 0}");
  thaw_binary binary = {};
  binary.function = THAW_BINARY_MAXIMUM;
  EXPECT_THAT(initialiser(binary), HasSubstr(".function = THAW_BINARY_MAXIMUM, .dims = {0, "));
}

TEST(CText, Identifiers) {
  EXPECT_EQ(identifier("b7.dw/biases", 104), "b7_dw_biases_104");
  EXPECT_EQ(identifier("", 3), "n_3");
  EXPECT_EQ(identifier("3x3", 3), "n3x3_3");
  EXPECT_EQ(identifier(std::string(100, 'a'), 1), std::string(40, 'a') + "_1");
  EXPECT_EQ(identifier("\xC3\xA9", 2), "___2");
}

TEST(CText, CommentsCannotEndEarly) {
  EXPECT_EQ(comment_text("a/*b*/c\\"), "a_*b_/c_");
  EXPECT_EQ(comment_text("line\nbreak ?\?/"), "line_break __/");
  EXPECT_EQ(comment_text(std::string(100, 'x')).size(), 80U);
}

template <class T>
std::string array_of(const std::string& type, const std::vector<T>& values) {
  return constant_array(type, "x", std::as_bytes(std::span(values)));
}

TEST(CText, Arrays) {
  EXPECT_EQ(array_of<int8_t>("int8_t", {-128, 0, 127}), "static const int8_t x[3] = {\n -128,0,127};\n");
  EXPECT_EQ(array_of<uint8_t>("uint8_t", {255}), "static const uint8_t x[1] = {\n 255};\n");
  EXPECT_EQ(array_of<uint16_t>("uint16_t", {65535, 1}), "static const uint16_t x[2] = {\n 65535,1};\n");
  EXPECT_EQ(array_of<int16_t>("int16_t", {-32768}), "static const int16_t x[1] = {\n -32768};\n");
  EXPECT_EQ(array_of<int32_t>("int32_t", {INT32_MIN, INT32_MAX}),
            "static const int32_t x[2] = {\n INT32_MIN,2147483647};\n");
  const std::string text = array_of<int32_t>("int32_t", std::vector<int32_t>(100, 1234567890));
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    EXPECT_LE(end - begin, 112U);
    begin = end + 1;
  }
}

TEST(CText, FloatsAreExact) {
  for (float value : {0.1F, 1.0F, 3.0e-39F, 1.17549435e-38F, 255.5F}) {
    const std::string text = float_text(value);
    EXPECT_EQ(text.back(), 'F');
    EXPECT_EQ(std::strtof(text.c_str(), nullptr), value) << text;
  }
}

}  // namespace
}  // namespace thaw
