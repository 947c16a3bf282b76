// SPDX-License-Identifier: Apache-2.0
#include "vpc/interfaces_watch.h"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "base/counters.h"
#include "base/log.h"
#include "base/network_namespace.h"

namespace weir::vpc {
namespace {

constexpr int kBufferBytes = 1 << 20;    // of the socket: some thousand events
constexpr int kNamespaceCheckMs = 1000;  // for what inotify does not tell, and for new attempts
constexpr int kDatagramsPerRead = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Opens a socket that gets the events of the caller's network namespace.
Descriptor subscribe(bool neighbours) {
  Descriptor fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  const int size = kBufferBytes;
  // Beyond rmem_max only with CAP_NET_ADMIN; a smaller buffer means overruns, which are seen.
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (neighbours) address.nl_groups |= RTMGRP_NEIGH;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Descriptor();
  }
  return fd;
}

}  // namespace

struct InterfaceWatch::Impl {
  explicit Impl(Runtime& runtime_in) : runtime(runtime_in) {}

  struct Place {
    std::string name = {};  // "": the daemon's own namespace
    std::uint64_t id = 0;
    Descriptor events = Descriptor();
    bool is_refused = false;  // and logged
  };

  void run();
  bool wait(int timeout_ms);
  bool read_events(int fd);
  bool follow_namespaces();
  void watch_folder();

  Runtime& runtime;
  Config config;
  Callback callback;
  std::vector<Place> places;
  Descriptor stop;
  Descriptor folder;  // inotify on /run/netns
  bool is_folder_watched = false;
  bool is_stopping = false;
  Counter events;
  Counter overruns;
  Counter calls;
  std::thread thread;
};

/// Reads what is there; true if it was anything.
bool InterfaceWatch::Impl::read_events(int fd) {
  std::array<char, 4096> buffer;  // what does not fit is cut off: what it says is not looked at
  bool is_any = false;
  for (int i = 0; i < kDatagramsPerRead; ++i) {
    const ssize_t size = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == ENOBUFS) {
      overruns.add();
      is_any = true;
      continue;
    }
    if (size <= 0) break;
    events.add();
    is_any = true;
  }
  return is_any;
}

void InterfaceWatch::Impl::watch_folder() {
  if (is_folder_watched) return;
  is_folder_watched = ::inotify_add_watch(folder.get(), kNetworkNamespaceFolder,
                                          IN_CREATE | IN_DELETE | IN_MOVE) >= 0;
}

/// Closes what is no longer the namespace of its name, which lets it go, and opens what is; true if
/// there was anything to do.
bool InterfaceWatch::Impl::follow_namespaces() {
  watch_folder();
  bool is_changed = false;
  for (Place& place : places) {
    if (place.name.empty()) continue;
    const std::uint64_t id = network_namespace_id(place.name);
    if (id == place.id && (id == 0 || place.events.get() >= 0)) continue;
    const bool was_open = place.events.get() >= 0;
    place.id = 0;
    place.events = Descriptor();
    Result<void> opened;
    if (id != 0) {
      opened =
          in_network_namespace(place.name, [&] { place.events = subscribe(config.neighbours); });
    }
    // The name may stand there before the namespace is mounted on it; the next look will tell.
    const bool is_open = place.events.get() >= 0;
    if (is_open) place.id = id;
    is_changed = is_changed || was_open || is_open;
    if (!opened && opened.error().kind == ErrorKind::forbidden && !place.is_refused) {
      place.is_refused = true;
      log::warn("cannot follow a network namespace", {{"error", opened.error().message}});
    }
  }
  return is_changed;
}

/// Waits for events and reads them; true if there were any.
bool InterfaceWatch::Impl::wait(int timeout_ms) {
  std::vector<pollfd> entries;
  entries.push_back({stop.get(), POLLIN, 0});
  entries.push_back({folder.get(), POLLIN, 0});
  for (const Place& place : places) {
    if (place.events.get() >= 0) entries.push_back({place.events.get(), POLLIN, 0});
  }
  ::poll(entries.data(), entries.size(), timeout_ms);
  is_stopping = is_stopping || entries[0].revents != 0;
  bool is_any = false;
  if (entries[1].revents != 0) {
    std::array<char, 4096> names;
    while (::read(folder.get(), names.data(), names.size()) > 0) {
    }
  }
  for (std::size_t i = 2; i < entries.size(); ++i) {
    if (entries[i].revents != 0) is_any = read_events(entries[i].fd) || is_any;
  }
  if (places.size() > 1) is_any = follow_namespaces() || is_any;
  return is_any;
}

void InterfaceWatch::Impl::run() {
  const int idle_ms = places.size() > 1 ? kNamespaceCheckMs : -1;
  while (!is_stopping) {
    if (!wait(idle_ms)) continue;
    const auto until = runtime.monotonic() + config.settle;
    while (!is_stopping) {
      const auto left = std::chrono::ceil<Duration>(until - runtime.monotonic());
      if (left <= Duration::zero()) break;
      wait(static_cast<int>(left.count()));
    }
    if (is_stopping) return;
    calls.add();
    callback();
  }
}

InterfaceWatch::InterfaceWatch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<InterfaceWatch>> InterfaceWatch::start(Runtime& runtime, Config config,
                                                              Callback callback) {
  auto impl = std::make_unique<Impl>(runtime);
  impl->config = std::move(config);
  impl->callback = std::move(callback);
  impl->stop = Descriptor(::eventfd(0, EFD_CLOEXEC));
  impl->folder = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  impl->places.push_back({.events = subscribe(impl->config.neighbours)});
  if (impl->places[0].events.get() < 0 || impl->stop.get() < 0) {
    return Error{ErrorKind::unavailable, "InternalError",
                 std::string("cannot follow network interfaces: ") + std::strerror(errno)};
  }
  for (const std::string& name : impl->config.namespaces) {
    impl->places.push_back({.name = name});
  }
  if (impl->places.size() > 1) impl->follow_namespaces();
  impl->thread = std::thread([one = impl.get()] { one->run(); });
  return std::unique_ptr<InterfaceWatch>(new InterfaceWatch(std::move(impl)));
}

InterfaceWatch::~InterfaceWatch() {
  const std::uint64_t one = 1;
  const bool is_told = ::write(impl_->stop.get(), &one, sizeof one) == sizeof one;
  WEIR_ASSERT(is_told);
  impl_->thread.join();
}

InterfaceWatch::Stats InterfaceWatch::stats() const {
  return {impl_->events.value(), impl_->overruns.value(), impl_->calls.value()};
}

}  // namespace weir::vpc
