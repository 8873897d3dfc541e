#include "base/log.hpp"

#include <atomic>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <unistd.h>
#include <vector>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-journal.h>

#include "base/counters.hpp"
#include "base/text.hpp"

namespace mombridge::log {

namespace {

/// A full disk or a closed pipe keeps nobody from working.
Counter& lost_lines() {
  static Counter& count = counter("log_lines_lost");
  return count;
}

/// Where nobody called init(): text of warnings and errors, as a library should.
struct Output {
  Format format = Format::text;
  std::unique_ptr<spdlog::logger> logger;
};

/// Never destroyed, also when another takes its place: threads may still log with it.
Output* first_output() {
  auto* output = new Output{
      Format::text, std::make_unique<spdlog::logger>("mombridge", std::make_shared<spdlog::sinks::stderr_sink_mt>())};
  output->logger->set_level(spdlog::level::warn);
  return output;
}

std::atomic<Output*>& output() {
  // The first one stays reachable when another takes its place, because what nobody points at counts as leaked.
  static Output* const first = first_output();
  static std::atomic<Output*> present{first};
  return present;
}

spdlog::logger& logger() { return *output().load(std::memory_order_acquire)->logger; }

spdlog::level::level_enum to_spdlog(Level level) {
  constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                                   spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return kLevels[static_cast<int>(level)];
}

bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" \t\"=") != std::string_view::npos;
}

std::string as_text(std::string_view text, std::span<const Field> fields) {
  std::string line = printable(text);
  for (auto& f : fields) {
    line.append("  ").append(f.name).append("=");
    auto value = printable(f.value());
    if (needs_quotes(value)) value = '"' + value + '"';
    line += value;
  }
  return line;
}

std::string as_json(std::string_view text, std::span<const Field> fields) {
  std::string line = "\"msg\":" + json_string(text);
  for (auto& f : fields)
    line.append(",").append(json_string(f.name)).append(":").append(f.number ? f.owned : json_string(f.value()));
  return line;
}

// Journal field names: upper case letters, digits and underscores (systemd.journal-fields(7)).
void to_journal(Level level, std::string_view text, std::span<const Field> fields) {
  constexpr const char* kPriorities[] = {"7", "7", "6", "4", "3", "3"};
  std::vector<std::string> lines{"MESSAGE=" + as_text(text, fields),
                                 std::string("PRIORITY=") + kPriorities[static_cast<int>(level)]};
  for (auto& f : fields) {
    std::string name = "MOMBRIDGE_";
    for (char c : f.name)
      name += static_cast<char>(std::isalnum(static_cast<unsigned char>(c)) ? std::toupper(c) : '_');
    lines.push_back(name + "=" + std::string(f.value()));
  }
  std::vector<iovec> parts;
  for (auto& line : lines) parts.push_back({line.data(), line.size()});
  if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) < 0) lost_lines().add();
}

/// spdlog says nothing of a line that it could not write.
template <class Sink>
class CountingLost final : public Sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    Sink::log(message);
    if (!std::ferror(stderr)) return;
    std::clearerr(stderr);
    lost_lines().add();
  }
};

Format detect() {
  // systemd sets JOURNAL_STREAM to the device and inode of the stream it connected; a redirected stderr has others.
  if (std::getenv("JOURNAL_STREAM") && !::isatty(STDERR_FILENO) && std::getenv("INVOCATION_ID")) return Format::journal;
  return ::isatty(STDERR_FILENO) ? Format::text : Format::json;
}

std::unique_ptr<Output> make(Format format) {
  std::shared_ptr<spdlog::sinks::sink> sink;
  if (format == Format::text)
    sink = std::make_shared<CountingLost<spdlog::sinks::stderr_color_sink_mt>>();
  else
    sink = std::make_shared<CountingLost<spdlog::sinks::stderr_sink_mt>>();
  auto output =
      std::make_unique<Output>(Output{format, std::make_unique<spdlog::logger>("mombridge", std::move(sink))});
  if (format == Format::json)
    output->logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
  else
    output->logger->set_pattern("%H:%M:%S.%e %^%-5l%$ %v");
  return output;
}

}  // namespace

void init(Level level, Format format) {
  // One of each format at most, however often they are changed. Never destroyed, as the outputs are not.
  static auto& made = *new std::map<Format, Output*>;
  if (format == Format::automatic) format = detect();
  auto& wanted = made[format];
  if (!wanted) wanted = make(format).release();
  wanted->logger->set_level(to_spdlog(level));
  output().store(wanted, std::memory_order_release);
}
Format format() { return output().load(std::memory_order_acquire)->format; }

bool enabled(Level level) { return logger().should_log(to_spdlog(level)); }

void event(Level level, std::string_view text, Fields fields) { write(level, text, {fields.begin(), fields.size()}); }

void write(Level level, std::string_view text, std::span<const Field> fields) {
  if (!enabled(level)) return;
  auto& present = *output().load(std::memory_order_acquire);
  if (present.format == Format::journal) return to_journal(level, text, fields);
  present.logger->log(to_spdlog(level), present.format == Format::json ? as_json(text, fields) : as_text(text, fields));
}

namespace {

void write_after(uint64_t left_out, Level level, std::string_view text, Fields fields) {
  std::vector<Field> all(fields);
  if (left_out) all.emplace_back("left_out", left_out);
  write(level, text, all);
}

}  // namespace

void Repeated::event(Level level, std::string_view text, Fields fields) {
  if (!enabled(level)) return;
  int64_t now = Clock::now().time_since_epoch().count();
  int64_t next = next_ns_.load(std::memory_order_relaxed);
  if (now < next || !next_ns_.compare_exchange_strong(next, now + interval_.count(), std::memory_order_relaxed)) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  write_after(suppressed_.exchange(0, std::memory_order_relaxed), level, text, fields);
}

void RepeatedBy::event(std::string_view key, Level level, std::string_view text, Fields fields) {
  if (!enabled(level)) return;
  if (auto left_out = limit_.admit(key)) write_after(*left_out, level, text, fields);
}

}  // namespace mombridge::log
