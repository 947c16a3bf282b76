// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "insights/compiler.h"
#include "insights/insights_world.h"

namespace weir::insights {
namespace {

constexpr std::string_view kWords[] = {"|",
                                       ",",
                                       "(",
                                       ")",
                                       "=",
                                       "*",
                                       "-",
                                       "1",
                                       "2.5",
                                       "0",
                                       "\"x\"",
                                       "5m",
                                       "1h",
                                       "7d",
                                       "a",
                                       "n",
                                       "s",
                                       "@message",
                                       "@timestamp",
                                       "@pattern",
                                       "list",
                                       "as",
                                       "by",
                                       "where",
                                       "with",
                                       "for",
                                       "in",
                                       "and",
                                       "true",
                                       "false",
                                       "desc",
                                       "bin(",
                                       "count(*)",
                                       "sum(n)",
                                       "max(a)",
                                       "maxspan",
                                       "timeshift",
                                       "override=",
                                       "max=",
                                       "action=",
                                       "remove",
                                       "transform",
                                       "param=",
                                       "uselower=",
                                       "mark=",
                                       "fieldname=",
                                       "row=",
                                       "col=",
                                       "p=1-4",
                                       "previousDay",
                                       "SOURCE",
                                       "/app",
                                       "start=-1d",
                                       "end=now",
                                       "(fields a)",
                                       "(stats max(n) by s)",
                                       "| stats count(*) as n by bin(5m) as t, s |",
                                       "| pattern @message |"};

/// An even first byte: a text as it is. An odd one: each byte is a word of the language.
std::string query_of(std::string_view data) {
  if (data.empty() || data[0] % 2 == 0) return std::string(data.substr(data.empty() ? 0 : 1));
  static const std::vector<std::string_view> commands = command_names();
  std::string out;
  for (const char c : data.substr(1)) {
    const std::size_t place = static_cast<unsigned char>(c) % (commands.size() + std::size(kWords));
    out += place < commands.size() ? commands[place] : kWords[place - commands.size()];
    out += ' ';
  }
  return out;
}

InsightsWorld& world() {
  static InsightsWorld* const world = [] {
    auto* const made = new InsightsWorld(2);
    std::vector<logs::InputLogEvent> events;
    for (int i = 0; i < 40; ++i) {
      const std::string number = std::to_string(i * 7 % 11);
      events.push_back({InsightsWorld::kStartMs + i * 1000,
                        i % 3 == 0   ? "GET a" + number + " status 20" + number
                        : i % 3 == 1 ? "{\"a\":" + number + ",\"n\":\"" + number +
                                           "\",\"s\":\"k\",\"list\":[1,\"b\"]}"
                                     : "{\"s\":\"" + number + "\"}"});
    }
    made->put("/app", "s", events);
    return made;
  }();
  return *world;
}

}  // namespace
}  // namespace weir::insights

// Any text is either a query or an error that says where; nothing is nested without bound. A query
// runs to an end over a few events, with its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::insights;
  const std::string text = query_of({reinterpret_cast<const char*>(data), size});
  const auto query = compile(text);
  if (!query) {
    const auto& error = query.error();
    if (error.code != "MalformedQueryException" || error.details.size() != 2) __builtin_trap();
    return 0;
  }
  if (query->columns().size() > Limits::kTextMax) return -1;
  RunOptions options = world().options({"/app"});
  options.from = {InsightsWorld::kStartMs};
  options.to = {InsightsWorld::kStartMs + 60'000};
  options.groups_max = options.rows_max = 10'000;
  if (world().run(*query, options).state == RunState::running) __builtin_trap();
  return 0;
}
