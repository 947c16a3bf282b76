// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/s3/handlers.h"
#include "base/document.h"
#include "base/result.h"
#include "base/runtime.h"
#include "objects/types.h"
#include "wire/http.h"

/// What S3 clients send in headers and XML bodies, to the types of the store; and back.
namespace weir::api::s3 {

inline constexpr std::string_view kNamespace = "http://s3.amazonaws.com/doc/2006-03-01/";

Error invalid_argument(std::string_view message, std::string_view name, std::string_view value);
Error malformed_xml();

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(Time time);
std::optional<Time> parse_http_date(std::string_view text);

/// A range as a client asks for it; nothing if there is none or it does not read as one (S3 ignores
/// it then).
struct RangeRequest {
  std::optional<std::uint64_t> first;  // none: the last `last` bytes
  std::optional<std::uint64_t> last;   // inclusive; none: to the end
};
std::optional<RangeRequest> parse_range(std::string_view header);
/// The bytes it means of an object of that size; Error InvalidRange if there are none.
Result<objects::ByteRange> resolve(const RangeRequest& range, std::uint64_t size);

/// A number in the query within bounds; `otherwise` if it is absent. Error InvalidArgument.
Result<int> number_in_query(const Call& call, std::string_view name, int otherwise, int min,
                            int max);

objects::Conditions read_conditions(const Call& call);
objects::Conditions copy_conditions(const Call& call);
/// Content-Type ..., x-amz-meta-*, x-amz-tagging. Errors for what the store cannot keep (encryption
/// keys, ACLs).
Result<objects::Attributes> attributes(const Call& call);
/// x-amz-checksum-* of the headers or trailers; at most one.
Result<std::optional<objects::Checksum>> checksum(const Call& call);
/// `x-amz-checksum-crc32`.
std::string checksum_header(objects::ChecksumAlgorithm algorithm);
objects::PutSource put_source(const Call& call);

struct CopySource {
  std::string bucket;
  std::string key;
  std::string version_id;
};
/// Of x-amz-copy-source.
Result<CopySource> copy_source(const Call& call);
/// The scope in which a copy reads and writes. Error AccessDenied if the source may not be read, or
/// is another account's: its owner's policy cannot be asked and served in one call.
Result<Scope> copy_scope(const Call& call, const CopySource& source);

/// 10,000 parts or 1000 keys with all that XML allows around them.
inline constexpr std::size_t kBodyTextBytesMax = 8u << 20;
/// Error BadDigest if Content-MD5 or x-amz-checksum-* say something else. True: one was there.
Result<bool> check_body_digest(const Call& call, std::string_view body);
/// x-amz-object-lock-mode and -retain-until-date, x-amz-object-lock-legal-hold.
Result<std::optional<objects::Retention>> retention_header(const Call& call);
Result<std::optional<bool>> legal_hold_header(const Call& call);
/// Error InvalidArgument unless GOVERNANCE or COMPLIANCE and a date.
Result<objects::Retention> parse_retention(std::string_view mode, std::string_view until);
bool bypasses_governance(const Call& call);
/// The text of an XML or JSON body. Error MaxMessageLengthExceeded.
Result<std::string> body_text(const Call& call);

struct ObjectsToDelete {
  static constexpr std::size_t kKeysMax = 1000;
  struct Item {
    std::string key;
    std::string version_id;
    std::optional<std::string> etag;
  };
  std::vector<Item> items;
  bool is_quiet = false;
};
Result<ObjectsToDelete> parse_objects_to_delete(std::string_view xml);
/// Mode and date of a retention; nothing if the document is empty.
Result<std::optional<objects::Retention>> parse_retention_body(std::string_view xml);
/// Whether it is ON.
Result<bool> parse_legal_hold(std::string_view xml);
Result<std::vector<objects::CompletedPart>> parse_completed_parts(std::string_view xml);
/// Error InvalidTag, MalformedXML, BadRequest for more than `tags_max`.
Result<std::map<std::string, std::string>> parse_tagging(std::string_view xml,
                                                         std::size_t tags_max);
/// "" if the body is empty or has none.
Result<std::string> parse_location_constraint(std::string_view xml);

/// 200 with an XML body.
wire::HttpResponse xml_answer(std::string xml);
std::string quoted_etag(std::string_view etag);
/// The canonical user id of an account: 64 hexadecimal digits.
std::string owner_id(std::string_view account);

}  // namespace weir::api::s3
