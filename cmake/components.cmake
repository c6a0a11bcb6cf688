# ochre_component(NAME [DEPENDS component...] [LIBRARIES target...]): the static library ochre_NAME from src/NAME.
# Tests link the components they need; ochre_library() packs the objects of all into what is installed.
set(OCHRE_COMPONENTS "" CACHE INTERNAL "")
set(OCHRE_LIBRARIES "" CACHE INTERNAL "")

function(ochre_component name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "fasttext_")  # built as ochre_fasttext, an optional component
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")  # programs, built by who adds them
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

# ochre_pair(NAME OBJECTS object... LIBRARIES target...): NAME_shared and NAME_static from the same objects, for users.
# What they link is private: the shared one hides it, the static one passes it on to the linker alone.
function(ochre_pair name)
  cmake_parse_arguments(ARG "" "" "OBJECTS;LIBRARIES" ${ARGN})
  foreach(kind IN ITEMS shared static)
    string(TOUPPER ${kind} type)
    add_library(${name}_${kind} ${type} ${ARG_OBJECTS})
    target_link_libraries(${name}_${kind} PRIVATE ${ARG_LIBRARIES})
    target_compile_features(${name}_${kind} PUBLIC cxx_std_20)
    target_include_directories(${name}_${kind} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    set_target_properties(${name}_${kind} PROPERTIES OUTPUT_NAME ${name} LINKER_LANGUAGE CXX)
  endforeach()
  # Before 1.0 a minor version may break the ABI, so it is part of the name that programs are linked with.
  set_target_properties(${name}_shared PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/ochre.map)
  target_link_options(${name}_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/ochre.map)
  if(NOT OCHRE_SANITIZE)  # a sanitizer's runtime is in the executable
    target_link_options(${name}_shared PRIVATE -Wl,--no-undefined)
  endif()
  # ochre::ochre is the shared one, unless a project that includes this one builds static libraries.
  if(DEFINED BUILD_SHARED_LIBS AND NOT BUILD_SHARED_LIBS)
    set(default static)
  else()
    set(default shared)
  endif()
  string(REPLACE "ochre_" "" alias ${name})
  add_library(ochre::${alias} ALIAS ${name}_${default})
  add_library(ochre::${alias}_static ALIAS ${name}_static)
  set_target_properties(${name}_shared PROPERTIES EXPORT_NAME ${alias})
  set_target_properties(${name}_static PROPERTIES EXPORT_NAME ${alias}_static)
endfunction()

# What is installed: ochre_shared and ochre_static from the objects of all components, and the optional ochre_fasttext.
# Third-party headers are private: the installed ones include the standard library only.
function(ochre_library)
  add_library(ochre_all INTERFACE)  # every component; what tests of the whole and benchmarks link
  set(objects "")
  foreach(name IN LISTS OCHRE_COMPONENTS)
    target_link_libraries(ochre_all INTERFACE ochre_${name})
    list(APPEND objects $<TARGET_OBJECTS:ochre_${name}>)
  endforeach()
  set(libraries ${OCHRE_LIBRARIES})
  list(REMOVE_DUPLICATES libraries)
  list(REMOVE_ITEM libraries nlohmann_json::nlohmann_json)  # headers only: nothing to link
  ochre_pair(ochre OBJECTS ${objects} LIBRARIES ${libraries})

  if(FASTTEXT_FOUND)
    # The tokenizer is compiled into this one too, since libochre does not export it.
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/embedding/fasttext_*.cc)
    add_library(ochre_fasttext_objects OBJECT ${sources} ${PROJECT_SOURCE_DIR}/src/embedding/tokenizer.cc)
    target_include_directories(ochre_fasttext_objects PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(ochre_fasttext_objects
      PRIVATE PkgConfig::FASTTEXT PkgConfig::UTF8PROC nlohmann_json::nlohmann_json)
    ochre_pair(ochre_fasttext OBJECTS $<TARGET_OBJECTS:ochre_fasttext_objects>
      LIBRARIES PkgConfig::FASTTEXT PkgConfig::UTF8PROC)
    target_link_libraries(ochre_fasttext_shared PUBLIC ochre_shared)
    target_link_libraries(ochre_fasttext_static PUBLIC ochre_static)
  endif()
endfunction()
