// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "charts/color.h"

/// A surface to draw on. Private to this module; the only file that knows the drawing library.
namespace weir::charts {

struct Point {
  double x = 0;
  double y = 0;
};

/// Pixels; y grows downwards.
struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;

  double right() const { return x + width; }
  double bottom() const { return y + height; }
};

struct Font {
  double size = 11;
  bool is_bold = false;
  bool operator==(const Font&) const = default;
};

enum class Align : std::uint8_t { left, center, right };

class Canvas {
 public:
  Canvas(int width, int height, Color background);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void fill(const Box& box, Color color);
  void fill_polygon(std::span<const Point> points, Color color);
  /// `dash` 0: solid.
  void line(Point from, Point to, Color color, double width = 1, double dash = 0);
  void polyline(std::span<const Point> points, Color color, double width);
  void dot(Point center, double radius, Color color);
  /// A slice or a part of a ring; angles in radians, clockwise from the right.
  void fill_ring(Point center, double inner, double outer, double from, double to, Color color);
  void rounded(const Box& box, double radius, Color color);

  /// The baseline begins at `at` (or ends or has its middle there). Text that is no UTF-8 has
  /// question marks instead.
  void text(Point at, std::string_view text, const Font& font, Color color,
            Align align = Align::left);
  /// Reads upwards, centered at `at`.
  void text_upwards(Point at, std::string_view text, const Font& font, Color color);
  double width_of(std::string_view text, const Font& font);
  /// The text, or its beginning and `…`, in that width; "" where nothing fits.
  std::string fitted(std::string_view text, const Font& font, double width);

  /// Only what is within `box` is drawn while it lives.
  class Clip {
   public:
    Clip(Canvas& canvas, const Box& box);
    ~Clip();
    Clip(const Clip&) = delete;
    Clip& operator=(const Clip&) = delete;

   private:
    Canvas& canvas_;
  };

  Result<std::string> png() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::charts
