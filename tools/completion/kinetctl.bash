# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2207 # words without spaces
# bash completion for kinetctl; goes to /usr/share/bash-completion/completions/kinetctl
# Names and keys are those of the live tree.

_kinetctl_verbs='status show set add del load unload connections stats top metrics apply save'

_kinetctl_root() { echo "${KINETD_SYSFS:-/sys/kernel/kinetd}"; }

_kinetctl_names() { # FOLDER...: names of objects
	local folder object
	for folder; do
		for object in "$(_kinetctl_root)/$folder"/*/; do
			[ -d "$object" ] && basename "$object"
		done
	done
}

_kinetctl_keys() { # FOLDER NAME: what may be set, "port="; of any object where NAME is new
	local folder file
	folder=$(_kinetctl_root)/$1/$2
	[ -d "$folder" ] || folder=$(compgen -G "$(_kinetctl_root)/$1/*/" | head -n 1)
	for file in "$folder"/*; do
		case $(stat -c %A "$file" 2>/dev/null) in -rw*) echo "$(basename "$file")=" ;; esac
	done
}

_kinetctl_folder_of() { # NAME: the folder that has it
	local folder
	for folder in services pools clients; do
		[ ! -d "$(_kinetctl_root)/$folder/$1" ] || { echo $folder; return; }
	done
}

# Modules by their protocols' names, as far as this kernel has them.
_kinetctl_modules() {
	find "/lib/modules/$(uname -r)" \( -name 'proto_*.ko*' -o -name 'kinetd*.ko*' \) \
		-printf '%f\n' 2>/dev/null | sed 's/\.ko.*//; s/^proto_//'
}

_kinetctl_loaded() {
	local module
	for module in /sys/module/proto_* /sys/module/kinetd*; do
		[ ! -d "$module" ] || basename "$module" | sed 's/^proto_//'
	done
}

# One of key=value: first the key, then what is known of its values.
_kinetctl_setting() { # FOLDER NAME
	local values=''
	if [[ $cur != *=* ]]; then
		compopt -o nospace
		COMPREPLY=($(compgen -W "$(_kinetctl_keys "$1" "$2")" -- "$cur"))
		return
	fi
	case ${cur%%=*} in
	enabled | running) values='0 1' ;;
	pool) values=$(_kinetctl_names pools) ;;
	exec) values='thread inline' ;;
	transport) values='tcp udp' ;;
	address) values='127.0.0.1 0.0.0.0 ::1 ::' ;;
	cpus) values=$(cat /sys/devices/system/cpu/online 2>/dev/null) ;;
	esac
	COMPREPLY=($(compgen -W "$values" -- "${cur#*=}"))
}

_kinetctl_folder() { # KIND
	case $1 in service | pool | client | protocol) echo "$1s" ;; esac
}

# [KIND] NAME key=value...
_kinetctl_target() { # WORD...: those after the verb that are complete
	local folder
	folder=$(_kinetctl_folder "${1-}")
	if [ $# = 0 ]; then
		COMPREPLY=($(compgen -W "service pool client $(_kinetctl_names services pools clients)" \
			-- "$cur"))
	elif [ -n "$folder" ] && [ $# = 1 ]; then
		COMPREPLY=($(compgen -W "$(_kinetctl_names "$folder")" -- "$cur"))
	elif [ "$verb" = set ] && [ -n "$folder" ]; then
		_kinetctl_setting "$folder" "$2"
	elif [ "$verb" = set ]; then
		_kinetctl_setting "$(_kinetctl_folder_of "$1")" "$1"
	fi
}

# KIND NAME [PROTOCOL] key=value...
_kinetctl_new() { # WORD...
	if [ $# = 0 ]; then
		COMPREPLY=($(compgen -W 'service pool client' -- "$cur"))
	elif [ "$1" = service ] && [ $# = 2 ]; then
		COMPREPLY=($(compgen -W "$(_kinetctl_names protocols)" -- "$cur"))
	elif [ $# -ge 2 ]; then
		_kinetctl_setting "$(_kinetctl_folder "$1")" "$2"
	fi
}

_kinetctl_option() {
	local options='--help --version --sysfs'
	case $verb in
	status | show) options+=' --json' ;;
	load) options+=' --module-dir' ;;
	unload) options+=' --all' ;;
	connections) options+=' --peer --worker --state --idle --sort --reverse --limit --json --debugfs' ;;
	stats) options+=' --watch --count --json' ;;
	top) options+=' --interval --sort' ;;
	metrics) options+=' --output' ;;
	apply) options+=' --dry-run --json --prune --module-dir' ;;
	esac
	COMPREPLY=($(compgen -W "$options" -- "$cur"))
}

_kinetctl_value() { # of the option $prev; false where it takes none
	case $prev in
	--sysfs | --module-dir | --debugfs) _filedir -d ;;
	--output) _filedir ;;
	--state) COMPREPLY=($(compgen -W 'blocked finishing' -- "$cur")) ;;
	--worker) COMPREPLY=($(compgen -W "$(_kinetctl_names pools)" -- "$cur")) ;;
	--sort)
		case $verb in
		top) COMPREPLY=($(compgen -W 'name active new in out lost' -- "$cur")) ;;
		*) COMPREPLY=($(compgen -W 'service peer worker age idle received sent' -- "$cur")) ;;
		esac
		;;
	--peer | --idle | --limit | --count | --interval) ;;
	*) return 1 ;;
	esac
}

_kinetctl_argument() { # WORD...
	case $verb in
	show | set) _kinetctl_target "$@" ;;
	add) _kinetctl_new "$@" ;;
	del) if [ $# = 0 ]; then _kinetctl_new; else
		COMPREPLY=($(compgen -W "$(_kinetctl_names "$(_kinetctl_folder "$1")")" -- "$cur"))
	fi ;;
	load)
		if [ $# = 0 ]; then
			_filedir ko
			COMPREPLY+=($(compgen -W "$(_kinetctl_modules)" -- "$cur"))
		else
			compopt -o nospace
			COMPREPLY=($(compgen -W 'port= address= enabled=' -- "$cur"))
		fi
		;;
	unload) COMPREPLY=($(compgen -W "$(_kinetctl_loaded)" -- "$cur")) ;;
	connections) COMPREPLY=($(compgen -W "$(_kinetctl_names services)" -- "$cur")) ;;
	stats)
		case $#:${1-} in
		0:) COMPREPLY=($(compgen -W "service client $(_kinetctl_names services clients)" -- "$cur")) ;;
		1:service | 1:client)
			COMPREPLY=($(compgen -W "$(_kinetctl_names "$1s")" -- "$cur"))
			;;
		esac
		;;
	apply | save) _filedir toml ;;
	esac
}

_kinetctl() {
	local cur prev words cword verb='' i arguments=()
	_init_completion -n =: || return
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--sysfs | --module-dir | --debugfs | --output | --state | --worker | --sort | --peer | --idle | \
			--limit | --count | --interval) i=$((i + 1)) ;;
		--watch) [[ ${words[i + 1]} != [0-9.]* ]] || i=$((i + 1)) ;;
		-*) ;;
		*) if [ -z "$verb" ]; then verb=${words[i]}; else arguments+=("${words[i]}"); fi ;;
		esac
	done
	if _kinetctl_value; then
		:
	elif [[ $cur == -* ]]; then
		_kinetctl_option
	elif [ -z "$verb" ]; then
		COMPREPLY=($(compgen -W "$_kinetctl_verbs" -- "$cur"))
	else
		_kinetctl_argument "${arguments[@]}"
	fi
	__ltrim_colon_completions "${cur#*=}"
}

complete -F _kinetctl kinetctl
