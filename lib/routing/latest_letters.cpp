#include "routing/latest_letters.hpp"

#include <utility>

namespace mombridge::routing {

void LatestLetters::add(LatestLetter letter) {
  for (auto* text : {&letter.route, &letter.source, &letter.target, &letter.reason})
    if (text->size() > kLongestText) text->resize(kLongestText);
  std::lock_guard lock(mutex_);
  if (letters_.size() < kKept)
    letters_.push_back(std::move(letter));
  else
    letters_[next_] = std::move(letter);
  next_ = (next_ + 1) % kKept;
}

std::vector<LatestLetter> LatestLetters::read() const {
  std::lock_guard lock(mutex_);
  std::vector<LatestLetter> latest;
  for (size_t i = 0; i < letters_.size(); ++i)
    latest.push_back(letters_[(next_ + letters_.size() - 1 - i) % letters_.size()]);
  return latest;
}

// Never destroyed: threads may still write dead letters while statics are torn down.
LatestLetters& latest_letters() {
  static auto* letters = new LatestLetters;
  return *letters;
}

}  // namespace mombridge::routing
