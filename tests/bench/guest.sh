# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # some are used there only
# What the scripts here share: the part that runs on the host builds and boots, the part that
# runs in the guest starts the servers side by side.

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
PROGRAMS=$ROOT/build/bench
INLINE_PORT=6999
KINETD_PORT=7000
PEER_PORT=7001 # and on
PEER_PIDS=()
BUDGET=50 # million instructions of a run: some dozens of ticks and turns of the scheduler
VETH=kinetd-veth NEAR_ADDRESS=10.77.0.1 VETH_ADDRESS=10.77.0.2

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Sets what is particular to a kind of load: kinetd's protocol; the client; the servers in user
# space that kinetd is measured against, PROGRAM[:OPTION=VALUE], each at what is best for it, or at
# several settings where the best depends on the load; the floor, of BPF's, which serves no other
# purpose than to be measured; the loads, CONNECTIONSxBYTES[xDEPTH], for udp SOCKETSxBYTES[xBURST];
# OVER_VETH where the client is behind a pair of veth, not on the loopback device.
choose() { # tcp|veth|churn|udp|discard
	FLOOR=() OVER_VETH=''
	case $1 in
	tcp | veth | churn)
		PROTOCOL=tcp_echo CLIENT=echo_load
		PEERS=(epoll_echo epoll_echo:sched=batch uring_echo uring_echo:sched=batch
			thread_echo:bytes=262144)
		FLOOR=(sockmap_echo)
		LOADS=(1x64 16x64 64x64 1x1024 16x1024 1x16384 8x16384 16x16384 64x16384)
		[ "$1" != churn ] || LOADS=(1x64 16x64)
		[ "$1" != veth ] || OVER_VETH=1 FLOOR=()
		;;
	udp)
		PROTOCOL=udp_echo CLIENT=udp_load
		PEERS=(udp_echo:mode=plain udp_echo:mode=plain:sched=batch udp_echo:mode=mmsg:batch=8
			udp_echo:mode=mmsg:batch=32 udp_echo:mode=gro:batch=16)
		FLOOR=(xdp_echo:mode=generic)
		LOADS=(1x64 16x64 64x64 1x1024 16x1024 64x1024 1x8192 16x8192 64x8192 4x1024x16)
		;;
	discard)
		PROTOCOL=tcp_discard CLIENT=stream_load
		PEERS=(tcp_sink:mode=trunc tcp_sink:mode=trunc:sched=batch
			tcp_sink:mode=trunc:sched=batch:lowat=131072
			tcp_sink:mode=trunc:wait=epoll:bytes=4194304:lowat=2097152)
		LOADS=(1x65483 1x65536 8x65536 1x1048576 8x1048576)
		;;
	*) die "neither tcp, veth, churn, udp nor discard: $1" ;;
	esac
	MODULE=proto_${PROTOCOL/tcp_discard/discard}
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

# PROGRAM:OPTION=VALUE... is PROGRAM --OPTION VALUE...
start_peer() { # PEER PORT: false where it does not start
	local words
	IFS=: read -r -a words <<<"$1"
	# shellcheck disable=SC2046 # two words each
	set -- "${words[0]}" --port "$2" $(printf ' --%s' "${words[@]:1}" | sed 's/^ --$//;s/=/ /g')
	[ -z "$OVER_VETH" ] || { start_veth 1500 && set -- "$@" --address "$NEAR_ADDRESS"; } || return 1
	case $1 in
	xdp_echo)
		start_veth 9000 || return 1
		[[ "$*" = *generic* ]] ||
			start_program "$PROGRAMS/$1" --mode pass --interface "$VETH-a" || return 1
		start_program ip netns exec "$VETH" "$PROGRAMS/$1" --interface "$VETH-b" "${@:2}"
		;;
	*) start_program "$PROGRAMS/$1" "${@:2}" ;;
	esac
}

start_program() { # COMMAND ARG...: until it says that it is ready
	local line='' fifo
	fifo=$(mktemp -u /run/peer-XXXXXX)
	mkfifo "$fifo"
	choom -n 500 -- "$@" >"$fifo" &
	PEER_PIDS+=($!)
	read -r line <"$fifo" || true
	rm "$fifo"
	[ -n "$line" ]
}

stop_peers() {
	[ ${#PEER_PIDS[@]} = 0 ] || kill "${PEER_PIDS[@]}" 2>/dev/null || true # some may be gone
	wait "${PEER_PIDS[@]}" 2>/dev/null || true
	PEER_PIDS=()
	stop_veth
}

start_veth() { # MTU: the far end is in a namespace of its own
	[ ! -e "/sys/class/net/$VETH-a" ] || return 0
	modprobe -q veth || true # may be built in
	ip netns add "$VETH" &&
		ip link add "$VETH-a" mtu "$1" type veth peer name "$VETH-b" mtu "$1" netns "$VETH" &&
		ip -n "$VETH" address add "$VETH_ADDRESS/24" dev "$VETH-b" &&
		ip -n "$VETH" link set "$VETH-b" up &&
		ip address add "$NEAR_ADDRESS/24" dev "$VETH-a" &&
		ip link set "$VETH-a" up &&
		ip neighbour add "$VETH_ADDRESS" dev "$VETH-a" nud permanent lladdr \
			"$(ip netns exec "$VETH" cat "/sys/class/net/$VETH-b/address")"
}

stop_veth() {
	[ ! -e "/sys/class/net/$VETH-a" ] || ip link del "$VETH-a"
	[ ! -e "/run/netns/$VETH" ] || ip netns del "$VETH"
}

# The modules lie where Kbuild leaves them.
start_kinetd() {
	local modules=${KINETD_BENCH_MODULES:-$KINETD_MODULES}
	[ -z "$OVER_VETH" ] || start_veth 1500 || die "no veth"
	insmod "$modules/core/kinetd.ko" || die "no modules loaded from $modules"
	insmod "$modules/proto/$MODULE.ko" port="$KINETD_PORT" address="$(server_address)" ||
		die "no protocol loaded from $modules"
}

server_address() { if [ -n "$OVER_VETH" ]; then echo "$NEAR_ADDRESS"; else echo 127.0.0.1; fi; }

# A second service, of the other exec; false where kinetd does not have that for it.
start_inline() {
	local service=/sys/kernel/kinetd/services/inline
	echo inline >"/sys/kernel/kinetd/protocols/$PROTOCOL/new_service"
	if ! echo inline 2>/dev/null >"$service/exec"; then
		echo inline >"/sys/kernel/kinetd/protocols/$PROTOCOL/delete_service"
		return 1
	fi
	server_address >"$service/address"
	echo "$INLINE_PORT" >"$service/port"
	echo 1 >"$service/enabled"
}

stop_kinetd() { rmmod "$MODULE" && rmmod kinetd; }

# How many messages or MiB: what takes some BUDGET million instructions, and of each connection one
# at least.
amount() { # KIND LOAD
	local connections bytes depth each least count
	IFS=x read -r connections bytes depth <<<"$2"
	case $1-${depth:-1} in
	discard-*) each=500000 ;;
	churn-*) each=$((120000 + 2 * bytes)) ;;
	*-1) each=$((20000 + 2 * bytes)) ;;
	*) each=$((2000 + 2 * bytes)) ;;
	esac
	[ "$bytes" -lt 1048576 ] || [ "$1" = discard ] || each=$((each / 3)) # or it would be a dozen
	least=$((2 * $(on_the_way "$1" "$2"))) count=$((BUDGET * 1000000 / each))
	[ "$count" -ge "$least" ] || count=$least
	[ "$1" = discard ] || [ "$count" -ge "$connections" ] || count=$connections
	echo "$count"
}

# So many messages leave before the first comes back: of each connection 64 KiB are, or all where
# they are of mebibytes and the sockets' buffers grow to hold them, but 256 MiB at most.
on_the_way() { # KIND LOAD
	local connections bytes depth each most=65536
	IFS=x read -r connections bytes depth <<<"$2"
	[ "$1" != discard ] || { echo 16; return; }
	each=$((bytes * ${depth:-1}))
	[ "$bytes" -lt 1048576 ] || [ "${depth:-1}" = 1 ] || most=$((268435456 / connections))
	[ "$each" -le "$most" ] || each=$most
	echo $(((connections * each + bytes - 1) / bytes + 8))
}

# One run of the client against a server: its line. Before what is measured comes a fifth as much,
# at least what is on its way at once. LATENCY=1 takes the round trips, too.
load() { # KIND SERVER PORT LOAD [COUNT]
	local connections bytes depth count=${5:-$(amount "$1" "$4")} least options where=()
	IFS=x read -r connections bytes depth <<<"$4"
	least=$(on_the_way "$1" "$4")
	options=(--port "$3" --bytes "$bytes"
		--warmup $((count / 5 > least ? count / 5 : least)))
	case $2 in xdp_echo*) options+=(--address "$VETH_ADDRESS") ;; esac
	[ -z "$OVER_VETH" ] || options+=(--address "$NEAR_ADDRESS") where=(ip netns exec "$VETH")
	[ -z "${LATENCY-}" ] || [ "$1" = discard ] || options+=(--latency)
	case $1 in
	tcp | veth) options+=(--connections "$connections" --depth "${depth:-1}" --messages "$count") ;;
	churn) options+=(--connections "$connections" --churn --messages "$count") ;;
	udp) options+=(--sockets "$connections" --burst "${depth:-1}" --messages "$count") ;;
	discard) options+=(--connections "$connections" --mebibytes "$count" --sink "$(threads_of "$2")") ;;
	esac
	timeout 600 "${where[@]}" choom -n 500 -- "$PROGRAMS/$CLIENT" "${options[@]}"
}

# What the names of a server's threads begin with.
threads_of() { case $1 in kinetd*) echo kinetd/ ;; *) echo "${1%%:*}" ;; esac; }
