// SPDX-License-Identifier: Apache-2.0
#include "api/s3/parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "objects/digest.h"
#include "objects/files.h"
#include "wire/digest.h"
#include "wire/text.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

using objects::ChecksumAlgorithm;

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<std::string> optional_header(const Call& call, std::string_view name) {
  const auto found = call.http.headers.find(name);
  return found ? std::optional<std::string>(*found) : std::nullopt;
}

std::optional<Time> date_header(const Call& call, std::string_view name) {
  return parse_http_date(call.header(name));
}

/// All elements of that name, whether they stand in a row or not.
std::vector<const Document*> elements(const Document& tree, std::string_view name) {
  std::vector<const Document*> found;
  if (tree.map() == nullptr) return found;
  for (const auto& [member, value] : *tree.map()) {
    if (member != name) continue;
    if (const auto* list = value.list()) {
      for (const Document& item : *list) found.push_back(&item);
    } else {
      found.push_back(&value);
    }
  }
  return found;
}

std::optional<std::string> text_of(const Document& tree, std::string_view name) {
  const auto found = elements(tree, name);
  if (found.empty() || found.back()->string() == nullptr) return std::nullopt;
  return *found.back()->string();
}

Result<Document> parse_body(std::string_view xml) {
  auto tree = wire::parse_xml(xml);
  if (!tree) return malformed_xml();  // AWS's text, without the place
  return tree;
}

/// Encryption that the store does not do, and ACLs that a bucket does not have. To take the request
/// and leave them away would be a lie.
Result<void> refuse_unsupported(const Call& call) {
  for (const auto& [name, value] : call.http.headers.all()) {
    const std::string lower = wire::to_lower(name);
    const bool is_customer_key = lower.starts_with("x-amz-server-side-encryption-customer-");
    if (is_customer_key || (lower == "x-amz-server-side-encryption" && value != "AES256")) {
      return Error{ErrorKind::invalid,
                   "NotImplemented",
                   "A header you provided implies functionality that is not implemented",
                   {{"Header", name}}};
    }
    const bool is_grant = lower.starts_with("x-amz-grant-");
    const bool is_other_acl =
        lower == "x-amz-acl" && value != "bucket-owner-full-control" && value != "private";
    if (is_grant || is_other_acl) {
      return Error{ErrorKind::invalid, "AccessControlListNotSupported",
                   "The bucket does not allow ACLs"};
    }
  }
  return {};
}

Result<void> check_tags(const std::map<std::string, std::string>& tags, std::size_t tags_max) {
  if (tags.size() > tags_max) {
    return Error{ErrorKind::invalid, "BadRequest",
                 "Object tags cannot be greater than " + std::to_string(tags_max)};
  }
  for (const auto& [key, value] : tags) {
    if (key.empty() || key.size() > 128) {
      return Error{ErrorKind::invalid,
                   "InvalidTag",
                   "The TagKey you have provided is invalid",
                   {{"TagKey", key}}};
    }
    if (value.size() > 256) {
      return Error{ErrorKind::invalid,
                   "InvalidTag",
                   "The TagValue you have provided is invalid",
                   {{"TagKey", key}}};
    }
  }
  return {};
}

constexpr std::size_t kObjectTagsMax = 10;

}  // namespace

Error invalid_argument(std::string_view message, std::string_view name, std::string_view value) {
  return {ErrorKind::invalid,
          "InvalidArgument",
          std::string(message),
          {{"ArgumentName", std::string(name)}, {"ArgumentValue", std::string(value)}}};
}

Error malformed_xml() {
  return {
      ErrorKind::invalid, "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema"};
}

std::string http_date(Time time) {
  using namespace std::chrono;
  const sys_seconds seconds_since{seconds(time.seconds())};
  const auto day = floor<days>(seconds_since);
  const year_month_day date{day};
  const hh_mm_ss clock{seconds_since - day};
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                kDays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<Time> parse_http_date(std::string_view text) {
  using namespace std::chrono;
  // `Sun, 06 Nov 1994 08:49:37 GMT`; clients of S3 send nothing else, but some the form of ISO
  // 8601.
  if (text.size() != 29 || !text.ends_with(" GMT") || text[3] != ',') {
    if (text.empty()) return std::nullopt;
    const auto iso = parse_iso8601(text);
    return iso ? std::optional(*iso) : std::nullopt;
  }
  const auto month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(8, 3));
  const auto day = parse_number<unsigned>(text.substr(5, 2));
  const auto year_number = parse_number<int>(text.substr(12, 4));
  const auto hour = parse_number<int>(text.substr(17, 2));
  const auto minute = parse_number<int>(text.substr(20, 2));
  const auto second = parse_number<int>(text.substr(23, 2));
  if (month == std::end(kMonths) || !day || !year_number || !hour || !minute || !second)
    return std::nullopt;
  const auto month_number = static_cast<unsigned>(month - std::begin(kMonths) + 1);
  const year_month_day date{year{*year_number}, std::chrono::month{month_number},
                            std::chrono::day{*day}};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto moment = sys_days{date} + hours(*hour) + minutes(*minute) + seconds(*second);
  return Time::from_seconds(duration_cast<seconds>(moment.time_since_epoch()).count());
}

std::optional<RangeRequest> parse_range(std::string_view header) {
  constexpr std::string_view kUnit = "bytes=";
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = header.substr(0, dash);
  const std::string_view last = header.substr(dash + 1);
  RangeRequest range{parse_number<std::uint64_t>(first), parse_number<std::uint64_t>(last)};
  if ((!first.empty() && !range.first) || (!last.empty() && !range.last)) return std::nullopt;
  if (!range.first && !range.last) return std::nullopt;
  if (range.first && range.last && *range.last < *range.first) return std::nullopt;
  return range;
}

Result<objects::ByteRange> resolve(const RangeRequest& range, std::uint64_t size) {
  const bool is_suffix = !range.first;
  if (is_suffix && *range.last > 0 && size > 0) {
    const std::uint64_t length = std::min(*range.last, size);
    return objects::ByteRange{size - length, length};
  }
  if (is_suffix || *range.first >= size) {
    return Error{ErrorKind::invalid,
                 "InvalidRange",
                 "The requested range is not satisfiable",
                 {{"ActualObjectSize", std::to_string(size)}}};
  }
  const std::uint64_t last = std::min(range.last.value_or(size - 1), size - 1);
  return objects::ByteRange{*range.first, last - *range.first + 1};
}

Result<int> number_in_query(const Call& call, std::string_view name, int otherwise, int min,
                            int max) {
  const auto text = call.http.query_value(name);
  if (!text || text->empty()) return otherwise;
  const auto number = parse_number<std::int64_t>(*text);
  if (!number)
    return invalid_argument(
        "Provided " + std::string(name) + " not an integer or within integer range", name, *text);
  if (*number < min) {
    return invalid_argument("Argument " + std::string(name) + " must be an integer between " +
                                std::to_string(min) + " and 2147483647",
                            name, *text);
  }
  return static_cast<int>(std::min<std::int64_t>(*number, max));
}

objects::Conditions read_conditions(const Call& call) {
  return {optional_header(call, "If-Match"), optional_header(call, "If-None-Match"),
          date_header(call, "If-Modified-Since"), date_header(call, "If-Unmodified-Since")};
}

objects::Conditions copy_conditions(const Call& call) {
  return {optional_header(call, "x-amz-copy-source-if-match"),
          optional_header(call, "x-amz-copy-source-if-none-match"),
          date_header(call, "x-amz-copy-source-if-modified-since"),
          date_header(call, "x-amz-copy-source-if-unmodified-since")};
}

Result<objects::Attributes> attributes(const Call& call) {
  WEIR_CHECK(refuse_unsupported(call));
  objects::Attributes out;
  out.content_type = call.header("Content-Type");
  out.cache_control = call.header("Cache-Control");
  out.content_disposition = call.header("Content-Disposition");
  out.content_encoding = call.header("Content-Encoding");
  out.content_language = call.header("Content-Language");
  out.expires = call.header("Expires");
  constexpr std::string_view kMeta = "x-amz-meta-";
  for (const auto& [name, value] : call.http.headers.all()) {
    std::string lower = wire::to_lower(name);
    if (!lower.starts_with(kMeta)) continue;
    auto [known, is_new] = out.metadata.emplace(lower.substr(kMeta.size()), value);
    if (!is_new) known->second += ',' + value;
  }
  for (auto& [name, value] : wire::parse_form(call.header("x-amz-tagging"))) {
    if (!out.tags.emplace(name, value).second) {
      return Error{ErrorKind::invalid,
                   "InvalidTag",
                   "Cannot provide multiple Tags with the same key",
                   {{"TagKey", name}}};
    }
  }
  WEIR_CHECK(check_tags(out.tags, kObjectTagsMax));
  return out;
}

std::string checksum_header(ChecksumAlgorithm algorithm) {
  return "x-amz-checksum-" + wire::to_lower(to_string(algorithm));
}

Result<std::optional<objects::Checksum>> checksum(const Call& call) {
  std::optional<objects::Checksum> found;
  for (const ChecksumAlgorithm algorithm : objects::kChecksumAlgorithms) {
    const std::string name = checksum_header(algorithm);
    auto value = call.http.headers.find(name);
    if (!value) value = call.http.body.trailers.find(name);
    if (!value) continue;
    if (found) {
      return Error{
          ErrorKind::invalid, "InvalidRequest",
          "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."};
    }
    found = objects::Checksum{algorithm, std::string(*value), false};
  }
  return found;
}

objects::PutSource put_source(const Call& call) {
  const wire::Body& body = call.http.body;
  if (body.in_memory()) return objects::PutSource::bytes(body.text());
  return objects::PutSource::take(std::get<std::filesystem::path>(body.content), body.md5_hex,
                                  body.sha256_hex);
}

Result<CopySource> copy_source(const Call& call) {
  std::string_view header = call.header("x-amz-copy-source");
  const std::size_t mark = header.find('?');
  const std::string_view version =
      mark == std::string_view::npos ? std::string_view{} : header.substr(mark + 1);
  const std::string path = wire::percent_decode(header.substr(0, mark));
  std::string_view rest = path;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) {
    return invalid_argument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        "x-amz-copy-source", header);
  }
  constexpr std::string_view kVersion = "versionId=";
  if (!version.empty() && !version.starts_with(kVersion)) {
    return invalid_argument("Invalid version id specified", "x-amz-copy-source", header);
  }
  return CopySource{
      std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1)),
      version.empty() ? std::string() : wire::percent_decode(version.substr(kVersion.size()))};
}

Result<bool> check_body_digest(const Call& call, std::string_view body) {
  WEIR_TRY(const auto said, checksum(call));
  const std::string_view content_md5 = call.header("Content-MD5");
  if (content_md5.empty() && !said) return false;
  objects::Digester digester(true, said ? std::optional(said->algorithm) : std::nullopt);
  digester.add(body);
  const std::string md5_hex = digester.md5_hex();
  const auto actual = said ? std::optional(digester.checksum()) : std::nullopt;
  WEIR_CHECK(objects::verify_digests(md5_hex, actual, said, content_md5));
  return true;
}

Result<objects::Retention> parse_retention(std::string_view mode, std::string_view until) {
  if (mode != "GOVERNANCE" && mode != "COMPLIANCE") {
    return Error{ErrorKind::invalid, "InvalidArgument", "Unknown wormMode directive."};
  }
  const auto date = parse_iso8601(until);
  if (!date) {
    return Error{ErrorKind::invalid, "InvalidArgument",
                 "The retain until date must be provided in ISO 8601 format"};
  }
  return objects::Retention{std::string(mode), *date};
}

Result<std::optional<objects::Retention>> retention_header(const Call& call) {
  const std::string_view mode = call.header("x-amz-object-lock-mode");
  const std::string_view until = call.header("x-amz-object-lock-retain-until-date");
  if (mode.empty() && until.empty()) return std::optional<objects::Retention>();
  if (mode.empty() || until.empty()) {
    return Error{ErrorKind::invalid, "InvalidArgument",
                 "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be "
                 "supplied"};
  }
  WEIR_TRY(objects::Retention retention, parse_retention(mode, until));
  return std::optional(std::move(retention));
}

Result<std::optional<bool>> legal_hold_header(const Call& call) {
  const std::string_view status = call.header("x-amz-object-lock-legal-hold");
  if (status.empty()) return std::optional<bool>();
  if (status == "ON" || status == "OFF") return std::optional(status == "ON");
  return Error{ErrorKind::invalid, "InvalidArgument", "Legal hold status must be either ON or OFF"};
}

bool bypasses_governance(const Call& call) {
  return wire::equals_ignoring_case(call.header("x-amz-bypass-governance-retention"), "true");
}

Result<std::optional<objects::Retention>> parse_retention_body(std::string_view xml) {
  WEIR_TRY(const Document tree, parse_body(xml));
  const auto mode = text_of(tree, "Mode");
  const auto until = text_of(tree, "RetainUntilDate");
  if (!mode && !until) return std::optional<objects::Retention>();
  if (!mode || !until) return malformed_xml();
  const auto retention = parse_retention(*mode, *until);
  if (!retention) return malformed_xml();
  return std::optional(*retention);
}

Result<bool> parse_legal_hold(std::string_view xml) {
  WEIR_TRY(const Document tree, parse_body(xml));
  const auto status = text_of(tree, "Status");
  if (!status || (*status != "ON" && *status != "OFF")) return malformed_xml();
  return *status == "ON";
}

Result<std::string> body_text(const Call& call) {
  const wire::Body& body = call.http.body;
  if (body.in_memory()) return body.text();
  if (body.size > kBodyTextBytesMax) {
    return Error{ErrorKind::invalid, "MaxMessageLengthExceeded", "Your request was too big."};
  }
  WEIR_TRY(auto text, objects::read_small_file(std::get<std::filesystem::path>(body.content),
                                               kBodyTextBytesMax));
  return std::move(text).value_or("");
}

Result<ObjectsToDelete> parse_objects_to_delete(std::string_view xml) {
  WEIR_TRY(const Document tree, parse_body(xml));
  ObjectsToDelete wanted;
  wanted.is_quiet = text_of(tree, "Quiet") == "true";
  for (const Document* object : elements(tree, "Object")) {
    auto key = text_of(*object, "Key");
    if (!key) return malformed_xml();
    wanted.items.push_back(
        {*std::move(key), text_of(*object, "VersionId").value_or(""), text_of(*object, "ETag")});
  }
  const bool is_valid = !wanted.items.empty() && wanted.items.size() <= ObjectsToDelete::kKeysMax;
  if (!is_valid) return malformed_xml();
  return wanted;
}

Result<std::vector<objects::CompletedPart>> parse_completed_parts(std::string_view xml) {
  WEIR_TRY(const Document tree, parse_body(xml));
  std::vector<objects::CompletedPart> parts;
  for (const Document* element : elements(tree, "Part")) {
    const auto number = parse_number<int>(text_of(*element, "PartNumber").value_or(""));
    const auto etag = text_of(*element, "ETag");
    if (!number || *number < 1 || *number > objects::Objects::kPartsMax || !etag)
      return malformed_xml();
    objects::CompletedPart part{*number, *etag, {}};
    for (const ChecksumAlgorithm algorithm : objects::kChecksumAlgorithms) {
      const auto value = text_of(*element, "Checksum" + std::string(to_string(algorithm)));
      if (value && !value->empty()) part.checksum = objects::Checksum{algorithm, *value, false};
    }
    parts.push_back(std::move(part));
  }
  if (parts.empty() || parts.size() > static_cast<std::size_t>(objects::Objects::kPartsMax))
    return malformed_xml();
  return parts;
}

Result<std::map<std::string, std::string>> parse_tagging(std::string_view xml,
                                                         std::size_t tags_max) {
  WEIR_TRY(const Document tree, parse_body(xml));
  const auto sets = elements(tree, "TagSet");
  if (sets.size() != 1) return malformed_xml();
  std::map<std::string, std::string> tags;
  for (const Document* tag : elements(*sets[0], "Tag")) {
    auto key = text_of(*tag, "Key");
    auto value = text_of(*tag, "Value");
    if (!key || !value) return malformed_xml();
    if (!tags.emplace(*key, *std::move(value)).second) {
      return Error{ErrorKind::invalid,
                   "InvalidTag",
                   "Cannot provide multiple Tags with the same key",
                   {{"TagKey", *key}}};
    }
  }
  WEIR_CHECK(check_tags(tags, tags_max));
  return tags;
}

Result<std::string> parse_location_constraint(std::string_view xml) {
  if (xml.empty()) return std::string();
  WEIR_TRY(const Document tree, parse_body(xml));
  std::string location = text_of(tree, "LocationConstraint").value_or("");
  if (location == "EU") location = "eu-west-1";
  const bool is_region = std::all_of(location.begin(), location.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (!is_region || location.size() > 32) {
    return Error{ErrorKind::invalid,
                 "InvalidLocationConstraint",
                 "The specified location-constraint is not valid",
                 {{"LocationConstraint", location}}};
  }
  return location;
}

wire::HttpResponse xml_answer(std::string xml) {
  wire::HttpResponse response;
  response.headers.add("Content-Type", "application/xml");
  response.body = std::move(xml);
  return response;
}

std::string quoted_etag(std::string_view etag) { return '"' + std::string(etag) + '"'; }

std::string owner_id(std::string_view account) { return wire::sha256_hex(account); }

}  // namespace weir::api::s3
