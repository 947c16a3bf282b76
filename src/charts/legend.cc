// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>

#include "charts/paint.h"

namespace weir::charts {

namespace {

constexpr double kRowHeight = 16;
constexpr double kSwatch = 10;
constexpr double kSwatchGap = 5;
constexpr double kEntryGap = 16;
constexpr double kColumnGap = 14;
constexpr std::size_t kTableRowsMax = 8;
constexpr double kTableWidthMin = 340;
constexpr double kHeightMin = 110;  // of a picture that has a legend
constexpr double kShareMax = 0.35;  // of the height or width of the box

struct Entry {
  std::string label;
  Color color;
  bool is_area = false;  // its swatch is a box, not a line
  bool is_incomplete = false;
  Summary summary = {};
  bool has_summary = false;
};

std::vector<Entry> entries_of(const Painter& painter) {
  const Chart& chart = painter.chart;
  std::vector<Entry> out;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    out.push_back({series.label, painter.color_of(i), chart.view != View::lines,
                   series.is_incomplete, Summary::of(series), true});
    const bool shows_values = chart.view == View::bars || chart.view == View::pie;
    if (shows_values && out.back().summary.count > 0) {
      out.back().label += "  " + short_text(out.back().summary.last);
    }
  }
  for (const Band& band : chart.bands) {
    out.push_back({band.label, band.color.value_or(painter.style.band).with_alpha(0.45), true});
  }
  return out;
}

/// A triangle with an exclamation mark; returns its width.
double draw_warning(Painter& painter, Point at) {
  constexpr double kWidth = 12;
  const Point corners[] = {{at.x, at.y + 1}, {at.x + kWidth, at.y + 1}, {at.x + 6, at.y - 10}};
  painter.canvas.fill_polygon(corners, painter.style.warning);
  painter.canvas.text({at.x + 6, at.y}, "!", {.size = 9, .is_bold = true}, painter.style.background,
                      Align::center);
  return kWidth + 4;
}

/// Swatch and label from `at` on (its baseline), in that width.
void draw_entry(Painter& painter, Point at, const Entry& entry, double width) {
  const double thickness = entry.is_area ? kSwatch : 3;
  painter.canvas.rounded({at.x, at.y - 4 - thickness / 2, kSwatch, thickness}, 2, entry.color);
  double x = at.x + kSwatch + kSwatchGap;
  if (entry.is_incomplete) x += draw_warning(painter, {x, at.y});
  const double room = at.x + width - x;
  painter.canvas.text({x, at.y}, painter.canvas.fitted(entry.label, kSmall, room), kSmall,
                      painter.style.text);
}

double width_of(Painter& painter, const Entry& entry) {
  return kSwatch + kSwatchGap + (entry.is_incomplete ? 16 : 0) +
         painter.canvas.width_of(entry.label, kSmall) + 1;
}

std::string more_text(std::size_t count) { return "+ " + std::to_string(count) + " more"; }

// ---- Rows with statistics

constexpr std::array<std::string_view, 4> kColumns = {"Last", "Min", "Avg", "Max"};

std::array<std::string, 4> cells_of(const Entry& entry) {
  if (!entry.has_summary) return {};
  if (entry.summary.count == 0) return {"–", "–", "–", "–"};
  return {short_text(entry.summary.last), short_text(entry.summary.min),
          short_text(entry.summary.average), short_text(entry.summary.max)};
}

void draw_rows(Painter& painter, const Box& box, std::span<const Entry> entries) {
  std::array<double, 4> widths{};
  std::vector<std::array<std::string, 4>> cells;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    widths[i] = painter.canvas.width_of(kColumns[i], kSmall);
  }
  for (const Entry& entry : entries) {
    cells.push_back(cells_of(entry));
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], painter.canvas.width_of(cells.back()[i], kSmall));
    }
  }
  double label_width = 0;
  for (const Entry& entry : entries) label_width = std::max(label_width, width_of(painter, entry));
  double numbers_width = 0;
  for (const double width : widths) numbers_width += width + kColumnGap;
  label_width = std::min(label_width, std::max(box.width - numbers_width, 0.0));

  double y = box.y + 11;
  double x = box.x + label_width;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    x += kColumnGap + widths[i];
    painter.canvas.text({x, y}, kColumns[i], kSmall, painter.style.faint, Align::right);
  }
  for (std::size_t row = 0; row < entries.size(); ++row) {
    y += kRowHeight;
    draw_entry(painter, {box.x, y}, entries[row], label_width);
    x = box.x + label_width;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      x += kColumnGap + widths[i];
      painter.canvas.text({x, y}, cells[row][i], kSmall, painter.style.text, Align::right);
    }
  }
}

// ---- One entry after the other

struct Placed {
  std::size_t entry = 0;
  double x = 0;
  std::size_t row = 0;
  double width = 0;
};

/// Entries in rows of that width, as many as fit into `rows_max`.
std::vector<Placed> flow(Painter& painter, std::span<const Entry> entries, double width,
                         std::size_t rows_max) {
  std::vector<Placed> out;
  double x = 0;
  std::size_t row = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const double wanted = std::min(width_of(painter, entries[i]), width);
    if (x > 0 && x + wanted > width) {
      x = 0;
      ++row;
    }
    if (row == rows_max) break;
    out.push_back({i, x, row, wanted});
    x += wanted + kEntryGap;
  }
  return out;
}

Box draw_bottom(Painter& painter, const Box& box, const std::vector<Entry>& entries) {
  const double room = box.height * kShareMax;
  const double table_height = (static_cast<double>(entries.size()) + 1) * kRowHeight;
  const auto rest = [&](double used) {
    return Box{box.x, box.y, box.width, box.height - used - 6};
  };
  const bool is_table = painter.chart.view == View::lines || painter.chart.view == View::stacked;
  if (is_table && entries.size() <= kTableRowsMax && table_height <= room &&
      box.width >= kTableWidthMin) {
    const double top = box.bottom() - table_height;
    draw_rows(painter, {box.x, top, box.width, table_height}, entries);
    return rest(table_height);
  }
  const auto rows_max = static_cast<std::size_t>(room / kRowHeight);
  if (rows_max == 0) return box;
  std::vector<Placed> placed = flow(painter, entries, box.width, rows_max);
  if (placed.empty()) return box;
  std::string more;
  double more_x = 0;
  if (placed.size() < entries.size()) {
    // The last places make room for the text that counts the rest.
    do {
      more = more_text(entries.size() - placed.size());
      more_x = placed.empty() ? 0 : placed.back().x + placed.back().width + kEntryGap;
      if (more_x + painter.canvas.width_of(more, kSmall) <= box.width || placed.empty()) break;
      placed.pop_back();
    } while (true);
  }
  const std::size_t rows = placed.empty() ? 1 : placed.back().row + 1;
  const double height = static_cast<double>(rows) * kRowHeight;
  const double top = box.bottom() - height + 12;
  for (const Placed& one : placed) {
    const double y = top + static_cast<double>(one.row) * kRowHeight;
    draw_entry(painter, {box.x + one.x, y}, entries[one.entry], one.width);
  }
  const double last = top + static_cast<double>(rows - 1) * kRowHeight;
  painter.canvas.text({box.x + more_x, last}, more, kSmall, painter.style.faint);
  return rest(height);
}

Box draw_right(Painter& painter, const Box& box, const std::vector<Entry>& entries) {
  double width = 0;
  for (const Entry& entry : entries) width = std::max(width, width_of(painter, entry));
  width = std::min(width, box.width * kShareMax);
  if (width < 40) return box;
  const auto rows = static_cast<std::size_t>(box.height / kRowHeight);
  const double x = box.right() - width;
  double y = box.y + 12;
  const std::size_t shown =
      entries.size() <= rows ? entries.size() : std::max<std::size_t>(rows, 1) - 1;
  for (std::size_t i = 0; i < shown; ++i, y += kRowHeight) {
    draw_entry(painter, {x, y}, entries[i], width);
  }
  if (shown < entries.size()) {
    painter.canvas.text({x, y}, more_text(entries.size() - shown), kSmall, painter.style.faint);
  }
  return {box.x, box.y, box.width - width - kEntryGap, box.height};
}

}  // namespace

Box draw_legend(Painter& painter, const Box& box) {
  const std::vector<Entry> entries = entries_of(painter);
  const bool has_room = painter.chart.height >= kHeightMin && painter.chart.width >= kHeightMin;
  if (entries.empty() || !has_room) return box;
  switch (painter.chart.legend) {
    case Legend::bottom:
      return draw_bottom(painter, box, entries);
    case Legend::right:
      return draw_right(painter, box, entries);
    case Legend::hidden:
      break;
  }
  return box;
}

void draw_table(Painter& painter, const Box& box) {
  const std::vector<Entry> entries = entries_of(painter);
  if (entries.empty()) return painter.no_data(box);
  const auto rows = static_cast<std::size_t>(std::max(box.height / kRowHeight - 1, 1.0));
  const std::size_t shown =
      entries.size() <= rows ? entries.size() : std::max<std::size_t>(rows, 2) - 1;
  draw_rows(painter, box, std::span(entries).first(std::min(shown, entries.size())));
  if (shown < entries.size()) {
    painter.canvas.text({box.x, box.bottom()}, more_text(entries.size() - shown), kSmall,
                        painter.style.faint);
  }
}

}  // namespace weir::charts
