// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/runtime.h"

namespace weir::client {

/// A mail of text, or of text and HTML that say the same. `from_name` and `subject` are UTF-8 and
/// are encoded as needed (RFC 2047).
struct Mail {
  std::string to = {};
  std::string from_name = {};
  std::string subject = {};
  std::string text = {};              // UTF-8, line ends `\n`
  std::string html = {};              // the same, "" for none
  std::string list_unsubscribe = {};  // URL for the List-Unsubscribe header, "" for none
  std::string message_id =
      {};  // the part before @; the same over retries, so that readers see one mail
  Time date = {};
};

/// The mail as it goes over the wire: headers and body, CRLF line ends.
std::string format_mail(const Mail& mail, const std::string& from_address);
/// `name` in a form fit for a header: as it is if ASCII, else RFC 2047 encoded words. Line ends
/// become blanks.
std::string encode_header_text(std::string_view text);

/// Sends mail through one relay (SMTP).
///
/// Threads: as HttpClient.
/// Errors: kind unavailable (try later: no connection, 4yz) or invalid (refused for
/// good: 5yz, bad address).
class MailClient {
 public:
  enum class Tls : std::uint8_t {
    none,
    starttls_if_offered,
    starttls,  // refuse to send without
    implicit,  // smtps, usually port 465
  };
  struct Config {
    std::string host = "127.0.0.1";
    std::uint16_t port = 25;
    Tls tls = Tls::starttls_if_offered;
    std::string user = {};  // "" is without authentication
    std::string password = {};
    std::string from = "weir@localhost";
    std::string ca_file = {};         // PEM; "" is the system's
    std::size_t transfers_max = 4;    // connections to the relay
    std::size_t queued_max = 10'000;  // more than these fail at once
    Duration timeout{60'000};
  };
  using Done = std::function<void(Result<void>)>;

  explicit MailClient(Config config);
  ~MailClient();
  MailClient(const MailClient&) = delete;
  MailClient& operator=(const MailClient&) = delete;

  void send(const Mail& mail, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::client
