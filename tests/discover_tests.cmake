# Run by ctest: asks the test programs for their tests. One entry a suite, folder.Suite, since starting a process for each
# of some two thousand tests takes longer than most of them; with $OCHRE_TESTS_SINGLY one entry a test, folder.Suite.Test.
# `programs`: <folder>_test, each with its path after "=".
# A suite may take minutes under a sanitizer, and so does a fault campaign in its long form: the limit is for what hangs.
set(seconds_max 1800)
# GoogleTest passes when its filter selects nothing.
set(ran_nothing "Running 0 tests from")

foreach(program IN LISTS programs)
  string(REGEX MATCH "^(.*)_test=(.*)$" _ "${program}")
  set(folder "${CMAKE_MATCH_1}")
  set(path "${CMAKE_MATCH_2}")
  if(NOT EXISTS "${path}")  # who selects what was built does not meet this one
    add_test("${folder}_NOT_BUILT" "${path}")
    continue()
  endif()
  execute_process(COMMAND "${path}" --gtest_list_tests TIMEOUT 60 OUTPUT_VARIABLE list RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${path} --gtest_list_tests: ${result}\n${list}")
  endif()
  # "Suite." on a line of its own, then its tests, indented; parameters are shown after "#".
  string(REGEX REPLACE " *#[^\n]*" "" list "${list}")
  string(REGEX MATCHALL "[^\n]+" lines "${list}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^([^ ]+)\\.$")
      set(suite "${CMAKE_MATCH_1}")
      if(NOT DEFINED ENV{OCHRE_TESTS_SINGLY})
        add_test("${folder}.${suite}" "${path}" "--gtest_filter=${suite}.*")
        set_tests_properties("${folder}.${suite}" PROPERTIES TIMEOUT ${seconds_max}
          FAIL_REGULAR_EXPRESSION "${ran_nothing}")
      endif()
    elseif(DEFINED ENV{OCHRE_TESTS_SINGLY} AND NOT line MATCHES "DISABLED_" AND line MATCHES "^  ([^ ]+)$")
      set(test "${suite}.${CMAKE_MATCH_1}")  # of the last MATCHES
      add_test("${folder}.${test}" "${path}" "--gtest_filter=${test}")
      set_tests_properties("${folder}.${test}" PROPERTIES TIMEOUT ${seconds_max}
        SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]" FAIL_REGULAR_EXPRESSION "${ran_nothing}")
    endif()
  endforeach()
endforeach()
