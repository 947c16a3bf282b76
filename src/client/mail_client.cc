// SPDX-License-Identifier: Apache-2.0
#include "client/mail_client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "client/transfer_loop.h"

namespace weir::client {

namespace {

class MailTransfer final : public Transfer {
 public:
  MailTransfer(const Mail& mail, MailClient::Done done, const MailClient::Config& config,
               const std::atomic<bool>& is_stopping)
      : recipient_('<' + mail.to + '>'),
        sender_('<' + config.from + '>'),
        text_(format_mail(mail, config.from)),
        done_(std::move(done)),
        config_(config),
        is_stopping_(is_stopping) {}
  ~MailTransfer() override {
    curl_slist_free_all(recipients_);
    for (const int socket : sockets_) ::close(socket);
  }

  void prepare(void* easy) override {
    const bool is_implicit = config_.tls == MailClient::Tls::implicit;
    const bool is_v6 = config_.host.find(':') != std::string::npos;
    const std::string host = is_v6 ? '[' + config_.host + ']' : config_.host;
    url_ = (is_implicit ? "smtps://" : "smtp://") + host + ':' + std::to_string(config_.port);
    curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(config_.timeout.count()));
    set_security(easy);
    recipients_ = curl_slist_append(nullptr, recipient_.c_str());
    WEIR_ASSERT(recipients_);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, sender_.c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients_);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &MailTransfer::on_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &MailTransfer::on_write);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reason_);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &MailTransfer::on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    // libcurl waits for the answers to a mail's end and to QUIT on the loop's thread, to QUIT for
    // two minutes whatever the timeout says, and calls this meanwhile.
    easy_ = easy;
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &MailTransfer::on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
  }

  void finish(void* easy, int code) override {
    cut_connections();
    if (code == CURLE_OK) return done_({});
    long reply = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    // What the relay says of itself or of us (greeting, EHLO; 53y: credentials) its operator can
    // mend; what it says of the mail (MAIL and later: libcurl's send error, or bytes were sent)
    // stays so.
    const bool is_about_mail = code == CURLE_SEND_ERROR || sent_ > 0;
    const bool is_final = is_about_mail && reply >= 500 && reply < 600 && reply / 10 != 53;
    std::string reason =
        reason_[0] != 0 ? reason_ : curl_easy_strerror(static_cast<CURLcode>(code));
    if (reply != 0) reason += " (reply " + std::to_string(reply) + ')';
    done_(Error{is_final ? ErrorKind::invalid : ErrorKind::unavailable, "MailError",
                "cannot send mail through " + url_ + ": " + reason});
  }

  void abandon() override { cut_connections(); }

 private:
  // When libcurl closes a connection it waits two minutes for the answer to QUIT. After this there
  // is nothing to wait for. Another descriptor of the socket, because libcurl does not tell its own
  // after a failure.
  void cut_connections() {
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  static curl_socket_t on_open(void* self_pointer, curlsocktype, curl_sockaddr* address) {
    const int made = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (made < 0) return CURL_SOCKET_BAD;
    const int other = ::fcntl(made, F_DUPFD_CLOEXEC, 0);
    if (other >= 0) static_cast<MailTransfer*>(self_pointer)->sockets_.push_back(other);
    return made;
  }

  void set_security(void* easy) {
    using Tls = MailClient::Tls;
    const long level = config_.tls == Tls::none                  ? long{CURLUSESSL_NONE}
                       : config_.tls == Tls::starttls_if_offered ? long{CURLUSESSL_TRY}
                                                                 : long{CURLUSESSL_ALL};
    curl_easy_setopt(easy, CURLOPT_USE_SSL, level);
    if (!config_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, config_.ca_file.c_str());
    }
    if (config_.user.empty()) return;
    curl_easy_setopt(easy, CURLOPT_USERNAME, config_.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, config_.password.c_str());
  }

  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self_pointer) {
    auto& self = *static_cast<MailTransfer*>(self_pointer);
    const std::size_t n = std::min(size * count, self.text_.size() - self.sent_);
    std::memcpy(out, self.text_.data() + self.sent_, n);
    self.sent_ += n;
    return n;
  }
  // Not 0 ends the transfer.
  static int on_progress(void* self_pointer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& self = *static_cast<MailTransfer*>(self_pointer);
    curl_off_t microseconds = 0;
    curl_easy_getinfo(self.easy_, CURLINFO_TOTAL_TIME_T, &microseconds);
    return self.is_stopping_ || microseconds / 1000 > self.config_.timeout.count() ? 1 : 0;
  }
  // Replies of the relay; libcurl keeps what matters.
  static std::size_t on_write(char*, std::size_t, std::size_t size, void*) { return size; }

  const std::string recipient_;
  const std::string sender_;
  const std::string text_;
  std::size_t sent_ = 0;
  MailClient::Done done_;
  const MailClient::Config& config_;
  const std::atomic<bool>& is_stopping_;
  void* easy_ = nullptr;
  std::vector<int> sockets_ = {};  // one for each address that was tried
  std::string url_;
  curl_slist* recipients_ = nullptr;
  char reason_[CURL_ERROR_SIZE] = {};
};

}  // namespace

struct MailClient::Impl {
  explicit Impl(Config config_in)
      : config(std::move(config_in)), loop({config.transfers_max, config.queued_max}) {}
  const Config config;
  std::atomic<bool> is_stopping{false};
  TransferLoop loop;  // last: its thread uses the rest
};

MailClient::MailClient(Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
MailClient::~MailClient() { impl_->is_stopping = true; }

void MailClient::send(const Mail& mail, Done done) {
  std::unique_ptr<Transfer> transfer =
      std::make_unique<MailTransfer>(mail, done, impl_->config, impl_->is_stopping);
  if (!impl_->loop.add(transfer)) {
    done(Error{ErrorKind::unavailable, "MailError", "too many mails are waiting"});
  }
}

}  // namespace weir::client
