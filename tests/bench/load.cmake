# Plain clients, apart from lib/: what they measure must not share its code.
function(mombridge_plain_client name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE -Wall -Wextra $<$<BOOL:${MOMBRIDGE_WERROR}>:-Werror>)
  target_link_libraries(${name} PRIVATE PkgConfig::RABBITMQ PkgConfig::RDKAFKA Threads::Threads)
  add_dependencies(mombridge_bench ${name})
endfunction()

mombridge_plain_client(load-requests load/main.cpp load/amqp.cpp load/kafka.cpp load/kafka_ends.cpp
                                     ../faults/load/amqp_link.cpp)
mombridge_plain_client(load-messages load/messages_main.cpp load/amqp_messages.cpp load/kafka_messages.cpp
                                     load/kafka_ends.cpp ../faults/load/amqp_link.cpp)
mombridge_plain_client(bare-loop bare_loop/main.cpp bare_loop/amqp_connection.cpp bare_loop/amqp_ends.cpp
                                 bare_loop/kafka_ends.cpp)
add_dependencies(mombridge_bench fault-load mombridge)
