#include "admin/client.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/socket.h>
#include <system_error>

#include "admin/socket.hpp"
#include "config/admin.hpp"
#include "config/text.hpp"

namespace mombridge::admin {

namespace {

constexpr int kPatience = 5;  ///< seconds

Result<std::string> read_all(const Fd& fd) {
  std::string all;
  std::array<char, 16384> buffer;
  for (;;) {
    auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n == 0) return all;
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno == EAGAIN ? "no answer in time" : std::generic_category().message(errno));
    all.append(buffer.data(), static_cast<size_t>(n));
  }
}

/// What a listener of this program sends: the body's end is the connection's.
Result<Answer> answer_in(const std::string& response) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  auto head = response.find("\r\n\r\n");
  if (!response.starts_with(kVersion) || head == std::string::npos) return fail("the answer is no HTTP");
  return Answer{std::atoi(response.c_str() + kVersion.size()), response.substr(head + 4)};
}

struct Question {
  const char* method;
  const std::string& path;
  int seconds;
};

Result<Answer> ask(const Fd& fd, const Question& question, const std::string& token) {
  std::string request = std::string(question.method) + " " + question.path +
                        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nMombridge-Admin: 1\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  request += "\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return fail(std::generic_category().message(errno));
  auto response = read_all(fd);
  return response ? answer_in(*response) : fail(response.error());
}

Result<Answer> ask_at(const config::Listen& listen, const Question& question, const std::string& token) {
  auto fd = connect_to(listen, question.seconds);
  if (!fd) return fail(fd.error());
  auto answer = ask(*fd, question, token);
  return answer ? answer : fail(answer.error().in(listen.text));
}

Result<Answer> ask(const config::Config& config, const Question& question) {
  if (auto* admin = config.admin.get())
    return ask_at(admin->listener.listen, question, admin->token.read().value.reveal());
  std::string tried;
  for (auto& listen : runtime_sockets(config.name)) {
    auto fd = connect_to(listen, question.seconds);
    if (fd) {
      auto answer = ask(*fd, question, {});
      return answer ? answer : fail(answer.error().in(listen.text));
    }
    tried += (tried.empty() ? "" : "; ") + fd.error().text;
  }
  return fail("no bridge of the name " + config::in_quotes(config.name) + " answers" +
              (tried.empty() ? "" : " (" + tried + ")"));
}

}  // namespace

Result<std::string> get(const config::Config& config, const std::string& path) {
  auto answer = ask(config, {"GET", path, kPatience});
  if (!answer) return fail(answer.error());
  if (answer->status == 200) return std::move(answer->body);
  return fail("the bridge answers " + std::to_string(answer->status) + ": " +
              answer->body.substr(0, answer->body.find('\n')));
}

Result<Answer> post(const config::Config& config, const std::string& path, int seconds) {
  return ask(config, {"POST", path, seconds});
}

}  // namespace mombridge::admin
