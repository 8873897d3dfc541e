#pragma once
// A broker that nobody is connected to: it takes everything, and remembers it.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "message/value.hpp"

namespace mombridge::cases {

/// A message that was sent, copied.
struct Sent {
  struct Header {
    std::string name;
    std::optional<std::string> text;  ///< of a scalar
    Value::Kind kind = Value::Kind::null;
  };
  /// Places, properties and body, by the names of cases/fields.hpp. What is not there is absent.
  std::map<std::string, std::string, std::less<>> fields;
  std::vector<Header> headers;  ///< in their order, those of the same name that were replaced left out

  /// Null: there is none. An empty `name` of a field that is absent reads as null, too.
  [[nodiscard]] const std::string* field(std::string_view name) const;
  [[nodiscard]] const Header* header(std::string_view name) const;
};

/// Where recorders write. [any thread]
class Record {
 public:
  void add(Sent sent);
  /// What was sent since the last time, in its order.
  std::vector<Sent> take();

 private:
  std::mutex mutex_;
  std::vector<Sent> sent_;
};

/// Confirms what it is given at once, or hands it on to the broker `inner`, which then says what became of it.
class Recorder final : public Broker {
 public:
  /// `settings` and `record` outlive this; `inner` is null where the broker is not in this process.
  Recorder(std::string name, const config::BrokerSettings& settings, Record& record, std::unique_ptr<Broker> inner);

  void start(Sink& sink) override;
  void publish(Publication& publication) noexcept override;
  void stop_intake() override;
  void stop(Duration patience) override;
  [[nodiscard]] std::vector<LinkStatus> status() const override { return {}; }
  [[nodiscard]] std::vector<const EventLoop*> loops() const override { return {}; }

 private:
  [[nodiscard]] Sent copy_of(const Publication& publication) const;

  const config::BrokerSettings& settings_;
  Record& record_;
  std::unique_ptr<Broker> inner_;
};

}  // namespace mombridge::cases
