#include "broker/kafka/producer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/counters.hpp"
#include "base/text.hpp"
#include "broker/kafka/client.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/permission.hpp"
#include "broker/kafka/produce.hpp"
#include "broker/kafka/topic_declare.hpp"
#include "broker/kafka/topic_name.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kEventsPerRound = 100;
constexpr Duration kLongestSleep = std::chrono::seconds(1);
constexpr Duration kAwayPatience = std::chrono::milliseconds(100);
/// For all that is asked of the cluster before the producer works.
constexpr Duration kOpenPatience = std::chrono::seconds(60);
/// How long a client that ends has for its last reports, which come as soon as its threads have thrown away what they
/// had: on the loop, and when it stops.
constexpr Duration kFailedPatience = std::chrono::milliseconds(100);
constexpr Duration kEndPatience = std::chrono::seconds(2);
constexpr size_t kShownName = 64;  ///< of what is no topic's name, so that the reason is not lost behind it

void declare_own_topics(rd_kafka_t* client, const std::string& broker, const Settings& settings, TimePoint deadline) {
  for (auto& topic : settings.declares) {
    auto partitions = settings.partitions.find(topic);
    TopicSpec spec;
    if (partitions != settings.partitions.end()) spec.partitions = partitions->second;
    if (auto had = declare_topic(client, topic, spec, deadline); !had)
      log::warn("the bridge's own topic is missing", {{"broker", broker}, {"reason", had.error().text}});
  }
}

}  // namespace

Producer::Producer(const std::string& broker, std::shared_ptr<const Settings> settings, BlockingCalls& calls)
    : broker_(broker),
      settings_(std::move(settings)),
      loop_(broker + ":produce"),
      caller_(calls, loop_),
      cluster_(
          loop_, calls, broker, "publisher", *settings_, [this] { open(); }, LinkStatus::Role::publisher),
      client_(loop_, [] {}),  // served before the loop sleeps
      unknown_(loop_, calls, Login(*settings_).principal(), [this](Publication& p) { queue(p); }),
      compressed_(broker, settings_, loop_),
      bisect_(broker) {
  loop_.before_sleep([this] { return serve(); });
}

Producer::~Producer() {
  begin_stop();
  finish_stop(Clock::now());
}

void Producer::start(bool connect) {
  stopping_ = std::make_shared<Stopping>();
  if (connect) loop_.post([this] { cluster_.start(); });
  loop_.start();
}

void Producer::begin_stop() {
  backlog_.close();
  direct_.close();
  if (!stopping_) return;
  stopping_->away = status().state == LinkStatus::State::failing;
  loop_.post([this, stopping = stopping_] {
    cluster_.stop();
    caller_.cancel();
    tell_idle_ = stopping;
  });
}

void Producer::finish_stop(TimePoint deadline) {
  if (auto stopping = std::exchange(stopping_, nullptr)) {
    auto until = stopping->away ? std::min<TimePoint>(deadline, Clock::now() + kAwayPatience) : deadline;
    stopping->idle.get_future().wait_until(until);
    loop_.stop();
  }
  caller_.cancel();
  end_client(std::clamp<Duration>(deadline - Clock::now(), kFailedPatience, kEndPatience));
  compressed_.end(std::clamp<Duration>(deadline - Clock::now(), kFailedPatience, kEndPatience));
  auto left = unknown_.take();
  for (auto& record : std::exchange(returned_, {})) left.push_back(record.publication);
  std::ranges::copy(backlog_.take_all(), std::back_inserter(left));
  for (auto* publication : left) publication->completed(Outcome::away("the bridge is stopping"));
}

void Producer::open() {
  if (!client_)
    if (auto made = make(); !made) return cluster_.failed(made.error());
  if (cluster_.is_reached() || !caller_.idle()) return;
  caller_.ask(
      kOpenPatience,
      [client = client_.shared(), settings = settings_, broker = broker_](TimePoint deadline) -> Result<> {
        if (auto ok = ask_reachable(client.get(), settings->bootstrap_servers, deadline); !ok) return ok;
        declare_own_topics(client.get(), broker, *settings, deadline);
        return {};
      },
      [this](const Result<>& there) {
        if (there) return cluster_.reached();
        if (!cluster_.is_reached()) lost(there.error().text);
      });
}

Result<> Producer::make() {
  if (auto made = client_.make(*settings_, producer_properties(*settings_)); !made) return made;
  unknown_.use(client_.shared());
  backlog_.unless_closed([this] { direct_.open(); });
  return {};
}

// A client that is not let in goes on trying by itself, sooner than anybody can mend it, and with the certificates that
// it was made with.
void Producer::lost(const std::string& otherwise) {
  if (!cluster_.error().refused() || !client_) return cluster_.lost(otherwise);
  auto wait = tls_files_changed(client_.shared().get()) ? Duration::zero() : settings_->reconnect_delay_max;
  auto why = cluster_.error().reason(otherwise);
  fail_client(why, wait);
}

// Before it produces anything, it asks for an id, which is a permission of its own.
void Producer::fatal() {
  if (client_.failure_code() != RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED) return fail_client(client_.failure());
  fail_client(client_.failure() + ": " + allow({"IdempotentWrite"}, "cluster", {}, client_.limits().principal) +
                  "; since Kafka 2.8 the operation Write on any topic is enough",
              settings_->reconnect_delay_max);
}

// What the client had goes to the next one, in the same order, and before what came meanwhile.
void Producer::fail_client(const std::string& why, Duration at_least) {
  direct_.close();
  end_client(kFailedPatience);
  resend_returned();
  cluster_.failed({why}, at_least);
}

void Producer::resend_returned() {
  std::ranges::sort(returned_, {}, &ProducedRecord::number);
  std::vector<Publication*> publications;
  for (auto& record : std::exchange(returned_, {})) publications.push_back(record.publication);
  backlog_.put_first(publications);
}

// Nobody else uses the client: the gate is closed, and the loop's thread is here or has ended.
void Producer::end_client(Duration patience) {
  cluster_.forget();
  caller_.cancel();
  unknown_.use(nullptr);
  auto left = client_.end(patience, [this](auto& record, auto code) {
    if (code) return void(returned_.push_back(record));
    record.publication->completed({});
  });
  std::ranges::copy(left, std::back_inserter(returned_));
  bisect_.reset();
}

Duration Producer::serve() {
  unknown_.take_posted();
  bool more = client_ && serve_client();
  if (client_) drain();
  bool nothing = idle();
  if (nothing && tell_idle_) std::exchange(tell_idle_, nullptr)->idle.set_value();
  if (more || unknown_.has_posted()) return Duration::zero();
  return nothing ? Duration::max() : kLongestSleep;
}

bool Producer::serve_client() {
  auto client = client_.shared();  // outlives its events
  for (int i = 0; client_ && i < kEventsPerRound; ++i) {
    auto event = client_.next_event();
    if (!event) return false;
    auto type = rd_kafka_event_type(event.get());
    if (type == RD_KAFKA_EVENT_DR) reports(event.get());
    if (type == RD_KAFKA_EVENT_ERROR) handle_error(event.get());
  }
  return static_cast<bool>(client_);
}

void Producer::handle_error(rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  std::string_view words = rd_kafka_event_error_string(event);
  auto text = describe(code, words);
  if (rd_kafka_event_error_is_fatal(event)) return fatal();
  login_run_out(client_.shared().get(), code);
  if (cluster_.note(client_.shared().get(), code, words)) {
    bool renew = cluster_.error().refused() && tls_files_changed(client_.shared().get());
    if (renew || (cluster_.in_doubt() && !cluster_.error().only_closed())) lost(text);
    return;
  }
  if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
    return error_log_.event(log::Level::warn, "producer error", {{"broker", broker_}, {"reason", text}});
  // Brokers close connections that are idle for long, and those whose logins have become too old, and the client then
  // says that all of them are down.
  if (cluster_.is_reached() && cluster_.error().only_closed() && (idle() || settings_->tokens))
    return cluster_.doubt(client_.shared());
  lost(text);
}

bool Producer::idle() const {
  return unknown_.empty() && compressed_.empty() && !backlog_.waiting() && !client_.records();
}

void Producer::publish(Publication& p) noexcept {
  if (backlog_.waiting() || !direct_.enter()) return queue(p);
  auto sent = produce(p);
  if (sent == Sent::unknown) unknown_.post(p);  // inside, so that a stop that has closed the gate finds it there
  direct_.leave();
  if (sent == Sent::full) queue(p);
}

void Producer::queue(Publication& p) noexcept {
  auto added = backlog_.add(p);
  if (added == Backlog::Added::first) loop_.wake();
  if (added == Backlog::Added::closed) p.completed(Outcome::away("the bridge is stopping"));
}

void Producer::drain() {
  if (bisect_.over() && !client_.records()) widen();
  while (backlog_.waiting()) {
    if (bisect_.full(client_.records())) return;
    auto* p = backlog_.take();
    if (!p) return;
    if (!p->wanted()) {
      p->completed(Outcome::away("its source has taken it back"));
    } else {
      auto sent = produce(*p);
      if (sent == Sent::full) return backlog_.put_back(*p);
      if (sent == Sent::unknown) unknown_.add(*p);
    }
    bisect_.taken();
    backlog_.finished();
  }
}

// On Sent::taken or refused the publication may be gone.
Producer::Sent Producer::produce(Publication& p) {
  auto refuse = [&p](std::string why) {
    p.completed(Outcome::refused(std::move(why), Outcome::Cause::message));
    return Sent::refused;
  };
  if (auto fault = topic_fault(p.target); !fault.empty())
    return refuse("'" + printable(p.target, kShownName) + "' is not the name of a topic, which " + std::string(fault));
  auto time = record_time(p);
  if (!time) return refuse(time.error().text);
  static auto& headers_dropped = counter("headers_dropped");
  unsigned dropped = 0;
  auto code = client_.produce(p, *time, bisect_.alone(), dropped);
  if (dropped) headers_dropped.add(dropped);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? Sent::taken : not_taken(p, code);
}

Producer::Sent Producer::not_taken(Publication& p, rd_kafka_resp_err_t code) {
  // What the client remembers of the topic; it may have been mended since.
  bool remembered = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
  if (is_unknown(code) || remembered) return Sent::unknown;
  if (!is_permanent(code)) return Sent::full;
  p.completed(outcome_of(p, code, Judge::client, client_.limits()));
  return Sent::refused;
}

void Producer::reports(rd_kafka_event_t* event) {
  client_.reports(event, [this](auto& record, auto code) {
    if (code) return failed(record, code);
    if (!cluster_.is_reached()) cluster_.reached();
    bisect_.delivered();
    record.publication->completed({});
  });
  if (!returned_.empty() && !client_.has_failed()) narrow();
}

void Producer::failed(const ProducedRecord& record, rd_kafka_resp_err_t code) {
  auto& p = *record.publication;
  if (client_.has_failed()) return returned_.push_back(record);
  if (is_unknown(code)) return unknown_.add(p);
  auto outcome = outcome_of(p, code, Judge::broker, client_.limits());
  if (login_run_out(client_.shared().get(), code)) outcome = Outcome::away(std::move(outcome.reason));
  if (outcome.kind == Outcome::Kind::refused && is_of_batch(code) && !record.alone) return returned_.push_back(record);
  if (is_too_large(code) && client_.limits().compression != "zstd") return compressed_.send(p);
  p.completed(std::move(outcome));
}

void Producer::narrow() {
  bisect_.narrow(returned_.size(), returned_.front().publication->target);
  // A caller that is inside could still add to a batch.
  direct_.close();
  resend_returned();
}

void Producer::widen() {
  bisect_.widen();
  backlog_.unless_closed([this] { direct_.open(); });
}

}  // namespace mombridge::kafka
