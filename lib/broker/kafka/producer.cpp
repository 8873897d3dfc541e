#include "broker/kafka/producer.hpp"

#include <algorithm>
#include <future>
#include <iterator>
#include <sys/epoll.h>
#include <utility>

#include "broker/kafka/own_topic.hpp"
#include "broker/kafka/producer_limits.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kEventsPerRound = 100;
constexpr Duration kLongestSleep = std::chrono::seconds(1);
constexpr Duration kPurgePatience = std::chrono::seconds(2);
constexpr int kQuestions = 5;  ///< a client that lost its connection may wait before it makes another
constexpr Duration kAwayPatience = std::chrono::milliseconds(100);

}  // namespace

Producer::Producer(const std::string& broker, const Settings& settings, Asker& asker)
    : broker_(broker),
      settings_(settings),
      asker_(asker),
      loop_(broker + ":produce"),
      supervisor_(loop_, broker, "publisher", Backoff(settings.reconnect_delay, settings.reconnect_delay_max),
                  [this] { open(); }),
      connection_error_(settings.bootstrap_servers),
      dropped_(counter("headers_dropped")),
      unknown_(loop_, asker, [this](Publication& p) { queue(p); }),
      compressed_(broker, settings, loop_),
      bisect_(broker) {
  loop_.before_sleep([this] { return serve(); });
}

Producer::~Producer() { stop(Duration::zero()); }

void Producer::start() {
  started_ = true;
  loop_.watch(signal_.fd(), EPOLLIN, [this](uint32_t) { signal_.clear(); });
  compressed_.start();
  loop_.post([this] { supervisor_.start(); });
  loop_.start();
}

void Producer::stop(Duration patience) {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  direct_.close();
  if (std::exchange(started_, false)) {
    bool away = supervisor_.status().state == LinkStatus::State::failing;
    auto said = std::make_shared<std::promise<void>>();
    loop_.post([this, said] {
      supervisor_.stop();
      on_idle_ = [said] { said->set_value(); };
    });
    said->get_future().wait_for(away ? std::min<Duration>(patience, kAwayPatience) : patience);
    loop_.stop();
    on_idle_ = nullptr;
  }
  end_client();
  compressed_.end();
  auto left = unknown_.take();
  for (auto& [number, publication] : std::exchange(again_, {})) left.push_back(publication);
  std::ranges::copy(suspected_.take(), std::back_inserter(left));
  for (auto* publication : std::exchange(backlog_, {})) left.push_back(publication);
  for (auto* publication : left) publication->completed(Outcome::away("the bridge is stopping"));
}

void Producer::open() {
  if (!client_)
    if (auto made = make(); !made) return supervisor_.failed(made.error());
  if (reachable_) return;
  asker_.ask([this, client = client_.get()] {
    auto answer = ask_reachable(client, settings_.bootstrap_servers);
    for (auto& topic : settings_.declares)
      if (auto had = answer ? have_topic(client, topic, {.partitions = partitions_of(topic)}) : Result<bool>(false);
          !had)
        log::warn("the bridge's own topic is missing", {{"broker", broker_}, {"reason", had.error().text}});
    loop_.post([this, client, error = answer ? std::string() : answer.error().text] {
      if (client != client_.get() || reachable_) return;
      if (error.empty()) return reachable();
      supervisor_.failed({connection_error_.reason(error)});
    });
  });
}

int Producer::partitions_of(const std::string& topic) const {
  auto said = settings_.partitions.find(topic);
  return said == settings_.partitions.end() ? kBrokersOwnNumber : said->second;
}

Result<> Producer::make() {
  auto client = make_client(RD_KAFKA_PRODUCER, settings_, producer_properties(settings_));
  if (!client) return fail(client.error());
  client_ = std::move(*client);
  events_.reset(rd_kafka_queue_get_main(client_.get()));
  signal_.watch(events_.get());
  limits_ = limits_of(client_.get());
  unknown_.use(client_.get());
  std::lock_guard lock(mutex_);
  if (!closed_) direct_.open();
  return {};
}

void Producer::reachable() {
  connection_error_.clear();
  if (std::exchange(reachable_, true)) return;
  supervisor_.opened(settings_.bootstrap_servers);
}

// What the client had goes to the next one, in the same order, and before what came meanwhile.
void Producer::fail_client(const Error& error) {
  direct_.close();
  end_client();
  take_again();
  supervisor_.failed(error);
}

void Producer::take_again() {
  std::ranges::sort(again_);
  {
    std::lock_guard lock(mutex_);
    for (size_t i = again_.size(); i-- > 0;) backlog_.push_front(again_[i].second);
    waiting_ += again_.size();
  }
  again_.clear();
}

// Nobody else uses the client: the gate is closed, and the loop's thread is here or has ended.
void Producer::end_client() {
  reachable_ = false;
  if (!client_) return;
  ending_ = true;
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  for (auto deadline = Clock::now() + kPurgePatience; rd_kafka_outq_len(client_.get()) && Clock::now() < deadline;) {
    constexpr int kPollMs = 50;
    Event event(rd_kafka_queue_poll(events_.get(), kPollMs));
    if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_DR) reports(event.get());
  }
  ending_ = false;
  Signal::unwatch(events_.get());
  events_.reset();
  unknown_.use(nullptr);
  asker_.wait();
  topics_.clear();
  client_.reset();
  // Without a client nobody reports on them any more, and nobody reads their bodies.
  for (auto& slot : slots_)
    if (slot.publication) again_.emplace_back(slot.number, slot.publication);
  free_.clear();
  slots_.clear();
  bisect_.reset();
}

Duration Producer::serve() {
  for (auto* publication : suspected_.take()) unknown_.add(*publication);
  bool more = client_ && poll_events();
  if (client_) drain();
  bool nothing = idle();
  if (nothing && on_idle_) std::exchange(on_idle_, nullptr)();
  if (more || !suspected_.empty()) return Duration::zero();
  return nothing ? Duration::max() : kLongestSleep;
}

bool Producer::poll_events() {
  for (int i = 0; i < kEventsPerRound; ++i) {
    Event event(rd_kafka_queue_poll(events_.get(), 0));
    if (!event) return false;
    auto type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_DR) reports(event.get());
    if (type == RD_KAFKA_EVENT_ERROR) handle_error(event.get());
    if (!client_) return false;
  }
  return true;
}

void Producer::handle_error(rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  std::string_view words = rd_kafka_event_error_string(event);
  auto text = describe(code, words);
  if (rd_kafka_event_error_is_fatal(event)) {
    char why[512] = "";
    auto cause = rd_kafka_fatal_error(client_.get(), why, sizeof why);
    return fail_client({describe(cause, why)});
  }
  if (connection_error_.note(code, words)) {
    if (connection_error_.in_doubt() && !connection_error_.only_closed()) unreachable(text);
    return;
  }
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    return error_log_.event(log::Level::warn, "producer error", {{"broker", broker_}, {"reason", text}});
  if (reachable_ && connection_error_.only_closed() && idle()) return ask_whether_there();
  unreachable(text);
}

// Brokers close connections that are idle for long, and the client then says that all of them are down.
void Producer::ask_whether_there() {
  if (connection_error_.in_doubt()) return;
  connection_error_.doubt();
  log::debug("the cluster closed an idle connection", {{"broker", broker_}});
  asker_.ask([this, client = client_.get()] {
    auto metadata = ask_metadata(client, nullptr);
    for (int i = 1; i < kQuestions && !metadata; ++i) metadata = ask_metadata(client, nullptr);
    loop_.post([this, client, error = metadata ? std::string() : metadata.error().text] {
      if (client != client_.get() || !connection_error_.in_doubt()) return;
      if (!error.empty()) return unreachable(error);
      connection_error_.clear();
    });
  });
}

void Producer::unreachable(const std::string& otherwise) {
  auto reason = connection_error_.reason(otherwise);
  connection_error_.end_doubt();
  reachable_ = false;
  supervisor_.failed({reason});
}

bool Producer::idle() {
  return unknown_.empty() && compressed_.empty() && !waiting_ && suspected_.empty() && !under_way();
}

size_t Producer::under_way() {
  std::lock_guard lock(mutex_);
  return slots_.size() - free_.size();
}

}  // namespace mombridge::kafka
