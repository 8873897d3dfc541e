#include "broker/amqp/inquiry.hpp"

#include <charconv>
#include <utility>

namespace mombridge::amqp {

namespace {

constexpr uint16_t kChannel = 1;
constexpr Duration kClosePatience = std::chrono::seconds(1);

Answer refusal(const std::string& words) {
  Answer answer{.words = words};
  std::from_chars(words.data(), words.data() + words.size(), answer.code);
  return answer;
}

template <class T, class V>
void fulfil(std::optional<std::promise<T>>& promise, V&& value) {
  if (auto waiting = std::exchange(promise, std::nullopt)) waiting->set_value(std::forward<V>(value));
}

}  // namespace

Inquiry::Inquiry(const std::string& broker, const Settings& settings, token::Source* tokens)
    : settings_(settings),
      loop_(broker),
      connection_(loop_, settings, "check", *this, {}, tokens),
      side_(connection_,
            [this](auto&, bool yes, auto& why) { fulfil(asking_, yes ? Answer{.yes = true} : refusal(why)); }) {
  loop_.before_sleep([this] {
    connection_.flush();
    return Duration::max();
  });
  loop_.start();
}

Inquiry::~Inquiry() {
  disconnect();
  loop_.stop();
}

Result<> Inquiry::connect() {
  std::future<Result<>> opened;
  loop_.call([&] {
    blocked_ = false;
    opened = opening_.emplace().get_future();
    connection_.open();
  });
  return opened.get();
}

Answer Inquiry::ask(const Question& question) {
  auto answer = ask_once(question);
  return answer ? *answer : ask_once(question).value_or(Answer{.words = "no answer within the connect_timeout"});
}

std::optional<Answer> Inquiry::ask_once(const Question& question) {
  if (!gone_.empty()) return Answer{.words = gone_};
  bool open = false, blocked = false;
  loop_.call([&] {
    open = connection_.is_open();
    blocked = blocked_;
  });
  // RabbitMQ reads nothing more from a connection that has published during an alarm.
  if (blocked) disconnect();
  if (blocked || !open)
    if (auto again = reconnect(); !again) return Answer{.words = gone_ = again.error().text};
  std::future<Answer> answer;
  loop_.call([&] {
    answer = asking_.emplace().get_future();
    side_.ask(question);
  });
  if (answer.wait_for(settings_.connect_timeout) == std::future_status::ready) return answer.get();
  disconnect();
  return std::nullopt;
}

Result<> Inquiry::reconnect() {
  Result<> connected = connect();
  for (size_t i = 1; i < settings_.endpoints.size() && !connected; ++i) connected = connect();
  return connected;
}

std::string Inquiry::endpoint() {
  std::string text;
  loop_.call([&] { text = connection_.endpoint(); });
  return text;
}

std::string Inquiry::server() {
  std::string text;
  loop_.call([&] { text = connection_.agreed().server; });
  return text;
}

std::string Inquiry::alarm() {
  std::string text;
  loop_.call([&] { text = alarm_; });
  return text;
}

void Inquiry::disconnect() {
  std::future<Result<>> closed;
  loop_.call([&] {
    asking_.reset();
    closed = closing_.emplace().get_future();
    connection_.close_in_order();
  });
  closed.wait_for(kClosePatience);
  loop_.call([&] {
    closing_.reset();
    connection_.close();
  });
}

void Inquiry::opened() {
  side_.reset(kChannel);
  fulfil(opening_, Result<>{});
}

// What was asked last may be why the broker closed the connection.
void Inquiry::closed(const Error& error) {
  side_.reset(kChannel);
  fulfil(closing_, Result<>{});
  fulfil(opening_, fail(error));
  fulfil(asking_, Answer{.code = connection_.end().code, .words = error.text});
}

void Inquiry::blocked(const std::string& reason) {
  blocked_ = true;
  alarm_ = reason;
}

}  // namespace mombridge::amqp
