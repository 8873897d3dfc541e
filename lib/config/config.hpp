#pragma once
// The configuration as plain structs with defaults. Reading is in yaml_reader and load; each broker kind reads its own
// section. Marks are kept where a later check must point at a place in a file.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "config/kind_traits.hpp"
#include "config/listen.hpp"
#include "message/expression.hpp"
#include "message/publication.hpp"

namespace mombridge::config {

/// A place in a file; lines and columns count from 1.
struct Mark {
  std::string file;
  int line = 1, column = 1;
  bool operator==(const Mark&) const = default;
};

/// A scalar and where it stood.
struct Text {
  std::string value;
  Mark mark;
};

/// A scalar with the type that it has in the file: in quotes always text.
using Typed = std::variant<bool, int64_t, double, std::string>;

/// As a header's value. Text is a view.
Value value_of(const Typed& typed);

/// What a broker subscribes to, as far as routing needs to know; a kind's own subscription is derived from it.
struct Subscription {
  std::string source;                ///< queue, exchange or topic as written: for logs and status
  std::vector<std::string> targets;  ///< patterns (topic-exchange language) of the targets that can arrive; "#": any
  std::optional<Expression> expression;  ///< what arrives matches it, too
  std::string target_from;               ///< name of the header that the target is taken from; empty: none
  bool transient = false;  ///< a private queue: misses what is published while the bridge is not connected
  bool of_route = false;   ///< made by a route's `queue:` or `topic:`; only those routes see it
  bool drops = false;      ///< drops what it has delivered too often: a quorum queue that is declared so
  bool replies = false;    ///< the bridge's own: what comes through it answers requests that it forwarded
  bool restore = true;     ///< what bridges note in headers about the other side (`mombridge-key`, ...) is believed
  Mark mark;
};

/// Base of every kind's settings; the kinds derive from KindSettings.
struct BrokerSettings {
  explicit BrokerSettings(const KindTraits& of_kind = kUnknownKind) : kind(&of_kind) {}
  virtual ~BrokerSettings() = default;

  [[nodiscard]] virtual size_t subscription_count() const { return 0; }
  /// `index` is below subscription_count().
  [[nodiscard]] virtual const Subscription& subscription(size_t index) const;

  /// Why nothing can have this target here, to be put behind it ("is not the name of a topic"); empty: it can.
  [[nodiscard]] virtual std::string target_fault(std::string_view) const { return {}; }

  /// A message with that target may arrive through the subscription, which is one of these.
  [[nodiscard]] bool brings(const Subscription& subscription, const std::string& target) const;

  /// Whether the subscription gets what is published to `target` with these options, which a section of the same broker
  /// has made (null: none). True: for sure. False: only if an exchange is of the kind that routes by patterns. Absent:
  /// it does not.
  [[nodiscard]] virtual std::optional<bool> reads(const Subscription& subscription, const PublishOptions* options,
                                                  const std::string& target) const;

  /// The exchange that a publication with these options (null: none) goes to, of a kind that has exchanges.
  [[nodiscard]] virtual std::string exchange_of(const PublishOptions*) const { return {}; }

  /// How a reply is published to this address of a requester's; valid as long as the settings. Null: like any message.
  [[nodiscard]] virtual const PublishOptions* reply_options(std::string_view) const { return nullptr; }

  const KindTraits* kind;  ///< a constant
  std::string appname;     ///< application name shown by the broker; app_id of what the bridge itself creates
  /// Where the broker is, in one spelling: two sections that share one are one broker. Empty: nobody else can reach it.
  std::vector<std::string> addresses;
  std::vector<std::string> allow_reply_to;  ///< shell globs over the whole name; empty: any but `own_names`
  std::vector<std::string> own_names;       ///< queues or topics of the bridge's own: never a requester's reply address
  std::vector<std::string>
      declares;  ///< those of them that are declared when the broker connects; what exists is used as it is
  std::optional<bool> accept_replies;  ///< requests may be forwarded to this broker; absent: false, and not said
  std::string reply_address;           ///< with accept_replies: where the answers to them come back
};

/// Settings with subscriptions of type `S`, which is Subscription or derived from it.
template <class S>
struct KindSettings : BrokerSettings {
  using BrokerSettings::BrokerSettings;
  [[nodiscard]] size_t subscription_count() const override { return subscriptions.size(); }
  [[nodiscard]] const Subscription& subscription(size_t index) const override { return subscriptions[index]; }

  std::vector<S> subscriptions;
};

struct BrokerSection {
  std::string name;
  std::string type;
  Mark mark;
  std::shared_ptr<BrokerSettings> settings;
};

/// A header that a destination adds.
struct AddedHeader {
  std::string name;
  Text text;  ///< template, where `value` is text
  Typed value;
  [[nodiscard]] bool is_text() const { return std::holds_alternative<std::string>(value); }
};

/// One destination of a route, or a `reply_to`, or a dead letter.
struct Destination {
  std::string broker;  ///< empty where it is a handler
  std::string handler;
  Text target{"{target}", {}};                    ///< template
  std::optional<Text> key;                        ///< template
  std::shared_ptr<const PublishOptions> options;  ///< what only its broker's kind understands; null: nothing
  std::vector<AddedHeader> headers;
  std::vector<std::string> allow;         ///< globs that the rendered target must match
  bool declare = false;                   ///< of a dead letter: the bridge makes its queue or topic
  std::shared_ptr<Destination> reply_to;  ///< of a handler
  Mark mark;
};

struct Failures {
  unsigned attempts = 5;
  Duration backoff_first = std::chrono::milliseconds(200);
  Duration backoff_longest = std::chrono::seconds(30);
  std::optional<Destination> dead_letter;
  bool reject_when_exhausted = false;  ///< `on_exhausted: reject`
};

/// What becomes of a reply that cannot be handed on.
enum class Unusable { drop, dead_letter };

/// Signs, or once signed, the return paths of forwarded requests. The id tells people which key it is.
struct ReplyKey {
  std::string id;
  Secret secret;
};

struct Replies {
  Duration timeout = std::chrono::seconds(30);  ///< for requests that do not say how long they wait
  std::vector<ReplyKey> keys;                   ///< the first signs, all verify
  Unusable unusable = Unusable::drop;           ///< replies that answer no request of ours: forged, unknown
  bool configured = false;                      ///< the file has the section
};

/// So many messages in a time: `500/s`.
struct Rate {
  uint64_t count = 1;  ///< at least 1
  Duration per{};      ///< a second, a minute or an hour
  [[nodiscard]] Duration interval() const { return per / static_cast<Duration::rep>(count); }
  [[nodiscard]] std::string text() const;
};

/// What a route asks of a header.
struct WantedHeader {
  std::string name;
  std::optional<std::string> value;  ///< a glob; nullopt: there must be no such header
};

struct Route {
  std::string name;
  struct From {
    std::string broker;
    Text target{"#", {}};                ///< pattern
    std::vector<WantedHeader> headers;   ///< all of them
    std::optional<size_t> subscription;  ///< of `queue:` or `topic:`: takes only what came that way
    Mark mark;
  } from;
  std::vector<Destination> to;
  std::optional<Failures> failures;
  std::optional<Rate> rate;               ///< that the route takes its messages at; absent: as they come
  std::optional<Duration> reply_timeout;  ///< absent: that of `replies`
  bool error_replies = false;             ///< a request that cannot be delivered is answered with the error
  Unusable late_replies = Unusable::drop;
  Mark mark;
};

/// Where a handler's plugin runs.
enum class Isolation { process, in_process };

/// Of a worker process.
struct HandlerLimits {
  uint64_t memory = uint64_t{128} << 20;  ///< bytes; by default a quarter of the process's `memory`, at least 64 MiB
  unsigned open_files = 256;
  unsigned processors = 0;  ///< that its threads may run on; 0: all
};

/// What a worker process may use beside its messages. Paths are absolute; below a folder is all that is in it.
struct HandlerAccess {
  bool network = false;
  std::vector<std::string> read;
  std::vector<std::string> write;  ///< and read
};

/// Whose messages a handler takes in their order: those of one key, or of one value of a header.
struct OrderBy {
  std::string header;  ///< empty: the key
};

struct Handler {
  std::string name;
  Text plugin;                                  ///< path as resolved
  std::map<std::string, std::string> settings;  ///< `config:` flattened: "db.path" -> scalar, "list.0" -> element
  unsigned concurrency = 1;
  Duration timeout = std::chrono::seconds(30);
  Isolation isolation = Isolation::process;
  HandlerLimits limits;  ///< where the isolation is `process`
  HandlerAccess access;  ///< the same
  std::optional<OrderBy> order_by;
  Mark mark;
};

enum class Unrouted { by_dead_letter, discard, dead_letter };  ///< first: dead_letter if there is one, else discard

/// `listen:` and where it stands.
struct Listener {
  Listen listen;
  Mark mark;
};

struct Admin;
struct Ingress;

/// What messages may take by default where the system sets no limit; the least that a file may ask for; and the most of
/// a default: bytes.
inline constexpr uint64_t kMemory = uint64_t{512} << 20, kLeastMemory = uint64_t{16} << 20,
                          kMostMemory = uint64_t{1} << 30;

struct Config {
  std::string name = "mombridge";
  std::vector<BrokerSection> brokers;
  std::vector<Handler> handlers;
  std::vector<Route> routes;
  Failures failures;
  Unrouted unrouted = Unrouted::by_dead_letter;
  Replies replies;
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::automatic;
  std::shared_ptr<const Admin> admin;  ///< config/admin.hpp; null: a unix socket in the runtime folder
  std::optional<Listener> probes;
  std::shared_ptr<const Ingress> ingress;  ///< config/ingress.hpp; null: nothing is taken over HTTP
  Duration shutdown_timeout = std::chrono::seconds(20);
  Duration log_summary = std::chrono::minutes(1);  ///< between two lines of the log that say what moved; zero: none
  uint64_t memory = kMemory;                       ///< bytes that messages may take, over the whole process

  /// Null: there is none.
  [[nodiscard]] const BrokerSection* broker(const std::string& name) const;
  [[nodiscard]] const Handler* handler(const std::string& name) const;
};

/// Both sections name one broker, or are one. Different names of one host count as different brokers.
bool same_broker(const BrokerSection& a, const BrokerSection& b);

}  // namespace mombridge::config
