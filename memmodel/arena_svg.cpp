// The arena as a picture: time to the right, addresses upwards, a rectangle a buffer. Colours are those of
// Okabe and Ito (2008), told apart by people who do not see all colours. Pure text, no script, no fonts.
#include <algorithm>
#include <cstdio>
#include <map>

#include "memmodel/timeline.h"
#include "sim/base/printable.h"

namespace thaw {
namespace {

constexpr double kWidth = 1280, kHeight = 720;
constexpr double kLeft = 76, kRight = 24, kTop = 96, kBottom = 92;
constexpr double kPlotWidth = kWidth - kLeft - kRight, kPlotHeight = kHeight - kTop - kBottom;
constexpr double kCharacter = 5.9;  // width of an average character at the label size, pixels
constexpr double kLabelHeight = 10;
constexpr double kLabelDistance = kPlotWidth / 24;  // between step numbers
constexpr double kStreamWidth = 12;                 // steps whose width a row stream has at most

struct Style {
  BufferKind kind;
  const char* label;
  const char* fill;
  const char* text;
};
constexpr Style kStyles[] = {
    {BufferKind::activation, "activation", "#56B4E9", "#062a3d"},
    {BufferKind::gradient, "gradient", "#D55E00", "#1c0c00"},
    {BufferKind::mask, "clamp mask", "#F0E442", "#3a3600"},
    {BufferKind::saved_input, "saved input", "#009E73", "#001a13"},
    {BufferKind::scratch, "scratch", "#CC79A7", "#33101f"},
    {BufferKind::variable, "state variable", "#999999", "#1a1a1a"},
};

struct PhaseStyle {
  Phase phase;
  const char* label;
  const char* fill;
};
constexpr PhaseStyle kPhases[] = {
    {Phase::forward, "forward", "#c9d3dc"},
    {Phase::loss, "loss", "#1f2933"},
    {Phase::backward, "backward", "#8795a1"},
    {Phase::update, "update", "#52606d"},
};

const Style& style_of(BufferKind kind) {
  for (const Style& style : kStyles)
    if (style.kind == kind) return style;
  return kStyles[0];
}

bool is_drawn(const Buffer& buffer) {
  return in_arena(buffer.kind) && buffer.first_step >= 0 && buffer.bytes > 0;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (char c : printable(text)) switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  return result;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string kib(int64_t bytes) {
  return number(static_cast<double>(bytes) / 1024) + " KiB";
}

std::string with_thousands(int64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

/// 1, 2 or 5 times a power of ten, so that `range` has at most `count` ticks.
int64_t tick_distance(int64_t range, int64_t count) {
  for (int64_t power = 1;; power *= 10)
    for (int64_t digit : {1, 2, 5})
      if (range <= digit * power * count) return digit * power;
}

/// The drawing grows as text; all coordinates in pixels.
struct Drawing {
  const Plan& plan;
  const Layout& layout;
  std::vector<TimelineStep> steps;
  std::vector<double> left_of_step;  // and where the last one ends
  double byte_height;
  std::string svg;

  Drawing(const Plan& p, const Layout& l) : plan(p), layout(l), steps(timeline(p)) {
    lay_out_steps();
    // A little air above the peak, where its label stands.
    byte_height = kPlotHeight / (static_cast<double>(std::max<int64_t>(1, layout.peak)) * 1.06);
  }

  /// All steps are equally wide but those of a row stream, which share the width of a few.
  void lay_out_steps() {
    std::map<int32_t, double> stream_steps;
    for (const Step& step : plan.steps) stream_steps[step.stream] += 1.0;
    double end = 0.0;
    left_of_step.push_back(end);
    for (const Step& step : plan.steps) {
      const double count = stream_steps[step.stream];
      end += step.stream < 0 || count <= kStreamWidth ? 1.0 : kStreamWidth / count;
      left_of_step.push_back(end);
    }
    for (double& left : left_of_step) left = kLeft + left * kPlotWidth / std::max(end, 1.0);
  }

  double x(int64_t step) const { return left_of_step[static_cast<size_t>(step)]; }
  double width(int64_t first, int64_t last) const { return x(last + 1) - x(first); }
  double y(int64_t bytes) const { return kTop + kPlotHeight - static_cast<double>(bytes) * byte_height; }

  void rectangle(double left, double top, double width, double height, const std::string& attributes,
                 const std::string& title = "") {
    svg += "<rect x=\"" + number(left) + "\" y=\"" + number(top) + "\" width=\"" + number(width) +
           "\" height=\"" + number(height) + "\" " + attributes;
    svg += title.empty() ? "/>\n" : "><title>" + title + "</title></rect>\n";
  }
  void text(double left, double base, const std::string& attributes, const std::string& content) {
    svg += "<text x=\"" + number(left) + "\" y=\"" + number(base) + "\" " + attributes + ">" + content +
           "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& attributes) {
    svg += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
           number(y2) + "\" " + attributes + "/>\n";
  }

  void frame();
  void legend();
  void axes();
  void buffers();
  void label(const Buffer& buffer);
  void labels();
  void live_bytes();
  void limits();
  void phases();
};

void Drawing::frame() {
  std::string name = escaped(plan.model_file);
  if (name.empty()) name = "plan";
  const std::string size = with_thousands(layout.peak) + " bytes (" + kib(layout.peak) + ")";
  svg += "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(kWidth) + "\" height=\"" +
         number(kHeight) + "\" viewBox=\"0 0 " + number(kWidth) + " " + number(kHeight) +
         "\" role=\"img\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-size=\"12\">\n";
  svg += "<title>Arena of " + name + ": " + size + "</title>\n";
  rectangle(0, 0, kWidth, kHeight, "fill=\"#ffffff\"");
  text(kLeft, 34, "font-size=\"20\" font-weight=\"600\" fill=\"#1f2933\"",
       "Arena of " + name + (plan.trains ? ", one training step" : ", inference"));
  std::string proof = "the most bytes alive at one step are " + with_thousands(layout.lower_bound);
  proof += layout.proven_optimal ? "; proven optimal" : "; not proven optimal";
  text(kLeft, 56, "font-size=\"13\" fill=\"#52606d\"", size + "; " + proof);
}

void Drawing::legend() {
  double left = kLeft;
  for (const Style& style : kStyles) {
    const bool used = std::any_of(plan.buffers.begin(), plan.buffers.end(),
                                  [&](const Buffer& b) { return b.kind == style.kind; });
    if (!used) continue;
    rectangle(left, 70, 13, 13, std::string("rx=\"2\" fill=\"") + style.fill + "\"");
    text(left + 19, 81, "fill=\"#323f4b\"", style.label);
    left += 19 + 7.2 * static_cast<double>(std::string(style.label).size()) + 20;
  }
  line(left, 76.5, left + 24, 76.5, "stroke=\"#1f2933\" stroke-width=\"1.4\"");
  text(left + 30, 81, "fill=\"#323f4b\"", "bytes alive");
}

void Drawing::axes() {
  const int64_t distance = tick_distance(layout.peak / 1024 + 1, 8) * 1024;
  const int64_t top = static_cast<int64_t>(kPlotHeight / byte_height);
  for (int64_t bytes = 0; bytes <= top; bytes += distance) {
    line(kLeft, y(bytes), kLeft + kPlotWidth, y(bytes), "stroke=\"#e4e7eb\"");
    text(kLeft - 8, y(bytes) + 4, "text-anchor=\"end\" fill=\"#52606d\"", std::to_string(bytes / 1024));
  }
  text(kLeft - 8, kTop - 2, "text-anchor=\"end\" fill=\"#52606d\"", "KiB");
  const auto count = static_cast<int64_t>(steps.size());
  const double base = kTop + kPlotHeight + 34;
  double next_label = 0;
  for (int64_t step = 0; step < count; ++step) {
    if (x(step) < next_label) continue;
    text(x(step) + width(step, step) / 2, base, "text-anchor=\"middle\" fill=\"#52606d\"",
         std::to_string(step));
    next_label = x(step) + kLabelDistance;
  }
  text(kLeft - 8, base, "text-anchor=\"end\" fill=\"#52606d\"", "step");
}

void Drawing::buffers() {
  for (const Buffer& buffer : plan.buffers) {
    if (!is_drawn(buffer)) continue;
    const int64_t offset = layout.offsets[buffer.id.index()].value_or(0);
    const double left = x(buffer.first_step), width = x(buffer.last_step + 1) - left;
    const double top = y(offset + buffer.bytes), height = y(offset) - top;
    const Style& style = style_of(buffer.kind);
    const std::string title = escaped(buffer.name) + ": " + style.label + ", " +
                              with_thousands(buffer.bytes) + " bytes at offset " + with_thousands(offset) +
                              ", steps " + std::to_string(buffer.first_step) + " to " +
                              std::to_string(buffer.last_step);
    rectangle(left, top, width, height,
              std::string("fill=\"") + style.fill + "\" stroke=\"#ffffff\" stroke-width=\"0.6\"", title);
  }
}

/// The name, or its beginning, along the longer side where at least some letters fit.
void Drawing::label(const Buffer& buffer) {
  const int64_t offset = layout.offsets[buffer.id.index()].value_or(0);
  const double width = this->width(buffer.first_step, buffer.last_step);
  const double height = static_cast<double>(buffer.bytes) * byte_height;
  constexpr double kMargin = 6;
  constexpr size_t kLeastCharacters = 8;  // fewer say nothing
  const bool upright =
      width < std::min(height, kMargin + kCharacter * static_cast<double>(buffer.name.size()));
  if (std::min(width, height) < kLabelHeight) return;
  const double room = std::max((upright ? height : width) - kMargin, 0.0);
  const auto characters = static_cast<size_t>(room / kCharacter);
  if (characters < std::min(kLeastCharacters, buffer.name.size())) return;
  const std::string name = escaped(shortened(buffer.name, std::max(characters, kLeastCharacters)));
  const double across = x(buffer.first_step) + width / 2 + (upright ? 3.5 : 0);
  const double down = y(offset) - height / 2 + (upright ? 0 : 3.5);
  std::string look = "font-size=\"10\" text-anchor=\"middle\" pointer-events=\"none\" fill=\"";
  look.append(style_of(buffer.kind).text).append("\"");
  if (upright) look += " transform=\"rotate(-90 " + number(across) + " " + number(down) + ")\"";
  text(across, down, look, name);
}

void Drawing::labels() {
  for (const Buffer& buffer : plan.buffers)
    if (is_drawn(buffer)) label(buffer);
}

void Drawing::live_bytes() {
  if (steps.empty()) return;
  std::string points;
  for (const TimelineStep& entry : steps) {
    const std::string height = number(y(entry.live_bytes));
    points += number(x(entry.step)) + "," + height + " " + number(x(entry.step + 1)) + "," + height + " ";
  }
  points.pop_back();
  const std::string shape = "<polyline fill=\"none\" pointer-events=\"none\" points=\"" + points + "\" ";
  svg += shape + "stroke=\"#ffffff\" stroke-width=\"3.4\" stroke-opacity=\"0.75\"/>\n";
  svg += shape + "stroke=\"#1f2933\" stroke-width=\"1.4\"/>\n";
}

/// The peak, and below it the bound where the two differ. The label stands where the picture is emptier.
void Drawing::limits() {
  const double right = kLeft + kPlotWidth;
  line(kLeft, y(layout.peak), right, y(layout.peak), "stroke=\"#b00020\" stroke-width=\"1.6\"");
  std::string peak = "peak " + with_thousands(layout.peak) + " bytes";
  if (layout.peak == layout.lower_bound) peak += " = lower bound";
  const size_t at = static_cast<size_t>(layout.peak_step);
  if (at < plan.steps.size())
    peak += ", reached at step " + std::to_string(layout.peak_step) + " (" +
            escaped(shortened(plan.steps[at].name, 60)) + ")";
  text(right, y(layout.peak) - 6, "text-anchor=\"end\" font-weight=\"600\" fill=\"#b00020\"", peak);
  if (layout.peak == layout.lower_bound) return;
  line(kLeft, y(layout.lower_bound), right, y(layout.lower_bound),
       "stroke=\"#b00020\" stroke-width=\"1.4\" stroke-dasharray=\"6 4\"");
  text(right, y(layout.lower_bound) + 15, "text-anchor=\"end\" fill=\"#b00020\"",
       "lower bound " + with_thousands(layout.lower_bound) + " bytes");
}

void Drawing::phases() {
  const double top = kTop + kPlotHeight + 6;
  for (const TimelineStep& entry : steps) {
    const Step& step = plan.steps[static_cast<size_t>(entry.step)];
    for (const PhaseStyle& style : kPhases)
      if (style.phase == step.phase)
        rectangle(x(entry.step), top, width(entry.step, entry.step), 10,
                  std::string("fill=\"") + style.fill + "\"",
                  std::to_string(entry.step) + ": " + escaped(step.name) + ", " + kernel_name(step.kernel) +
                      ", " + with_thousands(entry.live_bytes) + " bytes alive");
  }
  double left = kLeft;
  const double base = kTop + kPlotHeight + 66;
  for (const PhaseStyle& style : kPhases) {
    const bool used = std::any_of(plan.steps.begin(), plan.steps.end(),
                                  [&](const Step& s) { return s.phase == style.phase; });
    if (!used) continue;
    rectangle(left, base - 10, 13, 10, std::string("rx=\"2\" fill=\"") + style.fill + "\"");
    text(left + 19, base, "fill=\"#323f4b\"", style.label);
    left += 19 + 7.2 * static_cast<double>(std::string(style.label).size()) + 20;
  }
}

}  // namespace

std::string arena_svg(const Plan& plan, const Layout& layout) {
  Drawing drawing(plan, layout);
  drawing.frame();
  drawing.legend();
  drawing.axes();
  drawing.buffers();
  drawing.live_bytes();
  drawing.labels();
  drawing.limits();
  drawing.phases();
  return drawing.svg + "</svg>\n";
}

}  // namespace thaw
