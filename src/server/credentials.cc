// SPDX-License-Identifier: Apache-2.0
#include "server/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/base64.h"
#include "base/log.h"

namespace weir::server {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr std::size_t kAccessKeyMax = 128;
constexpr std::size_t kSecretMax = 256;

Error file_error(const std::filesystem::path& file, std::string_view what, std::string_view help) {
  return {ErrorKind::invalid, "CredentialsFile",
          "credentials file " + file.string() + ": " + std::string(what) + " (" +
              std::string(help) + ")"};
}

Error system_error(const std::filesystem::path& file, std::string_view what) {
  return file_error(file, std::string(what) + ": " + std::strerror(errno),
                    "the data directory must belong to the user that runs weir");
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

bool is_account(std::string_view text) {
  return text.size() == 12 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::optional<Permission> parse_permission(std::string_view text) {
  for (const Permission permission :
       {Permission::admin, Permission::read_only, Permission::ingest_only}) {
    if (text == to_string(permission)) return permission;
  }
  return std::nullopt;
}

AccessKey make_key(Runtime& runtime, std::string_view name, Permission permission,
                   std::string_view account) {
  // AWS's own shape: AKIA and 16 of base 32; 40 of base 64, which are 240 random bits.
  constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  AccessKey key{.name = std::string(name),
                .access_key = "AKIA",
                .secret_key = {},
                .account = std::string(account),
                .permission = permission};
  for (int i = 0; i < 16; ++i) key.access_key += kBase32[runtime.random_below(kBase32.size())];
  std::string bytes;
  while (bytes.size() < 30) {
    for (std::uint64_t word = runtime.random(), n = 0; n < 8; ++n, word >>= 8) {
      bytes.push_back(static_cast<char>(word & 0xff));
    }
  }
  bytes.resize(30);
  key.secret_key = base64_encode(bytes);
  return key;
}

std::string profile_text(const AccessKey& key) {
  std::ostringstream out;
  out << '[' << key.name << "]\naws_access_key_id = " << key.access_key
      << "\naws_secret_access_key = " << key.secret_key
      << "\nweir_permission = " << to_string(key.permission) << "\nweir_account = " << key.account
      << '\n';
  return out.str();
}

class FileReader {
 public:
  explicit FileReader(const std::filesystem::path& file) : file_(file) {}

  Result<std::vector<AccessKey>> read() {
    struct stat info {};
    if (stat(file_.c_str(), &info) != 0) return system_error(file_, "cannot read");
    if ((info.st_mode & 077) != 0) {
      return file_error(file_, "others can read it",
                        "chmod 600 " + file_.string() + ", and make new keys if it was shared");
    }
    if (static_cast<std::uint64_t>(info.st_size) > Credentials::kFileBytesMax) {
      return file_error(file_, "it is larger than 1 MiB", "remove keys that are not used");
    }
    std::ifstream in(file_);
    if (!in) return system_error(file_, "cannot open");
    for (std::string line; std::getline(in, line);) {
      ++line_;
      WEIR_CHECK(take(trimmed(line)));
    }
    WEIR_CHECK(end_profile());
    if (keys_.empty()) return file_error(file_, "it has no key", "remove it to get a new one");
    return std::move(keys_);
  }

 private:
  Error at_line(std::string_view what) const {
    return file_error(file_, "line " + std::to_string(line_) + ": " + std::string(what),
                      "the form is that of ~/.aws/credentials");
  }

  Result<void> take(std::string_view line) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return {};
    if (line.front() == '[') {
      WEIR_CHECK(end_profile());
      if (line.back() != ']' || !is_name(trimmed(line.substr(1, line.size() - 2)))) {
        return at_line("a profile name is 1 to 64 of A-Z a-z 0-9 . _ -");
      }
      if (keys_.size() >= Credentials::kKeysMax) return at_line("more than 1000 keys");
      key_ = AccessKey{};
      key_->name = trimmed(line.substr(1, line.size() - 2));
      return {};
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || !key_) return at_line("expected name = value");
    return member(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)));
  }

  Result<void> member(std::string_view name, std::string_view value) {
    if (name == "aws_access_key_id") {
      if (value.empty() || value.size() > kAccessKeyMax || value.find('/') != value.npos) {
        return at_line("an access key has 1 to 128 characters, none of them a slash");
      }
      key_->access_key = value;
    } else if (name == "aws_secret_access_key") {
      if (value.size() > kSecretMax) return at_line("a secret key has at most 256 characters");
      key_->secret_key = value;
    } else if (name == "weir_permission") {
      const auto permission = parse_permission(value);
      if (!permission) return at_line("weir_permission is admin, read-only or ingest-only");
      key_->permission = *permission;
    } else if (name == "weir_account") {
      if (!is_account(value)) return at_line("weir_account has 12 digits");
      key_->account = value;
    }
    return {};  // Others are AWS's own settings (region, output ...).
  }

  Result<void> end_profile() {
    if (!key_) return {};
    if (key_->access_key.empty() || key_->secret_key.empty()) {
      return at_line("profile " + key_->name + " has no access key or no secret key");
    }
    for (const AccessKey& known : keys_) {
      if (known.access_key == key_->access_key || known.name == key_->name) {
        return at_line("profile or access key " + key_->name + " stands there twice");
      }
    }
    keys_.push_back(*std::exchange(key_, std::nullopt));
    return {};
  }

  const std::filesystem::path& file_;
  std::size_t line_ = 0;
  std::optional<AccessKey> key_;
  std::vector<AccessKey> keys_;
};

/// Through a temporary file of mode 0600 and a rename: nobody sees half a file or one with other
/// rights.
Result<void> write_file(const std::filesystem::path& file, std::string_view text) {
  const std::string temporary = file.string() + ".new";
  ::unlink(temporary.c_str());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return system_error(file, "cannot write");
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  const bool good = done == text.size() && ::fsync(fd) == 0;
  ::close(fd);
  if (!good || ::rename(temporary.c_str(), file.c_str()) != 0) {
    return system_error(file, "cannot write");
  }
  return {};
}

// ---- Permissions --------------------------------------------------------------------------------

// What reads without changing anything, by the verbs that AWS uses. StartQuery is Logs Insights,
// which only reads.
constexpr std::string_view kReadingPrefixes[] = {
    "Get",      "List", "Describe", "Filter",  "Head",     "Search", "Lookup",
    "BatchGet", "Test", "Simulate", "Preview", "Validate", "Check",  "Estimate"};
constexpr std::string_view kReadingOperations[] = {"StartQuery", "StopQuery", "StartLiveTail"};

// What shippers need (the CloudWatch agent's own policy, without PutRetentionPolicy; uploads to
// S3).
constexpr std::string_view kIngestOperations[] = {
    "PutLogEvents",      "CreateLogGroup",       "CreateLogStream",
    "DescribeLogGroups", "DescribeLogStreams",   "PutMetricData",
    "PutObject",         "AbortMultipartUpload", "GetCallerIdentity",
};

}  // namespace

std::string_view to_string(Permission permission) {
  switch (permission) {
    case Permission::admin:
      return "admin";
    case Permission::read_only:
      return "read-only";
    case Permission::ingest_only:
      return "ingest-only";
  }
  return "admin";
}

bool allows(Permission permission, std::string_view service, std::string_view operation) {
  const auto contains = [&](const auto& names) {
    return std::find(std::begin(names), std::end(names), operation) != std::end(names);
  };
  switch (permission) {
    case Permission::admin:
      return true;
    case Permission::ingest_only:
      return contains(kIngestOperations);
    case Permission::read_only:
      if (service == "logs" && contains(kReadingOperations)) return true;
      return std::any_of(std::begin(kReadingPrefixes), std::end(kReadingPrefixes),
                         [&](std::string_view prefix) { return operation.starts_with(prefix); });
  }
  return false;
}

Result<Credentials> Credentials::load_or_create(const std::filesystem::path& file,
                                                Runtime& runtime) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    const AccessKey key = make_key(runtime, "default", Permission::admin, "000000000000");
    WEIR_CHECK(write_file(file, profile_text(key)));
    log::info("access key made", {{"file", file.string()}, {"access_key", key.access_key}});
  }
  WEIR_TRY(auto keys, FileReader(file).read());
  return of(std::move(keys));
}

Credentials Credentials::accept_any() {
  Credentials credentials;
  credentials.accepts_any_ = true;
  return credentials;
}

Credentials Credentials::of(std::vector<AccessKey> keys) {
  Credentials credentials;
  credentials.keys_ = std::move(keys);
  return credentials;
}

std::optional<AccessKey> Credentials::find(std::string_view access_key) const {
  if (accepts_any_) {
    AccessKey key{
        .name = std::string(access_key), .access_key = std::string(access_key), .secret_key = {}};
    if (is_account(access_key)) key.account = access_key;
    return key;
  }
  for (const AccessKey& key : keys_) {
    if (key.access_key == access_key) return key;
  }
  return std::nullopt;
}

Result<AccessKey> add_key(const std::filesystem::path& file, Runtime& runtime,
                          std::string_view name, Permission permission, std::string_view account) {
  if (!is_name(name)) {
    return file_error(file, "'" + std::string(name) + "' is no key name",
                      "1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (!is_account(account)) {
    return file_error(file, "'" + std::string(account) + "' is no account id", "12 digits");
  }
  WEIR_TRY(const Credentials known, Credentials::load_or_create(file, runtime));
  if (known.keys().size() >= Credentials::kKeysMax) {
    return file_error(file, "it has 1000 keys", "remove keys that are not used");
  }
  for (const AccessKey& key : known.keys()) {
    if (key.name == name) {
      return file_error(file, "there is a key named '" + std::string(name) + "' already",
                        "choose another name");
    }
  }
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  AccessKey key = make_key(runtime, name, permission, account);
  WEIR_CHECK(write_file(file, text.str() + '\n' + profile_text(key)));
  return key;
}

}  // namespace weir::server
