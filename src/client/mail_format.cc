// SPDX-License-Identifier: Apache-2.0
// How a mail looks on the wire (RFC 5322, 2045, 2047).
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/base64.h"
#include "client/mail_client.h"

namespace weir::client {

namespace {

constexpr std::size_t kEncodedWordBytesMax = 45;  // base64 and frame then fit into 75 characters
constexpr std::size_t kLineMax = 998;             // RFC 5322, section 2.1.1
constexpr std::size_t kQuotedLineMax = 75;

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string without_line_ends(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return out;
}

std::string date_text(Time time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time.seconds())};
  const auto day = floor<days>(moment);
  const year_month_day date{day};
  const hh_mm_ss clock{moment - day};
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %d %02d:%02d:%02d +0000",
                kDays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::string quoted_name(std::string_view name) {
  if (!is_printable_ascii(name)) return encode_header_text(name);
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Calls `line` for each line of the text, without its end.
template <class Visit>
void each_line(std::string_view text, Visit line) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    line(one);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

bool is_plain(std::string_view text) {
  bool is_plain = true;
  each_line(text, [&](std::string_view line) {
    is_plain = is_plain && line.size() <= kLineMax && std::ranges::all_of(line, [](char c) {
                 return (c >= 0x20 && c < 0x7f) || c == '\t';
               });
  });
  return is_plain;
}

void append_quoted(std::string& out, std::string_view line) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::size_t width = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const bool is_trailing_blank = i + 1 == line.size() && (byte == ' ' || byte == '\t');
    const bool is_literal =
        ((byte >= 0x20 && byte < 0x7f && byte != '=') || byte == '\t') && !is_trailing_blank;
    if (width + (is_literal ? 1 : 3) > kQuotedLineMax) {
      out += "=\r\n";
      width = 0;
    }
    if (is_literal) {
      out += line[i];
      ++width;
    } else {
      out += {'=', kDigits[byte >> 4], kDigits[byte & 15]};
      width += 3;
    }
  }
}

void append_part(std::string& out, std::string_view type, std::string_view text, bool is_7bit) {
  out.append("Content-Type: ").append(type).append("; charset=UTF-8\r\n");
  out.append("Content-Transfer-Encoding: ").append(is_7bit ? "7bit" : "quoted-printable");
  out += "\r\n\r\n";
  each_line(text, [&](std::string_view line) {
    if (is_7bit) {
      out += line;
    } else {
      append_quoted(out, line);
    }
    out += "\r\n";
  });
}

}  // namespace

std::string encode_header_text(std::string_view text) {
  const std::string flat = without_line_ends(text);
  if (is_printable_ascii(flat) && flat.find("=?") == std::string::npos) return flat;
  std::string out;
  for (std::size_t begin = 0; begin < flat.size();) {
    std::size_t end = std::min(begin + kEncodedWordBytesMax, flat.size());
    // A character must not be split over two words; four bytes are the longest.
    for (int i = 0; i < 3 && end < flat.size() && end > begin + 1 &&
                    (static_cast<unsigned char>(flat[end]) & 0xc0) == 0x80;
         ++i) {
      --end;
    }
    if (!out.empty()) out += "\r\n ";
    out += "=?UTF-8?B?" + base64_encode(flat.substr(begin, end - begin)) + "?=";
    begin = end;
  }
  return out;
}

std::string format_mail(const Mail& mail, const std::string& from_address) {
  const std::string domain = from_address.substr(from_address.find('@') + 1);
  std::string out;
  out += "Date: " + date_text(mail.date) + "\r\n";
  out += "Message-ID: <" + without_line_ends(mail.message_id) + '@' + domain + ">\r\n";
  out += "From: " + quoted_name(mail.from_name) + " <" + from_address + ">\r\n";
  out += "To: <" + without_line_ends(mail.to) + ">\r\n";
  out += "Subject: " + encode_header_text(mail.subject) + "\r\n";
  if (!mail.list_unsubscribe.empty()) {
    out += "List-Unsubscribe: <" + without_line_ends(mail.list_unsubscribe) + ">\r\n";
  }
  out += "Auto-Submitted: auto-generated\r\n";  // RFC 3834: keeps absence replies away
  out += "MIME-Version: 1.0\r\n";
  if (mail.html.empty()) {
    append_part(out, "text/plain", mail.text, is_plain(mail.text));
    return out;
  }
  // Quoted-printable never holds `=_`, so no line of a part is a boundary.
  const std::string boundary = "=_weir";
  out += "Content-Type: multipart/alternative; boundary=\"" + boundary + "\"\r\n\r\n";
  out += "--" + boundary + "\r\n";
  append_part(out, "text/plain", mail.text, false);
  out += "\r\n--" + boundary + "\r\n";
  append_part(out, "text/html", mail.html, false);
  return out + "\r\n--" + boundary + "--\r\n";
}

}  // namespace weir::client
