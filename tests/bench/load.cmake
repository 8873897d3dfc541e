# Plain clients, apart from lib/: what they measure must not share its code.
add_executable(load-requests load/main.cpp load/amqp.cpp load/kafka.cpp load/kafka_ends.cpp ../faults/load/amqp_link.cpp)
target_compile_options(load-requests PRIVATE -Wall -Wextra $<$<BOOL:${MOMBRIDGE_WERROR}>:-Werror>)
target_link_libraries(load-requests PRIVATE PkgConfig::RABBITMQ PkgConfig::RDKAFKA Threads::Threads)
add_dependencies(mombridge_bench load-requests fault-load mombridge)
