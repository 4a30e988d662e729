# fuzz_X.c with base/, lang/ and what else it includes, compiled by clang, instrumented: the sanitizers and the
# coverage must be in the code under test, which gcc's objects do not have.
if(NOT TARGET lang OR NOT TARGET runtime)
  return()
endif()
set(SPILE_FUZZ_SECONDS 20 CACHE STRING "how long each fuzzer runs as a test")
file(GLOB fuzzers CONFIGURE_DEPENDS ${tests}/fuzz/fuzz_*.c)
file(GLOB fuzz_base CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/base/*.c)
file(GLOB fuzz_lang CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lang/*.c)
list(APPEND fuzz_lang ${CMAKE_BINARY_DIR}/gen/lang/lex.c ${CMAKE_BINARY_DIR}/gen/lang/grammar.c ${CMAKE_BINARY_DIR}/gen/lang/library_texts.S)
get_target_property(fuzz_runtime runtime SOURCES) # what is generated too
get_target_property(runtime_links runtime LINK_LIBRARIES)
set(fuzz_runtime_links)
foreach(link ${runtime_links})
  if(link MATCHES "^/")
    list(APPEND fuzz_runtime_links ${link})
  elseif(link MATCHES "^[a-z0-9_-]+$" AND NOT link STREQUAL base)
    list(APPEND fuzz_runtime_links -l${link})
  endif()
endforeach()
file(GLOB fuzz_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/elf*.c ${CMAKE_SOURCE_DIR}/runtime/dwarf*.c ${CMAKE_SOURCE_DIR}/runtime/btf*.c
  ${CMAKE_SOURCE_DIR}/runtime/symbols/*.c ${CMAKE_SOURCE_DIR}/runtime/processes.c ${CMAKE_SOURCE_DIR}/runtime/thread.c ${CMAKE_SOURCE_DIR}/runtime/usdt_note.c
  ${CMAKE_SOURCE_DIR}/runtime/attach/usdt_arg.c ${CMAKE_SOURCE_DIR}/runtime/attach/regs.c)
file(GLOB fuzz_unwind CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/runtime/unwind/cfi.c ${CMAKE_SOURCE_DIR}/runtime/unwind/image.c
  ${CMAKE_SOURCE_DIR}/runtime/unwind/table.c ${CMAKE_SOURCE_DIR}/runtime/unwind/go_frames.c)
file(GLOB fuzz_world CONFIGURE_DEPENDS ${tests}/golden/fake*.c)

set(fuzz_flags -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined)

# fuzz_object(SOURCE RET): its object, compiled once for all fuzzers.
function(fuzz_object source ret)
  string(REPLACE "${CMAKE_BINARY_DIR}/" "" object ${source})
  string(REPLACE "${CMAKE_SOURCE_DIR}/" "" object ${object})
  set(object ${CMAKE_BINARY_DIR}/fuzz/${object}.o)
  set(${ret} ${object} PARENT_SCOPE)
  get_property(known DIRECTORY PROPERTY fuzz_objects)
  if(object IN_LIST known)
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY fuzz_objects ${object})
  get_filename_component(folder ${object} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${object}
    COMMAND ${CLANG_BPF} ${fuzz_flags} -std=gnu17 -O1 -D_GNU_SOURCE -w -I${CMAKE_SOURCE_DIR} -I${CMAKE_BINARY_DIR}/gen -MMD -MF ${object}.d
      -c ${source} -o ${object}
    DEPENDS ${source} DEPFILE ${object}.d VERBATIM)
endfunction()

foreach(source ${fuzzers})
  get_filename_component(name ${source} NAME_WE)
  file(READ ${source} text)
  set(sources ${source} ${fuzz_base})
  if(text MATCHES "#include \"lang/")
    list(APPEND sources ${fuzz_lang})
  endif()
  if(text MATCHES "#include \"tests/golden/") # the fake world has this machine's probe types
    list(APPEND sources ${fuzz_world} ${fuzz_runtime})
  elseif(text MATCHES "#include \"runtime/object.h")
    list(APPEND sources ${CMAKE_SOURCE_DIR}/runtime/object.c)
  elseif(text MATCHES "#include \"runtime/unwind/table.h")
    list(APPEND sources ${fuzz_unwind})
  elseif(text MATCHES "#include \"runtime/")
    list(APPEND sources ${fuzz_files})
  endif()
  set(objects)
  foreach(one ${sources})
    fuzz_object(${one} object)
    list(APPEND objects ${object})
  endforeach()
  set(fuzzer ${CMAKE_BINARY_DIR}/tests/${name})
  add_custom_command(OUTPUT ${fuzzer} COMMAND ${CLANG_BPF} ${fuzz_flags} ${objects} ${fuzz_runtime_links} -lz -lstdc++ -o ${fuzzer}
    DEPENDS ${objects} VERBATIM)
  add_custom_target(${name}_program ALL DEPENDS ${fuzzer})
  add_dependencies(${name}_program lang)
  add_test(NAME fuzz/${name} COMMAND sh ${tests}/fuzz/run.sh ${CMAKE_BINARY_DIR} ${name} ${SPILE_FUZZ_SECONDS})
  set_tests_properties(fuzz/${name} PROPERTIES LABELS fuzz TIMEOUT 1800)
endforeach()
