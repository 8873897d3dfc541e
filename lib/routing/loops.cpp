#include "routing/loops.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "message/pattern.hpp"
#include "routing/arrivals.hpp"
#include "routing/template.hpp"

namespace mombridge::routing {

namespace {

/// So many steps are followed at most; only a file with very many routes that send to each other comes near it.
constexpr size_t kMostSteps = 50'000;

class Follower {
 public:
  Follower(const config::Config& config, config::Diagnostics& diagnostics)
      : config_(config), diagnostics_(diagnostics) {}

  void run() {
    for (auto& section : config_.brokers)
      for (size_t i = 0; i < section.settings->subscription_count(); ++i)
        for (auto& route : config_.routes) follow_samples(route, section, i);
    for (auto& [routes, loop] : loops_) report(loop);
  }

 private:
  using Way = std::vector<const config::Route*>;

  /// What is known of a loop.
  struct Loop {
    Way way;
    std::string back;      ///< the target under which a message came back
    std::string through;   ///< the subscription that brought it, where a name alone does not say that
    bool certain = false;  ///< every message of one of the starts goes round
  };

  /// One message on its way.
  struct Step {
    const config::Route* route;
    const config::BrokerSection* section;
    size_t index;  ///< of the subscription that it came through
    std::string target;
    bool certain = true;  ///< no step so far depended on anything but the target
  };

  void follow_samples(const config::Route& route, const config::BrokerSection& section, size_t index) {
    if (!route.from.headers.empty()) return;
    auto targets = samples(route, section, index);
    std::map<std::set<const config::Route*>, size_t> counts;
    for (auto& target : targets) {
      seen_.clear();
      certain_.clear();
      Way way;
      follow({&route, &section, index, target}, way);
      for (auto& loop : certain_) ++counts[loop];
    }
    for (auto& [loop, count] : counts) loops_[loop].certain |= count == targets.size();
  }

  void follow(const Step& step, Way& way) {
    if (auto first = std::ranges::find(way, step.route); first != way.end()) return found({first, way.end()}, step);
    if (!seen_.insert({step.route, step.target}).second || ++steps_ > kMostSteps) return;
    way.push_back(step.route);
    for (auto& to : step.route->to) {
      auto& end = to.broker.empty() && to.reply_to ? *to.reply_to : to;
      if (!end.broker.empty()) send(step, end, way);
    }
    way.pop_back();
  }

  void send(const Step& step, const config::Destination& to, Way& way) {
    auto target = Template::parse(to.target.value);
    if (!target) return;
    if (!target->chosen_by_message())
      return arrive(step, to, target->outline(step.target, step.section->name, {}), way);
    // The message chooses: it may choose what is read again.
    Step open = step;
    open.certain = false;
    for (auto& choice : choices(*target, step, to)) arrive(open, to, choice, way);
  }

  /// Targets that a message can choose here and that somebody reads.
  std::set<std::string> choices(const Template& target, const Step& step, const config::Destination& to) const {
    auto glob = target.outline(step.target, step.section->name, "*");
    std::set<std::string> all;
    auto offer = [&](const std::string& text) {
      bool allowed =
          to.allow.empty() || std::ranges::any_of(to.allow, [&](auto& pattern) { return glob_matches(pattern, text); });
      if (allowed && glob_matches(glob, text)) all.insert(text);
    };
    offer(target.outline(step.target, step.section->name, "x"));
    if (auto text = target.defaults(step.target, step.section->name)) offer(*text);
    for (auto& section : config_.brokers)
      for (size_t i = 0; i < section.settings->subscription_count(); ++i)
        offer(section.settings->subscription(i).source);
    return all;
  }

  void arrive(const Step& step, const config::Destination& to, const std::string& target, Way& way) {
    for (auto& reader : readers(config_, to, target)) {
      auto& subscription = reader.section->settings->subscription(reader.index);
      if (!subscription.target_from.empty()) continue;  // its header chooses, which is the sender's
      for (auto& route : config_.routes)
        if (reads(route, *reader.section, reader.index) && route.from.headers.empty() &&
            Pattern(route.from.target.value).matches(target))
          follow({&route, reader.section, reader.index, target, step.certain && reader.certain}, way);
    }
  }

  void found(Way way, const Step& back) {
    std::set<const config::Route*> routes(way.begin(), way.end());
    auto& subscription = back.section->settings->subscription(back.index);
    bool named = subscription.source == back.target;
    loops_.try_emplace(routes, Loop{std::move(way), back.target, named ? "" : subscription.source, false});
    if (back.certain) certain_.insert(routes);
  }

  void report(const Loop& loop) {
    std::string names;
    for (auto* r : loop.way) names += r->name + " -> ";
    auto& last = *loop.way.back();
    auto text = "a loop: " + names + loop.way.front()->name;
    if (!loop.through.empty()) text += ": '" + loop.back + "' comes back through '" + loop.through + "'";
    if (loop.certain)
      diagnostics_.error(last.mark, "routes." + last.name, text,
                         "every message would go round; send it to another target");
    else
      diagnostics_.warning(last.mark, "routes." + last.name, "this may be " + text,
                           "what comes back is refused as a loop; send it to another target, or narrow the "
                           "subscription");
  }

  const config::Config& config_;
  config::Diagnostics& diagnostics_;
  std::map<std::set<const config::Route*>, Loop> loops_;  ///< by the routes that take part
  // Of the message that is followed now:
  std::set<std::pair<const config::Route*, std::string>> seen_;
  std::set<std::set<const config::Route*>> certain_;  ///< the loops that it is in
  size_t steps_ = 0;
};

}  // namespace

void check_loops(const config::Config& config, config::Diagnostics& diagnostics) {
  Follower(config, diagnostics).run();
}

}  // namespace mombridge::routing
