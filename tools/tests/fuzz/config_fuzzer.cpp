// SPDX-License-Identifier: GPL-2.0
/// \file
/// Any bytes as one or two configurations: the second, after a line `---`, follows on the first.
/// What is refused is told in one line; what is taken is printed and read the same; what is applied
/// to a kinetd made of values either leaves nothing to do, or what was there before.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "config/document.hpp"
#include "tests/support/fake_kernel.hpp"

namespace {

using namespace kinetd;

void expect(bool holds, const char *what, const std::string &about) {
    if (holds)
        return;
    std::fprintf(stderr, "%s\n%s\n", what, about.c_str());
    std::abort();
}

bool is_line(const std::string &text) {
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20)
            return false;
    return !text.empty();
}

void follow(test::FakeKernel &kernel, const config::Document &document) {
    const auto machine = test::FakeKernel::machine();
    const auto before = config::config_of(kernel.state, machine);
    const auto plan = config::plan(document, kernel.state, machine, {true}, test::some_port());
    if (!plan.ok())
        return expect(is_line(plan.error().text), "not a line", plan.error().text);
    const auto outcome = config::carry_out(*plan, kernel);
    if (outcome.failure) {
        expect(config::config_of(kernel.state, machine) == before, "not taken back",
               outcome.failure->text);
        return;
    }
    const auto again = config::plan(document, kernel.state, machine, {true}, test::some_port());
    expect(again.ok() && again->steps.empty(), "not done",
           config::print(document.config).ok() ? *config::print(document.config) : "");
}

void try_text(test::FakeKernel &kernel, const std::string &text) {
    const auto document = config::parse(text);
    if (!document.ok())
        return expect(is_line(document.error().in("file")), "not a line", document.error().text);
    const auto printed = config::print(document->config);
    expect(printed.ok(), "not printed", text);
    const auto again = config::parse(*printed);
    expect(again.ok() && again->config == document->config, "not read the same", *printed);
    follow(kernel, *document);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string text(reinterpret_cast<const char *>(data), size);
    const std::string separator = "\n---\n";
    const auto middle = text.find(separator);
    test::FakeKernel kernel;
    try_text(kernel, text.substr(0, middle));
    if (middle != std::string::npos)
        try_text(kernel, text.substr(middle + separator.size()));
    return 0;
}
