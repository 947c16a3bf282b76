// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <map>
#include <memory>

#include "base/guarded.h"

namespace weir {
namespace {

struct Series {
  Counter counter;
  Gauge gauge;
};

struct Family {
  std::string help;
  bool is_counter = true;
  std::map<std::string, std::unique_ptr<Series>, std::less<>> series;
};

Guarded<std::map<std::string, Family, std::less<>>>& registry() {
  static Guarded<std::map<std::string, Family, std::less<>>> instance;
  return instance;
}

Series& find_or_make(std::string_view name, std::string_view help, std::string_view labels,
                     bool is_counter) {
  auto families = registry().lock();
  Family& family = families->try_emplace(std::string(name)).first->second;
  family.help = help;
  family.is_counter = is_counter;
  auto& series = family.series.try_emplace(std::string(labels)).first->second;
  if (!series) series = std::make_unique<Series>();
  return *series;
}

}  // namespace

Counter& counter(std::string_view name, std::string_view help, std::string_view labels) {
  return find_or_make(name, help, labels, true).counter;
}

Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return find_or_make(name, help, labels, false).gauge;
}

std::string prometheus_text() {
  std::string text;
  auto families = registry().lock();
  for (const auto& [name, family] : *families) {
    text.append("# HELP ").append(name).append(" ").append(family.help).append("\n");
    text.append("# TYPE ").append(name).append(family.is_counter ? " counter\n" : " gauge\n");
    for (const auto& [labels, series] : family.series) {
      text += name;
      if (!labels.empty()) text.append("{").append(labels).append("}");
      text += ' ';
      text += family.is_counter ? std::to_string(series->counter.value())
                                : std::to_string(series->gauge.value());
      text += '\n';
    }
  }
  return text;
}

}  // namespace weir
