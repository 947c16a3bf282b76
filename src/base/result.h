// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace weir {

/// What sort of failure it is, for code that decides. The wire turns it into an HTTP status where
/// the service has no table of its own.
enum class ErrorKind : std::uint8_t {
  invalid,         // 400: the request is wrong
  not_found,       // 404 (400 in the JSON protocols)
  already_exists,  // 409 (400 in the JSON protocols)
  conflict,        // 409 (400 in the JSON protocols)
  limit,           // 400: a quota or bound is reached
  unauthorized,    // 403: who is asking is not known
  forbidden,       // 403: known, but not allowed
  too_large,       // 413
  unavailable,     // 503: retry later
  internal,        // 500
};

/// An expected failure. `code` is what an AWS client sees, `message` is for people; `details` are
/// further members of the error body (such as `resourceName`), as text.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string code;
  std::string message;
  std::vector<std::pair<std::string, std::string>> details = {};
};

/// Ends the process: an impossible state. Used by WEIR_ASSERT.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

/// A value or the Error that kept it from being. Test with `if (!result)`, read with `*` and `->`.
template <class T>
class [[nodiscard]] Result {
 public:
  using Value = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  template <class U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::remove_cvref_t<U>, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, Error> &&
             !std::is_same_v<std::remove_cvref_t<U>, Result>)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using Value = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return !error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace weir

#define WEIR_CONCAT_INNER(a, b) a##b
#define WEIR_CONCAT(a, b) WEIR_CONCAT_INNER(a, b)

/// `WEIR_TRY(LogGroup found, group(name));` declares `found`, or returns the Error from here.
#define WEIR_TRY(declaration, ...)                              \
  auto WEIR_CONCAT(weir_try_, __LINE__) = (__VA_ARGS__);        \
  if (!WEIR_CONCAT(weir_try_, __LINE__)) {                      \
    return std::move(WEIR_CONCAT(weir_try_, __LINE__)).error(); \
  }                                                             \
  declaration = *std::move(WEIR_CONCAT(weir_try_, __LINE__))

/// `WEIR_CHECK(save(group));` returns the Error from here if there is one.
#define WEIR_CHECK(...)                                 \
  do {                                                  \
    if (auto weir_check = (__VA_ARGS__); !weir_check) { \
      return std::move(weir_check).error();             \
    }                                                   \
  } while (false)

/// For what is ours to guarantee; checked in release builds too.
#define WEIR_ASSERT(...)                                                            \
  do {                                                                              \
    if (!(__VA_ARGS__)) ::weir::assertion_failed(#__VA_ARGS__, __FILE__, __LINE__); \
  } while (false)
