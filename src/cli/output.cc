// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "cli/cli.h"
#include "cli/commands.h"

namespace weir::cli {

int fail(const Error& error) {
  std::cerr << "weir: " << error.message << '\n';
  return kFailure;
}

int fail_in(const std::string& query, const Error& error) {
  std::optional<std::size_t> begin;
  std::size_t end = 0;
  for (const auto& [name, value] : error.details) {
    std::size_t offset = 0;
    std::from_chars(value.data(), value.data() + value.size(), offset);
    if (name == "startCharOffset") begin = offset;
    if (name == "endCharOffset") end = offset;
  }
  const int code = fail(error);
  if (begin) std::cerr << with_carets(query, *begin, end) << '\n';
  return code;
}

std::size_t terminal_width() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void print_table(const ResultTable& table) {
  if (table.columns.empty()) return;
  const auto lines = aligned(table, terminal_width());
  std::cout << coloured(lines.front(), "1") << '\n';
  for (std::size_t i = 1; i < lines.size(); ++i) std::cout << lines[i] << '\n';
}

bool has_colours() {
  static const bool wanted = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return wanted;
}

std::string coloured(std::string_view text, std::string_view sgr) {
  if (!has_colours()) return std::string(text);
  return "\x1b[" + std::string(sgr) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace weir::cli
