# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # some are used there only
# What compare and profile share: the part that runs on the host builds and boots, the part that
# runs in the guest starts the servers side by side.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PROGRAMS=$ROOT/build/bench
KINETD_PORT=7000
PEER_PORT=7001 # and on

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Sets what is particular to a kind of service: kinetd's module; the client; the servers in user
# space that kinetd is measured against, PROGRAM[:OPTION=VALUE]; the loads,
# CONNECTIONSxBYTES[xBURST].
choose() { # tcp|udp|discard
	case $1 in
	tcp)
		MODULE=proto_tcp_echo CLIENT=echo_load PEERS=(epoll_echo)
		LOADS=(1x64 16x64 64x64 1x1024 16x1024 1x16384 8x16384 16x16384 64x16384)
		;;
	udp)
		MODULE=proto_udp_echo CLIENT=udp_load
		PEERS=(udp_echo:mode=plain udp_echo:mode=plain:sched=batch udp_echo:mode=mmsg:batch=8
			udp_echo:mode=mmsg:batch=32 udp_echo:mode=gro:batch=16)
		LOADS=(1x64 16x64 64x64 1x1024 16x1024 64x1024 1x8192 16x8192 64x8192 4x1024x16)
		;;
	discard)
		MODULE=proto_discard CLIENT=stream_load
		PEERS=(tcp_sink:mode=trunc tcp_sink:mode=trunc:sched=batch
			tcp_sink:mode=trunc:sched=batch:lowat=131072
			tcp_sink:mode=trunc:wait=epoll:bytes=4194304:lowat=2097152)
		LOADS=(1x65483 1x65536 8x65536 1x1048576 8x1048576)
		;;
	*) die "neither tcp, udp nor discard: $1" ;;
	esac
}

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
	"$ROOT/tests/vm/run" -i -t 3600 -k "$kernel" -a "$args" -- "$@"
}

# --- In the guest ---------------------------------------------------------------

start_peer() { # PEER PORT
	local line fifo=/run/peer-$2 words
	IFS=: read -r -a words <<<"$1"
	mkfifo "$fifo"
	# OPTION=VALUE is --OPTION VALUE.
	# shellcheck disable=SC2046 # two words each
	"$PROGRAMS/${words[0]}" --port "$2" $(printf ' --%s' "${words[@]:1}" | sed 's/^ --$//;s/=/ /g') >"$fifo" &
	read -r line <"$fifo" || die "no server $1"
}

start_kinetd() {
	local modules=${KINETD_BENCH_MODULES:-$KINETD_MODULES}
	insmod "$modules/core/kinetd.ko" || die "no modules loaded from $modules"
	insmod "$modules/proto/$MODULE.ko" port="$KINETD_PORT" || die "no protocol loaded from $modules"
}

stop_kinetd() { rmmod "$MODULE" && rmmod kinetd; }

# One run of the client: its line.  Of messages or MiB the count, and a fifth of it before that.
load() { # TRANSPORT PORT LOAD COUNT SINK
	local connections bytes burst warmup=$((($4 + 4) / 5))
	IFS=x read -r connections bytes burst <<<"$3"
	case $1 in
	tcp)
		"$PROGRAMS/$CLIENT" --port "$2" --connections "$connections" --bytes "$bytes" \
			--messages "$4" --warmup "$warmup"
		;;
	udp)
		"$PROGRAMS/$CLIENT" --port "$2" --sockets "$connections" --bytes "$bytes" \
			--burst "${burst:-1}" --messages "$4" --warmup "$warmup"
		;;
	discard)
		"$PROGRAMS/$CLIENT" --port "$2" --connections "$connections" --bytes "$bytes" \
			--mebibytes "$4" --warmup "$warmup" --sink "$5"
		;;
	esac
}
