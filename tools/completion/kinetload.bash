# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2207 # words without spaces
# bash completion for kinetload; goes to /usr/share/bash-completion/completions/kinetload

_kinetload() {
	local cur prev words cword
	_init_completion -n : || return

	case $prev in
	-o | --output) _filedir; return ;;
	-s | --size) COMPREPLY=($(compgen -W '64 1k 16k 64k uniform:64-1k 64:8,1k:2' -- "$cur")) ;;
	-d | --duration | --timeout) COMPREPLY=($(compgen -W '500ms 1s 10s 30s 1m' -- "$cur")) ;;
	-w | --warmup) COMPREPLY=($(compgen -W '0 1s 5s 1k 10k' -- "$cur")) ;;
	--cpus) COMPREPLY=($(compgen -W "$(cat /sys/devices/system/cpu/online 2>/dev/null)" -- "$cur")) ;;
	-c | --connections | --depth) COMPREPLY=($(compgen -W '1 4 16 64' -- "$cur")) ;;
	-t | --threads) COMPREPLY=($(compgen -W '1 2 4 8' -- "$cur")) ;;
	-r | --rate | -n | --count) COMPREPLY=($(compgen -W '1k 10k 100k 1M' -- "$cur")) ;;
	*)
		if [[ $cur == -* ]]; then
			COMPREPLY=($(compgen -W '--connections --threads --cpus --size --depth --rate --churn
				--reset --duration --count --warmup --timeout --no-verify --spin --quiet --json
				--csv --output --help --version' -- "$cur"))
		else
			_kinetload_place
		fi
		;;
	esac
	__ltrim_colon_completions "$cur"
}

# The first word that belongs to no option is the protocol, the second the server.
_kinetload_place() {
	local i protocol=''
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		tcp_echo | udp_echo | tcp_discard | udp_discard | tcp_chargen) protocol=${words[i]} ;;
		esac
	done
	if [ -z "$protocol" ]; then
		COMPREPLY=($(compgen -W 'tcp_echo udp_echo tcp_discard udp_discard tcp_chargen' -- "$cur"))
	else
		COMPREPLY=($(compgen -W "127.0.0.1 [::1] $(_kinetload_services "$protocol")" -- "$cur"))
	fi
}

# Where this machine's own services of the protocol are.
_kinetload_services() { # PROTOCOL
	local folder address
	for folder in "${KINETD_SYSFS:-/sys/kernel/kinetd}"/services/*/; do
		[ "$(cat "$folder/protocol" 2>/dev/null)" = "$1" ] || continue
		address=$(<"$folder/address")
		case $address in
		0.0.0.0) address=127.0.0.1 ;;
		::) address='[::1]' ;;
		*:*) address="[$address]" ;;
		esac
		echo "$address:$(<"$folder/port")"
	done
}

complete -F _kinetload kinetload
