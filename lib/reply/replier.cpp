#include "reply/replier.hpp"

#include <algorithm>

#include "message/pattern.hpp"

namespace mombridge::reply {

namespace {

const std::vector<ReplyKey>& keys_of(const config::Config& config) {
  static const std::vector<ReplyKey> kRandom = KeyRing::random();
  return config.replies.keys.empty() ? kRandom : config.replies.keys;
}

bool is_glob(const std::string& text) { return text.find_first_of("*?[\\") != std::string::npos; }

std::vector<std::string> named_addresses(const config::Config& config) {
  std::vector<std::string> names;
  for (auto& section : config.brokers)
    for (auto& glob : section.settings->allow_reply_to)
      if (!is_glob(glob)) names.push_back(glob);
  return names;
}

bool matches(const config::BrokerSettings& settings, std::string_view address) {
  return settings.allow_reply_to.empty() ||
         std::ranges::any_of(settings.allow_reply_to, [&](auto& glob) { return glob_matches(glob, address); });
}

}  // namespace

Replier::Replier(const config::Config& config)
    : sealer_(KeyRing(keys_of(config), config.name), named_addresses(config)) {
  for (size_t i = 0; i < config.routes.size(); ++i) routes_.emplace(route_id(config.routes[i].name), i);
  for (auto& section : config.brokers) brokers_.emplace(broker_id(section.name), &section);
}

bool Replier::allowed(const config::BrokerSection& origin, const Message& request) const {
  auto& settings = *origin.settings;
  auto& address = *request.reply_to;
  if (address.empty()) return false;
  if (std::ranges::find(settings.own_names, address) == settings.own_names.end()) return matches(settings, address);
  thread_local std::string storage;
  ReturnPath path;
  return address == settings.reply_address && request.correlation_id &&
         sealer_.open(*request.correlation_id, {broker_id(origin.name), 0}, path, storage) == Fault::none;
}

Result<> Replier::forward(const Message& request, const ForwardPath& path, const Deadline& deadline, TimePoint now,
                          Forwarded& out) const {
  auto& via = *path.via.settings;
  ReturnPath back;
  back.route = route_id(path.route.name);
  back.origin = broker_id(path.origin.name);
  back.via = broker_id(path.via.name);
  back.deadline_ms = deadline.at_ms;
  back.address = *request.reply_to;
  back.partition = request.reply_partition;
  back.correlation_id = request.correlation_id;
  back.encoded_id = request.id_form == IdForm::encoded;
  auto sealed = sealer_.seal(back, via.kind->longest_correlation_id, out.sealed);
  if (!sealed) return fail(sealed.error());

  out.message = request;
  out.message.correlation_id = *sealed;
  out.message.id_form = IdForm::any;
  out.message.reply_to = via.reply_address;
  out.message.reply_partition.reset();
  out.deadline = std::to_string(deadline.at_ms);
  // So a broker that knows expirations drops a request for which nobody waits any more.
  if (deadline.asked && !request.expiration) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.remaining(now)).count();
    out.message.expiration = out.expiration = std::to_string(std::max<int64_t>(left, 1));
  }
  return {};
}

Fault Replier::open(const Message& reply, const config::BrokerSection& via, int64_t now_ms, Returned& out) const {
  out.route.reset();
  auto fault = sealer_.open(reply.correlation_id.value_or(""), {broker_id(via.name), now_ms}, out.path, out.storage);
  if (fault != Fault::none && fault != Fault::expired) return fault;
  auto route = routes_.find(out.path.route);
  auto origin = brokers_.find(out.path.origin);
  if (route == routes_.end() || origin == brokers_.end()) return fault == Fault::none ? Fault::unknown_route : fault;
  out.route = route->second;
  out.origin = origin->second;
  out.message = reply;
  out.message.correlation_id = out.path.correlation_id;
  out.message.id_form = out.path.encoded_id ? IdForm::encoded : IdForm::literal;
  // A responder that copies all headers of the request copies its reply address, too; a reply must not have one.
  out.message.reply_to.reset();
  out.message.reply_partition.reset();
  return fault;
}

}  // namespace mombridge::reply
