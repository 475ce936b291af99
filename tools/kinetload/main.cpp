// SPDX-License-Identifier: GPL-2.0
#include "kinetload/program.hpp"

int main(int argc, char **argv) {
    return kinetd::load::run_program(argc, argv);
}
