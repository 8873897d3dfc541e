"""Plants includes in a temporary tree and looks at what is reported."""
import pathlib
import tempfile
import unittest

import includes


def report(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return list(includes.violations(root))


class Includes(unittest.TestCase):
    def refused(self, file, include, reason):
        found = report({file: f"#pragma once\n\n#include {include}\n"})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{file}:3: error: includes {include[1:-1]}: "), found)
        self.assertIn(reason, found[0])

    def allowed(self, file, *names):
        self.assertEqual(report({file: "".join(f"#include {name}\n" for name in names)}), [])

    def test_down_and_own_folder(self):
        self.allowed("lib/message/nested_json.cpp", "<nlohmann/json.hpp>")
        self.allowed("lib/base/log.cpp", '"base/log.hpp"', '"log.hpp"', "<spdlog/spdlog.h>", "<vector>")
        self.allowed("lib/broker/registry.hpp", '"broker/broker.hpp"', '"message/message.hpp"', '"config/load.hpp"')
        self.allowed("lib/broker/kafka/producer.cpp", '"broker/broker.hpp"', '"base/result.hpp"', "<librdkafka/rdkafka.h>")
        self.allowed("lib/broker/amqp/wire.hpp", "<amqp.h>", "<amqp_framing.h>", "<rabbitmq-c/amqp.h>")
        self.allowed("lib/broker/amqp/config.cpp", "<yaml-cpp/yaml.h>", '"config/yaml_reader.hpp"')
        self.allowed("lib/handler/host.cpp", "<mombridge/handler.h>", '"broker/memory/broker.hpp"')
        self.allowed("lib/sdk/include/mombridge/handler.hpp", "<mombridge/handler.h>", '"mombridge/handler.h"', "<string>")
        self.allowed("daemon/commands/run.cpp", '"admin/server.hpp"', '"daemon/bridge.hpp"', '"broker/amqp/broker.hpp"')

    def test_up(self):
        self.refused("lib/base/log.hpp", '"message/message.hpp"', "base stands below message")
        self.refused("lib/config/load.cpp", '"broker/broker.hpp"', "config stands below broker")
        self.refused("lib/broker/registry.cpp", '"broker/amqp/broker.hpp"', "broker stands below broker/amqp")
        self.refused("lib/handler/pool.cpp", '"reply/replier.hpp"', "handler stands below reply")
        self.refused("lib/reply/replier.cpp", '"routing/router.hpp"', "reply stands below routing")
        self.refused("lib/routing/router.cpp", "<admin/metrics.hpp>", "routing stands below admin")
        self.refused("lib/admin/status.cpp", '"daemon/bridge.hpp"', "admin stands below daemon")

    def test_beside(self):
        self.refused("lib/broker/amqp/consumer.cpp", '"broker/kafka/consumer.hpp"', "beside broker/kafka")
        self.refused("lib/broker/memory/broker.cpp", '"broker/amqp/wire.hpp"', "beside broker/amqp")

    def test_sdk(self):
        self.refused("lib/sdk/include/mombridge/handler.hpp", '"base/result.hpp"', "includes nothing of ours")
        self.refused("lib/routing/router.hpp", "<mombridge/handler.h>", "only handler")

    def test_libraries(self):
        self.refused("lib/broker/supervisor.cpp", "<amqp_tcp_socket.h>", "rabbitmq-c is hidden")
        self.refused("lib/broker/amqp/wire.cpp", "<librdkafka/rdkafka.h>", "librdkafka is hidden")
        self.refused("lib/broker/kafka/record.cpp", "<yaml-cpp/yaml.h>", "yaml-cpp is hidden")
        self.refused("daemon/main.cpp", "<spdlog/spdlog.h>", "spdlog is hidden")
        self.refused("lib/routing/router.cpp", "<openssl/hmac.h>", "OpenSSL is hidden")
        self.refused("lib/config/load.cpp", "<nlohmann/json.hpp>", "nlohmann-json is hidden")

    def test_ways_around(self):
        self.refused("lib/base/log.hpp", '"../message/message.hpp"', "relative path")
        self.assertEqual(len(report({"lib/base/a.hpp": '  #  include "message/message.hpp"\n'})), 1)
        self.assertEqual(report({"lib/base/a.hpp": '// #include "message/message.hpp"\n'}), [])

    def test_unknown_folder(self):
        self.assertIn("does not know", report({"lib/helpers/misc.hpp": ""})[0])
        self.assertIn("does not know", report({"lib/misc.hpp": ""})[0])


class Circles(unittest.TestCase):
    def report(self, files):
        return list(includes.circle_violations(files))

    def test_inside_a_folder(self):
        files = {"lib/base/a.hpp": '#include "base/b.hpp"\n', "lib/base/b.cpp": '#include "base/b.hpp"\n#include "base/c.hpp"\n',
                 "lib/base/c.hpp": '#include "base/a.hpp"\n', "lib/base/d.hpp": '#include "base/a.hpp"\n'}
        self.assertEqual(self.report(files), ["base: error: includes run in a circle: a, b, c"])
        files["lib/base/c.hpp"] = ""
        self.assertEqual(self.report(files), [])

    def test_none(self):
        self.assertEqual(self.report({"lib/base/a.cpp": '#include "base/a.hpp"\n', "lib/base/a.hpp": '// #include "base/b.hpp"\n',
                                      "lib/base/b.hpp": '#include "base/a.hpp"\n#include "other/a.hpp"\n'}), [])

    def test_two_in_one_folder(self):
        files = {f"daemon/{a}.hpp": f'#include "daemon/{b}.hpp"\n' for a, b in ("ab", "ba", "cd", "dc", "ec")}
        self.assertEqual(len(self.report(files)), 2)


class Threads(unittest.TestCase):
    def report(self, text, file="lib/base/log.cpp"):
        return list(includes.thread_violations({file: text}))

    def test_made_elsewhere(self):
        for made in ("std::thread(f)", "std::vector<std::jthread> all;", "pthread_create(&t)", "std::async(f)"):
            self.assertEqual(len(self.report("\n  " + made)), 1, made)
            self.assertIn("lib/base/log.cpp:2: error", self.report("\n  " + made)[0])
            self.assertEqual(self.report(made, "lib/base/thread.cpp"), [])
            self.assertEqual(self.report(made, "lib/sdk/samples/echo.cpp"), [])

    def test_what_makes_none(self):
        for text in ("std::thread::id id;", "std::this_thread::yield();", "#include <thread>", "// std::thread(f)"):
            self.assertEqual(self.report(text), [], text)


if __name__ == "__main__":
    unittest.main()
