# Everything comes from Debian 12's packages; scripts/dependencies.sh installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
if(SQLite3_VERSION VERSION_LESS 3.51.3 AND NOT SQLite3_VERSION MATCHES "^3\\.(44\\.[6-9]|50\\.[7-9])$")
  message(STATUS "SQLite ${SQLite3_VERSION} has the WAL-reset bug; src/log/wal_checkpointer.cc keeps clear of it")
endif()
find_package(RocksDB 7.8 CONFIG REQUIRED)
find_package(hwy CONFIG REQUIRED)
# Alike for every file that includes Highway: its inline functions depend on them, and where they are not inlined the
# linker keeps one copy for all files. With the CPUs that have 8-bit dot products (VNNI), which Highway leaves out unless
# asked; without those whose vectors have no size when compiling.
set_property(TARGET hwy::hwy APPEND PROPERTY INTERFACE_COMPILE_DEFINITIONS HWY_WANT_AVX3_DL
  "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV)")
find_package(roaring CONFIG REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
find_path(HNSWLIB_INCLUDE_DIR hnswlib/hnswlib.h REQUIRED)
if(OCHRE_BUILD_SERVER)
  find_package(Boost 1.74 REQUIRED)
  find_package(simdjson 3.0 CONFIG REQUIRED)
  find_package(OpenSSL 3.0 REQUIRED)
  find_package(ZLIB REQUIRED)
  pkg_check_modules(CRYPT REQUIRED IMPORTED_TARGET libcrypt)
endif()
# Optional: ochre::fasttext is built where it is found.
pkg_check_modules(FASTTEXT IMPORTED_TARGET fasttext)
