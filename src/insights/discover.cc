// SPDX-License-Identifier: Apache-2.0
#include "insights/discover.h"

#include <algorithm>
#include <array>

#include "flow/format.h"
#include "insights/json.h"

namespace weir::insights {
namespace {

constexpr std::size_t kWordsMax = flow::Format::kFieldsMax;
constexpr std::size_t kActionPlace = 12;  // of the default format
constexpr std::size_t kStatusPlace = 13;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string capitalized(std::string_view word) {
  std::string out(word);
  if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 32);
  return out;
}

/// `srcaddr` is two words to AWS.
std::string split_compound(std::string_view word) {
  for (const std::string_view tail : {"addr", "port"}) {
    if ((word.starts_with("src") || word.starts_with("dst")) && word.substr(3) == tail) {
      return std::string(word.substr(0, 3)) + capitalized(tail);
    }
  }
  return std::string(word);
}

/// The shape that the words of a message fit, or nullptr.
const FlowShape* shape_of(std::span<const std::string_view> words, std::size_t count,
                          const FlowShape* custom) {
  if (custom != nullptr && count == custom->names().size()) return custom;
  const FlowShape& standard = FlowShape::standard();
  if (count != standard.names().size() || !is_flow_end(words[kActionPlace], words[kStatusPlace])) {
    return nullptr;
  }
  return std::all_of(words[0].begin(), words[0].end(), is_digit) ? &standard : nullptr;
}

/// A line that Lambda writes about an invocation.
struct LambdaLabel {
  std::string_view label;
  std::string_view field;
  double factor;  // 0: text
};
// Sizes are bytes of a million (captured by users of the field; the guide names no unit).
constexpr LambdaLabel kLambdaLabels[] = {
    {"RequestId: ", "@requestId", 0},
    {"\tDuration: ", "@duration", 1},
    {"\tBilled Duration: ", "@billedDuration", 1},
    {"\tInit Duration: ", "@initDuration", 1},
    {"\tMemory Size: ", "@memorySize", 1e6},
    {"\tMax Memory Used: ", "@maxMemoryUsed", 1e6},
};

template <class Each>
void lambda_fields(std::string_view message, Each each) {
  const std::size_t blank = message.find(' ');
  const std::string_view type = message.substr(0, blank);
  if (type != "START" && type != "END" && type != "REPORT") return;
  if (!message.substr(type.size()).starts_with(" RequestId: ")) return;
  each("@type", Value::of(type));
  for (const LambdaLabel& label : kLambdaLabels) {
    const std::size_t at = message.find(label.label);
    if (at == std::string_view::npos) continue;
    std::string_view value = message.substr(at + label.label.size());
    value = value.substr(0, value.find_first_of(" \t\n"));
    if (label.factor == 0) {
      each(label.field, Value::of(value));
    } else if (const auto number = parse_number(value)) {
      each(label.field,
           label.factor == 1 ? Value::of(value) : Value::of(number->real * label.factor));
    }
  }
}

}  // namespace

std::string camel_case(std::string_view record_field) {
  if (record_field == "start") return "startTime";
  if (record_field == "end") return "endTime";
  std::string out;
  std::size_t at = 0;
  while (at <= record_field.size()) {
    const std::size_t end = std::min(record_field.find_first_of("-_", at), record_field.size());
    const std::string word = split_compound(record_field.substr(at, end - at));
    out += out.empty() ? word : capitalized(word);
    at = end + 1;
  }
  return out;
}

FlowShape::FlowShape(std::span<const std::string> record_fields) {
  for (const std::string& field : record_fields) names_.push_back(camel_case(field));
}

const FlowShape& FlowShape::standard() {
  static const FlowShape shape = [] {
    std::vector<std::string> names;
    for (const flow::Field field : flow::Format::standard().fields()) {
      names.emplace_back(flow::info(field).name);
    }
    return FlowShape(names);
  }();
  return shape;
}

std::size_t FlowShape::place(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? npos : static_cast<std::size_t>(found - names_.begin());
}

std::size_t split_words(std::string_view line, std::span<std::string_view> out) {
  std::size_t count = 0;
  for (std::size_t at = 0; at <= line.size(); ++count) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    if (count < out.size()) out[count] = line.substr(at, end - at);
    at = end + 1;
  }
  return count;
}

bool is_flow_end(std::string_view action, std::string_view log_status) {
  return (action == "ACCEPT" || action == "REJECT" || action == "-") &&
         (log_status == "OK" || log_status == "NODATA" || log_status == "SKIPDATA");
}

FieldFinder::FieldFinder(std::span<const std::string> names, const FlowShape* custom)
    : names_(names) {
  standard_.shape = &FlowShape::standard();
  custom_.shape = custom;
  for (const std::string& name : names) {
    standard_.places.push_back(standard_.shape->place(name));
    custom_.places.push_back(custom == nullptr ? FlowShape::npos : custom->place(name));
    // A field of the data that begins with @ is written with two.
    const bool is_lambda = name.starts_with('@') && !name.starts_with("@@");
    wants_lambda_ |= is_lambda;
    wants_json_ |= !is_lambda;
    paths_.push_back(name.starts_with("@@") ? std::string_view(name).substr(1)
                     : is_lambda            ? std::string_view()
                                            : std::string_view(name));
  }
}

bool FieldFinder::find_flow(std::string_view message, std::span<Value> out) {
  std::array<std::string_view, kWordsMax> words;
  const std::size_t count = split_words(message, words);
  const FlowShape* const shape = shape_of(words, count, custom_.shape);
  if (shape == nullptr) return false;
  const auto& places = shape == custom_.shape ? custom_.places : standard_.places;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (places[i] < count) out[i] = Value::of(words[places[i]]);
  }
  return true;
}

void FieldFinder::find(std::string_view message, std::span<Value> out, Arena& arena) {
  std::fill(out.begin(), out.end(), Value());
  if (wants_lambda_) {
    lambda_fields(message, [&](std::string_view field, const Value& value) {
      const auto found = std::find(names_.begin(), names_.end(), field);
      if (found != names_.end()) out[static_cast<std::size_t>(found - names_.begin())] = value;
    });
  }
  if (!wants_json_) return;
  if (!message.empty() && is_digit(message[0]) && find_flow(message, out)) return;
  if (const auto json = json_fragment(message)) {
    json_find_all(*json, paths_, out, arena);
  } else if (custom_.shape != nullptr) {
    find_flow(message, out);
  }
}

void discover_all(std::string_view message, const FlowShape* custom, Arena& arena,
                  const std::function<void(const std::string& name, const Value&)>& each) {
  std::array<std::string_view, kWordsMax> words;
  const std::size_t count = split_words(message, words);
  if (const FlowShape* const shape = shape_of(words, count, custom); shape != nullptr) {
    for (std::size_t i = 0; i < count; ++i) each(shape->names()[i], Value::of(words[i]));
    return;
  }
  lambda_fields(message, [&each](std::string_view field, const Value& value) {
    each(std::string(field), value);
  });
  if (const auto json = json_fragment(message)) {
    json_flatten(*json, kDiscoveredMax, arena,
                 [&each](const std::string& name, const Value& value) {
                   each(name.starts_with('@') ? '@' + name : name, value);
                 });
  }
}

}  // namespace weir::insights
