// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "flow/format.h"

namespace {

using namespace weir::flow;

/// The words of a line with one space between them: what a record that was read must format to.
std::string normal(std::string_view line) {
  std::string out;
  bool is_between = true;
  for (const char c : line) {
    const bool is_blank = static_cast<unsigned char>(c) <= 0x20;
    if (!is_blank && is_between && !out.empty()) out += ' ';
    if (!is_blank) out += c;
    is_between = is_blank;
  }
  return out;
}

void check_line(const Format& format, std::string_view line) {
  Record record;
  if (format.read(line, record)) WEIR_ASSERT(format.line(record) == normal(line));
}

}  // namespace

/// Any text as record, header, format string and file: reading and formatting give the same words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_line(Format::standard(), text);
  check_line(Format::all(), text);
  if (const auto format = Format::parse(text); format && !text.empty()) {
    WEIR_ASSERT(format->text() == text);
  }
  if (const auto format = Format::from_header(text)) {
    WEIR_ASSERT(*Format::from_header(format->header()) == *format);
  }
  Reader reader(text);
  Record record;
  std::string out;
  while (reader.next(record)) reader.format()->append(record, out);
  return 0;
}
