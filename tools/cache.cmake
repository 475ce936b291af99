# SPDX-License-Identifier: GPL-2.0
# What was compiled once, from the same text with the same flags, is not compiled again,
# in whatever folder the project is.
find_program(CCACHE ccache)
if(CCACHE)
  get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${root}
    CCACHE_NOHASHDIR=1 CCACHE_COMPILERCHECK=content ${CCACHE})
endif()
