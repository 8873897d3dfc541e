mombridge_library(amqp_config SOURCES config.cpp queue_lifetime.cpp settings.cpp subscriptions.cpp url.cpp
                  DEPENDS mombridge::token)
