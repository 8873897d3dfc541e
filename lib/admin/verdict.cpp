#include "admin/verdict.hpp"

#include "admin/json.hpp"

namespace mombridge::admin {

namespace {

using Json = OrderedJson;

std::string list(const std::vector<std::string>& names, const std::string& before) {
  return names.empty() ? "" : before + joined(names);
}

int status_of(const Verdict& verdict) {
  if (verdict.successful) return 200;
  return verdict.stopping ? 503 : 422;
}

}  // namespace

std::string Verdict::summary() const {
  if (!successful) {
    auto more = errors.size() > 1 ? " (and " + std::to_string(errors.size() - 1) + " more)" : "";
    return (errors.empty() ? "failed" : errors.front()) + more;
  }
  std::string text;
  for (auto& part : {list(added, "added "), list(changed, "changed "), list(removed, "removed ")})
    if (!part.empty()) text += (text.empty() ? "" : "; ") + part;
  return text.empty() ? "nothing has changed" : text;
}

HttpResponse response_of(const Verdict& verdict) {
  Json json{{"successful", verdict.successful},  {"added", texts(verdict.added)}, {"changed", texts(verdict.changed)},
            {"removed", texts(verdict.removed)}, {"notes", texts(verdict.notes)}, {"errors", texts(verdict.errors)}};
  return {.status = status_of(verdict), .body = json.dump(2) + "\n", .type = kJson};
}

Result<Verdict> read_verdict(const std::string& body) {
  try {
    auto json = Json::parse(body);
    auto lines = [&](const char* key) { return json.at(key).get<std::vector<std::string>>(); };
    return Verdict{.successful = json.at("successful").get<bool>(),
                   .added = lines("added"),
                   .changed = lines("changed"),
                   .removed = lines("removed"),
                   .notes = lines("notes"),
                   .errors = lines("errors")};
  } catch (const Json::exception& e) {
    return fail(std::string("the answer is no verdict of a reload: ") + e.what());
  }
}

}  // namespace mombridge::admin
