#include "admin/client.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>

#include "admin/action.hpp"
#include "admin/socket.hpp"
#include "base/text.hpp"
#include "config/admin.hpp"
#include "config/text.hpp"

namespace mombridge::admin {

namespace {

constexpr int kPatience = 5;  ///< seconds
constexpr size_t kLongestLine = 1024 * 1024;

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

Result<> send(const Fd& fd, const Question& question, const std::string& token) {
  std::string request = std::string(question.method) + " " + question.path +
                        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nMombridge-Admin: 1\r\n";
  if (!token.empty()) request += "Authorization: Bearer " + token + "\r\n";
  request += "\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return fail(std::generic_category().message(errno));
  return {};
}

/// A bridge that has been asked.
struct Asked {
  Fd fd;
  std::string where;
};

Result<Asked> ask_at(const config::Listen& listen, Fd fd, const Question& question, const std::string& token) {
  if (auto sent = send(fd, question, token); !sent) return fail(sent.error().in(listen.text));
  return Asked{std::move(fd), listen.text};
}

Result<Asked> ask(const config::Config& config, const Question& question) {
  if (auto* admin = config.admin.get()) {
    auto fd = connect_to(admin->listener.listen, question.seconds);
    if (!fd) return fail(fd.error());
    return ask_at(admin->listener.listen, std::move(*fd), question, admin->token.read().value.reveal());
  }
  std::string tried;
  for (auto& listen : runtime_sockets(config.name)) {
    auto fd = connect_to(listen, question.seconds);
    if (fd) return ask_at(listen, std::move(*fd), question, {});
    tried += (tried.empty() ? "" : "; ") + fd.error().text;
  }
  return fail("no bridge of the name " + config::in_quotes(config.name) + " answers" +
              (tried.empty() ? "" : " (" + tried + ")"));
}

Result<Answer> answer_to(const config::Config& config, const Question& question) {
  auto asked = ask(config, question);
  if (!asked) return fail(asked.error());
  auto response = read_all(asked->fd);
  auto answer = response ? answer_in(*response) : Result<Answer>(fail(response.error()));
  return answer ? answer : fail(answer.error().in(asked->where));
}

std::string refusal_in(const Answer& answer) {
  return "the bridge answers " + std::to_string(answer.status) + ": " + error_of(answer.body);
}

/// Takes the complete lines out of `text`. Returns false if `line` does.
bool hand_on_lines(std::string& text, const std::function<bool(std::string_view)>& line) {
  size_t from = 0;
  for (size_t end = 0; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
    if (!line(std::string_view(text).substr(from, end - from))) return false;
  text.erase(0, from);
  return true;
}

/// A peer is given that long to answer, and to go on all the time that it needs.
void wait_for_ever(const Fd& fd) {
  timeval none{};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (letter_or_digit(c))
      result += c;
    else
      result += "%" + hex({&c, 1});
  }
  return result;
}

Result<std::string> get(const config::Config& config, const std::string& path) {
  auto answer = answer_to(config, {"GET", path, kPatience});
  if (!answer) return fail(answer.error());
  if (answer->status == 200) return std::move(answer->body);
  return fail(refusal_in(*answer));
}

Result<Answer> post(const config::Config& config, const std::string& path, int seconds) {
  return answer_to(config, {"POST", path, seconds});
}

Result<> follow(const config::Config& config, const std::string& path,
                const std::function<bool(std::string_view line)>& line) {
  auto asked = ask(config, {"GET", path, kPatience});
  if (!asked) return fail(asked.error());
  std::string text;
  std::array<char, 16384> buffer;
  for (bool is_body = false;;) {
    auto n = ::recv(asked->fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno == EAGAIN ? "no answer in time" : std::generic_category().message(errno));
    text.append(buffer.data(), static_cast<size_t>(n));
    if (n == 0 && is_body) return {};
    if (n == 0 || (!is_body && text.find("\r\n\r\n") != std::string::npos)) {
      auto answer = answer_in(text);
      if (!answer) return fail(answer.error().in(asked->where));
      if (n == 0 && answer->status == 200) return {};
      if (n == 0) return fail(refusal_in(*answer));
      if (answer->status != 200) continue;  // the reason is yet to come
      is_body = true;
      text = std::move(answer->body);
      wait_for_ever(asked->fd);
    }
    if (is_body && !hand_on_lines(text, line)) return {};
    if (text.size() > kLongestLine) return fail("a line of the answer has no end");
  }
}

}  // namespace mombridge::admin
