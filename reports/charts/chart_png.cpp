// Charts as PNG, by librsvg, which knows no custom properties of CSS: the light colours are put in by name.
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <string>

#include "reports/charts/chart.h"
#include "sim/base/error.h"

namespace thaw {
namespace {

constexpr double kScale = 1.5;  // pixels to a unit of the viewBox

template <auto kRelease>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
using Drawing = std::unique_ptr<RsvgHandle, Release<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, Release<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Release<cairo_destroy>>;

/// "fill: var(--ink)" -> "fill: #1b1f24", with the value that `--ink:` is first given.
std::string with_light_colours(const std::string& svg) {
  constexpr std::string_view kUse = "var(";
  std::string text;
  size_t at = 0;
  for (size_t use = svg.find(kUse); use != std::string::npos; use = svg.find(kUse, at)) {
    const size_t end = svg.find(')', use);
    const std::string name = svg.substr(use + kUse.size(), end - use - kUse.size()) + ": ";
    const size_t value = svg.find(name) + name.size();
    text += svg.substr(at, use - at) + svg.substr(value, svg.find(';', value) - value);
    at = end + 1;
  }
  return text + svg.substr(at);
}

cairo_status_t append(void* png, const unsigned char* bytes, unsigned count) {
  static_cast<std::string*>(png)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

std::string chart_png(const Chart& chart) {
  const std::string svg = with_light_colours(standalone_svg(chart));
  const auto fail = [&](const std::string& why) { throw Error(chart.name + ".png", why, "Use the SVG"); };
  const Drawing drawing(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), nullptr));
  if (!drawing) fail("librsvg cannot read the picture");
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                                   static_cast<int>(std::ceil(kScale * chart.width)),
                                                   static_cast<int>(std::ceil(kScale * chart.height))));
  const Context context(cairo_create(surface.get()));
  const RsvgRectangle page = {0, 0, kScale * chart.width, kScale * chart.height};
  if (rsvg_handle_render_document(drawing.get(), context.get(), &page, nullptr) == FALSE)
    fail("librsvg cannot draw the picture");
  std::string png;
  if (cairo_surface_write_to_png_stream(surface.get(), append, &png) != CAIRO_STATUS_SUCCESS)
    fail("the picture has no PNG");
  return png;
}

}  // namespace thaw
