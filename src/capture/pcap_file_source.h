// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "capture/batch.h"

namespace weir::capture {

/// The packets of a capture file (pcap or pcapng, any of the link types of net::LinkType), with the
/// times that stand in it.
///
/// Threads: one; the counters any.
class PcapFileSource {
 public:
  /// Error: cannot be read, is no capture file, has a link type that is not known. Names the file.
  static Result<std::unique_ptr<PcapFileSource>> open(const std::filesystem::path& path);
  ~PcapFileSource();

  /// Reads to the end. Error: the file is cut off or damaged; what came before has been handed
  /// over.
  Result<void> run(const std::stop_token& stop, const BatchSink& sink);
  const SourceCounters& counters() const;

 private:
  struct Impl;
  explicit PcapFileSource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::capture
