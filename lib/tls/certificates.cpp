#include "tls/certificates.hpp"

#include <arpa/inet.h>
#include <array>
#include <ctime>

#include <openssl/x509v3.h>

#include "base/text.hpp"
#include "tls/pem.hpp"

namespace mombridge::tls {

namespace {

std::string name_text(const X509_NAME* name) {
  Handle<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0,
                     ASN1_STRFLGS_UTF8_CONVERT | ASN1_STRFLGS_ESC_CTRL | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN);
  char* text = nullptr;
  auto size = BIO_get_mem_data(out.get(), &text);
  return size > 0 ? printable({text, static_cast<size_t>(size)}, 256) : "(no name)";
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (!time || ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

std::string address_text(const ASN1_OCTET_STRING* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  auto family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
  if (family == AF_INET6 && ASN1_STRING_length(address) != 16) return "?";
  ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(), text.size());
  return text.data();
}

void add_name(const GENERAL_NAME& name, std::vector<std::string>& names) {
  if (name.type == GEN_DNS)
    names.push_back("DNS:" + printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(name.d.dNSName)),
                                        static_cast<size_t>(ASN1_STRING_length(name.d.dNSName))},
                                       253));
  if (name.type == GEN_IPADD) names.push_back("IP:" + address_text(name.d.iPAddress));
}

}  // namespace

Certificate described(const X509& certificate) {
  Certificate result{.subject = name_text(X509_get_subject_name(&certificate)),
                     .issuer = name_text(X509_get_issuer_name(&certificate)),
                     .names = {},
                     .begins = time_of(X509_get0_notBefore(&certificate)),
                     .ends = time_of(X509_get0_notAfter(&certificate))};
  Handle<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
    add_name(*sk_GENERAL_NAME_value(names.get(), i), result.names);
  return result;
}

Result<std::vector<Certificate>> read_certificates(const std::string& file) {
  auto read = certificates_in(file);
  if (!read) return fail(read.error());
  std::vector<Certificate> certificates;
  for (auto& one : *read) certificates.push_back(described(*one));
  return certificates;
}

Result<bool> key_is_encrypted(const std::string& file) {
  auto key = key_in(file, Secret());
  if (key) return false;
  if (key.error().encrypted) return true;
  return fail(key.error().text);
}

Result<> check_key(const std::string& file, const Secret& password) {
  auto key = key_in(file, password);
  if (!key) return fail(key.error().text);
  return {};
}

Result<> check_pair(const std::string& certificate_file, const std::string& key_file, const Secret& password) {
  auto certificates = certificates_in(certificate_file);
  if (!certificates) return fail(certificates.error());
  auto key = key_in(key_file, password);
  if (!key) return fail(key.error().text);
  if (fit(*certificates->front(), **key)) return {};
  return fail(key_file + " is not the key of the certificate in " + certificate_file + " (" +
              described(*certificates->front()).subject + ")");
}

std::string date(WallTime time) {
  auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  std::array<char, 64> text{};
  if (!::gmtime_r(&seconds, &parts) || !std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts))
    return "?";
  return text.data();
}

}  // namespace mombridge::tls
