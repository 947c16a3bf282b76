// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <vector>

#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/daemon_client.h"
#include "cli/result_table.h"
#include "cli/stop_signal.h"
#include "net/protocol.h"

namespace weir::cli {
namespace {

constexpr int kHeadLines = 4;  // of the live view: totals, a blank, titles, the cursor's line
constexpr int kFirstLook_s = 2;
constexpr std::string_view kRed = "31";
constexpr std::string_view kBold = "1";
constexpr std::string_view kClear = "\x1b[H\x1b[2J";

enum class Align : std::uint8_t { left, right };
struct Title {
  std::string_view text;
  Align align;
};
constexpr std::array<Title, 9> kTitles = {{
    {"ACTION", Align::left},
    {"DIRECTION", Align::left},
    {"PROTO", Align::left},
    {"SOURCE", Align::left},
    {"DESTINATION", Align::left},
    {"PACKETS", Align::right},
    {"BYTES", Align::right},
    {"SECONDS", Align::right},
    {"INTERFACE", Align::left},
}};
using Cells = std::array<std::string, kTitles.size()>;

/// `10.0.0.1:22`, `[2001:db8::1]:22`, `10.0.0.1` without a port.
std::string endpoint(const std::string& address, std::int64_t port) {
  if (port == 0) return address;
  const bool is_v6 = address.find(':') != std::string::npos;
  return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

Cells cells_of(const Document& row) {
  const std::string action = text_of(row, "action");
  const std::string rule = text_of(row, "rule");
  return {action + (rule.empty() ? "" : " (" + rule + ")"),
          text_of(row, "direction"),
          net::protocol_name(static_cast<std::uint8_t>(number_of(row, "protocol"))),
          endpoint(text_of(row, "source"), number_of(row, "source_port")),
          endpoint(text_of(row, "destination"), number_of(row, "destination_port")),
          short_count(real_of(row, "packets")),
          short_count(real_of(row, "bytes")),
          std::to_string((number_of(row, "end_ms") - number_of(row, "start_ms")) / 1000),
          text_of(row, "device")};
}

std::string padded(const Cells& cells, const std::array<std::size_t, kTitles.size()>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string space(widths[i] - std::min(widths[i], cells[i].size()), ' ');
    if (i != 0) line += "  ";
    line += kTitles[i].align == Align::right ? space + cells[i] : cells[i] + space;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

void print_table(const Document& answer, std::size_t rows_max) {
  std::vector<Cells> rows;
  const Document* const flows = answer.find("flows");
  for (const Document& row : *flows->list()) {
    if (rows.size() < rows_max) rows.push_back(cells_of(row));
  }
  Cells titles;
  std::array<std::size_t, kTitles.size()> widths{};
  for (std::size_t i = 0; i < titles.size(); ++i) {
    titles[i] = kTitles[i].text;
    widths[i] = titles[i].size();
    for (const Cells& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  // A line that wraps would push others off the screen of the live view.
  const std::size_t terminal = terminal_width();
  const auto fitting = [terminal](std::string line) {
    if (terminal > 0 && line.size() > terminal) line.resize(terminal);
    return line;
  };
  std::cout << coloured(fitting(padded(titles, widths)), kBold) << '\n';
  for (const Cells& row : rows) {
    const bool is_refused = row[0].starts_with("REJECT");
    const std::string line = fitting(padded(row, widths));
    std::cout << (is_refused ? coloured(line, kRed) : line) << '\n';
  }
}

void print_totals(const Document& answer) {
  std::cout << number_of(answer, "matched") << " flows, " << short_count(real_of(answer, "packets"))
            << " packets, " << short_count(real_of(answer, "bytes"))
            << " bytes in the open windows of " << number_of(answer, "interfaces")
            << (number_of(answer, "interfaces") == 1 ? " interface\n" : " interfaces\n");
}

std::size_t terminal_lines() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row <= kHeadLines) return 24;
  return size.ws_row;
}

Result<Document> ask(const daemon::Config& config, const FlowsOptions& options) {
  DaemonClient::Parameters parameters = {{"sort", options.sort},
                                         {"limit", std::to_string(options.limit)}};
  if (!options.filter.empty()) parameters.emplace_back("filter", options.filter);
  std::string expression;
  for (const std::string& word : options.expression) {
    expression += (expression.empty() ? "" : " ") + word;
  }
  if (!expression.empty()) parameters.emplace_back("expression", expression);
  WEIR_TRY(auto answer, DaemonClient(config).page("/_weir/flows", parameters));
  const Document* const flows = answer.find("flows");
  if (flows == nullptr || flows->list() == nullptr) {
    return Error{ErrorKind::internal, "NoAnswer", "the daemon's answer has no list of flows"};
  }
  return answer;
}

int watch(const daemon::Config& config, const FlowsOptions& options) {
  const StopSignal stop;
  do {
    const auto answer = ask(config, options);
    if (!answer) return fail(answer.error());
    std::cout << kClear;
    print_totals(*answer);
    std::cout << '\n';
    print_table(*answer, terminal_lines() - kHeadLines);
    std::cout << std::flush;
  } while (!stop.wait(std::chrono::seconds(options.interval_s)));
  return kSuccess;
}

}  // namespace

int flows(const daemon::Config& config, const FlowsOptions& options) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  if (is_terminal && !options.once && !options.json) return watch(config, options);
  auto answer = ask(config, options);
  if (answer && flag_of(*answer, "started")) {
    std::cerr << "weir: nothing was captured until now; looking for " << kFirstLook_s << " s\n";
    const timespec pause{kFirstLook_s, 0};
    ::nanosleep(&pause, nullptr);
    answer = ask(config, options);
  }
  if (!answer) return fail(answer.error());
  if (options.json) {
    std::cout << to_pretty_json(*answer) << '\n';
  } else {
    print_table(*answer, static_cast<std::size_t>(options.limit));
    const auto shown = static_cast<std::int64_t>(list_of(*answer, "flows").size());
    if (number_of(*answer, "matched") > shown) {
      std::cerr << "weir: " << shown << " of " << number_of(*answer, "matched")
                << " flows; --limit shows more\n";
    }
  }
  return kSuccess;
}

}  // namespace weir::cli
