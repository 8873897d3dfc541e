find_package(benchmark REQUIRED)
add_executable(bench_return_path return_path.cpp)
target_link_libraries(bench_return_path PRIVATE mombridge::reply mombridge_options benchmark::benchmark)
