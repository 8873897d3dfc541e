#pragma once
// Which records of a partition were removed by people's tools, as far as a group can note that in a log, where records
// stay.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mombridge::kafka {

/// A group commits one offset: all before it is removed. What is removed behind it, because records in between were
/// passed over, stands in the metadata of the commit, as distances from the end of the range before and lengths:
///   removed 3+2 10+1      of the commit 100: 103, 104 and 115 are removed, too
/// Not thread-safe.
class RemovedOffsets {
 public:
  /// As committed; nonsense in `metadata`, which any member of the group can write, ends it there.
  explicit RemovedOffsets(int64_t committed = 0, std::string_view metadata = {});

  /// Offsets from `begin` to before `end`; those that hold no record for readers as well.
  void add(int64_t begin, int64_t end);
  [[nodiscard]] bool contains(int64_t offset) const;
  /// All before it are removed: what is to be committed.
  [[nodiscard]] int64_t committed() const { return committed_; }
  /// Of the commit; empty where there is nothing to note.
  [[nodiscard]] std::string metadata() const;
  /// There is no room for many more ranges: Kafka takes 4096 bytes. Source: its broker's offset.metadata.max.bytes.
  [[nodiscard]] bool full() const { return ranges_.size() >= kMostRanges; }

 private:
  /// For numbers of up to nine digits in a range; the rest of the 4096 bytes is for what is on its way.
  static constexpr size_t kMostRanges = 200;

  int64_t committed_;
  std::map<int64_t, int64_t> ranges_;  ///< begin → end, behind committed_, apart from each other
};

}  // namespace mombridge::kafka
