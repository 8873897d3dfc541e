# A plugin shows its entry function and nothing else, so that two plugins cannot meet in a symbol.
file(GLOB plugins ${FOLDER}/*.so)
if(NOT plugins)
  message(FATAL_ERROR "no plugins in ${FOLDER}")
endif()
foreach(plugin ${plugins})
  execute_process(COMMAND ${NM} -D --defined-only --format=just-symbols ${plugin}
                  OUTPUT_VARIABLE symbols OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  if(NOT symbols STREQUAL "mombridge_handler_entry")
    message(FATAL_ERROR "${plugin} exports:\n${symbols}")
  endif()
endforeach()
