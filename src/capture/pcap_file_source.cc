// SPDX-License-Identifier: Apache-2.0
#include "capture/pcap_file_source.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir::capture {
namespace {

// Formats: draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng. Read by ourselves, since a copy of
// each packet and a call for it cost more than the flow table does.
constexpr std::int64_t kNsPerS = 1'000'000'000;
constexpr std::int64_t kSecondsMax = 9'000'000'000;  // fits into 64 bits of nanoseconds
constexpr std::size_t kBufferBytes = 256u << 10;     // stays in the second-level cache
constexpr std::size_t kRecordBytesMax = 16u << 20;   // of a packet or block, as libpcap has it
constexpr std::size_t kInterfacesMax = 4096;

constexpr std::uint32_t kMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kPatched = 0xa1b2cd34;  // with eight more bytes in each record header
constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;

Error cannot_read(const std::filesystem::path& path, std::string_view why) {
  return {ErrorKind::invalid, "CaptureFile",
          "cannot read capture file " + path.string() + ": " + std::string(why)};
}

/// Numbers in the byte order of the file.
struct Numbers {
  bool is_swapped = false;
  std::uint16_t u16(const std::uint8_t* at) const {
    std::uint16_t value;
    std::memcpy(&value, at, sizeof value);
    return is_swapped ? __builtin_bswap16(value) : value;
  }
  std::uint32_t u32(const std::uint8_t* at) const {
    std::uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return is_swapped ? __builtin_bswap32(value) : value;
  }
};

/// The file through one buffer.
class Input {
 public:
  Input() : buffer_(kBufferBytes) {}
  ~Input() {
    if (file_ >= 0) ::close(file_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  bool open(const std::filesystem::path& path) {
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    return file_ >= 0;
  }
  /// The next `n` bytes; nullptr if the file ends before or cannot be read, see error().
  const std::uint8_t* peek(std::size_t n) {
    if (end_ - begin_ >= n || fill(n)) return buffer_.data() + begin_;
    return nullptr;
  }
  void skip(std::size_t n) { begin_ += n; }
  /// What peek() gives without reading.
  std::span<const std::uint8_t> buffered() const {
    return std::span(buffer_).subspan(begin_, end_ - begin_);
  }
  bool is_at_end() { return peek(1) == nullptr; }
  std::uint64_t position() const { return read_ - (end_ - begin_); }
  int error() const { return error_; }

 private:
  bool fill(std::size_t n) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() < n) buffer_.resize(n);
    while (end_ < n) {
      const ssize_t got = ::read(file_, buffer_.data() + end_, buffer_.size() - end_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) error_ = errno;
      if (got <= 0) return false;
      end_ += static_cast<std::size_t>(got);
      read_ += static_cast<std::uint64_t>(got);
    }
    return true;
  }

  int file_ = -1;
  int error_ = 0;
  std::vector<std::uint8_t> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t read_ = 0;
};

/// What the time units of an interface are worth.
struct Clock {
  std::uint8_t resolution = 6;  // digits behind the point; with the highest bit: binary digits
  std::int64_t offset_s = 0;

  std::int64_t time_ns(std::uint64_t units) const {
    __extension__ using U128 = unsigned __int128;
    const unsigned digits = resolution & 0x7fU;
    std::uint64_t per_second = 0;  // 0: finer than 64 bits can count, so less than a second
    if ((resolution & 0x80U) != 0) {
      per_second = digits < 64 ? std::uint64_t{1} << digits : 0;
    } else if (digits < 20) {
      per_second = 1;
      for (unsigned i = 0; i < digits; ++i) per_second *= 10;
    }
    if (per_second == 0) return clamp_s(offset_s) * kNsPerS;
    const std::uint64_t seconds = std::min<std::uint64_t>(units / per_second, kSecondsMax);
    const auto fraction = static_cast<std::int64_t>(static_cast<U128>(units % per_second) *
                                                    static_cast<U128>(kNsPerS) / per_second);
    const std::int64_t offset = std::clamp(offset_s, -kSecondsMax, kSecondsMax);
    return clamp_s(static_cast<std::int64_t>(seconds) + offset) * kNsPerS + fraction;
  }
  static std::int64_t clamp_s(std::int64_t seconds) {
    return std::clamp<std::int64_t>(seconds, 0, kSecondsMax);
  }
};

struct Frame {
  std::span<const std::uint8_t> bytes;
  std::size_t original_length = 0;
  std::int64_t time_ns = 0;
  net::LinkType link = net::LinkType::raw;
};

/// Link types whose numbers in files differ from those of net::LinkType: raw IP of some systems.
std::optional<net::LinkType> link_type_of(std::uint32_t number) {
  if (number == 12 || number == 14) return net::LinkType::raw;
  const int known = static_cast<int>(number & 0xffff);
  if (!net::is_known_link_type(known)) return std::nullopt;
  return static_cast<net::LinkType>(known);
}

std::string unsupported(std::uint32_t number) {
  return "link type " + std::to_string(number) + " is not supported";
}

}  // namespace

struct PcapFileSource::Impl {
  enum class Format : std::uint8_t { pcap, pcapng };
  struct Interface {
    std::optional<net::LinkType> link;
    std::uint32_t link_number = 0;
    std::uint32_t snap_length = 0;
    Clock clock;
  };

  std::filesystem::path path;
  Input input;
  Numbers numbers;
  Format format = Format::pcap;
  // pcap
  std::size_t header_bytes = 16;
  std::int64_t ns_per_unit = 1'000;
  net::LinkType link = net::LinkType::raw;
  // pcapng
  std::vector<Interface> interfaces;
  std::int64_t time_ns = 0;  // of the last packet; a simple packet block has none
  SourceCounters counters;

  Result<void> open();
  Result<void> open_pcap(std::uint32_t magic);
  /// False at the end of the file.
  Result<bool> next(Frame& frame) {
    return format == Format::pcap ? next_pcap(frame) : next_block(frame);
  }
  Result<bool> next_pcap(Frame& frame);
  void take_buffered(FrameParser& parser);
  Result<bool> next_block(Frame& frame);
  Result<void> take_section(const std::uint8_t* head);
  Result<void> take_interface(std::span<const std::uint8_t> body);
  void take_options(std::span<const std::uint8_t> options, Interface& interface) const;
  Result<bool> take_packet(std::uint32_t type, std::span<const std::uint8_t> body, Frame& frame);

  Error damaged(std::string_view what) const {
    std::string why(what);
    if (input.error() != 0) why = std::strerror(input.error());
    return cannot_read(path, why + " at byte " + std::to_string(input.position()));
  }
};

Result<void> PcapFileSource::Impl::open() {
  if (!input.open(path)) return cannot_read(path, std::strerror(errno));
  const std::uint8_t* const head = input.peek(24);
  if (head == nullptr) {
    return cannot_read(path, input.error() != 0 ? std::strerror(input.error())
                                                : "it is too short for a capture file");
  }
  std::uint32_t magic;
  std::memcpy(&magic, head, sizeof magic);
  if (magic == kSection) {
    format = Format::pcapng;
    return {};
  }
  for (const std::uint32_t known : {kMicroseconds, kNanoseconds, kPatched}) {
    if (magic != known && magic != __builtin_bswap32(known)) continue;
    numbers.is_swapped = magic != known;
    return open_pcap(known);
  }
  return cannot_read(path, "it is no capture file (pcap or pcapng)");
}

Result<void> PcapFileSource::Impl::open_pcap(std::uint32_t magic) {
  if (magic == kNanoseconds) ns_per_unit = 1;
  if (magic == kPatched) header_bytes = 24;
  const std::uint32_t number = numbers.u32(input.peek(24) + 20) & 0x0fffffff;
  const auto known = link_type_of(number);
  if (!known) return cannot_read(path, unsupported(number));
  link = *known;
  input.skip(24);
  return {};
}

Result<bool> PcapFileSource::Impl::next_pcap(Frame& frame) {
  const std::uint8_t* head = input.peek(header_bytes);
  if (head == nullptr) {
    if (input.error() == 0 && input.is_at_end()) return false;
    return damaged("the file is cut off in a packet header");
  }
  const std::size_t captured = numbers.u32(head + 8);
  if (captured > kRecordBytesMax) return damaged("a packet has an impossible length");
  head = input.peek(header_bytes + captured);
  if (head == nullptr) return damaged("the file is cut off in a packet");
  const std::int64_t fraction = std::int64_t{numbers.u32(head + 4)} * ns_per_unit;
  frame.time_ns = std::int64_t{numbers.u32(head)} * kNsPerS + fraction;
  frame.original_length = numbers.u32(head + 12);
  frame.bytes = {head + header_bytes, captured};
  frame.link = link;
  input.skip(header_bytes + captured);
  return true;
}

/// Takes the packets that stand in the buffer as a whole, up to a full batch: what next_pcap() does
/// with care, without looking for errors and the end of the file at each of them.
void PcapFileSource::Impl::take_buffered(FrameParser& parser) {
  const std::span<const std::uint8_t> bytes = input.buffered();
  std::size_t at = 0;
  while (!parser.is_full() && bytes.size() - at >= header_bytes) {
    const std::uint8_t* const head = bytes.data() + at;
    const std::size_t captured = numbers.u32(head + 8);
    if (captured > bytes.size() - at - header_bytes) break;
    const std::int64_t fraction = std::int64_t{numbers.u32(head + 4)} * ns_per_unit;
    const std::int64_t packet_ns = std::int64_t{numbers.u32(head)} * kNsPerS + fraction;
    parser.add({head + header_bytes, captured}, numbers.u32(head + 12), packet_ns,
               net::Course::unknown);
    at += header_bytes + captured;
  }
  input.skip(at);
}

/// Reads blocks to the next packet.
Result<bool> PcapFileSource::Impl::next_block(Frame& frame) {
  constexpr std::size_t kHead = 12;  // type, length, and the byte order of a section
  constexpr std::uint32_t kInterface = 1;
  while (true) {
    const std::uint8_t* head = input.peek(kHead);
    if (head == nullptr) {
      if (input.error() == 0 && input.is_at_end()) return false;
      return damaged("the file is cut off in a block header");
    }
    const bool is_section = numbers.u32(head) == kSection;  // the same in both byte orders
    if (is_section) WEIR_CHECK(take_section(head));
    const std::size_t length = numbers.u32(head + 4);
    if (length < kHead || length % 4 != 0 || length > kRecordBytesMax) {
      return damaged("a block has an impossible length");
    }
    head = input.peek(length);
    if (head == nullptr) return damaged("the file is cut off in a block");
    const std::uint32_t type = numbers.u32(head);
    const std::span body(head + 8, length - kHead);
    if (numbers.u32(head + length - 4) != length) return damaged("a block's lengths differ");
    bool has_packet = false;
    if (type == kInterface) {
      WEIR_CHECK(take_interface(body));
    } else if (!is_section) {
      WEIR_TRY(has_packet, take_packet(type, body, frame));
    }
    input.skip(length);
    if (has_packet) return true;
  }
}

/// A new section has its own byte order and interfaces.
Result<void> PcapFileSource::Impl::take_section(const std::uint8_t* head) {
  const std::uint32_t order = Numbers{}.u32(head + 8);
  if (order != kByteOrder && order != __builtin_bswap32(kByteOrder)) {
    return damaged("a section has no byte order");
  }
  numbers.is_swapped = order != kByteOrder;
  interfaces.clear();
  return {};
}

Result<void> PcapFileSource::Impl::take_interface(std::span<const std::uint8_t> body) {
  if (body.size() < 8) return damaged("an interface block is too short");
  if (interfaces.size() == kInterfacesMax) return damaged("too many interfaces");
  Interface interface;
  interface.link_number = numbers.u16(body.data());
  interface.link = link_type_of(interface.link_number);
  interface.snap_length = numbers.u32(body.data() + 4);
  take_options(body.subspan(8), interface);
  interfaces.push_back(interface);
  return {};
}

void PcapFileSource::Impl::take_options(std::span<const std::uint8_t> options,
                                        Interface& interface) const {
  constexpr std::uint16_t kResolution = 9;
  constexpr std::uint16_t kOffset = 14;
  while (options.size() >= 4) {
    const std::uint16_t code = numbers.u16(options.data());
    const std::size_t length = numbers.u16(options.data() + 2);
    const std::uint8_t* const value = options.data() + 4;
    const std::size_t padded = 4 + ((length + 3) & ~std::size_t{3});
    if (code == 0 || options.size() < padded) return;
    if (code == kResolution && length == 1) interface.clock.resolution = *value;
    if (code == kOffset && length == 8) {
      const std::uint32_t first = numbers.u32(value);
      const std::uint32_t second = numbers.u32(value + 4);
      const bool is_big = numbers.is_swapped == (std::endian::native == std::endian::little);
      const std::uint64_t offset =
          is_big ? std::uint64_t{first} << 32 | second : std::uint64_t{second} << 32 | first;
      interface.clock.offset_s = static_cast<std::int64_t>(offset);
    }
    options = options.subspan(padded);
  }
}

/// False if the block is none with a packet.
Result<bool> PcapFileSource::Impl::take_packet(std::uint32_t type,
                                               std::span<const std::uint8_t> body, Frame& frame) {
  constexpr std::uint32_t kOld = 2;
  constexpr std::uint32_t kSimple = 3;
  constexpr std::uint32_t kEnhanced = 6;
  if (type != kOld && type != kSimple && type != kEnhanced) return false;
  const std::size_t head = type == kSimple ? 4 : 20;
  if (body.size() < head) return damaged("a packet block is too short");
  const std::uint8_t* const at = body.data();
  const std::uint32_t index = type == kSimple ? 0
                              : type == kOld  ? numbers.u16(at)
                                              : numbers.u32(at);
  if (index >= interfaces.size()) return damaged("a packet belongs to no interface");
  const Interface& interface = interfaces[index];
  if (!interface.link) return damaged(unsupported(interface.link_number));
  std::size_t captured = body.size() - head;
  if (type == kSimple) {
    frame.original_length = numbers.u32(at);
    const std::size_t snapped = interface.snap_length == 0 ? captured : interface.snap_length;
    captured = std::min({captured, frame.original_length, snapped});
  } else {
    const std::uint64_t units = std::uint64_t{numbers.u32(at + 4)} << 32 | numbers.u32(at + 8);
    time_ns = interface.clock.time_ns(units);
    frame.original_length = numbers.u32(at + 16);
    if (numbers.u32(at + 12) > captured) return damaged("a packet is longer than its block");
    captured = numbers.u32(at + 12);
  }
  frame.time_ns = time_ns;
  frame.bytes = body.subspan(head, captured);
  frame.link = *interface.link;
  return true;
}

PcapFileSource::PcapFileSource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PcapFileSource::~PcapFileSource() = default;

Result<std::unique_ptr<PcapFileSource>> PcapFileSource::open(const std::filesystem::path& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  WEIR_CHECK(impl->open());
  return std::unique_ptr<PcapFileSource>(new PcapFileSource(std::move(impl)));
}

Result<void> PcapFileSource::run(const std::stop_token& stop, const BatchSink& sink) {
  FrameParser parser(impl_->link, impl_->counters);
  Frame frame;
  while (!stop.stop_requested()) {
    if (impl_->format == Impl::Format::pcap) {
      impl_->take_buffered(parser);
      if (parser.is_full()) {
        parser.flush(0, sink);
        continue;
      }
    }
    const auto more = impl_->next(frame);
    if (!more) {
      parser.flush(0, sink);
      return more.error();
    }
    if (!*more) break;
    parser.set_link(frame.link);
    parser.add(frame.bytes, frame.original_length, frame.time_ns, net::Course::unknown);
    if (parser.is_full()) parser.flush(0, sink);
  }
  parser.flush(0, sink);
  return {};
}

const SourceCounters& PcapFileSource::counters() const { return impl_->counters; }

}  // namespace weir::capture
