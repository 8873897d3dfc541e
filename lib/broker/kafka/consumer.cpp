#include "broker/kafka/consumer.hpp"

#include <algorithm>
#include <utility>

#include "broker/kafka/client.hpp"
#include "broker/kafka/group_refusal.hpp"
#include "broker/kafka/login.hpp"
#include "broker/kafka/topic_declare.hpp"

namespace mombridge::kafka {

namespace {

constexpr int kEventsPerRound = 1000;
/// librdkafka takes a consumer that does not poll for one that hangs.
constexpr Duration kLongestSleep = std::chrono::seconds(1);
/// The group cannot be left while nobody answers.
constexpr Duration kAwayPatience = std::chrono::milliseconds(100);
/// For all that is asked of the cluster before the consumer works.
constexpr Duration kOpenPatience = std::chrono::seconds(60);

std::vector<uint32_t> of_part(const Settings& settings, Consumer::Part part) {
  std::vector<uint32_t> indices;
  for (uint32_t i = 0; i < settings.subscriptions.size(); ++i)
    if (settings.subscriptions[i].replies == (part == Consumer::Part::replies)) indices.push_back(i);
  return indices;
}

/// Of `paused`, by the numbers of the section's subscriptions, those of the part by its own numbers.
std::vector<bool> of_part(const Settings& settings, Consumer::Part part, const std::vector<bool>& paused) {
  std::vector<bool> ours;
  for (auto i : of_part(settings, part)) ours.push_back(i < paused.size() && paused[i]);
  return ours;
}

std::shared_ptr<Settings> with_subscriptions(Settings settings, Consumer::Part part, const Settings& all) {
  settings.subscriptions.clear();
  for (auto i : of_part(all, part)) settings.subscriptions.push_back(all.subscriptions[i]);
  return std::make_shared<Settings>(std::move(settings));
}

std::shared_ptr<const Settings> only(Consumer::Part part, const Settings& all) {
  auto some = with_subscriptions(all, part, all);
  if (part == Consumer::Part::replies) some->group_id += ".replies";
  return some;
}

Group::FindOffsets find_by(std::shared_ptr<StartOffsets> start) {
  return [start = std::move(start)](auto* client, auto* partitions, auto& owned, auto deadline) {
    return start->find(client, partitions, owned, deadline);
  };
}

}  // namespace

Consumer::Consumer(const std::string& broker, const Settings& settings, Part part, BlockingCalls& calls,
                   BlockingCalls& figure_calls)
    : broker_(broker),
      part_(part),
      calls_(calls),
      settings_(only(part, settings)),
      loop_(broker + (part == Part::replies ? ":replies" : ":consume")),
      caller_(calls, loop_),
      cluster_(loop_, calls, broker, "consumer", *settings_, [this] { open(); }),
      links_(broker, *settings_),
      client_(loop_, broker, settings_),
      reader_(loop_, calls, broker, settings_, of_part(settings, part), links_, cluster_,
              [this](auto& why) { fail_client({why}); }),
      start_offsets_(std::make_shared<StartOffsets>(broker, settings_)),
      group_(loop_, calls, broker, settings_, client_, reader_, links_, find_by(start_offsets_),
             [this](const Result<>& taken) {
               if (!taken) return fail_client(taken.error());
               cluster_.reached();
               reader_.watch_transactions();
             }),
      figures_(loop_, figure_calls, settings_, reader_.assignment()),
      topic_watch_(loop_, calls, settings_, links_),
      resubscription_(
          loop_, client_, reader_.assignment(), [this] { group_.rejoins(); }, [this](auto& why) { fail_client(why); }),
      member_(settings_->group_id) {
  loop_.before_sleep([this] { return serve(); });
}

Consumer::~Consumer() {
  begin_stop();
  finish_stop(Clock::now());
}

bool Consumer::has(Part part, const Settings& settings) { return !of_part(settings, part).empty(); }

void Consumer::start(Sink& sink, bool connect) {
  reader_.deliveries().hand_to(&sink);
  closing_ = std::make_shared<Closing>();
  if (connect) loop_.post([this] { cluster_.start(); });
  loop_.start();
}

bool Consumer::can_resubscribe(const Settings& settings) {
  bool can = false;
  loop_.call([&] { can = client_.can_change_to(*with_subscriptions(*settings_, part_, settings)); });
  return can;
}

void Consumer::resubscribe(const Settings& settings, Sink& sink, const std::vector<bool>& paused) {
  loop_.call([&] {
    // The rest of them is what the client runs with, tokens included.
    settings_ = with_subscriptions(*settings_, part_, settings);
    // Before all that the group asks from now on.
    calls_.add([start = start_offsets_, with = settings_] { start->change_to(with); });
    client_.change_to(settings_);
    links_.change_to(*settings_);
    reader_.deliveries().change_to(settings_, of_part(settings, part_));
    reader_.deliveries().pause(of_part(settings, part_, paused));
    reader_.deliveries().hand_to(&sink);
    group_.change_to(settings_);
    topic_watch_.change_to(settings_);
    figures_.change_to(settings_);
    resubscription_.begin();
  });
}

void Consumer::stop_intake() {
  if (closing_) loop_.call([this] { reader_.deliveries().hand_to(nullptr); });
}

void Consumer::pause(const Settings& settings, const std::vector<bool>& paused) {
  auto ours = of_part(settings, part_, paused);
  if (!closing_) return reader_.deliveries().pause(std::move(ours));
  loop_.call([&] { reader_.deliveries().pause(std::move(ours)); });
}

void Consumer::begin_stop() {
  if (!closing_) return;
  closing_->away = cluster_.status().state == LinkStatus::State::failing;
  loop_.post([this, closing = closing_] {
    reader_.deliveries().hand_to(nullptr);
    cluster_.stop();
    caller_.cancel();
    topic_watch_.stop();
    resubscription_.forget();
    close([closing] { closing->closed.set_value(); });
  });
}

void Consumer::finish_stop(TimePoint deadline) {
  auto closing = std::exchange(closing_, nullptr);
  if (!closing) return;
  if (closing->away) deadline = std::min<TimePoint>(deadline, Clock::now() + kAwayPatience);
  closing->closed.get_future().wait_until(deadline);
  loop_.stop();
  client_.forget_close();
  reader_.take_settled();
  drop_client();
}

std::vector<LinkStatus> Consumer::status() const {
  auto client = cluster_.status();
  auto all = links_.status();
  if (client.state == LinkStatus::State::up) return all;
  for (auto& link : all) {
    link.state = client.state;
    link.since = client.since;
    if (!client.detail.empty()) link.detail = client.detail;
  }
  return all;
}

void Consumer::open() {
  if (!client_)
    if (auto made = make(); !made) return cluster_.failed(made.error());
  bool declares = part_ == Part::replies && !has_topic();
  if (cluster_.is_reached() && !declares) return;
  if (!caller_.idle()) return;  // the answer that is on its way ends this attempt too
  caller_.ask(
      kOpenPatience,
      [client = client_.shared(), settings = settings_, start = start_offsets_, member = member_,
       declares](TimePoint deadline) -> Result<bool> {
        auto ok = ask_reachable(client.get(), settings->bootstrap_servers, deadline);
        if (ok && member.fenced()) ok = member.ask_free(client.get(), deadline);
        if (ok) ok = start->look(client.get(), deadline);
        if (!ok) return fail(ok.error());
        if (!declares) return false;
        auto& topic = settings->subscriptions.front().topic;
        return declare_topic(client.get(), topic, {.retention = kKeepReplies}, deadline);
      },
      [this, declares](const Result<bool>& topic_made) {
        if (topic_made && declares) has_topic_ = true;
        opened(topic_made);
      });
}

void Consumer::opened(const Result<bool>& topic_made) {
  if (topic_made) {
    bool joins = member_.fenced();
    member_.joins();
    // A topic that was made: else the client looks for it only when its metadata have grown old.
    if (joins || *topic_made)
      if (auto subscribed = client_.subscribe(); !subscribed) return fail_client(subscribed.error());
    return cluster_.reached();
  }
  if (cluster_.is_reached() && part_ == Part::ordinary) return;
  if (member_.fenced()) return cluster_.failed(topic_made.error(), settings_->reconnect_delay_max);
  lost(topic_made.error().text);
}

Result<> Consumer::make() {
  if (auto made = client_.make(); !made) return made;
  reader_.use(client_);
  if (member_.fenced()) return {};  // first the group is asked whether the other is gone
  auto subscribed = client_.subscribe();
  if (!subscribed) drop_client();
  return subscribed;
}

// A client that is not let in goes on trying by itself, sooner than anybody can mend it, and with the certificates that
// it was made with.
void Consumer::lost(const std::string& otherwise) {
  if (!cluster_.error().refused() || !client_) return cluster_.lost(otherwise);
  auto wait = tls_files_changed(client_.get()) ? Duration::zero() : settings_->reconnect_delay_max;
  fail_client({cluster_.error().reason(otherwise)}, wait);
}

void Consumer::fail_client(const Error& error, Duration at_least) {
  drop_client();
  cluster_.failed(error, at_least);
}

void Consumer::fatal() {
  char why[512] = "";
  auto cause = rd_kafka_fatal_error(client_.get(), why, sizeof why);
  if (member_.note(client_.get(), cause)) return fail_client({member_.reason()}, settings_->reconnect_delay_max);
  fail_client({describe(cause, why)});
}

// Nothing waits here: calls under way and records in flight share the client, and the last of them ends it.
void Consumer::drop_client() {
  cluster_.forget();
  caller_.cancel();
  figures_.forget();
  topic_watch_.stop();
  resubscription_.forget();
  if (!client_) return;
  group_.forget();
  reader_.drop_client();
  client_.drop();
}

void Consumer::close(std::function<void()> closed) {
  if (!client_) return closed();
  reader_.take_settled();
  group_.prepare_close();
  client_.begin_close(std::move(closed));
}

Duration Consumer::serve() {
  reader_.take_settled();
  if (!client_) return Duration::max();
  bool more = serve_client();
  if (client_) more |= reader_.read();
  reader_.take_settled();
  reader_.store_offsets();
  if (client_) {
    group_.settled();
    resubscription_.settled();
  }
  if (client_) {
    client_.check_closed();
  }
  return more || reader_.deliveries().settlements_wait() ? Duration::zero() : kLongestSleep;
}

// The client's signal comes only when a queue is no longer empty: returns true if it was not emptied.
bool Consumer::serve_client() {
  auto client = client_.shared();  // outlives its events
  for (auto& stray : reader_.take_strays())
    if (client_) handle(std::move(stray));
  for (int i = 0; client_ && i < kEventsPerRound; ++i) {
    auto event = client_.next_event();
    if (!event) return false;
    handle(std::move(event));
  }
  return static_cast<bool>(client_);
}

void Consumer::handle(Event event) {
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_REBALANCE:
      return group_.rebalance(rd_kafka_event_error(event.get()), rd_kafka_event_topic_partition_list(event.get()));
    case RD_KAFKA_EVENT_ERROR:
      if (rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return reader_.keep_early({std::move(event), nullptr});
      return handle_error(event.get());
    case RD_KAFKA_EVENT_OFFSET_COMMIT:
      return handle_commit(rd_kafka_event_error(event.get()));
    case RD_KAFKA_EVENT_FETCH: {
      auto* record = rd_kafka_event_message_next(event.get());
      return reader_.keep_early({std::move(event), record});
    }
    default:
      return;
  }
}

void Consumer::handle_commit(rd_kafka_resp_err_t code) {
  if (!code) {
    links_.group_works();
    return cluster_.reached();
  }
  if (code == RD_KAFKA_RESP_ERR__NO_OFFSET) return;
  error_log_.event(log::Level::warn, "offsets not committed", {{"broker", broker_}, {"reason", describe(code, {})}});
}

void Consumer::handle_error(rd_kafka_event_t* event) {
  auto code = rd_kafka_event_error(event);
  std::string_view words = rd_kafka_event_error_string(event);
  auto text = describe(code, words);
  if (rd_kafka_event_error_is_fatal(event)) return fatal();
  if (reader_.partition_error(event)) return;
  login_run_out(client_.get(), code);
  if (cluster_.note(client_.get(), code, words)) {
    bool renew = cluster_.error().refused() && tls_files_changed(client_.get());
    if (renew || (cluster_.in_doubt() && !cluster_.error().only_closed())) return lost(text);
    // The cluster answers, but not the one of its brokers that the group needs.
    if (cluster_.is_reached() && words.starts_with("GroupCoordinator") && cluster_.error().says_what_to_mend())
      links_.group_waits(cluster_.error().reason(text));
    return;
  }
  if (auto why = why_not_joined(code, settings_->group_id, Login(*settings_).principal(), words); !why.empty())
    return links_.group_fails(why);
  switch (code) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      // Brokers close connections whose logins have become too old.
      if (settings_->tokens && cluster_.is_reached() && cluster_.error().only_closed())
        return cluster_.doubt(client_.shared());
      return lost(text);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return topic_watch_.look(client_.shared());
    default:
      error_log_.event(log::Level::warn, "consumer error", {{"broker", broker_}, {"reason", text}});
  }
}

}  // namespace mombridge::kafka
