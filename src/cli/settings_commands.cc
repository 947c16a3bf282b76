// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>
#include <string>

#include "base/runtime.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "daemon/daemon.h"
#include "daemon/reference.h"
#include "enforce/enforcer.h"
#include "server/credentials.h"

namespace weir::cli {
namespace {

struct KeyRow {
  std::string name;
  std::string access_key;
  std::string account;
  std::string permission;
  static Shape shape() {
    using S = KeyRow;
    static constexpr Member members[] = {
        required<&S::name>("name"),
        required<&S::access_key>("accessKeyId"),
        required<&S::account>("account"),
        required<&S::permission>("permission"),
    };
    return {"KeyRow", members};
  }
};

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

void export_line(std::string_view name, std::string_view value) {
  std::cout << "export " << name << '=' << shell_quoted(value) << '\n';
}

Result<server::Credentials> credentials_of(const daemon::Config& config) {
  const auto file = daemon::credentials_file(config);
  if (!std::filesystem::exists(file)) {
    return Error{ErrorKind::not_found, "NoCredentials",
                 "no access keys in " + file.string() +
                     " (start the daemon once, or name its folder with --data)"};
  }
  SystemRuntime runtime(1);
  return server::Credentials::load_or_create(file, runtime);
}

}  // namespace

Result<server::AccessKey> chosen_key(const daemon::Config& config, const std::string& name) {
  if (config.ephemeral) {
    return server::AccessKey{.name = "any",
                             .access_key = config.account,
                             .secret_key = "any",
                             .account = config.account};
  }
  WEIR_TRY(const server::Credentials credentials, credentials_of(config));
  for (const auto& key : credentials.keys()) {
    if (name.empty() || key.name == name) return key;
  }
  return Error{ErrorKind::not_found, "NoSuchKey",
               "no access key is called '" + name + "' (see weir keys list)"};
}

int env(const daemon::Config& config, const EnvOptions& options) {
  const auto key = chosen_key(config, options.key);
  if (!key) return fail(key.error());
  export_line("AWS_ENDPOINT_URL", config.endpoint_url());
  export_line("AWS_ACCESS_KEY_ID", key->access_key);
  export_line("AWS_SECRET_ACCESS_KEY", key->secret_key);
  export_line("AWS_DEFAULT_REGION", config.region);
  export_line("AWS_REGION", config.region);
  std::cout << "# aws-cli before 2.13 does not know AWS_ENDPOINT_URL: add --endpoint-url "
               "\"$AWS_ENDPOINT_URL\"\n";
  return kSuccess;
}

int config_print(const daemon::Config& config) {
  std::cout << daemon::config_yaml(config);
  return kSuccess;
}

int config_check(const daemon::Config& config, const std::string& file) {
  std::cout << (file.empty() ? "settings" : file) << ": ok, data in "
            << config.data_folder().string() << ", serving " << config.endpoint_url() << '\n';
  return kSuccess;
}

int config_reference() {
  std::cout << daemon::settings_markdown();
  return kSuccess;
}

int keys_list(const daemon::Config& config, bool json) {
  const auto credentials = credentials_of(config);
  if (!credentials) return fail(credentials.error());
  std::vector<KeyRow> rows;
  for (const auto& key : credentials->keys()) {
    rows.push_back(
        {key.name, key.access_key, key.account, std::string(server::to_string(key.permission))});
  }
  if (json) {
    std::cout << to_pretty_json(to_document(rows)) << '\n';
    return kSuccess;
  }
  for (const KeyRow& row : rows) {
    std::cout << row.name << '\t' << row.access_key << '\t' << row.account << '\t' << row.permission
              << '\n';
  }
  return kSuccess;
}

int keys_add(const daemon::Config& config, const std::string& name, const std::string& permission) {
  using server::Permission;
  const Permission wanted = permission == "read-only"     ? Permission::read_only
                            : permission == "ingest-only" ? Permission::ingest_only
                                                          : Permission::admin;
  SystemRuntime runtime(1);
  const auto key =
      server::add_key(daemon::credentials_file(config), runtime, name, wanted, config.account);
  if (!key) return fail(key.error());
  export_line("AWS_ACCESS_KEY_ID", key->access_key);
  export_line("AWS_SECRET_ACCESS_KEY", key->secret_key);
  std::cout << "# the daemon takes this key after its next start\n";
  return kSuccess;
}

int enforce_flush(const daemon::Config& config) {
  SystemRuntime runtime(1);
  enforce::Enforcer enforcer(runtime, {});
  if (const auto off = enforcer.switch_off(); !off) return fail(off.error());
  const std::string url = config.endpoint_url();
  if (daemon_answers(config)) {
    std::cout << "every rule is removed; the daemon at " << url
              << " puts none back until it is restarted or `weir enforce on`\n"
                 "(an empty nftables table `inet weir` stays as the sign for it)\n";
    return kSuccess;
  }
  if (const auto gone = enforcer.switch_on(); !gone) return fail(gone.error());
  std::cout
      << "the nftables table of weir is removed; no daemon answers at " << url
      << "\n(if one runs elsewhere, name it with --listen or --endpoint, or it puts its rules "
         "back within a minute)\n";
  return kSuccess;
}

int enforce_on() {
  SystemRuntime runtime(1);
  enforce::Enforcer enforcer(runtime, {});
  if (const auto on = enforcer.switch_on(); !on) return fail(on.error());
  std::cout
      << "enforcement is allowed again; a running daemon puts its rules back within a minute\n";
  return kSuccess;
}

int reference_operations() {
  std::cout << daemon::operations_markdown();
  return kSuccess;
}

int reference_compatibility() {
  const std::string page(std::istreambuf_iterator<char>(std::cin), {});
  const auto renewed = daemon::with_operation_tables(page);
  if (!renewed) return fail(renewed.error());
  std::cout << *renewed;
  return kSuccess;
}

int version(bool json) {
  if (json) {
    Document document;
    document["version"] = Document(daemon::version());
    std::cout << to_json(document) << '\n';
  } else {
    std::cout << "weir " << daemon::version() << '\n';
  }
  return kSuccess;
}

}  // namespace weir::cli
