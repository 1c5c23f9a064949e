# Finds the tools and libraries that a build needs, and installs what is missing. Sourced by ../t2t.
# shellcheck shell=bash disable=SC2034,SC2154

readonly build_packages=(g++ cmake ninja-build libboost-context-dev libgtest-dev libbenchmark-dev
    libcli11-dev nlohmann-json3-dev libpcre2-dev libutf8proc-dev)
readonly docs_packages=(doxygen graphviz doxygen-awesome-css)
readonly format_packages=(clang-format-14)

readonly cmake_needed=3.25 gcc_needed=12 clang_needed=14 toolkit_needed=12.4
readonly needed_in_words="a C++20 compiler (g++ $gcc_needed or clang $clang_needed, or newer), \
CMake $cmake_needed or newer, Ninja, and the development files of Boost.Context, GoogleTest, \
Google Benchmark, CLI11, nlohmann-json, PCRE2 and utf8proc"

have() { command -v "$1" >/dev/null; }

# Whether version $1 is at least version $2.
at_least() { [[ $(printf '%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# ---- devices ------------------------------------------------------------------------------------

find_nvcc() {
    command -v nvcc && return
    local path=${CUDA_HOME:-/usr/local/cuda}/bin/nvcc
    [[ -x $path ]] && echo "$path"
}

# Windows keeps the nvidia-smi of its Linux (WSL) in a folder that is not in PATH.
look_into_wsl() {
    local folder=${system_root:-}/usr/lib/wsl/lib  # a test has a /usr of its own
    if ! have nvidia-smi && [[ -x $folder/nvidia-smi ]]; then PATH=$PATH:$folder; fi
}

nvidia_gpu_answers() {
    local gpus
    look_into_wsl
    gpus=$(nvidia-smi -L 2>/dev/null) || true  # one GPU of several may be ill
    [[ $'\n'$gpus == *$'\nGPU '* ]]
}

# Sets `device` unless --device did, and tells CMake where nvcc is.
choose_device() {
    local nvcc
    nvcc=$(find_nvcc) || nvcc=
    if [[ $device == cuda && -z $nvcc ]]; then
        die "--device cuda needs nvcc, which is neither in PATH nor in ${CUDA_HOME:-/usr/local/cuda}/bin;" \
            "install the CUDA Toolkit $toolkit_needed or newer, or use --device cpu"
    elif [[ $device == cuda ]]; then
        nvidia_gpu_answers ||
            die "--device cuda needs an NVIDIA GPU, and nvidia-smi finds none; ./t2t doctor says more," \
                "or use --device cpu"
    elif [[ -z $device ]]; then
        if [[ -n $nvcc ]] && nvidia_gpu_answers; then device=cuda; else device=cpu; fi
    fi
    [[ -z $nvcc ]] || export CUDACXX=${CUDACXX:-$nvcc}
}

# ---- tools --------------------------------------------------------------------------------------

# The compiler's command, as CMake would choose it; g++ where a check build needs that.
find_compiler() {
    local name
    if [[ -n ${CXX:-} ]]; then
        have "${CXX%% *}" && echo "$CXX"
        return
    fi
    for name in c++ g++ clang++; do
        have "$name" || continue
        [[ $device == cpu-check && $(compiler_version "$name") == clang* ]] && continue
        echo "$name"
        return
    done
    return 1
}

# Prints the compiler's name and version, "g++ 12.2.0".
compiler_version() {
    local command name=g++
    read -ra command <<<"$1"
    [[ $("${command[@]}" --version 2>/dev/null) == *clang* ]] && name=clang
    echo "$name $("${command[@]}" -dumpfullversion 2>/dev/null || "${command[@]}" -dumpversion)"
}

cmake_version() { cmake --version | sed -n 's/^cmake version //p'; }

# What is wrong with the compiler that is there, in a sentence; empty when nothing is.
compiler_fault() {
    local version needed=$gcc_needed
    version=$(compiler_version "$1")
    if [[ $version == clang* && $device == cpu-check ]]; then
        echo "./t2t check, and ./t2t profile without a GPU, need g++ $gcc_needed or newer, and CXX names" \
            "$version; leave CXX out, or name g++: CXX=g++ ./t2t …"
        return
    fi
    [[ $version == clang* ]] && needed=$clang_needed
    at_least "${version#* }" "$needed" || echo "the compiler $1 is $version, and C++20 needs g++ \
$gcc_needed or clang $clang_needed, or newer; install one and name it: CXX=g++-$gcc_needed ./t2t …"
}

# What is wrong with the CMake that is there, in a sentence; empty when nothing is.
cmake_fault() {
    local version
    version=$(cmake_version)
    at_least "$version" "$cmake_needed" || echo "CMake $version is too old, $cmake_needed or newer is \
needed; Debian 12 and Ubuntu 24.04 have it, and for other systems https://cmake.org/download does"
}

# What nvcc has against the compiler that it would use for host code, in a sentence; empty when nothing.
nvcc_fault() {
    local words newest host=${CUDAHOSTCXX:-g++}
    words=$("$1" ${CUDAHOSTCXX:+-ccbin "$CUDAHOSTCXX"} -x cu -E -o /dev/null /dev/null 2>&1) && return
    [[ $words =~ gcc\ versions\ later\ than\ ([0-9]+) ]] || return 0
    newest=${BASH_REMATCH[1]}
    echo "nvcc takes g++ $newest at most, and $host is $(compiler_version "$host"); install an older one" \
        "and name it: apt-get install g++-$newest, then CUDAHOSTCXX=g++-$newest ./t2t …"
}

# ---- packages -----------------------------------------------------------------------------------

have_apt() { have apt-get && have dpkg-query; }

# The line that installs the packages $@, on a system that has no list of packages yet, too.
apt_line() { echo "apt-get update && apt-get install $*"; }

# Has this system a clang-format that lays out as this repository does, or can it get one? Not every
# system has version 14; without it, `dev check` says that the layout was not checked.
layout_is_settled() {
    have clang-format-14 && return
    have clang-format && [[ $(clang-format --version) == *' version 14.'* ]] && return
    ! have_apt || [[ -z $(apt-cache search '^clang-format-14$' 2>/dev/null) ]]
}

# Prints those of the packages $@ that are missing. A tool counts as there wherever it comes from.
missing_packages() {
    local package installed=''
    if have_apt; then
        # dpkg-query fails when it does not know one of the names, and still prints the others.
        # shellcheck disable=SC2016
        installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true
    fi
    for package in "$@"; do
        # Fibers: only the CPU device has them.
        [[ $package == libboost-context-dev && $device == cuda ]] && continue
        case $package in
            g++) find_compiler >/dev/null ;;
            cmake | doxygen) have "$package" ;;
            clang-format-14) layout_is_settled ;;
            ninja-build) have ninja ;;
            graphviz) have dot ;;
            *) ! have_apt || grep -qFx "$package installed" <<<"$installed" ;;
        esac || echo "$package"
    done
}

# Creates the build folder, or says why that cannot be.
need_build_folder() {
    if ! mkdir -p -- "$T2T_BUILD_DIR" 2>/dev/null || [[ ! -w $T2T_BUILD_DIR ]]; then
        die "cannot write to the build folder $T2T_BUILD_DIR; name another one:" \
            "T2T_BUILD_DIR=/tmp/t2t ./t2t …"
    fi
}

# Reads apt-get's output, adds it to the log $1, and says every ten seconds what it is at.
show_apt_progress() {
    local line last=$SECONDS pause=${apt_pause:-10}  # a test does not wait
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        if [[ $line =~ ^(Get:|Unpacking |Setting up ) ]] && ((SECONDS - last >= pause)); then
            say "apt-get: ${line%% (*}"
            last=$SECONDS
        fi
    done 3>>"$1"
}

install_packages() {
    local log=$T2T_BUILD_DIR/apt.log with='' line
    local -a as_root=()
    line=$(apt_line "$@")
    if [[ $(id -u) != 0 ]]; then
        have sudo || die "missing packages, and no right to install them; as root: $line"
        as_root=(sudo)
        [[ -t 0 ]] || as_root=(sudo -n)
        with=' with sudo'
    fi
    need_build_folder
    say "installing$with, by apt-get, which may take minutes (log: $log): $*"
    if [[ -n $with ]]; then
        "${as_root[@]}" true || die "sudo was refused; as root: $line"
    fi
    local -a apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
        apt-get -o DPkg::Lock::Timeout=120)
    : >"$log"
    "${apt[@]}" update 2>&1 </dev/null | show_apt_progress "$log" || true
    "${apt[@]}" install -y --no-install-recommends "$@" 2>&1 </dev/null | show_apt_progress "$log" &&
        return
    if grep -q 'Certificate verification failed' "$log"; then
        die "apt-get cannot trust its servers, perhaps because the package ca-certificates is missing;" \
            "its own words are in $log"
    elif grep -q 'is not valid yet' "$log"; then
        die "apt-get distrusts its servers' lists, because the clock of this machine is slow; set it;" \
            "apt-get's own words are in $log"
    elif grep -q ' 404 ' "$log"; then
        die "the servers no longer have the version of a package that apt-get's list names, and the list" \
            "could not be renewed; apt-get update says why (its own words are in $log)"
    elif grep -qE 'Failed to fetch|Temporary failure|Could not (resolve|connect)' "$log"; then
        die "apt-get could not download $* (is there a network?); its own words are in $log"
    elif grep -q 'Unable to locate package' "$log"; then
        die "this system has no such package: $(sed -n 's/^E: Unable to locate package //p' "$log" |
            sort -u | paste -sd ' '); Debian 12 and Ubuntu 24.04 have them all (apt-get's own words are in $log)"
    elif grep -qE 'Permission denied|are you root' "$log"; then
        die "apt-get has no right to install $*; as root: $line (its own words are in $log)"
    elif grep -q 'No space left on device\|enough free space' "$log"; then
        die "apt-get could not install $*: the disk is full; its own words are in $log"
    fi
    die "apt-get could not install $*; its own words are in $log"
}

# Makes sure that a build can start; $@ are packages needed besides the build's own.
set_up() {
    local -a missing
    local fault
    mapfile -t missing < <(missing_packages "${build_packages[@]}" "$@")
    if ((${#missing[@]})); then
        have_apt || die "there is no apt-get here, so please install by hand: $needed_in_words" \
            "(missing: ${missing[*]})"
        [[ $install == yes ]] ||
            die "missing packages: ${missing[*]}; install them with: $(apt_line "${missing[@]}")"
        install_packages "${missing[@]}"
    fi
    fault=$(cmake_fault)
    [[ -n $fault ]] || fault=$(compiler_fault "$(find_compiler)")
    if [[ -z $fault && $device == cuda && ! -f $T2T_BUILD_DIR/$device/build.ninja ]]; then
        fault=$(nvcc_fault "$CUDACXX")
    fi
    [[ -z $fault ]] || die "$fault"
    if [[ $device == cpu-check && -z ${CXX:-} && ! -f $T2T_BUILD_DIR/$device/build.ninja ]]; then
        CXX=$(find_compiler)
        export CXX
    fi
    need_build_folder
}
