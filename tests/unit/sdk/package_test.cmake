# Installs the SDK into a scratch folder and builds the installed samples against it, as a handler author would.
file(REMOVE_RECURSE ${SCRATCH})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --component sdk --prefix ${SCRATCH}/installed
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -G ${GENERATOR} -S ${SCRATCH}/installed/${SAMPLES} -B ${SCRATCH}/build
                        -DCMAKE_PREFIX_PATH=${SCRATCH}/installed
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${SCRATCH}/build OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(sample greeter enrich echo)
  if(NOT EXISTS ${SCRATCH}/build/${sample}.so)
    message(FATAL_ERROR "${sample}.so was not built")
  endif()
endforeach()
