// WAV files written byte by byte here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/data/recording.h"
#include "tests/sim/data/make_inputs.h"
#include "tests/support/mutate.h"
#include "tests/support/temporary_folder.h"

namespace thaw {
namespace {

using testing::bytes_of;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::wav_file;

TEST(Wav, FullScaleIsOne) {
  const Recording recording = parse_wav(wav_file({0, 16384, -32768}, 1, 8000), "a.wav");
  EXPECT_EQ(recording.channels, 1);
  EXPECT_EQ(recording.rate, 8000);
  EXPECT_THAT(recording.values, ElementsAre(0, 0.5F, -1));
}

TEST(Wav, ChannelsAreMixedByTheirMean) {
  EXPECT_THAT(parse_wav(wav_file({16384, 0, -32768, -16384}, 2, 8000), "a.wav").values,
              ElementsAre(0.25F, -0.75F));
}

TEST(Wav, AHeaderThatClaimsMoreChangesNothing) {
  std::vector<std::byte> file = wav_file({16384, 8192}, 1, 8000);
  for (size_t at : {4U, 40U}) file[at + 2] = std::byte{0x7F};  // sizes of file and data
  EXPECT_THAT(parse_wav(file, "a.wav").values, ElementsAre(0.5F, 0.25F));
}

TEST(Wav, OtherAndEmptyFilesAreRefused) {
  EXPECT_THAT(error_of([] { parse_wav(bytes_of("hello"), "a.wav"); }),
              HasSubstr("a.wav: cannot be read as WAV"));
  EXPECT_THAT(error_of([] { parse_wav(wav_file({}, 1, 8000), "a.wav"); }), HasSubstr("a.wav: "));
  const std::string au(".snd\0\0\0\x18\0\0\0\x02\0\0\0\x03\0\0\x1F\x40\0\0\0\x01\0\x01", 26);
  EXPECT_THAT(error_of([&] { parse_wav(bytes_of(au), "a.wav"); }), HasSubstr("is no WAV file"));
}

}  // namespace
}  // namespace thaw
