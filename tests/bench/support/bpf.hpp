// SPDX-License-Identifier: GPL-2.0
// BPF programs of a few instructions, put together and loaded by bpf(2) alone: no compiler for
// them, no library.
#pragma once

#include "socket.hpp"

#include <linux/bpf.h>
#include <sys/syscall.h>

#include <vector>

namespace bench::bpf {

inline int call(bpf_cmd command, bpf_attr &attribute, const char *what) {
    return check(static_cast<int>(::syscall(SYS_bpf, command, &attribute, sizeof(attribute))),
                 what);
}

// NOLINTBEGIN(misc-redundant-expression): more than one part of an instruction's code is 0
// Instructions in the order of the calls.  Every condition that does not hold leads to the same
// place: otherwise().
class Program {
public:
    void move(int to, int from) { add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
    void set(int to, std::int32_t value) { add(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value); }
    void plus(int to, std::int32_t value) { add(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value); }
    void mask(int to, std::int32_t value) { add(BPF_ALU64 | BPF_AND | BPF_K, to, 0, 0, value); }
    // A size is BPF_W, BPF_H or BPF_B.
    void load(int size, int to, int from, std::size_t offset) {
        add(BPF_LDX | BPF_MEM | size, to, from, static_cast<int>(offset), 0);
    }
    void store(int size, int to, int offset, int from) {
        add(BPF_STX | BPF_MEM | size, to, from, offset, 0);
    }
    void require_equal(int what, std::int32_t value) {
        open_.push_back(code_.size());
        add(BPF_JMP | BPF_JNE | BPF_K, what, 0, 0, value);
    }
    void require_not_above(int what, int limit) {
        open_.push_back(code_.size());
        add(BPF_JMP | BPF_JGT | BPF_X, what, limit, 0, 0);
    }
    void map(int to, const Descriptor &map) {
        add(BPF_LD | BPF_DW | BPF_IMM, to, BPF_PSEUDO_MAP_FD, 0, map.get());
        add(0, 0, 0, 0, 0);
    }
    void call_helper(bpf_func_id id) { add(BPF_JMP | BPF_CALL, 0, 0, 0, id); }
    void leave() { add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0); }
    void otherwise() {
        for (const std::size_t at : open_)
            code_[at].off = static_cast<__s16>(code_.size() - at - 1);
        open_.clear();
    }

    [[nodiscard]] Descriptor load_as(bpf_prog_type type, bpf_attach_type attach,
                                     std::uint32_t flags) const {
        bpf_attr attribute{};
        attribute.prog_type = type;
        attribute.expected_attach_type = attach;
        attribute.prog_flags = flags;
        attribute.insns = reinterpret_cast<std::uintptr_t>(code_.data());
        attribute.insn_cnt = static_cast<std::uint32_t>(code_.size());
        attribute.license = reinterpret_cast<std::uintptr_t>("GPL");
        return Descriptor(call(BPF_PROG_LOAD, attribute, "BPF_PROG_LOAD"));
    }

private:
    void add(int code, int to, int from, int offset, std::int32_t value) {
        bpf_insn instruction{};
        instruction.code = static_cast<__u8>(code);
        instruction.dst_reg = static_cast<__u8>(to & 0xf);
        instruction.src_reg = static_cast<__u8>(from & 0xf);
        instruction.off = static_cast<__s16>(offset);
        instruction.imm = value;
        code_.push_back(instruction);
    }

    std::vector<bpf_insn> code_;
    std::vector<std::size_t> open_; // jumps to otherwise()
};
// NOLINTEND(misc-redundant-expression)

inline Descriptor create_map(bpf_map_type type, std::size_t key, std::size_t value,
                             unsigned entries) {
    bpf_attr attribute{};
    attribute.map_type = type;
    attribute.key_size = static_cast<std::uint32_t>(key);
    attribute.value_size = static_cast<std::uint32_t>(value);
    attribute.max_entries = entries;
    return Descriptor(call(BPF_MAP_CREATE, attribute, "BPF_MAP_CREATE"));
}

inline void update(const Descriptor &map, const void *key, const void *value) {
    bpf_attr attribute{};
    attribute.map_fd = static_cast<std::uint32_t>(map.get());
    attribute.key = reinterpret_cast<std::uintptr_t>(key);
    attribute.value = reinterpret_cast<std::uintptr_t>(value);
    call(BPF_MAP_UPDATE_ELEM, attribute, "BPF_MAP_UPDATE_ELEM");
}

} // namespace bench::bpf
