// SPDX-License-Identifier: Apache-2.0
#include "logs/embedded_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/document.h"
#include "logs/metric_filter.h"

namespace weir::logs {
namespace {

using Limits = EmbeddedMetrics;

constexpr std::string_view kMark = "_aws\"";  // its first letter is rarer than a quote
constexpr std::string_view kReservedNamespace = "AWS/";
constexpr DocumentLimits kJsonLimits{.depth_max = 64, .nodes_max = 200'000};
// CloudWatch takes values between -2^360 and 2^360.
const double kValueMax = std::ldexp(1.0, 360);
constexpr Duration kPastMax = std::chrono::hours(24 * 14);
constexpr Duration kFutureMax = std::chrono::hours(2);

bool is_name(std::string_view text) {
  return text.size() <= Limits::kNameBytesMax && !text.starts_with(':') &&
         text.find_first_not_of(" \t\r\n") != text.npos;
}

std::optional<double> number_of(const Document& value) {
  std::optional<double> number;
  if (value.integer() != nullptr) number = static_cast<double>(*value.integer());
  if (value.real() != nullptr) number = *value.real();
  if (number && (!std::isfinite(*number) || std::abs(*number) > kValueMax)) return std::nullopt;
  return number;
}

const Document::List* list_in(const Document& map, std::string_view name) {
  const Document* const found = map.find(name);
  return found == nullptr ? nullptr : found->list();
}

const std::string* text_in(const Document& map, std::string_view name) {
  const Document* const found = map.find(name);
  return found == nullptr ? nullptr : found->string();
}

/// Where the object of the format begins in a message; nothing if there is none.
std::optional<std::size_t> begin_of(std::string_view message) {
  const std::size_t mark = message.find(kMark);
  if (mark == message.npos || mark == 0 || message[mark - 1] != '"') return std::nullopt;
  const std::size_t begin = message.find('{');
  if (begin > mark) return std::nullopt;
  return begin;
}

/// The object's own structure: what makes it the format at all.
struct Form {
  const Document::List* directives = nullptr;
  std::int64_t timestamp_ms = 0;
};

std::optional<Form> form_of(const Document& metadata) {
  Form form;
  form.directives = list_in(metadata, "CloudWatchMetrics");
  const Document* const timestamp = metadata.find("Timestamp");
  if (form.directives == nullptr || timestamp == nullptr) return std::nullopt;
  const auto ms = number_of(*timestamp);
  if (!ms || std::abs(*ms) > 1e15) return std::nullopt;
  form.timestamp_ms = static_cast<std::int64_t>(*ms);
  for (const Document& directive : *form.directives) {
    if (text_in(directive, "Namespace") == nullptr || list_in(directive, "Metrics") == nullptr ||
        list_in(directive, "Dimensions") == nullptr) {
      return std::nullopt;
    }
  }
  return form;
}

class Reader {
 public:
  Reader(EmbeddedMetrics& out, Time now) : out_(out), now_(now) {}

  void read(const Document& root, const Form& form) {
    const Time timestamp{form.timestamp_ms};
    // The second's beginning, too, has to be within the two weeks.
    second_ = second_of(form.timestamp_ms);
    if (second_ < now_ - kPastMax || timestamp > now_ + kFutureMax) return refuse();
    for (const Document& directive : *form.directives) read_directive(root, directive);
  }

 private:
  using Dimensions = std::map<std::string, std::string>;

  void refuse() { ++out_.validation_errors; }

  void read_directive(const Document& root, const Document& directive) {
    const std::string& name = *text_in(directive, "Namespace");
    const Document::List& metrics = *list_in(directive, "Metrics");
    if (!is_name(name) || name.starts_with(kReservedNamespace) ||
        metrics.size() > Limits::kMetricsMax) {
      return refuse();
    }
    std::set<Dimensions> sets;  // a set that is there twice is one
    const Document::List& wanted = *list_in(directive, "Dimensions");
    if (wanted.empty()) sets.emplace();
    for (const Document& keys : wanted) {
      if (auto set = dimensions_of(root, keys)) {
        sets.insert(*std::move(set));
      } else {
        refuse();
      }
    }
    for (const Document& metric : metrics) read_metric(root, name, sets, metric);
  }

  static std::optional<Dimensions> dimensions_of(const Document& root, const Document& keys) {
    if (keys.list() == nullptr || keys.list()->size() > Limits::kDimensionsMax) return std::nullopt;
    Dimensions set;
    for (const Document& key : *keys.list()) {
      if (key.string() == nullptr || !is_name(*key.string())) return std::nullopt;
      const std::string* const value = text_in(root, *key.string());
      if (value == nullptr || value->size() > Limits::kValueBytesMax ||
          value->find_first_not_of(" \t\r\n") == value->npos) {
        return std::nullopt;
      }
      set.insert_or_assign(*key.string(), *value);
    }
    return set;
  }

  void read_metric(const Document& root, const std::string& metric_namespace,
                   const std::set<Dimensions>& sets, const Document& metric) {
    const std::string* const name = text_in(metric, "Name");
    if (name == nullptr || !is_name(*name) || !is_resolution(metric)) return refuse();
    const Document* const unit = metric.find("Unit");
    if (unit != nullptr &&
        (unit->string() == nullptr ||
         std::ranges::find(kMetricUnits, *unit->string()) == std::ranges::end(kMetricUnits))) {
      return refuse();
    }
    const Document* const target = root.find(*name);
    if (target == nullptr) return refuse();
    MetricValue value{.metric_namespace = metric_namespace,
                      .metric_name = *name,
                      .dimensions = {},
                      .value = 0,
                      .unit = unit == nullptr ? "" : *unit->string(),
                      .timestamp = second_,
                      .count = 1};
    const Document::List single{*target};
    const Document::List& targets = target->list() == nullptr ? single : *target->list();
    if (targets.size() > Limits::kArrayMax) return refuse();
    std::vector<double> numbers;
    for (const Document& item : targets) {
      const auto number = number_of(item);
      if (!number) return refuse();
      numbers.push_back(*number);
    }
    samples_ += sets.size() * numbers.size();
    if (samples_ > Limits::kSamplesMax) return refuse();
    for (const Dimensions& set : sets) {
      value.dimensions = set;
      for (const double number : numbers) {
        value.value = number;
        count(value);
      }
    }
  }

  static bool is_resolution(const Document& metric) {
    const Document* const resolution = metric.find("StorageResolution");
    if (resolution == nullptr) return true;
    return resolution->integer() != nullptr &&
           (*resolution->integer() == 1 || *resolution->integer() == 60);
  }

  void count(const MetricValue& value) {
    const auto [place, is_new] = places_.try_emplace(pack_values({&value, 1}), out_.values.size());
    if (!is_new) {
      out_.values[place->second].count += 1;
    } else if (out_.values.size() < Limits::kValuesMax) {
      out_.values.push_back(value);
    } else {
      places_.erase(place);
      refuse();
    }
  }

  EmbeddedMetrics& out_;
  const Time now_;
  Time second_;
  std::size_t samples_ = 0;
  std::unordered_map<std::string, std::size_t> places_;  // of values, by their stored form
};

}  // namespace

EmbeddedMetrics read_embedded_metrics(std::span<const InputLogEvent> events, Time now) {
  EmbeddedMetrics out;
  Reader reader(out, now);
  for (const InputLogEvent& event : events) {
    const std::string_view message = event.message;
    const auto begin = begin_of(message);
    if (!begin) continue;
    const auto root = parse_json(message.substr(*begin), kJsonLimits);
    const bool is_object = root && root->map() != nullptr;
    const Document* const metadata = is_object ? root->find("_aws") : nullptr;
    if (metadata == nullptr) {  // a text that happens to hold the word, unless it began as JSON
      if (*begin == 0 && !is_object) ++out.parsing_errors;
      continue;
    }
    if (const auto form = form_of(*metadata)) {
      reader.read(*root, *form);
    } else {
      ++out.parsing_errors;
    }
  }
  return out;
}

}  // namespace weir::logs
