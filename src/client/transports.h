// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/http_client.h"
#include "client/mail_client.h"
#include "notify/transport.h"

namespace weir::client {

/// Protocols http and https of SNS: one POST for each delivery, with the headers AWS sends.
class HttpTransport final : public notify::Transport {
 public:
  explicit HttpTransport(HttpClient& client) : client_(client) {}
  void send(const notify::Delivery& delivery, Done done) override;

 private:
  HttpClient& client_;
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
