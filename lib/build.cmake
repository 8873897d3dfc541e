# How everything here is compiled, and the two functions that declare a library and a test.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# RelWithDebInfo without -g's full cost: line tables are enough for a backtrace and halve the build.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

add_library(mombridge_options INTERFACE)
# -Wrestrict: GCC 12 sees overlaps in std::string where there are none (GCC bug 105651).
target_compile_options(mombridge_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers -Wno-restrict
                                                   $<$<BOOL:${MOMBRIDGE_WERROR}>:-Werror>)
if(MOMBRIDGE_FAILPOINTS)
  target_compile_definitions(mombridge_options INTERFACE MOMBRIDGE_FAILPOINTS)
endif()
target_include_directories(mombridge_options INTERFACE ${PROJECT_SOURCE_DIR}/lib)
if(MOMBRIDGE_SANITIZE)
  add_compile_options(-fsanitize=${MOMBRIDGE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MOMBRIDGE_SANITIZE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
pkg_check_modules(RABBITMQ REQUIRED IMPORTED_TARGET librabbitmq)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto>=3.0)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
pkg_check_modules(PROMETHEUS REQUIRED IMPORTED_TARGET prometheus-cpp-core)
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl>=3.0)
if(RABBITMQ_VERSION VERSION_LESS 0.14)
  message(STATUS "rabbitmq-c ${RABBITMQ_VERSION} is older than 0.14: only its codec is used, so its known faults in reading and waiting do not apply")
endif()

# mombridge_library(base SOURCES a.cpp b.cpp DEPENDS mombridge::other PRIVATE_DEPENDS PkgConfig::X)
# One static library per folder; what a library hides behind its interface stands under PRIVATE_DEPENDS.
function(mombridge_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(mombridge_${name} STATIC ${ARG_SOURCES})
  add_library(mombridge::${name} ALIAS mombridge_${name})
  target_link_libraries(mombridge_${name} PUBLIC mombridge_options Threads::Threads ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# mombridge_test(base SOURCES a_test.cpp DEPENDS mombridge::base LABELS unit): one GoogleTest program, found test by test.
function(mombridge_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS;PROPERTIES" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPENDS} mombridge_options GTest::gmock GTest::gtest_main)
  # The tests' own code is compiled once and run for seconds: without this, its optimisation is half of the build.
  target_compile_options(${name}_test PRIVATE -O0)
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}." PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 120 ${ARG_PROPERTIES})
endfunction()
