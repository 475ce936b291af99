# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # some are used there only
# What compare and profile share: the part that runs on the host builds and boots, the part that
# runs in the guest starts both servers side by side.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PROGRAMS=$ROOT/build/bench
EPOLL_PORT=7001
KINETD_PORT=7002

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# --- On the host ----------------------------------------------------------------

build_programs() {
	cmake -S "$HERE" -B "$PROGRAMS" >/dev/null
	cmake --build "$PROGRAMS" >/dev/null || die "the programs do not build: cmake --build $PROGRAMS"
}

build_modules() { # KERNEL
	[ -n "${KINETD_BENCH_MODULES-}" ] || "$ROOT/tests/vm/modules" "$1" >/dev/null ||
		die "the modules do not build: tests/vm/modules $1"
}

boot() { # KERNEL KERNEL-ARGS COMMAND ARG...: in icount mode, one CPU
	local kernel=$1 args=$2
	shift 2
	"$ROOT/tests/vm/run" -i -t 1800 -k "$kernel" -a "$args" -- "$@"
}

# --- In the guest ---------------------------------------------------------------

start_epoll() { # PORT
	local line fifo=/run/epoll-$1
	mkfifo "$fifo"
	"$PROGRAMS/epoll_echo" --port "$1" >"$fifo" &
	read -r line <"$fifo" || die "the epoll server does not start"
}

start_kinetd() { # PORT
	local modules=${KINETD_BENCH_MODULES:-$KINETD_MODULES}
	insmod "$modules/core/kinetd.ko" || die "no modules loaded from $modules"
	insmod "$modules/proto/proto_tcp_echo.ko" port="$1" || die "no protocol loaded from $modules"
}

stop_kinetd() { rmmod proto_tcp_echo && rmmod kinetd; }

load() { # PORT CONNECTIONS BYTES MESSAGES WARMUP
	"$PROGRAMS/echo_load" --port "$1" --connections "$2" --bytes "$3" --messages "$4" --warmup "$5"
}

field() { # NAME: of echo_load's line on stdin
	sed -n "s/.*\b$1=\([-0-9.]*\).*/\1/p"
}
