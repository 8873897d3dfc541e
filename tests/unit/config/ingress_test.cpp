#include "config/ingress.hpp"

#include "loading.hpp"

namespace mombridge::config::test {
namespace {

using testing::IsEmpty;

const std::string kRoutes = "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n";

TEST(Ingress, HasDefaults) {
  auto loaded = load_text("memory: 512MiB\n" + kBrokers + kRoutes +
                          "ingress: {listen: 127.0.0.1:8422, allow: [\"shop/order.*\"]}\n");
  EXPECT_THAT(loaded.said, IsEmpty());
  auto& ingress = *loaded.config.ingress;
  EXPECT_EQ(ingress.listener.listen.port, 8422);
  EXPECT_TRUE(ingress.token.empty());
  EXPECT_EQ(ingress.max_body, 1u << 20);
  EXPECT_EQ(ingress.max_requests, 1000u);
  EXPECT_EQ(ingress.max_waiting, 64u << 20);
  EXPECT_EQ(ingress.timeout, 30s);
  EXPECT_FALSE(load_text(kBrokers + kRoutes).config.ingress);
  auto small =
      load_text("memory: 16MiB\n" + kBrokers + kRoutes + "ingress: {listen: 127.0.0.1:8422, allow: [shop/o]}\n");
  EXPECT_EQ(small.config.ingress->max_waiting, 4u << 20) << "a quarter of the memory";
}

TEST(Ingress, AllowsByShellGlobs) {
  auto ingress = load_text(kBrokers + kRoutes +
                           "ingress: {listen: 'unix:/run/i.sock', token: t, allow: ['shop/order.*', lake/orders], "
                           "max_body: 2MiB, max_requests: 7, max_waiting: 8MiB, timeout: 2s}\n")
                     .config.ingress;
  ASSERT_TRUE(ingress);
  EXPECT_TRUE(ingress->allows("shop", "order.new.big"));
  EXPECT_FALSE(ingress->allows("shop", "orders"));
  EXPECT_FALSE(ingress->allows("lake", "order.new"));
  EXPECT_TRUE(ingress->allows("lake", "orders"));
  EXPECT_EQ(ingress->max_body, 2u << 20);
  EXPECT_EQ(ingress->max_requests, 7u);
  EXPECT_EQ(ingress->timeout, 2s);
}

TEST(Ingress, WithoutEnvironment) {
  auto loaded = load_text(
      kBrokers + kRoutes + "ingress: {listen: '${env:INGRESS}', token: '${file:/run/t}', allow: ['${env:ALLOW}']}\n",
      false);
  EXPECT_THAT(loaded.said, IsEmpty());
}

}  // namespace
}  // namespace mombridge::config::test
