#include "broker/amqp/access_check.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "broker/amqp/queue_setup.hpp"
#include "broker/first_token.hpp"

namespace mombridge::amqp {

namespace {

using Kind = Question::Kind;

/// A private queue gets a name that begins so. Source: RabbitMQ's rabbit_channel.erl, of queue.declare.
constexpr const char* kPrivateName = "amq.gen-mombridge-check";

/// What stands between `before` and the next "'", from `at` on, which is moved behind it.
std::string quoted(const std::string& words, const std::string& before, size_t& at) {
  auto begin = words.find(before, at);
  if (begin == std::string::npos) return {};
  begin += before.size();
  auto end = words.find('\'', begin);
  if (end == std::string::npos) return {};
  at = end;
  return words.substr(begin, end - begin);
}

bool has(const std::string& words, std::string_view part) { return words.find(part) != std::string::npos; }

std::string shown(const std::string& name) { return printable(name, kLongestShortString); }

class LookAround {
 public:
  LookAround(const Settings& settings, bool tries, const Ask& ask) : settings_(settings), tries_(tries), ask_(ask) {}

  std::vector<Finding> run(const std::vector<Sending>& sendings) {
    for (auto& s : settings_.subscriptions)
      if (!lost_) s.queue.empty() ? private_queue_of(s) : queue(s);
    for (auto& name : settings_.declares)
      if (!lost_) own_queue(name);
    for (auto& sending : sendings)
      if (!lost_) sends(sending);
    if (lost_) findings_.push_back(failed("the rest", "not looked at, because the broker answers no more"));
    return std::move(findings_);
  }

 private:
  [[nodiscard]] Answer ask(Kind kind, const std::string& name, const std::string& key = {},
                           const std::string& exchange = {}) {
    Question question{kind, name};
    question.key = key;
    question.exchange = exchange;
    return ask(question);
  }

  Answer ask(const Question& question) {
    auto answer = ask_(question);
    lost_ |= !answer.yes && !answer.code;
    return answer;
  }

  // A try that was answered in the negative.
  void refused(const Answer& answer, const std::string& what, const std::string& pattern, FindingText& text) const {
    auto mend = how_to_permit(answer.words, pattern, settings_.token.has_value());
    text.fail("may not be " + what + ": " + answer.words + (mend.empty() ? "" : "; " + mend));
  }

  void queue(const Subscription& s) {
    FindingText text("queue " + shown(s.queue));
    auto found = ask(Kind::look_up_queue, s.queue);
    bool missing = found.code == AMQP_NOT_FOUND;
    if (found.yes)
      text.good("there");
    else if (missing && s.declare)
      text.good("not there yet");
    else if (found.code == AMQP_RESOURCE_LOCKED && s.declare && s.declare->exclusive)
      text.warn(found.words + ": does a bridge with this file run already?");
    else
      text.fail(QueueSetup(s).refused(found.code, found.words).error.text);
    if (tries_) try_queue(s, found.yes, missing, text);
    findings_.push_back(text.finding());
    bind(s, s.queue, "queue " + shown(s.queue));
  }

  void try_queue(const Subscription& s, bool there, bool missing, FindingText& text) {
    if (s.declare && missing) try_declare(s.queue, *s.declare, text);
    if (s.declare && there && !s.passive_first) try_redeclare(s, text);
    if (there || missing) try_read(s.queue, text);
  }

  void try_declare(const std::string& name, const QueueDeclaration& declaration, FindingText& text) {
    auto answer = ask(Question{Kind::try_declare, name, declaration});
    if (!has(answer.words, Question::kDeclareArgument)) {
      refused(answer, "declared", has(answer.words, "access to exchange") ? "write" : "configure", text);
      return;
    }
    text.good("may be declared");
    made_.insert(name);
  }

  // The bridge declares it at each connect, which needs the permission even though it is there.
  void try_redeclare(const Subscription& s, FindingText& text) {
    auto answer = ask(Question{Kind::try_redeclare, s.queue, *s.declare});
    if (answer.yes || has(answer.words, Question::kRedeclareArgument)) return text.good("may be declared");
    if (answer.code == AMQP_ACCESS_REFUSED)
      refused(answer, "declared", "configure", text);
    else
      text.fail(QueueSetup(s).refused(answer.code, answer.words).error.text);
  }

  // The permission is looked at before the queue is.
  void try_read(const std::string& name, FindingText& text) {
    auto answer = ask(Kind::try_consume, name);
    if (answer.code == AMQP_NOT_FOUND || has(answer.words, Question::kConsumeArgument))
      text.good("may be read");
    else
      refused(answer, "read", "read", text);
  }

  // Which name the queue will have is not known, but how it begins.
  void private_queue_of(const Subscription& s) {
    auto subject = "private queue on exchange " + shown(s.source);
    if (tries_) {
      FindingText text(subject);
      try_declare("", amqp::private_queue(), text);
      try_read(kPrivateName, text);
      findings_.push_back(text.finding());
    }
    bind(s, kPrivateName, subject);
  }

  void bind(const Subscription& s, const std::string& queue, const std::string& subject) {
    for (auto& binding : s.bindings) {
      FindingText text(subject + ", bound to exchange " + shown(binding.exchange));
      look_up_exchange(binding.exchange, "make the exchange, or remove the binding", text);
      if (tries_) try_bind(queue, binding, text);
      findings_.push_back(text.finding());
    }
  }

  void try_bind(const std::string& queue, const Binding& binding, FindingText& text) {
    for (auto& key : binding.routing_keys) {
      auto answer = ask(Kind::try_bind, queue, key, binding.exchange);
      if (answer.yes || answer.code == AMQP_NOT_FOUND) continue;
      refused(answer, "bound", has(answer.words, "access to queue") ? "write" : "read", text);
      return;
    }
    text.good("may be bound");
  }

  // What exists is used as it is.
  void own_queue(const std::string& name) {
    FindingText text("queue " + shown(name));
    auto found = ask(Kind::look_up_queue, name);
    if (found.yes) return;  // it is shown as what is written to
    if (found.code != AMQP_NOT_FOUND) {
      text.fail(found.words);
    } else {
      text.good("not there yet");
      auto declared = settings_.declarations.find(name);
      if (tries_)
        try_declare(name, declared == settings_.declarations.end() ? QueueDeclaration{} : declared->second, text);
      made_.insert(name);  // that it may not be is said once
    }
    findings_.push_back(text.finding());
  }

  bool look_up_exchange(const std::string& name, const std::string& mend, FindingText& text) {
    auto found = ask(Kind::look_up_exchange, name);
    found.yes ? text.good("there") : text.fail(found.words + (found.code == AMQP_NOT_FOUND ? ": " + mend : ""));
    return found.yes;
  }

  void sends(const Sending& sending) {
    auto& options = sending.options ? static_cast<const PublishOptions&>(*sending.options) : settings_.publishes;
    if (!sent_.insert({options.exchange, sending.target, options.mandatory, sending.reply}).second) return;
    FindingText text(subject(sending, options.exchange));
    bool there = true;
    if (!options.exchange.empty())
      there = look_up_exchange(options.exchange, "make the exchange, or name another", text);
    else if (sending.target)
      look_up_target(*sending.target, options.mandatory, text);
    if (tries_ && there) try_write(sending, options.exchange, text);
    if (!text.empty()) findings_.push_back(text.finding());
  }

  static std::string subject(const Sending& sending, const std::string& exchange) {
    if (sending.reply)
      return "replies to requesters, " +
             (exchange.empty() ? std::string("the default exchange") : "exchange " + shown(exchange));
    if (exchange.empty()) return sending.target ? "queue " + shown(*sending.target) : "the default exchange";
    return "exchange " + shown(exchange) + (sending.target ? " with key " + shown(*sending.target) : "");
  }

  // Through the default exchange a message gets into the queue that has the target's name.
  void look_up_target(const std::string& name, bool mandatory, FindingText& text) {
    auto found = ask(Kind::look_up_queue, name);
    // Messages get into a queue that is locked, too.
    if (found.yes || found.code == AMQP_RESOURCE_LOCKED) return text.good("there");
    if (found.code == AMQP_NOT_FOUND && made_.contains(name)) return text.good("made by this bridge");
    if (found.code == AMQP_NOT_FOUND && !mandatory)
      return text.warn(found.words + ": what is sent to it is dropped (mandatory: false)");
    text.fail(found.words + (found.code == AMQP_NOT_FOUND ? ": what is sent to it comes back; make the queue" : ""));
  }

  // With topic permissions the key counts. Where each message says it, only the exchange can be judged.
  void try_write(const Sending& sending, const std::string& exchange, FindingText& text) {
    auto answer = ask(Kind::try_publish, exchange, sending.target.value_or(""));
    if (answer.code == AMQP_PRECONDITION_FAILED && has(answer.words, "expiration"))
      return text.good("may be written to");
    auto mend = how_to_permit(answer.words, "write", settings_.token.has_value());
    auto words = answer.words + (mend.empty() ? "" : "; " + mend);
    if (!sending.target && has(answer.words, "access to topic"))
      text.warn("which keys may be written depends on topic permissions, and each message says its key");
    else if (sending.reply)
      text.warn("may not be written to: " + words);
    else
      text.fail("may not be written to: " + words);
  }

  const Settings& settings_;
  const bool tries_;
  const Ask& ask_;
  bool lost_ = false;           ///< a question was not answered: nor will be others
  std::set<std::string> made_;  ///< queues that the bridge makes
  std::set<std::tuple<std::string, std::optional<std::string>, bool, bool>> sent_;
  std::vector<Finding> findings_;
};

std::string who(const Settings& settings, const Endpoint& endpoint) {
  if (settings.token) return ", by token, vhost " + shown(endpoint.vhost);
  auto user = endpoint.user.empty() ? std::string("whom the certificate says") : endpoint.user;
  return (settings.mechanism == Mechanism::external ? ", by certificate as " : " as ") + shown(user) + ", vhost " +
         shown(endpoint.vhost);
}

}  // namespace

// Source of the scopes' form: rabbitmq_auth_backend_oauth2's README, with the vhost percent-encoded.
std::string how_to_permit(const std::string& words, const std::string& pattern, bool tokens) {
  size_t at = words.find("access to ");
  if (at == std::string::npos) return {};
  bool topic = words.compare(at, 15, "access to topic") == 0;
  auto name = quoted(words, " '", at);
  auto exchange = topic ? quoted(words, "in exchange '", at) : std::string();
  auto vhost = quoted(words, "in vhost '", at), user = quoted(words, "refused for user '", at);
  if (user.empty()) return {};
  if (tokens)
    return "the token needs the scope " + pattern + ":" + (vhost == "/" ? "%2F" : vhost) + "/" +
           (topic ? exchange + "/" : "") + name + ", with the id of the resource server in front";
  auto command = std::string(topic ? "set_topic_permissions" : "set_permissions") + " -p '" + vhost + "' '" + user +
                 "' " + (topic ? "'" + exchange + "' WRITE READ" : "CONFIGURE WRITE READ");
  return "let " + user + "'s " + pattern + " pattern match '" + name + "' (rabbitmqctl " + command + ")";
}

std::vector<Finding> look_around(const Settings& settings, const std::vector<Sending>& sendings, bool tries,
                                 const Ask& ask) {
  return LookAround(settings, tries, ask).run(sendings);
}

std::vector<Finding> check_access(const config::BrokerSection& section, const std::vector<Sending>& sendings) {
  auto& settings = static_cast<const Settings&>(*section.settings);
  std::shared_ptr<token::Source> tokens;
  if (settings.token) {
    auto first = first_token(section.name, *settings.token, settings.connect_timeout);
    if (!first) return {failed("token", first.error().text)};
    tokens = *first;
  }
  Inquiry inquiry(section.name, settings, tokens.get());
  std::vector<Finding> findings;
  for (auto& endpoint : settings.endpoints) {
    auto connected = inquiry.connect();
    auto subject = "login at " + inquiry.endpoint();
    if (!connected) {
      findings.push_back(failed(subject, connected.error().text));
      continue;
    }
    // The bridge takes the next url where one fails, and works.
    for (auto& finding : findings) finding.state = Finding::State::warning;
    findings.push_back(ok(subject, inquiry.server() + who(settings, endpoint)));
    bool tries = inquiry.server().starts_with("RabbitMQ ");
    if (!tries)
      findings.push_back({Finding::State::warning,
                          "permissions: nobody knows how to ask this server for them without doing what is asked; "
                          "what follows says only what is there"});
    auto seen = look_around(settings, sendings, tries, [&](auto& question) { return inquiry.ask(question); });
    std::ranges::move(seen, std::back_inserter(findings));
    if (auto alarm = inquiry.alarm(); !alarm.empty())
      findings.push_back({Finding::State::warning, "publishing: the broker takes nothing now: " + alarm});
    return findings;
  }
  return findings;
}

}  // namespace mombridge::amqp
