// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace weir {

/// Where `ip netns` keeps the names of network namespaces.
inline constexpr char kNetworkNamespaceFolder[] = "/run/netns";

/// A number that no other living network namespace has; 0 if there is none of that name. While a
/// socket in it is open, a namespace lives on after its name is gone.
std::uint64_t network_namespace_id(const std::string& name);

/// Runs `body` in the network namespace /run/netns/`name`, on a thread of its own, and waits for
/// it; "" is the caller's own namespace and thread. Sockets that it opens stay in that namespace.
/// Error: kind not_found if there is no such name, forbidden without CAP_SYS_ADMIN.
Result<void> in_network_namespace(const std::string& name, const std::function<void()>& body);

}  // namespace weir
