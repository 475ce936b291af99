// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/verb.hpp"

int main(int argc, char **argv) {
    kinetd::ctl::Session session;
    return kinetd::ctl::run(argc, argv, session);
}
