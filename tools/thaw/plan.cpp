// `thaw plan MODEL`: what inference, or a training step of a schedule, needs of a device, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "memmodel/board.h"
#include "memmodel/gradient_places.h"
#include "memmodel/paper_metric.h"
#include "memmodel/plan_json.h"
#include "memmodel/timeline.h"
#include "memmodel/what_if.h"
#include "reports/arena_file.h"
#include "reports/charts/run_charts.h"
#include "sim/base/byte_size.h"
#include "sim/base/file.h"
#include "sim/base/grouped_text.h"
#include "sim/base/output_folder.h"
#include "sim/graph/tflite_reader.h"
#include "sim/plan/schedule_check.h"
#include "sim/plan/schedule_json.h"
#include "sim/train/trained_model.h"
#include "tools/thaw/board_option.h"
#include "tools/thaw/command.h"
#include "tools/thaw/common_options.h"
#include "tools/thaw/json_output.h"
#include "tools/thaw/table.h"

namespace thaw::cli {
namespace {

struct Options : CommonOptions {
  std::string model, schedule, svg;
  std::string board = "cortex-m7-256k";
};

/// A plan and what it was made from.
struct Account {
  Graph graph;
  std::optional<Network> network;  // with a schedule
  Schedule schedule;
  Board board;
  DevicePlan device;
  std::optional<PaperMetric> paper;
};

Schedule chosen_schedule(const Options& options) {
  Schedule schedule = read_schedule_file(options.schedule);
  if (options.classes) {
    schedule.classes = *options.classes;
    schedule.training.fresh_classifier = true;
  }
  schedule.task = options.task_or(schedule.task);
  if (compares_output(schedule.task)) schedule.classes = 0;
  schedule.input_by = options.input_by(schedule.input_by);
  return schedule;
}

Account account(const Options& options) {
  Account a;
  a.board = board_option(options.board, options.ram, options.flash, options.instructions);
  a.graph = read_tflite(options.model);
  if (options.schedule.empty()) {
    if (options.classes) a.graph = with_classes(a.graph, *options.classes);
    a.device = device_inference_plan(a.graph, a.board, options.input_by(InputBy::image));
  } else {
    a.schedule = chosen_schedule(options);
    a.network = reduce(a.graph, {.classes = a.schedule.classes,
                                 .fresh_classifier = a.schedule.training.fresh_classifier,
                                 .task = a.schedule.task});
    check_schedule(a.schedule, *a.network, options.schedule);
    a.device = device_training_plan(*a.network, a.schedule, a.board);
    a.paper = paper_metric(*a.network, a.schedule);
  }
  return a;
}

std::string verdict(const Budget& budget) {
  if (budget.fits())
    return fmt::format("fits: {} of {}", byte_size_text(budget.required), byte_size_text(budget.available));
  return fmt::format("DOES NOT FIT: {} required, {} available, {} too many", byte_size_text(budget.required),
                     byte_size_text(budget.available), byte_size_text(budget.excess()));
}

std::string time_text(const Board& board, int64_t instructions) {
  return fmt::format("{} ({:.1f} ms)", grouped_text(instructions), milliseconds_of(board, instructions));
}

/// What the table of costs says, and how long that takes by what the board's file states.
void print_instructions(const Account& a) {
  const auto& predicted = a.device.totals.instructions;
  if (!predicted) {
    fmt::print("instructions  not known for {}\n", a.board.cpu);
    return;
  }
  const bool timed = a.board.clock_hz > 0;
  const auto text = [&](int64_t n) { return timed ? time_text(a.board, n) : grouped_text(n); };
  fmt::print("instructions  {} an inference{}, predicted for {}\n", text(predicted->inference),
             predicted->step > 0 ? ", " + text(predicted->step) + " a training step" : "", a.board.cpu);
  if (timed)
    fmt::print("  milliseconds are an estimate, of {:.6g} MHz and {:.3g} cycles an instruction\n",
               static_cast<double>(a.board.clock_hz) / 1e6, a.board.cycles_per_instruction);
  const Budget& work = a.device.totals.work;
  if (!work.fits())
    fmt::print("  DOES NOT FIT: {} of at most {}, {} too many\n", grouped_text(work.required),
               grouped_text(work.available), grouped_text(work.excess()));
}

/// With --verbose: where they go.
void print_kernels(const Account& a) {
  const auto& predicted = a.device.totals.instructions;
  if (!predicted) return;
  fmt::print("\npredicted instructions by kernel\n");
  Table table({"kernel", ">instructions"});
  for (const KernelInstructions& kernel : predicted->kernels)
    table.add({kernel.kernel, grouped_text(kernel.instructions)});
  table.print(stdout);
}

void print_totals(const Account& a) {
  const MemoryTotals& t = a.device.totals;
  fmt::print("RAM    {}\n", verdict(t.ram));
  fmt::print("  arena       {}, {}\n", byte_size_text(t.arena),
             a.device.layout.proven_optimal
                 ? "proven: no placement is smaller"
                 : fmt::format("no placement is below {}", byte_size_text(a.device.layout.lower_bound)));
  fmt::print("  persistent  {}\n", byte_size_text(t.persistent));
  fmt::print("  stack       {}, reserved by the board\n", byte_size_text(t.stack));
  fmt::print("flash  {}\n", verdict(t.flash));
  fmt::print("  constants   {}\n", byte_size_text(t.constants));
  fmt::print("  code        {}, an estimate\n", byte_size_text(t.code));
  fmt::print("MACs   {} forward, {} input gradients, {} weight gradients; {} a step\n",
             grouped_text(t.macs_forward), grouped_text(t.macs_input_gradient),
             grouped_text(t.macs_weight_gradient), grouped_text(t.macs_per_step()));
  print_instructions(a);
  if (a.paper)
    fmt::print(
        "paper's extra-memory metric: {:.1f} KiB (a label for comparison; it leaves out the forward pass)\n",
        a.paper->total_kib());
}

void print_kinds(const Account& a) {
  fmt::print("\n");
  Table table({"what it holds", ">buffers", ">bytes in all", ">bytes at the peak"});
  for (const KindTotal& kind : a.device.totals.kinds)
    if (kind.buffers > 0)
      table.add({buffer_kind_name(kind.kind), std::to_string(kind.buffers), grouped_text(kind.bytes),
                 grouped_text(kind.bytes_at_peak)});
  table.print(stdout);
}

void print_notes(const Account& a) {
  std::vector<PassNote> notes;
  if (a.network) notes = a.network->notes;
  for (const PassNote& note : a.device.plan.notes)
    if (std::none_of(notes.begin(), notes.end(), [&](const PassNote& n) { return n.what == note.what; }))
      notes.push_back(note);
  if (a.device.plan.trains) notes.push_back(gradient_places(a.device.plan, a.device.layout));
  if (notes.empty()) return;
  fmt::print("\nwhat each pass saved: bytes of all buffers together, and of the most alive at a step\n");
  Table table({"pass", ">bytes", ">at the peak", "what"});
  for (const PassNote& note : notes)
    table.add({note.pass, grouped_text(note.bytes_saved), grouped_text(note.peak_bytes_saved), note.what});
  table.print(stdout);
}

std::string updated_text(const LayerUpdate* entry) {
  if (entry == nullptr) return "frozen";
  std::string text = entry->bias ? "bias" : "";
  if (entry->weights == UpdatedWeights::none) return text;
  text += text.empty() ? "" : ", ";
  if (entry->weights == UpdatedWeights::all) return text + "all weights";
  return text + fmt::format("weights of {} channels", entry->channels.size());
}

std::string gone_text(const std::vector<std::string>& gone) {
  constexpr size_t kShown = 6;
  if (gone.empty()) return "nothing";
  std::string text = fmt::format("{}", fmt::join(std::span(gone).first(std::min(kShown, gone.size())), ", "));
  if (gone.size() > kShown) text += fmt::format(" and {} more", gone.size() - kShown);
  return text;
}

/// For each tensor: what its freezing removes, or has removed. Frozen layers that save nothing show here.
void print_freezing(const Account& a) {
  fmt::print(
      "\nwhat freezing each tensor removes (where it is trained) or has removed (where it is frozen)\n");
  Table table({">op", "layer", "updated", "tensor", ">RAM bytes", "buffers and steps"});
  for (const FreezingEffect& e : freezing_effects(*a.network, a.schedule, a.device, a.board)) {
    if (!e.obstacle.empty())
      table.add({std::to_string(e.op), e.layer, "frozen", "", "", "cannot be trained: " + e.obstacle});
    else
      table.add({std::to_string(e.op), e.layer, updated_text(a.schedule.find(e.op)),
                 e.weights ? "weights" : "bias", grouped_text(e.ram_bytes), gone_text(e.gone)});
  }
  table.print(stdout);
}

void print_text(const Account& a, const Options& options) {
  fmt::print("{} on {}: {}\n", a.graph.file_name, a.board.name,
             a.network ? fmt::format("inference and a training step of {} layers", a.schedule.update.size())
                       : std::string("inference"));
  print_totals(a);
  if (options.quiet) return;
  print_kinds(a);
  print_notes(a);
  if (options.verbose) print_kernels(a);
  if (options.verbose && a.network) print_freezing(a);
  fmt::print("\n{}", timeline_text(a.device.plan, a.device.layout));
}

/// The arena as a page of a report draws it, but larger.
std::string arena_picture(const Account& a) {
  const nlohmann::json account = plan_json(a.device, a.board);
  return standalone_svg(arena_chart(read_arena_map(JsonView(account, "plan.json")), 1280, 720));
}

int plan_command(const Options& options) {
  const Account a = account(options);
  if (!options.svg.empty()) {
    const std::filesystem::path folder = std::filesystem::path(options.svg).parent_path();
    open_output_folder(folder);
    write_file_atomically(options.svg, arena_picture(a));
  }
  if (options.json)
    print_document(plan_json(a.device, a.board, a.paper ? &*a.paper : nullptr));
  else
    print_text(a, options);
  return kDone;
}

}  // namespace

Command add_plan(CLI::App& root) {
  auto options = std::make_shared<Options>();
  CLI::App* app = root.add_subcommand("plan", "Show the memory and work that inference or training needs");
  app->add_option("MODEL", options->model, "TFLite file, int8")->required();
  app->add_option("--schedule", options->schedule, "What is updated")
      ->default_str("nothing: inference only")
      ->type_name("FILE");
  app->add_option("--board", options->board, "Board: a name in configs/boards or a file")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  app->add_option("--svg", options->svg, "Draw the arena over time")->type_name("FILE");
  add_common_options(*app, *options,
                     {Flag::ram, Flag::flash, Flag::instructions, Flag::task, Flag::classes, Flag::input,
                      Flag::json, Flag::quiet, Flag::verbose});
  app->footer(
      "Examples:\n"
      "  thaw plan configs/models/reference.tflite\n"
      "  thaw plan configs/models/reference.tflite --schedule configs/schedules/reference/last-blocks.json "
      "--board cortex-m4-192k --svg runs/arena.svg");
  return {app, [options] { return plan_command(*options); }};
}

}  // namespace thaw::cli
