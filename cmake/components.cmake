# ochre_component(NAME [DEPENDS component...] [LIBRARIES target...]): the static library ochre_NAME from src/NAME.
# Tests link the components they need; ochre_library() packs the objects of all into what is installed.
set(OCHRE_COMPONENTS "" CACHE INTERNAL "")
set(OCHRE_LIBRARIES "" CACHE INTERNAL "")

function(ochre_component name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "fasttext_")  # built as ochre_fasttext, an optional component
  list(TRANSFORM ARG_DEPENDS PREPEND ochre_)
  if(sources)
    add_library(ochre_${name} STATIC EXCLUDE_FROM_ALL ${sources})
    set(scope PUBLIC)
    set(OCHRE_COMPONENTS ${OCHRE_COMPONENTS} ${name} CACHE INTERNAL "")
  else()
    add_library(ochre_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(ochre_${name} ${scope} ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(ochre_${name} ${scope} ${ARG_DEPENDS} ${ARG_LIBRARIES})
  set(OCHRE_LIBRARIES ${OCHRE_LIBRARIES} ${ARG_LIBRARIES} CACHE INTERNAL "")
endfunction()

function(ochre_library)
  add_library(ochre_all INTERFACE)  # every component; what tests of the whole and benchmarks link
  foreach(name IN LISTS OCHRE_COMPONENTS)
    target_link_libraries(ochre_all INTERFACE ochre_${name})
  endforeach()
endfunction()
