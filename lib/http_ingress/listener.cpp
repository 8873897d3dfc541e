#include "http_ingress/listener.hpp"

#include <algorithm>
#include <sys/resource.h>
#include <utility>

namespace mombridge::http_ingress {

namespace {

constexpr int kAcceptsAtOnce = 64;
/// Clients beyond the limit that are told so; beyond these, the connection is just closed.
constexpr size_t kTurnedAway = 256;
constexpr rlim_t kMostDescriptors = 65'536;
constexpr rlim_t kForTheRest = 512;

}  // namespace

Listener::Listener(EventLoop& loop, admin::ListeningSocket socket, User& user, size_t connections, const Limits& limits)
    : loop_(loop),
      acceptor_(loop, std::move(socket), kAcceptsAtOnce, [this](Fd fd) { add(std::move(fd)); }),
      user_(user),
      most_(connections),
      limits_(limits) {}

void Listener::close_after_answers() {
  closing_ = true;
  for (auto next = connections_.begin(); next != connections_.end();) {
    auto& connection = *(next++)->second;
    connection.close_after_answer();
  }
}

size_t Listener::most_connections() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kForTheRest;
  auto raised = limit;
  raised.rlim_cur = std::min(limit.rlim_max, std::max(limit.rlim_cur, kMostDescriptors));
  if (raised.rlim_cur != limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  auto all = std::min(limit.rlim_cur, kMostDescriptors);
  return all > 2 * kForTheRest ? all - kForTheRest - kTurnedAway : all / 4;
}

void Listener::add(Fd fd) {
  if (connections_.size() >= most_) make_room();
  bool full = connections_.size() >= most_;
  if (connections_.size() >= most_ + kTurnedAway) return;
  auto number = ++next_;
  Connection::Owner& owner = *this;
  auto made = std::make_unique<Connection>(loop_, std::move(fd), number, limits_, owner);
  auto& connection = *made;
  connections_.emplace(number, std::move(made));
  count_ = connections_.size();
  if (!full) return connection.start();
  user_.busy();
  connection.turn_away(try_later(503, End::busy, "there are more connections than the bridge takes at a time"));
}

// Who opens connections and asks nothing must not keep out who has something to ask.
void Listener::make_room() {
  auto oldest = std::ranges::find_if(connections_, [](auto& entry) { return entry.second->idle(); });
  if (oldest != connections_.end()) ended(*oldest->second);
}

tl::expected<Admission, Answer> Listener::judge(const RequestHead& head, std::optional<uint64_t> length) {
  return user_.judge(head, length);
}

void Listener::received(Connection& connection, Admission admission, RequestHead head, std::string body) {
  auto respond = [this, number = connection.number()](const Answer& answer) {
    auto found = connections_.find(number);
    if (found != connections_.end()) found->second->answer(answer);
  };
  user_.begin(std::move(admission), std::move(head), std::move(body), respond);
}

Answer Listener::faulty(const RequestFault& fault) {
  user_.invalid();
  return failure(fault.status, End::invalid, fault.words);
}

void Listener::ended(Connection& connection) {
  connections_.erase(connection.number());
  count_ = connections_.size();
}

}  // namespace mombridge::http_ingress
