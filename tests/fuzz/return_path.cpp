// Whatever arrives as the correlation id of a reply: opening it must neither crash nor accept what was not sealed.

#include "reply/return_path.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/base64url.hpp"
#include "reply/compact.hpp"

using namespace mombridge;         // NOLINT(google-build-using-namespace)
using namespace mombridge::reply;  // NOLINT(google-build-using-namespace)

namespace {

KeyRing keys() { return KeyRing({{"k", Secret("fuzz")}, {"l", Secret("older")}}, "fuzz"); }

const Sealer& sealer() {
  static const Sealer made(keys(), {std::string(200, 'n')});
  return made;
}

void require(bool ok) {
  if (!ok) std::abort();
}

void open_foreign(std::string_view input) {
  std::string storage;
  ReturnPath path;
  require(sealer().open(input, {}, path, storage) < Fault::expired);
}

/// Sealed as it is: the bytes choose every field, so that the reader behind the MAC sees every form.
void round_trip(std::string_view input) {
  if (input.size() < 4) return;
  size_t split = static_cast<uint8_t>(input[0]) % (input.size() - 2) + 1;
  ReturnPath path;
  path.route = static_cast<uint8_t>(input[1]);
  path.address = input.substr(1, split);
  path.correlation_id = input.substr(1 + split);
  if (input[0] & 1) path.partition = static_cast<int8_t>(input[1]);
  if (input[0] & 2) path.correlation_id.reset();
  path.encoded_id = (input[0] & 8) && path.correlation_id;
  std::string text, storage;
  if (!sealer().seal(path, input[0] & 4 ? Sealer::kAmqpLimit : Sealer::kLongest, text)) return;
  ReturnPath opened;
  require(sealer().open(text, {}, opened, storage) == Fault::none);
  require(opened.address == path.address && opened.correlation_id == path.correlation_id);
  require(opened.encoded_id == path.encoded_id);
  require(opened.partition == path.partition && opened.route == path.route);
}

/// Signed with the right key, whatever it is: what another version, or whoever has the key, could write.
void open_signed(std::string_view input) {
  static const KeyRing ring = keys();
  std::string bytes{'\1', static_cast<char>(ring.signing_tag() >> 8), static_cast<char>(ring.signing_tag())};
  bytes += input;
  auto mac = ring.sign(bytes);
  bytes.append(mac.data(), mac.size());
  std::string text, storage;
  base64url_encode(bytes, text);
  ReturnPath path;
  auto fault = sealer().open(text, {}, path, storage);
  require(fault != Fault::forged && fault != Fault::unknown_key && fault != Fault::unknown_version);
  if (fault != Fault::none && fault != Fault::other_broker) return;
  // What it says can be sealed again.
  std::string again, other;
  ReturnPath opened;
  if (!sealer().seal(path, Sealer::kLongest, again)) return;
  require(sealer().open(again, {path.via, 0}, opened, other) == Fault::none);
  require(opened.address == path.address && opened.correlation_id == path.correlation_id);
  require(opened.encoded_id == path.encoded_id);
}

void expand_anything(std::string_view input) {
  if (input.empty()) return;
  std::string out;
  bool present = false;
  auto flags = static_cast<uint8_t>(input[0]);
  expand_address({flags, input.substr(1)}, out);
  (void)expand_correlation({flags, input.substr(1)}, out, present);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  open_foreign(input);
  round_trip(input);
  open_signed(input);
  expand_anything(input);
  return 0;
}
