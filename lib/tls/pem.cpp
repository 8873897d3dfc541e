#include "tls/pem.hpp"

#include <cstring>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.hpp"

namespace mombridge::tls {

namespace {

constexpr size_t kLargestFile = 16 << 20;  ///< the CAs of a system are about 200 KiB

using Bio = Handle<BIO, BIO_free_all>;

Bio over(const std::string& bytes) { return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

// What stands in a file that should have held `wanted`, and how to make it of that.
std::string other_content(const std::string& file, const std::string& content, bool wants_key) {
  auto holds = [&](std::string_view words) { return content.find(words) != std::string::npos; };
  auto wanted = std::string(wants_key ? "private key" : "certificate");
  if (content.empty()) return file + " is empty";
  if (holds("-----BEGIN "))
    return file + " holds no " + wanted +
           (holds("PRIVATE KEY-----")    ? ", but a private key"
            : holds(" CERTIFICATE-----") ? ", but a certificate"
                                         : ", but something else in PEM");
  // A DER file begins with a sequence; of PKCS #12 that is followed by the version 3.
  if (content[0] == '\x30')
    return file + " is not PEM but DER: openssl " +
           (holds(std::string_view("\x02\x01\x03", 3)) && content.find(std::string_view("\x02\x01\x03", 3)) < 8
                ? "pkcs12 -in " + file + " -out client.pem makes PEM of PKCS #12"
            : wants_key ? "pkey -inform der -in " + file + " -out client.key makes PEM of it"
                        : "x509 -inform der -in " + file + " -out cert.pem makes PEM of it");
  return file + " is not PEM: there is no -----BEGIN in it";
}

struct Password {
  const Secret& secret;
  bool asked = false;
};

int give_password(char* buffer, int size, int, void* user) {
  auto& password = *static_cast<Password*>(user);
  password.asked = true;
  auto& text = password.secret.reveal();
  if (text.empty() || text.size() > static_cast<size_t>(size)) return -1;
  std::memcpy(buffer, text.data(), text.size());
  return static_cast<int>(text.size());
}

}  // namespace

Result<std::vector<CertificateHandle>> certificates_in(const std::string& file) {
  auto content = read_file(file, kLargestFile);
  if (!content) return fail(content.error());
  auto in = over(*content);
  std::vector<CertificateHandle> certificates;
  ERR_clear_error();
  while (auto* one = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)) certificates.emplace_back(one);
  bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  auto why = openssl_reason();
  if (!end) return fail(file + " holds a damaged certificate (" + why + ")");
  if (certificates.empty()) return fail(other_content(file, *content, false));
  return certificates;
}

tl::expected<KeyHandle, KeyError> key_in(const std::string& file, const Secret& secret) {
  auto refuse = [](std::string text, bool encrypted = false) {
    return tl::unexpected<KeyError>(KeyError{std::move(text), encrypted});
  };
  auto content = read_file(file, kLargestFile);
  if (!content) return refuse(content.error().text);
  auto in = over(*content);
  Password password{secret};
  ERR_clear_error();
  KeyHandle key(PEM_read_bio_PrivateKey(in.get(), nullptr, give_password, &password));
  bool none = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  auto why = openssl_reason();
  auto instead = key || password.asked ? std::string() : other_content(file, *content, true);
  none |= content->find("PRIVATE KEY") == std::string::npos;
  OPENSSL_cleanse(content->data(), content->size());
  if (key) return key;
  if (password.asked)
    return refuse(secret.empty()
                      ? file + " is encrypted, and there is no key_password"
                      : file + " cannot be decrypted with key_password: it is the wrong one, or its file changed",
                  true);
  if (none) return refuse(std::move(instead));
  return refuse(file + " holds a damaged private key (" + why + ")");
}

bool fit(const X509& certificate, const EVP_PKEY& key) {
  bool same = X509_check_private_key(&certificate, &key) == 1;
  ERR_clear_error();
  return same;
}

std::string openssl_reason() {
  auto code = ERR_peek_last_error();
  auto* reason = code ? ERR_reason_error_string(code) : nullptr;
  std::string text = reason ? reason : code ? "error " + std::to_string(code) : std::string();
  ERR_clear_error();
  return text;
}

}  // namespace mombridge::tls
