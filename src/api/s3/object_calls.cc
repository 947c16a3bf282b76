// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/parse.h"
#include "objects/digest.h"
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

/// Only unversioned objects are kept; their version is called `null`.
Result<void> check_version(const Call& call) {
  const auto version = call.http.query_value("versionId");
  if (!version || *version == "null") return {};
  return invalid_argument("Invalid version id specified", "versionId", *version);
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
  WEIR_TRY(const ObjectInfo stored, call.objects.put(call.scope(), call.bucket, call.key,
                                                     put_source(call), std::move(options)));
  wire::HttpResponse response = empty_answer(200);
  response.headers.add("ETag", quoted_etag(stored.etag));
  add_checksum(response, stored);
  return response;
}

Answer copy_object(Call& call) {
  WEIR_TRY(const CopySource source, copy_source(call));
  WEIR_TRY(objects::PutOptions options, put_options(call));
  std::optional<objects::Attributes> replaced;
  const bool replaces_metadata =
      wire::equals_ignoring_case(call.header("x-amz-metadata-directive"), "REPLACE");
  const bool replaces_tags =
      wire::equals_ignoring_case(call.header("x-amz-tagging-directive"), "REPLACE");
  if (replaces_metadata || replaces_tags) {
    WEIR_TRY(const ObjectInfo present, call.objects.head(call.scope(), source.bucket, source.key));
    replaced = replaces_metadata ? options.attributes : present.attributes;
    replaced->tags = replaces_tags ? options.attributes.tags : present.attributes.tags;
  }
  if (const auto algorithm = objects::checksum_algorithm(call.header("x-amz-checksum-algorithm"))) {
    options.checksum = objects::Checksum{*algorithm, "", false};
  }
  WEIR_TRY(const ObjectInfo copied,
           call.objects.copy(call.scope(), source.bucket, source.key, call.bucket, call.key,
                             copy_conditions(call), std::move(replaced), std::move(options)));
  wire::XmlWriter xml;
  xml.open("CopyObjectResult", {{"xmlns", kNamespace}});
  xml.element("ETag", quoted_etag(copied.etag));
  xml.element("LastModified", to_iso8601(copied.last_modified));
  write_checksum(xml, copied.checksum);
  xml.close();
  return xml_answer(xml.take());
}

Answer get_object(Call& call) {
  WEIR_CHECK(check_version(call));
  WEIR_TRY(const auto object, call.objects.open(call.scope(), call.bucket, call.key));
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
  WEIR_CHECK(check_version(call));
  WEIR_TRY(const ObjectInfo object, call.objects.head(call.scope(), call.bucket, call.key));
  Selection selected;
  WEIR_TRY(wire::HttpResponse response, describe(call, object, selected));
  if (response.status != 304)
    response.headers.add("Content-Length", std::to_string(selected.bytes.length));
  return response;
}

Answer delete_object(Call& call) {
  WEIR_CHECK(check_version(call));
  std::optional<std::string> if_match;
  if (const auto etag = call.http.headers.find("If-Match")) if_match = std::string(*etag);
  WEIR_CHECK(call.objects.remove(call.scope(), call.bucket, call.key, if_match));
  return empty_answer(204);
}

Answer delete_objects(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(const auto said, checksum(call));
  const std::string_view content_md5 = call.header("Content-MD5");
  if (content_md5.empty() && !said) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Missing required header for this request: Content-MD5"};
  }
  objects::Digester digester(true, said ? std::optional(said->algorithm) : std::nullopt);
  digester.add(body);
  WEIR_CHECK(objects::verify_digests(digester.md5_hex(),
                                     said ? std::optional(digester.checksum()) : std::nullopt, said,
                                     content_md5));
  WEIR_TRY(const ObjectsToDelete wanted, parse_objects_to_delete(body));
  WEIR_CHECK(call.objects.bucket(call.scope(), call.bucket));
  wire::XmlWriter xml;
  xml.open("DeleteResult", {{"xmlns", kNamespace}});
  for (const auto& item : wanted.items) {
    const bool is_version = !item.version_id.empty() && item.version_id != "null";
    const Result<void> removed =
        is_version ? Result<void>(Error{ErrorKind::not_found, "NoSuchVersion",
                                        "The specified version does not exist."})
                   : call.objects.remove(call.scope(), call.bucket, item.key, item.etag);
    if (removed && wanted.is_quiet) continue;
    xml.open(removed ? "Deleted" : "Error");
    xml.element("Key", item.key);
    if (!item.version_id.empty()) xml.element("VersionId", item.version_id);
    if (!removed) {
      xml.element("Code", removed.error().code);
      xml.element("Message", removed.error().message);
    }
    xml.close();
  }
  xml.close();
  return xml_answer(xml.take());
}

Answer get_object_tagging(Call& call) {
  WEIR_TRY(const ObjectInfo object, call.objects.head(call.scope(), call.bucket, call.key));
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
  return xml_answer(xml.take());
}

Answer put_object_tagging(Call& call) {
  constexpr std::size_t kObjectTagsMax = 10;
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(auto tags, parse_tagging(body, kObjectTagsMax));
  WEIR_CHECK(call.objects.set_tags(call.scope(), call.bucket, call.key, std::move(tags)));
  return empty_answer(200);
}

Answer delete_object_tagging(Call& call) {
  WEIR_CHECK(call.objects.set_tags(call.scope(), call.bucket, call.key, {}));
  return empty_answer(204);
}

Answer get_object_attributes(Call& call) {
  WEIR_TRY(const ObjectInfo object, call.objects.head(call.scope(), call.bucket, call.key));
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
  return response;
}

}  // namespace weir::api::s3
