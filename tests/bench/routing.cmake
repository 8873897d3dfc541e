add_executable(bench_routing routing.cpp)
target_link_libraries(bench_routing PRIVATE mombridge::routing mombridge_options benchmark::benchmark)
add_dependencies(mombridge_bench bench_routing)
