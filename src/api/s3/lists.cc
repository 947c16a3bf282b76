// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/parse.h"
#include "base/base64.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

using objects::Listing;
using objects::ListQuery;
using objects::ObjectInfo;

constexpr int kKeysMax = static_cast<int>(ListQuery::kKeysMax);

/// Keys may hold what XML cannot: clients ask for `encoding-type=url` then.
class Encoder {
 public:
  static Result<Encoder> make(const Call& call) {
    const std::string type = call.query("encoding-type");
    if (type.empty() || type == "url") return Encoder(type == "url");
    return invalid_argument("Invalid Encoding Method specified in Request", "encoding-type", type);
  }
  std::string operator()(std::string_view text) const {
    return is_url_ ? wire::percent_encode(text, true) : std::string(text);
  }
  void write(wire::XmlWriter& xml) const {
    if (is_url_) xml.element("EncodingType", "url");
  }

 private:
  explicit Encoder(bool is_url) : is_url_(is_url) {}
  bool is_url_;
};

/// Where a page ended; opaque to the client.
std::string continuation_token(const Listing& listing) {
  return base64_encode((listing.next_is_prefix ? 'p' : 'k') + listing.next_after);
}

Result<void> continue_at(ListQuery& query, const std::string& token) {
  const auto text = base64_decode(token);
  if (!text || text->empty() || (text->front() != 'p' && text->front() != 'k')) {
    return invalid_argument("The continuation token provided is incorrect", "continuation-token",
                            token);
  }
  query.after = text->substr(1);
  query.skip_after_prefix = text->front() == 'p';
  return {};
}

/// After a page of version 1 the client goes on at the last key or common prefix it got.
void continue_at_marker(ListQuery& query, const std::string& marker) {
  query.after = marker;
  query.skip_after_prefix = !query.delimiter.empty() && marker.size() > query.prefix.size() &&
                            marker.ends_with(query.delimiter);
}

Result<ListQuery> read_query(const Call& call) {
  ListQuery query;
  query.prefix = call.query("prefix");
  query.delimiter = call.query("delimiter");
  WEIR_TRY(const int max, number_in_query(call, "max-keys", kKeysMax, 0, kKeysMax));
  query.max_keys = static_cast<std::size_t>(max);
  return query;
}

void write_owner(wire::XmlWriter& xml, const Call& call) {
  xml.open("Owner");
  xml.element("ID", owner_id(call.scope().account));
  xml.close();
}

void write_object(wire::XmlWriter& xml, const Encoder& encode, const ObjectInfo& object) {
  xml.element("Key", encode(object.key));
  xml.element("LastModified", to_iso8601(object.last_modified));
  xml.element("ETag", quoted_etag(object.etag));
  if (object.checksum) {
    xml.element("ChecksumAlgorithm", to_string(object.checksum->algorithm));
    xml.element("ChecksumType", object.checksum->is_composite ? "COMPOSITE" : "FULL_OBJECT");
  }
  xml.element("Size", static_cast<std::int64_t>(object.size));
  xml.element("StorageClass", "STANDARD");
}

void write_contents(wire::XmlWriter& xml, const Call& call, const Encoder& encode,
                    const Listing& listing, bool with_owner) {
  for (const ObjectInfo& object : listing.objects) {
    xml.open("Contents");
    write_object(xml, encode, object);
    if (with_owner) write_owner(xml, call);
    xml.close();
  }
}

void write_prefixes(wire::XmlWriter& xml, const Encoder& encode, const Listing& listing) {
  for (const std::string& prefix : listing.common_prefixes) {
    xml.open("CommonPrefixes");
    xml.element("Prefix", encode(prefix));
    xml.close();
  }
}

void write_head(wire::XmlWriter& xml, const Call& call, const Encoder& encode,
                const ListQuery& query) {
  xml.element("Name", call.bucket);
  xml.element("Prefix", encode(query.prefix));
  if (!query.delimiter.empty()) xml.element("Delimiter", encode(query.delimiter));
  xml.element("MaxKeys", static_cast<std::int64_t>(query.max_keys));
  encode.write(xml);
}

}  // namespace

Answer list_objects_v2(Call& call) {
  WEIR_TRY(ListQuery query, read_query(call));
  WEIR_TRY(const Encoder encode, Encoder::make(call));
  const std::string token = call.query("continuation-token");
  query.after = call.query("start-after");
  if (call.has("continuation-token")) WEIR_CHECK(continue_at(query, token));
  WEIR_TRY(const Listing listing, call.objects.list(call.scope(), call.bucket, query));
  wire::XmlWriter xml;
  xml.open("ListBucketResult", {{"xmlns", kNamespace}});
  write_head(xml, call, encode, query);
  xml.element("KeyCount",
              static_cast<std::int64_t>(listing.objects.size() + listing.common_prefixes.size()));
  xml.element("IsTruncated", listing.is_truncated);
  if (!token.empty()) xml.element("ContinuationToken", token);
  if (listing.is_truncated) xml.element("NextContinuationToken", continuation_token(listing));
  if (call.has("start-after")) xml.element("StartAfter", encode(call.query("start-after")));
  write_contents(xml, call, encode, listing, call.query("fetch-owner") == "true");
  write_prefixes(xml, encode, listing);
  xml.close();
  return xml_answer(xml.take());
}

Answer list_objects(Call& call) {
  WEIR_TRY(ListQuery query, read_query(call));
  WEIR_TRY(const Encoder encode, Encoder::make(call));
  const std::string marker = call.query("marker");
  continue_at_marker(query, marker);
  WEIR_TRY(const Listing listing, call.objects.list(call.scope(), call.bucket, query));
  wire::XmlWriter xml;
  xml.open("ListBucketResult", {{"xmlns", kNamespace}});
  write_head(xml, call, encode, query);
  xml.element("Marker", encode(marker));
  if (listing.is_truncated && !query.delimiter.empty())
    xml.element("NextMarker", encode(listing.next_after));
  xml.element("IsTruncated", listing.is_truncated);
  write_contents(xml, call, encode, listing, true);
  write_prefixes(xml, encode, listing);
  xml.close();
  return xml_answer(xml.take());
}

Answer list_object_versions(Call& call) {
  WEIR_TRY(const ListQuery read, read_query(call));
  WEIR_TRY(const Encoder encode, Encoder::make(call));
  ListQuery marked = read;
  const std::string marker = call.query("key-marker");
  const std::string version_marker = call.query("version-id-marker");
  if (marker.empty() && !version_marker.empty()) {
    return invalid_argument("A version-id marker cannot be specified without a key marker.",
                            "version-id-marker", version_marker);
  }
  continue_at_marker(marked, marker);
  objects::VersionQuery query;
  query.prefix = read.prefix;
  query.delimiter = read.delimiter;
  query.key_marker = marker;
  query.version_id_marker = version_marker;
  query.skip_after_prefix = marked.skip_after_prefix && version_marker.empty();
  query.max_keys = read.max_keys;
  WEIR_TRY(const objects::VersionListing listing,
           call.objects.versions(call.scope(), call.bucket, query));
  wire::XmlWriter xml;
  xml.open("ListVersionsResult", {{"xmlns", kNamespace}});
  write_head(xml, call, encode, read);
  xml.element("KeyMarker", encode(marker));
  xml.element("VersionIdMarker", version_marker);
  if (listing.is_truncated) {
    xml.element("NextKeyMarker", encode(listing.next_key));
    if (!listing.next_version_id.empty()) {
      xml.element("NextVersionIdMarker", listing.next_version_id);
    }
  }
  xml.element("IsTruncated", listing.is_truncated);
  for (const ObjectInfo& version : listing.versions) {
    xml.open(version.is_delete_marker ? "DeleteMarker" : "Version");
    if (version.is_delete_marker) {
      xml.element("Key", encode(version.key));
      xml.element("LastModified", to_iso8601(version.last_modified));
    } else {
      write_object(xml, encode, version);
    }
    xml.element("VersionId", version.shown_version());
    xml.element("IsLatest", version.is_latest);
    write_owner(xml, call);
    xml.close();
  }
  Listing prefixes;
  prefixes.common_prefixes = listing.common_prefixes;
  write_prefixes(xml, encode, prefixes);
  xml.close();
  return xml_answer(xml.take());
}

}  // namespace weir::api::s3
