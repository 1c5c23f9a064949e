# Configures and builds, with one line of progress. Sourced by ../t2t.
# shellcheck shell=bash disable=SC2154

# What the folder of a control group ($1) leaves of its memory limit, in MiB; nothing without a limit.
# $2 is the file with the limit, $3 the line of memory.stat with what cannot be given back.
left_in_group() {
    local limit used
    limit=$(cat "$1/$2" 2>/dev/null) || return 0
    [[ $limit =~ ^[0-9]+$ ]] || return 0  # "max"
    used=$(awk -v line="$3" '$1 == line { print $2 }' "$1/memory.stat" 2>/dev/null) || used=
    echo $(((limit - ${used:-0}) / 1048576))
}

# MiB that a build may take: what the machine has left, or less where a container has a limit (version
# 2 of control groups, or version 1).
memory_left() {
    local root=${system_root:-}  # a test has a /proc and a /sys of its own
    local controllers group folder limit_file stat_line left in_group
    left=$(awk '/^MemAvailable/ { print int($2 / 1024) }' "$root/proc/meminfo" 2>/dev/null) || left=
    while IFS=: read -r _ controllers group; do
        case $controllers in
            '') folder=$root/sys/fs/cgroup limit_file=memory.max stat_line=anon ;;
            memory)
                folder=$root/sys/fs/cgroup/memory limit_file=memory.limit_in_bytes
                stat_line=total_rss
                ;;
            *) continue ;;
        esac
        # The limit of each group above counts too. A container may see only the last of them.
        while true; do
            group=${group%/}
            in_group=$(left_in_group "$folder$group" "$limit_file" "$stat_line")
            if [[ -n $in_group ]] && ((${left:-$in_group} >= in_group)); then left=$in_group; fi
            [[ -n $group ]] || break
            group=${group%/*}
        done
    done < <(cat "$root/proc/self/cgroup" 2>/dev/null)
    echo "$left"
}

# One compile job a core, and no more than memory carries: a CUDA file takes up to 1 GiB.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(memory_left)
    memory=$((${memory:-$((cores * 1024))} / 1024))
    ((memory >= 1)) || memory=1
    echo $((cores < memory ? cores : memory))
}

# Takes the build folder's lock, waiting for the command that has it. It is held until unlock_build, or
# until this script ends; the file says by whom.
lock_build() {
    local file=$T2T_BUILD_DIR/lock holder='' status=0
    exec {build_lock}>>"$file"
    flock -n "$build_lock" 2>/dev/null || status=$?
    if ((status == 1)); then
        # Whoever has the lock writes its name in a moment.
        for _ in 1 2 3 4 5; do read -r holder <"$file" && break || sleep 0.1; done
        say "waiting for ${holder:-another build in $T2T_BUILD_DIR}"
        status=0
        flock "$build_lock" 2>/dev/null || status=$?
    fi
    if ((status)); then
        say "$T2T_BUILD_DIR cannot be locked, as on some network disks; going on, so start no second" \
            "build there"
        return
    fi
    printf "'./t2t %s' (since %(%H:%M)T)\n" "${called_with//[[:cntrl:]]/ }" -1 >"$file"
}

unlock_build() {
    : >"$T2T_BUILD_DIR/lock"
    exec {build_lock}>&-
}

# Ends after a failure: $1 says of what ("the build failed"), $2 is its log.
die_of() {
    local left
    left=$(df -Pk "$T2T_BUILD_DIR" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }') || left=
    if ((${left:-100} < 20)) || grep -qs 'No space left on device' "$2"; then
        die "$1, because the disk of $T2T_BUILD_DIR is full; free 2 GiB, or name a folder on another" \
            "disk: T2T_BUILD_DIR=/elsewhere ./t2t …"
    fi
    die "$1; the whole log is in $2"
}

# The value of $2 in the CMake cache of the build folder $1.
cached() { sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt" 2>/dev/null; }

# Has the build folder $1 another compiler than the one that the environment names? Says so.
compiler_has_changed() {
    local variable entry named was
    for variable in CXX CUDAHOSTCXX; do
        entry=CMAKE_CXX_COMPILER
        [[ $variable == CXX ]] || entry=CMAKE_CUDA_HOST_COMPILER
        named=${!variable:-}
        named=$(command -v "${named%% *}") || continue
        was=$(cached "$1" "$entry")
        if [[ -n $was && $(command -v "$was") != "$named" ]]; then
            say "this build has used $was so far, and $variable names $named: all is built again"
            return
        fi
    done
    return 1
}

# Ends when a path holds what CMake or Ninja takes for syntax.
need_plain_path() {
    local path
    for path in "$T2T_ROOT" "$T2T_BUILD_DIR"; do
        if [[ $path =~ [][\#\;\"\<\>\|[:cntrl:]] || $path == *\\* ]]; then
            die "CMake cannot build in '$path', because the path has one of # ; \" \\ < > | [ ];" \
                "move or rename the folder"
        fi
    done
}

# Runs CMake for `device` in $1, unless that has been done for this very source folder and compiler.
configure() {
    local folder=$1 log=$T2T_BUILD_DIR/configure-$device.log made=no tried
    if [[ -f $folder/build.ninja && $(cached "$folder" CMAKE_HOME_DIRECTORY) == "$T2T_ROOT" ]]; then
        compiler_has_changed "$folder" || return 0
    fi
    [[ -d $folder ]] || made=yes
    say "configuring for the $device device"
    # Nobody's build stops at a warning, but none may get past CI, on any compiler that it has.
    if ! cmake --fresh --preset "$device" -S "$T2T_ROOT" -B "$folder" ${CI:+-DT2T_WARNINGS_ARE_ERRORS=ON} \
        >"$log" 2>&1; then
        sed -E '/^(-- |See also )/d' "$log" | tail -n 20 >&2
        # What CMake tried, such as a compiler that cannot link: until 3.25, and since.
        for tried in CMakeError.log CMakeConfigureLog.yaml; do
            if [[ -s $folder/CMakeFiles/$tried ]]; then cat "$folder/CMakeFiles/$tried" >>"$log"; fi
        done
        if [[ $made == yes ]]; then rm -rf -- "$folder"; else rm -f -- "$folder/CMakeCache.txt"; fi
        die_of "configuring failed" "$log"
    fi
}

# Reads ninja's output, keeps all of it in the file $1, and shows progress and whatever compilers say.
show_progress() {
    local line step total name last=$SECONDS width=0 skip=no
    if [[ -t 2 ]]; then
        read -r _ width < <(stty size <&2 2>/dev/null) || true
        ((width > 0)) || width=80
    fi
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        case $line in
            *'Re-checking globbed directories'*) ;;
            \[*/*\]\ *)
                step=${line%%]*}
                total=${step#*/}
                step=${step#\[}
                name=${line##* }
                name=${name/CMakeFiles\/*.dir\//}
                name=${name##*/translated/}
                name=${name/.cu.cpp/.cu}
                printf -v name '[%*d/%d] building %s' ${#total} "${step%/*}" "$total" "${name%.o}"
                if ((width)); then
                    printf '\r\033[K%s' "${name:0:width-1}" >&2
                elif ((SECONDS - last >= 10)); then
                    printf '%s\n' "$name" >&2
                    last=$SECONDS
                fi
                ;;
            FAILED:*) skip=yes ;;  # the next line is the compiler's command; the log has it
            'ninja: error:'*) say "$line" ;;
            ninja:* | '-- '*) ;;
            *)
                if [[ $skip == yes ]]; then skip=no; continue; fi
                ((width)) && printf '\r\033[K' >&2
                printf '%s\n' "$line" >&2
                ;;
        esac
    done 3>"$1"
    if ((width)); then printf '\r\033[K' >&2; fi
}

# Says what a first build is, and how long it may take: later ones compile what has changed.
announce_first_build() {
    local what="the first build for the $device device"
    [[ $device != cpu-check ]] || what="the first check build, in which every access is seen"
    say "$what takes a minute or two on 2 cores, and later ones seconds"
}

# Builds the targets $@ for `device`, configuring first when needed. One build at a time.
build() {
    local folder=$T2T_BUILD_DIR/$device log=$T2T_BUILD_DIR/build-$device.log
    need_plain_path
    lock_build
    [[ -f $log ]] || announce_first_build
    configure "$folder"
    NINJA_STATUS='[%f/%t] ' cmake --build "$folder" -j "$(build_jobs)" --target "$@" 2>&1 |
        show_progress "$log" || die_of "the build failed" "$log"
    unlock_build
}

# As build, of the target $2, which makes the program $1. But a program that is there does not wait for
# another build: the commands that use this only look.
build_unless_another_builds() {
    [[ -x $1 ]] && ! (flock -n 9 2>/dev/null || (($? != 1))) 9>>"$T2T_BUILD_DIR/lock" && return
    build "$2"
}
