// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "api/s3/parse.h"
#include "wire/text.h"
#include "wire/xml.h"

namespace weir::api::s3 {
namespace {

using objects::Part;
using objects::Upload;

Result<int> part_number(const Call& call) {
  // Bounds and text are the store's.
  const std::string text = call.query("partNumber");
  if (text.empty() || text.size() > 6 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    return invalid_argument("Part number must be an integer between 1 and 10000, inclusive",
                            "partNumber", text);
  }
  return std::stoi(text);
}

/// `bytes=2-4`: both ends must be there.
Result<std::optional<objects::ByteRange>> copy_range(const Call& call) {
  const std::string_view header = call.header("x-amz-copy-source-range");
  if (header.empty()) return std::optional<objects::ByteRange>();
  const auto range = parse_range(header);
  if (!range || !range->first || !range->last) {
    return invalid_argument(
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and "
        "last are the zero-based offsets of the first and last bytes to copy",
        "x-amz-copy-source-range", header);
  }
  return std::optional(objects::ByteRange{*range->first, *range->last - *range->first + 1});
}

void write_person(wire::XmlWriter& xml, std::string_view name, const Call& call) {
  xml.open(name);
  xml.element("ID", owner_id(call.scope().account));
  xml.close();
}

void write_checksum(wire::XmlWriter& xml, const std::optional<objects::Checksum>& checksum) {
  if (checksum)
    xml.element("Checksum" + std::string(to_string(checksum->algorithm)), checksum->value);
}

/// A checksum of the whole object may come with its type, and is composite if its value says so.
Result<objects::CompleteOptions> complete_options(const Call& call) {
  objects::CompleteOptions options;
  WEIR_TRY(options.checksum, checksum(call));
  if (options.checksum) {
    options.checksum->is_composite =
        options.checksum->value.find('-') != std::string::npos ||
        wire::equals_ignoring_case(call.header("x-amz-checksum-type"), "COMPOSITE");
  }
  if (const auto size = call.http.headers.find("x-amz-mp-object-size")) {
    if (size->empty() || size->size() > 18 ||
        size->find_first_not_of("0123456789") != std::string_view::npos) {
      return invalid_argument("The x-amz-mp-object-size header is not a number",
                              "x-amz-mp-object-size", *size);
    }
    options.object_size = std::stoull(std::string(*size));
  }
  if (const auto etag = call.http.headers.find("If-Match")) options.if_match = std::string(*etag);
  options.if_none_match = call.header("If-None-Match") == "*";
  options.requester = call.requester();
  return options;
}

}  // namespace

Answer create_multipart_upload(Call& call) {
  WEIR_TRY(objects::Attributes attached, attributes(call));
  const std::string_view name = call.header("x-amz-checksum-algorithm");
  const auto algorithm = objects::checksum_algorithm(name);
  if (!name.empty() && !algorithm) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Checksum algorithm provided is unsupported. Please try again "
                 "with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"};
  }
  const bool is_whole =
      wire::equals_ignoring_case(call.header("x-amz-checksum-type"), "FULL_OBJECT");
  WEIR_TRY(auto retention, retention_header(call));
  WEIR_TRY(const auto legal_hold, legal_hold_header(call));
  WEIR_TRY(const Upload upload,
           call.objects.create_upload(call.scope(), call.bucket, call.key, std::move(attached),
                                      algorithm, is_whole, std::move(retention), legal_hold));
  wire::XmlWriter xml;
  xml.open("InitiateMultipartUploadResult", {{"xmlns", kNamespace}});
  xml.element("Bucket", call.bucket);
  xml.element("Key", call.key);
  xml.element("UploadId", upload.id);
  xml.close();
  wire::HttpResponse response = xml_answer(xml.take());
  if (upload.checksum_algorithm) {
    response.headers.add("x-amz-checksum-algorithm",
                         std::string(to_string(*upload.checksum_algorithm)));
    response.headers.add("x-amz-checksum-type",
                         upload.is_full_object_checksum ? "FULL_OBJECT" : "COMPOSITE");
  }
  return response;
}

Answer upload_part(Call& call) {
  WEIR_TRY(const int number, part_number(call));
  WEIR_TRY(auto said, checksum(call));
  WEIR_TRY(const Part part, call.objects.put_part(call.scope(), call.bucket, call.key,
                                                  call.query("uploadId"), number, put_source(call),
                                                  std::move(said), call.header("Content-MD5")));
  wire::HttpResponse response;
  response.headers.add("ETag", quoted_etag(part.etag));
  if (part.checksum)
    response.headers.add(checksum_header(part.checksum->algorithm), part.checksum->value);
  return response;
}

Answer upload_part_copy(Call& call) {
  WEIR_TRY(const int number, part_number(call));
  WEIR_TRY(const CopySource source, copy_source(call));
  WEIR_TRY(const auto range, copy_range(call));
  WEIR_TRY(const Scope scope, copy_scope(call, source));
  WEIR_TRY(const Part part,
           call.objects.copy_part(scope, source.bucket, source.key, range, copy_conditions(call),
                                  call.bucket, call.key, call.query("uploadId"), number,
                                  source.version_id));
  wire::XmlWriter xml;
  xml.open("CopyPartResult", {{"xmlns", kNamespace}});
  xml.element("ETag", quoted_etag(part.etag));
  xml.element("LastModified", to_iso8601(part.last_modified));
  write_checksum(xml, part.checksum);
  xml.close();
  return xml_answer(xml.take());
}

Answer complete_multipart_upload(Call& call) {
  WEIR_TRY(const std::string body, body_text(call));
  WEIR_TRY(const auto parts, parse_completed_parts(body));
  WEIR_TRY(objects::CompleteOptions options, complete_options(call));
  WEIR_TRY(const objects::ObjectInfo object,
           call.objects.complete_upload(call.scope(), call.bucket, call.key, call.query("uploadId"),
                                        parts, std::move(options)));
  wire::XmlWriter xml;
  xml.open("CompleteMultipartUploadResult", {{"xmlns", kNamespace}});
  xml.element("Location", call.http.caller.endpoint + '/' + call.bucket + '/' +
                              wire::percent_encode(call.key, true));
  xml.element("Bucket", call.bucket);
  xml.element("Key", call.key);
  xml.element("ETag", quoted_etag(object.etag));
  write_checksum(xml, object.checksum);
  if (object.checksum)
    xml.element("ChecksumType", object.checksum->is_composite ? "COMPOSITE" : "FULL_OBJECT");
  xml.close();
  wire::HttpResponse response = xml_answer(xml.take());
  if (!object.version_id.empty()) {
    response.headers.add("x-amz-version-id", object.version_id);
  }
  return response;
}

Answer abort_multipart_upload(Call& call) {
  WEIR_CHECK(
      call.objects.abort_upload(call.scope(), call.bucket, call.key, call.query("uploadId")));
  wire::HttpResponse response;
  response.status = 204;
  return response;
}

Answer list_parts(Call& call) {
  constexpr int kPartsPageMax = 1000;
  WEIR_TRY(const int max, number_in_query(call, "max-parts", kPartsPageMax, 0, kPartsPageMax));
  WEIR_TRY(const int after,
           number_in_query(call, "part-number-marker", 0, 0, objects::Objects::kPartsMax));
  const std::string id = call.query("uploadId");
  WEIR_TRY(const Upload upload, call.objects.upload(call.scope(), call.bucket, call.key, id));
  WEIR_TRY(std::vector<Part> parts, call.objects.parts(call.scope(), call.bucket, call.key, id));
  std::erase_if(parts, [&](const Part& part) { return part.number <= after; });
  const bool is_truncated = parts.size() > static_cast<std::size_t>(max);
  if (is_truncated) parts.resize(static_cast<std::size_t>(max));
  wire::XmlWriter xml;
  xml.open("ListPartsResult", {{"xmlns", kNamespace}});
  xml.element("Bucket", call.bucket);
  xml.element("Key", call.key);
  xml.element("UploadId", id);
  write_person(xml, "Initiator", call);
  write_person(xml, "Owner", call);
  xml.element("StorageClass", "STANDARD");
  xml.element("PartNumberMarker", static_cast<std::int64_t>(after));
  xml.element("NextPartNumberMarker",
              static_cast<std::int64_t>(parts.empty() ? 0 : parts.back().number));
  xml.element("MaxParts", static_cast<std::int64_t>(max));
  xml.element("IsTruncated", is_truncated);
  if (upload.checksum_algorithm) {
    xml.element("ChecksumAlgorithm", to_string(*upload.checksum_algorithm));
    xml.element("ChecksumType", upload.is_full_object_checksum ? "FULL_OBJECT" : "COMPOSITE");
  }
  for (const Part& part : parts) {
    xml.open("Part");
    xml.element("PartNumber", static_cast<std::int64_t>(part.number));
    xml.element("LastModified", to_iso8601(part.last_modified));
    xml.element("ETag", quoted_etag(part.etag));
    xml.element("Size", static_cast<std::int64_t>(part.size));
    write_checksum(xml, part.checksum);
    xml.close();
  }
  xml.close();
  return xml_answer(xml.take());
}

Answer list_multipart_uploads(Call& call) {
  constexpr int kUploadsPageMax = 1000;
  WEIR_TRY(const int max,
           number_in_query(call, "max-uploads", kUploadsPageMax, 1, kUploadsPageMax));
  const bool is_url = call.query("encoding-type") == "url";
  const auto encode = [&](std::string_view text) {
    return is_url ? wire::percent_encode(text, true) : std::string(text);
  };
  objects::UploadQuery query{call.query("prefix"), call.query("key-marker"),
                             call.query("upload-id-marker"), static_cast<std::size_t>(max)};
  WEIR_TRY(const objects::UploadListing listing,
           call.objects.uploads(call.scope(), call.bucket, query));
  wire::XmlWriter xml;
  xml.open("ListMultipartUploadsResult", {{"xmlns", kNamespace}});
  xml.element("Bucket", call.bucket);
  xml.element("KeyMarker", encode(query.key_marker));
  xml.element("UploadIdMarker", query.upload_id_marker);
  if (listing.is_truncated) {
    xml.element("NextKeyMarker", encode(listing.uploads.back().key));
    xml.element("NextUploadIdMarker", listing.uploads.back().id);
  }
  if (!query.prefix.empty()) xml.element("Prefix", encode(query.prefix));
  if (is_url) xml.element("EncodingType", "url");
  xml.element("MaxUploads", static_cast<std::int64_t>(max));
  xml.element("IsTruncated", listing.is_truncated);
  for (const Upload& upload : listing.uploads) {
    xml.open("Upload");
    xml.element("Key", encode(upload.key));
    xml.element("UploadId", upload.id);
    write_person(xml, "Initiator", call);
    write_person(xml, "Owner", call);
    xml.element("StorageClass", "STANDARD");
    xml.element("Initiated", to_iso8601(upload.initiated));
    xml.close();
  }
  xml.close();
  return xml_answer(xml.take());
}

}  // namespace weir::api::s3
