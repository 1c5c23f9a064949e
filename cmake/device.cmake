# One source, two devices.
#
# `t2t_library(NAME sources…)` and `t2t_executable(NAME sources…)` take .cpp and .cu alike. For a GPU the
# .cu files go to nvcc. For the CPU device the launch translator rewrites each .cu and .cuh into
# build/…/translated/ (same lines, same paths), and the C++ compiler builds the result.

find_program(CCACHE ccache)
if(CCACHE)
    # What ccache must overlook to work with precompiled headers, by its manual.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${launcher})
endif()

# Newer clangs warn of what std::stable_sort calls inside the standard library of g++ 12.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 15)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()

# Flags every target of the project is built with.
add_library(t2t_flags INTERFACE)
add_library(t2t::flags ALIAS t2t_flags)
if(T2T_DEVICE STREQUAL "cpu")
    # A translated header comes before its original.
    target_include_directories(t2t_flags INTERFACE ${PROJECT_BINARY_DIR}/translated)
endif()
target_include_directories(t2t_flags INTERFACE ${PROJECT_SOURCE_DIR})
# Messages and assertions name files from the project's root.
target_compile_options(t2t_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>
    $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees an overlap in every `"text" + std::string` (its bug 105329).
    target_compile_options(t2t_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
# Assertions stay alive in every build type: a kernel's assert() is part of what the course shows.
# Kernels are built with -O3, see below: what surrounds them would take longer to compile and run no faster.
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CUDA_FLAGS_RELEASE "-O3")
foreach(language CXX CUDA)
    set(CMAKE_${language}_FLAGS_RELWITHDEBINFO "-O2 -g")
endforeach()

if(T2T_DEVICE STREQUAL "cuda")
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
        include(cmake/gpu_architectures.cmake)
        t2t_gpu_architectures(CMAKE_CUDA_ARCHITECTURES)
    endif()
    enable_language(CUDA)
    # CMake 3.25 does not know that nvcc takes C++20; nvcc does since 12.0.
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
        set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
        set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
    endif()
    set(CMAKE_CUDA_STANDARD 20)
    find_package(CUDAToolkit 12.4 REQUIRED)
    target_compile_definitions(t2t_flags INTERFACE T2T_DEVICE_CUDA=1)
    target_link_libraries(t2t_flags INTERFACE CUDA::cudart_static)
    target_compile_options(t2t_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo --expt-relaxed-constexpr>)
elseif(T2T_DEVICE STREQUAL "cpu")
    target_compile_definitions(t2t_flags INTERFACE T2T_DEVICE_CPU=1)
    # -march=native: the CPU device is as fast as the machine it was built on.
    # -fno-strict-aliasing: CUDA code reads float buffers through float4, int and half2 pointers.
    # -fno-delete-null-pointer-checks: a kernel that writes through a null pointer must fault, not vanish.
    # -Wno-unknown-pragmas: g++ need not know nvcc's `#pragma unroll`.
    target_compile_options(t2t_flags INTERFACE -march=native -fno-strict-aliasing
        -fno-delete-null-pointer-checks -Wno-unknown-pragmas)
    # Options of translated .cu files alone. -g1: a debugger finds kernels by file and line; in optimised code
    # it finds few variables, and to describe them doubles the time to compile. -gdwarf-4: g++ follows #line
    # correctly only up to this version.
    set(T2T_KERNEL_OPTIONS -gdwarf-4 -g1)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        # Whether a short loop crosses a line of the instruction cache is otherwise up to the linker, and worth a
        # third of the generator's speed.
        list(APPEND T2T_KERNEL_OPTIONS -O3 -falign-functions=64 -falign-loops=64)
    endif()
else()
    message(FATAL_ERROR "T2T_DEVICE is '${T2T_DEVICE}'; it must be cpu or cuda")
endif()

# A check build: the compiler calls a hook (common/cpu_device/observer) before each load and store of every
# .cu file, and at the head of each basic block. The rest keeps the code close to what nvcc makes of it.
if(T2T_OBSERVE)
    if(NOT T2T_DEVICE STREQUAL "cpu" OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        message(FATAL_ERROR "a check build (T2T_OBSERVE) is for the CPU device and needs g++; set CXX=g++")
    endif()
    target_compile_definitions(t2t_flags INTERFACE T2T_OBSERVE=1)
    # The observer looks up file and line of every address, and its own files are not .cu.
    target_compile_options(t2t_flags INTERFACE -gdwarf-4 -g1)
    list(APPEND T2T_KERNEL_OPTIONS
        -O2
        -U_FORTIFY_SOURCE                          # the CPU device's own memcpy takes the place of the C library's
        -fsanitize=thread                          # __tsan_read4(address) before each load, and so on
        --param=tsan-distinguish-volatile=1        # volatile reads are how flags are polled
        -fsanitize-coverage=trace-pc               # __sanitizer_cov_trace_pc() in each basic block
        -fsanitize=bounds                          # indices against the extents of arrays
        -fno-tree-sra                              # a float4 stays one access of 16 bytes
        -fno-tree-vectorize                        # one floating-point instruction, one operation
        --param=avoid-fma-max-bits=0               # a · b + c becomes an fma wherever it can, as with nvcc
        -fno-thread-jumps                          # where ways meet stays one place, so lanes meet there
        -fno-ipa-icf                               # kernels with the same code stay apart
        -Wno-tsan                                  # fences are reported by the CPU device's headers
        -Wno-attributes)                           # of two declarations of a __constant__ the first has the section
endif()

if(T2T_WARNINGS_ARE_ERRORS)
    target_compile_options(t2t_flags INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>)
endif()

if(T2T_SANITIZE)
    target_compile_options(t2t_flags INTERFACE -fsanitize=${T2T_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=undefined)
    target_link_options(t2t_flags INTERFACE -fsanitize=${T2T_SANITIZE})
endif()

# Translates one file for the CPU device; sets `output` to the translated path.
function(t2t_translate file output)
    cmake_path(ABSOLUTE_PATH file NORMALIZE)
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE relative)
    set(translated ${PROJECT_BINARY_DIR}/translated/${relative})
    if(relative MATCHES "\\.cu$")
        string(APPEND translated ".cpp")
    endif()
    add_custom_command(OUTPUT ${translated}
        COMMAND t2t_translate ${file} ${translated}
        DEPENDS t2t_translate ${file}
        COMMENT "translate ${relative}" VERBATIM)
    set(${output} ${translated} PARENT_SCOPE)
endfunction()

# Translates every .cuh of the project, so that an include finds the translated one first.
function(t2t_translate_headers)
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/common/*.cuh ${PROJECT_SOURCE_DIR}/chapters/*.cuh ${PROJECT_SOURCE_DIR}/tests/*.cuh)
    foreach(header IN LISTS headers)
        t2t_translate(${header} translated)
        list(APPEND all ${translated})
    endforeach()
    add_custom_target(t2t_translated_headers DEPENDS ${all})
endfunction()

# Gives .cpp and .cu sources to an existing target, for whichever device is being built. KERNELS: they are .cu
# files alone, and their options become the target's, so that they can share precompiled headers.
function(t2t_sources target)
    cmake_parse_arguments(PARSE_ARGV 1 sources "KERNELS" "" "")
    foreach(file IN LISTS sources_UNPARSED_ARGUMENTS)
        if(file MATCHES "\\.cu$" AND T2T_DEVICE STREQUAL "cpu")
            t2t_translate(${file} translated)
            target_sources(${target} PRIVATE ${translated})
            if(NOT sources_KERNELS)
                set_source_files_properties(${translated} PROPERTIES COMPILE_OPTIONS "${T2T_KERNEL_OPTIONS}")
            endif()
        else()
            target_sources(${target} PRIVATE ${file})
        endif()
    endforeach()
    if(T2T_DEVICE STREQUAL "cpu")
        # Before t2t::flags: a translated header is found before the original.
        target_link_libraries(${target} PUBLIC t2t_cpu_device)
        add_dependencies(${target} t2t_translated_headers)
        if(sources_KERNELS)
            target_compile_options(${target} PRIVATE ${T2T_KERNEL_OPTIONS})
        endif()
    endif()
    target_link_libraries(${target} PUBLIC t2t::flags)
endfunction()

# Compiles these headers once for all sources of `target`, which still include what they use: nvcc has no
# such thing. `from` is a target that has them already and is built with the same options.
#
#   t2t_precompile(target HEADERS header…)     t2t_precompile(target FROM other)
function(t2t_precompile target how)
    if(NOT T2T_DEVICE STREQUAL "cpu")
        return()
    elseif(how STREQUAL "FROM")
        target_precompile_headers(${target} REUSE_FROM ${ARGN})
    else()
        target_precompile_headers(${target} PRIVATE ${ARGN})
    endif()
    # Sources are compiled with their targets' options alone, as the headers are: others would not fit.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${target} PRIVATE -Winvalid-pch -fpch-preprocess)  # the latter for ccache
    endif()
endfunction()

# Options of a target whose time is not spent in its own code: a release of it is compiled sooner. `level` is -O0
# or -O1. Targets that share precompiled headers must have the same.
function(t2t_optimise_less target level)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${level}>)
    endif()
endfunction()

# Compiles the .cpp files of these targets several at a time, so that what they include is read once for all: the
# first `generate` takes 77 s in place of 94. After an edit, several files are compiled again: for code that learners
# do not edit.
# Names in unnamed namespaces of one target must differ.
function(t2t_compile_together)
    set_target_properties(${ARGN} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        foreach(target IN LISTS ARGN)
            # g++ takes a .cpp file that is included for a header, and warns of members of the file's own types.
            target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
        endforeach()
    endif()
endfunction()

# In a build that only compiles, this target's .cu files are compiled for the last CUDA architecture alone.
function(t2t_one_architecture target)
    if(T2T_COMPILE_ONLY)
        list(GET CMAKE_CUDA_ARCHITECTURES -1 last)
        set_target_properties(${target} PROPERTIES CUDA_ARCHITECTURES ${last})
    endif()
endfunction()

function(t2t_library target)
    add_library(${target} STATIC)
    t2t_sources(${target} ${ARGN})
endfunction()

function(t2t_executable target)
    add_executable(${target})
    t2t_sources(${target} ${ARGN})
endfunction()
