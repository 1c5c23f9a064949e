# The part of `./t2t doctor` that works with no compiler: can a build start here? Sourced by ../t2t.
# The rest (driver, toolkit, GPU, profiler, memory, disk) is cli/doctor.cpp.
# shellcheck shell=bash disable=SC2154

report() { printf '%s %-12s %s\n' "$@"; }

# Reports on one tool: $1 its name, $2 its version or nothing, $3 what is wrong or nothing.
report_tool() {
    if [[ -z $2 ]]; then
        report ✗ "$1" "not found; ./t2t test installs it where there is apt-get"
    elif [[ -n $3 ]]; then
        report ✗ "$1" "$3"
    else
        report ✓ "$1" "$2"
        return
    fi
    return 1
}

report_packages() {
    local -a missing
    if ! have_apt; then
        report – packages "no apt-get here; CMake looks for the libraries when it configures"
        return
    fi
    mapfile -t missing < <(missing_packages "${build_packages[@]}")
    if ((${#missing[@]})); then
        report ✗ packages "missing; install them with: $(apt_line "${missing[@]}")"
        return 1
    fi
    report ✓ packages "${build_packages[*]}"
}

run_doctor() {
    local sound=yes compiler='' compiler_is='' compiler_not='' cmake_is='' cmake_not='' ninja_is=''
    local nvcc_not
    local program=$T2T_BUILD_DIR/$device/bin/t2t_doctor
    if asks_for_help "$@"; then
        run_program "$@"
        return
    fi
    if compiler=$(find_compiler); then
        compiler_is=$(compiler_version "$compiler")
        compiler_not=$(compiler_fault "$compiler")
    fi
    if have cmake; then
        cmake_is=$(cmake_version)
        cmake_not=$(cmake_fault)
    fi
    if have ninja; then ninja_is=$(ninja --version); fi

    report_tool compiler "$compiler_is" "$compiler_not" || sound=no
    report_tool CMake "$cmake_is" "$cmake_not" || sound=no
    report_tool Ninja "$ninja_is" '' || sound=no
    if [[ $device == cuda ]]; then
        nvcc_not=$(nvcc_fault "$CUDACXX")
        [[ -z $nvcc_not ]] || report_tool "nvcc's g++" "$CUDACXX" "$nvcc_not" || sound=no
    fi
    report_packages || sound=no
    if [[ $sound == no ]]; then
        report – "the rest" "driver, GPU, memory and disk are looked at once a build can start"
        return 1
    fi
    need_build_folder
    build_unless_another_builds "$program" t2t_doctor_program
    exec "$program" "$@"
}
