# SPDX-License-Identifier: GPL-2.0
# What all C++ here is compiled with.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
add_compile_options(-Wall -Wextra -Werror)
# What was compiled once, from the same text with the same flags, is not compiled again,
# in whatever folder the project is.
find_program(CCACHE ccache)
if(CCACHE)
  get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${root}
    CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content ${CCACHE})
endif()
