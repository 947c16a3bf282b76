// SPDX-License-Identifier: Apache-2.0
#include "insights/commands/anomaly.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "insights/json.h"

namespace weir::insights {
namespace {

constexpr std::size_t kBucketsMin = 8;    // fewer tell nothing about a course
constexpr std::int64_t kEventsMin = 30;   // of a pattern, before it counts as known
constexpr double kDeviationsMin = 5;      // of counts, means and shares of errors
constexpr double kRateMin = 10;           // events of a bucket
constexpr std::size_t kStatusesMax = 20;  // different ones
constexpr std::int64_t kErrorsMin = 5;    // of a bucket
constexpr double kChanceMin = 3;          // of a new pattern, -log10
constexpr double kChanceMax = 100;
constexpr std::int64_t kEventsOfAWord = 30;  // before a new word counts as a change
constexpr double kMadToDeviation = 1.4826;   // of normally distributed values
constexpr double kMeanTolerance = 0.05;

struct Finding {
  std::string_view type;
  std::int64_t at_ms = 0;
  double evidence = 0;  // at least `needed`
  double needed = 1;
  std::string description;
};

/// The middle of some values and how far they usually are from it.
struct Center {
  double median = 0;
  double deviation = 0;
};

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

Center center_of(const std::vector<double>& values) {
  Center out{median_of(values), 0};
  std::vector<double> distances;
  for (const double value : values) distances.push_back(std::abs(value - out.median));
  out.deviation = kMadToDeviation * median_of(std::move(distances));
  return out;
}

std::string number_text(double number) { return format_number(std::round(number * 100) / 100); }

/// Looks at one pattern.
class Detector {
 public:
  Detector(std::string_view pattern, const PatternCourse& course, const AnomalyFrame& frame)
      : pattern_(pattern), course_(course), frame_(frame) {
    course_.widen(frame.shift);
    counts_.resize(frame.buckets);
    for (const auto& [number, bucket] : course_.buckets()) {
      counts_[place_of(number)] = static_cast<double>(bucket.events);
    }
  }
  std::vector<Finding> run();

 private:
  using Bucket = PatternCourse::Bucket;
  std::size_t place_of(std::int64_t bucket) const {
    return static_cast<std::size_t>(bucket - frame_.first_bucket);
  }
  std::int64_t start_of(std::int64_t bucket) const { return bucket << frame_.shift; }
  double seconds() const { return std::ldexp(1.0, frame_.shift) / 1000; }
  bool is_status(const PatternCourse::Variable& variable) const;

  std::optional<Finding> find_new() const;
  std::optional<Finding> find_frequency() const;
  std::optional<Finding> find_number(std::size_t variable) const;
  std::optional<Finding> find_errors(std::size_t variable) const;
  std::optional<Finding> find_word(std::size_t variable) const;

  std::string_view pattern_;
  PatternCourse course_;
  const AnomalyFrame& frame_;
  std::vector<double> counts_;  // events of each bucket
};

/// A pattern that is known from its first event on would have had one earlier: if its events could
/// have come at any time, how likely is it that all of them came this late?
std::optional<Finding> Detector::find_new() const {
  const double range = static_cast<double>(frame_.last_ms - frame_.first_ms) + 1;
  const double late = static_cast<double>(frame_.last_ms - course_.first_ms()) + seconds() * 1000;
  if (late > range / 2) return std::nullopt;
  const std::size_t first = place_of(course_.buckets().begin()->first);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < first; ++i) before += frame_.events[i];
  const double chance = -static_cast<double>(course_.events()) * std::log10(late / range);
  if (before < kEventsMin || chance < kChanceMin) return std::nullopt;
  return Finding{"New pattern", course_.first_ms(), std::min(chance, kChanceMax), kChanceMin,
                 "First seen at " + format_time(course_.first_ms()) + ", after " +
                     std::to_string(before) + " events of other patterns; since then " +
                     std::to_string(course_.events()) + " times"};
}

/// The busiest or the quietest bucket against the usual one.
std::optional<Finding> Detector::find_frequency() const {
  std::vector<double> inner(counts_.begin() + 1, counts_.end() - 1);  // the others are not full
  std::vector<double> busy;
  std::ranges::copy_if(counts_, std::back_inserter(busy), [](double count) { return count > 0; });
  // Of a pattern that comes in bursts, bursts are compared.
  const Center usual = center_of(busy.size() >= kBucketsMin ? busy : counts_);
  const Center always = center_of(inner);
  const auto distance = [](double count, const Center& center) {
    return (count - center.median) / std::max({center.deviation, std::sqrt(center.median), 1.0});
  };
  std::size_t worst = 0;
  double most = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const bool is_inner = i > 0 && i + 1 < counts_.size();
    const double above = counts_[i] >= kRateMin ? distance(counts_[i], usual) : 0;
    const double below = is_inner ? distance(counts_[i], always) : 0;
    const double here = above > 0 ? above : std::min(below, 0.0);
    if (std::abs(here) > std::abs(most)) {
      worst = i;
      most = here;
    }
  }
  if (std::abs(most) < kDeviationsMin) return std::nullopt;
  const std::int64_t at = start_of(frame_.first_bucket + static_cast<std::int64_t>(worst));
  return Finding{"Pattern frequency", at, std::abs(most), kDeviationsMin,
                 number_text(counts_[worst]) + " events in " + number_text(seconds()) + " s from " +
                     format_time(at) + ", usually " +
                     number_text(most > 0 ? usual.median : always.median)};
}

bool Detector::is_status(const PatternCourse::Variable& variable) const {
  if (!variable.is_number || !variable.may_be_status) return false;
  if (variable.statuses.count() > kStatusesMax) return false;  // durations, sizes, ports
  std::string lower(pattern_);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr std::string_view kWords[] = {"http", "status",  "response", "get ",   "post ",
                                         "put ", "delete ", "head ",    "patch ", "options "};
  return course_.speaks_http() || std::ranges::any_of(kWords, [&](std::string_view word) {
           return lower.find(word) != std::string::npos;
         });
}

/// The bucket whose mean is the farthest from the usual mean.
std::optional<Finding> Detector::find_number(std::size_t variable) const {
  std::vector<double> means;
  for (const auto& [number, bucket] : course_.buckets()) {
    means.push_back(bucket.sums[variable] / static_cast<double>(bucket.events));
  }
  if (means.size() < kBucketsMin || course_.events() < kEventsMin) return std::nullopt;
  const Center usual = center_of(means);
  const double deviation =
      std::max({usual.deviation, kMeanTolerance * std::abs(usual.median), 1e-9});
  double most = 0;
  double mean = 0;
  std::int64_t at = 0;
  std::size_t i = 0;
  for (const auto& [number, bucket] : course_.buckets()) {
    const double distance = std::abs(means[i] - usual.median) / deviation;
    if (distance > most) {
      most = distance;
      mean = means[i];
      at = start_of(number);
    }
    ++i;
  }
  if (most < kDeviationsMin) return std::nullopt;
  return Finding{"Numerical token", at, most, kDeviationsMin,
                 "The mean of <Number-" + std::to_string(variable + 1) + "> is " +
                     number_text(mean) + " in " + number_text(seconds()) + " s from " +
                     format_time(at) + ", usually " + number_text(usual.median)};
}

/// The bucket with more statuses from 400 on than their share in the others explains.
std::optional<Finding> Detector::find_errors(std::size_t variable) const {
  std::int64_t errors = 0;
  for (const auto& [number, bucket] : course_.buckets()) errors += bucket.errors[variable];
  std::optional<Finding> out;
  for (const auto& [number, bucket] : course_.buckets()) {
    const std::int64_t here = bucket.errors[variable];
    const std::int64_t elsewhere = course_.events() - bucket.events;
    if (here < kErrorsMin || elsewhere < kEventsMin) continue;
    const double share =
        static_cast<double>(errors - here + 1) / static_cast<double>(elsewhere + 2);
    const double expected = share * static_cast<double>(bucket.events);
    const double distance =
        (static_cast<double>(here) - expected) / std::sqrt(expected * (1 - share));
    if (distance < kDeviationsMin || (out && distance <= out->evidence)) continue;
    out = Finding{"HTTP error code", start_of(number), distance, kDeviationsMin,
                  std::to_string(here) + " of " + std::to_string(bucket.events) +
                      " responses have a status from 400 on in " + number_text(seconds()) +
                      " s from " + format_time(start_of(number)) + ", otherwise " +
                      number_text(100 * share) + " %"};
  }
  return out;
}

/// The word that appeared although many events before it had none but a few others.
std::optional<Finding> Detector::find_word(std::size_t variable) const {
  const auto& words = course_.variables()[variable].words;
  std::optional<Finding> out;
  if (course_.events() < kEventsMin) return out;
  for (const auto& [text, word] : words) {
    std::int64_t before = 0;
    const std::int64_t own = word.first_ms >> frame_.shift;
    for (const auto& [number, bucket] : course_.buckets()) {
      if (number < own) before += bucket.events;
    }
    const auto known = std::ranges::count_if(
        words, [&](const auto& other) { return other.second.first_ms < word.first_ms; });
    if (known == 0) continue;
    const double each = static_cast<double>(before) / static_cast<double>(known);
    if (each < kEventsOfAWord || (out && each <= out->evidence)) continue;
    out = Finding{"Token variation", word.first_ms, each, kEventsOfAWord,
                  "Variable " + std::to_string(variable + 1) + " is '" + text + "' from " +
                      format_time(word.first_ms) + " on, after " + std::to_string(before) +
                      " events with " + std::to_string(known) + " other values"};
  }
  return out;
}

std::vector<Finding> Detector::run() {
  std::vector<Finding> out;
  const auto add = [&out](std::optional<Finding> found) {
    if (found) out.push_back(*std::move(found));
  };
  add(find_new());
  if (out.empty()) add(find_frequency());  // of what is new everything is unusual
  for (std::size_t i = 0; i < course_.variables().size(); ++i) {
    const PatternCourse::Variable& variable = course_.variables()[i];
    if (is_status(variable)) {
      add(find_errors(i));
    } else if (variable.is_number) {
      add(find_number(i));
    } else {
      add(find_word(i));
    }
  }
  return out;
}

/// 0.5 for what is barely an anomaly, towards 1 for what is far from usual.
double score_of(const Finding& finding) {
  return std::round(1000 * (1 - finding.needed / (2 * finding.evidence))) / 1000;
}

/// A row for each finding of a pattern; patterns without one are dropped.
class AnomalyStep : public Step {
 public:
  struct Outputs {
    Slot type = 0;
    Slot description = 0;
    Slot priority = 0;
    Slot score = 0;
    Slot time = 0;
  };
  AnomalyStep(Slot findings, Slot severity, Outputs outputs)
      : findings_(findings), severity_(severity), outputs_(outputs) {}
  Result<void> apply(Batch& batch, const RunContext&) const override {
    const ColumnPtr findings = batch.column(findings_);
    const ColumnPtr severities = batch.column(severity_);
    std::vector<std::uint32_t> rows;
    std::array<std::vector<Value>, 5> columns;
    Arena& arena = batch.arena();
    for (std::size_t i = 0; i < batch.rows(); ++i) {
      const Value list = findings->at(i, arena);
      if (!list.is_tree()) continue;
      const std::string severity = text_of(severities->at(i, arena));
      json_elements(list.text, arena, [&](const Value& finding) {
        rows.push_back(static_cast<std::uint32_t>(i));
        const auto member = [&](std::string_view name) {
          return json_find(finding.text, name, arena);
        };
        const double score = number_of(member("score")).value_or(Number{}).real;
        columns[0].push_back(member("type"));
        columns[1].push_back(member("description"));
        columns[2].push_back(Value::of(priority_of(score, severity)));
        columns[3].push_back(Value::of(score));
        columns[4].push_back(Value::of_time(number_of(member("at")).value_or(Number{}).integer));
      });
    }
    batch.keep(rows);
    const Slot slots[] = {outputs_.type, outputs_.description, outputs_.priority, outputs_.score,
                          outputs_.time};
    for (std::size_t k = 0; k < columns.size(); ++k) {
      batch.set(slots[k], std::make_shared<const Column>(Column::of(std::move(columns[k]))));
    }
    return {};
  }
  std::vector<Slot> reads() const override { return {findings_, severity_}; }
  bool keeps_rows() const override { return false; }

 private:
  /// Far from usual, or unusual and an error.
  static std::string_view priority_of(double score, std::string_view severity) {
    constexpr double kFar = 0.9;
    constexpr double kClear = 0.7;
    const bool is_error = severity == "ERROR" || severity == "FATAL";
    if (score >= kFar || (is_error && score >= kClear)) return "HIGH";
    return score >= kClear || is_error ? "MEDIUM" : "LOW";
  }

  Slot findings_;
  Slot severity_;
  Outputs outputs_;
};

}  // namespace

std::string find_anomalies(std::string_view pattern, const PatternCourse& course,
                           const AnomalyFrame& frame) {
  if (course.events() == 0 || frame.buckets < kBucketsMin) return {};
  std::string out;
  for (const Finding& finding : Detector(pattern, course, frame).run()) {
    out += out.empty() ? "[{\"type\":\"" : ",{\"type\":\"";
    out += finding.type;
    out += "\",\"at\":" + std::to_string(finding.at_ms) +
           ",\"score\":" + format_number(score_of(finding)) + ",\"description\":";
    append_json_string(finding.description, out);
    out += '}';
  }
  if (!out.empty()) out += ']';
  return out;
}

/// `anomaly` behind `pattern` (User Guide): what is unusual in the course of each pattern.
Result<void> compile_anomaly(Compiler& c) {
  if (c.pattern == nullptr || !c.pattern->has_times()) {
    return c.error_from(c.last_end(), "anomaly stands behind pattern, whose rows are log events");
  }
  const Slot findings = c.new_slot();
  c.pattern->watch(findings);
  AnomalyStep::Outputs slots{.type = c.new_slot(),
                             .description = c.new_slot(),
                             .priority = c.new_slot(),
                             .score = c.new_slot(),
                             .time = c.new_slot()};
  c.add_step(std::make_unique<AnomalyStep>(findings, c.resolve("@severityLabel"), slots));
  const Slot pattern = c.resolve("@pattern");
  c.set_order(Order{{{slots.score, true}, {pattern, false}, {slots.type, false}}, std::nullopt});
  c.redefine("@anomalyType", slots.type);
  c.redefine("@description", slots.description);
  c.redefine("@priority", slots.priority);
  c.redefine("@priorityScore", slots.score);
  c.redefine("@timestamp", slots.time);
  c.pattern = nullptr;
  return {};
}

}  // namespace weir::insights
