// SPDX-License-Identifier: Apache-2.0
#include "columnar/flow_files.h"

#include <chrono>
#include <cstdio>

namespace weir::columnar {
namespace {

struct Clock {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
};

Clock utc(Time time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time.seconds())};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss clock{moment - day};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count())};
}

std::string padded(unsigned number) {
  char text[16];
  std::snprintf(text, sizeof text, "%02u", number);
  return text;
}

std::string padded_year(int year) {
  char text[16];
  std::snprintf(text, sizeof text, "%04d", year);
  return text;
}

/// `a/b/` of whatever slashes surround it; "" stays "".
std::string folder_prefix(std::string_view folder) {
  while (folder.starts_with('/')) folder.remove_prefix(1);
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return folder.empty() ? std::string() : std::string(folder) + '/';
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

Time slot_start(Time end, Duration slot) {
  const std::int64_t length = slot.count();
  const std::int64_t rest = ((end.ms % length) + length) % length;
  return {end.ms - rest};
}

std::string flow_file_prefix(const FlowFile& file) {
  const Clock clock = utc(file.slot);
  const std::string year = padded_year(clock.year);
  const std::string month = padded(clock.month);
  const std::string day = padded(clock.day);
  const std::string hour = padded(static_cast<unsigned>(clock.hour));
  std::string prefix = folder_prefix(file.folder) + "AWSLogs/";
  if (file.is_hive_compatible) {
    prefix += "aws-account-id=" + file.scope.account +
              "/aws-service=vpcflowlogs/aws-region=" + file.scope.region + "/year=" + year +
              "/month=" + month + "/day=" + day + '/';
    if (file.is_per_hour) prefix += "hour=" + hour + '/';
  } else {
    prefix += file.scope.account + "/vpcflowlogs/" + file.scope.region + '/' + year + '/' + month +
              '/' + day + '/';
    if (file.is_per_hour) prefix += hour + '/';
  }
  return prefix;
}

std::string flow_file_key(const FlowFile& file) {
  const Clock clock = utc(file.slot);
  return flow_file_prefix(file) + file.scope.account + "_vpcflowlogs_" + file.scope.region + '_' +
         file.flow_log_id + '_' + padded_year(clock.year) + padded(clock.month) +
         padded(clock.day) + 'T' + padded(static_cast<unsigned>(clock.hour)) +
         padded(static_cast<unsigned>(clock.minute)) + "Z_" + file.hash +
         (file.is_parquet ? ".log.parquet" : ".log.gz");
}

std::string_view flow_file_content_type(bool is_parquet) {
  return is_parquet ? "application/vnd.apache.parquet" : "application/x-gzip";
}

std::vector<std::pair<std::string, std::string>> hive_partitions(std::string_view path) {
  std::vector<std::pair<std::string, std::string>> found;
  // The last part is the file's name, which is no folder.
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/')) {
    const std::string_view part = path.substr(0, slash);
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      found.emplace_back(hive_unescape(part.substr(0, equals)),
                         hive_unescape(part.substr(equals + 1)));
    }
    path.remove_prefix(slash + 1);
  }
  return found;
}

std::string hive_escape(std::string_view value) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    // What Hive's FileUtils.escapePathName escapes.
    const bool is_escaped = byte < 0x20 || byte == 0x7f ||
                            std::string_view("\"#%'*/:=?\\{}[]^").find(c) != std::string_view::npos;
    if (is_escaped) {
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string hive_unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace weir::columnar
