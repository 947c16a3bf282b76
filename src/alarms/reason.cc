// SPDX-License-Identifier: Apache-2.0
#include "alarms/reason.h"

#include <algorithm>
#include <vector>

#include "alarms/text.h"
#include "base/document.h"

namespace weir::alarms {

namespace {

// StateReason holds at most 1023 characters and StateReasonData 4000.
constexpr std::size_t kPointsInTextMax = 10;
constexpr std::size_t kPointsInDataMax = 25;
constexpr std::size_t kTriggersMax = 3900;  // bytes

std::string_view words(Comparison comparison) {
  switch (comparison) {
    case Comparison::greater_or_equal:
      return "greater than or equal to";
    case Comparison::greater:
      return "greater than";
    case Comparison::less:
      return "less than";
    case Comparison::less_or_equal:
      return "less than or equal to";
    case Comparison::outside_band:
    case Comparison::below_band:
    case Comparison::above_band:
      break;
  }
  return "";
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string_view was(std::size_t count) { return count == 1 ? "was" : "were"; }

/// `[10.7 (08/11/22 02:40:00), 10.8 (08/11/22 02:30:00)]`.
std::string listed(const std::vector<Slot>& points) {
  std::string text = "[";
  const std::size_t shown = std::min(points.size(), kPointsInTextMax);
  for (std::size_t i = 0; i < shown; ++i) {
    if (i > 0) text += ", ";
    text += java_double(*points[i].value) + " (" + short_time(points[i].start) + ')';
  }
  return text + ']';
}

/// `[0.0206, 0.0311]`: one side of the band at each of the points.
std::string sides(const std::vector<Slot>& points, double Slot::*side) {
  std::string text = "[";
  const std::size_t shown = std::min(points.size(), kPointsInTextMax);
  for (std::size_t i = 0; i < shown; ++i)
    text += (i > 0 ? ", " : "") + java_double(points[i].*side);
  return text + ']';
}

/// `2 missing datapoints were treated as [Breaching]`.
std::string filled_text(const Decision& decision) {
  const auto filled = static_cast<std::size_t>(decision.filled);
  return counted(filled, "missing datapoint") + ' ' + std::string(was(filled)) + " treated as [" +
         (decision.filled_breaching ? "Breaching" : "NonBreaching") + ']';
}

class ReasonText {
 public:
  ReasonText(const AlarmConfig& config, const Decision& decision)
      : config_(config),
        decision_(decision),
        is_alarm_(*decision.state == StateValue::alarm),
        periods_(static_cast<std::size_t>(*config.evaluation_periods)) {
    for (const Slot& point : decision.points) {
      if (!point.value) continue;
      ++real_;
      if (point.is_breaching == is_alarm_) deciding_.push_back(point);
    }
  }

  std::string text() const {
    if (real_ == 0) return "Threshold Crossed: no datapoints were received for " + fill();
    // Without M, or where the missing points decided, the received ones are only counted.
    if (decision_.filled > 0 && (!config_.datapoints_to_alarm || deciding_.empty())) {
      return "Threshold Crossed: " + counted(real_, "datapoint") + ' ' + std::string(was(real_)) +
             " received for " + fill();
    }
    return config_.datapoints_to_alarm ? of_the_last() : plain();
  }

 private:
  std::string fill() const {
    return counted(periods_, "period") + " and " + filled_text(decision_) + '.';
  }

  /// `was not greater than the threshold (21.0)`.
  std::string crossing() const {
    if (config_.has_band()) return band_crossing();
    return std::string(was(deciding_.size())) + (is_alarm_ ? " " : " not ") +
           std::string(words(config_.comparison())) + " the threshold (" +
           java_double(*config_.threshold) + ')';
  }

  /// `was less than the lower thresholds [0.02] or greater than the upper thresholds [0.3]`.
  std::string band_crossing() const {
    const std::string verb = is_alarm_ ? "" : "not ";
    const Comparison comparison = config_.comparison();
    std::string text(was(deciding_.size()));
    if (comparison != Comparison::above_band) {
      text += ' ' + verb + "less than the lower thresholds " + sides(deciding_, &Slot::lower);
    }
    if (comparison == Comparison::outside_band) text += " or";
    if (comparison != Comparison::below_band) {
      text += ' ' + verb + "greater than the upper thresholds " + sides(deciding_, &Slot::upper);
    }
    return text;
  }

  std::string_view title() const {
    return config_.has_band() ? "Thresholds Crossed: " : "Threshold Crossed: ";
  }

  std::string plain() const {
    const std::size_t count = deciding_.size();
    if (count == 1) {
      return std::string(title()) + "1 datapoint " + listed(deciding_) + ' ' + crossing() + '.';
    }
    return std::string(title()) + counted(count, "datapoint") + ' ' + crossing() +
           ". The most recent datapoints" + (is_alarm_ ? " which crossed the threshold" : "") +
           ": " + listed(deciding_) + '.';
  }

  std::string of_the_last() const {
    const auto to_alarm = static_cast<std::size_t>(*config_.datapoints_to_alarm);
    const std::size_t minimum = is_alarm_ ? to_alarm : periods_ - to_alarm + 1;
    return std::string(title()) + std::to_string(deciding_.size()) + " out of the last " +
           counted_last() + ' ' + listed(deciding_) + ' ' + crossing() +
           (decision_.filled > 0 ? " and " + filled_text(decision_) : "") + " (minimum " +
           counted(minimum, "datapoint") + " for " + (is_alarm_ ? "OK -> ALARM" : "ALARM -> OK") +
           " transition).";
  }

  /// The service writes the plural even for one.
  std::string counted_last() const { return std::to_string(periods_) + " datapoints"; }

  const AlarmConfig& config_;
  const Decision& decision_;
  const bool is_alarm_;
  const std::size_t periods_;
  std::size_t real_ = 0;
  std::vector<Slot> deciding_;  // newest first
};

}  // namespace

std::string state_reason(const AlarmConfig& config, const Decision& decision) {
  if (decision.state == StateValue::insufficient_data) {
    const auto unknown = static_cast<std::size_t>(*config.evaluation_periods);
    return "Insufficient Data: " + counted(unknown, "datapoint") + ' ' + std::string(was(unknown)) +
           " unknown.";
  }
  return ReasonText(config, decision).text();
}

std::string state_reason_data(const AlarmConfig& config, const Decision& decision, Time now) {
  Document::List recent;
  Document::List evaluated;
  Document::List lower;
  Document::List upper;
  const Slot* oldest = nullptr;
  const std::size_t shown = std::min(decision.points.size(), kPointsInDataMax);
  for (std::size_t i = 0; i < shown; ++i) {
    const Slot& point = decision.points[i];
    Document::Map entry = {{"timestamp", to_iso8601_offset(point.start)}};
    if (point.value) {
      oldest = &point;
      if (!config.is_math()) entry.emplace_back("sampleCount", point.sample_count);
      entry.emplace_back("value", *point.value);
      recent.insert(recent.begin(), *point.value);
      lower.insert(lower.begin(), point.lower);
      upper.insert(upper.begin(), point.upper);
    }
    evaluated.push_back(std::move(entry));
  }
  Document::Map data = {{"version", "1.0"}, {"queryDate", to_iso8601_offset(now)}};
  if (oldest != nullptr) data.emplace_back("startDate", to_iso8601_offset(oldest->start));
  if (config.unit) data.emplace_back("unit", *config.unit);
  if (!config.is_math()) data.emplace_back("statistic", config.statistic_name());
  data.emplace_back("period", config.period());
  data.emplace_back("recentDatapoints", std::move(recent));
  if (config.has_band()) {
    data.emplace_back("recentLowerThresholds", std::move(lower));
    data.emplace_back("recentUpperThresholds", std::move(upper));
  } else {
    data.emplace_back("threshold", *config.threshold);
  }
  data.emplace_back("evaluatedDatapoints", std::move(evaluated));
  return to_json(Document(std::move(data)));
}

std::string trigger_reason(const Alarm& child) {
  return child.alarm_arn + " transitioned to " + child.state_value + " at " +
         long_time(child.state_updated);
}

std::string triggers_data(const std::vector<const Alarm*>& children) {
  Document::List triggers;
  std::size_t size = 0;
  for (const Alarm* child : children) {
    Document entry(Document::Map{
        {"arn", child->alarm_arn},
        {"state", Document::Map{{"value", child->state_value},
                                {"timestamp", to_iso8601_offset(child->state_updated)}}}});
    size += to_json(entry).size() + 1;
    if (size > kTriggersMax) break;
    triggers.push_back(std::move(entry));
  }
  return to_json(Document(Document::Map{{"triggeringAlarms", std::move(triggers)}}));
}

}  // namespace weir::alarms
