// SPDX-License-Identifier: Apache-2.0
#include "charts/chart.h"

#include <cairo.h>
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <thread>

namespace weir::charts {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kStart_s = 1'767'225'600;
constexpr std::uint32_t kBlue = 0x0000FF;
constexpr std::uint32_t kGreen = 0x00FF00;
constexpr std::uint32_t kRed = 0xFF0000;

/// A decoded PNG.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint32_t> pixels;  // 0xRRGGBB, by rows

  std::uint32_t at(int x, int y) const {
    return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  int count(std::uint32_t color) const {
    return static_cast<int>(std::count(pixels.begin(), pixels.end(), color));
  }
  /// Columns, from the left, that hold the colour.
  std::vector<int> columns(std::uint32_t color) const {
    std::vector<int> out;
    for (int x = 0; x < width; ++x) {
      for (int y = 0; y < height; ++y) {
        if (at(x, y) != color) continue;
        out.push_back(x);
        break;
      }
    }
    return out;
  }
  std::vector<int> rows(std::uint32_t color) const {
    std::vector<int> out;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if (at(x, y) != color) continue;
        out.push_back(y);
        break;
      }
    }
    return out;
  }
};

Picture decode(const std::string& png) {
  struct Source {
    const std::string& bytes;
    std::size_t at = 0;
  } source{png};
  cairo_surface_t* const surface = cairo_image_surface_create_from_png_stream(
      [](void* closure, unsigned char* out, unsigned int size) {
        auto& from = *static_cast<Source*>(closure);
        if (from.bytes.size() - from.at < size) return CAIRO_STATUS_READ_ERROR;
        std::memcpy(out, from.bytes.data() + from.at, size);
        from.at += size;
        return CAIRO_STATUS_SUCCESS;
      },
      &source);
  EXPECT_EQ(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
  Picture picture;
  picture.width = cairo_image_surface_get_width(surface);
  picture.height = cairo_image_surface_get_height(surface);
  const unsigned char* const data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, data + y * stride + x * 4, 4);
      picture.pixels.push_back(pixel & 0xFFFFFF);
    }
  }
  cairo_surface_destroy(surface);
  return picture;
}

Picture drawn(const Chart& chart) {
  const auto png = render_png(chart);
  EXPECT_TRUE(png) << png.error().message;
  return png ? decode(*png) : Picture();
}

/// An hour, wide enough for axes, without legend.
Chart hour() {
  Chart chart;
  chart.from_s = kStart_s;
  chart.to_s = kStart_s + 3600;
  chart.legend = Legend::hidden;
  return chart;
}

Series series_of(std::vector<double> values, std::uint32_t color, int period_s = 60) {
  Series out{.label = "m", .times_s = {}, .values = std::move(values), .period_s = period_s};
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.times_s.push_back(kStart_s + static_cast<std::int64_t>(i) * period_s);
  }
  out.color = Color::of(color);
  return out;
}

void expect_refused(const Chart& chart, std::string_view text) {
  const auto png = render_png(chart);
  ASSERT_FALSE(png);
  EXPECT_EQ(png.error().kind, ErrorKind::invalid);
  EXPECT_THAT(png.error().message, HasSubstr(text));
}

TEST(Chart, HasTheSizeAskedForAndTheGroundOfItsTheme) {
  Chart chart = hour();
  chart.width = 321;
  chart.height = 123;
  Picture picture = drawn(chart);
  EXPECT_EQ(picture.width, 321);
  EXPECT_EQ(picture.height, 123);
  EXPECT_EQ(picture.at(0, 0), 0xFFFFFFu);
  chart.theme = Theme::dark;
  picture = drawn(chart);
  EXPECT_LT(picture.at(0, 0) & 0xFF, 0x40u);
}

TEST(Chart, ALineGoesUpWithItsValues) {
  Chart chart = hour();
  std::vector<double> values;
  for (int i = 0; i < 60; ++i) values.push_back(i);
  chart.series = {series_of(values, kBlue)};
  const Picture picture = drawn(chart);
  const std::vector<int> columns = picture.columns(kBlue);
  ASSERT_GT(columns.size(), 100u);
  const auto lowest = [&](int x) {
    for (int y = picture.height - 1; y >= 0; --y) {
      if (picture.at(x, y) == kBlue) return y;
    }
    return -1;
  };
  EXPECT_GT(lowest(columns.front()), lowest(columns.back()) + picture.height / 2);
}

// A line across a gap would tell of data that never were.
TEST(Chart, AGapIsNotBridgedAndALonelyPointIsADot) {
  Chart chart = hour();
  Series gap = series_of(std::vector<double>(60, 5), kBlue);
  gap.values.erase(gap.values.begin() + 20, gap.values.begin() + 40);
  gap.times_s.erase(gap.times_s.begin() + 20, gap.times_s.begin() + 40);
  chart.series = {gap};
  const std::vector<int> columns = drawn(chart).columns(kBlue);
  int longest = 0;
  for (std::size_t i = 1; i < columns.size(); ++i) {
    longest = std::max(longest, columns[i] - columns[i - 1]);
  }
  EXPECT_GT(longest, 150);
  chart.series = {series_of({5}, kBlue)};
  EXPECT_GT(drawn(chart).count(kBlue), 5);
}

TEST(Chart, AThresholdIsALineOverTheWholeWidthAndItsFillingIsAbove) {
  Chart chart = hour();
  chart.series = {series_of({0, 100}, kBlue)};
  chart.levels = {{.value = 50, .label = "limit", .color = Color::of(kRed)}};
  Picture picture = drawn(chart);
  // A line of 1.5 pixels: one full row at least.
  ASSERT_GE(picture.rows(kRed).size(), 1u);
  const int row = picture.rows(kRed).front();
  EXPECT_GT(picture.columns(kRed).back() - picture.columns(kRed).front(), 500);
  const int x = 300;
  const std::uint32_t before = picture.at(x, row - 30);
  chart.levels[0].fill = Level::Fill::above;
  picture = drawn(chart);
  EXPECT_NE(picture.at(x, row - 30), before);
  EXPECT_EQ(picture.at(x, row + 30), 0xFFFFFFu);
}

TEST(Chart, StackedSeriesLieOnEachOther) {
  Chart chart = hour();
  chart.view = View::stacked;
  chart.series = {series_of(std::vector<double>(60, 10), kBlue),
                  series_of(std::vector<double>(60, 10), kGreen)};
  const Picture picture = drawn(chart);
  // Areas are translucent: what counts is the strongest of red, green and blue.
  const auto strongest = [&](int y) {
    const std::uint32_t pixel = picture.at(300, y);
    const std::uint32_t parts[] = {pixel >> 16 & 0xFF, pixel >> 8 & 0xFF, pixel & 0xFF};
    return std::max_element(parts, parts + 3) - parts;
  };
  EXPECT_EQ(strongest(300), 2) << "the first is blue and below";
  EXPECT_EQ(strongest(130), 1) << "the second is green and above it";
}

TEST(Chart, ABandIsShadedBetweenItsLines) {
  Chart chart = hour();
  Band band{.label = "expected", .times_s = {}, .upper = {}, .lower = {}, .period_s = 60};
  for (int i = 0; i < 60; ++i) {
    band.times_s.push_back(kStart_s + i * 60);
    band.upper.push_back(80);
    band.lower.push_back(20);
  }
  chart.bands = {band};
  chart.left = {.min = 0, .max = 100};
  const Picture picture = drawn(chart);
  EXPECT_NE(picture.at(303, 187), 0xFFFFFFu) << "half way up";
  EXPECT_EQ(picture.at(303, 50), 0xFFFFFFu) << "above";
  EXPECT_EQ(picture.at(303, 350), 0xFFFFFFu) << "below";
}

TEST(Chart, TheLegendTakesRoomAndShowsColours) {
  Chart chart = hour();
  chart.series = {series_of(std::vector<double>(60, 5), kBlue)};
  const int without = drawn(chart).rows(kBlue).back();
  for (const Legend where : {Legend::bottom, Legend::right}) {
    chart.legend = where;
    const Picture picture = drawn(chart);
    const bool is_below = picture.rows(kBlue).back() > without;
    const bool is_beside = picture.columns(kBlue).back() < picture.width - 20;
    EXPECT_TRUE(is_below || is_beside);
  }
}

TEST(Chart, BarsPiesAndGaugesShowTheLastValue) {
  Chart chart = hour();
  chart.series = {series_of({1, 1, 30}, kBlue), series_of({99, 10}, kGreen)};
  chart.view = View::bars;
  Picture picture = drawn(chart);
  EXPECT_NEAR(static_cast<double>(picture.count(kBlue)) / picture.count(kGreen), 3, 0.5);
  chart.view = View::pie;
  picture = drawn(chart);
  EXPECT_NEAR(static_cast<double>(picture.count(kBlue)) / picture.count(kGreen), 3, 0.5);
  chart.view = View::gauge;
  picture = drawn(chart);
  EXPECT_NEAR(static_cast<double>(picture.count(kBlue)) / picture.count(kGreen), 3, 0.5);
}

TEST(Chart, NumbersAndTablesAreTextWithTheirColours) {
  Chart chart = hour();
  chart.series = {series_of({1234.5}, kBlue), series_of({}, kGreen)};
  for (const View view : {View::numbers, View::table}) {
    chart.view = view;
    const Picture picture = drawn(chart);
    EXPECT_GT(picture.count(kBlue), 10);
    EXPECT_GT(picture.count(kGreen), 10);
  }
  const Picture without = drawn(chart);
  chart.view = View::numbers;
  chart.has_sparklines = true;
  chart.series[0] = series_of({1, 5, 2, 8}, kBlue);
  EXPECT_GT(drawn(chart).count(kBlue), without.count(kBlue));
}

// Goal: no data, size or text makes it fail or draws over its bounds (run under sanitizers too).
TEST(Chart, HostileInputIsDrawnOrRefused) {
  const double kInfinite = std::numeric_limits<double>::infinity();
  std::vector<Series> all = {
      series_of({}, kBlue),
      series_of({std::nan(""), kInfinite, -kInfinite}, kBlue),
      series_of({1e308, -1e308, 5e-324}, kBlue),
      series_of(std::vector<double>(200'000, 0.1), kBlue, 1),
      series_of({0, -0.0}, kBlue),
  };
  all[2].label = std::string(100'000, 'x') + "\xFF\xC3\xED\xA0\x80\n\t";
  for (const View view : {View::lines, View::stacked, View::bars, View::pie, View::numbers,
                          View::gauge, View::table}) {
    for (const auto& [width, height] :
         std::map<int, int>{{1, 2000}, {2000, 1}, {30, 30}, {120, 111}, {600, 400}}) {
      for (const Legend legend : {Legend::bottom, Legend::right, Legend::hidden}) {
        Chart chart = hour();
        chart.view = view;
        chart.width = width;
        chart.height = height;
        chart.legend = legend;
        chart.title = all[2].label;
        chart.left.label = chart.right.label = all[2].label;
        chart.series = all;
        chart.series[1].is_on_right = true;
        chart.series[2].is_incomplete = true;
        chart.levels = {{.value = kInfinite, .label = "x"}, {.value = 1e308, .to = -1e308}};
        chart.moments = {{.time_s = -1, .label = "x"}, {.time_s = 1ll << 62, .to_s = -(1ll << 62)}};
        EXPECT_TRUE(render_png(chart));
      }
    }
  }
}

TEST(Chart, ThreadsDrawTheSamePictureAtTheSameTime) {
  Chart chart = hour();
  chart.title = "many";
  chart.series = {series_of({1, 5, 2, 8}, kBlue)};
  const std::string alone = *render_png(chart);
  std::vector<std::string> drawn_by(4);
  std::vector<std::thread> threads;
  for (std::string& mine : drawn_by) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) mine = *render_png(chart);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(drawn_by, testing::Each(alone));
}

TEST(Chart, BoundsAreErrors) {
  Chart chart = hour();
  chart.width = 2001;
  expect_refused(chart, "between 1 and 2000 pixels");
  chart = hour();
  chart.height = 0;
  expect_refused(chart, "between 1 and 2000 pixels");
  chart = hour();
  chart.to_s = chart.from_s;
  expect_refused(chart, "must be after its start");
  chart = hour();
  chart.series.resize(501);
  expect_refused(chart, "at most 500 series");
  chart = hour();
  chart.levels.resize(501);
  expect_refused(chart, "at most 500 annotations");
  chart = hour();
  chart.series = {series_of({1, 2}, kBlue)};
  chart.series[0].times_s.pop_back();
  expect_refused(chart, "as many values as times");
}

TEST(Color, ReadsTheFormsOfWidgets) {
  EXPECT_EQ(Color::parse("#ff0000"), Color::of(0xFF0000));
  EXPECT_EQ(Color::parse("#1Fa"), Color::of(0x11FFAA));
  for (const std::string_view bad : {"", "#", "red", "#12345", "#1234567", "#gg0000", "#+12345"}) {
    EXPECT_FALSE(Color::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace weir::charts
