#include "config/text.hpp"

#include "loading.hpp"

namespace mombridge::config::test {
namespace {

TEST(Text, Durations) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("10 s"), 10s);
  EXPECT_EQ(parse_duration("0"), Duration(0));
  EXPECT_EQ(parse_duration("0s"), Duration(0));
  for (auto* bad : {"", "s", "10", "-1s", "1.5s", "1d", "10S", "1h30m", " 1s", "1s ", "1e3s", "0x1s",
                    "99999999999999999999h", "9223372036854775807h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Text, Sizes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("8MiB"), 8u << 20);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(parse_size("2 kB"), 2000u);
  for (auto* bad :
       {"", "KiB", "-1", "1.5GiB", "1K", "1kib", "1 gib", "18446744073709551615KiB", "99999999999999999999"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Text, Numbers) {
  EXPECT_EQ(parse_unsigned("0"), 0u);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  for (auto* bad : {"", "-1", "+1", "1 ", " 1", "1_000", "0x10", "1e3", "18446744073709551616"})
    EXPECT_FALSE(parse_unsigned(bad)) << bad;
}

TEST(Text, ShownAsWritten) {
  EXPECT_EQ(to_text(90s), "90s");
  EXPECT_EQ(to_text(2h), "2h");
  EXPECT_EQ(to_text(Duration(0)), "0ms");
  EXPECT_EQ(size_text(4 << 20), "4MiB");
  EXPECT_EQ(size_text(1000), "1000");
}

TEST(Text, DidYouMean) {
  std::vector<std::string> known{"prefetch_count", "prefetch_size", "url", "exchange"};
  EXPECT_EQ(nearest("prefech_count", known), "prefetch_count");
  EXPECT_EQ(nearest("prefetch_cuont", known), "prefetch_count");
  EXPECT_EQ(nearest("ulr", known), "url");
  EXPECT_EQ(nearest("completely", known), "");
  EXPECT_EQ(did_you_mean("ulr", known), "did you mean 'url'?");
  EXPECT_EQ(or_did_you_mean("ulr", known), " (did you mean 'url'?)");
  EXPECT_EQ(did_you_mean("x", known), "");
  EXPECT_EQ(or_did_you_mean("x", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'x'), known), "");
}

TEST(Text, DiagnosticsInOneLine) {
  Diagnostic diagnostic{Diagnostic::Severity::warning, {"a.yaml", 3, 7}, "x.y", "line\nbreak \x1b[31m", "hint"};
  EXPECT_EQ(diagnostic.text(), "a.yaml:3:7: warning: x.y: line\\x0abreak \\x1b[31m (hint)");
  EXPECT_EQ((Diagnostic{Diagnostic::Severity::error, {"a.yaml"}, "", "what", ""}.text()), "a.yaml:1:1: error: what");
}

TEST(Text, DiagnosticsSorted) {
  Diagnostics diagnostics;
  diagnostics.reading("z.yaml");
  diagnostics.reading("a.yaml");
  diagnostics.error({"a.yaml", 1, 1}, "", "3");
  diagnostics.warning({"z.yaml", 9, 1}, "", "2");
  EXPECT_FALSE(diagnostics.ok());
  diagnostics.error({"z.yaml", 2, 5}, "", "1");
  std::string order;
  for (auto& d : diagnostics.sorted()) order += d.what;
  EXPECT_EQ(order, "123");
}

}  // namespace
}  // namespace mombridge::config::test
