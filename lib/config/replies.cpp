// `replies:`, and what routes say about replies.

#include <algorithm>

#include "config/sections.hpp"
#include "config/text.hpp"

namespace mombridge::config {

namespace {

/// In characters. A shorter secret may be a word, which can be guessed by trying many.
constexpr size_t kShortestSecret = 16;

void check_secret(Section& section, const ReplyKey& key) {
  auto secret = section.scalar("secret");
  if (!secret || !secret->known) return;
  if (key.secret.empty())
    section.error("secret", "an empty secret", "as from: head -c 32 /dev/urandom | base64");
  else if (key.secret.reveal().size() < kShortestSecret)
    section.diagnostics().warning(
        secret->mark, secret->path, "a short secret can be guessed",
        std::to_string(kShortestSecret) + " characters at least, as from: head -c 32 /dev/urandom | base64");
}

ReplyKey read_key(Section& section, const std::vector<ReplyKey>& before) {
  ReplyKey key;
  if (section.require("id", "id: k1") && section.string("id", key.id)) {
    if (!valid_name(key.id))
      section.error("id", "not a name", "letters, digits, '_', '-' and '.', up to 100");
    else if (std::ranges::find(before, key.id, &ReplyKey::id) != before.end())
      section.error("id", in_quotes(key.id) + " is there twice");
  }
  if (section.require("secret", "secret: ${file:/run/secrets/reply-key}")) {
    section.secret("secret", key.secret);
    check_secret(section, key);
  }
  return key;
}

}  // namespace

void read_unusable(Section& section, const std::string& key, Unusable& into) {
  section.choice(key, into, {{"drop", Unusable::drop}, {"dead_letter", Unusable::dead_letter}});
}

void read_replies(Section& top, Replies& into) {
  auto section = top.section("replies");
  if (!section) return;
  into.configured = true;
  section->duration("timeout", into.timeout, 1ms);
  read_unusable(*section, "unusable", into.unusable);
  for (auto& key : section->sections("keys")) into.keys.push_back(read_key(key, into.keys));
  if (auto* list = section->node("keys"); list && list->kind == Node::Kind::list && list->items.empty())
    section->error("keys", "an empty list", "leave it out, or name a key");
}

}  // namespace mombridge::config
