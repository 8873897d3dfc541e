# mombridge_add_handler(NAME SOURCE...): builds NAME.so, a handler plugin that exports its entry function and nothing
# else. Hidden symbols are not enough for that: a static library that is linked in brings its own.
function(mombridge_add_handler name)
  # The bridge's own build has the headers under another name, because there mombridge::handler is what loads plugins.
  set(headers mombridge::handler)
  if(TARGET mombridge_sdk)
    set(headers mombridge_sdk)
  endif()
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE ${headers})
  set_target_properties(${name} PROPERTIES
    PREFIX ""
    C_STANDARD 11
    CXX_STANDARD 20
    CXX_STANDARD_REQUIRED ON
    CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/handler.map)
  target_link_options(${name} PRIVATE LINKER:--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/handler.map)
endfunction()
