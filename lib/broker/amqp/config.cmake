mombridge_library(amqp_config SOURCES config.cpp subscriptions.cpp url.cpp DEPENDS mombridge::config)
