#include "engine/generate/build_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/generate/c_text.h"
#include "engine/generate/ecosystem.h"
#include "engine/generate/kernel_files.h"
#include "sim/base/json.h"
#include "sim/plan/training_plan.h"

namespace thaw {
namespace {

bool belongs_to_test_program(const std::string& source) {
  return source.starts_with("engine/port/");
}

std::string program_name(const FirmwareBuild& build) {
  return is_native(build.request.board) ? "firmware" : "firmware.elf";
}

std::string link_flags(const Board& board) {
  if (is_native(board)) return "";
  return fmt::format(
      "{} -Wl,--gc-sections -Wl,--fatal-warnings -L engine/port/{} "
      "-T engine/port/{}/link.ld",
      is_riscv(board) ? "-nostdlib" : "-nostartfiles", port_family(board), board.port);
}

std::vector<std::string> of_test_program(const std::vector<std::string>& sources, bool wanted) {
  std::vector<std::string> result;
  for (const std::string& source : sources)
    if (belongs_to_test_program(source) == wanted) result.push_back(source);
  return result;
}

std::string how_to_make(const Board& board) {
  return fmt::format(
      "```\nmake\n```\n\nbuilds `libthaw_model.a` ({}). With CMake: `add_subdirectory` and link "
      "`thaw_model`.",
      is_native(board)
          ? std::string("with the compiler of this machine")
          : fmt::format("with {}gcc and `{}`", toolchain_prefix(board), fmt::join(board.cpu_flags, " ")));
}

std::string input_words(const FirmwareRequest& request) {
  return fmt::format("{} int8 values, {} x {} x {}", request.plan.buffer(request.plan.inputs[0]).bytes,
                     request.input[1], request.input[2], request.input[3]);
}

std::string inference_calls(const FirmwareRequest& request) {
  return fmt::format(
      "int32_t class = thaw_infer(image);     // {}\n"
      "const int8_t* values = thaw_output();  // {} of them: real = {:.6g} * (value - ({}))\n",
      input_words(request), request.plan.buffer(request.plan.outputs[0]).bytes, request.output_scale,
      request.output_zero_point);
}

/// The two calls that matter, for the task of the plan.
std::string training_calls(const FirmwareRequest& request) {
  const Plan& plan = request.plan;
  if (plan.task == Task::classify)
    return fmt::format(
        "int32_t class = thaw_infer(image);     // {}\n"
        "thaw_train_step(image, label);         // 0 <= label < {}\n",
        input_words(request), plan.classes);
  const bool regresses = plan.task == Task::regress;
  return fmt::format(
      "thaw_infer(input);                     // {}; then thaw_output() has {}\n"
      "thaw_train_step(input, {});        // {}\n",
      input_words(request), plan.buffer(plan.output).bytes, regresses ? "target" : "NULL  ",
      regresses ? "what the output should be" : "the input is its own target");
}

std::string how_to_use(const FirmwareRequest& request) {
  const std::string calls = infers_only(request.plan)
                                ? inference_calls(request)
                                : "// THAW_STORAGE_FAILED: try again, nothing is lost\n"
                                  "if (thaw_load_state(&slots) == THAW_NO_STATE) thaw_init(1);\n" +
                                      training_calls(request) +
                                      "thaw_save_state(&slots);               // survives a power cut at any "
                                      "byte\n";
  return fmt::format(
      "```c\n#include \"thaw_model.h\"\n\n{}```\n\n"
      "`thaw_model.h` documents every function. Images are int8: value = round(real / {:.6g}) + ({}){}.\n",
      calls, request.input_scale, request.input_zero_point,
      request.uint8_in_file ? "; for the model file's uint8 bytes: byte - 128" : "");
}

}  // namespace

std::string makefile(const FirmwareBuild& build) {
  const Board& board = build.request.board;
  const std::string compiler = toolchain_prefix(board);
  std::string text = fmt::format(
      "# Builds libthaw_model.a: link it, and include thaw_model.h with this folder on the include path.\n"
      "{}# Another compiler: make CC=... AR=... CPU_FLAGS=...\n"
      "CC = {}gcc\nAR = {}ar\nCPU_FLAGS = {}\nOPTIMIZE = -O2\n"
      "CFLAGS = -std=c11 $(OPTIMIZE) $(CPU_FLAGS) -ffunction-sections -fdata-sections \\\n"
      "  -Wall -Wextra -Wconversion -Wshadow\nDEFINES =\nCPPFLAGS = -I. $(DEFINES) {}\n\n",
      build.firmware
          ? fmt::format("# 'make {}' adds the test program, which runs samples.bin.\n", program_name(build))
          : "",
      compiler, compiler, fmt::join(board.cpu_flags, " "),
      build.firmware ? fmt::format("-DTHAW_PORT_CLOCK_HZ={}u", board.clock_hz) : "");
  text += fmt::format("MODEL_SOURCES = {}\n", fmt::join(of_test_program(build.sources, false), " \\\n  "));
  text += "\nlibthaw_model.a: $(MODEL_SOURCES:.c=.o)\n\trm -f $@\n\t$(AR) rcs $@ $^\n";
  if (build.firmware) {
    text += fmt::format("\nTEST_SOURCES = {}\n", fmt::join(of_test_program(build.sources, true), " \\\n  "));
    text += fmt::format("\n{}: $(TEST_SOURCES:.c=.o) libthaw_model.a\n\t$(CC) $(CFLAGS) {} -o $@ $^{}\n",
                        program_name(build), link_flags(board), is_riscv(board) ? " -lgcc" : "");
  }
  text += "\n$(MODEL_SOURCES:.c=.o) $(TEST_SOURCES:.c=.o): $(wildcard *.h engine/*/*.h engine/port/*/*.h)\n";
  text += "\nclean:\n\trm -f libthaw_model.a " + program_name(build) +
          " $(MODEL_SOURCES:.c=.o) $(TEST_SOURCES:.c=.o)\n.PHONY: clean\n";
  return text;
}

std::string cmake_file(const FirmwareBuild& build) {
  const Board& board = build.request.board;
  std::string text = fmt::format(
      "# add_subdirectory() this folder and link thaw_model. Processor flags are the project's; for this "
      "board:\n"
      "# {}\ncmake_minimum_required(VERSION 3.16)\nproject(thaw_model C)\n\n"
      "add_library(thaw_model STATIC\n  {})\n"
      "target_include_directories(thaw_model PUBLIC ${{CMAKE_CURRENT_SOURCE_DIR}})\n"
      "set_target_properties(thaw_model PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)\n"
      "target_compile_options(thaw_model PRIVATE -ffunction-sections -fdata-sections)\n",
      is_native(board) ? std::string("none") : fmt::format("{}", fmt::join(board.cpu_flags, " ")),
      fmt::join(of_test_program(build.sources, false), "\n  "));
  if (build.firmware && is_native(board))
    text += fmt::format(
        "\nadd_executable(thaw_model_firmware EXCLUDE_FROM_ALL\n  {})\n"
        "target_link_libraries(thaw_model_firmware thaw_model)\n",
        fmt::join(of_test_program(build.sources, true), "\n  "));
  return text;
}

std::string readme(const FirmwareBuild& build) {
  const FirmwareRequest& request = build.request;
  const Board& board = request.board;
  const MemoryTotals& sizes = build.sizes;
  const bool trains = !infers_only(request.plan);
  std::string text = fmt::format(
      "# {} for {}\n\nMade by `thaw generate`. {} of one model in plain C11: no heap, no "
      "operating system, no\nlibraries. What it computes equals the simulator bit for bit.\n\n"
      "| bytes | |\n| --- | --- |\n| RAM in all | {} of {} |\n| arena | {} |\n| persistent ({}session) "
      "| {} |\n| stack, reserved by the board file | {} |\n| flash: constants | {} |\n| flash: code, "
      "estimated | {} |\n\n",
      comment_text(request.plan.model_file), board.name, trains ? "Inference and training" : "Inference",
      sizes.ram.required, sizes.ram.available, sizes.arena, trains ? "trained values, " : "",
      sizes.persistent, sizes.stack, sizes.constants, sizes.code);
  text += trains ? fmt::format("One training step: {} multiply-accumulates, {} of them forward.\n\n",
                               sizes.macs_per_step(), sizes.macs_forward)
                 : fmt::format("One inference: {} multiply-accumulates.\n\n", sizes.macs_forward);
  text += "## Build\n\n" +
          (request.ecosystem == Ecosystem::cmake ? how_to_make(board) : how_to_add(request.ecosystem)) + "\n";
  if (build.firmware)
    text += fmt::format(
        "\n`make {}` adds the test program of `engine/port`, which {} `samples.bin` of its working "
        "directory "
        "and\nwrites `results.bin`. `tools/run-on-qemu` of Thaw builds and runs it, and compares with "
        "`check/expected.bin`.\n",
        program_name(build), trains ? "trains on" : "infers");
  return text + "\n## Use\n\n" + how_to_use(request);
}

std::string firmware_json(const FirmwareBuild& build) {
  const FirmwareRequest& request = build.request;
  const MemoryTotals& sizes = build.sizes;
  using Json = nlohmann::ordered_json;
  Json steps = Json::array();
  for (const Step& step : request.plan.steps)
    steps.push_back({{"name", step.name}, {"kernel", kernel_name(step.kernel)}, {"macs", step.macs}});
  nlohmann::ordered_json json = {
      {"schema_version", 1},
      {"model", {{"file", request.plan.model_file}, {"sha256", request.plan.model_sha256}}},
      {"name", request.name.empty() ? "thaw" : request.name},
      {"task", infers_only(request.plan) ? nlohmann::ordered_json()
                                         : nlohmann::ordered_json(task_name(request.plan.task))},
      {"target_bytes",
       request.plan.task == Task::regress ? request.plan.buffer(request.plan.output).bytes : int64_t{0}},
      {"board", request.board.name},
      {"trains", !infers_only(request.plan)},
      {"program", build.firmware ? nlohmann::ordered_json(program_name(build)) : nlohmann::ordered_json()},
      {"qemu_machine", build.firmware && !is_native(request.board)
                           ? nlohmann::ordered_json(request.board.port)
                           : nlohmann::ordered_json()},
      {"qemu", is_riscv(request.board) ? "qemu-system-riscv32" : "qemu-system-arm"},
      {"toolchain", toolchain_prefix(request.board)},
      {"ram_bytes", sizes.ram.required},
      {"arena_bytes", sizes.arena},
      {"persistent_bytes", sizes.persistent},
      {"stack_bytes", sizes.stack},
      {"constant_bytes", sizes.constants},
      {"code_bytes_estimated", sizes.code},
      {"board_ram_bytes", request.board.ram_bytes},
      {"board_flash_bytes", request.board.flash_bytes},
      {"macs_per_step", sizes.macs_per_step()},
      {"instructions_per_inference_predicted",
       sizes.instructions ? Json(sizes.instructions->inference) : Json()},
      {"instructions_per_training_step_predicted",
       sizes.instructions && sizes.instructions->step > 0 ? Json(sizes.instructions->step) : Json()},
      {"steps", steps}};
  if (request.anomaly_threshold) json["anomaly_threshold"] = *request.anomaly_threshold;
  return json_text(json);
}

std::string linker_script(std::string text, const Board& board) {
  const std::pair<const char*, int64_t> sizes[] = {{"@RAM_BYTES@", board.ram_bytes},
                                                   {"@FLASH_BYTES@", board.flash_bytes},
                                                   {"@STACK_BYTES@", board.stack_bytes}};
  for (const auto& [name, bytes] : sizes)
    for (size_t at = text.find(name); at != std::string::npos; at = text.find(name))
      text.replace(at, std::string(name).size(), std::to_string(bytes));
  return text;
}

}  // namespace thaw
