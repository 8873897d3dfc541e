#pragma once
// Columns of text for people.

#include <string>
#include <utility>
#include <vector>

namespace mombridge {

/// Columns as wide as their widest cell. Cells are UTF-8 without control characters.
class Table {
 public:
  using Row = std::vector<std::string>;  ///< no longer than the head

  explicit Table(Row head) : rows_{std::move(head)} {}
  void add(Row row) { rows_.push_back(std::move(row)); }
  /// A line for each row, the head first, without spaces at its end.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Row> rows_;
};

}  // namespace mombridge
