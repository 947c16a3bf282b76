// SPDX-License-Identifier: Apache-2.0
// Multipart uploads. An upload is a folder `.weir/uploads/<bucket>/<id>` with `upload.json` and,
// per part, a data file of a name of its own and `part-<number>.json`, whose rename into place
// commits the part and which names the data.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <tuple>

#include "base/base64.h"
#include "objects/digest.h"
#include "objects/files.h"
#include "objects/objects.h"
#include "objects/prepared.h"
#include "objects/rules.h"
#include "objects/stored_metadata.h"

namespace weir::objects {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kRecordBytesMax = 64u << 10;
constexpr std::string_view kUploadRecord = "upload.json";

struct StoredUpload {
  std::string key;
  Time initiated;
  Attributes attributes;
  std::optional<std::string> checksum_algorithm;
  bool is_full_object_checksum = false;
  std::optional<Retention> retention;
  std::optional<bool> legal_hold;

  static Shape shape() {
    using S = StoredUpload;
    static constexpr Member members[] = {
        required<&S::key>("key"),
        required<&S::initiated>("initiated"),
        required<&S::attributes>("attributes"),
        optional<&S::checksum_algorithm>("checksumAlgorithm"),
        optional<&S::is_full_object_checksum>("isFullObjectChecksum"),
        optional<&S::retention>("retention"),
        optional<&S::legal_hold>("legalHold"),
    };
    return {"Upload", members};
  }
};

struct StoredPart {
  std::string file;
  std::int64_t size = 0;
  std::string etag;
  Time last_modified;
  std::optional<StoredChecksum> checksum;

  static Shape shape() {
    using S = StoredPart;
    static constexpr Member members[] = {
        required<&S::file>("file"),         required<&S::size>("size"),
        required<&S::etag>("etag"),         required<&S::last_modified>("lastModified"),
        optional<&S::checksum>("checksum"),
    };
    return {"Part", members};
  }
};

Result<Upload> read_upload(const fs::path& folder) {
  WEIR_TRY(const auto text, read_small_file(folder / kUploadRecord, kRecordBytesMax));
  if (!text) return no_such_upload(folder.filename().native());
  WEIR_TRY(StoredUpload stored, from_json_text<StoredUpload>(*text));
  Upload upload;
  upload.id = folder.filename();
  upload.key = std::move(stored.key);
  upload.initiated = stored.initiated;
  upload.attributes = std::move(stored.attributes);
  if (stored.checksum_algorithm) {
    upload.checksum_algorithm = checksum_algorithm(*stored.checksum_algorithm);
  }
  upload.is_full_object_checksum = stored.is_full_object_checksum;
  upload.retention = std::move(stored.retention);
  upload.legal_hold = stored.legal_hold;
  return upload;
}

fs::path part_record(const fs::path& folder, int number) {
  return folder / ("part-" + std::to_string(number) + ".json");
}

Result<std::optional<StoredPart>> read_part(const fs::path& folder, int number) {
  WEIR_TRY(const auto text, read_small_file(part_record(folder, number), kRecordBytesMax));
  if (!text) return std::optional<StoredPart>();
  WEIR_TRY(StoredPart stored, from_json_text<StoredPart>(*text));
  return std::optional(std::move(stored));
}

Part to_part(int number, const StoredPart& stored) {
  return {number, static_cast<std::uint64_t>(stored.size), stored.etag, stored.last_modified,
          from_stored(stored.checksum)};
}

/// Numbers of the parts there are, ascending.
Result<std::vector<int>> part_numbers(const fs::path& folder) {
  std::vector<int> numbers;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("part-") || entry.path().extension() != ".json") continue;
    numbers.push_back(std::atoi(name.c_str() + 5));
  }
  if (failed) return no_such_upload(folder.filename().native());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string_view unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
    etag = etag.substr(1, etag.size() - 2);
  return etag;
}

Error invalid_part() {
  return {ErrorKind::invalid, "InvalidPart",
          "One or more of the specified parts could not be found.  The part may not have been "
          "uploaded, or the "
          "specified entity tag may not match the part's entity tag."};
}

/// The parts that the client names, found and agreeing with what it says of them.
Result<std::vector<StoredPart>> chosen_parts(const fs::path& folder,
                                             const std::vector<CompletedPart>& parts) {
  const auto is_disordered = [](const CompletedPart& a, const CompletedPart& b) {
    return a.number >= b.number;
  };
  if (std::adjacent_find(parts.begin(), parts.end(), is_disordered) != parts.end()) {
    return Error{
        ErrorKind::invalid, "InvalidPartOrder",
        "The list of parts was not in ascending order. Parts must be ordered by part number."};
  }
  std::vector<StoredPart> chosen;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const CompletedPart& wanted = parts[i];
    WEIR_TRY(auto stored, read_part(folder, wanted.number));
    if (!stored || unquoted(wanted.etag) != stored->etag) return invalid_part();
    const bool differs =
        wanted.checksum && (!stored->checksum || wanted.checksum->value != stored->checksum->value);
    if (differs) return invalid_part();
    const auto size = static_cast<std::uint64_t>(stored->size);
    if (i + 1 < parts.size() && size < Objects::kPartBytesMin) {
      return Error{ErrorKind::invalid,
                   "EntityTooSmall",
                   "Your proposed upload is smaller than the minimum allowed size",
                   {{"ProposedSize", std::to_string(size)},
                    {"MinSizeAllowed", std::to_string(Objects::kPartBytesMin)},
                    {"PartNumber", std::to_string(wanted.number)},
                    {"ETag", stored->etag}}};
    }
    chosen.push_back(*std::move(stored));
  }
  return chosen;
}

/// MD5 of the parts' MD5s, and their number.
std::string joined_etag(const std::vector<StoredPart>& parts) {
  std::string digests;
  for (const StoredPart& part : parts) digests += from_hex(part.etag).value_or("");
  return to_hex(md5_bytes(digests)) + '-' + std::to_string(parts.size());
}

/// Nothing if a part has none.
std::optional<Checksum> composite_checksum(ChecksumAlgorithm algorithm,
                                           const std::vector<StoredPart>& parts) {
  std::string values;
  for (const StoredPart& part : parts) {
    const auto value = part.checksum ? base64_decode(part.checksum->value) : std::nullopt;
    if (!value) return std::nullopt;
    values += *value;
  }
  return Checksum{
      algorithm,
      base64_encode(checksum_bytes(algorithm, values)) + '-' + std::to_string(parts.size()), true};
}

}  // namespace

struct Objects::UploadFolder {
  fs::path path;
  Upload upload;
};

std::shared_mutex& Objects::upload_lock(std::string_view upload_id) const {
  return upload_locks_[std::hash<std::string_view>()(upload_id) % kUploadLocks];
}

Result<Objects::UploadFolder> Objects::find_upload(const Scope& scope, std::string_view bucket_name,
                                                   std::string_view key,
                                                   std::string_view upload_id) const {
  WEIR_CHECK(find_bucket(scope, bucket_name));
  WEIR_CHECK(check_key(key));
  const bool is_id = !upload_id.empty() &&
                     upload_id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_id || upload_id.size() > 64) return no_such_upload(upload_id);
  UploadFolder found;
  found.path = uploads_folder(bucket_name) / upload_id;
  WEIR_TRY(found.upload, read_upload(found.path));
  if (found.upload.key != key) return no_such_upload(upload_id);
  return found;
}

Result<Upload> Objects::create_upload(const Scope& scope, std::string_view bucket_name,
                                      std::string_view key, Attributes attributes,
                                      std::optional<ChecksumAlgorithm> algorithm,
                                      bool is_full_object_checksum,
                                      std::optional<Retention> retention,
                                      std::optional<bool> legal_hold) {
  std::shared_lock lifetime(lifetime_);
  WEIR_TRY(const BucketRef owner, find_bucket(scope, bucket_name));
  WEIR_CHECK(check_retention(*owner, retention, legal_hold, runtime_.now()));
  WEIR_CHECK(check_key(key));
  WEIR_CHECK(check_metadata(attributes));
  Upload upload;
  upload.id = runtime_.hex(48);
  upload.key = key;
  upload.initiated = runtime_.now();
  upload.attributes = std::move(attributes);
  upload.checksum_algorithm = algorithm;
  // CRC64NVME has no composite form (S3 User Guide, "Checking object integrity").
  upload.is_full_object_checksum =
      is_full_object_checksum || algorithm == ChecksumAlgorithm::crc64nvme;
  const fs::path folder = uploads_folder(bucket_name) / upload.id;
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed)
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot make a folder for the upload: " + failed.message()};
  upload.retention = std::move(retention);
  upload.legal_hold = legal_hold;
  StoredUpload stored{
      upload.key,       upload.initiated, upload.attributes, {}, upload.is_full_object_checksum,
      upload.retention, upload.legal_hold};
  if (algorithm) stored.checksum_algorithm = std::string(to_string(*algorithm));
  WEIR_CHECK(
      replace_file(temporary(), folder / kUploadRecord, to_json_text(stored), config_.is_durable));
  if (config_.is_durable) {
    WEIR_CHECK(sync_folder(folder.parent_path()));
    WEIR_CHECK(sync_folder(folder.parent_path().parent_path()));
  }
  return upload;
}

Result<Part> Objects::store_part(const UploadFolder& upload, int number, const Prepared& prepared) {
  StoredPart stored;
  stored.file = "data-" + runtime_.hex(16);
  stored.size = static_cast<std::int64_t>(prepared.size);
  stored.etag = prepared.etag;
  stored.last_modified = runtime_.now();
  stored.checksum = to_stored(prepared.checksum);
  if (config_.is_durable) {
    WEIR_TRY(const File file, open_for_reading(prepared.file));
    WEIR_CHECK(sync_file(file, prepared.file));
  }
  // Shared: the upload is neither completed nor aborted meanwhile.
  std::shared_lock lock(upload_lock(upload.upload.id));
  WEIR_CHECK(read_upload(upload.path));
  WEIR_TRY(const auto before, read_part(upload.path, number));
  if (::rename(prepared.file.c_str(), (upload.path / stored.file).c_str()) != 0) {
    return system_error("rename", prepared.file);
  }
  WEIR_CHECK(replace_file(temporary(), part_record(upload.path, number), to_json_text(stored),
                          config_.is_durable));
  if (before) remove_quietly(upload.path / before->file);
  return to_part(number, stored);
}

Result<Part> Objects::put_part(const Scope& scope, std::string_view bucket_name,
                               std::string_view key, std::string_view upload_id, int number,
                               PutSource source, std::optional<Checksum> checksum,
                               std::string_view content_md5) {
  WEIR_CHECK(check_part_number(number));
  WEIR_TRY(const UploadFolder found, find_upload(scope, bucket_name, key, upload_id));
  const auto expected = found.upload.checksum_algorithm;
  if (expected && checksum && checksum->algorithm != *expected) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "Checksum Type mismatch occurred, expected checksum Type: " +
                     std::string(to_string(*expected)) +
                     ", actual checksum Type: " + std::string(to_string(checksum->algorithm))};
  }
  if (expected && !checksum) checksum = Checksum{*expected, "", false};
  WEIR_TRY(const Prepared prepared, prepare(source, checksum, content_md5));
  return store_part(found, number, prepared);
}

Result<Part> Objects::copy_part(const Scope& scope, std::string_view from_bucket,
                                std::string_view from_key, std::optional<ByteRange> range,
                                const Conditions& source_conditions, std::string_view bucket_name,
                                std::string_view key, std::string_view upload_id, int number,
                                std::string_view from_version) {
  WEIR_CHECK(check_part_number(number));
  WEIR_TRY(const UploadFolder found, find_upload(scope, bucket_name, key, upload_id));
  ObjectInfo source;
  WEIR_TRY(Prepared copied, copy_source(scope, from_bucket, from_key, from_version, range,
                                        source_conditions, source));
  std::optional<Checksum> wanted;
  if (found.upload.checksum_algorithm)
    wanted = Checksum{*found.upload.checksum_algorithm, "", false};
  WEIR_TRY(const Prepared digested, prepare(PutSource::take(copied.file), wanted, ""));
  copied.etag = digested.etag;
  copied.checksum = digested.checksum;
  return store_part(found, number, copied);
}

/// One file of all parts, and what the object will be known as.
Result<Objects::Prepared> Objects::join(const UploadFolder& upload,
                                        const std::vector<CompletedPart>& wanted,
                                        const CompleteOptions& options, ObjectInfo& info) const {
  WEIR_TRY(const std::vector<StoredPart> parts, chosen_parts(upload.path, wanted));
  Prepared joined;
  joined.own(temporary());
  const bool is_linked =
      parts.size() == 1 && ::link((upload.path / parts[0].file).c_str(), joined.file.c_str()) == 0;
  if (!is_linked) {
    WEIR_TRY(const File to, create_file(joined.file));
    for (const StoredPart& part : parts) {
      WEIR_TRY(const File from, open_for_reading(upload.path / part.file));
      WEIR_CHECK(append_range(from, 0, static_cast<std::uint64_t>(part.size), to, joined.file));
    }
  }
  for (const StoredPart& part : parts) {
    info.part_sizes.push_back(static_cast<std::uint64_t>(part.size));
    joined.size += info.part_sizes.back();
  }
  if (options.object_size && *options.object_size != joined.size) {
    return Error{ErrorKind::invalid, "InvalidRequest",
                 "The provided 'x-amz-mp-object-size' header does not match what was computed: " +
                     std::to_string(joined.size)};
  }
  info.etag = joined_etag(parts);
  const auto algorithm = options.checksum ? std::optional(options.checksum->algorithm)
                                          : upload.upload.checksum_algorithm;
  if (!algorithm) return joined;
  const bool is_whole = upload.upload.is_full_object_checksum ||
                        (options.checksum && !options.checksum->is_composite &&
                         options.checksum->value.find('-') == std::string::npos);
  if (!is_whole) {
    info.checksum = composite_checksum(*algorithm, parts);
    if (options.checksum && info.checksum && options.checksum->value != info.checksum->value) {
      return Error{ErrorKind::invalid, "BadDigest",
                   "The " + std::string(to_string(*algorithm)) +
                       " you specified did not match the calculated checksum."};
    }
    return joined;
  }
  WEIR_TRY(
      const Prepared digested,
      prepare(PutSource::take(joined.file),
              Checksum{*algorithm, options.checksum ? options.checksum->value : "", false}, ""));
  info.checksum = digested.checksum;
  return joined;
}

Result<ObjectInfo> Objects::complete_upload(const Scope& scope, std::string_view bucket_name,
                                            std::string_view key, std::string_view upload_id,
                                            const std::vector<CompletedPart>& parts,
                                            CompleteOptions options) {
  std::unique_lock lock(upload_lock(upload_id));
  auto found = find_upload(scope, bucket_name, key, upload_id);
  if (!found) {
    // A client that lost the answer asks again.
    auto completed = completed_.lock();
    const auto before = completed->by_upload.find(upload_id);
    if (found.error().code == "NoSuchUpload" && before != completed->by_upload.end() &&
        before->second.key == key) {
      return before->second;
    }
    return found.error();
  }
  WEIR_TRY(const auto known, tree_.find(bucket_folder(bucket_name), key));
  if (known && known->upload_id == upload_id) {
    // The daemon died between the commit and the removal of the upload.
    std::error_code leftover;
    fs::remove_all(found->path, leftover);
    return *known;
  }
  ObjectInfo info;
  info.key = key;
  info.upload_id = upload_id;
  info.attributes = found->upload.attributes;
  info.retention = found->upload.retention;
  info.legal_hold = found->upload.legal_hold;
  WEIR_TRY(const Prepared joined, join(*found, parts, options, info));
  WEIR_TRY(ObjectInfo done, commit(
                                scope, bucket_name, joined, std::move(info),
                                [&](const ObjectInfo* before_all) {
                                  return check_write_conditions(before_all, options.if_match,
                                                                options.if_none_match, key);
                                },
                                event::kComplete, options.requester));
  std::error_code
      leftover;  // the upload can then be completed again or aborted, and nothing is lost
  fs::remove_all(found->path, leftover);
  auto completed = completed_.lock();
  if (completed->order.size() >= kCompletedMax) {
    completed->by_upload.erase(completed->order.front());
    completed->order.pop_front();
  }
  completed->order.emplace_back(upload_id);
  completed->by_upload.insert_or_assign(std::string(upload_id), done);
  return done;
}

Result<void> Objects::abort_upload(const Scope& scope, std::string_view bucket_name,
                                   std::string_view key, std::string_view upload_id) {
  std::unique_lock lock(upload_lock(upload_id));
  WEIR_TRY(const UploadFolder found, find_upload(scope, bucket_name, key, upload_id));
  std::error_code failed;
  fs::remove_all(found.path, failed);
  if (failed)
    return Error{ErrorKind::unavailable, "InternalError",
                 "cannot remove the upload: " + failed.message()};
  return config_.is_durable ? sync_folder(found.path.parent_path()) : Result<void>();
}

Result<Upload> Objects::upload(const Scope& scope, std::string_view bucket_name,
                               std::string_view key, std::string_view upload_id) const {
  WEIR_TRY(UploadFolder found, find_upload(scope, bucket_name, key, upload_id));
  return std::move(found.upload);
}

Result<std::vector<Part>> Objects::parts(const Scope& scope, std::string_view bucket_name,
                                         std::string_view key, std::string_view upload_id) const {
  std::shared_lock lock(upload_lock(upload_id));
  WEIR_TRY(const UploadFolder found, find_upload(scope, bucket_name, key, upload_id));
  WEIR_TRY(const std::vector<int> numbers, part_numbers(found.path));
  std::vector<Part> parts;
  for (const int number : numbers) {
    WEIR_TRY(const auto stored, read_part(found.path, number));
    if (stored) parts.push_back(to_part(number, *stored));
  }
  return parts;
}

Result<UploadListing> Objects::uploads(const Scope& scope, std::string_view bucket_name,
                                       const UploadQuery& query) const {
  WEIR_CHECK(find_bucket(scope, bucket_name));
  std::vector<Upload> all;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(uploads_folder(bucket_name), failed)) {
    auto upload = read_upload(entry.path());
    if (upload && upload->key.starts_with(query.prefix)) all.push_back(*std::move(upload));
  }
  std::sort(all.begin(), all.end(), [](const Upload& a, const Upload& b) {
    return std::tie(a.key, a.initiated, a.id) < std::tie(b.key, b.initiated, b.id);
  });
  const auto marker = std::find_if(all.begin(), all.end(), [&](const Upload& upload) {
    return upload.key == query.key_marker && upload.id == query.upload_id_marker;
  });
  UploadListing listing;
  for (auto upload = all.begin(); upload != all.end(); ++upload) {
    const bool is_before =
        upload->key < query.key_marker ||
        (upload->key == query.key_marker &&
         (query.upload_id_marker.empty() || marker == all.end() || upload <= marker));
    if (is_before && !query.key_marker.empty()) continue;
    if (listing.uploads.size() >= query.max_uploads) {
      listing.is_truncated = true;
      break;
    }
    listing.uploads.push_back(std::move(*upload));
  }
  return listing;
}

}  // namespace weir::objects
