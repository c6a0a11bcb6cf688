# cmake --install: headers, libraries, find_package(ochre CONFIG) and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS ${OCHRE_INSTALLED} EXPORT ochre-targets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ochre DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ochre)
install(EXPORT ochre-targets NAMESPACE ochre:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ochre-config.cmake.in
  ${PROJECT_BINARY_DIR}/ochre-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ochre-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ochre-config.cmake ${PROJECT_BINARY_DIR}/ochre-config-version.cmake
  DESTINATION ${package_dir})

configure_file(${PROJECT_SOURCE_DIR}/cmake/ochre.pc.in ${PROJECT_BINARY_DIR}/ochre.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ochre.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
