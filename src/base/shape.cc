// SPDX-License-Identifier: Apache-2.0
#include "base/shape.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>

#include "base/base64.h"
#include "base/guarded.h"

namespace weir {
namespace {

constexpr std::size_t kViolationsMax = 100;
constexpr std::size_t kShownBytesMax =
    4096;  // of a value in a message; it may be a list of megabytes

// ---- Values as text, for messages
// ------------------------------------------------------------------------------

/// 100000, not 1e+05, as limits stand in AWS's messages.
std::string number_text(double number) {
  char text[32];
  constexpr double kExactMax = 1e15;
  const bool is_whole = number > -kExactMax && number < kExactMax && number == std::trunc(number);
  const auto [end, error] =
      is_whole ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(number))
               : std::to_chars(text, text + sizeof text, number);
  return {text, end};
}

/// A value as AWS's messages show it: plain scalars, `[a, b]`, `Name(member=value, other=null)`.
std::string shown(const Type& type, const void* outer) {
  const void* value = type.read(outer);
  if (value == nullptr) return "null";
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::int32:
      return std::to_string(*static_cast<const int*>(value));
    case Kind::int64:
      return std::to_string(*static_cast<const std::int64_t*>(value));
    case Kind::real:
      return number_text(*static_cast<const double*>(value));
    case Kind::string:
      return *static_cast<const std::string*>(value);
    case Kind::bytes:
      return "java.nio.HeapByteBuffer";
    case Kind::time:
      return to_iso8601(*static_cast<const Time*>(value));
    case Kind::document:
      return to_json(*static_cast<const Document*>(value));
    case Kind::list: {
      std::string text = "[";
      for (std::size_t i = 0; i < type.size(value); ++i) {
        if (i > 0) text += ", ";
        text += shown(type.element(), type.at(value, i));
      }
      return text + "]";
    }
    case Kind::map: {
      std::string text = "{";
      type.each(value, [&](const std::string& key, const void* item) {
        if (text.size() > 1) text += ", ";
        text.append(key).append("=").append(shown(type.element(), item));
      });
      return text + "}";
    }
    case Kind::structure: {
      const Shape shape = type.shape();
      std::string text(shape.name);
      text += '(';
      for (std::size_t i = 0; i < shape.members.size(); ++i) {
        const Member& member = shape.members[i];
        if (i > 0) text += ", ";
        text.append(member.name).append("=").append(shown(member.type(), member.get(value)));
      }
      return text + ")";
    }
  }
  return {};
}

// ---- Constraints
// -----------------------------------------------------------------------------------------------

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// Member patterns are constants of the code, so the cache is bounded by their number.
bool matches_pattern(std::string_view text, std::string_view expression) {
  static Guarded<std::map<std::string, std::unique_ptr<RE2>, std::less<>>> cache;
  const RE2* compiled = nullptr;
  {
    auto known = cache.lock();
    auto& slot = (*known)[std::string(expression)];
    if (!slot)
      slot =
          std::make_unique<RE2>(re2::StringPiece(expression.data(), expression.size()), RE2::Quiet);
    WEIR_ASSERT(slot->ok());
    compiled = slot.get();
  }
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), *compiled);
}

double measured(const Type& type, const void* value, Constraint::Rule rule) {
  if (rule == Constraint::Rule::items) return static_cast<double>(type.size(value));
  switch (type.kind) {
    case Kind::int32:
      return *static_cast<const int*>(value);
    case Kind::int64:
      return static_cast<double>(*static_cast<const std::int64_t*>(value));
    case Kind::real:
      return *static_cast<const double*>(value);
    case Kind::string:
      return static_cast<double>(code_points(*static_cast<const std::string*>(value)));
    case Kind::bytes:
      return static_cast<double>(static_cast<const Bytes*>(value)->value.size());
    default:
      return 0;
  }
}

/// AWS's text for a broken constraint, or "" if it holds.
std::string broken(const Constraint& constraint, const Type& type, const void* value) {
  using Rule = Constraint::Rule;
  if (constraint.rule == Rule::pattern) {
    if (matches_pattern(*static_cast<const std::string*>(value), constraint.text)) return {};
    return "Member must satisfy regular expression pattern: " + std::string(constraint.text);
  }
  if (constraint.rule == Rule::one_of) {
    const auto& text = *static_cast<const std::string*>(value);
    if (std::find(constraint.values.begin(), constraint.values.end(), text) !=
        constraint.values.end())
      return {};
    std::string message = "Member must satisfy enum value set: [";
    for (std::size_t i = 0; i < constraint.values.size(); ++i) {
      if (i > 0) message += ", ";
      message += constraint.values[i];
    }
    return message + "]";
  }
  const double size = measured(type, value, constraint.rule);
  const std::string what = constraint.rule == Rule::range ? "value" : "length";
  if (size < constraint.min) {
    return "Member must have " + what + " greater than or equal to " + number_text(constraint.min);
  }
  if (size > constraint.max) {
    return "Member must have " + what + " less than or equal to " + number_text(constraint.max);
  }
  return {};
}

// ---- Binding
// ---------------------------------------------------------------------------------------------------

Error cannot_convert(std::string_view path, std::string_view expected) {
  std::string message = "the value";
  if (!path.empty()) message.append(" of ").append(path);
  message.append(" cannot be converted to ").append(expected);
  return {ErrorKind::invalid, "SerializationException", std::move(message)};
}

bool is_position(std::string_view key) {
  return !key.empty() && key.size() <= 7 &&
         std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Binder {
 public:
  Binder(const BindOptions& options, std::vector<Violation>& violations)
      : options_(options), violations_(violations) {}

  Result<void> bind(const Type& type, void* outer, const Document& tree) {
    void* value = type.write(outer);
    switch (type.kind) {
      case Kind::boolean:
        return boolean(*static_cast<bool*>(value), tree);
      case Kind::int32:
        return int32(*static_cast<int*>(value), tree);
      case Kind::int64:
        return integer(*static_cast<std::int64_t*>(value), tree);
      case Kind::real:
        return real(*static_cast<double*>(value), tree);
      case Kind::string:
        return string(*static_cast<std::string*>(value), tree);
      case Kind::bytes:
        return bytes(static_cast<Bytes*>(value)->value, tree);
      case Kind::time:
        return time(*static_cast<Time*>(value), tree);
      case Kind::document:
        *static_cast<Document*>(value) = tree;
        return {};
      case Kind::structure:
        return structure(type.shape(), value, tree);
      case Kind::list:
        return list(type, value, tree);
      case Kind::map:
        return map(type, value, tree);
    }
    return {};
  }

 private:
  /// Extends the path while alive.
  class Step {
   public:
    Step(std::string& path, std::string_view name) : path_(path), size_(path.size()) {
      if (!path.empty()) path += '.';
      path += name;
    }
    ~Step() { path_.resize(size_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    std::string& path_;
    std::size_t size_;
  };

  const std::string* text_of(const Document& tree) const {
    return options_.textual ? tree.string() : nullptr;
  }

  template <class Number>
  bool parse_number(const std::string& text, Number& out) const {
    const char* begin = text.data();
    const char* const end = text.data() + text.size();
    if (begin != end && *begin == '+') ++begin;
    const auto [stop, error] = std::from_chars(begin, end, out);
    return error == std::errc{} && stop == end && begin != end;
  }

  Result<void> boolean(bool& out, const Document& tree) const {
    if (const bool* value = tree.boolean()) {
      out = *value;
      return {};
    }
    if (const std::string* text = text_of(tree)) {
      if (*text == "true" || *text == "True" || *text == "1") return out = true, Result<void>{};
      if (*text == "false" || *text == "False" || *text == "0") return out = false, Result<void>{};
    }
    return cannot_convert(path_, "a Boolean");
  }

  Result<void> integer(std::int64_t& out, const Document& tree) const {
    if (const auto* value = tree.integer()) {
      out = *value;
      return {};
    }
    double number = 0;
    if (const double* value = tree.real()) {
      number = *value;
    } else if (const std::string* text = text_of(tree)) {
      if (parse_number(*text, out)) return {};
      if (!parse_number(*text, number)) return cannot_convert(path_, "a Long");
    } else {
      return cannot_convert(path_, "a Long");
    }
    if (number != std::floor(number) || std::abs(number) > 9e18)
      return cannot_convert(path_, "a Long");
    out = static_cast<std::int64_t>(number);
    return {};
  }

  Result<void> int32(int& out, const Document& tree) const {
    std::int64_t wide = 0;
    if (!integer(wide, tree) || wide < std::numeric_limits<int>::min() ||
        wide > std::numeric_limits<int>::max()) {
      return cannot_convert(path_, "an Integer");
    }
    out = static_cast<int>(wide);
    return {};
  }

  Result<void> real(double& out, const Document& tree) const {
    if (const double* value = tree.real()) {
      out = *value;
      return {};
    }
    if (const auto* value = tree.integer()) {
      out = static_cast<double>(*value);
      return {};
    }
    if (const std::string* text = tree.string()) {
      if (*text == "NaN") return out = std::numeric_limits<double>::quiet_NaN(), Result<void>{};
      if (*text == "Infinity") return out = std::numeric_limits<double>::infinity(), Result<void>{};
      if (*text == "-Infinity")
        return out = -std::numeric_limits<double>::infinity(), Result<void>{};
      if (options_.textual && parse_number(*text, out)) return {};
    }
    return cannot_convert(path_, "a Double");
  }

  Result<void> string(std::string& out, const Document& tree) const {
    if (const std::string* text = tree.string()) {
      out = *text;
      return {};
    }
    if (options_.textual && !tree.is_null() && tree.list() == nullptr && tree.map() == nullptr) {
      out = to_json(tree);  // a YAML scalar such as 123456789012 or true
      return {};
    }
    if (options_.textual && tree.is_null()) return out.clear(), Result<void>{};
    return cannot_convert(path_, "a String");
  }

  Result<void> bytes(std::string& out, const Document& tree) const {
    if (const auto* blob = tree.blob()) {
      out = blob->bytes;
      return {};
    }
    if (const std::string* text = tree.string()) {
      if (auto decoded = base64_decode(*text)) return out = *std::move(decoded), Result<void>{};
    }
    return cannot_convert(path_, "a Blob");
  }

  Result<void> time(Time& out, const Document& tree) const {
    if (const Time* value = tree.time()) {
      out = *value;
      return {};
    }
    double seconds = 0;
    if (const std::string* text = tree.string()) {
      if (auto parsed = parse_iso8601(*text)) return out = *parsed, Result<void>{};
      if (!parse_number(*text, seconds)) return cannot_convert(path_, "a Timestamp");
    } else if (!real(seconds, tree)) {
      return cannot_convert(path_, "a Timestamp");
    }
    if (!(std::abs(seconds) < 9e12)) return cannot_convert(path_, "a Timestamp");
    out.ms = std::llround(seconds * 1000);
    return {};
  }

  const Document* member_of(const Document& tree, const Member& member) const {
    using Names = BindOptions::Names;
    if (options_.names == Names::plain) return tree.find(member.name);
    if (!member.query_name.empty()) return tree.find(member.query_name);
    if (options_.names == Names::query) return tree.find(member.name);
    std::string capitalised(member.name);
    capitalised[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capitalised[0])));
    return tree.find(capitalised);
  }

  Result<void> structure(const Shape& shape, void* value, const Document& tree) {
    static const Document kEmpty{Document::Map{}};
    const Document* source = &tree;
    if (tree.map() == nullptr) {
      const std::string* text = text_of(tree);
      const bool is_empty = tree.is_null() || (text != nullptr && text->empty());
      if (!options_.textual || !is_empty) return cannot_convert(path_, shape.name);
      source = &kEmpty;
    }
    if (options_.refuse_unknown) WEIR_CHECK(check_names(shape, *source));
    for (const Member& member : shape.members) {
      const Step step(path_, member.name);
      const Document* found = member_of(*source, member);
      if (found == nullptr || found->is_null()) {
        if (member.is_required) report("null", "Member must not be null", true);
        continue;
      }
      WEIR_CHECK(bind(member.type(), member.get_mutable(value), *found));
      check(member, value);
    }
    return {};
  }

  Result<void> check_names(const Shape& shape, const Document& tree) const {
    std::vector<std::string_view> known;
    for (const Member& member : shape.members) known.push_back(member.name);
    for (const auto& [key, ignored] : *tree.map()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      std::string message = "unknown key '" + (path_.empty() ? key : path_ + '.' + key) + "'";
      const std::string near = nearest_name(key, known);
      if (!near.empty()) message += ", did you mean '" + near + "'?";
      return Error{ErrorKind::invalid, "ValidationException", std::move(message)};
    }
    return {};
  }

  void check(const Member& member, const void* structure) {
    const Type& type = member.type();
    const void* value = type.read(member.get(structure));
    if (value == nullptr) return;
    for (std::size_t i = 0; i < member.constraint_count; ++i) {
      std::string text = broken(member.constraints[i], type, value);
      if (!text.empty()) report(shown(type, value), std::move(text), false);
    }
  }

  /// AWS begins each step of a path with a small letter, whatever the member is called on the wire:
  /// `dimensions.1.member.value` for `Dimensions`, `Value` (recorded from CloudWatch).
  static std::string lower_camel(std::string path) {
    bool at_start = true;
    for (char& c : path) {
      if (at_start) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      at_start = c == '.';
    }
    return path;
  }

  void report(std::string value, std::string constraint, bool is_missing) {
    if (violations_.size() >= kViolationsMax) return;
    if (value.size() > kShownBytesMax) value = value.substr(0, kShownBytesMax) + "...";
    violations_.push_back(
        {lower_camel(path_), std::move(value), std::move(constraint), is_missing});
  }

  /// The items of a list in any of its forms: a list, Query's `member.1`, `1`, EC2's `1`, XML's
  /// single item.
  std::vector<const Document*> items_of(const Document& tree) const {
    std::vector<const Document*> items;
    if (const auto* list = tree.list()) {
      for (const Document& item : *list) items.push_back(&item);
      return items;
    }
    const auto* map = tree.map();
    if (map == nullptr) {
      const std::string* text = tree.string();
      if (text == nullptr || !text->empty()) items.push_back(&tree);
      return items;
    }
    if (std::all_of(map->begin(), map->end(), [](const auto& m) { return is_position(m.first); })) {
      std::map<long, const Document*> ordered;
      for (const auto& [key, item] : *map) ordered[std::stol(key)] = &item;
      for (const auto& [position, item] : ordered) items.push_back(item);
      return items;
    }
    if (map->size() == 1) {
      const auto& [key, only] = map->front();
      const bool positions =
          only.map() != nullptr && !only.map()->empty() && is_position(only.map()->front().first);
      if (key == "member" || key == "entry" || key == "item" || only.list() != nullptr ||
          positions) {
        return items_of(only);
      }
    }
    items.push_back(&tree);
    return items;
  }

  Result<void> list(const Type& type, void* value, const Document& tree) {
    if (tree.list() == nullptr && !options_.textual) return cannot_convert(path_, "a List");
    std::size_t position = 0;
    for (const Document* item : items_of(tree)) {
      const Step step(path_, std::to_string(++position) + ".member");
      void* element = type.append(value);
      if (item->is_null() && !options_.textual)
        return cannot_convert(path_, "a list item, it is null");
      WEIR_CHECK(bind(type.element(), element, *item));
    }
    return {};
  }

  Result<void> map(const Type& type, void* value, const Document& tree) {
    if (tree.map() == nullptr) {
      const std::string* text = text_of(tree);
      if (options_.textual && (tree.is_null() || (text != nullptr && text->empty()))) return {};
      if (tree.list() == nullptr || !options_.textual) return cannot_convert(path_, "a Map");
    }
    if (options_.names == BindOptions::Names::plain) {
      for (const auto& [key, item] : *tree.map()) {
        const Step step(path_, key);
        WEIR_CHECK(bind(type.element(), type.insert(value, key), item));
      }
      return {};
    }
    for (const Document* entry :
         items_of(tree)) {  // Query: entry.1.key and entry.1.value, or Name and Value
      const auto either = [&](std::string_view a, std::string_view b) {
        const Document* found = entry->find(a);
        return found != nullptr ? found : entry->find(b);
      };
      const Document* key = either("key", "Name");
      if (key == nullptr) key = entry->find("Key");  // tags of SQS
      const Document* item = either("value", "Value");
      if (key == nullptr || key->string() == nullptr)
        return cannot_convert(path_, "a Map, an entry has no key");
      const Step step(path_, *key->string());
      static const Document kEmpty{std::string()};
      WEIR_CHECK(bind(type.element(), type.insert(value, *key->string()),
                      item != nullptr ? *item : kEmpty));
    }
    return {};
  }

  const BindOptions& options_;
  std::vector<Violation>& violations_;
  std::string path_;
};

}  // namespace

std::string violation_message(std::span<const Violation> violations) {
  std::string message = std::to_string(violations.size()) + " validation error" +
                        (violations.size() == 1 ? "" : "s") + " detected: ";
  for (std::size_t i = 0; i < violations.size(); ++i) {
    const Violation& violation = violations[i];
    if (i > 0) message += "; ";
    message += violation.is_missing ? "Value null" : "Value '" + violation.value + "'";
    message.append(" at '").append(violation.path).append("' failed to satisfy constraint: ");
    message += violation.constraint;
  }
  return message;
}

Result<void> bind(const Type& type, void* value, const Document& tree, const BindOptions& options,
                  std::vector<Violation>& violations) {
  return Binder(options, violations).bind(type, value, tree);
}

Result<void> bind_checked(const Type& type, void* value, const Document& tree,
                          const BindOptions& options, std::string_view code) {
  std::vector<Violation> violations;
  WEIR_CHECK(bind(type, value, tree, options, violations));
  if (violations.empty()) return {};
  return Error{ErrorKind::invalid, std::string(code), violation_message(violations)};
}

Document to_document(const Type& type, const void* outer) {
  const void* value = type.read(outer);
  if (value == nullptr) return {};
  switch (type.kind) {
    case Kind::boolean:
      return *static_cast<const bool*>(value);
    case Kind::int32:
      return *static_cast<const int*>(value);
    case Kind::int64:
      return *static_cast<const std::int64_t*>(value);
    case Kind::real:
      return *static_cast<const double*>(value);
    case Kind::string:
      return *static_cast<const std::string*>(value);
    case Kind::bytes:
      return Document::Blob{static_cast<const Bytes*>(value)->value};
    case Kind::time:
      return *static_cast<const Time*>(value);
    case Kind::document:
      return *static_cast<const Document*>(value);
    case Kind::list: {
      Document::List list;
      list.reserve(type.size(value));
      for (std::size_t i = 0; i < type.size(value); ++i) {
        list.push_back(to_document(type.element(), type.at(value, i)));
      }
      return list;
    }
    case Kind::map: {
      Document::Map map;
      type.each(value, [&](const std::string& key, const void* item) {
        map.emplace_back(key, to_document(type.element(), item));
      });
      return map;
    }
    case Kind::structure: {
      Document::Map map;
      const Shape shape = type.shape();
      map.reserve(shape.members.size());
      for (const Member& member : shape.members) {
        const Type& member_type = member.type();
        const void* place = member.get(value);
        if (member_type.read(place) == nullptr) continue;
        map.emplace_back(std::string(member.name), to_document(member_type, place));
      }
      return map;
    }
  }
  return {};
}

std::string nearest_name(std::string_view name, std::span<const std::string_view> known) {
  std::string nearest;
  std::size_t best = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : known) {
    std::vector<std::size_t> row(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t replace = diagonal + (name[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
      }
    }
    if (row.back() < best) {
      best = row.back();
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace weir
