#include "tls/making.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace mombridge::tls::test {

namespace {

using Bio = Handle<BIO, BIO_free_all>;

void must(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL: " + openssl_reason());
}

std::string content(BIO* bio) {
  char* text = nullptr;
  auto size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(size)};
}

template <class Write>
std::string pem(Write write) {
  Bio out(BIO_new(BIO_s_mem()));
  must(write(out.get()) == 1);
  return content(out.get());
}

std::string key_pem(EVP_PKEY* key) {
  return pem([&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

KeyHandle parsed_key(const std::string& text) {
  Bio in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  KeyHandle key(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  must(key != nullptr);
  return key;
}

void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Handle<X509_EXTENSION, X509_EXTENSION_free> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

/// Without an issuer it signs itself.
Issued made(const Recipe& recipe, const Issued* issuer) {
  KeyHandle key(EVP_EC_gen("P-256"));
  CertificateHandle certificate(X509_new());
  must(key && certificate);
  uint32_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial & 0x7fffffff);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), recipe.begins.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), recipe.ends.count());
  X509_set_pubkey(certificate.get(), key.get());
  auto* subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(recipe.name.c_str()),
                             -1, -1, 0);
  CertificateHandle parent;
  if (issuer) {
    Bio in(BIO_new_mem_buf(issuer->certificate.data(), static_cast<int>(issuer->certificate.size())));
    parent.reset(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    must(parent != nullptr);
  }
  auto* by = parent ? parent.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(by));
  extend(certificate.get(), by, NID_subject_key_identifier, "hash");
  extend(certificate.get(), by, NID_basic_constraints, recipe.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (!recipe.authority && !recipe.names.empty()) extend(certificate.get(), by, NID_subject_alt_name, recipe.names);
  auto signer = issuer ? parsed_key(issuer->key) : KeyHandle();
  must(X509_sign(certificate.get(), signer ? signer.get() : key.get(), EVP_sha256()) > 0);
  return {pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); }), key_pem(key.get())};
}

}  // namespace

Authority::Authority(const std::string& name, std::chrono::seconds ends)
    : own_(made({.name = name, .names = "", .ends = ends, .authority = true}, nullptr)) {}

Issued Authority::issue(const Recipe& recipe) const { return made(recipe, &own_); }

std::string encrypted(const std::string& key, const std::string& password) {
  auto parsed = parsed_key(key);
  return pem([&](BIO* out) {
    return PEM_write_bio_PKCS8PrivateKey(out, parsed.get(), EVP_aes_256_cbc(), password.c_str(),
                                         static_cast<int>(password.size()), nullptr, nullptr);
  });
}

Folder::Folder() {
  auto name = (std::filesystem::temp_directory_path() / "mombridge-tls-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
  return path_ / name;
}

}  // namespace mombridge::tls::test
