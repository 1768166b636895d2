#include "reports/figures.h"

#include <fmt/format.h>

#include "sim/base/json.h"
#include "sim/plan/schedule_json.h"

namespace thaw {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kBaselineVersion = 1;

/// FNV-1a, 64 bits: tells test sets apart, protects against nothing.
std::string fingerprint(const std::vector<uint8_t>& labels) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (uint8_t label : labels) hash = (hash ^ label) * 0x100000001b3U;
  return fmt::format("{:016x}", hash);
}

/// Four samples a digit, the first one in the digit's highest bit.
std::string hexadecimal(const std::vector<bool>& bits) {
  std::string text;
  for (size_t at = 0; at < bits.size(); at += 4) {
    unsigned digit = 0;
    for (size_t i = 0; i < 4; ++i) digit = digit << 1U | (at + i < bits.size() && bits[at + i] ? 1U : 0U);
    text += "0123456789abcdef"[digit];
  }
  return text;
}

std::vector<bool> read_bits(const JsonView& view, int64_t count) {
  const std::string& text = view.string();
  if (static_cast<int64_t>(text.size()) != (count + 3) / 4 ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos)
    view.expected(fmt::format("{} lower-case hexadecimal digits, four samples each", (count + 3) / 4));
  std::vector<bool> bits;
  for (int64_t i = 0; i < count; ++i) {
    const char c = text[static_cast<size_t>(i / 4)];
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    bits.push_back((digit >> (3 - i % 4) & 1) != 0);
  }
  return bits;
}

template <typename Number>
void put(Json& json, const char* key, const std::optional<Number>& value) {
  if (value) json[key] = *value;
}

std::optional<int64_t> count_field(const JsonView& view, std::string_view key) {
  const auto field = view.optional_field(key);
  if (!field) return std::nullopt;
  return field->integer(0);
}

/// Sample by sample what the chosen schedule's networks did.
void take_samples(const Comparison& comparison, Figures& figures) {
  const ComparedSchedule& chosen = comparison.rows[0];
  for (const SeedPredictions& p : chosen.predictions) {
    if (chosen.metric != MetricKind::accuracy) {
      figures.errors.push_back({p.seed, {p.errors.begin(), p.errors.end()}});
      continue;
    }
    SeedCorrect seed{p.seed, {}};
    for (size_t i = 0; i < p.classes.size(); ++i)
      seed.correct.push_back(p.classes[i] == comparison.labels[i]);
    figures.correct.push_back(std::move(seed));
  }
  if (chosen.metric == MetricKind::area_under_curve)
    for (const uint8_t label : comparison.labels) figures.anomalous.push_back(label != 0);
}

/// "accuracy", or "metric" with its name: value, interval, seeds, samples.
void read_metric_figures(const JsonView& numbers, Figures& figures) {
  const auto accuracy = numbers.optional_field("accuracy"), metric = numbers.optional_field("metric");
  if (!accuracy && !metric) return;
  const JsonView& view = accuracy ? *accuracy : *metric;
  if (accuracy) {
    view.known_keys({"mean", "low", "high", "seeds", "samples"});
  } else {
    view.known_keys({"name", "better", "mean", "low", "high", "seeds", "samples"});
    figures.metric = read_metric_kind(view.field("name"));
    view.field("better").one_of({better_name(figures.metric)});
  }
  const auto number = [&](const char* key) {
    return is_share(figures.metric) ? view.field(key).number(0.0, 1.0) : view.field(key).number();
  };
  figures.value = number("mean");
  figures.low = number("low");
  figures.high = number("high");
  figures.seeds = view.field("seeds").integer(1, INT32_MAX);
  figures.samples = view.field("samples").integer(0, INT32_MAX);
}

void read_samples(const JsonView& view, Figures& figures) {
  view.known_keys({"labels", "correct", "errors", "anomalous"});
  figures.labels = view.field("labels").string();
  if (const auto correct = view.optional_field("correct"))
    for (const JsonView& seed : correct->items())
      figures.correct.push_back(
          {seed.field("seed").integer(0, UINT32_MAX), read_bits(seed.field("samples"), figures.samples)});
  if (const auto errors = view.optional_field("errors"))
    for (const JsonView& seed : errors->items()) {
      SeedErrors one{seed.field("seed").integer(0, UINT32_MAX), {}};
      for (const JsonView& error : seed.field("samples").items()) one.errors.push_back(error.number(0.0));
      if (std::ssize(one.errors) != figures.samples)
        seed.field("samples").expected(fmt::format("{} errors", figures.samples));
      figures.errors.push_back(std::move(one));
    }
  if (const auto anomalous = view.optional_field("anomalous"))
    figures.anomalous = read_bits(*anomalous, figures.samples);
}

Json samples_json(const Figures& figures) {
  Json json = {{"labels", figures.labels}};
  for (const SeedCorrect& seed : figures.correct)
    json["correct"].push_back({{"seed", seed.seed}, {"samples", hexadecimal(seed.correct)}});
  for (const SeedErrors& seed : figures.errors)
    json["errors"].push_back({{"seed", seed.seed}, {"samples", seed.errors}});
  if (!figures.anomalous.empty()) json["anomalous"] = hexadecimal(figures.anomalous);
  return json;
}

}  // namespace

Json metric_figures_json(const Figures& figures) {
  Json json = Json::object();
  if (figures.metric != MetricKind::accuracy)
    json = {{"name", metric_name(figures.metric)}, {"better", better_name(figures.metric)}};
  json.update(Json{{"mean", *figures.value},
                   {"low", figures.low},
                   {"high", figures.high},
                   {"seeds", figures.seeds},
                   {"samples", figures.samples}});
  return json;
}

Figures figures_of(const Run& run) {
  Figures figures;
  figures.schedule = run.schedule;
  figures.model_sha256 = run.schedule.model_sha256;
  if (run.facts) {
    figures.thaw = run.facts->thaw;
    figures.data_sha256 = run.facts->data.sha256;
    figures.board = searched_board(run);
    figures.samples = run.facts->data.test_samples;
    figures.search_seconds = search_seconds(run);
  }
  if (run.device) figures.instructions_per_step = run.device->instructions_per_step;
  const auto take_metric = [&](const Promise& promise) {
    figures.metric = promise.metric;
    figures.value = promise.mean;
    figures.low = promise.low;
    figures.high = promise.high;
    figures.seeds = promise.seeds;
    figures.signature = promise.signature;
  };
  if (run.schedule.promise) {
    take_metric(*run.schedule.promise);
    figures.ram_bytes = run.schedule.promise->ram_bytes;
    figures.flash_bytes = run.schedule.promise->flash_bytes;
    figures.macs_per_step = run.schedule.promise->macs_per_step;
  }
  // The layout is there to be read; the promise is what it was when the schedule was exported.
  if (run.arena) {
    figures.ram_bytes = run.arena->ram_bytes;
    figures.flash_bytes = run.arena->flash_bytes;
    figures.macs_per_step = run.arena->macs_per_step;
    if (figures.board.empty()) figures.board = run.arena->board;
  }
  if (const auto trained = trained_metric(run)) take_metric(*trained);
  if (run.comparison) {
    figures.samples = run.comparison->samples;
    if (!run.comparison->labels.empty()) {
      figures.labels = fingerprint(run.comparison->labels);
      take_samples(*run.comparison, figures);
    }
  }
  return figures;
}

Figures read_baseline(const std::filesystem::path& path) {
  const nlohmann::json document = read_json_file(path);
  const JsonView view(document, path.string());
  check_schema_version(view, kBaselineVersion);
  view.known_keys({"schema_version", "thaw", "model_sha256", "data_sha256", "board", "figures", "predictions",
                   "schedule"});
  Figures figures;
  figures.thaw = view.field("thaw").string();
  figures.model_sha256 = view.field("model_sha256").string();
  figures.data_sha256 = view.field("data_sha256").string();
  figures.board = view.field("board").string();
  const JsonView numbers = view.field("figures");
  numbers.known_keys({"accuracy", "metric", "ram_bytes", "flash_bytes", "macs_per_step",
                      "instructions_per_step", "search_seconds", "signature"});
  read_metric_figures(numbers, figures);
  figures.ram_bytes = count_field(numbers, "ram_bytes");
  figures.flash_bytes = count_field(numbers, "flash_bytes");
  figures.macs_per_step = count_field(numbers, "macs_per_step");
  figures.instructions_per_step = count_field(numbers, "instructions_per_step");
  if (const auto seconds = numbers.optional_field("search_seconds"))
    figures.search_seconds = seconds->number(0.0);
  if (const auto signature = numbers.optional_field("signature")) figures.signature = signature->string();
  if (const auto predictions = view.optional_field("predictions")) read_samples(*predictions, figures);
  figures.schedule = read_schedule(view.field("schedule"));
  return figures;
}

void write_baseline(const std::filesystem::path& path, const Figures& figures) {
  Json numbers = Json::object();
  if (figures.value)
    numbers[figures.metric == MetricKind::accuracy ? "accuracy" : "metric"] = metric_figures_json(figures);
  put(numbers, "ram_bytes", figures.ram_bytes);
  put(numbers, "flash_bytes", figures.flash_bytes);
  put(numbers, "macs_per_step", figures.macs_per_step);
  put(numbers, "instructions_per_step", figures.instructions_per_step);
  put(numbers, "search_seconds", figures.search_seconds);
  if (!figures.signature.empty()) numbers["signature"] = figures.signature;
  Json json = {
      {"schema_version", kBaselineVersion}, {"thaw", figures.thaw},   {"model_sha256", figures.model_sha256},
      {"data_sha256", figures.data_sha256}, {"board", figures.board}, {"figures", numbers}};
  if (!figures.correct.empty() || !figures.errors.empty()) json["predictions"] = samples_json(figures);
  json["schedule"] = Json::parse(write_schedule(figures.schedule));
  write_json_file(path, json);
}

}  // namespace thaw
