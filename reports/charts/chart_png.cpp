// Charts as PNG, by librsvg, which knows no custom properties of CSS: the light colours are put in by name.
// It is loaded when the first PNG is drawn: it brings a window system's libraries along, which nothing else
// here needs.
#include <dlfcn.h>
#include <librsvg/rsvg.h>

#include <cmath>
#include <memory>
#include <string>

#include "reports/charts/chart.h"
#include "sim/base/error.h"

namespace thaw {
namespace {

constexpr double kScale = 1.5;  // pixels to a unit of the viewBox

/// An object that goes by a function of the loaded library.
template <class T>
using Held = std::unique_ptr<T, void (*)(T*)>;

/// librsvg and, through it, what it draws with; nullptr where it is not installed. Stays until the program
/// ends.
void* renderer() {
  static void* const library = dlopen("librsvg-2.so.2", RTLD_NOW | RTLD_LOCAL);
  return library;
}

/// The function of this name in the renderer.
template <class Function>
Function* loaded(const char* name) {
  void* address = dlsym(renderer(), name);
  if (address == nullptr) throw Error("charts", std::string("librsvg has no ") + name, "Use the SVG");
  return reinterpret_cast<Function*>(address);
}

#define THAW_LOADED(function) loaded<decltype(function)>(#function)

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

bool can_draw_png() {
  return renderer() != nullptr;
}

std::string chart_png(const Chart& chart) {
  const auto fail = [&](const std::string& why) { throw Error(chart.name + ".png", why, "Use the SVG"); };
  if (!can_draw_png()) fail("there is no librsvg (Debian: librsvg2-2 and fonts-dejavu-core)");
  const std::string svg = with_light_colours(standalone_svg(chart));
  const Held<void> drawing(THAW_LOADED(rsvg_handle_new_from_data)(reinterpret_cast<const guint8*>(svg.data()),
                                                                  svg.size(), nullptr),
                           THAW_LOADED(g_object_unref));
  if (!drawing) fail("librsvg cannot read the picture");
  const Held<cairo_surface_t> surface(
      THAW_LOADED(cairo_image_surface_create)(CAIRO_FORMAT_RGB24,
                                              static_cast<int>(std::ceil(kScale * chart.width)),
                                              static_cast<int>(std::ceil(kScale * chart.height))),
      THAW_LOADED(cairo_surface_destroy));
  const Held<cairo_t> context(THAW_LOADED(cairo_create)(surface.get()), THAW_LOADED(cairo_destroy));
  const RsvgRectangle page = {0, 0, kScale * chart.width, kScale * chart.height};
  if (THAW_LOADED(rsvg_handle_render_document)(static_cast<RsvgHandle*>(drawing.get()), context.get(), &page,
                                               nullptr) == FALSE)
    fail("librsvg cannot draw the picture");
  std::string png;
  if (THAW_LOADED(cairo_surface_write_to_png_stream)(surface.get(), append, &png) != CAIRO_STATUS_SUCCESS)
    fail("the picture has no PNG");
  return png;
}

}  // namespace thaw
