mombridge_library(kafka_config SOURCES client_properties.cpp config.cpp librdkafka_keys.cpp security_keys.cpp topic_match.cpp DEPENDS mombridge::token PRIVATE_DEPENDS PkgConfig::RDKAFKA)
