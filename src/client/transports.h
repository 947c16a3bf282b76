// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "client/address_guard.h"
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
/// phone: state, name, region, reason; other messages are sent as they are.
class MailTransport final : public notify::Transport {
 public:
  explicit MailTransport(MailClient& client) : client_(client) {}
  void send(const notify::Delivery& delivery, Done done) override;

 private:
  MailClient& client_;
};

/// The mail for a delivery.
Mail mail_for(const notify::Delivery& delivery);

}  // namespace weir::client
