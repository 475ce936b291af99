// SPDX-License-Identifier: GPL-2.0
// A QEMU plugin that counts every instruction that a one-CPU guest executes between two marks of
// echo_load: by address, by task and by call path.  Nothing is sampled, and the guest is not slowed
// in its own time.
//
// The guest's tasks are told apart at __switch_to_asm, which loads the next stack pointer from the
// next task_struct: the address of that load is the task.  Call paths are kept on a shadow stack
// for each task, from the call and ret instructions that end the blocks; a ret that returns to
// nowhere known (a retpoline, a task met in mid-call) counts as a jump.  Each pair of marks makes a
// section of the output:
//   section N
//   task INDEX ADDRESS
//   block TASK ADDRESS BYTES INSTRUCTIONS EXECUTIONS
//   path TASK NODE PARENT ADDRESS INSTRUCTIONS
#include "qemu_plugin.hpp"

#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

extern "C" {
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);
}

namespace {

constexpr std::array<unsigned char, 7> mark_bytes{0x0f, 0x1f, 0x80, 0x4b, 0x4e, 0x54, 0x44};
constexpr std::array<unsigned char, 3> save_stack{0x48, 0x89, 0xa7}; // mov %rsp,DISP32(%rdi)
constexpr std::array<unsigned char, 3> load_stack{0x48, 0x8b, 0xa6}; // mov DISP32(%rsi),%rsp
constexpr std::size_t deepest = 512;
constexpr std::uint64_t trick =
    16; // a call this short fills the return stack or makes a retpoline: it calls nothing

enum class Ending { other, call, ret };

struct Block {
    std::size_t index;
    std::uint64_t address;
    std::uint64_t after; // the address that follows it: where a call that ends it returns to
    std::size_t instructions;
    Ending ending;
};

struct Node {
    std::uint64_t address = 0; // what was called
    std::size_t parent = 0;
    std::uint64_t instructions = 0;
    std::map<std::uint64_t, std::size_t> children;
};

struct Frame {
    std::uint64_t returns_to;
    std::size_t node; // the caller's
};

struct Task {
    std::vector<std::uint64_t> executions; // by block
    std::vector<Node> nodes{1};
    std::vector<Frame> stack;
    std::size_t node = 0;
    const Block *last = nullptr;
};

class Profile {
public:
    void open(const char *path) {
        output_ = std::fopen(path, "w");
        switch_to(0);
    }
    [[nodiscard]] bool ready() const { return output_ != nullptr; }
    void translated(qemu_plugin_tb *block);
    void executed(const Block &block);
    void mark();
    void switch_to(std::uint64_t task);

private:
    static void follow(Task &task, const Block &block);
    static void enter(Task &task, std::uint64_t callee);
    static void leave(Task &task, std::uint64_t to);
    void write();

    std::FILE *output_ = nullptr;
    std::deque<Block> blocks_;
    std::unordered_map<std::uint64_t, std::unique_ptr<Task>> tasks_;
    std::uint64_t current_address_ = 0;
    Task *current_ = nullptr;
    bool counting_ = false;
    unsigned sections_ = 0;
};

Profile profile;

template <std::size_t Size>
bool begins(const qemu_plugin_insn *insn, const std::array<unsigned char, Size> &bytes) {
    return qemu_plugin_insn_size(insn) >= Size &&
           std::memcmp(qemu_plugin_insn_data(insn), bytes.data(), Size) == 0;
}

std::int32_t displacement(const qemu_plugin_insn *insn) {
    std::int32_t result = 0;
    std::memcpy(&result, static_cast<const unsigned char *>(qemu_plugin_insn_data(insn)) + 3,
                sizeof(result));
    return result;
}

Ending ending(const qemu_plugin_insn *insn) {
    const auto *byte = static_cast<const unsigned char *>(qemu_plugin_insn_data(insn));
    const auto *end = byte + qemu_plugin_insn_size(insn);
    // Prefixes that compilers put before a call or ret: segment padding, notrack, rep, rex.
    while (byte + 1 < end && (*byte == 0x2e || *byte == 0x3e || *byte == 0xf2 || *byte == 0xf3 ||
                              (*byte & 0xf0) == 0x40))
        ++byte;
    if (*byte == 0xe8 || (*byte == 0xff && byte + 1 < end && ((byte[1] >> 3) & 7) == 2))
        return Ending::call;
    if (*byte == 0xc3 || *byte == 0xc2)
        return Ending::ret;
    return Ending::other;
}

void on_executed(unsigned /*vcpu*/, void *block) {
    profile.executed(*static_cast<const Block *>(block));
}
void on_mark(unsigned /*vcpu*/, void * /*data*/) {
    profile.mark();
}
void on_translated(qemu_plugin_id_t /*id*/, qemu_plugin_tb *block) {
    profile.translated(block);
}
void on_stack_load(unsigned /*vcpu*/, qemu_plugin_meminfo_t /*info*/, std::uint64_t address,
                   void *offset) {
    profile.switch_to(address - reinterpret_cast<std::uint64_t>(offset));
}

void Profile::translated(qemu_plugin_tb *block) {
    const std::size_t count = qemu_plugin_tb_n_insns(block);
    const qemu_plugin_insn *previous = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
        qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        if (begins(insn, mark_bytes))
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, QEMU_PLUGIN_CB_NO_REGS, nullptr);
        if (previous != nullptr && begins(previous, save_stack) && begins(insn, load_stack)) {
            // Asked for reads alone, QEMU 7.2 reports none.
            const auto offset = static_cast<std::uint64_t>(displacement(insn));
            qemu_plugin_register_vcpu_mem_cb(insn, on_stack_load, QEMU_PLUGIN_CB_NO_REGS,
                                             QEMU_PLUGIN_MEM_RW, reinterpret_cast<void *>(offset));
        }
        previous = insn;
    }
    if (previous == nullptr)
        return;
    const std::uint64_t after = qemu_plugin_insn_vaddr(previous) + qemu_plugin_insn_size(previous);
    blocks_.push_back(
        {blocks_.size(), qemu_plugin_tb_vaddr(block), after, count, ending(previous)});
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_executed, QEMU_PLUGIN_CB_NO_REGS,
                                         &blocks_.back());
}

void Profile::switch_to(std::uint64_t task) {
    auto &entry = tasks_[task];
    if (!entry)
        entry = std::make_unique<Task>();
    current_address_ = task;
    current_ = entry.get();
}

void Profile::enter(Task &task, std::uint64_t callee) {
    const std::size_t caller = task.node;
    const auto found = task.nodes[caller].children.find(callee);
    if (found != task.nodes[caller].children.end()) {
        task.node = found->second;
        return;
    }
    task.node = task.nodes.size();
    task.nodes[caller].children.emplace(callee, task.node);
    task.nodes.push_back({callee, caller, 0, {}});
}

void Profile::leave(Task &task, std::uint64_t to) {
    for (std::size_t depth = task.stack.size(); depth > 0; --depth) {
        if (task.stack[depth - 1].returns_to != to)
            continue;
        task.node = task.stack[depth - 1].node;
        task.stack.resize(depth - 1);
        return;
    }
    if (!task.stack.empty()) { // a retpoline: the call behind it is that of its target
        task.node = task.stack.back().node;
        enter(task, to);
    }
}

void Profile::follow(Task &task, const Block &block) {
    const Block *last = task.last;
    task.last = &block;
    if (last == nullptr)
        return;
    if (last->ending == Ending::call && block.address - last->after > trick) {
        if (task.stack.size() < deepest)
            task.stack.push_back({last->after, task.node});
        enter(task, block.address);
    } else if (last->ending == Ending::ret) {
        leave(task, block.address);
    }
}

void Profile::executed(const Block &block) {
    if (!counting_)
        return;
    Task &task = *current_;
    follow(task, block);
    task.nodes[task.node].instructions += block.instructions;
    if (task.executions.size() <= block.index)
        task.executions.resize(blocks_.size());
    ++task.executions[block.index];
}

void Profile::mark() {
    counting_ = !counting_;
    if (!counting_)
        write();
    tasks_.clear();
    switch_to(current_address_);
}

void Profile::write() {
    std::fprintf(output_, "section %u\n", sections_++);
    unsigned index = 0;
    for (const auto &[address, task] : tasks_) {
        std::fprintf(output_, "task %u %lx\n", index, address);
        for (std::size_t i = 0; i < task->executions.size(); ++i)
            if (task->executions[i] != 0)
                std::fprintf(output_, "block %u %lx %lu %zu %lu\n", index, blocks_[i].address,
                             blocks_[i].after - blocks_[i].address, blocks_[i].instructions,
                             task->executions[i]);
        for (std::size_t i = 0; i < task->nodes.size(); ++i)
            std::fprintf(output_, "path %u %zu %zu %lx %lu\n", index, i, task->nodes[i].parent,
                         task->nodes[i].address, task->nodes[i].instructions);
        ++index;
    }
    std::fflush(output_);
}

} // namespace

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t * /*info*/, int argc, char **argv) {
    for (int i = 0; i < argc; ++i)
        if (std::string_view(argv[i]).starts_with("out="))
            profile.open(argv[i] + 4);
    if (!profile.ready())
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    return 0;
}
