// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "client/address_guard.h"
#include "client/alarm_mail.h"
#include "client/http_client.h"
#include "client/mail_client.h"
#include "notify/transport.h"

namespace weir::client {

/// Protocols http and https of SNS: one POST for each delivery, with the headers AWS sends.
class HttpTransport final : public notify::Transport {
 public:
  /// `guard` is that of `client`.
  HttpTransport(HttpClient& client, AddressGuard guard)
      : client_(client), guard_(std::move(guard)) {}
  void send(const notify::Delivery& delivery, Done done) override;
  Result<void> check(const std::string& endpoint) const override;

 private:
  HttpClient& client_;
  const AddressGuard guard_;
};

/// Protocols email and email-json of SNS. An alarm's mail starts with what a person needs on a
/// phone, as text and as HTML: state, name, region, reason, the records behind it, how to silence;
/// other messages are sent as they are.
class MailTransport final : public notify::Transport {
 public:
  /// `details` outlives this; nullptr: mails say only what the messages say.
  explicit MailTransport(MailClient& client, AlarmDetailsSource* details = nullptr)
      : client_(client), details_(details) {}
  void send(const notify::Delivery& delivery, Done done) override;

 private:
  void send(const Mail& mail, Done done);

  MailClient& client_;
  AlarmDetailsSource* const details_;
};

/// The alarm that a mail is to tell of: nothing for other notifications, and where the publisher
/// wrote a letter of his own.
std::optional<AlarmNews> alarm_of(const notify::Delivery& delivery);

/// The mail for a delivery; `details` are for alarms.
Mail mail_for(const notify::Delivery& delivery, const AlarmDetails& details);

}  // namespace weir::client
