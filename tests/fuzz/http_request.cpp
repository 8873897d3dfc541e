// HTTP requests of the ingress: what is read does not depend on the pieces that the bytes come in, and keeps its
// bounds. Input: the size of a piece; what a client sends.

#include <string>
#include <vector>

#include "http_ingress/content.hpp"
#include "support.hpp"

using namespace mombridge;                // NOLINT(google-build-using-namespace)
using namespace mombridge::http_ingress;  // NOLINT(google-build-using-namespace)

namespace {

constexpr size_t kHead = 512;
constexpr uint64_t kBody = 64;

/// What is made of a request; of one that is none, why.
std::string made_of(const RequestHead& head, const std::string& body) {
  std::string text = head.method + " " + head.path + "?" + head.query + (head.keep_alive ? " keep " : " close ") + body;
  if (auto kind = kind_of(head.path)) {
    auto address = address_of(head);
    text += address ? address->broker + "/" + address->target : address.error().text;
    Content content(head, body);
    auto read = content.read(*kind, "app");
    text += read ? std::to_string(content.message().headers.size()) : read.error().text;
    unsigned left_out = 0;
    for (auto& [name, value] : http_headers(content.message(), left_out))
      fuzz::require(is_token(name) && fits_http(value));
  }
  return text;
}

std::vector<std::string> read(std::string_view bytes, size_t piece) {
  std::vector<std::string> requests;
  RequestReader reader(kHead, kBody);
  for (size_t at = 0; at < bytes.size(); at += piece) {
    auto part = bytes.substr(at, piece);
    while (!part.empty() && reader.state() != RequestReader::State::faulty) {
      part.remove_prefix(reader.take(part));
      if (reader.state() != RequestReader::State::whole) continue;
      auto [head, body] = reader.release();
      fuzz::require(body.size() <= kBody);
      requests.push_back(made_of(head, body));
      reader.next(kBody);
    }
  }
  if (reader.state() == RequestReader::State::faulty)
    requests.push_back(std::to_string(reader.fault().status) + reader.fault().words);
  return requests;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  size_t piece = input.byte() + 1U;
  auto bytes = input.rest();
  fuzz::require(read(bytes, piece) == read(bytes, bytes.size() + 1));
  return 0;
}
