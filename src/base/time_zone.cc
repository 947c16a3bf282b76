// SPDX-License-Identifier: Apache-2.0
#include "base/time_zone.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>

namespace weir {
namespace {

constexpr std::string_view kZoneFolder = "/usr/share/zoneinfo/";
constexpr std::size_t kNameMax = 64;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kOffsetMax = 26 * kHour;  // RFC 8536: offsets are below 26 hours

Error no_zone(std::string_view name) {
  return {ErrorKind::invalid, "InvalidTimeZone",
          "There is no time zone " + std::string(name) + '.'};
}

Error bad_file() {
  return {ErrorKind::invalid, "InvalidTimeZone", "This is no file of a time zone."};
}

/// `+05:30`, `-0800`, `+1`.
std::optional<std::int64_t> fixed_offset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return {};
  const bool is_west = text[0] == '-';
  std::string digits(text.substr(1));
  const std::size_t colon = digits.find(':');
  if (colon != std::string::npos && (colon != 2 || digits.size() != 5)) return {};
  if (colon != std::string::npos) digits.erase(colon, 1);
  if (digits.size() > 4 || digits.size() == 3) return {};
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return {};
  }
  const int number = std::stoi(digits);
  const int hours = digits.size() == 4 ? number / 100 : number;
  const int minutes = digits.size() == 4 ? number % 100 : 0;
  if (hours > 14 || minutes > 59) return {};
  const std::int64_t offset_s = hours * kHour + minutes * 60;
  return is_west ? -offset_s : offset_s;
}

/// Big-endian fields of a zone file; what is behind its end reads as an error once, at the end.
class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}

  std::int64_t number(std::size_t bytes) {
    const std::string_view field = take(bytes);
    if (field.size() != bytes || bytes == 0) return 0;
    std::uint64_t value = (static_cast<unsigned char>(field[0]) & 0x80) != 0 ? ~0ULL : 0;
    for (const char c : field) value = value << 8 | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }
  std::string_view take(std::size_t bytes) {
    if (bytes > data_.size()) {
      is_short_ = true;
      data_ = {};
      return {};
    }
    const std::string_view taken = data_.substr(0, bytes);
    data_.remove_prefix(bytes);
    return taken;
  }
  std::string_view rest() const { return data_; }
  bool is_short() const { return is_short_; }

 private:
  std::string_view data_;
  bool is_short_ = false;
};

struct Header {
  char version = 0;
  std::size_t utc_flags = 0, wall_flags = 0, leaps = 0, times = 0, types = 0, name_bytes = 0;

  static std::optional<Header> read(Reader& reader) {
    const std::string_view start = reader.take(20);
    if (start.size() != 20 || !start.starts_with("TZif")) return {};
    Header header;
    header.version = start[4];
    for (std::size_t* field : {&header.utc_flags, &header.wall_flags, &header.leaps, &header.times,
                               &header.types, &header.name_bytes}) {
      const std::int64_t value = reader.number(4);
      if (value < 0 || value > static_cast<std::int64_t>(TimeZone::kFileBytesMax)) return {};
      *field = static_cast<std::size_t>(value);
    }
    return header;
  }
  std::size_t body_bytes(std::size_t time_bytes) const {
    return times * (time_bytes + 1) + types * 6 + name_bytes + leaps * (time_bytes + 4) +
           wall_flags + utc_flags;
  }
};

}  // namespace

/// `CET-1CEST,M3.5.0,M10.5.0/3`, the rule at the end of a zone file.
class TimeZone::RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  std::optional<Rule> read() {
    Rule rule;
    if (!name()) return {};
    const auto standard = time();
    if (!standard || std::abs(*standard) > kOffsetMax) return {};
    rule.standard_s = -*standard;
    if (text_.empty()) return rule;
    if (!name()) return {};
    rule.daylight_s = rule.standard_s + kHour;
    if (!text_.empty() && text_[0] != ',') {
      const auto daylight = time();
      if (!daylight || std::abs(*daylight) > kOffsetMax) return {};
      rule.daylight_s = -*daylight;
    }
    if (!change(rule.begin) || !change(rule.end) || !text_.empty()) return {};
    return rule;
  }

 private:
  bool skip(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool name() {
    const bool is_quoted = skip('<');
    std::size_t size = 0;
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    while (size < text_.size() && (is_quoted ? text_[size] != '>' : is_letter(text_[size]))) ++size;
    if (size < 3) return false;
    text_.remove_prefix(size);
    return !is_quoted || skip('>');
  }
  std::optional<int> number(int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0 || value > most) return {};
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  std::optional<std::int64_t> time() {
    const bool is_negative = skip('-');
    if (!is_negative) skip('+');
    const auto hours = number(167);
    if (!hours) return {};
    std::int64_t seconds = *hours * kHour;
    for (const std::int64_t unit : {std::int64_t{60}, std::int64_t{1}}) {
      if (!skip(':')) break;
      const auto part = number(59);
      if (!part) return {};
      seconds += *part * unit;
    }
    return is_negative ? -seconds : seconds;
  }
  bool change(Change& out) {
    if (!skip(',')) return false;
    if (skip('M')) {
      out.form = Change::Form::month_week_day;
      const auto month = number(12);
      if (!month || *month < 1 || !skip('.')) return false;
      const auto week = number(5);
      if (!week || *week < 1 || !skip('.')) return false;
      const auto day = number(6);
      if (!day) return false;
      out.month = *month;
      out.week = *week;
      out.day = *day;
    } else {
      out.form = skip('J') ? Change::Form::julian : Change::Form::day_of_year;
      const auto day = number(365);
      if (!day) return false;
      out.day = *day;
    }
    if (!skip('/')) return true;
    const auto at = time();
    if (!at) return false;
    out.time_s = *at;
    return true;
  }

  std::string_view text_;
};

Result<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone zone;
  if (name == "UTC" || name == "GMT" || name == "Z") return zone;
  const std::string_view offset =
      name.starts_with("UTC") || name.starts_with("GMT") ? name.substr(3) : name;
  if (const auto fixed = fixed_offset(offset)) {
    zone.first_offset_s_ = *fixed;
    return zone;
  }
  const bool is_plain = !name.empty() && name.size() <= kNameMax && name[0] != '/' &&
                        std::all_of(name.begin(), name.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-' ||
                                 c == '+';
                        });
  if (!is_plain) return no_zone(name);
  std::ifstream file(std::string(kZoneFolder) + std::string(name), std::ios::binary);
  std::string content(kFileBytesMax, '\0');
  if (!file.read(content.data(), static_cast<std::streamsize>(content.size())) &&
      file.gcount() == 0) {
    return no_zone(name);
  }
  content.resize(static_cast<std::size_t>(file.gcount()));
  auto parsed = parse(content);
  if (!parsed) return no_zone(name);
  return parsed;
}

Result<TimeZone> TimeZone::parse(std::string_view file) {
  Reader reader(file);
  auto header = Header::read(reader);
  if (!header) return bad_file();
  std::size_t time_bytes = 4;
  if (header->version >= '2') {
    reader.take(header->body_bytes(time_bytes));
    header = Header::read(reader);
    if (!header) return bad_file();
    time_bytes = 8;
  }
  if (header->types == 0 || header->body_bytes(time_bytes) > reader.rest().size())
    return bad_file();
  TimeZone zone;
  for (std::size_t i = 0; i < header->times; ++i) {
    zone.transitions_.push_back(reader.number(time_bytes));
  }
  const std::string_view indices = reader.take(header->times);
  std::vector<std::int64_t> types;
  for (std::size_t i = 0; i < header->types; ++i) {
    types.push_back(reader.number(4));
    reader.take(2);
    if (std::abs(types.back()) > kOffsetMax) return bad_file();
  }
  for (const char index : indices) {
    const auto type = static_cast<unsigned char>(index);
    if (type >= types.size()) return bad_file();
    zone.offsets_.push_back(types[type]);
  }
  zone.first_offset_s_ = types.front();
  if (!std::is_sorted(zone.transitions_.begin(), zone.transitions_.end())) return bad_file();
  reader.take(header->body_bytes(time_bytes) - header->times * (time_bytes + 1) -
              header->types * 6);
  std::string_view footer = reader.rest();
  if (reader.is_short()) return bad_file();
  if (time_bytes == 8 && footer.size() > 2 && footer.front() == '\n') {
    footer.remove_prefix(1);
    footer = footer.substr(0, footer.find('\n'));
    zone.rule_ = RuleReader(footer).read();
    if (!zone.rule_ && !footer.empty()) return bad_file();
  }
  return zone;
}

std::int64_t TimeZone::moment_of(const Change& change, int year, std::int64_t offset_s) {
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::sys_days;
  using std::chrono::year_month_day;
  const std::chrono::year in(year);
  sys_days date = sys_days(in / month(1) / day(1));
  if (change.form == Change::Form::month_week_day) {
    const std::chrono::weekday weekday(static_cast<unsigned>(change.day));
    const month of(static_cast<unsigned>(change.month));
    date = change.week == 5 ? sys_days(in / of / weekday[std::chrono::last])
                            : sys_days(in / of / weekday[static_cast<unsigned>(change.week)]);
  } else if (change.form == Change::Form::day_of_year) {
    date += std::chrono::days(change.day);
  } else {  // 1 to 365, February 29 is never counted
    const bool is_behind = in.is_leap() && change.day > 59;
    date += std::chrono::days(change.day - (is_behind ? 0 : 1));
  }
  return date.time_since_epoch().count() * kDay + change.time_s - offset_s;
}

std::int64_t TimeZone::rule_offset_s(std::int64_t utc_s) const {
  const Rule& rule = *rule_;
  if (!rule.daylight_s) return rule.standard_s;
  const std::int64_t local_s = utc_s + rule.standard_s;
  const std::int64_t days = local_s / kDay - (local_s % kDay < 0 ? 1 : 0);
  const std::chrono::sys_days date{std::chrono::days(days)};
  const int year = static_cast<int>(std::chrono::year_month_day(date).year());
  const std::int64_t begin = moment_of(rule.begin, year, rule.standard_s);
  const std::int64_t end = moment_of(rule.end, year, *rule.daylight_s);
  const bool is_daylight = begin < end ? utc_s >= begin && utc_s < end  // northern summer
                                       : utc_s >= begin || utc_s < end;
  return is_daylight ? *rule.daylight_s : rule.standard_s;
}

std::int64_t TimeZone::offset_s(std::int64_t utc_s) const {
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), utc_s);
  if (after == transitions_.end() && rule_) return rule_offset_s(utc_s);
  if (after == transitions_.begin()) return first_offset_s_;
  return offsets_[static_cast<std::size_t>(after - transitions_.begin()) - 1];
}

std::int64_t TimeZone::to_utc(std::int64_t local_s) const {
  // Offsets a day before and behind: between them is at most one change.
  const std::int64_t before = offset_s(local_s - kDay);
  const std::int64_t behind = offset_s(local_s + kDay);
  const std::int64_t with_before = local_s - before;
  if (offset_s(with_before) == before) return with_before;
  const std::int64_t with_behind = local_s - behind;
  if (offset_s(with_behind) == behind) return with_behind;
  return with_before;
}

}  // namespace weir
