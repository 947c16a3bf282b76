// SPDX-License-Identifier: Apache-2.0
#include "import/line_parser.h"

#include <algorithm>
#include <utility>

namespace weir::import {
namespace {

constexpr std::size_t kDamageTextMax = 200;
constexpr std::size_t kFormatsMax = 64;  // in one source; a header beyond that is damage
constexpr std::size_t kTimeMax = 32;     // length of a time in front of a line

/// Cuts `2022-03-03T19:00:40.000Z ` off the front of a line of an export.
std::optional<Time> take_time(std::string_view& line) {
  constexpr std::string_view kShape = "0000-00-00T";
  if (line.size() < kShape.size() || line[4] != '-' || line[10] != 'T') return std::nullopt;
  const std::size_t blank = line.substr(0, kTimeMax).find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const auto time = parse_iso8601(line.substr(0, blank));
  if (!time) return std::nullopt;
  line.remove_prefix(blank + 1);
  return *time;
}

}  // namespace

std::optional<Time> read_time(std::string_view text) {
  std::string iso(text.substr(0, kTimeMax));
  if (iso.size() > 10 && iso[10] == ' ') iso[10] = 'T';
  const auto time = parse_iso8601(iso);
  return time ? std::optional(*time) : std::nullopt;
}

LineParser::LineParser(std::optional<flow::Format> format, Visitor& visitor) : visitor_(visitor) {
  if (format) format_ = &keep(*std::move(format));
}

const flow::Format& LineParser::keep(flow::Format format) {
  const auto known = std::ranges::find(formats_, format);
  return known != formats_.end() ? *known : formats_.emplace_back(std::move(format));
}

const flow::Format& LineParser::use(flow::Format format) {
  format_ = &keep(std::move(format));
  return *format_;
}

void LineParser::damage(std::uint64_t number, std::string reason, std::string_view text) {
  visitor_.on_damage({number, std::move(reason), std::string(text.substr(0, kDamageTextMax))});
}

void LineParser::take_header(std::string_view text, std::uint64_t number) {
  auto format = flow::Format::from_header(text);
  if (!format) return damage(number, format.error().message, text);
  if (formats_.size() == kFormatsMax) return damage(number, "too many formats in one file", text);
  format_ = &keep(*std::move(format));
  ++headers_;
}

Result<void> LineParser::line(std::string_view text, std::uint64_t number, const Around& around) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (number == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Around context = around;
  if (const auto time = take_time(text)) context.time = time;
  if (flow::Format::is_header(text)) {
    take_header(text, number);
    return {};
  }
  const std::size_t count = split_values(text, values_);
  if (count == 0) return {};
  if (format_ == nullptr) {
    auto detected = flow::Format::detect(text);
    if (!detected) {
      damage(number, detected.error().message, text);
      return {};
    }
    format_ = &keep(*std::move(detected));
  }
  if (count != format_->fields().size()) {
    damage(number,
           "the line has " + std::to_string(count) + " values and the format " +
               std::to_string(format_->fields().size()) + " fields",
           text);
    return {};
  }
  const auto found = std::span(values_).first(count);
  const char* const from = found.front().data();
  const char* const to = found.back().data() + found.back().size();
  std::size_t size = count - 1;
  for (const std::string_view value : found) size += value.size();
  // Where one blank stands between any two, the line is there already.
  if (static_cast<std::size_t>(to - from) != size) return values(*format_, found, number, context);
  return emit(*format_, {from, size}, found, number, context);
}

Result<void> LineParser::values(const flow::Format& format,
                                std::span<const std::string_view> values, std::uint64_t number,
                                const Around& around) {
  joined_.clear();
  for (const std::string_view value : values) {
    if (!joined_.empty()) joined_ += ' ';
    joined_ += value;
  }
  return emit(format, joined_, values, number, around);
}

Result<void> LineParser::emit(const flow::Format& format, std::string_view line,
                              std::span<const std::string_view> values, std::uint64_t number,
                              const Around& around) {
  return visitor_.on_entry({.format = &format,
                            .line = line,
                            .values = values,
                            .number = number,
                            .time = around.time,
                            .stream = around.stream});
}

}  // namespace weir::import
