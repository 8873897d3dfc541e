#include "daemon/case_runner.hpp"

#include "base/text.hpp"
#include "cases/compare.hpp"
#include "cases/reader.hpp"
#include "cases/stage.hpp"
#include "config/diagnostics.hpp"
#include "config/text.hpp"
#include "daemon/builtin.hpp"

namespace mombridge {

namespace {

/// What is wrong with one case, in lines; empty: it passed.
std::string play(cases::Stage& stage, const cases::Case& one, Duration patience) {
  auto happened = stage.play(one.message, patience);
  if (!happened) {
    auto& mark = one.message.mark;
    return config::Diagnostic{.mark = mark, .path = "message", .what = happened.error().text, .hint = ""}.text() + "\n";
  }
  std::string text;
  for (auto& difference : cases::compare(one, *happened, config::to_text(patience))) text += difference.text();
  return text;
}

}  // namespace

CasesEnd run_cases(const config::Config& config, const std::vector<std::filesystem::path>& files, Duration patience,
                   std::ostream& out, std::ostream& err) {
  config::Diagnostics diagnostics;
  std::vector<cases::Case> all;
  for (auto& file : files)
    for (auto& one : cases::read(file.string(), diagnostics)) all.push_back(std::move(one));
  for (auto& diagnostic : diagnostics.sorted()) err << diagnostic.text() << '\n';
  if (!diagnostics.ok()) return CasesEnd::faulty;

  cases::Stage stage(config, destination_kinds(),
                     [](const config::BrokerSection& section) { return broker_kind(section.type).create(section); });
  if (auto started = stage.start(); !started) {
    err << "mombridge: " << started.error().text << '\n';
    return CasesEnd::faulty;
  }
  size_t failed = 0;
  for (auto& one : all) {
    auto wrong = play(stage, one, patience);
    out << (wrong.empty() ? "ok      " : "failed  ") << printable(one.name) << std::endl;
    err << wrong << std::flush;
    failed += !wrong.empty();
  }
  out << all.size() - failed << " of " << all.size() << " cases passed\n";
  return failed ? CasesEnd::failed : CasesEnd::passed;
}

}  // namespace mombridge
