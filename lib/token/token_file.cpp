#include "token/token_file.hpp"

#include "base/file.hpp"

namespace mombridge::token {

namespace {
constexpr size_t kLargest = 1 << 20;
}

Result<Token> read_token_file(const std::string& path) {
  auto text = read_file(path, kLargest);
  if (!text) return fail(text.error());
  auto token = read_token(*text);
  if (!token) return fail(token.error().in(path + " holds no token"));
  return token;
}

}  // namespace mombridge::token
