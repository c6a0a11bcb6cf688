# cmake --install: headers, libraries, the CMake package "ochre" and ochre.pc; ochre-server and its systemd unit.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ochre)

# An export file each, so that who links the shared library needs no package that only the static one passes on.
foreach(target IN ITEMS ochre_shared ochre_static ochre_fasttext_shared ochre_fasttext_static)
  if(TARGET ${target})
    install(TARGETS ${target} EXPORT ${target})
    install(EXPORT ${target} NAMESPACE ochre:: DESTINATION ${package_dir})
  endif()
endforeach()

install(DIRECTORY include/ochre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h"
  PATTERN "fasttext.h" EXCLUDE)
if(TARGET ochre_fasttext_shared)
  install(FILES include/ochre/fasttext.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ochre)
endif()
install(FILES README.md LICENSE CHANGELOG.md docs/semantics.md docs/reliability.md docs/c-api.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TARGET ochre-server)
  install(TARGETS ochre-server)
  configure_file(src/server/ochre-server.service.in ${PROJECT_BINARY_DIR}/ochre-server.service @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/ochre-server.service DESTINATION lib/systemd/system)
  install(FILES docs/server.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()

configure_package_config_file(cmake/ochre-config.cmake.in ${PROJECT_BINARY_DIR}/ochre-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ochre-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ochre-config.cmake ${PROJECT_BINARY_DIR}/ochre-config-version.cmake
  DESTINATION ${package_dir})

# The prefix relative to the file itself, so that `cmake --install --prefix` may differ from what was configured.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/ochre.pc.in ${PROJECT_BINARY_DIR}/ochre.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ochre.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
