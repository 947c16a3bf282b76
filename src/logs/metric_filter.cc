// SPDX-License-Identifier: Apache-2.0
#include "logs/metric_filter.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "logs/bytes.h"
#include "logs/field_selection.h"

namespace weir::logs {
namespace {

// CloudWatch takes values between -2^360 and 2^360.
const double kValueMax = std::ldexp(1.0, 360);
constexpr std::size_t kDimensionValueBytesMax = 1024;
constexpr std::string_view kAccountField = "@aws.account";
constexpr std::string_view kRegionField = "@aws.region";

Error invalid(std::string message) {
  return {ErrorKind::invalid, "InvalidParameterException", std::move(message)};
}

/// Values that are not repeated a lot are found by a look-up; one map for all filters of a batch.
struct SampleKey {
  std::size_t filter;
  Time minute;
  double value;
  std::string dimensions;  // packed
  bool operator==(const SampleKey&) const = default;
};

struct SampleKeyHash {
  std::size_t operator()(const SampleKey& key) const {
    std::size_t hash = std::hash<std::string>()(key.dimensions);
    for (const std::size_t part :
         {key.filter, std::hash<std::int64_t>()(key.minute.ms), std::hash<double>()(key.value)}) {
      hash = (hash ^ part) * 0x9e3779b97f4a7c15U;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

/// Collects samples; those that equal the filter's previous one cost a comparison.
class SampleCounter {
 public:
  explicit SampleCounter(const FilterSet& filters) : filters_(filters), last_(filters.size()) {}

  void add(std::size_t filter, Time minute, double value,
           std::span<const std::string_view> dimension_values) {
    scratch_.clear();
    for (const std::string_view text : dimension_values) put_text(scratch_, text);
    Last& last = last_[filter];
    if (last.place == kNone || last.minute != minute || last.value != value ||
        last.dimensions != scratch_) {
      last = {find(filter, minute, value, dimension_values), minute, value, scratch_};
    }
    values[last.place].count += 1;
  }

  std::vector<MetricValue> values;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  struct Last {
    std::size_t place = kNone;
    Time minute;
    double value = 0;
    std::string dimensions;
  };

  std::size_t find(std::size_t filter, Time minute, double value,
                   std::span<const std::string_view> dimension_values) {
    const auto [found, is_new] =
        places_.try_emplace({filter, minute, value, scratch_}, values.size());
    if (is_new) values.push_back(first_value(*filters_[filter], minute, value, dimension_values));
    return found->second;
  }

  static MetricValue first_value(const CompiledFilter& filter, Time minute, double value,
                                 std::span<const std::string_view> dimension_values) {
    const MetricTransformation& transformation = filter.transformation();
    MetricValue made{.metric_namespace = transformation.metric_namespace,
                     .metric_name = transformation.metric_name,
                     .dimensions = {},
                     .value = value,
                     .unit = transformation.unit.value_or(""),
                     .timestamp = minute,
                     .count = 0};
    for (std::size_t i = 0; i < dimension_values.size(); ++i) {
      made.dimensions.emplace(filter.dimension_names()[i], dimension_values[i]);
    }
    return made;
  }

  const FilterSet& filters_;
  std::vector<Last> last_;
  std::string scratch_;
  std::unordered_map<SampleKey, std::size_t, SampleKeyHash> places_;
};

/// Which minutes had events, and which of them had a match, for filters with a default value.
class MinuteTracker {
 public:
  explicit MinuteTracker(const FilterSet& filters) {
    for (std::size_t i = 0; i < filters.size(); ++i) {
      if (filters[i]->transformation().default_value) with_default_.push_back(i);
    }
    matched_.resize(filters.size());
  }

  /// Events come in order of time, so a minute is over when the next one begins.
  void begin(Time minute) {
    if (minute == minute_) return;
    finish();
    minute_ = minute;
  }
  void match(std::size_t filter) { matched_[filter] = true; }
  void finish() {
    for (const std::size_t filter : with_default_) {
      if (minute_) minutes.push_back({filter, *minute_, matched_[filter]});
      matched_[filter] = false;
    }
  }

  std::vector<Evaluation::Minute> minutes;

 private:
  std::optional<Time> minute_;
  std::vector<std::size_t> with_default_;
  std::vector<bool> matched_;
};

}  // namespace

Result<CompiledFilter> CompiledFilter::compile(MetricFilter filter, const Scope& scope) {
  CompiledFilter compiled;
  auto pattern = FilterPattern::compile(filter.filter_pattern);
  if (!pattern) {
    Error error = std::move(pattern).error();
    if (error.message == "Invalid filter pattern") error.message = "Invalid metric filter pattern";
    return error;
  }
  if (filter.metric_transformations.size() != 1) {
    return invalid("A metric filter has exactly one metric transformation");
  }
  compiled.filter_ = std::move(filter);
  compiled.pattern_ = *std::move(pattern);
  WEIR_CHECK(compiled.compile_transformation());
  WEIR_CHECK(compiled.compile_system_fields(scope));
  WEIR_TRY(const auto selection,
           FieldSelection::parse(compiled.filter_.field_selection_criteria, false));
  compiled.is_selected_ = selection.takes(scope, {});
  return compiled;
}

Result<FieldReference> CompiledFilter::field_of(std::string_view what,
                                                const std::string& reference) const {
  auto field = pattern_.field(reference);
  if (field) return field;
  return invalid("Invalid metric transformation: " + std::string(what) + " '" + reference +
                 "' is not a field of the filter pattern");
}

Result<void> CompiledFilter::compile_transformation() {
  const MetricTransformation& transformation = this->transformation();
  constant_ = parse_number(transformation.metric_value);
  if (!constant_) {
    if (!transformation.metric_value.starts_with('$')) {
      return invalid("Invalid metric transformation: metricValue '" + transformation.metric_value +
                     "' is neither a number nor a field such as $bytes or $.bytes");
    }
    WEIR_TRY(value_field_, field_of("metricValue", transformation.metric_value));
  }
  return compile_dimensions();
}

Result<void> CompiledFilter::compile_dimensions() {
  const MetricTransformation& transformation = this->transformation();
  const std::size_t system_fields = filter_.emit_system_field_dimensions.size();
  const std::size_t mapped = transformation.dimensions ? transformation.dimensions->size() : 0;
  if (mapped + system_fields == 0) return {};
  if (transformation.default_value) {
    return invalid(
        "Invalid metric transformation: dimensions and default value are mutually exclusive "
        "properties");
  }
  const auto dialect = pattern_.dialect();
  if (mapped > 0 && dialect != FilterPattern::Dialect::json &&
      dialect != FilterPattern::Dialect::delimited) {
    return invalid("The specified filter pattern does not support dimensions");
  }
  if (mapped + system_fields > kDimensionsMax) {
    return invalid("Invalid metric transformation: at most 3 dimensions are allowed");
  }
  if (mapped == 0) return {};
  for (const auto& [name, reference] : *transformation.dimensions) {
    WEIR_TRY(FieldReference field, field_of("dimension value", reference));
    dimension_names_.push_back(name);
    dimension_fields_.push_back(std::move(field));
  }
  return {};
}

Result<void> CompiledFilter::compile_system_fields(const Scope& scope) {
  for (const std::string& field : filter_.emit_system_field_dimensions) {
    if (field != kAccountField && field != kRegionField) {
      return invalid("Invalid emitSystemFieldDimensions: '" + field +
                     "' is neither @aws.account nor @aws.region");
    }
    if (std::ranges::find(dimension_names_, field) != dimension_names_.end()) {
      return invalid("Invalid emitSystemFieldDimensions: '" + field + "' is there twice");
    }
    dimension_names_.push_back(field);
    system_values_.push_back(field == kAccountField ? scope.account : scope.region);
  }
  return {};
}

bool CompiledFilter::sample(Subject& subject, double& value,
                            std::vector<std::string_view>& dimension_values) const {
  dimension_values.clear();
  if (constant_) {
    value = *constant_;
  } else {
    const auto text = pattern_.value(subject, value_field_);
    const auto number = text ? parse_number(*text) : std::nullopt;
    if (!number || std::abs(*number) > kValueMax) return false;
    value = *number;
  }
  for (const FieldReference& field : dimension_fields_) {
    const auto text = pattern_.value(subject, field);
    if (!text || text->empty() || text->size() > kDimensionValueBytesMax) return false;
    dimension_values.push_back(*text);
  }
  dimension_values.insert(dimension_values.end(), system_values_.begin(), system_values_.end());
  return true;
}

FilterSet::FilterSet(std::vector<std::shared_ptr<const CompiledFilter>> filters)
    : filters_(std::move(filters)) {
  std::erase_if(filters_, [](const auto& filter) { return !filter->is_selected(); });
  std::vector<FilterPattern> patterns;
  for (const auto& filter : filters_) patterns.push_back(filter->pattern());
  patterns_ = PatternSet(patterns);
}

Evaluation evaluate(const FilterSet& filters, std::span<const InputLogEvent> events) {
  if (filters.empty()) return {};
  SampleCounter counter(filters);
  MinuteTracker tracker(filters);
  Subject subject;
  std::vector<std::size_t> matched;
  std::vector<std::string_view> dimension_values;
  for (const InputLogEvent& event : events) {
    subject.reset(event.message);
    const Time minute = minute_of(event.timestamp_ms);
    tracker.begin(minute);
    filters.patterns().match(subject, matched);
    for (const std::size_t i : matched) {
      tracker.match(i);
      double value = 0;
      if (filters[i]->sample(subject, value, dimension_values)) {
        counter.add(i, second_of(event.timestamp_ms), value, dimension_values);
      }
    }
  }
  tracker.finish();
  return {.values = std::move(counter.values), .minutes = std::move(tracker.minutes)};
}

Time second_of(std::int64_t timestamp_ms) { return {timestamp_ms - timestamp_ms % 1000}; }

Time minute_of(std::int64_t timestamp_ms) {
  constexpr std::int64_t kMinuteMs = 60'000;
  return {timestamp_ms - timestamp_ms % kMinuteMs};
}

std::string pack_values(std::span<const MetricValue> values) {
  std::string bytes;
  for (const MetricValue& value : values) {
    put_text(bytes, value.metric_namespace);
    put_text(bytes, value.metric_name);
    put_number(bytes, value.dimensions.size());
    for (const auto& [name, text] : value.dimensions) {
      put_text(bytes, name);
      put_text(bytes, text);
    }
    put_real(bytes, value.value);
    put_real(bytes, value.count);
    put_text(bytes, value.unit);
    put_number(bytes, static_cast<std::uint64_t>(value.timestamp.ms));
  }
  return bytes;
}

Result<std::vector<MetricValue>> unpack_values(std::string_view bytes) {
  std::vector<MetricValue> values;
  ByteReader reader(bytes);
  while (!reader.done()) {
    MetricValue& value = values.emplace_back();
    value.metric_namespace = reader.text();
    value.metric_name = reader.text();
    for (std::uint64_t left = reader.number(); left > 0 && !reader.failed(); --left) {
      std::string name(reader.text());
      value.dimensions.insert_or_assign(std::move(name), std::string(reader.text()));
    }
    value.value = reader.real();
    value.count = reader.real();
    value.unit = reader.text();
    value.timestamp.ms = static_cast<std::int64_t>(reader.number());
  }
  if (reader.failed()) {
    return Error{ErrorKind::internal, "InternalServerException",
                 "stored metric values are damaged"};
  }
  return values;
}

}  // namespace weir::logs
