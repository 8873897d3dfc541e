#include "config/diagnostics.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "base/text.hpp"

namespace mombridge::config {

namespace {

// Edits as a typist makes them: insert, leave out, replace, swap two neighbours (optimal string alignment).
size_t edits(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

}  // namespace

std::string Diagnostic::text() const {
  auto line = mark.file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " +
              (severity == Severity::error ? "error: " : "warning: ");
  if (!path.empty()) line += path + ": ";
  line += what;
  if (!hint.empty()) line += " (" + hint + ")";
  return printable(line);
}

void Diagnostics::error(const Mark& mark, std::string path, std::string what, std::string hint) {
  ++errors_;
  all_.push_back({Diagnostic::Severity::error, mark, std::move(path), std::move(what), std::move(hint)});
}

void Diagnostics::warning(const Mark& mark, std::string path, std::string what, std::string hint) {
  all_.push_back({Diagnostic::Severity::warning, mark, std::move(path), std::move(what), std::move(hint)});
}

void Diagnostics::reading(const std::string& file) {
  if (std::ranges::find(files_, file) == files_.end()) files_.push_back(file);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::map<std::string, size_t> order;
  for (auto& file : files_) order.emplace(file, order.size());
  for (auto& d : all_) order.emplace(d.mark.file, order.size());
  auto result = all_;
  std::ranges::stable_sort(
      result, {}, [&](const Diagnostic& d) { return std::tuple(order[d.mark.file], d.mark.line, d.mark.column); });
  return result;
}

std::string nearest(const std::string& word, const std::vector<std::string>& known) {
  if (word.size() < 3 || word.size() > 100) return "";
  std::string found;
  size_t least = word.size() / 3 + 1;
  for (auto& candidate : known) {
    if (candidate.size() > 100) continue;
    auto distance = edits(word, candidate);
    if (distance < least) {
      least = distance;
      found = candidate;
    }
  }
  return found;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  auto near = nearest(word, known);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

std::string or_did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  auto hint = did_you_mean(word, known);
  return hint.empty() ? "" : " (" + hint + ")";
}

}  // namespace mombridge::config
