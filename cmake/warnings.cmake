# Warnings, sanitizers and floating-point rules for everything that is built here.
add_compile_options(-Wall -Wextra)
if(OCHRE_WERROR)
  add_compile_options(-Werror)
endif()
# GCC 12 warns of overlapping copies in "a" + std::to_string(i) once it is inlined (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)
endif()
# The distance kernels promise the same bits on every CPU, which a compiler that fuses a*b+c where it can would break.
add_compile_options(-ffp-contract=off)
if(OCHRE_SANITIZE)
  # With the sanitizers' code in between GCC 12 no longer sees that an optional is set before it is read.
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  add_compile_options(-fsanitize=${OCHRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${OCHRE_SANITIZE})
endif()
