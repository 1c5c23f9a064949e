# Configures and builds, with one line of progress. Sourced by ../t2t.
# shellcheck shell=bash disable=SC2154

# One compile job a core, and no more than memory carries: a CUDA file takes up to 1 GiB.
build_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null) || memory=
    memory=${memory:-$cores}
    ((memory >= 1)) || memory=1
    echo $((cores < memory ? cores : memory))
}

# Runs CMake for `device` in $1, unless that has been done for this very source folder.
configure() {
    local folder=$1 log=$T2T_BUILD_DIR/configure-$device.log made=no
    if [[ -f $folder/build.ninja ]] &&
        grep -qFx "CMAKE_HOME_DIRECTORY:INTERNAL=$T2T_ROOT" "$folder/CMakeCache.txt" 2>/dev/null; then
        return
    fi
    [[ -d $folder ]] || made=yes
    say "configuring for the $device device"
    if ! cmake --fresh --preset "$device" -S "$T2T_ROOT" -B "$folder" >"$log" 2>&1; then
        sed -E '/^(-- |See also )/d' "$log" | tail -n 20 >&2
        if [[ $made == yes ]]; then rm -rf -- "$folder"; else rm -f -- "$folder/CMakeCache.txt"; fi
        die "configuring failed; the whole log is in $log"
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

# Builds the targets $@ for `device`, configuring first when needed. One build at a time.
build() {
    local folder=$T2T_BUILD_DIR/$device
    local log=$T2T_BUILD_DIR/build-$device.log lock
    exec {lock}>"$T2T_BUILD_DIR/lock"
    if ! flock -n "$lock"; then
        say "another build is running in $T2T_BUILD_DIR; waiting for it"
        flock "$lock"
    fi
    configure "$folder"
    NINJA_STATUS='[%f/%t] ' cmake --build "$folder" -j "$(build_jobs)" --target "$@" 2>&1 |
        show_progress "$log" || die "the build failed; the whole log is in $log"
    exec {lock}>&-
}
