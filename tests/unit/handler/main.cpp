// The main() of tests with worker processes: the test itself is the program that is started to be one.

#include <gmock/gmock.h>

#include "handler/worker.hpp"

int main(int argc, char** argv) {
  if (mombridge::handler::is_worker(argc, argv)) return mombridge::handler::worker_main(argc, argv);
  testing::InitGoogleMock(&argc, argv);
  mombridge::handler::use_workers();
  return RUN_ALL_TESTS();
}
