mombridge_library(kafka_config SOURCES config.cpp librdkafka_keys.cpp DEPENDS mombridge::config PRIVATE_DEPENDS PkgConfig::RDKAFKA)
