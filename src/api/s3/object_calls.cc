// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/access.h"
#include "api/s3/parse.h"
#include "objects/lifecycle.h"
#include "wire/text.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

using objects::ObjectInfo;

/// Smaller answers are read into memory: opening the file twice would cost more.
constexpr std::uint64_t kInMemoryBytesMax = 256u << 10;

wire::HttpResponse empty_answer(int status) {
  wire::HttpResponse response;
  response.status = status;
  return response;
}

void add_version(wire::HttpResponse& response, const Call& call, std::string_view version_id) {
  const auto bucket = call.objects.any_bucket(call.bucket);
  const bool has_versions = bucket && (*bucket)->version_mode() != objects::VersionMode::off;
  if (has_versions) response.headers.add("x-amz-version-id", std::string(version_id));
}

void add_lock(wire::HttpResponse& response, const ObjectInfo& object) {
  if (object.retention) {
    response.headers.add("x-amz-object-lock-mode", object.retention->mode);
    response.headers.add("x-amz-object-lock-retain-until-date",
                         to_iso8601(object.retention->until));
  }
  if (object.legal_hold) {
    response.headers.add("x-amz-object-lock-legal-hold", *object.legal_hold ? "ON" : "OFF");
  }
}

/// When the lifecycle rules of the bucket end the object.
void add_expiration(wire::HttpResponse& response, const Call& call, const ObjectInfo& object) {
  const auto bucket = call.objects.any_bucket(call.bucket);
  if (!bucket || !(*bucket)->settings.lifecycle || !object.is_latest) return;
  const auto expiry = objects::expiry_of(*(*bucket)->settings.lifecycle, object);
  if (!expiry) return;
  response.headers.add("x-amz-expiration", "expiry-date=\"" + http_date(expiry->at) +
                                               "\", rule-id=\"" +
                                               wire::percent_encode(expiry->rule_id) + '"');
}

void add_checksum(wire::HttpResponse& response, const ObjectInfo& object) {
  if (!object.checksum) return;
  response.headers.add(checksum_header(object.checksum->algorithm), object.checksum->value);
  response.headers.add("x-amz-checksum-type",
                       object.checksum->is_composite ? "COMPOSITE" : "FULL_OBJECT");
}

void add_validators(wire::HttpResponse& response, const ObjectInfo& object) {
  response.headers.add("ETag", quoted_etag(object.etag));
  response.headers.add("Last-Modified", http_date(object.last_modified));
}

/// `response-content-type` in the query wins over what is stored.
void add_stored(wire::HttpResponse& response, const Call& call, std::string_view name,
                std::string_view stored) {
  const std::string in_query = "response-" + wire::to_lower(name);
  const auto wanted = call.http.query_value(in_query);
  const std::string_view value = wanted ? *wanted : stored;
  if (!value.empty()) response.headers.add(std::string(name), std::string(value));
}

void add_attributes(wire::HttpResponse& response, const Call& call,
                    const objects::Attributes& stored) {
  add_stored(response, call, "Content-Type",
             stored.content_type.empty() ? "binary/octet-stream" : stored.content_type);
  add_stored(response, call, "Cache-Control", stored.cache_control);
  add_stored(response, call, "Content-Disposition", stored.content_disposition);
  add_stored(response, call, "Content-Encoding", stored.content_encoding);
  add_stored(response, call, "Content-Language", stored.content_language);
  add_stored(response, call, "Expires", stored.expires);
  for (const auto& [name, value] : stored.metadata)
    response.headers.add("x-amz-meta-" + name, value);
  if (!stored.tags.empty())
    response.headers.add("x-amz-tagging-count", std::to_string(stored.tags.size()));
}

struct Selection {
  objects::ByteRange bytes;
  bool is_partial = false;
};

/// What `partNumber` or `Range` selects.
Result<Selection> select(const Call& call, const ObjectInfo& object) {
  if (call.has("partNumber")) {
    WEIR_TRY(const int number,
             number_in_query(call, "partNumber", 1, 1, objects::Objects::kPartsMax));
    const auto index = static_cast<std::size_t>(number - 1);
    if (object.part_sizes.empty() && number == 1) return Selection{{0, object.size}, true};
    if (index >= object.part_sizes.size()) {
      return Error{ErrorKind::invalid,
                   "InvalidPartNumber",
                   "The requested partnumber is not satisfiable",
                   {{"PartNumberRequested", std::to_string(number)},
                    {"ActualPartCount",
                     std::to_string(std::max<std::size_t>(1, object.part_sizes.size()))}}};
    }
    Selection part{{0, object.part_sizes[index]}, true};
    for (std::size_t i = 0; i < index; ++i) part.bytes.offset += object.part_sizes[i];
    return part;
  }
  const auto range = parse_range(call.header("Range"));
  if (!range) return Selection{{0, object.size}, false};
  WEIR_TRY(const objects::ByteRange bytes, resolve(*range, object.size));
  return Selection{bytes, true};
}

/// Everything of a GET but the body.
Result<wire::HttpResponse> describe(const Call& call, const ObjectInfo& object,
                                    Selection& selected) {
  switch (check(read_conditions(call), object)) {
    case objects::ConditionVerdict::failed:
      return Error{
          ErrorKind::conflict,
          "PreconditionFailed",
          "At least one of the pre-conditions you specified did not hold",
          {{"Condition", call.header("If-Match").empty() ? "If-Unmodified-Since" : "If-Match"}}};
    case objects::ConditionVerdict::not_modified: {
      wire::HttpResponse response = empty_answer(304);
      add_validators(response, object);
      return response;
    }
    case objects::ConditionVerdict::holds:
      break;
  }
  WEIR_TRY(selected, select(call, object));
  wire::HttpResponse response = empty_answer(selected.is_partial ? 206 : 200);
  add_validators(response, object);
  add_attributes(response, call, object.attributes);
  add_version(response, call, object.shown_version());
  add_lock(response, object);
  add_expiration(response, call, object);
  response.headers.add("Accept-Ranges", "bytes");
  if (selected.is_partial && selected.bytes.length > 0) {
    const std::uint64_t last = selected.bytes.offset + selected.bytes.length - 1;
    response.headers.add("Content-Range", "bytes " + std::to_string(selected.bytes.offset) + '-' +
                                              std::to_string(last) + '/' +
                                              std::to_string(object.size));
  }
  if (call.has("partNumber") && !object.part_sizes.empty()) {
    response.headers.add("x-amz-mp-parts-count", std::to_string(object.part_sizes.size()));
  }
  const bool is_whole = selected.bytes.length == object.size;
  if (is_whole && wire::equals_ignoring_case(call.header("x-amz-checksum-mode"), "ENABLED")) {
    add_checksum(response, object);
  }
  return response;
}

Result<objects::PutOptions> put_options(const Call& call) {
  objects::PutOptions options;
  WEIR_TRY(options.attributes, attributes(call));
  WEIR_TRY(options.checksum, checksum(call));
  options.content_md5 = call.header("Content-MD5");
  WEIR_TRY(options.retention, retention_header(call));
  WEIR_TRY(options.legal_hold, legal_hold_header(call));
  options.requester = call.requester();
  if (const auto etag = call.http.headers.find("If-Match")) options.if_match = std::string(*etag);
  if (const auto none = call.http.headers.find("If-None-Match")) {
    if (*none != "*") {
      return Error{ErrorKind::invalid,
                   "NotImplemented",
                   "A header you provided implies functionality that is not implemented",
                   {{"Header", "If-None-Match"}}};
    }
    options.if_none_match = true;
  }
  return options;
}

void write_checksum(wire::XmlWriter& xml, const std::optional<objects::Checksum>& checksum) {
  if (!checksum) return;
  xml.element("Checksum" + std::string(to_string(checksum->algorithm)), checksum->value);
  xml.element("ChecksumType", checksum->is_composite ? "COMPOSITE" : "FULL_OBJECT");
}

}  // namespace

Answer put_object(Call& call) {
  WEIR_TRY(objects::PutOptions options, put_options(call));
  const bool is_locked = options.retention || options.legal_hold;
  if (is_locked && !options.checksum && options.content_md5.empty()) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests "
                 "with Object Lock parameters"};
  }
  WEIR_TRY(const ObjectInfo stored, call.objects.put(call.scope(), call.bucket, call.key,
                                                     put_source(call), std::move(options)));
  wire::HttpResponse response = empty_answer(200);
  response.headers.add("ETag", quoted_etag(stored.etag));
  add_checksum(response, stored);
  add_version(response, call, stored.shown_version());
  add_expiration(response, call, stored);
  return response;
}

Answer copy_object(Call& call) {
  WEIR_TRY(const CopySource source, copy_source(call));
  WEIR_TRY(const Scope scope, copy_scope(call, source));
  WEIR_TRY(objects::PutOptions options, put_options(call));
  std::optional<objects::Attributes> replaced;
  const bool replaces_metadata =
      wire::equals_ignoring_case(call.header("x-amz-metadata-directive"), "REPLACE");
  const bool replaces_tags =
      wire::equals_ignoring_case(call.header("x-amz-tagging-directive"), "REPLACE");
  if (replaces_metadata || replaces_tags) {
    WEIR_TRY(const ObjectInfo present,
             call.objects.head(scope, source.bucket, source.key, source.version_id));
    replaced = replaces_metadata ? options.attributes : present.attributes;
    replaced->tags = replaces_tags ? options.attributes.tags : present.attributes.tags;
  }
  if (const auto algorithm = objects::checksum_algorithm(call.header("x-amz-checksum-algorithm"))) {
    options.checksum = objects::Checksum{*algorithm, "", false};
  }
  WEIR_TRY(const ObjectInfo copied,
           call.objects.copy(scope, source.bucket, source.key, call.bucket, call.key,
                             copy_conditions(call), std::move(replaced), std::move(options),
                             source.version_id));
  wire::XmlWriter xml;
  xml.open("CopyObjectResult", {{"xmlns", kNamespace}});
  xml.element("ETag", quoted_etag(copied.etag));
  xml.element("LastModified", to_iso8601(copied.last_modified));
  write_checksum(xml, copied.checksum);
  xml.close();
  wire::HttpResponse response = xml_answer(xml.take());
  add_version(response, call, copied.shown_version());
  if (!source.version_id.empty()) {
    response.headers.add("x-amz-copy-source-version-id", source.version_id);
  }
  add_expiration(response, call, copied);
  return response;
}

Answer get_object(Call& call) {
  WEIR_TRY(const auto object,
           call.objects.open(call.scope(), call.bucket, call.key, call.version()));
  Selection selected;
  WEIR_TRY(wire::HttpResponse response, describe(call, object->info(), selected));
  if (response.status == 304) return response;
  if (selected.bytes.length <= kInMemoryBytesMax) {
    WEIR_TRY(response.body, object->read(selected.bytes.offset, selected.bytes.length));
  } else {
    response.body =
        wire::FileBody{object->path(), selected.bytes.offset, selected.bytes.length, object};
  }
  return response;
}

Answer head_object(Call& call) {
  WEIR_TRY(const ObjectInfo object,
           call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  Selection selected;
  WEIR_TRY(wire::HttpResponse response, describe(call, object, selected));
  if (response.status != 304)
    response.headers.add("Content-Length", std::to_string(selected.bytes.length));
  return response;
}

Answer delete_object(Call& call) {
  objects::RemoveOptions options;
  options.version_id = call.version();
  options.bypasses_governance = bypasses_governance(call);
  options.requester = call.requester();
  if (const auto etag = call.http.headers.find("If-Match")) options.if_match = std::string(*etag);
  if (options.bypasses_governance) {
    WEIR_CHECK(authorize(call, "s3:BypassGovernanceRetention", call.bucket, call.key));
  }
  WEIR_TRY(const objects::Removed removed,
           call.objects.remove(call.scope(), call.bucket, call.key, options));
  wire::HttpResponse response = empty_answer(204);
  if (removed.is_delete_marker) response.headers.add("x-amz-delete-marker", "true");
  if (!removed.version_id.empty()) add_version(response, call, removed.version_id);
  return response;
}

namespace {

Result<objects::Removed> delete_one(const Call& call, const ObjectsToDelete::Item& item) {
  const bool has_version = !item.version_id.empty();
  WEIR_CHECK(authorize(call, has_version ? "s3:DeleteObjectVersion" : "s3:DeleteObject",
                       call.bucket, item.key));
  objects::RemoveOptions options;
  options.version_id = item.version_id;
  options.if_match = item.etag;
  options.bypasses_governance = bypasses_governance(call);
  if (options.bypasses_governance) {
    WEIR_CHECK(authorize(call, "s3:BypassGovernanceRetention", call.bucket, item.key));
  }
  options.requester = call.requester();
  return call.objects.remove(call.scope(), call.bucket, item.key, options);
}

void write_deleted(wire::XmlWriter& xml, const ObjectsToDelete::Item& item,
                   const Result<objects::Removed>& removed) {
  xml.open(removed ? "Deleted" : "Error");
  xml.element("Key", item.key);
  if (!item.version_id.empty()) xml.element("VersionId", item.version_id);
  if (!removed) {
    xml.element("Code", removed.error().code);
    xml.element("Message", removed.error().message);
  } else if (removed->is_delete_marker) {
    xml.element("DeleteMarker", true);
    xml.element("DeleteMarkerVersionId", removed->version_id);
  }
  xml.close();
}

}  // namespace

Answer delete_objects(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(const bool is_digested, check_body_digest(call, body));
  if (!is_digested) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Missing required header for this request: Content-MD5"};
  }
  WEIR_TRY(const ObjectsToDelete wanted, parse_objects_to_delete(body));
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  wire::XmlWriter xml;
  xml.open("DeleteResult", {{"xmlns", kNamespace}});
  for (const auto& item : wanted.items) {
    const auto removed = delete_one(call, item);
    if (removed && wanted.is_quiet) continue;
    write_deleted(xml, item, removed);
  }
  xml.close();
  return xml_answer(xml.take());
}

Answer get_object_tagging(Call& call) {
  WEIR_TRY(const ObjectInfo object,
           call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  wire::XmlWriter xml;
  xml.open("Tagging", {{"xmlns", kNamespace}});
  xml.open("TagSet");
  for (const auto& [key, value] : object.attributes.tags) {
    xml.open("Tag");
    xml.element("Key", key);
    xml.element("Value", value);
    xml.close();
  }
  xml.close();
  xml.close();
  wire::HttpResponse response = xml_answer(xml.take());
  add_version(response, call, object.shown_version());
  return response;
}

Answer put_object_tagging(Call& call) {
  constexpr std::size_t kObjectTagsMax = 10;
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(auto tags, parse_tagging(body, kObjectTagsMax));
  WEIR_TRY(const ObjectInfo changed,
           call.objects.set_tags(call.scope(), call.bucket, call.key, std::move(tags),
                                 call.version(), call.requester()));
  wire::HttpResponse response = empty_answer(200);
  add_version(response, call, changed.shown_version());
  return response;
}

Answer delete_object_tagging(Call& call) {
  WEIR_TRY(const ObjectInfo changed, call.objects.set_tags(call.scope(), call.bucket, call.key, {},
                                                           call.version(), call.requester()));
  wire::HttpResponse response = empty_answer(204);
  add_version(response, call, changed.shown_version());
  return response;
}

Answer get_object_attributes(Call& call) {
  WEIR_TRY(const ObjectInfo object,
           call.objects.head(call.scope(), call.bucket, call.key, call.version()));
  const std::string wanted = ',' + wire::to_lower(call.header("x-amz-object-attributes")) + ',';
  const auto wants = [&](std::string_view name) { return wanted.find(name) != std::string::npos; };
  wire::XmlWriter xml;
  xml.open("GetObjectAttributesResponse", {{"xmlns", kNamespace}});
  if (wants("etag")) xml.element("ETag", object.etag);
  if (wants("checksum") && object.checksum) {
    xml.open("Checksum");
    write_checksum(xml, object.checksum);
    xml.close();
  }
  if (wants("objectparts") && !object.part_sizes.empty()) {
    xml.open("ObjectParts");
    xml.element("PartsCount", static_cast<std::int64_t>(object.part_sizes.size()));
    xml.close();
  }
  if (wants("storageclass")) xml.element("StorageClass", "STANDARD");
  if (wants("objectsize")) xml.element("ObjectSize", static_cast<std::int64_t>(object.size));
  xml.close();
  wire::HttpResponse response = xml_answer(xml.take());
  response.headers.add("Last-Modified", http_date(object.last_modified));
  add_version(response, call, object.shown_version());
  return response;
}

}  // namespace weir::api::s3
