#include "reply/key_ring.hpp"

#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

namespace mombridge::reply {

namespace {

/// Says what a key is for, so that a secret that is used elsewhere too makes other keys here.
constexpr std::string_view kPurpose = "mombridge return path 1";

const uint8_t* octets(std::string_view bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

// OpenSSL fails here for want of memory, or where its configuration forbids SHA-256: nothing can be sealed then.
void must(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL cannot make an HMAC-SHA-256 or an HKDF key");
}

EVP_MAC_CTX* keyed(std::string_view key) {
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  must(hmac);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(hmac);
  EVP_MAC_free(hmac);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
  must(context && EVP_MAC_init(context, octets(key), key.size(), parameters));
  return context;
}

/// A key of its own for what `context` says: HKDF-SHA-256 (RFC 5869) without a salt, 32 bytes.
std::string derive(std::string_view secret, std::string_view context) {
  EVP_KDF* hkdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  must(hkdf);
  std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> kdf(EVP_KDF_CTX_new(hkdf), EVP_KDF_CTX_free);
  EVP_KDF_free(hkdf);
  char digest[] = "SHA256";
  // OpenSSL takes pointers to what it may change, and changes nothing of an input.
  auto input = [](const char* name, std::string_view bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
  };
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                             input(OSSL_KDF_PARAM_KEY, secret), input(OSSL_KDF_PARAM_INFO, context), OSSL_PARAM_END};
  std::string derived(32, '\0');
  must(kdf && EVP_KDF_derive(kdf.get(), reinterpret_cast<uint8_t*>(derived.data()), derived.size(), parameters) == 1);
  return derived;
}

}  // namespace

void KeyRing::FreeMac::operator()(evp_mac_ctx_st* context) const noexcept { EVP_MAC_CTX_free(context); }

KeyRing::KeyRing(const std::vector<ReplyKey>& keys, std::string_view bridge) {
  for (auto& key : keys) keys_.push_back(make(key, bridge));
}

std::vector<ReplyKey> KeyRing::random() {
  std::string secret(32, '\0');
  must(RAND_bytes(reinterpret_cast<uint8_t*>(secret.data()), static_cast<int>(secret.size())) == 1);
  std::vector<ReplyKey> keys;
  keys.push_back({"random", Secret(std::move(secret))});
  return keys;
}

KeyRing::Key KeyRing::make(const ReplyKey& key, std::string_view bridge) {
  std::string context(kPurpose);
  for (std::string_view part : {bridge, std::string_view(key.id)}) (context += '\0') += part;
  auto derived = derive(key.secret.reveal(), context);
  Key made{0, decltype(Key::ready)(keyed(derived))};
  OPENSSL_cleanse(derived.data(), derived.size());
  Mac tag = mac(made, "key tag");
  made.tag = static_cast<uint16_t>(static_cast<uint8_t>(tag[0]) << 8 | static_cast<uint8_t>(tag[1]));
  return made;
}

Mac KeyRing::mac(const Key& key, std::string_view bytes) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> whole;
  size_t size = 0;
  decltype(Key::ready) context(EVP_MAC_CTX_dup(key.ready.get()));
  must(context && EVP_MAC_update(context.get(), octets(bytes), bytes.size()) &&
       EVP_MAC_final(context.get(), whole.data(), &size, whole.size()) && size >= sizeof(Mac));
  Mac cut;
  for (size_t i = 0; i < cut.size(); ++i) cut[i] = static_cast<char>(whole[i]);
  return cut;
}

KeyRing::Verdict KeyRing::verify(uint16_t tag, std::string_view bytes, std::string_view given) const {
  auto verdict = Verdict::unknown_key;
  for (auto& key : keys_) {
    if (key.tag != tag) continue;  // two keys may share a tag: it is only a hint
    Mac expected = mac(key, bytes);
    if (given.size() == expected.size() && CRYPTO_memcmp(expected.data(), given.data(), expected.size()) == 0)
      return Verdict::authentic;
    verdict = Verdict::forged;
  }
  return verdict;
}

}  // namespace mombridge::reply
