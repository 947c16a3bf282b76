// SPDX-License-Identifier: Apache-2.0
#include "wire/cbor.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "wire/text.h"

namespace weir::wire {
namespace {

// Major types of RFC 8949, section 3.1.
enum Major : std::uint8_t { kUnsigned, kNegative, kBytes, kText, kList, kMap, kTag, kSimple };
constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint8_t kBreak = 0xff;
constexpr std::uint64_t kTagEpoch = 1;
constexpr std::uint64_t kTagsOfBigNumbers[] = {2, 3, 4, 5};

double from_half(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const double mantissa = half & 1023;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else if (exponent != 31) {
    value = std::ldexp(mantissa + 1024, exponent - 25);
  } else {
    value = mantissa == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  }
  return (half & 0x8000) != 0 ? -value : value;
}

class Reader {
 public:
  Reader(std::string_view bytes, DocumentLimits limits) : bytes_(bytes), limits_(limits) {}

  Result<Document> whole() {
    WEIR_TRY(Document document, value(0));
    if (at_ != bytes_.size()) return failure("bytes after the end of the value");
    return document;
  }

 private:
  struct Head {
    std::uint8_t major = 0;
    std::uint8_t info = 0;
    std::uint64_t argument = 0;
    bool indefinite() const { return info == kIndefinite; }
  };

  Error failure(std::string_view what) const {
    return {ErrorKind::invalid, "SerializationException",
            "CBOR: " + std::string(what) + " at offset " + std::to_string(at_)};
  }
  std::size_t left() const { return bytes_.size() - at_; }

  Result<Head> head() {
    if (left() == 0) return failure("unexpected end");
    const auto first = static_cast<std::uint8_t>(bytes_[at_++]);
    Head head{.major = static_cast<std::uint8_t>(first >> 5),
              .info = static_cast<std::uint8_t>(first & 31)};
    if (head.info < 24) {
      head.argument = head.info;
    } else if (head.info <= 27) {
      const std::size_t width = std::size_t{1} << (head.info - 24);
      if (left() < width) return failure("unexpected end");
      for (std::size_t i = 0; i < width; ++i) {
        head.argument = head.argument << 8 | static_cast<std::uint8_t>(bytes_[at_++]);
      }
    } else if (!head.indefinite() || head.major < kBytes || head.major == kTag) {
      return failure("reserved value");
    }
    return head;
  }

  // True once at the end of an indefinite length.
  bool take_break() {
    if (left() == 0 || static_cast<std::uint8_t>(bytes_[at_]) != kBreak) return false;
    ++at_;
    return true;
  }

  Result<std::string> chunk(const Head& head) {
    if (head.argument > left()) return failure("a string is longer than the input");
    std::string out(bytes_.substr(at_, head.argument));
    at_ += head.argument;
    return out;
  }

  Result<std::string> string(const Head& head) {
    std::string out;
    if (!head.indefinite()) {
      WEIR_TRY(out, chunk(head));
    } else {
      while (!take_break()) {
        WEIR_TRY(const Head part, this->head());
        if (part.major != head.major || part.indefinite()) {
          return failure("a string of another kind inside a string");
        }
        WEIR_TRY(const std::string text, chunk(part));
        out += text;
      }
    }
    if (head.major == kText && !is_utf8(out)) return failure("text that is not UTF-8");
    return out;
  }

  Result<Document> list(const Head& head, std::size_t depth) {
    if (!head.indefinite() && head.argument > left()) {
      return failure("a list is longer than the input");
    }
    Document::List items;
    for (std::uint64_t i = 0; head.indefinite() ? !take_break() : i < head.argument; ++i) {
      WEIR_TRY(Document item, value(depth + 1));
      items.push_back(std::move(item));
    }
    return Document(std::move(items));
  }

  Result<Document> map(const Head& head, std::size_t depth) {
    if (!head.indefinite() && head.argument > left() / 2) {
      return failure("a map is longer than the input");
    }
    Document::Map members;
    for (std::uint64_t i = 0; head.indefinite() ? !take_break() : i < head.argument; ++i) {
      WEIR_TRY(const Head key_head, this->head());
      if (key_head.major != kText) return failure("a key that is not text");
      WEIR_TRY(std::string key, string(key_head));
      WEIR_TRY(Document item, value(depth + 1));
      members.emplace_back(std::move(key), std::move(item));
    }
    return Document(std::move(members));
  }

  Result<Document> tagged(const Head& head, std::size_t depth) {
    for (const std::uint64_t big : kTagsOfBigNumbers) {
      if (head.argument == big) return failure("a big number, which no member takes,");
    }
    WEIR_TRY(Document inner, value(depth + 1));
    if (head.argument != kTagEpoch) return inner;
    constexpr double kSecondsMax = 9e15 / 1000;
    double seconds = 0;
    if (const auto* integer = inner.integer()) {
      seconds = static_cast<double>(*integer);
    } else if (const auto* real = inner.real()) {
      seconds = *real;
    } else {
      return failure("a time that is no number");
    }
    if (!(std::abs(seconds) <= kSecondsMax)) return failure("a time out of range");
    return Document(Time{std::llround(seconds * 1000)});
  }

  Result<Document> simple(const Head& head) {
    switch (head.info) {
      case 20:
        return Document(false);
      case 21:
        return Document(true);
      case 22:
      case 23:
        return Document(nullptr);
      case 25:
        return Document(from_half(static_cast<std::uint16_t>(head.argument)));
      case 26:
        return Document(double{std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))});
      case 27:
        return Document(std::bit_cast<double>(head.argument));
      default:
        return failure("a simple value without meaning");
    }
  }

  Result<Document> value(std::size_t depth) {
    if (depth > limits_.depth_max) return failure("too many levels");
    if (++nodes_ > limits_.nodes_max) return failure("too many values");
    WEIR_TRY(const Head head, this->head());
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    switch (head.major) {
      case kUnsigned:
        if (head.argument > kMax) return failure("an integer out of range");
        return Document(static_cast<std::int64_t>(head.argument));
      case kNegative:
        if (head.argument > kMax) return failure("an integer out of range");
        return Document(-1 - static_cast<std::int64_t>(head.argument));
      case kBytes: {
        WEIR_TRY(std::string bytes, string(head));
        return Document(Document::Blob{std::move(bytes)});
      }
      case kText: {
        WEIR_TRY(std::string text, string(head));
        return Document(std::move(text));
      }
      case kList:
        return list(head, depth);
      case kMap:
        return map(head, depth);
      case kTag:
        return tagged(head, depth);
      default:
        return simple(head);
    }
  }

  std::string_view bytes_;
  DocumentLimits limits_;
  std::size_t at_ = 0;
  std::size_t nodes_ = 0;
};

void append_head(std::string& out, Major major, std::uint64_t argument) {
  const auto type = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    out.push_back(static_cast<char>(type | argument));
    return;
  }
  const int power = argument <= 0xff ? 0 : argument <= 0xffff ? 1 : argument <= 0xffff'ffff ? 2 : 3;
  out.push_back(static_cast<char>(type | (24 + power)));
  for (int shift = (8 << power) - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(argument >> shift & 0xff));
  }
}

void append_integer(std::string& out, std::int64_t number) {
  if (number >= 0) {
    append_head(out, kUnsigned, static_cast<std::uint64_t>(number));
  } else {
    append_head(out, kNegative, static_cast<std::uint64_t>(-(number + 1)));
  }
}

void append_double(std::string& out, double number) {
  const auto bits = std::bit_cast<std::uint64_t>(number);
  out.push_back(static_cast<char>(kSimple << 5 | 27));
  for (int shift = 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(bits >> shift & 0xff));
  }
}

struct Writer {
  std::string& out;

  void operator()(std::nullptr_t) const { out.push_back(static_cast<char>(0xf6)); }
  void operator()(bool value) const { out.push_back(static_cast<char>(value ? 0xf5 : 0xf4)); }
  void operator()(std::int64_t value) const { append_integer(out, value); }
  void operator()(double value) const { append_double(out, value); }
  void operator()(const std::string& value) const {
    if (!is_utf8(value)) return (*this)(valid_utf8(value));
    append_head(out, kText, value.size());
    out += value;
  }
  void operator()(const Document::Blob& value) const {
    append_head(out, kBytes, value.bytes.size());
    out += value.bytes;
  }
  void operator()(Time value) const {
    append_head(out, kTag, kTagEpoch);
    if (value.ms % 1000 == 0) {
      append_integer(out, value.ms / 1000);
    } else {
      append_double(out, static_cast<double>(value.ms) / 1000);
    }
  }
  void operator()(const Document::List& value) const {
    append_head(out, kList, value.size());
    for (const Document& item : value) std::visit(*this, item.value());
  }
  void operator()(const Document::Map& value) const {
    append_head(out, kMap, value.size());
    for (const auto& [key, item] : value) {
      (*this)(key);
      std::visit(*this, item.value());
    }
  }
};

}  // namespace

Result<Document> parse_cbor(std::string_view bytes, DocumentLimits limits) {
  return Reader(bytes, limits).whole();
}

std::string to_cbor(const Document& document) {
  std::string out;
  std::visit(Writer{out}, document.value());
  return out;
}

}  // namespace weir::wire
