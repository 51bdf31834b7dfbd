#!/bin/sh
# lumen-hooks @EVENT@ @DIGEST@
# Tells this worktree's semantic index that files may have changed. Prints nothing, never fails,
# and starts no process in front of git unless the worktree has no index yet or the user said so.
# Switch off with LUMEN_HOOKS=0 or `git config lumen.enabled false`; remove with
# `lumen-hooks uninstall`. `lumen-hooks install` fills in the second and third of the next lines;
# the five scripts differ in the first only.
event='@EVENT@'
python='@PYTHON@'
refresh='@REFRESH@'

exec </dev/null >/dev/null 2>&1
set +eu # a shell that is bash takes these over from an exported SHELLOPTS
trap 'exit 0' EXIT # where no process can be started, a shell ends at once, and not with 0
[ "${LUMEN_HOOKS-}" != 0 ] || exit 0
# pre-commit has set the user's edits aside: what lies here now is not what will lie here.
[ -z "${_PRE_COMMIT_SKIP_POST_CHECKOUT-}" ] || exit 0
case $python in /*) [ -f "$python" ] && [ -x "$python" ] || exit 0 ;; *) exit 0 ;; esac
refresh=${LUMEN_REFRESH-$refresh} # background, inline or off
after=
if [ "${PRE_COMMIT-}" = 1 ]; then
	# Until pre-commit ends, the user's edits are set aside: no time to read, let alone to wait.
	after=$PPID
	[ "$refresh" != inline ] || refresh=background
	case "$event $#" in
	'post-checkout 0')
		set -- "${PRE_COMMIT_FROM_REF-}" "${PRE_COMMIT_TO_REF-}" "${PRE_COMMIT_CHECKOUT_TYPE-}"
		;;
	'post-merge 0') set -- "${PRE_COMMIT_IS_SQUASH_MERGE-}" ;;
	'post-rewrite 0') set -- "${PRE_COMMIT_REWRITE_COMMAND-}" ;;
	esac
fi

if [ "$event" = worktree-add ]; then
	unset GIT_DIR # the caller's own repository is not the one meant
	case ${1-} in '') exit 0 ;; /*) cd -P "$1" ;; *) cd -P "./$1" ;; esac || exit 0
	set --
else
	cd -P . || exit 0
fi
top=$PWD # physical after `cd -P`, without the fork that "$(pwd -P)" costs
case $top in /*) ;; *) exit 0 ;; esac # dash: empty, and no error, if the directory is gone

newline='
'
git_dir=${GIT_DIR-}
if [ -z "$git_dir" ] && [ -d .git ]; then
	git_dir=.git
elif [ -z "$git_dir" ] && [ -f .git ]; then
	while IFS= read -r line || [ -n "$line" ]; do
		git_dir=$git_dir${git_dir:+$newline}$line
	done <.git
	git_dir=${git_dir#gitdir: }
fi
case $git_dir in '') exit 0 ;; /*) ;; *) git_dir=$top/$git_dir ;; esac
[ -f "$git_dir/HEAD" ] || exit 0
folder=$git_dir/lumen
[ ! -L "$folder" ] || exit 0
# >>> all repositories >>>
# In scripts that serve every repository of a user, of which most have nothing of ours: does this
# event say that someone works here? What fetches the code of others (package managers, plug-ins,
# submodules) clones, switches and merges.
begins() {
	case $event in
	post-commit | post-rewrite) ;;
	post-checkout) [ "$common" != "$git_dir" ] || return 1 ;; # in a linked worktree
	*) return 1 ;;
	esac
	case $top/ in
	/tmp/* | /var/tmp/* | /private/tmp/* | /private/var/tmp/* | /dev/shm/* | /run/user/*) return 1 ;;
	/var/folders/* | /private/var/folders/* | */Library/Caches/* | */Library/Taps/*) return 1 ;;
	*/.cache/* | */node_modules/* | */site-packages/*) return 1 ;;
	esac
	case ${TMPDIR-} in
	/*) ! cd -P "$TMPDIR" || case $top/ in "${PWD%/}"/*) return 1 ;; esac ;;
	esac
	case ${HOME-} in # a worktree that holds the user's home folder is for settings
	/*) ! cd -P "$HOME" || case $PWD/ in "${top%/}"/*) return 1 ;; esac ;;
	esac
	cd -P "$top"
}

common=$git_dir
if [ -f "$git_dir/commondir" ]; then
	IFS= read -r common <"$git_dir/commondir"
	case $common in /*) ;; *) common=$git_dir/$common ;; esac
fi
[ ! -x "$common/lumen/hooks/$event" ] || exit 0 # this repository has hooks of its own
[ -e "$common/lumen/embeddings.db" ] || begins || exit 0 # nobody uses us here, so far
# <<< all repositories <<<
# What we make is for its owner alone, or for a group if git's folder was made for one.
if [ -g "$git_dir" ]; then umask 007; else umask 077; fi

record() {
	# Only a plain file is written to: a FIFO would keep git waiting, a link leads elsewhere.
	[ ! -L "$folder/events" ] || return
	[ -f "$folder/events" ] || [ ! -e "$folder/events" ] || return
	printf '%s\n' "$*" >>"$folder/events"
	# A worker takes this file by renaming it, perhaps between our open and our write, and then
	# never sees the line. Any line in a new file does for ours: it will look at the tree again.
	[ -e "$folder/events" ] || printf '%s\n' "$*" >>"$folder/events"
}

worker_alive() {
	[ -f "$folder/worker.lock" ] && [ ! -L "$folder/worker.lock" ] || return 1
	pid='' command=''
	IFS=' ' read -r pid rest <"$folder/worker.lock"
	case $pid in '' | 0* | *[!0-9]*) return 1 ;; esac
	kill -0 "$pid" || return 1
	# The number may by now be another program's, or a dead process's that nobody waited for
	# (its command line is empty): whoever has it must be a worker of this very worktree, whose
	# path follows the module in its command line. Where there is no /proc, believe the number.
	[ -e "/proc/$pid/cmdline" ] || return 0
	IFS= read -r command <"/proc/$pid/cmdline"
	# (The process that has seeded a worktree goes on as its worker under the name of the hook.)
	case $command in
	*lumen_hooks.worker"${top%%"$newline"*}"*) return 0 ;;
	*lumen_hooks.hookpost-checkout"${top%%"$newline"*}"*) return 0 ;;
	*lumen_hooks.hookworktree-add"${top%%"$newline"*}"*) return 0 ;;
	esac
	return 1
}

files_only=
[ "$event ${3-}" != 'post-checkout 0' ] || files_only=1
set -- "$event" "$@"

if [ "$refresh" = inline ] && [ "$event" != post-rewrite ]; then
	# Of a rebase, only the end is worth waiting for.
	[ ! -d "$git_dir/rebase-merge" ] && [ ! -d "$git_dir/rebase-apply" ] || refresh=background
fi

# Root in another's repository: what it makes must be the other's, which Python sees to.
foreign=
[ ! -O / ] || [ -O "$git_dir" ] || foreign=1

if [ -d "$folder" ]; then
	[ -n "$foreign" ] || record "$@"
	[ "$refresh" != off ] || exit 0
	if [ "$refresh" != inline ]; then
		# A search looks at the files itself, so a file checkout is not worth a worker.
		[ -z "$files_only" ] || exit 0
		# A worker looks for events once more after it has let go of its lock.
		[ -n "$foreign" ] || ! worker_alive || exit 0
	fi
	# The picks of a rebase come faster than a worker starts: one was started by the rebase's
	# own post-checkout and waits for its end, another starts with its post-rewrite.
	[ "$event" != post-commit ] || [ ! -d "$git_dir/rebase-merge" ] || exit 0
else
	[ "$refresh" != off ] || exit 0
	[ -z "$files_only" ] || exit 0
fi

enabled() {
	# Our calls of git do not belong in the trace that the user has asked for, in whatever way.
	unset GIT_CURL_VERBOSE GIT_TRACE GIT_TRACE_CURL GIT_TRACE_CURL_NO_DATA GIT_TRACE_FSMONITOR \
		GIT_TRACE_PACKET GIT_TRACE_PACKFILE GIT_TRACE_PACK_ACCESS GIT_TRACE_PERFORMANCE \
		GIT_TRACE_REFS GIT_TRACE_SETUP GIT_TRACE_SHALLOW
	export GIT_TRACE2=0 GIT_TRACE2_EVENT=0 GIT_TRACE2_PERF=0
	case ${LUMEN_ENABLED-unset} in
	unset) [ "$(git --git-dir="$git_dir" config --type=bool lumen.enabled)" != false ] ;;
	0 | false | no | off) return 1 ;;
	esac
}

leave_worktree() {
	unset GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_CEILING_DIRECTORIES GIT_COMMON_DIR GIT_CONFIG \
		GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_DIR GIT_GRAFT_FILE GIT_IMPLICIT_WORK_TREE \
		GIT_INDEX_FILE GIT_INTERNAL_SUPER_PREFIX GIT_NAMESPACE GIT_NO_REPLACE_OBJECTS \
		GIT_OBJECT_DIRECTORY GIT_PREFIX GIT_REFLOG_ACTION GIT_REPLACE_REF_BASE \
		GIT_SHALLOW_FILE GIT_WORK_TREE
}

# Made while git waits, or not at all: what is made later may come after git or the user has
# removed the repository. The log lies in the folder that all worktrees share.
make_folder() {
	common=$git_dir
	if [ -f "$git_dir/commondir" ]; then
		IFS= read -r common <"$git_dir/commondir"
		case $common in /*) ;; *) common=$git_dir/$common ;; esac
	fi
	if [ ! -e "$common/lumen" ] && [ ! -L "$common/lumen" ]; then
		mkdir "$common/lumen" && : >>"$common/lumen/log.jsonl"
	fi
	[ -d "$folder" ] || mkdir "$folder" || return 1
	: >>"$folder/worker.lock"
}

take_in_python() {
	leave_worktree
	shift
	[ "$refresh" != inline ] || export LUMEN_REFRESH=inline
	[ -z "$after" ] || export LUMEN_AFTER="$after"
	"$python" -I -m lumen_hooks.hook "$event" "$top" "$@"
	exit 0
}

seed=
case $event in
post-checkout) [ -d "$folder" ] || seed=1 ;;
worktree-add) [ -e "$folder/index.db" ] || seed=1 ;;
esac
if [ -n "$seed" ] || [ ! -d "$folder" ]; then
	enabled || exit 0
	if [ -z "$foreign" ] && [ ! -d "$folder" ]; then
		make_folder || [ -n "$seed" ] || exit 0 # the seed says in the log what is in the way
		[ -n "$seed" ] || record "$@"
	fi
fi
[ -z "$seed" ] || take_in_python "$@"

# The worker starts a session of its own; until then, neither Ctrl-C nor a closing terminal ends
# it. It keeps none of our descriptors: whoever reads git's output waits until all are closed.
work() {
	trap '' HUP INT QUIT
	cd /
	enabled || exit 0
	[ -z "$foreign" ] || take_in_python "$@"
	leave_worktree
	set -- "$top" "$event"
	[ -z "$after" ] || set -- "$@" --after "$after"
	[ "$refresh" != inline ] || set -- "$@" --inline
	exec "$python" -I -m lumen_hooks.worker "$@"
}
if [ "$refresh" = inline ]; then
	(work "$@") 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
else
	# One process: a subshell around another would stay, and keep the descriptors.
	(work "$@") 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
fi
exit 0
