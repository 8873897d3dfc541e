#include "daemon/dead_letters.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iostream>
#include <limits>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "daemon/builtin.hpp"
#include "daemon/exit_codes.hpp"
#include "daemon/letter_brokers.hpp"
#include "daemon/letter_text.hpp"
#include "routing/letter_places.hpp"
#include "routing/letter_round.hpp"

namespace mombridge {

namespace {

using routing::LetterFilter;
using routing::LetterNotes;
using routing::LetterPlace;
using routing::LetterRound;
using Decision = LetterRound::Decision;

constexpr size_t kListed = 1000;       ///< where no --limit is given
constexpr size_t kShownBody = 4096;    ///< bytes
constexpr size_t kMostRefusals = 100;  ///< so many are said

std::atomic<bool> interrupted{false};

// The first INT or TERM ends in order, the second at once.
void end_in_order_on_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = true; };
  action.sa_flags = SA_RESETHAND;
  for (int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

int complain(int code, const std::string& why) {
  std::cerr << "mombridge: " << why << '\n';
  return code;
}

/// What the command line and the configuration come to. An exit code, and said, where they make no sense.
tl::expected<std::vector<LetterPlace>, int> places_of(const config::Config& config, const LetterOptions& options) {
  auto found = routing::letter_places(config);
  if (!options.from.empty()) {
    auto place = letter_place(options.from);
    if (!place) return tl::unexpected(complain(kExitUsage, place.error().text));
    if (!config.broker(place->broker))
      return tl::unexpected(complain(kExitConfig, "there is no broker '" + place->broker + "'"));
    auto same = [&](auto& known) { return known.text() == place->text(); };
    auto known = std::ranges::find_if(found.places, same);
    found = {.places = {known == found.places.end() ? *place : *known}, .unnamed = {}};
  }
  for (auto& unnamed : found.unnamed)
    std::cerr << "mombridge: which queue or topic gets the dead letters to " << printable(unnamed)
              << " is not known: name it with --from BROKER/TARGET\n";
  if (found.places.empty() && found.unnamed.empty())
    return tl::unexpected(complain(
        kExitConfig,
        "no dead letter is configured (failures: {dead_letter: {broker: ..., target: ...}}); --from BROKER/TARGET"));
  for (auto& place : found.places)
    if (!broker_kind(config.broker(place.broker)->type).browse)
      return tl::unexpected(complain(kExitUsage, place.text() + ": only the running bridge can reach broker '" +
                                                     place.broker + "', which is of type " +
                                                     config.broker(place.broker)->type));
  if (found.places.empty()) return tl::unexpected(kExitConfig);
  return std::move(found.places);
}

/// Goes through all places. What cannot be reached is said, and the others are gone through all the same.
class Letters {
 public:
  Letters(const config::Config& config, const LetterOptions& options, LetterRound::Limits limits)
      : config_(config), options_(options), limits_(limits) {}

  int run(const std::vector<LetterPlace>& places,
          const std::function<Decision(const LetterPlace&, const StoredMessage&, const LetterNotes&)>& decide,
          const std::function<void(const LetterPlace&, const StoredMessage&, const std::string& way,
                                   const std::string& why)>& ended = {}) {
    int code = kExitOk;
    for (auto& place : places) {
      if (interrupted) break;
      auto done = go_through(place, decide, ended);
      if (!done) code = complain(kExitUnavailable, done.error().in(place.text()).text);
    }
    return code;
  }

 private:
  template <class Decide, class Ended>
  Result<> go_through(const LetterPlace& place, const Decide& decide, const Ended& ended) {
    auto& section = *config_.broker(place.broker);
    auto browser = broker_kind(section.type)
                       .browse(section, {place.target, config_.name + ".dead-letters", options_.delivery_limit});
    if (auto opened = browser->open(); !opened) return opened;
    LetterRound round(place.broker, place.added, brokers_, limits_, [] { return interrupted.load(); });
    auto done = round.run(
        *browser, [&](auto& stored, auto& notes) { return decide(place, stored, notes); },
        [&](auto& stored, auto& way, auto& why) { ended(place, stored, way, why); });
    if (round.moved())
      std::cerr << "mombridge: " << place.text() << ": " << round.moved()
                << " dead letters were put at the end of the queue, because it may drop them otherwise: "
                << printable(round.why_moved()) << '\n';
    // Their round is over, and a broker that was stopped connects no more.
    return done;
  }

  const config::Config& config_;
  const LetterOptions& options_;
  const LetterRound::Limits limits_;
  ConfiguredLetterBrokers brokers_{config_, options_.exchange};
};

size_t limit_of(const LetterOptions& options, size_t otherwise) { return options.limit ? options.limit : otherwise; }

/// Keeps account of those that are named, so that no more are read than need be.
class Wanted {
 public:
  explicit Wanted(const std::vector<std::string>& ids) : missing_(ids.begin(), ids.end()), named_(!ids.empty()) {}

  void found(const StoredMessage& stored) {
    missing_.erase(stored.id);
    // Others may have this message_id, too.
    if (stored.message.message_id && missing_.erase(std::string(*stored.message.message_id))) by_message_id_ = true;
  }
  [[nodiscard]] bool all() const { return named_ && missing_.empty() && !by_message_id_; }
  [[nodiscard]] const std::set<std::string>& missing() const { return missing_; }

 private:
  std::set<std::string> missing_;
  bool named_, by_message_id_ = false;
};

int say_missing(int code, const Wanted& wanted) {
  for (auto& id : wanted.missing()) std::cerr << "mombridge: there is no dead letter '" << printable(id) << "'\n";
  return code == kExitOk && !wanted.missing().empty() ? kExitNotTaken : code;
}

}  // namespace

int list_letters(const config::Config& config, const LetterOptions& options) {
  auto filter = letter_filter(options);
  if (!filter) return complain(kExitUsage, filter.error().text);
  auto places = places_of(config, options);
  if (!places) return places.error();
  end_in_order_on_signals();
  auto limit = limit_of(options, kListed);
  auto now = unix_ms();
  std::vector<LetterRow> rows;
  bool more = false;
  auto code = Letters(config, options, {}).run(*places, [&](auto& place, auto& stored, auto& notes) -> Decision {
    if (!filter->matches(stored, notes, now)) return {};
    if (rows.size() < limit) rows.push_back(LetterRow::of(place.text(), stored, notes));
    more = rows.size() >= limit;
    return {.way = {}, .last = more};
  });
  std::ranges::stable_sort(rows, {}, [](auto& row) { return row.at_ms.value_or(0); });
  if (options.json) {
    write_json(std::cout, rows);
  } else {
    for (auto& place : *places) {
      std::vector<LetterRow> here;
      std::ranges::copy_if(rows, std::back_inserter(here), [&](auto& row) { return row.place == place.text(); });
      std::cout << printable(place.text()) << ": " << here.size()
                << (here.size() == 1 ? " dead letter\n" : " dead letters\n");
      if (!here.empty()) write_table(std::cout, here, now);
    }
  }
  if (more) std::cerr << "mombridge: there may be more: --limit\n";
  if (!std::cout.flush()) return complain(kExitSoftware, "cannot write to standard output");
  return interrupted ? kExitUndrained : code;
}

int show_letter(const config::Config& config, const LetterOptions& options) {
  auto places = places_of(config, options);
  if (!places) return places.error();
  end_in_order_on_signals();
  LetterFilter filter;
  filter.ids = options.ids;
  Wanted wanted(options.ids);
  bool written = true;
  auto code = Letters(config, options, {}).run(*places, [&](auto& place, auto& stored, auto& notes) -> Decision {
    if (!filter.matches(stored, notes, 0)) return {};
    wanted.found(stored);
    write_letter(std::cout, place.text(), stored, notes, unix_ms());
    if (options.output.empty()) {
      write_body(std::cout, stored.message.body, options.full_body ? std::numeric_limits<size_t>::max() : kShownBody);
    } else {
      std::ofstream file(options.output, std::ios::binary);
      file << stored.message.body;
      written = written && file.flush();
      std::cout << "body          " << stored.message.body.size() << " bytes, in " << options.output << '\n';
    }
    return {.way = {}, .last = wanted.all()};
  });
  if (!written) return complain(kExitSoftware, "cannot write " + options.output);
  return say_missing(code, wanted);
}

namespace {

/// What a replay has come to.
struct ReplayCount {
  size_t taken = 0, replayed = 0, refused = 0, passed_over = 0;
};

class ReplayDecider {
 public:
  ReplayDecider(const config::Config& config, const LetterOptions& options, LetterFilter filter,
                std::optional<routing::LetterTarget> to)
      : config_(config), options_(options), filter_(std::move(filter)), to_(std::move(to)), wanted_(options.ids) {}

  Decision decide(const LetterPlace& place, const StoredMessage& stored, const LetterNotes& notes) {
    if (!filter_.matches(stored, notes, now_)) return ++count_.passed_over, Decision{};
    wanted_.found(stored);
    auto way = find_way(notes);
    if (!way) {
      refuse(place, stored, way.error().text);
      return {.way = {}, .last = wanted_.all()};
    }
    bool last = ++count_.taken >= limit_of(options_, std::numeric_limits<size_t>::max()) || wanted_.all();
    if (!options_.dry_run) return {.way = std::move(*way), .last = last};
    std::cout << place.text() << " " << stored.id << ": would be sent to " << printable(way->text())
              << (notes.target != way->way.target ? ", with target " + printable(notes.target) : "") << '\n';
    return {.way = {}, .last = last};
  }

  void ended(const LetterPlace& place, const StoredMessage& stored, const std::string& way, const std::string& why) {
    if (why.empty())
      ++count_.replayed;
    else
      refuse(place, stored, "not sent to " + way + ": " + why);
  }

  [[nodiscard]] const ReplayCount& count() const { return count_; }
  [[nodiscard]] const Wanted& wanted() const { return wanted_; }

 private:
  [[nodiscard]] Result<routing::LetterWay> find_way(const LetterNotes& notes) const {
    if (notes.headers_left_out && !options_.incomplete)
      return fail("its dead letter had no room for its headers: --incomplete sends it without them");
    return routing::letter_way(config_, notes, to_, [](auto& section, auto& subscription, auto& target) {
      auto& kind = broker_kind(section.type);
      return kind.way_back ? kind.way_back(*section.settings, subscription, target)
                           : Result<WayBack>(fail("it came from broker '" + section.name + "' of type " + section.type +
                                                  ", to which nobody outside the bridge can send"));
    });
  }

  void refuse(const LetterPlace& place, const StoredMessage& stored, const std::string& why) {
    if (++count_.refused <= kMostRefusals)
      std::cerr << "mombridge: " << place.text() << " " << stored.id << ": " << printable(why) << '\n';
  }

  const config::Config& config_;
  const LetterOptions& options_;
  const LetterFilter filter_;
  const std::optional<routing::LetterTarget> to_;
  const int64_t now_ = unix_ms();
  Wanted wanted_;
  ReplayCount count_;
};

}  // namespace

int replay_letters(const config::Config& config, const LetterOptions& options) {
  auto filter = letter_filter(options);
  auto to = letter_target(options.to);
  auto rate = letter_rate(options.rate);
  for (auto* error : {filter ? nullptr : &filter.error(), to ? nullptr : &to.error(), rate ? nullptr : &rate.error()})
    if (error) return complain(kExitUsage, error->text);
  if (*to && !config.broker((*to)->broker)) return complain(kExitConfig, "there is no broker '" + (*to)->broker + "'");
  if (*to && !broker_kind(config.broker((*to)->broker)->type).client_settings)
    return complain(kExitUsage, "only the running bridge can reach broker '" + (*to)->broker + "'");
  if (options.exchange && !*to) return complain(kExitUsage, "--exchange goes with --to");
  auto places = places_of(config, options);
  if (!places) return places.error();
  // Partitions and offsets are the same in every topic.
  if (!options.ids.empty() && places->size() > 1)
    for (auto& place : *places)
      if (config.broker(place.broker)->settings->kind->records)
        return complain(
            kExitUsage,
            "there are several dead letters, and an ID may stand for something else in each: --from " + place.text());
  end_in_order_on_signals();
  ReplayDecider decider(config, options, *filter, *to);
  auto code = Letters(config, options, {.rate = *rate, .most = options.in_flight})
                  .run(
                      *places, [&](auto&... all) { return decider.decide(all...); },
                      [&](auto&... all) { decider.ended(all...); });
  auto& count = decider.count();
  std::cout << (options.dry_run ? count.taken : count.replayed)
            << (options.dry_run ? " would be replayed, " : " replayed, ") << count.refused << " not, "
            << count.passed_over << " passed over\n";
  if (interrupted) return complain(kExitUndrained, "interrupted: what is not replayed is where it was");
  if (code == kExitOk && count.refused) code = kExitUnavailable;
  return say_missing(code, decider.wanted());
}

}  // namespace mombridge
