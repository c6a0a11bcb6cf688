# Warnings, sanitizers and floating-point rules for everything that is built here.
add_compile_options(-Wall -Wextra)
if(OCHRE_WERROR)
  add_compile_options(-Werror)
endif()
# The distance kernels promise the same bits on every CPU, which a compiler that fuses a*b+c where it can would break.
add_compile_options(-ffp-contract=off)
if(OCHRE_SANITIZE)
  add_compile_options(-fsanitize=${OCHRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${OCHRE_SANITIZE})
endif()
