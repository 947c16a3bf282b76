// SPDX-License-Identifier: Apache-2.0
#include "charts/canvas.h"

#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace weir::charts {

namespace {

constexpr std::size_t kTextMax = 400;  // bytes that are laid out of one text
constexpr const char* kFontFamily = "DejaVu Sans";

/// The length of the well-formed UTF-8 sequence at the beginning, 0 if there is none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool is_overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool is_out = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return is_overlong || is_out ? 0 : length;
}

/// What can be drawn: bounded, well formed, one line.
std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty() && out.size() < kTextMax) {
    const std::size_t length = sequence_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    if (length == 0) {
      out += '?';
    } else if (lead < 0x20 || lead == 0x7F) {
      out += ' ';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

/// Well-formed text without its last character.
std::string_view shortened(std::string_view text) {
  std::size_t size = text.size() - 1;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace

struct Canvas::Impl {
  Impl(int width, int height)
      : surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height)),
        context(cairo_create(surface)) {
    cairo_font_options_t* options = cairo_font_options_create();
    // The same picture on every host, whatever its desktop likes.
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(context, options);
    cairo_font_options_destroy(options);
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
  }
  ~Impl() {
    cairo_destroy(context);
    cairo_surface_destroy(surface);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void use(Color color) {
    cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha);
  }
  void use(const Font& wanted) {
    if (wanted == font) return;
    font = wanted;
    cairo_select_font_face(context, kFontFamily, CAIRO_FONT_SLANT_NORMAL,
                           font.is_bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(context, font.size);
  }
  double advance(const std::string& text) {
    cairo_text_extents_t extents;
    cairo_text_extents(context, text.c_str(), &extents);
    return extents.x_advance;
  }
  void path(std::span<const Point> points) {
    cairo_new_path(context);
    for (const Point& point : points) cairo_line_to(context, point.x, point.y);
  }

  cairo_surface_t* surface;
  cairo_t* context;
  Font font{.size = 0};
};

Canvas::Canvas(int width, int height, Color background)
    : impl_(std::make_unique<Impl>(width, height)) {
  impl_->use(background);
  cairo_paint(impl_->context);
}

Canvas::~Canvas() = default;

void Canvas::fill(const Box& box, Color color) {
  impl_->use(color);
  cairo_rectangle(impl_->context, box.x, box.y, box.width, box.height);
  cairo_fill(impl_->context);
}

void Canvas::fill_polygon(std::span<const Point> points, Color color) {
  if (points.size() < 3) return;
  impl_->use(color);
  impl_->path(points);
  cairo_close_path(impl_->context);
  cairo_fill(impl_->context);
}

void Canvas::line(Point from, Point to, Color color, double width, double dash) {
  cairo_t* const context = impl_->context;
  impl_->use(color);
  cairo_set_line_width(context, width);
  if (dash > 0) cairo_set_dash(context, &dash, 1, 0);
  cairo_move_to(context, from.x, from.y);
  cairo_line_to(context, to.x, to.y);
  cairo_stroke(context);
  if (dash > 0) cairo_set_dash(context, nullptr, 0, 0);
}

void Canvas::polyline(std::span<const Point> points, Color color, double width) {
  if (points.size() < 2) return;
  impl_->use(color);
  cairo_set_line_width(impl_->context, width);
  impl_->path(points);
  cairo_stroke(impl_->context);
}

void Canvas::dot(Point center, double radius, Color color) {
  fill_ring(center, 0, radius, 0, 2 * M_PI, color);
}

void Canvas::fill_ring(Point center, double inner, double outer, double from, double to,
                       Color color) {
  cairo_t* const context = impl_->context;
  impl_->use(color);
  cairo_new_path(context);
  cairo_arc(context, center.x, center.y, outer, from, to);
  if (inner > 0) {
    cairo_arc_negative(context, center.x, center.y, inner, to, from);
  } else if (to - from < 2 * M_PI) {
    cairo_line_to(context, center.x, center.y);
  }
  cairo_close_path(context);
  cairo_fill(context);
}

void Canvas::rounded(const Box& box, double radius, Color color) {
  cairo_t* const context = impl_->context;
  const double r = std::min({radius, box.width / 2, box.height / 2});
  impl_->use(color);
  cairo_new_path(context);
  cairo_arc(context, box.right() - r, box.y + r, r, -M_PI / 2, 0);
  cairo_arc(context, box.right() - r, box.bottom() - r, r, 0, M_PI / 2);
  cairo_arc(context, box.x + r, box.bottom() - r, r, M_PI / 2, M_PI);
  cairo_arc(context, box.x + r, box.y + r, r, M_PI, 1.5 * M_PI);
  cairo_close_path(context);
  cairo_fill(context);
}

void Canvas::text(Point at, std::string_view text, const Font& font, Color color, Align align) {
  const std::string shown = printable(text);
  impl_->use(font);
  impl_->use(color);
  double x = at.x;
  if (align == Align::center) x -= impl_->advance(shown) / 2;
  if (align == Align::right) x -= impl_->advance(shown);
  // Whole pixels keep small letters sharp.
  cairo_move_to(impl_->context, std::round(x), std::round(at.y));
  cairo_show_text(impl_->context, shown.c_str());
  cairo_new_path(impl_->context);
}

void Canvas::text_upwards(Point at, std::string_view text, const Font& font, Color color) {
  const std::string shown = printable(text);
  cairo_t* const context = impl_->context;
  impl_->use(font);
  impl_->use(color);
  const double length = impl_->advance(shown);
  cairo_save(context);
  cairo_translate(context, std::round(at.x), std::round(at.y + length / 2));
  cairo_rotate(context, -M_PI / 2);
  cairo_move_to(context, 0, 0);
  cairo_show_text(context, shown.c_str());
  cairo_new_path(context);
  cairo_restore(context);
}

double Canvas::width_of(std::string_view text, const Font& font) {
  impl_->use(font);
  return impl_->advance(printable(text));
}

std::string Canvas::fitted(std::string_view text, const Font& font, double width) {
  std::string shown = printable(text);
  impl_->use(font);
  if (impl_->advance(shown) <= width) return shown;
  const std::string dots = "…";
  std::string_view rest = shown;
  while (!rest.empty()) {
    const double full = impl_->advance(std::string(rest) + dots);
    if (full <= width) return std::string(rest) + dots;
    // Most of what is too much at once, then one by one.
    const double share = (full - width) / full;
    auto cut = static_cast<std::size_t>(static_cast<double>(rest.size()) * share * 0.8);
    do {
      rest = shortened(rest);
    } while (!rest.empty() && cut-- > 1);
  }
  return {};
}

Canvas::Clip::Clip(Canvas& canvas, const Box& box) : canvas_(canvas) {
  cairo_save(canvas_.impl_->context);
  cairo_rectangle(canvas_.impl_->context, box.x, box.y, box.width, box.height);
  cairo_clip(canvas_.impl_->context);
}

Canvas::Clip::~Clip() {
  cairo_restore(canvas_.impl_->context);
  canvas_.impl_->font = {.size = 0};  // restored to what it was before, whatever that is
}

Result<std::string> Canvas::png() const {
  std::string bytes;
  cairo_status_t status = cairo_status(impl_->context);
  if (status == CAIRO_STATUS_SUCCESS) {
    status = cairo_surface_write_to_png_stream(
        impl_->surface,
        [](void* out, const unsigned char* data, unsigned int size) {
          static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), size);
          return CAIRO_STATUS_SUCCESS;
        },
        &bytes);
  }
  if (status == CAIRO_STATUS_SUCCESS) return bytes;
  return Error{ErrorKind::internal, "InternalServiceError",
               std::string("the chart cannot be drawn: ") + cairo_status_to_string(status)};
}

}  // namespace weir::charts
