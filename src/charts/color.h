// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace weir::charts {

/// 0 .. 1 each.
struct Color {
  double red = 0;
  double green = 0;
  double blue = 0;
  double alpha = 1;

  Color with_alpha(double other) const { return {red, green, blue, other}; }
  bool operator==(const Color&) const = default;

  /// 0xRRGGBB.
  static constexpr Color of(std::uint32_t rgb) {
    return {static_cast<double>(rgb >> 16 & 0xFF) / 255, static_cast<double>(rgb >> 8 & 0xFF) / 255,
            static_cast<double>(rgb & 0xFF) / 255, 1};
  }
  /// `#rrggbb` or `#rgb`, the form of widgets. Nothing for other text.
  static std::optional<Color> parse(std::string_view text);
};

/// The colour of the n-th series that has none of its own; a little lighter on dark ground.
Color palette(std::size_t n, bool is_on_dark);

}  // namespace weir::charts
