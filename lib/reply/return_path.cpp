#include "reply/return_path.hpp"

#include <algorithm>

#include "base/base64url.hpp"
#include "base/byte_reader.hpp"
#include "reply/compact.hpp"

namespace mombridge::reply {

namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kFixed = 1 + 2 + 1 + 4 + 2 + 2 + 4;  ///< up to and with the deadline
constexpr size_t kMac = sizeof(Mac);
constexpr size_t kLongestAddress = 0x7FFF;

/// FNV-1a, 32 bits. Source: draft-eastlake-fnv.
uint32_t hash(std::string_view text) {
  uint32_t h = 2166136261u;
  for (char c : text) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h;
}

/// One byte up to 127, else two with the top bit set; a short size in two bytes is not ours, and reads as more than
/// there can be.
size_t read_size(ByteReader& in) {
  size_t first = in.octet();
  if (first < 0x80) return first;
  size_t both = (first & 0x7F) << 8 | in.octet();
  return both < 0x80 ? SIZE_MAX : both;
}

template <class N>
void put(std::string& out, N n) {
  for (size_t shift = 8 * sizeof(N); shift > 0; shift -= 8) out += static_cast<char>(n >> (shift - 8));
}

void put_size(std::string& out, size_t size) {
  if (size < 0x80)
    put(out, static_cast<uint8_t>(size));
  else
    put(out, static_cast<uint16_t>(0x8000 | size));
}

uint32_t seconds(int64_t ms) {
  return static_cast<uint32_t>(std::clamp<int64_t>(ms / 1000 + (ms % 1000 > 0), 0, UINT32_MAX));
}

void put_path(std::string& out, const ReturnPath& path, uint16_t key, Compact address, Compact id) {
  put(out, kVersion);
  put(out, key);
  put(out, static_cast<uint8_t>(address.flags | id.flags | (path.partition ? kFlagPartition : 0)));
  put(out, path.route);
  put(out, path.origin);
  put(out, path.via);
  put(out, seconds(path.deadline_ms));
  if (path.partition) put(out, static_cast<uint32_t>(*path.partition));
  put_size(out, address.bytes.size());
  out += address.bytes;
  out += id.bytes;
}

constexpr size_t characters(size_t bytes) { return (bytes * 4 + 2) / 3; }

}  // namespace

RouteId route_id(std::string_view name) { return hash(name); }

BrokerId broker_id(std::string_view name) {
  auto h = hash(name);
  return static_cast<BrokerId>(h >> 16 ^ h);
}

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::malformed:
      return "malformed";
    case Fault::unknown_version:
      return "unknown_version";
    case Fault::unknown_key:
      return "unknown_key";
    case Fault::forged:
      return "forged";
    case Fault::unreadable:
      return "unreadable";
    case Fault::unknown_address:
      return "unknown_address";
    case Fault::expired:
      return "expired";
    case Fault::other_broker:
      return "other_broker";
    case Fault::unknown_route:
      return "unknown_route";
  }
  return "";
}

Sealer::Sealer(KeyRing keys, const std::vector<std::string>& names) : keys_(std::move(keys)) {
  for (auto& name : names) {
    auto [at, added] = names_.emplace(hash(name), name);
    if (!added && at->second != name) at->second.clear();
  }
}

std::optional<uint32_t> Sealer::interned(std::string_view name) const {
  auto found = names_.find(hash(name));
  if (found == names_.end() || found->second != name || name.empty()) return std::nullopt;
  return found->first;
}

Result<std::string_view> Sealer::seal(const ReturnPath& path, size_t limit, std::string& storage) const {
  thread_local std::string address_bytes, id_bytes, bytes;
  limit = std::min(limit, kLongest);
  if (path.address.empty()) return fail("an empty reply address");
  auto address = compact_address(path.address, address_bytes);
  auto id = compact_correlation(path.correlation_id, path.encoded_id, id_bytes);
  auto needed = [&] {
    size_t around = kFixed + (path.partition ? 4 : 0) + (address.bytes.size() < 0x80 ? 1 : 2) + kMac;
    return characters(around + address.bytes.size() + id.bytes.size());
  };
  if (needed() > limit) {
    if (auto name = interned(path.address)) {
      address_bytes.clear();
      put(address_bytes, *name);
      address = {kFlagInterned, address_bytes};
    }
    if (needed() > limit || address.bytes.size() > kLongestAddress)
      return fail("a reply address of " + std::to_string(path.address.size()) + " bytes and a correlation id of " +
                  std::to_string(path.correlation_id.value_or("").size()) + " make a return path of " +
                  std::to_string(needed()) + " characters; " + std::to_string(limit) + " fit");
  }
  bytes.clear();
  put_path(bytes, path, keys_.signing_tag(), address, id);
  Mac mac = keys_.sign(bytes);
  bytes.append(mac.data(), mac.size());
  storage.clear();
  base64url_encode(bytes, storage);
  return std::string_view(storage);
}

Fault Sealer::open(std::string_view sealed, const Arrival& arrival, ReturnPath& path, std::string& storage) const {
  thread_local std::string bytes;
  bytes.clear();
  if (sealed.size() < characters(kFixed + 1 + kMac) || sealed.size() > kLongest || !base64url_decode(sealed, bytes))
    return Fault::malformed;
  if (static_cast<uint8_t>(bytes[0]) != kVersion) return Fault::unknown_version;
  std::string_view all(bytes), signed_part = all.substr(0, all.size() - kMac);
  auto tag = ByteReader(all.substr(1)).number<uint16_t>();
  switch (keys_.verify(tag, signed_part, all.substr(signed_part.size()))) {
    case KeyRing::Verdict::unknown_key:
      return Fault::unknown_key;
    case KeyRing::Verdict::forged:
      return Fault::forged;
    case KeyRing::Verdict::authentic:
      break;
  }
  if (auto fault = read(signed_part.substr(3), path, storage); fault != Fault::none) return fault;
  if (arrival.now_ms - arrival.skew_ms > path.deadline_ms) return Fault::expired;
  return arrival.via == path.via ? Fault::none : Fault::other_broker;
}

Fault Sealer::read(std::string_view bytes, ReturnPath& path, std::string& storage) const {
  ByteReader in(bytes);
  auto flags = in.octet();
  path.route = in.number<RouteId>();
  path.origin = in.number<BrokerId>();
  path.via = in.number<BrokerId>();
  path.deadline_ms = in.number<uint32_t>() * int64_t{1000};
  path.partition.reset();
  if (flags & kFlagPartition) path.partition = static_cast<int32_t>(in.number<uint32_t>());
  Compact address{static_cast<uint8_t>(flags & kAddressFlags), in.take(read_size(in))};
  Compact id{static_cast<uint8_t>(flags & kCorrelationFlags), in.take(in.left())};
  if (!in.ok()) return Fault::unreadable;

  storage.clear();
  storage.reserve(3 * bytes.size() +
                  64);  // no form is shorter than a third of what it stands for, and the views must stay
  if (flags & kFlagInterned) {
    auto found = names_.find(ByteReader(address.bytes).number<uint32_t>());
    if (found == names_.end() || found->second.empty()) return Fault::unknown_address;
    path.address = found->second;
  } else {
    expand_address(address, storage);
    path.address = storage;
  }
  size_t begin = storage.size();
  bool present = false;
  if (!expand_correlation(id, storage, present)) return Fault::unreadable;
  path.encoded_id = id.flags == kFlagsEncodedId;
  path.correlation_id.reset();
  if (present) path.correlation_id = std::string_view(storage).substr(begin);
  return Fault::none;
}

}  // namespace mombridge::reply
