// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"

/// Described structs: one table of members drives decoding and encoding in every protocol,
/// validation with AWS's texts, storage and the generated reference pages.
///
///     struct Input {
///       std::string log_group_name;
///       std::optional<int> limit;
///       static Shape shape() {
///         using S = Input;
///         static constexpr Member members[] = {
///             required<&S::log_group_name>("logGroupName", length(1, 512),
///             pattern("[\\.\\-_/#A-Za-z0-9]+")), optional<&S::limit>("limit", range(1, 50)),
///         };
///         return {"DescribeLogStreamsRequest", members};
///       }
///     };
///
/// Members may be bool, int, std::int64_t, double, std::string, Bytes, Time, Document, a described
/// struct, and std::vector, std::map<std::string, ...> and std::optional of these. An unset
/// std::optional is not written; everything else is. A member with constraints that its default
/// would violate is a std::optional or required.
namespace weir {

/// Binary data (base64 in JSON and XML, a byte string in CBOR).
struct Bytes {
  std::string value;
  bool operator==(const Bytes&) const = default;
};

struct Member;
struct Type;

/// A described struct: its name on AWS and its members.
struct Shape {
  std::string_view name;
  std::span<const Member> members;
};

enum class Kind : std::uint8_t {
  boolean,
  int32,
  int64,
  real,
  string,
  bytes,
  time,
  document,
  structure,
  list,
  map
};

/// How to reach into a C++ value whose type is known only by this description.
struct Type {
  Kind kind = Kind::string;

  // std::optional around it; see `read()` and `write()`.
  bool is_optional = false;
  const void* (*get)(const void*) = nullptr;  // nullptr when unset
  void* (*emplace)(void*) = nullptr;

  const Type& (*element)() = nullptr;  // of a list or map
  std::size_t (*size)(const void*) = nullptr;
  const void* (*at)(const void*, std::size_t) = nullptr;  // list
  void* (*append)(void*) = nullptr;                       // list
  void (*each)(const void*,
               const std::function<void(const std::string&, const void*)>&) = nullptr;  // map
  void* (*insert)(void*, std::string) = nullptr;                                        // map
  Shape (*shape)() = nullptr;                                                           // structure

  /// The value inside, or nullptr if it is an unset optional.
  const void* read(const void* value) const { return is_optional ? get(value) : value; }
  /// The place to write the value to.
  void* write(void* value) const { return is_optional ? emplace(value) : value; }
};

/// What a member must satisfy. Texts of the violations are AWS's (see validate()).
struct Constraint {
  enum class Rule : std::uint8_t { length, range, items, pattern, one_of } rule;
  double min = 0;
  double max = 0;
  std::string_view text = {};  // pattern: the expression, written as AWS writes it
  std::span<const std::string_view> values = {};  // one_of
};

constexpr double kUnbounded = 1e300;
constexpr Constraint length(double min, double max) { return {Constraint::Rule::length, min, max}; }
constexpr Constraint range(double min, double max) { return {Constraint::Rule::range, min, max}; }
constexpr Constraint items(double min, double max) { return {Constraint::Rule::items, min, max}; }
constexpr Constraint pattern(std::string_view text) {
  return {Constraint::Rule::pattern, 0, 0, text};
}
/// `values` must live for ever: a static constexpr std::string_view array.
constexpr Constraint one_of(std::span<const std::string_view> values) {
  return {Constraint::Rule::one_of, 0, 0, {}, values};
}

/// Where the value travels in REST protocols.
enum class Place : std::uint8_t { body, header, query, path };

struct Member {
  static constexpr std::size_t kConstraintsMax = 3;

  std::string_view name;  // as in the service model; JSON, CBOR and XML use it
  bool is_required = false;
  const Type& (*type)() = nullptr;
  const void* (*get)(const void* structure) = nullptr;
  void* (*get_mutable)(void* structure) = nullptr;
  Constraint constraints[kConstraintsMax] = {};
  std::size_t constraint_count = 0;
  std::string_view query_name =
      {};  // Query protocols, where it is not the name (EC2: nor its capitalised form)
  std::string_view item_name =
      {};  // XML: element of a list item where it is not the protocol's usual one
  bool is_flattened = false;         // XML: list items stand directly in the structure
  std::string_view xml_name = {};    // XML: element where it is not the name
  std::string_view key_name = {};    // XML: element of a map entry's key where it is not `key`
  std::string_view value_name = {};  // XML: the same of its value
  Place place = Place::body;

  constexpr Member query(std::string_view other) const {
    Member m = *this;
    m.query_name = other;
    return m;
  }
  constexpr Member item(std::string_view other) const {
    Member m = *this;
    m.item_name = other;
    return m;
  }
  constexpr Member flattened() const {
    Member m = *this;
    m.is_flattened = true;
    return m;
  }
  /// Query answers of SQS: list items, or map entries with the key in an element of that name,
  /// stand directly in the structure as elements `element`. Parameters are called `element` too.
  constexpr Member flattened_as(std::string_view element, std::string_view key = {},
                                std::string_view value = {}) const {
    Member m = *this;
    m.is_flattened = true;
    m.query_name = m.xml_name = element;
    m.key_name = key;
    m.value_name = value;
    return m;
  }
  constexpr Member in(Place other) const {
    Member m = *this;
    m.place = other;
    return m;
  }
};

namespace detail {

template <class T>
struct MemberPointer;
template <class S, class T>
struct MemberPointer<T S::*> {
  using Struct = S;
  using Value = T;
};

template <class T>
struct Describe;  // specialised below

template <class T>
const Type& type_of_impl() {
  static const Type type = Describe<T>::make();
  return type;
}
template <Kind K>
struct Scalar {
  static Type make() { return {.kind = K}; }
};
template <>
struct Describe<bool> : Scalar<Kind::boolean> {};
template <>
struct Describe<int> : Scalar<Kind::int32> {};
template <>
struct Describe<std::int64_t> : Scalar<Kind::int64> {};
template <>
struct Describe<double> : Scalar<Kind::real> {};
template <>
struct Describe<std::string> : Scalar<Kind::string> {};
template <>
struct Describe<Bytes> : Scalar<Kind::bytes> {};
template <>
struct Describe<Time> : Scalar<Kind::time> {};
template <>
struct Describe<Document> : Scalar<Kind::document> {};
template <class T>
  requires requires {
    { T::shape() } -> std::same_as<Shape>;
  }
struct Describe<T> {
  static Type make() { return {.kind = Kind::structure, .shape = &T::shape}; }
};

template <class T>
struct Describe<std::vector<T>> {
  using V = std::vector<T>;
  static Type make() {
    Type t{.kind = Kind::list};
    t.element = &type_of_impl<T>;
    t.size = [](const void* v) { return static_cast<const V*>(v)->size(); };
    t.at = [](const void* v, std::size_t i) -> const void* {
      return &(*static_cast<const V*>(v))[i];
    };
    t.append = [](void* v) -> void* { return &static_cast<V*>(v)->emplace_back(); };
    return t;
  }
};
template <class T>
struct Describe<std::map<std::string, T>> {
  using M = std::map<std::string, T>;
  static Type make() {
    Type t{.kind = Kind::map};
    t.element = &type_of_impl<T>;
    t.size = [](const void* v) { return static_cast<const M*>(v)->size(); };
    t.each = [](const void* v, const std::function<void(const std::string&, const void*)>& visit) {
      for (const auto& [key, value] : *static_cast<const M*>(v)) visit(key, &value);
    };
    t.insert = [](void* v, std::string key) -> void* {
      return &(*static_cast<M*>(v))[std::move(key)];
    };
    return t;
  }
};
template <class T>
struct Describe<std::optional<T>> {
  using O = std::optional<T>;
  static Type make() {
    Type t = Describe<T>::make();
    t.is_optional = true;
    t.get = [](const void* v) -> const void* {
      const O& o = *static_cast<const O*>(v);
      return o ? &*o : nullptr;
    };
    t.emplace = [](void* v) -> void* { return &static_cast<O*>(v)->emplace(); };
    return t;
  }
};

template <auto P, class... C>
constexpr Member make_member(std::string_view name, bool is_required, C... constraints) {
  using S = typename MemberPointer<decltype(P)>::Struct;
  using T = typename MemberPointer<decltype(P)>::Value;
  static_assert(sizeof...(C) <= Member::kConstraintsMax);
  Member m;
  m.name = name;
  m.is_required = is_required;
  m.type = &type_of_impl<T>;
  m.get = [](const void* s) -> const void* { return &(static_cast<const S*>(s)->*P); };
  m.get_mutable = [](void* s) -> void* { return &(static_cast<S*>(s)->*P); };
  ((m.constraints[m.constraint_count++] = constraints), ...);
  return m;
}

}  // namespace detail

template <class T>
const Type& type_of() {
  return detail::type_of_impl<T>();
}

/// Must be present in a request; its absence is a violation `Member must not be null`.
template <auto P, class... C>
constexpr Member required(std::string_view name, C... constraints) {
  return detail::make_member<P>(name, true, constraints...);
}
/// May be absent: the C++ member then keeps its default. Constraints hold for values that are
/// present.
template <auto P, class... C>
constexpr Member optional(std::string_view name, C... constraints) {
  return detail::make_member<P>(name, false, constraints...);
}

/// For operations without input or output members.
struct Empty {
  static Shape shape() { return {"Empty", {}}; }
  bool operator==(const Empty&) const = default;
};

/// One broken rule: `path` as AWS writes it (`logEvents.1.member.message`), `value` as text ("null"
/// if absent).
struct Violation {
  std::string path;
  std::string value;
  std::string constraint;  // `Member must have length less than or equal to 512`
  bool is_missing = false;
};

/// AWS's sentence for violations: `1 validation error detected: Value 'x' at 'y' failed to satisfy
/// constraint: ...`.
std::string violation_message(std::span<const Violation> violations);

/// How a tree that some protocol read is to be taken.
struct BindOptions {
  /// Scalars arrive as text (Query, XML, YAML of an environment variable): convert them.
  bool textual = false;
  /// Names of members in the tree: the Query name, EC2's capitalised name, or the plain name.
  enum class Names : std::uint8_t { plain, query, ec2 } names = Names::plain;
  /// Refuse members that the shape does not have (configuration); AWS APIs ignore them.
  bool refuse_unknown = false;
};

/// Fills `value` (of `type`) from `tree`. A value that cannot be converted is an Error with code
/// SerializationException; broken constraints and missing members are appended to `violations` (at
/// most 100) and binding goes on. Constraints are checked for values that are present.
Result<void> bind(const Type& type, void* value, const Document& tree, const BindOptions& options,
                  std::vector<Violation>& violations);
/// The tree of `value`; unset optionals are left out.
Document to_document(const Type& type, const void* value);

/// Storage and configuration: JSON of a described struct. from_json errors on violations too.
template <class T>
std::string to_json_text(const T& value) {
  return to_json(to_document(type_of<T>(), &value));
}
template <class T>
Document to_document(const T& value) {
  return to_document(type_of<T>(), &value);
}

/// Error of kind invalid and the given code if there are violations.
Result<void> bind_checked(const Type& type, void* value, const Document& tree,
                          const BindOptions& options, std::string_view code);

template <class T>
Result<T> from_document(const Document& tree, const BindOptions& options = {}) {
  T value{};
  WEIR_CHECK(bind_checked(type_of<T>(), &value, tree, options, "ValidationException"));
  return value;
}
template <class T>
Result<T> from_json_text(std::string_view text) {
  WEIR_TRY(const Document tree, parse_json(text));
  return from_document<T>(tree);
}

/// The known name nearest to `name` (edit distance), or "" if none is near. For "did you mean".
std::string nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace weir
