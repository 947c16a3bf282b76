// SPDX-License-Identifier: Apache-2.0
#include "base/network_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace weir {
namespace {

std::string path_of(const std::string& name) {
  return std::string(kNetworkNamespaceFolder) + '/' + name;
}

Error cannot_enter(const std::string& name, int code) {
  std::string message = "cannot enter network namespace " + name + ": " + std::strerror(code);
  if (code == EPERM || code == EACCES) {
    return {ErrorKind::forbidden, "CaptureFailed", message + " (this needs CAP_SYS_ADMIN)"};
  }
  return {code == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable, "CaptureFailed",
          std::move(message)};
}

}  // namespace

std::uint64_t network_namespace_id(const std::string& name) {
  struct stat status {};
  return ::stat(path_of(name).c_str(), &status) == 0 ? std::uint64_t{status.st_ino} : 0;
}

Result<void> in_network_namespace(const std::string& name, const std::function<void()>& body) {
  if (name.empty()) return body(), Result<void>{};
  const int fd = ::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_enter(name, errno);
  int code = 0;
  std::thread([&] {
    if (::setns(fd, CLONE_NEWNET) != 0) {
      code = errno;
    } else {
      body();
    }
  }).join();
  ::close(fd);
  if (code != 0) return cannot_enter(name, code);
  return {};
}

}  // namespace weir
