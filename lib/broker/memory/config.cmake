mombridge_library(memory_config SOURCES config.cpp DEPENDS mombridge::config)
