#include "routing/letter_places.hpp"

#include <algorithm>

#include "routing/template.hpp"

namespace mombridge::routing {

namespace {

void add(const config::Failures& failures, LetterPlaces& found) {
  if (!failures.dead_letter) return;
  auto& to = *failures.dead_letter;
  auto* exchange = to.options ? to.options->named_exchange() : nullptr;
  auto target = Template::parse(to.target.value);
  if ((exchange && !exchange->empty()) || !target || !target->constant()) {
    auto words = to.broker + "/" + to.target.value;
    if (exchange && !exchange->empty()) words += " through exchange " + *exchange;
    if (std::ranges::find(found.unnamed, words) == found.unnamed.end()) found.unnamed.push_back(words);
    return;
  }
  LetterPlace place{to.broker, std::string(target->text()), {}};
  for (auto& header : to.headers) place.added.push_back(header.name);
  auto same = [&](auto& other) { return other.text() == place.text(); };
  if (auto known = std::ranges::find_if(found.places, same); known != found.places.end())
    known->added.insert(known->added.end(), place.added.begin(), place.added.end());
  else
    found.places.push_back(std::move(place));
}

}  // namespace

LetterPlaces letter_places(const config::Config& config) {
  LetterPlaces found;
  add(config.failures, found);
  for (auto& route : config.routes)
    if (route.failures) add(*route.failures, found);
  return found;
}

}  // namespace mombridge::routing
